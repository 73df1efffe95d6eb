//! The OpenAPI description, made from the handlers and the types that they answer with.

use {
    crate::{
        api::{
            alerts, credit, credits, error::ErrorBody, events, feed, history, keeper, lots, market,
            own_settings, page_routes, portfolio, series, session::routes as sessions, stream,
        },
        links::routes as links,
        ops::routes as ops,
    },
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
        description = "The data behind the page of a keeper of one market. No route changes a loan. Chain data is public; what \
            is for a party needs the token of a session, and what is for the operator the one that `api.token` names.\n\n\
            Amounts (money in micro-USDC, compute in credit units, fees in lamports) and addresses are text, because \
            JavaScript rounds numbers above 2^53. Seconds, slots, counts and basis points are numbers. A time is an object \
            of RFC 3339 `text` and `unix` seconds, by the chain's clock unless its field says otherwise; parameters take \
            either form. The `next` of a page is passed on by the request for the following page; it is null on the last.\n\n\
            Errors are `{\"error\": {\"code\", \"message\"}}`; the message names the next step."
    ),
    paths(
        portfolio::portfolio, history::history, credits::credits, credit::credit, credit::schedule, series::series,
        events::events, feed::feed, lots::lots, stream::stream, alerts::alerts, own_settings::settings, keeper::keeper,
        market::market, market::providers, sessions::challenge, sessions::begin, sessions::refresh,
        sessions::show, sessions::end, page_routes::settings, document, ops::livez, ops::readyz, ops::metrics,
        links::shown, links::to_sign, links::qr_code, links::rules, links::icon,
    ),
    components(schemas(ErrorBody)),
    modifiers(&BearerToken),
    tags(
        (name = "credits", description = "Loans and the compute credits that secure them"),
        (name = "alerts", description = "Alerts to the parties and the operator"),
        (name = "market", description = "The market and its providers"),
        (name = "stream", description = "Changes as they come"),
        (name = "keeper", description = "The work of the keeper itself"),
        (name = "sessions", description = "Sign-in by a wallet, for a few minutes"),
        (name = "page", description = "The page"),
        (name = "links", description = "Wallet links: Solana Actions, and transaction requests of Solana Pay"),
        (name = "operations", description = "Health and metrics, at `ops.listen`")
    )
)]
struct Document;

/// Adds the bearer token, of a session or the operator.
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
#[utoipa::path(get, path = "/openapi.json", tag = "page", responses((status = 200, body = Object)))]
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
