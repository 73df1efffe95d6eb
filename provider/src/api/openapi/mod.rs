//! The OpenAPI description, made from the handlers, the types that they answer with and the table of parameters of models.
//!
//! | module | contents |
//! |---|---|
//! | [`completions`] | the routes of models |
//! | [`refusals`] | refusals, in groups |
//! | [`words`] | texts of a form: addresses, signatures, names |

mod completions;
pub(super) mod refusals;
pub(super) mod words;

#[cfg(test)]
mod tests;

use {
    super::{credits, freezes, keys, leases, models, ops, prices, reports, usage},
    crate::http::Route,
    axum::{
        http::header::CONTENT_TYPE,
        response::{IntoResponse, Response},
        routing::get,
    },
    refusals::{ErrorBody, ShortageBody},
    serde_json::{Value, json},
    std::sync::LazyLock,
    utoipa::{
        Modify, OpenApi,
        openapi::{
            security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
            server::ServerBuilder,
        },
    },
};

/// Tags of routes that are served at the operator's address.
const OPERATOR: &str = "operations";
/// The operator's address where the file names no other.
const OPERATOR_URL: &str = "http://127.0.0.1:9090";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Blockable provider",
        description = "The server of a GPU provider: models in the forms of OpenAI and Anthropic, GPUs for rent, and what borrowers, \
            lenders and keepers need around them.\n\n\
            Amounts are whole numbers: compute in credit units, money in micro-USDC. In usage reports, and as cursors, they are text, \
            because JavaScript rounds numbers above 2^53. Times that end in `_ms` are milliseconds, others Unix seconds, unless they \
            are text.\n\n\
            Each answer has `x-request-id` and `traceparent`. Errors have OpenAI's shape; under `/v1/messages` Anthropic's. The \
            message names the next step. `Retry-After` stands where the same request may be served later.\n\n\
            Paths tagged `operations` are served at the operator's address alone, `[ops] listen`."
    ),
    components(schemas(ErrorBody, ShortageBody)),
    modifiers(&Keys, &OperatorAddress),
    servers((url = "/")),
    tags(
        (name = "models", description = "Requests to models, paid by a credit"),
        (name = "leases", description = "GPUs for rent"),
        (name = "keys", description = "API keys of a credit"),
        (name = "credits", description = "A credit's units, use and notices"),
        (name = "freezes", description = "Signed freezes, obeyed before they land"),
        (name = "reports", description = "Signed usage reports"),
        (name = "operations", description = "Health, metrics and the use of all credits, at the operator's address")
    )
)]
struct Document;

/// Adds the keys that requests carry.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, text) in [
            ("api_key", "An API key of a credit, as `blockable-provider key` or `POST /v1/keys` makes it"),
            ("operator_token", "The token of `[admin] token` in the server's file"),
        ] {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(text.to_string());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
        let text = "An API key of a credit, as Anthropic's clients send it";
        let header = ApiKeyValue::with_description("x-api-key", text);
        components.add_security_scheme("x_api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}

/// Says where the operator's paths are served.
struct OperatorAddress;

impl Modify for OperatorAddress {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let server = || ServerBuilder::new().url(OPERATOR_URL).description(Some("`[ops] listen`")).build();
        let operations = document.paths.paths.values_mut().filter_map(|path| path.get.as_mut());
        for operation in operations {
            if operation.tags.iter().flatten().any(|tag| tag == OPERATOR) {
                operation.servers = Some(vec![server()]);
            }
        }
    }
}

/// Describes every route.
pub(crate) fn openapi() -> Value {
    let parts = [
        credits::Paths::openapi(),
        freezes::Paths::openapi(),
        keys::Paths::openapi(),
        leases::Paths::openapi(),
        models::Paths::openapi(),
        ops::Paths::openapi(),
        prices::Paths::openapi(),
        reports::Paths::openapi(),
        usage::Paths::openapi(),
        Own::openapi(),
    ];
    let mut whole = Document::openapi();
    parts.into_iter().for_each(|part| whole.merge(part));
    // After the parts are in it.
    OperatorAddress.modify(&mut whole);
    let mut document = serde_json::to_value(whole).unwrap_or_default();
    for (path, item) in completions::paths() {
        document["paths"][path] = item;
    }
    for (name, schema) in completions::schemas() {
        document["components"]["schemas"][name] = schema;
    }
    document
}

/// The route of the description.
pub(super) fn routes() -> Vec<Route> {
    vec![("/openapi.json", get(document))]
}

#[derive(OpenApi)]
#[openapi(paths(document))]
struct Own;

/// Gives this description.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "describe", tag = "models",
    responses((status = 200, body = Object), refusals::Always)
)]
async fn document() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi().to_string());
    ([(CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

/// A reference to a schema of the description.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
