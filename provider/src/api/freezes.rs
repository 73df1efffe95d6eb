//! Signed freezes. They need no API key: the lender's signature is the authority.

use {
    crate::{
        api::{
            body::read_json,
            openapi::{
                refusals::{Always, BodyRefusals, Conflict, Malformed, Missing, NotAllowed},
                words::{Address, Base64, SignatureText},
            },
            path::PathText,
        },
        app::App,
        error::ApiError,
        http::Route,
    },
    axum::{
        Extension, Json,
        body::Body,
        extract::State,
        http::{HeaderMap, StatusCode},
        routing::{get, post},
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_gate::{ExaminedOrder, FreezeDesk, ObeyedOrder, OrderRefused, OrderState},
    blockable_sdk::{Signature, amounts::Units},
    blockable_service::http::{ClientAddress, ClientNetwork},
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{OpenApi, ToSchema},
};

/// Most bytes of a request: a transaction of version 1 in base64, and some.
const MAX_BODY: usize = 16 << 10;

/// The routes of freezes.
pub(super) fn routes() -> Vec<Route> {
    vec![("/v1/freezes", post(freeze)), ("/v1/freezes/{signature}", get(state))]
}

#[derive(OpenApi)]
#[openapi(paths(freeze, state))]
pub(super) struct Paths;

/// A signed freeze.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FreezeRequest {
    /// The signed transaction in its wire format, in base64.
    #[schema(value_type = Base64)]
    transaction: String,
}

/// A freeze that is obeyed from now on.
#[derive(Serialize, ToSchema)]
struct ObeyedView {
    /// The transaction.
    #[schema(value_type = SignatureText)]
    signature: String,
    /// The credit.
    #[schema(value_type = Address)]
    credit: String,
    /// Units that are closed to new jobs, in all.
    #[schema(value_type = u64)]
    frozen: Units,
    /// The signer.
    #[schema(value_type = Address)]
    by: String,
    /// The last block height at which the transaction can land.
    last_valid_height: u64,
    /// Its state; null where it has ended meanwhile.
    #[schema(required, value_type = Option<FreezeState>)]
    state: Option<OrderState>,
}

/// The state of a freeze.
#[derive(Serialize, ToSchema)]
struct StateView {
    /// The transaction.
    #[schema(value_type = SignatureText)]
    signature: String,
    #[schema(value_type = FreezeState)]
    state: OrderState,
}

/// States of a freeze order.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes a type of the gate")]
enum FreezeState {
    /// Obeyed, and not seen on the chain yet.
    Open,
    /// Landed; the gate follows the chain.
    Landed,
    /// Landed and failed; the block is lifted.
    Failed,
    /// Expired before it landed; the block is lifted.
    Expired,
    /// Not landed in time; the block is lifted.
    Lapsed,
}

fn desk(app: &App) -> Result<&FreezeDesk, ApiError> {
    app.parts.desk.as_ref().ok_or_else(|| {
        ApiError::unavailable(
            "freezes_unavailable",
            "this server takes no freezes; send the transaction to the chain",
        )
    })
}

/// Obeys a signed freeze at once, before it lands. No API key is needed: the signature is the authority.
#[utoipa::path(
    post, path = "/v1/freezes", operation_id = "obey_freeze", tag = "freezes", request_body = FreezeRequest,
    responses((status = 200, body = ObeyedView), BodyRefusals, NotAllowed, Missing, Conflict, Always)
)]
async fn freeze(
    State(app): State<Arc<App>>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ObeyedView>, ApiError> {
    let desk = desk(&app)?.clone();
    let body = app.read_body(&headers, body, MAX_BODY).await?;
    // After the body: who sends slowly keeps no place.
    if !app.intake.admit(ClientNetwork::new(client.0)) {
        return Err(too_many());
    }
    let request: FreezeRequest = read_json(&body)?;
    let transaction = STANDARD.decode(&request.transaction).map_err(|_| {
        ApiError::param("transaction", "`transaction` must be the signed transaction in base64")
    })?;
    let refused = |refused: OrderRefused| {
        app.metrics.count("blockable_provider_freezes_total", "result", refused.code());
        ApiError::from(refused)
    };
    let order = match desk.examine(&transaction).map_err(refused)? {
        ExaminedOrder::Again(obeyed) => return Ok(obeyed_view(&app, &desk, &obeyed)),
        ExaminedOrder::New(order) => order,
    };
    // After the checks: only a freezer of the credit takes a place of those that lead to the node.
    let is_lender = app.gate.credit(&order.credit).is_some_and(|credit| credit.lender == order.by);
    let _permit = app.intake.enter(order.signature, order.by, is_lender).ok_or_else(too_many)?;
    // A task of its own: a client that disconnects must not stop a freeze half way.
    let obeying = desk.clone();
    let outcome = tokio::spawn(async move { obeying.obey_order(order).await }).await;
    let obeyed = outcome.map_err(|_| ApiError::internal())?.map_err(refused)?;
    Ok(obeyed_view(&app, &desk, &obeyed))
}

fn too_many() -> ApiError {
    let message = "too many freezes come from you at once; send it to the chain as well, and try again";
    ApiError::too_many("too_many_freezes", message)
}

fn obeyed_view(app: &App, desk: &FreezeDesk, obeyed: &ObeyedOrder) -> Json<ObeyedView> {
    app.metrics.count("blockable_provider_freezes_total", "result", "obeyed");
    Json(ObeyedView {
        signature: obeyed.signature.to_string(),
        credit: obeyed.credit.to_string(),
        frozen: obeyed.frozen,
        by: obeyed.by.to_string(),
        last_valid_height: obeyed.last_valid_height,
        state: desk.state(&obeyed.signature),
    })
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

/// Shows the state of a freeze that was obeyed.
#[utoipa::path(
    get, path = "/v1/freezes/{signature}", operation_id = "show_freeze", tag = "freezes",
    params(("signature" = SignatureText, Path, description = "The transaction")),
    responses((status = 200, body = StateView), Malformed, Missing, Always)
)]
async fn state(
    State(app): State<Arc<App>>,
    PathText(signature): PathText,
) -> Result<Json<StateView>, ApiError> {
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
    Ok(Json(StateView { signature: signature.to_string(), state }))
}
