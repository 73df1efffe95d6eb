//! The description of the API, made from the handlers and the types that they answer with.

use {
    crate::api::{alerts, credit, credits, events, keeper, ops, portfolio, series},
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
        description = "The data behind a lender's dashboard, as a keeper of one market sees it. Everything here reads.\n\n\
            Amounts (money in micro-USDC, compute in credit units, fees in lamports) and addresses are text, because \
            JavaScript rounds numbers above 2^53. Seconds, slots, counts and basis points are numbers. A time is an object \
            of RFC 3339 `text` and `unix` seconds, by the chain's clock unless its field says otherwise; parameters take \
            either. Pages have a `next` that the following request passes on; it is null on the last.\n\n\
            Errors are `{\"error\": {\"code\", \"message\"}}`; the message says what to do."
    ),
    paths(
        portfolio::portfolio, credits::credits, credit::credit, series::series, events::events, alerts::alerts,
        keeper::keeper, document, ops::livez, ops::readyz, ops::metrics,
    ),
    modifiers(&Token),
    tags(
        (name = "credits", description = "Loans and the compute credits that secure them"),
        (name = "alerts", description = "What the parties and the operator were told"),
        (name = "keeper", description = "What the keeper itself is doing"),
        (name = "operations", description = "Health and figures; without a token")
    )
)]
struct Document;

/// Names the bearer token that `/v1` needs where one is set.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The description of every route of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "operations", responses((status = 200, body = Object)))]
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
