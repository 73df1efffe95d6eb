//! `/v1/lots`: the lots on sale, with their prices now.

use {
    crate::{
        api::{
            error::{ApiError, MarketRefusals},
            query::{AddressParam, StrictQuery, default_limit, limit},
            state::{ApiState, AsOf},
        },
        chain::Snapshot,
        lots::LotBook,
        values::{Address, Time, UnitCount, UsdAmount},
        watch::times::Times,
    },
    axum::{Json, extract::State},
    blockable_sdk::{
        Pubkey,
        amounts::{MarketTime, MicroUsd, Units},
        program::{auction::cost, state::Lot, units::PRICE_SCALE},
    },
    serde::{Deserialize, Serialize},
    std::{
        ops::Bound::{Excluded, Unbounded},
        sync::Arc,
    },
    utoipa::{IntoParams, ToSchema},
};

/// Filters of lots, and the page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LotsQuery {
    /// Lots of units that were seized from this credit.
    #[param(value_type = Option<Address>)]
    credit: Option<AddressParam>,
    /// Lots that this lender opened.
    #[param(value_type = Option<Address>)]
    lender: Option<AddressParam>,
    /// Lots of units of this provider's account.
    #[param(value_type = Option<Address>)]
    provider: Option<AddressParam>,
    /// Lots whose address comes after this one: `next` of the page before.
    #[param(value_type = Option<Address>)]
    after: Option<AddressParam>,
    /// Most lots of the page, from 1 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = u32, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: usize,
}

impl LotsQuery {
    fn matches(&self, lot: &Lot) -> bool {
        let is = |filter: Option<AddressParam>, key| filter.is_none_or(|filter| filter.is(key));
        is(self.credit, lot.credit) && is(self.lender, lot.lender) && is(self.provider, lot.provider)
    }
}

/// A page of lots, in the order of their addresses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LotPage {
    /// The state of the chain that prices are as of.
    pub(crate) as_of: AsOf,
    /// The slot that the lots were read at; none while they have not been read.
    pub(crate) slot: Option<u64>,
    /// The lots.
    pub(crate) lots: Vec<LotLine>,
    /// `after` of the next page; none on the last.
    pub(crate) next: Option<Address>,
}

/// A lot. Its price falls from the start to the end of its window, and stays at the floor after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LotLine {
    /// Its address.
    pub(crate) lot: Address,
    /// The credit that the units were seized from.
    pub(crate) credit: Address,
    /// The lender that opened it.
    pub(crate) lender: Address,
    /// The provider's account, which serves the units.
    pub(crate) provider: Address,
    /// The number in its address.
    pub(crate) index: u32,
    /// Units that it was opened with.
    pub(crate) units: UnitCount,
    /// Units left.
    pub(crate) units_left: UnitCount,
    /// Units that prices are for.
    pub(crate) price_units: u64,
    /// The price now, for `price_units`.
    pub(crate) price: UsdAmount,
    /// The price at the start.
    pub(crate) start_price: UsdAmount,
    /// The price at the end of the window and after.
    pub(crate) floor_price: UsdAmount,
    /// The cost of all units left at the price now.
    pub(crate) cost: UsdAmount,
    /// Sum that buyers have paid.
    pub(crate) proceeds: UsdAmount,
    /// The time at which the price began to fall.
    pub(crate) opened_at: Time,
    /// The time at which it reaches the floor; later where the market is paused in between.
    pub(crate) ends_at: Time,
}

impl LotLine {
    /// Describes a lot as of a snapshot.
    pub(crate) fn new(address: &Pubkey, lot: &Lot, snapshot: &Snapshot) -> LotLine {
        let (times, usd) = (Times::new(snapshot), |amount| UsdAmount(MicroUsd(amount)));
        let price = lot.price_at(snapshot.market_time().get()).unwrap_or(lot.start_price);
        let ends_at = MarketTime(lot.opened_at).plus_seconds(i64::from(lot.window));
        LotLine {
            lot: Address(*address),
            credit: Address(lot.credit),
            lender: Address(lot.lender),
            provider: Address(lot.provider),
            index: lot.index,
            units: UnitCount(Units(lot.units)),
            units_left: UnitCount(Units(lot.units_left)),
            price_units: PRICE_SCALE,
            price: usd(price),
            start_price: usd(lot.start_price),
            floor_price: usd(lot.floor_price),
            cost: usd(cost(lot.units_left, price).unwrap_or(u64::MAX)),
            proceeds: usd(lot.proceeds),
            opened_at: Time::from(times.to_chain(MarketTime(lot.opened_at))),
            ends_at: Time::from(times.to_chain(ends_at)),
        }
    }
}

/// Lists the lots on sale, in the order of their addresses.
#[utoipa::path(
    get, path = "/v1/lots", tag = "market", params(LotsQuery),
    responses((status = 200, body = LotPage), MarketRefusals)
)]
pub(super) async fn lots(
    State(state): State<Arc<ApiState>>,
    StrictQuery(query): StrictQuery<LotsQuery>,
) -> Result<Json<LotPage>, ApiError> {
    let snapshot = state.require_snapshot()?;
    let book = state.lots.borrow().clone();
    let slot = book.as_ref().map(|book| book.slot);
    let book = book.unwrap_or_else(|| Arc::new(LotBook::default()));
    let from = query.after.map_or(Unbounded, |AddressParam(last)| Excluded(last));
    let mut found = book.lots.range((from, Unbounded)).filter(|(_, lot)| query.matches(lot));
    let lots = found.by_ref().take(query.limit);
    let lots: Vec<LotLine> = lots.map(|(address, lot)| LotLine::new(address, lot, &snapshot)).collect();
    let next = found.next().and(lots.last()).map(|last| last.lot);
    Ok(Json(LotPage { as_of: AsOf::new(&snapshot), slot, lots, next }))
}
