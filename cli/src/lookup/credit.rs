//! Finds credits.

use {
    super::{Wanted, missing},
    crate::{
        error::CliError,
        session::{MarketView, Session},
        settings::Place,
    },
    blockable_sdk::{
        Pubkey,
        accounts::CreditFilter,
        errors::ClientError,
        names::status_byte_name,
        program::{state::Credit, transitions::Status},
    },
    std::collections::{BTreeMap, BTreeSet, btree_map::Entry},
};

/// Credits, as refusals name them.
const CREDITS: Wanted = Wanted { name: "credit", listed_by: "blockable credit list" };

/// A credit as a command finds it: its debt accrued to the chain's clock.
pub(crate) struct CreditView {
    /// Its address.
    pub address: Pubkey,
    /// Its account, accrued.
    pub account: Credit,
}

impl CreditView {
    pub(crate) fn new(
        address: Pubkey,
        mut account: Credit,
        market: &MarketView,
    ) -> Result<CreditView, CliError> {
        account.accrue(market.clock.market).map_err(|_| CliError::OutOfRange(address))?;
        Ok(CreditView { address, account })
    }

    /// The same, with its market read where it is not among `markets` yet. Errors: as [`Session::market`]; [`CliError::OutOfRange`].
    pub(crate) async fn read(
        session: &Session,
        markets: &mut BTreeMap<Pubkey, MarketView>,
        address: Pubkey,
        account: Credit,
    ) -> Result<CreditView, CliError> {
        let market = match markets.entry(account.market) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(session.market(&account.market).await?),
        };
        CreditView::new(address, account, market)
    }

    /// The credit before and after a change, both accrued to one time, so that time alone changes no figure: the later one of the
    /// chain's clock as the command began and the clock that the change was made at. Errors: [`CliError::OutOfRange`].
    pub(crate) fn compared_with(
        &self,
        account: Credit,
        market: &MarketView,
    ) -> Result<(CreditView, CreditView), CliError> {
        let at = market.clock.market.max(account.debt.accrued_at);
        let accrued = |mut account: Credit| {
            account.accrue(at).map_err(|_| CliError::OutOfRange(self.address))?;
            Ok::<CreditView, CliError>(CreditView { address: self.address, account })
        };
        Ok((accrued(self.account)?, accrued(account)?))
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

/// The refusal of an address that is no credit's: what is there instead, or which credit is near.
pub(crate) async fn no_credit(session: &Session, address: &Pubkey) -> CliError {
    let near =
        async || Ok(session.client.credits(&[]).await?.into_iter().map(|(credit, _)| credit).collect());
    missing(session, address, &CREDITS, near).await
}

/// Requires that --market, where it is given, names the market of a credit. A market of the environment or of a profile is that of lists
/// and of new loans. Errors: [`CliError::Usage`]; as [`Session::market`] for one that is none.
async fn require_of_market(session: &Session, address: &Pubkey, market: &MarketView) -> Result<(), CliError> {
    let named = session.settings.market.as_ref().filter(|named| matches!(named.origin, Place::Flag(_)));
    let Some(named) = named.filter(|named| named.value != market.address) else { return Ok(()) };
    session.market(&named.value).await?;
    Err(CliError::Usage(format!(
        "the credit {address} is of market {}, and --market names {}; change one of them",
        market.address, named.value
    )))
}

/// Reads a credit and its market. Errors: [`CliError::NotFound`] with what is there instead, or near; [`CliError::Usage`] for one of
/// another market than --market names; [`CliError::Carry`].
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
    require_of_market(session, address, &market).await?;
    Ok((CreditView::new(*address, account, &market)?, market))
}

/// Reads a credit that need not be there; `None` where there is none. Errors: [`CliError::Carry`], also for a node that fails: what
/// cannot be read is not taken for missing.
pub(crate) async fn credit_if_any(session: &Session, address: &Pubkey) -> Result<Option<Credit>, CliError> {
    match session.client.credit(address).await {
        Ok(credit) => Ok(Some(credit)),
        Err(ClientError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads several credits, each once, which must be of one market. One that is not there or cannot be read comes with its reason in the
/// last list. Errors: as [`credit`], where none can be read; [`CliError::Usage`].
pub(crate) async fn credits(
    session: &Session,
    addresses: &[Pubkey],
) -> Result<(Vec<CreditView>, MarketView, Vec<(Pubkey, CliError)>), CliError> {
    let (mut found, mut unread, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut market: Option<MarketView> = None;
    for address in addresses.iter().filter(|address| seen.insert(**address)) {
        let (credit, of) = match credit(session, address).await {
            Ok(read) => read,
            Err(error) => {
                unread.push((*address, error));
                continue;
            }
        };
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
    match (market, unread.len()) {
        (Some(market), _) => Ok((found, market, unread)),
        (None, 0) => Err(CliError::Usage("no credit is named; name at least one".to_string())),
        (None, 1) => Err(unread.remove(0).1),
        (None, _) if unread.iter().all(|(_, error)| matches!(error, CliError::NotFound(_))) => {
            let reasons: Vec<String> = unread.iter().map(|(_, error)| error.to_string()).collect();
            Err(CliError::NotFound(reasons.join("; ")))
        }
        (None, _) => {
            let failed = unread.into_iter().map(|(_, error)| error);
            let mut failed = failed.filter(|error| !matches!(error, CliError::NotFound(_)));
            Err(failed.next().unwrap_or_else(|| CliError::NotFound("no credit is there".to_string())))
        }
    }
}

/// Conditions with that of the settings' market, if there is one and they name none themselves.
pub(crate) fn conditions(session: &Session, wanted: &[CreditFilter]) -> Vec<CreditFilter> {
    let names_market = wanted.iter().any(|filter| matches!(filter, CreditFilter::Market(_)));
    let market = session.settings.market.as_ref().filter(|_| !names_market);
    wanted.iter().cloned().chain(market.map(|market| CreditFilter::Market(market.value))).collect()
}

/// Finds the credits that pass every condition, in the order of their addresses, with their markets. Without a market of their own in the
/// conditions they are of the settings' market, if there is one. One whose figures are out of range, or whose market
/// is none, comes with its reason in the last list. Errors: [`CliError::Carry`], [`CliError::NotFound`].
pub(crate) async fn find(
    session: &Session,
    wanted: &[CreditFilter],
) -> Result<(Vec<CreditView>, BTreeMap<Pubkey, MarketView>, Vec<(Pubkey, CliError)>), CliError> {
    let mut accounts = session.client.credits(&conditions(session, wanted)).await?;
    accounts.sort_by_key(|(address, _)| address.to_string());
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    let mut markets = BTreeMap::new();
    for (address, account) in accounts {
        match CreditView::read(session, &mut markets, address, account).await {
            Ok(credit) => found.push(credit),
            Err(error @ CliError::Carry(_)) => return Err(error),
            Err(error) => unread.push((address, error)),
        }
    }
    Ok((found, markets, unread))
}
