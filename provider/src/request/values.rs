//! Readers of values that keep nothing of them.

use {
    serde::{
        Deserialize, Deserializer,
        de::{DeserializeSeed, Error, SeqAccess, Visitor},
    },
    serde_json::value::RawValue,
    std::fmt,
};

/// Reads a text without a copy of it, where it has no escapes. `None` where the value is none.
pub(super) fn with_text(value: &RawValue, read: impl FnOnce(&str) -> u64) -> Option<u64> {
    struct TextVisitor<F>(F);
    impl<F: FnOnce(&str) -> u64> Visitor<'_> for TextVisitor<F> {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
            Ok((self.0)(text))
        }
    }
    impl<'de, F: FnOnce(&str) -> u64> DeserializeSeed<'de> for TextVisitor<F> {
        type Value = u64;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
            deserializer.deserialize_str(self)
        }
    }
    TextVisitor(read).deserialize(&mut serde_json::Deserializer::from_str(value.get())).ok()
}

/// The count of numbers in a list.
pub(super) struct TokenCount(pub u64);

impl<'de> Deserialize<'de> for TokenCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl<'de> Visitor<'de> for CountVisitor {
            type Value = TokenCount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tokens")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TokenCount, A::Error> {
                let mut count = 0;
                while list.next_element::<u64>()?.is_some() {
                    count += 1;
                }
                Ok(TokenCount(count))
            }
        }
        deserializer.deserialize_seq(CountVisitor)
    }
}
