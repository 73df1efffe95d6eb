//! Values that `init` writes for the operator to replace.

use {super::Config, blockable_sdk::Pubkey};

/// Keys of the server's file that still have the values that `init` wrote.
#[derive(Debug, thiserror::Error)]
#[error(
    "{}: still the placeholder that `init` wrote; set it in the server's file to the address on your chain",
    .0.join(", ")
)]
pub struct PlaceholderError(Vec<&'static str>);

impl Config {
    /// Requires that market and provider are set. Errors: [`PlaceholderError`] with each that is not.
    pub fn require_complete(&self) -> Result<(), PlaceholderError> {
        let chain = &self.chain;
        require([("chain.market", chain.market), ("chain.provider", chain.provider)])
    }

    /// Requires that the market is set. Errors: [`PlaceholderError`].
    pub fn require_market(&self) -> Result<(), PlaceholderError> {
        require([("chain.market", self.chain.market)])
    }
}

fn require<const N: usize>(keys: [(&'static str, Pubkey); N]) -> Result<(), PlaceholderError> {
    // The placeholder is the zero address, which no account of the program has.
    let left: Vec<_> =
        keys.into_iter().filter(|(_, address)| *address == Pubkey::default()).map(|(key, _)| key).collect();
    if left.is_empty() { Ok(()) } else { Err(PlaceholderError(left)) }
}
