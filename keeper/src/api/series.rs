//! `/v1/credits/{address}/series`: what a credit had and owed over time, for charts.

use {
    crate::{
        api::{
            error::{ApiError, ErrorBody},
            query::{Asked, Named, default_resolution, resolution, time},
            state::ApiState,
            values::{Address, Amount, Time, maybe_status_name},
        },
        watch::{Resolution, Sample, samples::SERIES_MAX},
    },
    axum::{Json, extract::State},
    blockable_sdk::{Pubkey, program::transitions::Status},
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

/// Samples that are given where no `from` is asked for.
const LATEST: i64 = 500;

/// Which samples.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesQuery {
    /// Samples from this time on, in Unix seconds or by RFC 3339; without it as many as make 500 before `until`.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>)]
    from: Option<i64>,
    /// Samples before this time, in Unix seconds or by RFC 3339; without it up to now.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>)]
    until: Option<i64>,
    /// Seconds that a sample stands for: 300, kept for days; 3600, kept for months; 86400, kept for ever.
    #[serde(default = "default_resolution", deserialize_with = "resolution")]
    #[param(value_type = u32, required = false, default = 3600)]
    resolution: Resolution,
}

/// What a credit had and owed, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Series {
    /// The credit.
    pub credit: Address,
    /// Seconds that a sample stands for.
    pub resolution: i64,
    /// Samples are from this time on.
    pub from: Time,
    /// Samples are from before this time.
    pub until: Time,
    /// The samples. There is none for times at which no keeper watched.
    pub samples: Vec<Point>,
}

/// What a credit had and owed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Point {
    /// When the time began that the sample is the last of.
    pub at: Time,
    /// Units used.
    pub consumed: Amount,
    /// Units that new jobs could draw on.
    pub available: Amount,
    /// Units frozen.
    pub frozen: Amount,
    /// Units under lien.
    pub lien: Amount,
    /// Everything owed.
    pub debt: Amount,
    /// What had to be paid to be current.
    pub arrears: Amount,
    /// The status.
    #[schema(value_type = String, example = "active")]
    pub status: &'static str,
}

impl Point {
    fn of(sample: &Sample) -> Point {
        Point {
            at: Time::of(sample.at),
            consumed: Amount(sample.consumed),
            available: Amount(sample.available),
            frozen: Amount(sample.frozen),
            lien: Amount(sample.lien),
            debt: Amount(sample.debt),
            arrears: Amount(sample.arrears),
            status: maybe_status_name(Status::from_byte(sample.status)),
        }
    }
}

impl SeriesQuery {
    /// From when until when. Errors: 400 where that is no span, or too long a one.
    fn span(&self, now: i64) -> Result<(i64, i64), ApiError> {
        let width = self.resolution.seconds();
        let until = self.until.unwrap_or(now.saturating_add(1));
        let from = self.from.unwrap_or(until.saturating_sub(width.saturating_mul(LATEST)));
        if from >= until {
            let mistake = format!("from, {from}, is not before until, {until}; exchange or correct them");
            return Err(ApiError::bad_parameter(mistake));
        }
        let samples = until.saturating_sub(from).div_euclid(width);
        if samples > i64::from(SERIES_MAX) {
            let mistake = format!(
                "from and until span {samples} samples and an answer holds {SERIES_MAX}; shorten the span, or raise \
                 resolution"
            );
            return Err(ApiError::bad_parameter(mistake));
        }
        Ok((from, until))
    }
}

/// Refuses a credit that neither the chain nor the store knows. `found` says whether the store does. Errors: 404; 503 where
/// the chain has not been read yet.
pub(super) fn require_known(state: &ApiState, credit: &Pubkey, found: bool) -> Result<(), ApiError> {
    if found || state.snapshot()?.credits.contains_key(credit) {
        return Ok(());
    }
    Err(ApiError::unknown_credit(credit))
}

/// Gives what a credit had and owed over time; also of a credit that is gone.
#[utoipa::path(
    get, path = "/v1/credits/{address}/series", tag = "credits",
    params(("address" = String, Path, description = "The credit's address"), SeriesQuery), security(("token" = [])),
    responses(
        (status = 200, body = Series), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, description = "No such credit", body = ErrorBody),
        (status = 503, description = "The market has not been read yet", body = ErrorBody)
    )
)]
pub(super) async fn series(
    State(state): State<Arc<ApiState>>,
    Named(credit): Named,
    Asked(query): Asked<SeriesQuery>,
) -> Result<Json<Series>, ApiError> {
    let now =
        state.latest().map_or_else(|| jiff::Timestamp::now().as_second(), |snapshot| snapshot.clock.get());
    let (from, until) = query.span(now)?;
    let samples = state.watch.series(&credit, from, until, query.resolution).await?;
    require_known(&state, &credit, !samples.is_empty())?;
    Ok(Json(Series {
        credit: Address(credit),
        resolution: query.resolution.seconds(),
        from: Time::of(from),
        until: Time::of(until),
        samples: samples.iter().map(Point::of).collect(),
    }))
}
