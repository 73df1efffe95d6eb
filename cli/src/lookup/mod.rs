//! Finds accounts, and near matches for those that are not there.

mod credit;
mod lot;
mod provider;

pub(crate) use {
    credit::{CreditView, credit, credit_if_any, credits, find},
    lot::{LotView, NotForSale, find_lots, lot},
    provider::{ProviderView, find_providers, provider},
};

use {
    crate::{error::CliError, session::Session},
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::BlockableAccount,
        errors::ClientError,
        program::state::{Credit, Lot, Market, Provider},
    },
};

/// Characters by which two addresses may differ to be near.
const NEAR: usize = 6;

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
    let rpc = session.client.rpc();
    let account = rpc.get_account_with_commitment(address, rpc.commitment()).await;
    let account = match account {
        Ok(answer) => answer.value,
        Err(error) => return ClientError::from(error).into(),
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

/// The kind of an account, with its article.
fn kind_of(owner: &Pubkey, data: &[u8]) -> String {
    let is_own = *owner == PROGRAM_ID;
    if is_own && Market::decode(data).is_ok() {
        "a market".to_string()
    } else if is_own && Credit::decode(data).is_ok() {
        "a credit".to_string()
    } else if is_own && Provider::decode(data).is_ok() {
        "a provider".to_string()
    } else if is_own && Lot::decode(data).is_ok() {
        "a lot".to_string()
    } else if blockable_sdk::tokens::balance(data).is_some() {
        "a token account".to_string()
    } else if data.is_empty() {
        "a wallet".to_string()
    } else {
        format!("an account of the program {owner}")
    }
}

/// The nearest of some texts, where one is near enough to be meant.
pub(crate) fn nearest<T: AsRef<str>>(wanted: &str, known: impl Iterator<Item = T>) -> Option<String> {
    let distance = |known: &T| strsim::damerau_levenshtein(wanted, known.as_ref());
    let least = known.map(|known| (distance(&known), known)).min_by_key(|(distance, _)| *distance)?;
    let limit = NEAR.min(wanted.chars().count().div_ceil(3));
    (least.0 <= limit).then(|| least.1.as_ref().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_match_is_offered_and_a_far_one_is_not() {
        let known = ["keypair", "market", "url"];
        assert_eq!(nearest("keypiar", known.iter()).as_deref(), Some("keypair"));
        assert_eq!(nearest("markets", known.iter()).as_deref(), Some("market"));
        assert_eq!(nearest("wallet-address", known.iter()), None);
        let (first, second) = (Pubkey::new_unique().to_string(), Pubkey::new_unique().to_string());
        let mut typed = first.clone();
        typed.pop();
        assert_eq!(nearest(&typed, [&first, &second].into_iter()), Some(first));
    }
}
