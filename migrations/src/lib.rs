//! Deploy steps of Blockable: creates a market from a TOML file, safe to run again.
//!
//! [`run`] does it by a file and a node's URL; [`ensure_market`] is the same for callers that have a client and a [`MarketConfig`]
//! of their own; `blockable market init` reviews and sends the [`MarketStep`] that is missing.

mod bounds;
mod config;
mod duration;
mod market;

use {
    blockable_sdk::{
        Pubkey, Signer, addresses,
        client::{Client, Landed},
        errors::ClientError,
    },
    std::path::Path,
};

pub use {
    config::{ConfigError, MarketConfig, MarketKind},
    market::{MarketStep, ensure_market, market_step},
};

/// The outcome for a market.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It did not exist and was created.
    Created(Landed),
    /// It existed with the settings of the file.
    Unchanged,
    /// It existed with other settings, which are left as they are.
    Differs(Vec<Difference>),
}

/// A setting that is not the same in the file and on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key in the file, such as `bounds.max_apr_bps`.
    pub field: &'static str,
    /// The value in the file.
    pub file: String,
    /// The value on the chain.
    pub chain: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: the file says {}, the chain {}", self.field, self.file, self.chain)
    }
}

/// A reason for which a market was neither created nor compared. Nothing has changed on the chain.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The file is not a market.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No node answers at this host.
    #[error("no node answers at {0}; check the URL, or start one with `solana-test-validator`")]
    Unreachable(String),
    /// The cluster has no program at this address.
    #[error("the cluster has no program at {0}; deploy it first, see migrations/README.md")]
    NoProgram(Pubkey),
    /// The payment mint is no mint.
    #[error("payment_mint {0} is not a mint of SPL Token or Token-2022; check the address and the cluster")]
    NotAMint(Pubkey),
    /// The treasury owner is a token account.
    #[error("treasury_owner {0} is a token account; name the wallet that owns it")]
    TreasuryIsTokenAccount(Pubkey),
    /// The given key is not the admin's.
    #[error("the admin is {expected} and the key given is {found}; pass the admin's key")]
    NotTheAdmin {
        /// The admin in the file.
        expected: Pubkey,
        /// The key's address.
        found: Pubkey,
    },
    /// The chain could not be read or refused the transaction.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// A market and the outcome for it.
#[derive(Clone, Debug)]
pub struct MarketResult {
    /// The market's account.
    pub market: Pubkey,
    /// The number in its address. Anyone can take one, so it says nothing about who runs the market.
    pub id: u64,
    /// The admin that the file names.
    pub admin: Pubkey,
    /// The outcome.
    pub outcome: Outcome,
}

/// Reads a market file and makes sure that the market exists. Calls `progress` with each step before it is taken.
///
/// `payer` pays fee and rent; `admin` signs the creation and is not used when the market exists.
/// Errors: [`MigrationError`].
pub async fn run(
    config_path: &Path,
    rpc_url: &str,
    payer: &dyn Signer,
    admin: &dyn Signer,
    progress: &mut dyn FnMut(&str),
) -> Result<MarketResult, MigrationError> {
    progress(&format!("reading {}", config_path.display()));
    let config = MarketConfig::FILE.load(config_path)?;
    let market = addresses::market(config.id);
    progress(&format!("looking for market {market} (id {}) of admin {}", config.id, config.admin));
    let client = Client::new(rpc_url);
    if client.rpc().get_version().await.is_err() {
        return Err(MigrationError::Unreachable(host(rpc_url).to_string()));
    }
    let outcome = ensure_market(&client, &config, payer, admin).await?;
    Ok(MarketResult { market, id: config.id, admin: config.admin, outcome })
}

/// The host and port of a URL, which may be shown. The rest may hold a key.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_secrets() {
        assert_eq!(host("http://127.0.0.1:8899"), "127.0.0.1:8899");
        assert_eq!(host("https://user:key@rpc.example.com/v2/KEY?api-key=KEY"), "rpc.example.com");
        assert_eq!(host("https://rpc.example.com?api-key=KEY"), "rpc.example.com");
    }
}
