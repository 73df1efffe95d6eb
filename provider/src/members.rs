//! The members of a JSON object as an upstream wrote it, with their values as text.

use {
    serde::{
        Deserialize, Deserializer,
        de::{MapAccess, Visitor},
    },
    serde_json::value::RawValue,
    std::{borrow::Cow, fmt},
};

/// The members of an object in their order. Of members with one name the last one counts.
#[derive(Debug, Default)]
pub(crate) struct Members<'a> {
    list: Vec<(Cow<'a, str>, &'a RawValue)>,
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Members<'a> {
    /// Reads a text that may begin with a byte order mark; `None` where it is no object.
    pub(crate) fn read(json: &'a [u8]) -> Option<Members<'a>> {
        serde_json::from_slice(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)).ok()
    }

    /// All of them. One name may stand twice.
    pub(crate) fn all(&self) -> &[(Cow<'a, str>, &'a RawValue)] {
        &self.list
    }

    /// Finds a member that is not null.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let member = self.list.iter().rev().find(|(known, _)| known == name);
        member.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// The members of a member that is an object; without any where it is none.
    pub(crate) fn object(&self, name: &str) -> Members<'a> {
        self.get(name).and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
    }

    /// Reads a member; `None` where it is missing or of another type.
    pub(crate) fn value<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// True where it has no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            list.push((name, map.next_value()?));
        }
        Ok(Members { list })
    }
}
