//! The parties to a transaction, and their keys where these may be loaded.

use {
    crate::{
        args::SignArgs,
        error::CliError,
        session::Session,
        settings::{KeySource, Place, Setting},
        signer::{LoadedKey, describe, public_half},
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
    pub sender: Sender,
    /// The multisig that is to make the change, if one is.
    pub proposing: Option<Proposing>,
}

/// The sender of a transaction: who acts, or for a proposal the member who proposes.
pub(crate) struct Sender {
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
        let sender = Sender { address, source, payer: payer.as_ref().map_or(address, LoadedKey::address) };
        let keys = Keys::Loaded(key.signer, payer.into_iter().map(|payer| payer.signer).collect());
        Ok(Parties::new(keys, sender, sign.proposing()))
    }

    /// The parties by their sender: where a multisig is to act, its vault signs and pays the rent.
    fn new(keys: Keys, sender: Sender, proposing: Option<Proposing>) -> Parties {
        let (signer, payer) = match &proposing {
            Some(proposing) => (proposing.vault(), proposing.vault()),
            None => (sender.address, sender.payer),
        };
        Parties { keys, signer, payer, cosigners: Vec::new(), sender, proposing }
    }

    /// The same with a further party that signs, `expected`: its key is `named` by `flag`. Without keys its address is assumed. Errors:
    /// [`CliError::Signer`], [`CliError::Usage`] where no key is named, [`CliError::Refused`] for another key.
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
        let Keys::Loaded(_, others) = &mut self.keys else { return Ok(self) };
        let named = named.ok_or_else(|| {
            CliError::Usage(format!(
                "{expected} must sign as well; name its key by {flag}, or add --no-send and have both sign the transaction"
            ))
        })?;
        let key = LoadedKey::load(&Setting { value: named.clone(), origin: Place::Flag(flag.to_string()) })?;
        if key.address() != expected {
            return Err(CliError::Refused(format!(
                "the key of {flag} is {}, and {expected} must sign; name that one's key",
                key.address()
            )));
        }
        others.push(key.signer);
        Ok(self)
    }

    /// The addresses that would sign and pay: those that are named, by an address or by a key file of which the public half alone is
    /// read; else `usual`. Errors: [`CliError::Usage`] for a proposal without a member.
    fn without_keys(
        session: &Session,
        keys: Keys,
        usual: Pubkey,
        proposing: Option<Proposing>,
    ) -> Result<Parties, CliError> {
        let address = |found: &Option<Setting<KeySource>>| match found.as_ref().map(|found| &found.value) {
            Some(KeySource::Address(address)) => Some(*address),
            Some(KeySource::File(path)) => public_half(path),
            _ => None,
        };
        let named = &session.settings.keypair;
        let (signer, source) = match (address(named), named) {
            (Some(signer), Some(found)) => (signer, format!("no key loaded; {}", describe(found))),
            _ if proposing.is_some() => {
                return Err(CliError::Usage(
                    "it is not known which member proposes; name the key, or its address, by --keypair"
                        .to_string(),
                ));
            }
            _ => (usual, "no key loaded; the usual signer".to_string()),
        };
        let payer = address(&session.settings.fee_payer).unwrap_or(signer);
        Ok(Parties::new(keys, Sender { address: signer, source, payer }, proposing))
    }
}
