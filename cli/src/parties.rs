//! The parties to a transaction, and their keys where these may be loaded.

use {
    crate::{
        args::SignArgs,
        error::CliError,
        session::Session,
        settings::{KeySource, Place, Setting},
        signer::{LoadedKey, SignerError, describe, public_half},
    },
    blockable_sdk::Pubkey,
    blockable_service::command::{Keys, Proposing},
};

/// The parties to a transaction, and their keys where these were loaded.
pub(crate) struct Parties {
    /// The keys.
    pub keys: Keys,
    /// The address that signs the act: for a proposal the multisig's vault.
    pub signer: Pubkey,
    /// The address that pays the act's rent: for a proposal the vault as well.
    pub payer: Pubkey,
    /// The addresses of further parties that sign, for acts that need several.
    pub cosigners: Vec<Pubkey>,
    /// The sender of the transaction.
    pub sender: SendingKey,
    /// The multisig that is to make the change, if one is.
    pub proposing: Option<Proposing>,
}

/// The sender of a transaction: who acts, or for a proposal the member who proposes.
pub(crate) struct SendingKey {
    /// The address that signs.
    pub address: Pubkey,
    /// Words for its origin.
    pub source: String,
    /// The address that pays the fee.
    pub payer: Pubkey,
}

impl Parties {
    /// Loads the keys of a change that `usual` signs if no key is named; with `--dry-run` and `--no-send` none.
    /// [`carry_out`](crate::carry_out::carry_out) checks that the key may sign, once the chain says who may. Errors:
    /// [`CliError::Settings`], [`CliError::Signer`], [`CliError::Usage`] for a proposal without a member.
    pub(crate) fn load(session: &Session, sign: &SignArgs, usual: Pubkey) -> Result<Parties, CliError> {
        if sign.dry_run || sign.no_send {
            let keys = if sign.dry_run { Keys::DryRun } else { Keys::NoSend };
            return Parties::without_keys(session, keys, usual, sign.proposing());
        }
        let found = session.settings.keypair()?;
        let key = LoadedKey::load(found)?;
        let payer = session.settings.fee_payer.as_ref().map(LoadedKey::load).transpose()?;
        let (address, source) = (key.address(), describe(found));
        let sender =
            SendingKey { address, source, payer: payer.as_ref().map_or(address, LoadedKey::address) };
        let keys = Keys::Loaded(key.signer, payer.into_iter().map(|payer| payer.signer).collect());
        Ok(Parties::new(keys, sender, sign.proposing()))
    }

    /// The parties by their sender: where a multisig is to act, its vault signs and pays the rent.
    fn new(keys: Keys, sender: SendingKey, proposing: Option<Proposing>) -> Parties {
        let (signer, payer) = match &proposing {
            Some(proposing) => (proposing.vault(), proposing.vault()),
            None => (sender.address, sender.payer),
        };
        Parties { keys, signer, payer, cosigners: Vec::new(), sender, proposing }
    }

    /// The same with a further party that signs, `expected`: its key is `named` by `flag`. Without keys its address is assumed where none
    /// is named. Errors: [`CliError::Signer`], [`CliError::Usage`] where no key is named, [`CliError::Refused`] for another key.
    pub(crate) fn with_cosigner(
        mut self,
        flag: &str,
        named: Option<&KeySource>,
        expected: Pubkey,
    ) -> Result<Parties, CliError> {
        if self.proposing.is_some() {
            return Err(CliError::Usage(format!(
                "{expected} must sign as well, and a multisig signs as its vault alone; leave --propose out, and let both sign what \
                 --no-send prints"
            )));
        }
        self.cosigners.push(expected);
        let named =
            named.map(|named| Setting { value: named.clone(), origin: Place::Flag(flag.to_string()) });
        let require = |found: Pubkey| match found == expected {
            true => Ok(()),
            false => Err(CliError::Refused(format!(
                "the key of {flag} is {found}, and {expected} must sign; name that one's key"
            ))),
        };
        let Keys::Loaded(_, others) = &mut self.keys else {
            named.as_ref().map(address_of).transpose()?.flatten().map(require).transpose()?;
            return Ok(self);
        };
        let named = named.ok_or_else(|| {
            CliError::Usage(format!(
                "{expected} must sign as well; name its key by {flag}, or add --no-send and have both sign the transaction"
            ))
        })?;
        let key = LoadedKey::load(&named)?;
        require(key.address())?;
        others.push(key.signer);
        Ok(self)
    }

    /// The addresses that would sign and pay: those that are named, by an address or by a key file of which the public half alone is
    /// read; else `usual`. Errors: [`CliError::Signer`] for a file that is named and cannot be read, [`CliError::Usage`] for a proposal
    /// without a member.
    fn without_keys(
        session: &Session,
        keys: Keys,
        usual: Pubkey,
        proposing: Option<Proposing>,
    ) -> Result<Parties, CliError> {
        let named = &session.settings.keypair;
        let (signer, source) = match (named.as_ref().map(address_of).transpose()?.flatten(), named) {
            (Some(signer), Some(found)) => (signer, format!("no key loaded; {}", describe(found))),
            _ if proposing.is_some() => {
                return Err(CliError::Usage(
                    "it is not known which member proposes; name the key, or its address, by --keypair"
                        .to_string(),
                ));
            }
            (None, Some(found)) if found.origin != Place::Default => {
                (usual, format!("no key loaded; the usual signer, not the key {}", describe(found)))
            }
            _ => (usual, "no key loaded; the usual signer".to_string()),
        };
        let payer = session.settings.fee_payer.as_ref().map(address_of).transpose()?.flatten();
        let sender = SendingKey { address: signer, source, payer: payer.unwrap_or(signer) };
        Ok(Parties::new(keys, sender, proposing))
    }
}

/// The address of a key that is not loaded. `None` for one that only its owner could give, and where there is no file at the usual
/// place. Errors: [`CliError::Signer`].
fn address_of(found: &Setting<KeySource>) -> Result<Option<Pubkey>, CliError> {
    match &found.value {
        KeySource::Address(address) => Ok(Some(*address)),
        KeySource::Secret => Err(SignerError::Secret(found.origin.clone()).into()),
        KeySource::File(path) if found.origin == Place::Default && !path.exists() => Ok(None),
        KeySource::File(path) => Ok(Some(public_half(path, &found.origin)?)),
        KeySource::Prompt | KeySource::StandardInput | KeySource::Ledger(_) => Ok(None),
    }
}
