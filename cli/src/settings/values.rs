//! Values of settings.

use {
    blockable_sdk::{Pubkey, rpc::CommitmentConfig},
    std::{fmt, ops::RangeInclusive, path::PathBuf, str::FromStr},
};

/// The state of the chain that is read and waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Commitment {
    /// The newest block, which may be dropped.
    Processed,
    /// A block that two thirds of the stake have voted for.
    #[default]
    Confirmed,
    /// A block that cannot be dropped any more.
    Finalized,
}

impl Commitment {
    /// As the RPC client has it.
    pub(crate) fn config(self) -> CommitmentConfig {
        match self {
            Commitment::Processed => CommitmentConfig::processed(),
            Commitment::Confirmed => CommitmentConfig::confirmed(),
            Commitment::Finalized => CommitmentConfig::finalized(),
        }
    }
}

impl FromStr for Commitment {
    type Err = String;

    fn from_str(text: &str) -> Result<Commitment, String> {
        match text {
            "processed" => Ok(Commitment::Processed),
            "confirmed" => Ok(Commitment::Confirmed),
            "finalized" => Ok(Commitment::Finalized),
            _ => Err("is no commitment; write processed, confirmed or finalized".to_string()),
        }
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Commitment::Processed => "processed",
            Commitment::Confirmed => "confirmed",
            Commitment::Finalized => "finalized",
        })
    }
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// Lines and tables for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        match text {
            "table" => Ok(Format::Table),
            "json" => Ok(Format::Json),
            _ => Err("is no form of an answer; write table or json".to_string()),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Table => "table",
            Format::Json => "json",
        })
    }
}

/// The place that a key is loaded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A file as `solana-keygen` writes it.
    File(PathBuf),
    /// A seed phrase that is asked for at the terminal.
    Prompt,
    /// The standard input, with the content of a file.
    StandardInput,
    /// A Ledger, by its whole address.
    Ledger(String),
    /// No key: an address, for a transaction that is signed elsewhere.
    Address(Pubkey),
    /// A secret key itself in the place of its file, which is dropped unread: an error must not say it again.
    Secret,
}

/// The text of a secret key, in which the key is not said again.
const SECRET: &str = "[a secret key]";

/// Characters of 64 bytes in base58: the least and the most.
const KEY_CHARACTERS: RangeInclusive<usize> = 64..=90;

/// True for a key as a key file has it, and for one in base58 or hex, as wallets export them.
fn is_secret(text: &str) -> bool {
    let text = text.trim();
    let hex = text.strip_prefix("0x").unwrap_or(text);
    let is_hex = matches!(hex.len(), 64 | 128) && hex.chars().all(|character| character.is_ascii_hexdigit());
    text.starts_with('[') || is_hex || is_64_bytes(text)
}

/// True for 64 bytes in base58, as many as a secret key has.
fn is_64_bytes(text: &str) -> bool {
    KEY_CHARACTERS.contains(&text.len()) && bs58::decode(text).into_vec().is_ok_and(|bytes| bytes.len() == 64)
}

/// A URL as it may be shown: its scheme and host. User, path and query are where providers have their keys.
pub(crate) fn shown_url(text: &str) -> String {
    let is_scheme = |scheme: &str| !scheme.contains(['/', '?', '#', '@']);
    let (scheme, rest) = match text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let behind = rest.strip_prefix(host).unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let cut = if behind.trim_matches('/').is_empty() { "" } else { "/..." };
    format!("{scheme}{host}{cut}")
}

/// A text that was refused as it may be shown: not a secret key, and of a URL no more than its host.
pub(crate) fn shown(text: &str) -> String {
    let is_key = text.split(['=', ',', ' ']).any(is_64_bytes);
    match text.contains("://") {
        _ if is_key => SECRET.to_string(),
        true => shown_url(text),
        false => text.to_string(),
    }
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<KeySource, String> {
        match text {
            "" => Err("is empty; name a key file".to_string()),
            text if is_secret(text) => Ok(KeySource::Secret),
            "-" => Ok(KeySource::StandardInput),
            "prompt://" | "prompt:" | "ASK" => Ok(KeySource::Prompt),
            text if text.starts_with("prompt:") => {
                Err("has a part behind prompt:// that is not supported; write prompt:// alone".to_string())
            }
            text if text.starts_with("usb:") => match text.split_once('?') {
                Some((_, query)) if !is_derivation_path(query) => {
                    Err("has no derivation path behind the sign; write usb://ledger?key=0".to_string())
                }
                _ => Ok(KeySource::Ledger(text.to_string())),
            },
            text => match text.strip_prefix("file:") {
                Some(path) => Ok(KeySource::File(PathBuf::from(path.trim_start_matches("//")))),
                None => {
                    Ok(text.parse().map_or_else(|_| KeySource::File(PathBuf::from(text)), KeySource::Address))
                }
            },
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::File(path) => write!(f, "{}", path.display()),
            KeySource::Prompt => f.write_str("prompt://"),
            KeySource::StandardInput => f.write_str("-"),
            KeySource::Ledger(url) => f.write_str(url),
            KeySource::Address(address) => write!(f, "{address}"),
            KeySource::Secret => f.write_str(SECRET),
        }
    }
}

/// True for the part of a Ledger's address that chooses a key, such as `key=0/1`.
fn is_derivation_path(query: &str) -> bool {
    let path = query.strip_prefix("key=").unwrap_or(query);
    path.len() <= 32
        && path.chars().all(|character| character.is_ascii_digit() || matches!(character, '/' | '\''))
}

/// The URL of a node by its address or its moniker. Errors: what to write.
pub(super) fn node_url(text: &str) -> Result<String, String> {
    let url = match text {
        "m" | "mainnet" | "mainnet-beta" => "https://api.mainnet-beta.solana.com",
        "t" | "testnet" => "https://api.testnet.solana.com",
        "d" | "devnet" => "https://api.devnet.solana.com",
        "l" | "localhost" => "http://127.0.0.1:8899",
        url => {
            return web_address(url).map_err(|()| {
                "is no node; write http://HOST:PORT, or mainnet-beta, devnet, testnet or localhost"
                    .to_string()
            });
        }
    };
    Ok(url.to_string())
}

/// The URL of a provider's server. Errors: what to write.
pub(crate) fn gate_url(text: &str) -> Result<String, String> {
    web_address(text).map_err(|()| "is no server; write http://HOST:PORT or https://HOST".to_string())
}

fn web_address(text: &str) -> Result<String, ()> {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://")).ok_or(())?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_sound = !host.is_empty() && !text.contains(char::is_whitespace);
    if is_sound { Ok(text.to_string()) } else { Err(()) }
}
