//! The members of a JSON object by name, with their values as text.

use {
    serde::{
        Deserialize, Deserializer,
        de::{Error, MapAccess, Visitor},
    },
    serde_json::value::RawValue,
    std::fmt,
};

/// The members of an object whose names differ.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Finds a member that is not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.get_or_null(name).filter(|value| value.get() != "null")
    }

    /// Finds a member, which may be null.
    pub(super) fn get_or_null(&self, name: &str) -> Option<&'a RawValue> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Reads a member that is not null as a text. `None` where there is none, or it is no text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// Lists all members.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.members.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

/// Most members of an object: looking one up takes time in proportion.
const MAX_MEMBERS: usize = 256;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut members: Vec<(String, &RawValue)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            // Of two members with one name, upstreams differ in the one they take.
            if members.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!("`{name}` is given twice")));
            }
            if members.len() == MAX_MEMBERS {
                return Err(A::Error::custom(format!("an object has more than {MAX_MEMBERS} members")));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Fields { members })
    }
}
