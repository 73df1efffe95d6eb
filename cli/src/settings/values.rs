//! Values of settings.

use {
    blockable_sdk::{Pubkey, rpc::CommitmentConfig},
    std::{fmt, path::PathBuf, str::FromStr},
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
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<KeySource, String> {
        match text {
            "" => Err("is empty; name a key file".to_string()),
            "-" => Ok(KeySource::StandardInput),
            "prompt://" | "prompt:" | "ASK" => Ok(KeySource::Prompt),
            text if text.starts_with("prompt:") => {
                Err("has a part behind prompt:// that is not supported; write prompt:// alone".to_string())
            }
            text if text.starts_with("usb:") => Ok(KeySource::Ledger(text.to_string())),
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
        }
    }
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
