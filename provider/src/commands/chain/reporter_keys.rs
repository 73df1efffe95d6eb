//! The reporters that the server's file signs with.

use {super::ActError, blockable_provider::Config, blockable_sdk::Pubkey};

/// The public keys of the reporters in the file, in its order; `None` where reports are signed elsewhere.
/// Errors: [`ActError::Reporter`].
pub(crate) async fn reporter_keys(config: &Config) -> Result<Option<Vec<Pubkey>>, ActError> {
    let Some(settings) = &config.reporter else { return Ok(None) };
    let mut keys = Vec::with_capacity(settings.key.len());
    for source in &settings.key {
        keys.push(source.open().await?.public_key());
    }
    Ok(Some(keys))
}
