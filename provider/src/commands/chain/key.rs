//! The key that signs for the provider.

use {
    super::{ActError, ChainArgs},
    blockable_provider::config::Operator,
    blockable_sdk::{Pubkey, Signer},
    blockable_service::command::{KeyFileError, Keys, read_key_file},
    std::path::{Path, PathBuf},
};

/// The provider's authority, and its key where it was loaded: a dry run loads none.
pub(crate) struct Authority {
    /// Its address.
    pub address: Pubkey,
    /// The key.
    pub keys: Keys,
    /// Words for the file that the key came from, and for what named it.
    pub source: String,
}

impl Authority {
    /// Loads the key of an authority that the chain names; in a dry run none. Errors: [`ActError::NoKey`], [`ActError::Key`],
    /// [`ActError::Exposed`], [`ActError::WrongKey`].
    pub(crate) fn load(
        args: &ChainArgs,
        operator: &Operator,
        expected: Pubkey,
    ) -> Result<Authority, ActError> {
        if args.dry_run {
            return Ok(Authority::unsigned(expected));
        }
        let authority = Authority::load_any(args, operator)?;
        if authority.address != expected {
            let (path, _) = named(args, operator)?;
            let path = path.display().to_string();
            return Err(ActError::WrongKey { path, found: authority.address, expected });
        }
        Ok(authority)
    }

    /// An authority without its key, for a dry run.
    pub(crate) fn unsigned(address: Pubkey) -> Authority {
        Authority { address, keys: Keys::DryRun, source: "no key loaded: dry run".to_string() }
    }

    /// Loads the key that arguments or file name. Errors: as [`Authority::load`].
    pub(crate) fn load_any(args: &ChainArgs, operator: &Operator) -> Result<Authority, ActError> {
        let (path, by) = named(args, operator)?;
        let keypair = read_key_file(&path).map_err(|error| failed(&path, error))?;
        let source = format!("from {}, named by {by}", path.display());
        let (address, keys) = (keypair.pubkey(), Keys::Loaded(Box::new(keypair), Vec::new()));
        Ok(Authority { address, keys, source })
    }
}

/// The key file, and what names it.
fn named(args: &ChainArgs, operator: &Operator) -> Result<(PathBuf, &'static str), ActError> {
    match (&args.keypair, &operator.keypair) {
        (Some(path), _) => Ok((path.clone(), "--keypair")),
        (None, Some(path)) => Ok((path.clone(), "[operator] in the server's file")),
        (None, None) => Err(ActError::NoKey),
    }
}

fn failed(path: &Path, error: KeyFileError) -> ActError {
    let path = path.display().to_string();
    match error {
        KeyFileError::Exposed => ActError::Exposed(path),
        reason => ActError::Key { path, reason },
    }
}
