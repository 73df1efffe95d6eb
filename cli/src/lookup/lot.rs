//! Finds lots, each with the credit that its units were seized from.

use {
    super::{CreditView, Wanted, missing, readable},
    crate::{
        error::CliError,
        session::{MarketView, Session},
    },
    blockable_sdk::{
        Pubkey,
        accounts::LotFilter,
        amounts::{MarketTime, MicroUsd},
        errors::ClientError,
        instructions::LotKeys,
        program::{
            state::{Credit, Lot},
            transitions::{Action, next},
        },
    },
    std::collections::BTreeMap,
};

/// Lots, as refusals name them.
const LOTS: Wanted = Wanted { name: "lot", listed_by: "blockable pool list" };

/// A lot as a command finds it.
pub(crate) struct LotView {
    /// Its address.
    pub address: Pubkey,
    /// Its account.
    pub account: Lot,
    /// The credit that its units were seized from.
    pub credit: CreditView,
}

/// The reason for which nothing can be bought from a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotForSale {
    /// All units are sold.
    SoldOut,
    /// The debt is paid: the units go back where they came from.
    DebtPaid,
    /// The units have expired.
    Expired,
    /// The market is paused.
    Paused,
}

impl NotForSale {
    /// The reason in words.
    pub(crate) fn text(self) -> &'static str {
        match self {
            NotForSale::SoldOut => "sold out",
            NotForSale::DebtPaid => "withdrawn: the debt is paid",
            NotForSale::Expired => "expired",
            NotForSale::Paused => "market paused",
        }
    }
}

impl LotView {
    /// The keys of an instruction on it.
    pub(crate) fn keys(&self) -> LotKeys {
        LotKeys {
            credit: self.account.credit,
            index: self.account.index,
            provider: self.account.provider,
            units_expire_at: self.credit.account.units_expire_at,
        }
    }

    /// The reason for which nothing can be bought now; `None` for a lot that is for sale.
    pub(crate) fn not_for_sale(&self, market: &MarketView) -> Option<NotForSale> {
        let credit = &self.credit.account;
        if self.account.units_left == 0 {
            return Some(NotForSale::SoldOut);
        }
        if credit.status().ok().and_then(|status| next(Action::Buy, status)).is_none() {
            return Some(NotForSale::DebtPaid);
        }
        if credit.units_expire_at != 0 && market.clock.market >= credit.units_expire_at {
            return Some(NotForSale::Expired);
        }
        market.clock.is_paused.then_some(NotForSale::Paused)
    }

    /// Price per million units now. Errors: [`CliError::OutOfRange`].
    pub(crate) fn price(&self, market: &MarketView) -> Result<MicroUsd, CliError> {
        self.account
            .price_at(market.clock.market)
            .map(MicroUsd)
            .map_err(|_| CliError::OutOfRange(self.address))
    }

    /// Market time at which the price has reached its floor.
    pub(crate) fn falls_until(&self) -> MarketTime {
        MarketTime(self.account.opened_at).plus_seconds(self.account.window.into())
    }
}

/// Reads a lot, its credit and its market. Errors: [`CliError::NotFound`] with what is there instead, or near;
/// [`CliError::Carry`].
pub(crate) async fn lot(session: &Session, address: &Pubkey) -> Result<(LotView, MarketView), CliError> {
    let account = match session.client.lot(address).await {
        Ok(account) => account,
        Err(ClientError::NotFound { .. } | ClientError::Decode { .. }) => {
            let others = async || {
                let known = session.client.lots(&[]).await?;
                Ok(known.into_iter().map(|(lot, _)| lot).collect())
            };
            return Err(missing(session, address, &LOTS, others).await);
        }
        Err(error) => return Err(error.into()),
    };
    let market = session.market(&account.market).await?;
    let credit = session.client.credit(&account.credit).await?;
    let credit = CreditView::new(account.credit, credit, &market)?;
    Ok((LotView { address: *address, account, credit }, market))
}

/// Finds the lots that pass every condition, of the settings' market or of all markets, in the order of their addresses. Errors:
/// [`CliError::Carry`], [`CliError::NotFound`].
pub(crate) async fn find_lots(
    session: &Session,
    conditions: &[LotFilter],
) -> Result<(Vec<LotView>, BTreeMap<Pubkey, MarketView>), CliError> {
    let mut filters = conditions.to_vec();
    filters.extend(session.settings.market.as_ref().map(|market| LotFilter::Market(market.value)));
    let mut accounts = session.client.lots(&filters).await?;
    accounts.sort_by_key(|(address, _)| address.to_string());
    let markets = session.markets(accounts.iter().map(|(_, account)| account.market)).await?;
    let credits: BTreeMap<Pubkey, Credit> =
        readable(session, accounts.iter().map(|(_, lot)| lot.credit).collect()).await?;
    let mut found = Vec::new();
    for (address, account) in accounts {
        // A lot whose credit was closed between the two reads is left out.
        let (Some(market), Some(credit)) = (markets.get(&account.market), credits.get(&account.credit))
        else {
            continue;
        };
        let credit = CreditView::new(account.credit, *credit, market)?;
        found.push(LotView { address, account, credit });
    }
    Ok((found, markets))
}
