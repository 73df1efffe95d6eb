//! The usage that an upstream states.

use {serde::Deserialize, serde_json::value::RawValue};

/// Tokens that a request used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Generated tokens.
    #[serde(default)]
    pub completion_tokens: u64,
}

#[derive(Deserialize)]
struct Stated<'a> {
    usage: Option<Usage>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
}

/// Finds the usage in an answer or an event, with true where it holds nothing else. `None` where none is stated.
pub(super) fn find(json: &[u8]) -> Option<(Usage, bool)> {
    let stated: Stated = serde_json::from_slice(json).ok()?;
    let bare =
        stated.choices.is_none_or(|choices| choices.get().bytes().all(|byte| b"[] \t\r\n".contains(&byte)));
    Some((stated.usage?, bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_found_where_it_is_stated() {
        let usage = Usage { prompt_tokens: 3, completion_tokens: 4 };
        let whole = br#"{"id":"x","choices":[{"text":"{}"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;
        assert_eq!(find(whole), Some((usage, false)));
        assert_eq!(
            find(br#"{"choices":[ ],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#),
            Some((usage, true))
        );
        assert_eq!(
            find(br#"{"usage":{"prompt_tokens":3}}"#),
            Some((Usage { completion_tokens: 0, ..usage }, true))
        );
        for none in [&b"{}"[..], b"", b"<html>", br#"{"usage":null}"#, br#"{"usage":{"prompt_tokens":-1}}"#] {
            assert_eq!(find(none), None);
        }
    }
}
