//! Finds accounts, and near matches for those that are not there.

use {
    crate::{
        error::CliError,
        session::{MarketView, Session},
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::{BlockableAccount, CreditFilter},
        errors::ClientError,
        names::status_byte_name,
        program::{
            state::{Credit, Lot, Market, Provider},
            transitions::Status,
        },
    },
    std::collections::{BTreeMap, btree_map::Entry},
};

/// Characters by which two addresses may differ to be near.
const NEAR: usize = 6;

/// A credit as a command finds it: its debt accrued to the chain's clock.
pub(crate) struct CreditView {
    /// Its address.
    pub address: Pubkey,
    /// Its account, accrued.
    pub account: Credit,
}

impl CreditView {
    fn new(address: Pubkey, mut account: Credit, market: &MarketView) -> Result<CreditView, CliError> {
        account.accrue(market.clock.market).map_err(|_| CliError::OutOfRange(address))?;
        Ok(CreditView { address, account })
    }

    /// The status. Errors: [`CliError::OutOfRange`] for one of a later version of the program.
    pub(crate) fn status(&self) -> Result<Status, CliError> {
        self.account.status().map_err(|_| CliError::OutOfRange(self.address))
    }

    /// The status in words.
    pub(crate) fn status_name(&self) -> &'static str {
        status_byte_name(self.account.status)
    }
}

/// Reads a credit and its market. Errors: [`CliError::NotFound`] with what is there instead, or near; [`CliError::Carry`].
pub(crate) async fn credit(
    session: &Session,
    address: &Pubkey,
) -> Result<(CreditView, MarketView), CliError> {
    let account = match session.client.credit(address).await {
        Ok(account) => account,
        Err(ClientError::NotFound { .. } | ClientError::Decode { .. }) => {
            return Err(no_credit(session, address).await);
        }
        Err(error) => return Err(error.into()),
    };
    let market = session.market(&account.market).await?;
    Ok((CreditView::new(*address, account, &market)?, market))
}

/// Reads several credits, which must be of one market. Errors: as [`credit`], [`CliError::Usage`].
pub(crate) async fn credits(
    session: &Session,
    addresses: &[Pubkey],
) -> Result<(Vec<CreditView>, MarketView), CliError> {
    let mut found = Vec::new();
    let mut market: Option<MarketView> = None;
    for address in addresses {
        let (credit, of) = credit(session, address).await?;
        match &market {
            Some(market) if market.address != of.address => {
                return Err(CliError::Usage(format!(
                    "{address} is of market {}, and the others are of {}; name credits of one market",
                    of.address, market.address
                )));
            }
            _ => market = Some(of),
        }
        found.push(credit);
    }
    let market =
        market.ok_or_else(|| CliError::Usage("no credit is named; name at least one".to_string()))?;
    Ok((found, market))
}

/// Finds the credits that pass every condition, in the order of their addresses. Without a market of their own in the conditions
/// they are of the settings' market, if there is one. Errors: [`CliError::Carry`], [`CliError::NotFound`].
pub(crate) async fn find(
    session: &Session,
    conditions: &[CreditFilter],
) -> Result<(Vec<CreditView>, BTreeMap<Pubkey, MarketView>), CliError> {
    let mut filters = conditions.to_vec();
    let is_of_market = |filter: &CreditFilter| matches!(filter, CreditFilter::Market(_));
    if let Some(market) = session.settings.market.as_ref().filter(|_| !conditions.iter().any(is_of_market)) {
        filters.push(CreditFilter::Market(market.value));
    }
    let mut accounts = session.client.credits(&filters).await?;
    accounts.sort_by_key(|(address, _)| address.to_string());
    let mut markets = BTreeMap::new();
    for (_, account) in &accounts {
        if let Entry::Vacant(place) = markets.entry(account.market) {
            place.insert(session.market(&account.market).await?);
        }
    }
    let mut found = Vec::new();
    for (address, account) in accounts {
        if let Some(market) = markets.get(&account.market) {
            found.push(CreditView::new(address, account, market)?);
        }
    }
    Ok((found, markets))
}

/// The refusal of an address that is no credit: what is there instead, and the credits that are near.
async fn no_credit(session: &Session, address: &Pubkey) -> CliError {
    let cluster = session.cluster();
    let account =
        session.client.rpc().get_account_with_commitment(address, session.client.rpc().commitment()).await;
    let account = account.ok().and_then(|answer| answer.value);
    if let Some(kind) = account.as_ref().map(|account| kind_of(&account.owner, &account.data)) {
        return CliError::NotFound(format!(
            "{address} is {kind} and no credit; `blockable credit list` lists credits"
        ));
    }
    let near = match session.client.credits(&[]).await {
        Ok(credits) => nearest(&address.to_string(), credits.iter().map(|(credit, _)| credit.to_string())),
        Err(_) => None,
    };
    CliError::NotFound(match near {
        Some(near) => format!("there is no credit at {address} on {cluster}; did you mean {near}?"),
        None => format!(
            "there is no credit at {address} on {cluster}; `blockable credit list` lists credits, --url chooses the cluster"
        ),
    })
}

/// The kind of an account, with its article.
fn kind_of(owner: &Pubkey, data: &[u8]) -> String {
    let is_own = *owner == PROGRAM_ID;
    if is_own && Market::decode(data).is_ok() {
        "a market".to_string()
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
