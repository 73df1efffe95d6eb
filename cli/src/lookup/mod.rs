//! Finds accounts, and near matches for those that are not there.

mod credit;
mod lot;
mod provider;

pub(crate) use {
    credit::{CreditView, conditions, credit, credit_if_any, credits, find, no_credit},
    lot::{LotView, NotForSale, find_lots, lot},
    provider::{ProviderView, find_providers, provider},
};

pub(crate) use crate::near::nearest;
use {
    crate::{error::CliError, kind::kind_of, output::warn, session::Session},
    blockable_sdk::{PROGRAM_ID, Pubkey, accounts::BlockableAccount, errors::ClientError},
    std::collections::{BTreeMap, BTreeSet},
};

/// A kind of account that a command asks for.
struct Wanted {
    /// Its name: "credit".
    name: &'static str,
    /// The command that lists them.
    listed_by: &'static str,
}

/// The refusal of an address that is not of the wanted kind: what is there instead, or which of `others` is near. Where that cannot be
/// read, the node's failure.
async fn missing(
    session: &Session,
    address: &Pubkey,
    wanted: &Wanted,
    others: impl AsyncFnOnce() -> Result<Vec<Pubkey>, ClientError>,
) -> CliError {
    let Wanted { name, listed_by } = wanted;
    let cluster = session.cluster();
    let account = match session.client.account(address).await {
        Ok(account) => account,
        Err(error) => return error.into(),
    };
    if let Some(kind) = account.as_ref().map(|account| kind_of(&account.owner, &account.data)) {
        return CliError::NotFound(format!("{address} is {kind} and no {name}; `{listed_by}` lists {name}s"));
    }
    let near = match others().await {
        Ok(others) => nearest(&address.to_string(), others.iter().map(ToString::to_string)),
        // It is known by now that nothing is there; a near match is only a hint.
        Err(_) => None,
    };
    CliError::NotFound(match near {
        Some(near) => format!("there is no {name} at {address} on {cluster}; did you mean {near}?"),
        None => format!(
            "there is no {name} at {address} on {cluster}; `{listed_by}` lists {name}s, --url chooses the cluster"
        ),
    })
}

/// Reads accounts of one type. One that is not there is missing here too; one that is there and cannot be read, because a later version of
/// the program wrote it or the node is wrong, is left out with a warning that names it. Errors: [`CliError::Carry`].
pub(crate) async fn readable<T: BlockableAccount>(
    session: &Session,
    addresses: BTreeSet<Pubkey>,
) -> Result<BTreeMap<Pubkey, T>, CliError> {
    let addresses: Vec<Pubkey> = addresses.into_iter().collect();
    let (mut found, mut left_out) = (BTreeMap::new(), Vec::new());
    let commitment = session.client.rpc().commitment();
    let served = session.client.accounts_as_served(&addresses, commitment).await?;
    for (address, account) in addresses.iter().zip(served) {
        let Some(account) = account.map(|account| account.to_account()) else { continue };
        // A closed account may have another owner since.
        if account.as_ref().is_some_and(|account| account.owner != PROGRAM_ID) {
            continue;
        }
        match account.map(|account| T::decode(&account.data)) {
            Some(Ok(account)) => drop(found.insert(*address, account)),
            _ => left_out.push(address.to_string()),
        }
    }
    if !left_out.is_empty() {
        let (count, name) = (left_out.len(), T::NAME);
        warn(&format!(
            "{count} of {} accounts hold no {name} that this version can read, and are left out with all that rests on them: {}; \
             install the newest version, or ask another node by --url",
            addresses.len(),
            left_out.join(", ")
        ));
    }
    Ok(found)
}
