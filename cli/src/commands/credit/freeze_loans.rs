//! The loans of a freeze: those that are named or pass its conditions, as all nodes show them.

use {
    super::{freeze::FreezeArgs, not_frozen::NotFrozen},
    crate::{
        error::CliError,
        lookup::{CreditView, conditions, credits, find},
        output::warn,
        session::{MarketView, Session},
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        accounts::{BlockableAccount, CreditFilter},
        client::Client,
        errors::ClientError,
        program::state::Credit,
    },
    futures_util::future::join_all,
    std::{collections::BTreeMap, time::Duration},
    tokio::{join, time::timeout},
};

/// Time that the nodes that are not read have for what they show: a freeze waits for no slow one.
const GRACE: Duration = Duration::from_secs(1);

/// The loans of a freeze and their market, all of one. Each that cannot be read is left out as not frozen, and holds up none of the
/// others.
///
/// All nodes are asked, because the one that is read may be wrong: a loan that it leaves out and another one shows is frozen as well,
/// and of one that it shows with more frozen units than another one, the fewer count. A freeze that was not needed changes nothing.
/// Errors: [`CliError::NotFound`], [`CliError::Usage`] for loans of several markets, [`CliError::Carry`].
pub(super) async fn loans(
    session: &Session,
    args: &FreezeArgs,
    not_frozen: &mut NotFrozen,
) -> Result<(Vec<CreditView>, MarketView), CliError> {
    match args.conditions.is_empty() {
        true => named(session, &args.credits, not_frozen).await,
        false => live(session, &args.conditions, not_frozen).await,
    }
}

/// The loans that are named.
async fn named(
    session: &Session,
    addresses: &[Pubkey],
    not_frozen: &mut NotFrozen,
) -> Result<(Vec<CreditView>, MarketView), CliError> {
    let others = by_others(session, async |client| {
        let accounts = client.accounts(addresses).await?;
        let mut read = Vec::new();
        for (address, account) in addresses.iter().zip(accounts) {
            let account = account.filter(|account| account.owner == PROGRAM_ID);
            if let Some(Ok(credit)) = account.map(|account| Credit::decode(&account.data)) {
                read.push((*address, credit));
            }
        }
        Ok(read)
    });
    let (read, others) = join!(credits(session, addresses), others);
    let (mut found, market, unread) = read?;
    let mut markets = BTreeMap::from([(market.address, market)]);
    add(session, &mut found, &mut markets, others, not_frozen).await;
    for (credit, error) in unread {
        if found.iter().all(|found| found.address != credit) {
            not_frozen.add(credit, error.to_string());
        }
    }
    of_one_market(found, markets)
}

/// The live loans that pass conditions.
async fn live(
    session: &Session,
    wanted: &[CreditFilter],
    not_frozen: &mut NotFrozen,
) -> Result<(Vec<CreditView>, MarketView), CliError> {
    let filters = conditions(session, wanted);
    let others = by_others(session, async |client| client.credits(&filters).await);
    let (read, others) = join!(find(session, wanted), others);
    let (mut found, mut markets, unread) = read?;
    unread.into_iter().for_each(|(credit, error)| not_frozen.add(credit, error.to_string()));
    add(session, &mut found, &mut markets, others, not_frozen).await;
    let mut live = Vec::new();
    for credit in found {
        match credit.status() {
            Ok(status) if status.is_secured() => live.push(credit),
            Ok(_) => {}
            Err(error) => not_frozen.add(credit.address, error.to_string()),
        }
    }
    if live.is_empty() && not_frozen.is_empty() {
        return Err(CliError::NotFound(
            "no live loan fulfils the conditions; `blockable credit list` takes the same ones".to_string(),
        ));
    }
    of_one_market(live, markets)
}

/// The loans with their market. Errors: [`CliError::Usage`] for loans of several.
fn of_one_market(
    loans: Vec<CreditView>,
    markets: BTreeMap<Pubkey, MarketView>,
) -> Result<(Vec<CreditView>, MarketView), CliError> {
    let is_used = |market: &MarketView| loans.iter().any(|loan| loan.account.market == market.address);
    let (used, others): (Vec<_>, Vec<_>) = markets.into_values().partition(is_used);
    // Where no loan can be frozen, any market does for the reasons.
    let mut used = if used.is_empty() { others } else { used }.into_iter();
    match (used.next(), used.next()) {
        (Some(market), other) if other.is_none() || loans.is_empty() => Ok((loans, market)),
        (None, _) => Err(CliError::NotFound("the market of these loans cannot be read".to_string())),
        _ => Err(CliError::Usage("the loans are of several markets; add --market ADDRESS".to_string())),
    }
}

/// The credits that each of the other nodes shows, of those that answer in time.
async fn by_others(
    session: &Session,
    shown: impl AsyncFn(&Client) -> Result<Vec<(Pubkey, Credit)>, ClientError>,
) -> Vec<(Pubkey, Credit)> {
    let each = session.clients().skip(1).map(|client| timeout(GRACE, shown(client)));
    join_all(each).await.into_iter().flatten().flatten().flatten().collect()
}

/// Adds the loans that other nodes show and the one that is read does not, and takes of frozen units the fewest that any shows.
async fn add(
    session: &Session,
    found: &mut Vec<CreditView>,
    markets: &mut BTreeMap<Pubkey, MarketView>,
    others: Vec<(Pubkey, Credit)>,
    not_frozen: &mut NotFrozen,
) {
    for (address, account) in others {
        if let Some(known) = found.iter_mut().find(|known| known.address == address) {
            let collateral = &mut known.account.collateral;
            if account.collateral.frozen() < collateral.frozen() {
                let fewest = &account.collateral;
                collateral.frozen_for_payment = fewest.frozen_for_payment;
                collateral.frozen_for_other = fewest.frozen_for_other;
                collateral.frozen_for_cross = fewest.frozen_for_cross;
            }
            continue;
        }
        match CreditView::read(session, markets, address, account).await {
            Ok(view) => {
                warn(&format!(
                    "{address} is shown by another node, and not by the one that is read: it is to be frozen as well; if that is \
                     refused, name the other node alone by --url"
                ));
                found.push(view);
            }
            Err(error) => not_frozen.add(address, format!("{address} is not frozen: {error}")),
        }
    }
}
