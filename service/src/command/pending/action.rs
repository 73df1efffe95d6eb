//! Commands, told apart by the words that decide what they do.

use {
    crate::{command::Heading, hex},
    sha2::{Digest, Sha256},
    std::{
        ffi::{OsStr, OsString},
        fs,
        io::Read,
    },
};

/// Options that decide nothing about the act: the consent.
const CONSENTS: [&str; 3] = ["-y", "--yes", "--non-interactive"];
/// Options with a value that decide nothing about the act: the node, and the form of the answer.
const FORMS: [&str; 5] = ["-u", "--url", "--commitment", "--output", "--json"];

/// The words that decide what a command does: all but consent, node and form of the answer.
pub(super) fn deciding(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut words = words.into_iter();
    let mut deciding = Vec::new();
    while let Some(word) = words.next() {
        if FORMS.contains(&word.as_str()) {
            words.next();
        } else if !CONSENTS.contains(&word.as_str()) && !has_form(&word) {
            deciding.push(word);
        }
    }
    deciding
}

/// Most bytes of a file that decides about an act.
const CONTENT: u64 = 1 << 20;

/// The arguments; one that names a file has the hash of what that holds with it, because another content makes another command. A key's
/// file is left unread.
pub(super) fn with_contents(words: impl IntoIterator<Item = OsString>) -> Vec<String> {
    let mut is_key = false;
    let mut read = Vec::new();
    for word in words {
        let text = word.to_string_lossy();
        let names_key = text == "-k" || text == "--fee-payer" || text.ends_with("keypair");
        read.push(if is_key { text.into_owned() } else { with_content(&word) });
        is_key = names_key;
    }
    read
}

fn with_content(word: &OsStr) -> String {
    let text = word.to_string_lossy().into_owned();
    let mut content = Vec::new();
    let read = fs::File::open(word).and_then(|file| file.take(CONTENT).read_to_end(&mut content));
    match read {
        Ok(_) => format!("{text}\0{}", hex::encode(Sha256::digest(&content))),
        Err(_) => text,
    }
}

/// True for an option of the node or the form with its value in the same word: `--url=URL`, `-uURL`.
fn has_form(word: &str) -> bool {
    FORMS.iter().any(|option| match word.strip_prefix(option) {
        Some(value) => !option.starts_with("--") || value.starts_with('='),
        None => false,
    })
}

/// The hash of a command: its words, its market and its signer, which may come from a profile or the environment. The words themselves
/// are not written down: one of them may be a secret, such as the key in a URL.
pub(super) fn hash(words: &[String], heading: &Heading) -> String {
    let (market, signer) = (heading.market.to_string(), heading.signer.to_string());
    let words = words.iter().map(String::as_str).chain([market.as_str(), signer.as_str()]);
    // No argument has a zero byte.
    hex::encode(Sha256::digest(words.collect::<Vec<_>>().join("\0")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        deciding(line.split_whitespace().map(str::to_string))
    }

    #[test]
    fn node_form_and_consent_decide_nothing() {
        let plain = words("credit repay X --amount 5usdc");
        assert_eq!(plain.join(" "), "credit repay X --amount 5usdc");
        for line in [
            "credit repay X --amount 5usdc -y --json state",
            "-u https://host/?api-key=SECRET credit repay X --amount 5usdc --non-interactive",
            "credit repay --url=https://host X --output=json --amount 5usdc --yes",
            "credit repay -ul X --commitment finalized --amount 5usdc",
        ] {
            assert_eq!(words(line), plain, "{line}");
        }
        for line in [
            "credit repay X --amount 6usdc",
            "credit repay X --amount 5usdc --jsonx",
            "credit repay Y --amount 5usdc",
        ] {
            assert_ne!(words(line), plain, "{line}");
        }
    }
}
