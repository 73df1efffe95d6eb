//! Texts of upstreams for the operator's log, without keys.

/// Most characters that are kept.
const MAX_CHARACTERS: usize = 300;
/// Stands for what is left out.
const LEFT_OUT: &str = "[left out]";

/// Beginnings of keys.
const PREFIXES: &[&str] = &[
    "AIza", "AKIA", "ASIA", "eyJ", "ghp_", "glpat-", "gsk_", "hf_", "key-", "nvapi-", "pk-", "pk_", "pplx-",
    "r8_", "rk_", "sk-", "sk_", "xai-", "xoxb-", "ya29.",
];
/// Words that a key often follows.
const BEFORE_KEYS: &[&str] = &[
    "api-key",
    "api_key",
    "apikey",
    "authorization",
    "basic",
    "bearer",
    "credential",
    "key",
    "password",
    "provided",
    "secret",
    "token",
    "x-api-key",
];

/// Shortens a text to one line without keys: `known` ones, and whatever has the shape of a key. Hosts stay.
pub(super) fn redact(text: &str, known: Option<&str>) -> String {
    let text: String =
        text.chars().take(8 * MAX_CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = match known {
        Some(known) if !known.is_empty() => text.replace(known, LEFT_OUT),
        _ => text,
    };
    let (mut kept, mut rest, mut before) = (String::new(), text.as_str(), String::new());
    while !rest.is_empty() {
        let start = rest.find(is_key_character).unwrap_or(rest.len());
        kept.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|character| !is_key_character(character)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let secret = is_key(word, &before) || after.starts_with('@');
        kept.push_str(if secret { LEFT_OUT } else { word });
        if !word.is_empty() {
            before = word.to_ascii_lowercase();
        }
        rest = after;
    }
    let mut line = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARACTERS) {
        line.truncate(end);
        line.push_str("...");
    }
    line
}

fn is_key_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-*+.~".contains(character)
}

fn is_key(word: &str, before: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.bytes().any(|byte| kind(&byte));
    let (digits, letters) = (has(u8::is_ascii_digit), has(u8::is_ascii_alphabetic));
    let is_host = word.contains('.') && word.split('.').all(|label| label.len() < 20);
    word.contains("**")
        || PREFIXES.iter().any(|prefix| word.len() > prefix.len() + 1 && word.contains(prefix))
        || (BEFORE_KEYS.contains(&before) && (digits || word.len() >= 16))
        || (word.len() >= 16 && digits && letters && !is_host)
        || word.split(['.', '-']).any(|part| part.len() >= 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_out_and_hosts_stay() {
        for (text, kept) in [
            ("Incorrect API key provided: sk-ab12****89.", "Incorrect API key provided: [left out]"),
            ("Bearer abc1 was refused", "Bearer [left out] was refused"),
            ("token=0123456789abcdef0123", "token=[left out]"),
            ("the key is wrong", "the key is wrong"),
            ("https://user:pa55@10.0.0.7:8000/v1", "https://user:[left out]@10.0.0.7:8000/v1"),
            ("eyJhbGciOi.eyJzdWIi.c2ln", "[left out]"),
            ("org-AbCdEf0123456789AbCd has no money", "[left out] has no money"),
            (
                "the upstream gpu-node-7.cluster.local:8000 is gone",
                "the upstream gpu-node-7.cluster.local:8000 is gone",
            ),
            ("a\n\tb\u{0}c", "a b c"),
            ("my-own", "[left out]"),
        ] {
            assert_eq!(redact(text, Some("my-own")), kept);
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let line = redact(&"\u{e4} ".repeat(1 << 20), None);
        assert_eq!(line.chars().count(), MAX_CHARACTERS + 3);
        assert_eq!(redact(&"x".repeat(1 << 20), None), LEFT_OUT);
    }
}
