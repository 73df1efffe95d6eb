//! `/v1/credits/{address}/series`: units and debt of a credit over time, for charts.

use {
    crate::{
        api::{
            error::{ApiError, MarketRefusals, UnknownCredit},
            query::{CreditPath, ResolutionSeconds, StrictQuery, default_resolution, resolution, time},
            state::ApiState,
        },
        values::{Address, StatusName, Time, UnitCount, UsdAmount},
        watch::{Resolution, Sample, samples::SERIES_MAX},
    },
    axum::{Json, extract::State},
    blockable_sdk::{Pubkey, amounts::ChainTime, program::transitions::Status},
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

/// Samples of an answer without `from`.
const LATEST: i64 = 500;

/// The span of the samples, and their resolution.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesQuery {
    /// Samples from this time on, in Unix seconds or RFC 3339; without it, 500 samples before `until`.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>)]
    from: Option<ChainTime>,
    /// Samples before this time, in Unix seconds or RFC 3339; without it, up to now.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>)]
    until: Option<ChainTime>,
    /// Seconds that a sample stands for: 300, kept for days; 3600, kept for months; 86400, kept for ever.
    #[serde(default = "default_resolution", deserialize_with = "resolution")]
    #[param(inline, value_type = ResolutionSeconds, required = false)]
    resolution: Resolution,
}

/// Units and debt of a credit over time, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Series {
    /// The credit.
    pub(crate) credit: Address,
    /// Seconds that a sample stands for.
    pub(crate) resolution: i64,
    /// The time that samples begin at.
    pub(crate) from: Time,
    /// The time that samples end before.
    pub(crate) until: Time,
    /// The samples. Times at which no keeper ran have none.
    pub(crate) samples: Vec<SampleView>,
}

/// Units and debt of a credit at the end of a sample's time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SampleView {
    /// The beginning of the sample's time.
    pub(crate) at: Time,
    /// Units used.
    pub(crate) consumed: UnitCount,
    /// Units that new jobs could draw on.
    pub(crate) available: UnitCount,
    /// Units frozen.
    pub(crate) frozen: UnitCount,
    /// Units under lien.
    pub(crate) lien: UnitCount,
    /// Everything owed.
    pub(crate) debt: UsdAmount,
    /// Payment that would have made the loan current.
    pub(crate) arrears: UsdAmount,
    /// The status.
    pub(crate) status: StatusName,
}

impl SampleView {
    fn new(sample: &Sample) -> SampleView {
        SampleView {
            at: Time::from(sample.at),
            consumed: UnitCount(sample.consumed),
            available: UnitCount(sample.available),
            frozen: UnitCount(sample.frozen),
            lien: UnitCount(sample.lien),
            debt: UsdAmount(sample.debt),
            arrears: UsdAmount(sample.arrears),
            status: StatusName(Status::from_byte(sample.status)),
        }
    }
}

/// Works out the span of a series. Errors: 400 for one that is empty, or too long for an answer.
pub(super) fn span(
    (from, until): (Option<ChainTime>, Option<ChainTime>),
    resolution: Resolution,
    now: ChainTime,
) -> Result<(ChainTime, ChainTime), ApiError> {
    let width = resolution.seconds();
    let until = until.unwrap_or(now.plus_seconds(1));
    let from = from.unwrap_or(until.plus_seconds(-width.saturating_mul(LATEST)));
    if from >= until {
        let (from, until) = (from.get(), until.get());
        let mistake = format!("from, {from}, is not before until, {until}; exchange or correct them");
        return Err(ApiError::bad_parameter(mistake));
    }
    let samples = until.seconds_since(from).div_euclid(width);
    if samples > i64::from(SERIES_MAX) {
        let mistake = format!(
            "from and until span {samples} samples and an answer holds {SERIES_MAX}; shorten the span, or raise \
             resolution"
        );
        return Err(ApiError::bad_parameter(mistake));
    }
    Ok((from, until))
}

/// Refuses a credit that neither the chain nor the store knows. `found` says whether the store does. Errors: 404; 503 where
/// the chain has not been read yet.
pub(super) fn require_known(state: &ApiState, credit: &Pubkey, found: bool) -> Result<(), ApiError> {
    if found || state.require_snapshot()?.credits.contains_key(credit) {
        return Ok(());
    }
    Err(ApiError::unknown_credit(credit))
}

/// Gives units and debt of a credit over time; also of a credit that was removed.
#[utoipa::path(
    get, path = "/v1/credits/{address}/series", tag = "credits",
    params(("address" = Address, Path, description = "The credit's address"), SeriesQuery),
    responses((status = 200, body = Series), MarketRefusals, UnknownCredit)
)]
pub(super) async fn series(
    State(state): State<Arc<ApiState>>,
    CreditPath(credit): CreditPath,
    StrictQuery(query): StrictQuery<SeriesQuery>,
) -> Result<Json<Series>, ApiError> {
    let machine_time = || ChainTime(jiff::Timestamp::now().as_second());
    let now = state.latest_snapshot().map_or_else(machine_time, |snapshot| snapshot.clock);
    let (from, until) = span((query.from, query.until), query.resolution, now)?;
    let samples = state.watch.series(&credit, from, until, query.resolution).await?;
    require_known(&state, &credit, !samples.is_empty())?;
    Ok(Json(Series {
        credit: Address(credit),
        resolution: query.resolution.seconds(),
        from: Time::from(from),
        until: Time::from(until),
        samples: samples.iter().map(SampleView::new).collect(),
    }))
}
