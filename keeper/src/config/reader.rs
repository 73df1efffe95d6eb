//! Reads settings one by one from a file and the environment, and collects what is wrong with all of them.

use {
    figment::{
        Figment,
        error::Kind,
        providers::{Env, Format, Toml},
        value::{Dict, Value},
    },
    serde::de::DeserializeOwned,
    std::collections::BTreeSet,
};

/// Prefix of environment variables that set keys; `__` stands for the dot between section and key.
pub const ENV_PREFIX: &str = "BLOCKABLE_KEEPER_";

/// Whether a variable, without the prefix, is one of those that Kubernetes sets for a service of the keeper's name.
fn is_service_link(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    // No section: the keys of one stand behind two such lines.
    let is_in = |start: &str| key.strip_prefix(start).is_some_and(|rest| !rest.starts_with('_'));
    ["PORT", "SERVICE_HOST", "SERVICE_PORT"].contains(&key.as_str())
        || is_in("PORT_")
        || is_in("SERVICE_PORT_")
}

/// What is left to read, and what was wrong so far.
pub struct Reader {
    tree: Dict,
    prefix: String,
    known: BTreeSet<String>,
    mistakes: Vec<String>,
}

impl Reader {
    /// Reads a TOML text, overridden by the environment. Errors: the text is not TOML; where and why.
    pub fn new(text: &str) -> Result<Reader, String> {
        let figment = Figment::from(Toml::string(text))
            .merge(Env::prefixed(ENV_PREFIX).filter(|key| !is_service_link(key.as_str())).split("__"));
        let tree = figment.extract::<Dict>().map_err(|error| without_quotes(&error.kind.to_string()))?;
        Ok(Reader::of(tree, String::new()))
    }

    fn of(tree: Dict, prefix: String) -> Reader {
        Reader { tree, prefix, known: BTreeSet::new(), mistakes: Vec::new() }
    }

    /// Notes a mistake at a key, as `path.key: what; what to do`.
    pub fn mistake(&mut self, key: &str, what: impl std::fmt::Display) {
        self.mistakes.push(format!("{}{key}: {what}", self.prefix));
    }

    /// A key that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        if !self.tree.contains_key(key) {
            self.known.insert(key.to_string());
            self.mistake(key, "is missing; add it");
            return None;
        }
        self.optional(key)
    }

    /// A key that may be left out.
    pub fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        self.known.insert(key.to_string());
        let value = self.tree.get(key)?.clone();
        match value.deserialize::<T>() {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(key, wrong(&error.kind));
                None
            }
        }
    }

    /// A whole number within bounds, or `otherwise` where it is left out.
    pub fn number(&mut self, key: &str, otherwise: u64, bounds: std::ops::RangeInclusive<u64>) -> u64 {
        let value = self.optional(key).unwrap_or(otherwise);
        if !bounds.contains(&value) {
            self.mistake(key, format!("{value} is not from {} to {}", bounds.start(), bounds.end()));
        }
        value
    }

    /// An address in base58 that must be there.
    pub fn address(&mut self, key: &str) -> Option<blockable_sdk::Pubkey> {
        let text: String = self.required(key)?;
        self.parse_address(key, &text)
    }

    /// Reads an address, which stands at `key`.
    pub fn parse_address(&mut self, key: &str, text: &str) -> Option<blockable_sdk::Pubkey> {
        let address = text.parse().ok();
        if address.is_none() {
            self.mistake(key, format!("`{text}` is not an address; write it in base58"));
        }
        address
    }

    /// Reads a section, empty where it is left out.
    pub fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Reader) -> T) -> T {
        self.known.insert(key.to_string());
        let tree = match self.tree.get(key) {
            None => Dict::new(),
            Some(Value::Dict(_, tree)) => tree.clone(),
            Some(_) => {
                self.mistake(key, format!("must be written as [{key}]"));
                Dict::new()
            }
        };
        self.inner(tree, format!("{key}."), read)
    }

    /// Whether a section is there.
    pub fn has(&self, key: &str) -> bool {
        self.tree.contains_key(key)
    }

    /// Reads every entry of a list of sections.
    pub fn each<T>(&mut self, key: &str, mut read: impl FnMut(&mut Reader) -> T) -> Vec<T> {
        self.known.insert(key.to_string());
        let entries = match self.tree.get(key) {
            None => Vec::new(),
            Some(Value::Array(_, entries)) => entries.clone(),
            Some(_) => {
                self.mistake(key, format!("must be written as [[{key}]]"));
                Vec::new()
            }
        };
        let mut taken = Vec::with_capacity(entries.len());
        for (number, entry) in entries.into_iter().enumerate() {
            match entry {
                Value::Dict(_, tree) => taken.push(self.inner(tree, format!("{key}[{number}]."), &mut read)),
                _ => self.mistake(key, format!("must be written as [[{key}]]")),
            }
        }
        taken
    }

    fn inner<T>(&mut self, tree: Dict, prefix: String, read: impl FnOnce(&mut Reader) -> T) -> T {
        let mut inner = Reader::of(tree, format!("{}{prefix}", self.prefix));
        let taken = read(&mut inner);
        self.mistakes.extend(inner.finish());
        taken
    }

    /// All mistakes, with the keys that nobody asked for.
    pub fn finish(mut self) -> Vec<String> {
        let unknown: Vec<String> =
            self.tree.keys().filter(|key| !self.known.contains(*key)).cloned().collect();
        for key in unknown {
            self.mistake(&key, "no such key; remove it or correct its name");
        }
        self.mistakes
    }
}

/// What is wrong with a value, without the value: it may be a secret in the wrong place.
fn wrong(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("has a value that cannot be; write {expected}")
        }
        Kind::UnknownVariant(_, known) => format!("is none of those known; choose from {}", known.join(", ")),
        Kind::UnknownField(_, known) => {
            format!("has a key that is not known; choose from {}", known.join(", "))
        }
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "is out of range; correct it".to_string(),
        Kind::Unsupported(_) | Kind::UnsupportedKey(..) => "cannot be read; correct it".to_string(),
        Kind::Message(_) | Kind::InvalidLength(..) | Kind::MissingField(_) | Kind::DuplicateField(_) => {
            format!("{kind}; correct it")
        }
    }
}

/// A parser's complaint without the lines that it quotes, as they may hold a secret.
fn without_quotes(complaint: &str) -> String {
    let is_quote = |line: &&str| {
        line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(" |")
            || line.trim_start().starts_with('|')
    };
    let kept: Vec<&str> = complaint
        .lines()
        .filter(|line| !is_quote(line))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    kept.join(": ")
}

#[cfg(test)]
mod tests {
    use {super::*, crate::config::secrets::SecretSource};

    #[test]
    fn what_kubernetes_sets_for_a_service_is_no_key() {
        for link in
            ["PORT", "port", "PORT_8080_TCP_ADDR", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP"]
        {
            assert!(is_service_link(link), "{link}");
        }
        for key in [
            "MARKET",
            "SERVE__LISTEN",
            "SERVE__PORT",
            "PORTS",
            "PORT__A",
            "SERVICE",
            "SERVICE_HOSTS",
            "SERVICE_PORTS",
            "SERVICE_PORT__A",
        ] {
            assert!(!is_service_link(key), "{key}");
        }
    }

    #[test]
    fn no_complaint_repeats_what_stands_in_the_file() {
        for text in ["url = \"hush", "a = 1\n[x]\nurl = 'hush\n", "url = hush", "hush hush", "a = { hush"] {
            let complaint = Reader::new(text).err().unwrap();
            assert!(!complaint.contains("hush") && complaint.contains("line"), "{text}: {complaint}");
        }
        for value in ["\"hush\"", "[\"hush\"]", "{ envv = \"hush\" }", "{ env = 5 }", "{ env = [\"hush\"] }"]
        {
            let mut reader = Reader::new(&format!("a = {value}")).unwrap();
            assert_eq!(reader.optional::<SecretSource>("a"), None);
            let mistakes = reader.finish();
            assert!(mistakes.len() == 1 && !mistakes[0].contains("hush"), "{value}: {mistakes:?}");
        }
        let mut reader = Reader::new("a = \"hush\"\nb = true\nc = -1").unwrap();
        assert_eq!((reader.number("a", 1, 0..=9), reader.number("b", 1, 0..=9)), (1, 1));
        assert_eq!(reader.number("c", 1, 0..=9), 1);
        let expected = ["a: has a value that cannot be; write u64", "b: has a value", "c: has a value"];
        let mistakes = reader.finish();
        assert!(
            mistakes.iter().zip(expected).all(|(mistake, expected)| mistake.starts_with(expected)),
            "{mistakes:?}"
        );
    }
}
