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

/// Most notices in an answer.
const MAX_NOTICES: usize = 500;
/// Notices that are read from the store at once.
const PAGE: u32 = 500;
/// Pages that are read for one answer; notices of other credits are passed over.
const PAGES: usize = 20;

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
    most: Option<usize>,
}

async fn notices(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<NoticesQuery>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let ours = app.authorise(&headers)?.to_string();
    let wrong = |_| ApiError::param("after", "`after` and `most` must be whole numbers");
    let Query(query) = query.map_err(wrong)?;
    let most = query.most.unwrap_or(100).clamp(1, MAX_NOTICES);
    let (mut next, mut found) = (query.after, Vec::new());
    for _ in 0..PAGES {
        let page = app.gate.notices_after(next, PAGE).await?;
        let last = page.len() < PAGE as usize;
        for notice in page {
            if found.len() == most {
                break;
            }
            next = notice.seq;
            if notice.credit == ours {
                found.push(notice);
            }
        }
        if last || found.len() == most {
            break;
        }
    }
    Ok(Json(json!({"object": "list", "data": found, "next": next})))
}
