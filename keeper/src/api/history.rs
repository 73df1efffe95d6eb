//! `/v1/portfolio/history`: the sums over the loans of a lender, or of the market, over time.

use {
    crate::{
        api::{
            error::{ApiError, MarketRefusals},
            query::{AddressParam, ResolutionSeconds, StrictQuery, default_resolution, resolution, time},
            series::span,
            state::ApiState,
        },
        values::{Address, Time, UsdAmount},
        watch::{
            Resolution,
            totals::{self, Totals},
        },
    },
    axum::{Json, extract::State},
    blockable_sdk::amounts::ChainTime,
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

/// The lender, the span of the sums, and their resolution.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Loans of this lender; without it, of the market.
    #[param(value_type = Option<Address>)]
    lender: Option<AddressParam>,
    /// Sums from this time on, in Unix seconds or RFC 3339; without it, 500 sums before `until`.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>)]
    from: Option<ChainTime>,
    /// Sums before this time, in Unix seconds or RFC 3339; without it, up to now.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>)]
    until: Option<ChainTime>,
    /// Seconds that a sum stands for: 300, kept for days; 3600, kept for months; 86400, kept for ever.
    #[serde(default = "default_resolution", deserialize_with = "resolution")]
    #[param(inline, value_type = ResolutionSeconds, required = false)]
    resolution: Resolution,
}

/// The sums over loans over time, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PortfolioHistory {
    /// The lender; none for the market.
    pub(crate) lender: Option<Address>,
    /// Seconds that a sum stands for.
    pub(crate) resolution: i64,
    /// The time that sums begin at.
    pub(crate) from: Time,
    /// The time that sums end before.
    pub(crate) until: Time,
    /// The sums. Times at which no keeper ran have none.
    pub(crate) sums: Vec<TotalsView>,
}

/// Sums over loans at the end of an interval.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TotalsView {
    /// The beginning of the interval.
    pub(crate) at: Time,
    /// Loans in any status.
    pub(crate) loans: u64,
    /// Principal owed.
    pub(crate) principal: UsdAmount,
    /// Everything owed.
    pub(crate) debt: UsdAmount,
    /// Payments that would have made all loans current.
    pub(crate) arrears: UsdAmount,
    /// Value of the units under lien.
    pub(crate) lien_value: UsdAmount,
    /// Of that what covers a debt: the value of each lien, up to the debt that it secures.
    pub(crate) covered: UsdAmount,
}

impl TotalsView {
    fn new(at: ChainTime, totals: &Totals) -> TotalsView {
        TotalsView {
            at: Time::from(at),
            loans: totals.loans,
            principal: UsdAmount(totals.principal),
            debt: UsdAmount(totals.debt),
            arrears: UsdAmount(totals.arrears),
            lien_value: UsdAmount(totals.lien_value),
            covered: UsdAmount(totals.covered),
        }
    }
}

/// Gives the sums over the loans of a lender, or of the market, over time. Loans count for the lender of the time.
#[utoipa::path(
    get, path = "/v1/portfolio/history", tag = "credits", params(HistoryQuery),
    responses((status = 200, body = PortfolioHistory), MarketRefusals)
)]
pub(super) async fn history(
    State(state): State<Arc<ApiState>>,
    StrictQuery(query): StrictQuery<HistoryQuery>,
) -> Result<Json<PortfolioHistory>, ApiError> {
    let now = state.require_snapshot()?.clock;
    let (resolution, lender) = (query.resolution, query.lender.map(|AddressParam(key)| key));
    let (from, until) = span((query.from, query.until), resolution, now)?;
    let key = lender.unwrap_or(state.market);
    let read =
        move |connection: &rusqlite::Connection| totals::series(connection, &key, from, until, resolution);
    let sums = state.store.read(read).await?;
    Ok(Json(PortfolioHistory {
        lender: lender.map(Address),
        resolution: resolution.seconds(),
        from: Time::from(from),
        until: Time::from(until),
        sums: sums.iter().map(|(at, totals)| TotalsView::new(*at, totals)).collect(),
    }))
}
