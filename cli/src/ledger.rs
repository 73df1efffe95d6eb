//! Keys on Ledger devices, by the driver of Solana's own command line: the feature `ledger`, off by default. Untried: no test has a
//! device.

use blockable_sdk::Signer;

/// Finds the device and asks it for its key; the device asks its owner for each signature. Errors: the reason.
#[cfg(feature = "ledger")]
pub(crate) fn open(url: &str) -> Result<Box<dyn Signer>, String> {
    use {
        solana_derivation_path::DerivationPath,
        solana_remote_wallet::{
            locator::Locator, remote_keypair::generate_remote_keypair, remote_wallet::maybe_wallet_manager,
        },
        uriparse::URIReference,
    };
    let uri = URIReference::try_from(url)
        .map_err(|_| "its address is none, write usb://ledger?key=0".to_string())?;
    let locator = Locator::new_from_uri(&uri).map_err(|error| error.to_string())?;
    let path =
        DerivationPath::from_uri_key_query(&uri).map_err(|error| error.to_string())?.unwrap_or_default();
    let devices = maybe_wallet_manager().map_err(|error| error.to_string())?;
    let devices = devices.ok_or("no device is connected, or its Solana app is not open")?;
    let key = generate_remote_keypair(locator, path, &devices, false, "keypair")
        .map_err(|error| error.to_string())?;
    Ok(Box::new(key))
}

/// Refuses: this build has no driver. Errors: the reason.
#[cfg(not(feature = "ledger"))]
pub(crate) fn open(_: &str) -> Result<Box<dyn Signer>, String> {
    Err("this build has no driver for Ledger devices, see the feature ledger in docs/lender.md".to_string())
}
