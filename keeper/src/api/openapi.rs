//! The OpenAPI description, made from the handlers and the types that they answer with.

use {
    crate::api::{alerts, credit, credits, error::ErrorBody, events, keeper, market, ops, portfolio, series},
    axum::Json,
    utoipa::{
        Modify, OpenApi,
        openapi::security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Blockable keeper",
        description = "The data behind a lender's dashboard, as a keeper of one market sees it. All routes only read.\n\n\
            Amounts (money in micro-USDC, compute in credit units, fees in lamports) and addresses are text, because \
            JavaScript rounds numbers above 2^53. Seconds, slots, counts and basis points are numbers. A time is an object \
            of RFC 3339 `text` and `unix` seconds, by the chain's clock unless its field says otherwise; parameters take \
            either form. The `next` of a page is passed on by the request for the following page; it is null on the last.\n\n\
            Errors are `{\"error\": {\"code\", \"message\"}}`; the message names the next step."
    ),
    paths(
        portfolio::portfolio, credits::credits, credit::credit, series::series, events::events, alerts::alerts,
        keeper::keeper, market::market, market::providers, document, ops::livez, ops::readyz, ops::metrics,
    ),
    components(schemas(ErrorBody)),
    modifiers(&BearerToken),
    tags(
        (name = "credits", description = "Loans and the compute credits that secure them"),
        (name = "alerts", description = "Alerts to the parties and the operator"),
        (name = "market", description = "The market and its providers"),
        (name = "keeper", description = "The work of the keeper itself"),
        (name = "operations", description = "Health and metrics, without a token")
    )
)]
struct Document;

/// Adds the bearer token that `/v1` needs where one is set.
struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Describes every route of the API.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Gives this description.
#[utoipa::path(get, path = "/openapi.json", tag = "operations", responses((status = 200, body = Object)))]
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
