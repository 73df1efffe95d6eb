//! A credit's units and its notices, for the credit's own key.

use {
    crate::{api::path::PathText, app::App, error::ApiError, shortage},
    axum::{
        Json, Router,
        extract::{Query, State, rejection::QueryRejection},
        http::HeaderMap,
        routing::get,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
    },
    serde::Deserialize,
    serde_json::{Value, json},
    std::sync::Arc,
};

/// Notices in an answer where the request names no number.
const NOTICES: u32 = 100;
/// Most notices in an answer.
const MAX_NOTICES: u32 = 500;

/// The routes of credits.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/credits/{address}", get(credit)).route("/v1/notices", get(notices))
}

#[derive(Deserialize)]
struct CreditQuery {
    /// Units that the least payment is to open.
    opens: Option<Units>,
    /// A payment in micro-USDC, to be quoted.
    pay: Option<MicroUsd>,
}

async fn credit(
    State(app): State<Arc<App>>,
    PathText(address): PathText,
    headers: HeaderMap,
    query: Result<Query<CreditQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let ours = app.authorise(&headers)?;
    if address.parse() != Ok(ours) {
        return Err(not_ours(&ours));
    }
    let wrong =
        |_| ApiError::param("opens", "`opens` and `pay` must be whole numbers of units and of micro-USDC");
    let Query(query) = query.map_err(wrong)?;
    let credit = app.gate.credit(&ours);
    let status = credit.as_ref().and_then(|credit| credit.status().ok()).map(|status| format!("{status:?}"));
    let mut answer = json!({
        "credit": ours.to_string(),
        "status": status.map(|status| status.to_lowercase()),
        "lender": credit.as_ref().map(|credit| credit.lender.to_string()),
        "borrower": credit.as_ref().map(|credit| credit.borrower.to_string()),
        "released": credit.as_ref().map(|credit| credit.collateral.released),
        "held_back": credit.as_ref().map(|credit| credit.holdback_left),
        "refused": Value::Null,
        "room": Value::Null,
        "payment": Value::Null,
    });
    match app.gate.room(&ours) {
        Ok(room) => {
            answer["room"] = shortage::room_json(&room);
            let payments = app.gate.opening_payments(&ours, query.opens.unwrap_or(Units::MAX));
            answer["payment"] = payments.as_ref().map_or(Value::Null, shortage::payments_json);
            let quoted = query.pay.and_then(|amount| app.gate.opening_payment(&ours, amount));
            if let Some(payment) = quoted {
                answer["payment"]["quoted"] = shortage::payment_json(&payment);
            }
        }
        Err(refusal) => {
            answer["refused"] = json!({"code": refusal.code(), "message": refusal.to_string()});
        }
    }
    Ok(Json(answer))
}

fn not_ours(ours: &Pubkey) -> ApiError {
    ApiError::not_found("credit_not_found", format!("this API key is of the credit {ours}; ask for that one"))
}

#[derive(Deserialize)]
struct NoticesQuery {
    #[serde(default)]
    after: u64,
    most: Option<u32>,
}

async fn notices(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<NoticesQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let ours = app.authorise(&headers)?;
    let wrong = |_| ApiError::param("after", "`after` and `most` must be whole numbers");
    let Query(query) = query.map_err(wrong)?;
    let most = query.most.unwrap_or(NOTICES).clamp(1, MAX_NOTICES);
    let found = app.gate.notices_of(&ours, query.after, most).await?;
    let next = found.last().map_or(query.after, |notice| notice.seq);
    Ok(Json(json!({"object": "list", "data": found, "next": next})))
}
