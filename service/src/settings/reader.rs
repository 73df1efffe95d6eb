//! Reads keys one by one and collects mistakes.

use {
    super::environment,
    crate::address::address,
    blockable_sdk::Pubkey,
    serde::de::DeserializeOwned,
    std::{collections::BTreeSet, fmt::Display, ops::RangeInclusive, time::Duration},
    toml::{Table, Value},
    url::Url,
};

/// Keys that are left to read, and the mistakes so far.
pub struct Reader {
    tree: Table,
    prefix: String,
    known: BTreeSet<String>,
    mistakes: Vec<String>,
}

impl Reader {
    /// Reads a TOML text. Errors: the text is not TOML; where and why.
    pub fn new(text: &str) -> Result<Reader, String> {
        let tree = text.parse().map_err(|error: toml::de::Error| without_quotes(&error.to_string()))?;
        Ok(Reader::of_section(tree, String::new()))
    }

    /// Overrides keys by environment variables whose names begin with a prefix.
    pub(super) fn override_from(&mut self, prefix: &str, variables: impl Iterator<Item = (String, String)>) {
        environment::override_from(&mut self.tree, prefix, variables);
    }

    fn of_section(tree: Table, prefix: String) -> Reader {
        Reader { tree, prefix, known: BTreeSet::new(), mistakes: Vec::new() }
    }

    /// Adds a mistake at a key, as `path.key: what; what to do`.
    pub fn mistake(&mut self, key: &str, what: impl Display) {
        self.mistakes.push(format!("{}{key}: {what}", self.prefix));
    }

    /// Reads a key that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        if !self.tree.contains_key(key) {
            self.known.insert(key.to_string());
            self.mistake(key, "is missing; add it");
            return None;
        }
        self.optional(key)
    }

    /// Reads a key that may be left out.
    pub fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        self.known.insert(key.to_string());
        let value = self.tree.get(key)?.clone();
        match T::deserialize(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(&inner_path(key, &error), without_value(error.message()));
                None
            }
        }
    }

    /// Reads a number within bounds, or takes `otherwise` where it is left out.
    pub fn number<N>(&mut self, key: &str, otherwise: N, bounds: RangeInclusive<N>) -> N
    where
        N: DeserializeOwned + PartialOrd + Display,
    {
        self.optional_number(key, bounds).unwrap_or(otherwise)
    }

    /// Reads a number within bounds that must be there.
    pub fn required_number<N>(&mut self, key: &str, bounds: RangeInclusive<N>) -> Option<N>
    where
        N: DeserializeOwned + PartialOrd + Display,
    {
        if !self.tree.contains_key(key) {
            return self.required(key);
        }
        self.optional_number(key, bounds)
    }

    /// Reads a number within bounds that may be left out.
    pub fn optional_number<N>(&mut self, key: &str, bounds: RangeInclusive<N>) -> Option<N>
    where
        N: DeserializeOwned + PartialOrd + Display,
    {
        self.known.insert(key.to_string());
        let value = self.tree.get(key)?.clone();
        let (least, most) = (bounds.start(), bounds.end());
        match N::deserialize(value) {
            Ok(number) if bounds.contains(&number) => Some(number),
            Ok(number) => {
                self.mistake(key, format!("{number} is not from {least} to {most}"));
                None
            }
            // The value is not repeated: it may be a secret in the wrong place.
            Err(_) => {
                self.mistake(key, format!("has an impossible value; write a number from {least} to {most}"));
                None
            }
        }
    }

    /// Reads a time in whole seconds within bounds, or takes `otherwise` where it is left out.
    pub fn seconds(&mut self, key: &str, otherwise: u64, bounds: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(key, otherwise, bounds))
    }

    /// Reads a URL of one of two schemes that must be there. URLs are shown in logs, so one with a user or a password is
    /// refused.
    pub fn url(&mut self, key: &str, schemes: [&str; 2]) -> Option<Url> {
        let text = self.required::<String>(key)?;
        self.parse_url(key, &text, schemes)
    }

    /// Reads the text of a URL, which stands at `key`, as [`Reader::url`] does.
    pub fn parse_url(&mut self, key: &str, text: &str, schemes: [&str; 2]) -> Option<Url> {
        match parse_url(text, schemes) {
            Ok(url) if url.username().is_empty() && url.password().is_none() => Some(url),
            Ok(_) => {
                self.mistake(key, "must not hold a user or a password, as URLs are shown in logs; remove it");
                None
            }
            Err(mistake) => {
                self.mistake(key, mistake);
                None
            }
        }
    }

    /// Reads an address in base58 that must be there.
    pub fn address(&mut self, key: &str) -> Option<Pubkey> {
        let text: String = self.required(key)?;
        self.parse_address(key, &text)
    }

    /// Reads the text of an address, which stands at `key`.
    pub fn parse_address(&mut self, key: &str, text: &str) -> Option<Pubkey> {
        match address(text) {
            Ok(address) => Some(address),
            Err(mistake) => {
                self.mistake(key, mistake);
                None
            }
        }
    }

    /// Reads a section, empty where it is left out.
    pub fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Reader) -> T) -> T {
        self.known.insert(key.to_string());
        let tree = match self.tree.get(key) {
            None => Table::new(),
            Some(Value::Table(tree)) => tree.clone(),
            Some(_) => {
                self.mistake(key, format!("must be written as [{}]", self.header(key)));
                Table::new()
            }
        };
        self.inner(tree, format!("{key}."), read)
    }

    /// The path of a key as a section's header has it: without the numbers of list entries.
    fn header(&self, key: &str) -> String {
        let without_number = |name: &str| name.split('[').next().unwrap_or_default().to_string();
        let mut names: Vec<String> = self.prefix.split_terminator('.').map(without_number).collect();
        names.push(key.to_string());
        names.join(".")
    }

    /// True where a key or section is there.
    pub fn has(&self, key: &str) -> bool {
        self.tree.contains_key(key)
    }

    /// True where a key holds a list.
    pub fn is_list(&self, key: &str) -> bool {
        matches!(self.tree.get(key), Some(Value::Array(_)))
    }

    /// Reads every entry of a list of sections.
    pub fn each<T>(&mut self, key: &str, mut read: impl FnMut(&mut Reader) -> T) -> Vec<T> {
        self.known.insert(key.to_string());
        let entries = match self.tree.get(key) {
            None => Vec::new(),
            Some(Value::Array(entries)) => entries.clone(),
            Some(_) => {
                self.mistake(key, format!("must be written as [[{}]]", self.header(key)));
                Vec::new()
            }
        };
        let mut taken = Vec::with_capacity(entries.len());
        for (number, entry) in entries.into_iter().enumerate() {
            match entry {
                Value::Table(tree) => taken.push(self.inner(tree, format!("{key}[{number}]."), &mut read)),
                _ => self.mistake(key, format!("must be written as [[{}]]", self.header(key))),
            }
        }
        taken
    }

    fn inner<T>(&mut self, tree: Table, prefix: String, read: impl FnOnce(&mut Reader) -> T) -> T {
        let mut inner = Reader::of_section(tree, format!("{}{prefix}", self.prefix));
        let taken = read(&mut inner);
        self.mistakes.extend(inner.finish());
        taken
    }

    /// Returns all mistakes, with the keys that were not read.
    pub fn finish(mut self) -> Vec<String> {
        let unknown: Vec<String> =
            self.tree.keys().filter(|key| !self.known.contains(*key)).cloned().collect();
        for key in unknown {
            self.mistake(&key, "no such key; remove it or correct its name");
        }
        self.mistakes
    }
}
/// Reads a URL with a host and one of two schemes. Errors: the form that it must have, without the text, which may hold a
/// key.
pub fn parse_url(text: &str, schemes: [&str; 2]) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| schemes.contains(&url.scheme()) && url.has_host());
    url.ok_or_else(|| {
        let [plain, secure] = schemes;
        format!("is no such URL; write {plain}://HOST... or {secure}://HOST...")
    })
}

/// The path of a key inside of the value at `key`.
fn inner_path(key: &str, error: &toml::de::Error) -> String {
    let text = error.to_string();
    let inner = text.lines().nth(1).and_then(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    inner.map_or_else(|| key.to_string(), |inner| format!("{key}.{inner}"))
}

/// A mistake of a value, without the value.
fn without_value(message: &str) -> String {
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    let listed =
        |expected: &str| expected.trim_start_matches("one of ").replace('`', "").replace(" or ", ", ");
    match expected {
        Some(expected) if message.starts_with("invalid ") => {
            format!("has an impossible value; write {}", in_words(expected))
        }
        Some(expected) if message.starts_with("unknown variant ") => {
            format!("is none of those known; choose from {}", listed(expected))
        }
        Some(expected) if message.starts_with("unknown field ") => {
            format!("has an unknown key; choose from {}", listed(expected))
        }
        // A type's own message, which may say what to do by itself.
        _ if message.contains("; ") => message.to_string(),
        _ => format!("{message}; correct it"),
    }
}

/// An expected type in words: serde has names of Rust for most of them.
fn in_words(expected: &str) -> String {
    let whole = |most: u64| format!("a whole number from 0 to {most}");
    match expected {
        "u8" => whole(u8::MAX.into()),
        "u16" => whole(u16::MAX.into()),
        "u32" => whole(u32::MAX.into()),
        // TOML has no greater ones.
        "u64" | "usize" => whole(i64::MAX.unsigned_abs()),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_string(),
        "f32" | "f64" => "a number".to_string(),
        "a boolean" => "true or false".to_string(),
        "a sequence" => "a list".to_string(),
        "a map" => "a table".to_string(),
        _ if expected.starts_with("struct ") || expected.contains("tagged enum ") => "a table".to_string(),
        _ => expected.to_string(),
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
