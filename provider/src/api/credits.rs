//! A credit's units and its notices, for the credit's own key.

use {
    crate::{
        api::{
            openapi::{
                refusals::{Always, Keyless, Malformed, Missing},
                words::{Address, SignatureText},
            },
            path::PathText,
            require_place,
        },
        app::App,
        error::ApiError,
        http::Route,
        shortage::{PaymentsView, RoomView},
    },
    axum::{
        Json,
        extract::{Query, State, rejection::QueryRejection},
        http::HeaderMap,
        routing::get,
    },
    blockable_gate::Notice,
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
        names::status_name,
    },
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, OpenApi, ToSchema},
};

/// Notices in an answer where the request names no number.
const NOTICES: u32 = 100;
/// Most notices in an answer.
const MAX_NOTICES: u32 = 500;

/// The routes of credits.
pub(super) fn routes() -> Vec<Route> {
    vec![("/v1/credits/{address}", get(credit)), ("/v1/notices", get(notices))]
}

#[derive(OpenApi)]
#[openapi(paths(credit, notices))]
pub(super) struct Paths;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CreditQuery {
    /// Units that the least payment is to open.
    #[param(value_type = Option<u64>)]
    opens: Option<Units>,
    /// A payment in micro-USDC, to be quoted.
    #[param(value_type = Option<u64>)]
    pay: Option<MicroUsd>,
}

/// A credit as the gate sees it.
#[derive(Serialize, ToSchema)]
struct CreditView {
    /// Its address.
    #[schema(value_type = Address)]
    credit: String,
    /// Its status on the chain; null before the server has seen it.
    #[schema(required, value_type = Option<CreditStatus>)]
    status: Option<String>,
    /// Its lender.
    #[schema(required, value_type = Option<Address>)]
    lender: Option<String>,
    /// Its borrower.
    #[schema(required, value_type = Option<Address>)]
    borrower: Option<String>,
    /// Units that are repaid.
    #[schema(required)]
    released: Option<u64>,
    /// Micro-USDC that the provider has still to earn.
    #[schema(required)]
    held_back: Option<u64>,
    /// The reason for which it serves no job, whatever that costs.
    #[schema(required)]
    refused: Option<RefusedView>,
    /// Its units; null where it serves no job.
    #[schema(required)]
    room: Option<RoomView>,
    /// Payments that open units; null where nothing is owed.
    #[schema(required)]
    payment: Option<PaymentsView>,
}

/// The status of a credit on the chain.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes a text")]
pub(super) enum CreditStatus {
    Offered,
    Accepted,
    Active,
    Delinquent,
    Defaulted,
    Seizing,
    Repaid,
    Closed,
}

/// A refusal of all jobs.
#[derive(Serialize, ToSchema)]
struct RefusedView {
    /// For programs.
    #[schema(value_type = String, example = "credit_expired")]
    code: &'static str,
    /// For people.
    message: String,
}

/// Shows the credit of the API key.
#[utoipa::path(
    get, path = "/v1/credits/{address}", operation_id = "show_credit", tag = "credits", security(("api_key" = [])),
    params(("address" = Address, Path, description = "The credit"), CreditQuery),
    responses((status = 200, body = CreditView), Malformed, Keyless, Missing, Always)
)]
async fn credit(
    State(app): State<Arc<App>>,
    PathText(address): PathText,
    headers: HeaderMap,
    query: Result<Query<CreditQuery>, QueryRejection>,
) -> Result<Json<CreditView>, ApiError> {
    let ours = app.authorise(&headers)?;
    if address.parse() != Ok(ours) {
        return Err(not_ours(&ours));
    }
    let wrong =
        |_| ApiError::param("opens", "`opens` and `pay` must be whole numbers of units and of micro-USDC");
    let Query(query) = query.map_err(wrong)?;
    let credit = app.gate.credit(&ours);
    let credit = credit.as_ref();
    let status = credit.and_then(|credit| credit.status().ok()).map(status_name);
    let mut answer = CreditView {
        credit: ours.to_string(),
        status: status.map(str::to_string),
        lender: credit.map(|credit| credit.lender.to_string()),
        borrower: credit.map(|credit| credit.borrower.to_string()),
        released: credit.map(|credit| credit.collateral.released),
        held_back: credit.map(|credit| credit.holdback_left),
        refused: None,
        room: None,
        payment: None,
    };
    match app.gate.room(&ours) {
        Ok(room) => {
            answer.room = Some(RoomView::new(&room));
            let quoted = query.pay.and_then(|amount| app.gate.opening_payment(&ours, amount));
            let payments = app.gate.opening_payments(&ours, query.opens.unwrap_or(Units::MAX));
            answer.payment =
                payments.map(|payments| PaymentsView::new(&payments).with_quoted(quoted.as_ref()));
        }
        Err(refusal) => {
            answer.refused = Some(RefusedView { code: refusal.code(), message: refusal.to_string() });
        }
    }
    Ok(Json(answer))
}

fn not_ours(ours: &Pubkey) -> ApiError {
    ApiError::not_found("credit_not_found", format!("this API key is of the credit {ours}; ask for that one"))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NoticesQuery {
    /// Notices after the one of this number.
    #[serde(default)]
    #[param(required = false, maximum = 9_223_372_036_854_775_807_u64)]
    after: u64,
    /// Most notices of the answer, up to 500; 100 without it.
    #[param(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    most: Option<u32>,
}

/// Notices in the order of their numbers.
#[derive(Serialize, ToSchema)]
struct NoticePage {
    #[schema(value_type = String, example = "list")]
    object: &'static str,
    /// The notices.
    #[schema(value_type = Vec<NoticeSchema>)]
    data: Vec<Notice>,
    /// `after` of the next page.
    next: u64,
}

/// Lists the notices of the API key's credit, the oldest first.
#[utoipa::path(
    get, path = "/v1/notices", operation_id = "list_notices", tag = "credits", security(("api_key" = [])), params(NoticesQuery),
    responses((status = 200, body = NoticePage), Malformed, Keyless, Always)
)]
async fn notices(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<NoticesQuery>, QueryRejection>,
) -> Result<Json<NoticePage>, ApiError> {
    let ours = app.authorise(&headers)?;
    let wrong = |_| ApiError::param("after", "`after` and `most` must be whole numbers");
    let Query(query) = query.map_err(wrong)?;
    let most = query.most.unwrap_or(NOTICES).clamp(1, MAX_NOTICES);
    let after = require_place("after", query.after)?;
    let data = app.gate.notices_of(&ours, after, most).await?;
    let next = data.last().map_or(query.after, |notice| notice.seq);
    Ok(Json(NoticePage { object: "list", data, next }))
}

/// A change of a credit that its parties are notified of.
#[derive(ToSchema)]
#[schema(as = Notice)]
#[expect(dead_code, reason = "it describes a type of the gate")]
struct NoticeSchema {
    /// Its number, rising.
    seq: u64,
    /// Milliseconds since 1970.
    at_ms: i64,
    /// The credit.
    #[schema(value_type = Address)]
    credit: String,
    /// Its lender.
    #[schema(value_type = Address)]
    lender: String,
    /// Its borrower.
    #[schema(value_type = Address)]
    borrower: String,
    /// The kind of change; docs/notices.md has all.
    #[schema(example = "frozen", pattern = "^[a-z_]+$")]
    kind: String,
    /// The credit after it; left out once the account is gone.
    standing: Option<StandingSchema>,
    /// Units that the change is about.
    units: Option<u64>,
    /// Units closed by a freeze order.
    frozen: Option<u64>,
    /// The signer of a freeze order.
    #[schema(value_type = Option<Address>)]
    by: Option<String>,
    /// The transaction of a freeze order.
    #[schema(value_type = Option<SignatureText>)]
    signature: Option<String>,
    /// The slot in which it landed.
    slot: Option<u64>,
    /// The reason for which it is obeyed no longer.
    reason: Option<String>,
    /// The lender or borrower before.
    from: Option<String>,
}

/// A credit after a change, as the chain shows it.
#[derive(ToSchema)]
#[schema(as = Standing)]
#[expect(dead_code, reason = "it describes a type of the gate")]
struct StandingSchema {
    status: String,
    /// Units open to new jobs.
    available: u64,
    /// Units locked.
    locked: u64,
    /// Units frozen.
    frozen: u64,
}
