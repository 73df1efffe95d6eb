//! Signed freezes. They need no API key: the lender's signature is the authority. Since anyone may send one, they are bounded.

use {
    crate::{app::App, config::FreezeSettings, error::ApiError},
    axum::{
        Json, Router,
        body::Body,
        extract::{Path, State},
        http::{HeaderMap, StatusCode},
        routing::{get, post},
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_gate::{FreezeDesk, OrderRefused},
    blockable_sdk::Signature,
    blockable_service::lock::lock,
    serde::Deserialize,
    serde_json::{Value, json},
    std::{
        sync::{Arc, Mutex},
        time::Instant,
    },
    tokio::sync::Semaphore,
};

/// Most bytes of a request: a transaction of version 1 in base64, and some.
const MAX_BODY: usize = 16 << 10;

/// How many freezes are taken: so many at once, and so many over time.
pub(crate) struct Intake {
    at_once: Semaphore,
    per_second: f64,
    burst: f64,
    /// Freezes that may come now, and when that was so.
    left: Mutex<(f64, Instant)>,
}

impl Intake {
    /// All of them may come.
    pub fn new(settings: &FreezeSettings) -> Intake {
        let burst = f64::from(settings.burst);
        Intake {
            at_once: Semaphore::new(settings.at_once),
            per_second: f64::from(settings.per_second),
            burst,
            left: Mutex::new((burst, Instant::now())),
        }
    }

    fn take_one(&self, now: Instant) -> bool {
        let mut left = lock(&self.left);
        let (count, at) = *left;
        let since = now.saturating_duration_since(at).as_secs_f64();
        let count = (count + since * self.per_second).min(self.burst);
        let taken = count >= 1.0;
        *left = (if taken { count - 1.0 } else { count }, now);
        taken
    }
}

/// The routes of freezes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/freezes", post(freeze)).route("/v1/freezes/{signature}", get(state))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FreezeRequest {
    /// The signed transaction in its wire format, in base64.
    transaction: String,
}

fn desk(app: &App) -> Result<&FreezeDesk, ApiError> {
    app.parts.desk.as_ref().ok_or_else(|| {
        ApiError::unavailable(
            "freezes_unavailable",
            "this server takes no freezes; send it to the chain itself",
        )
    })
}

async fn freeze(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let desk = desk(&app)?.clone();
    let busy = || {
        ApiError::too_many(
            "too_many_freezes",
            "too many freezes come at once; send it to the chain as well, and try again",
        )
    };
    if !app.intake.take_one(Instant::now()) {
        return Err(busy());
    }
    let _permit = app.intake.at_once.try_acquire().map_err(|_| busy())?;
    let body = app.read_body(&headers, body, MAX_BODY).await?;
    let request: FreezeRequest = serde_json::from_slice(&body).map_err(|error| {
        ApiError::invalid("invalid_json", format!("the body is not as it must be: {error}"))
    })?;
    let transaction = STANDARD.decode(&request.transaction).map_err(|_| {
        ApiError::param("transaction", "`transaction` must be the signed transaction in base64")
    })?;
    // A task of its own: a client that goes away must not stop a freeze half way.
    let outcome = tokio::spawn(async move { desk.honor(&transaction).await }).await;
    match outcome.map_err(|_| ApiError::internal())? {
        Ok(obeyed) => {
            app.metrics.count("blockable_freezes_total", "result", "obeyed");
            let state = app.parts.desk.as_ref().and_then(|desk| desk.state(&obeyed.signature));
            Ok(Json(json!({
                "signature": obeyed.signature.to_string(), "credit": obeyed.credit.to_string(),
                "frozen": obeyed.frozen, "by": obeyed.by.to_string(),
                "last_valid_height": obeyed.last_valid_height, "state": state,
            })))
        }
        Err(refused) => {
            app.metrics.count("blockable_freezes_total", "result", refused.code());
            Err(refused.into())
        }
    }
}

impl From<OrderRefused> for ApiError {
    fn from(refused: OrderRefused) -> Self {
        let (code, message) = (refused.code(), refused.to_string());
        let status = match refused {
            _ if refused.is_temporary() => return ApiError::unavailable(code, message),
            OrderRefused::NotFreezer { .. } | OrderRefused::Forbidden(_) => StatusCode::FORBIDDEN,
            OrderRefused::UnknownCredit { .. } | OrderRefused::ForeignMarket { .. } => StatusCode::NOT_FOUND,
            OrderRefused::Replayed(_) => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        ApiError::new(status, "invalid_request_error", code, message)
    }
}

async fn state(State(app): State<Arc<App>>, Path(signature): Path<String>) -> Result<Json<Value>, ApiError> {
    let desk = desk(&app)?;
    let signature: Signature = signature.parse().map_err(|_| {
        ApiError::param("signature", "the path must end in a transaction's signature in base58")
    })?;
    let state = desk.state(&signature).ok_or_else(|| {
        ApiError::not_found(
            "freeze_not_found",
            "this server has obeyed no such freeze, or none lately; ask the chain",
        )
    })?;
    Ok(Json(json!({"signature": signature.to_string(), "state": state})))
}

#[cfg(test)]
mod tests {
    use {super::*, std::time::Duration};

    #[test]
    fn freezes_come_as_often_as_they_may() {
        let intake = Intake::new(&FreezeSettings { at_once: 1, per_second: 10, burst: 3 });
        let now = Instant::now();
        let taken = |at: Instant| (0..10).filter(|_| intake.take_one(at)).count();
        assert_eq!(taken(now), 3);
        assert_eq!(taken(now + Duration::from_millis(250)), 2);
        assert_eq!(taken(now + Duration::from_secs(60)), 3);
        assert_eq!(taken(now), 0, "a time before changes nothing");
    }
}
