//! Signed freezes. They need no API key: the lender's signature is the authority.

use {
    crate::{api::path::PathText, app::App, error::ApiError},
    axum::{
        Json, Router,
        body::Body,
        extract::State,
        http::{HeaderMap, StatusCode},
        routing::{get, post},
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_gate::{FreezeDesk, OrderRefused},
    blockable_sdk::Signature,
    serde::Deserialize,
    serde_json::{Value, json},
    std::sync::Arc,
};

/// Most bytes of a request: a transaction of version 1 in base64, and some.
const MAX_BODY: usize = 16 << 10;

/// The routes of freezes.
pub(super) fn routes() -> Router<Arc<App>> {
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
            "this server takes no freezes; send the transaction to the chain",
        )
    })
}

async fn freeze(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let desk = desk(&app)?.clone();
    let body = app.read_body(&headers, body, MAX_BODY).await?;
    // After the body: who sends slowly keeps no place.
    let _permit = app.intake.enter().ok_or_else(|| {
        let message = "too many freezes come at once; send it to the chain as well, and try again";
        ApiError::too_many("too_many_freezes", message)
    })?;
    let request: FreezeRequest = serde_json::from_slice(&body).map_err(ApiError::malformed_body)?;
    let transaction = STANDARD.decode(&request.transaction).map_err(|_| {
        ApiError::param("transaction", "`transaction` must be the signed transaction in base64")
    })?;
    // A task of its own: a client that disconnects must not stop a freeze half way.
    let outcome = tokio::spawn(async move { desk.obey(&transaction).await }).await;
    match outcome.map_err(|_| ApiError::internal())? {
        Ok(obeyed) => {
            app.metrics.count("blockable_provider_freezes_total", "result", "obeyed");
            let state = app.parts.desk.as_ref().and_then(|desk| desk.state(&obeyed.signature));
            Ok(Json(json!({
                "signature": obeyed.signature.to_string(), "credit": obeyed.credit.to_string(),
                "frozen": obeyed.frozen, "by": obeyed.by.to_string(),
                "last_valid_height": obeyed.last_valid_height, "state": state,
            })))
        }
        Err(refused) => {
            app.metrics.count("blockable_provider_freezes_total", "result", refused.code());
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

async fn state(State(app): State<Arc<App>>, PathText(signature): PathText) -> Result<Json<Value>, ApiError> {
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
