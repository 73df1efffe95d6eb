//! The shapes and headers of Solana Actions 2.4 and of Solana Pay's transaction requests. One answer serves both: a wallet of
//! Solana Pay reads `label` and `icon` of it, and `transaction` and `message`.

use {
    axum::{
        body::Body,
        extract::{Request, State},
        http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
        middleware::Next,
        response::{IntoResponse, Response},
    },
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::ToSchema,
};

/// The version of Solana Actions.
const VERSION: HeaderValue = HeaderValue::from_static("2.4");
const ACTION_VERSION: HeaderName = HeaderName::from_static("x-action-version");
const BLOCKCHAIN_IDS: HeaderName = HeaderName::from_static("x-blockchain-ids");

/// The part of a link that a wallet shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ShownAction {
    /// Always `action`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "action")]
    pub(crate) kind: &'static str,
    /// URL of the icon.
    pub(crate) icon: String,
    /// The title.
    pub(crate) title: String,
    /// The state of the loan and the effect.
    pub(crate) description: String,
    /// The text of the button.
    pub(crate) label: String,
    /// True where the program would refuse it now.
    pub(crate) disabled: bool,
    /// The buttons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) links: Option<ActionLinks>,
    /// The reason for which it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<ActionError>,
}

/// The buttons of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActionLinks {
    /// The buttons, the main one first.
    pub(crate) actions: Vec<ActionLink>,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActionLink {
    /// Always `transaction`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "transaction")]
    pub(crate) kind: &'static str,
    /// The path to POST to, with everything that the signature is bound by.
    pub(crate) href: String,
    /// The text of the button.
    pub(crate) label: String,
    /// Values that the wallet asks for and puts into the path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) parameters: Vec<ActionParameter>,
}

/// A value that a wallet asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActionParameter {
    /// Always `number`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "number")]
    pub(crate) kind: &'static str,
    /// Its name in the path.
    #[schema(value_type = String, example = "percent")]
    pub(crate) name: &'static str,
    /// The text beside it.
    pub(crate) label: String,
    /// Always true.
    pub(crate) required: bool,
}

/// A transaction for the wallet to sign and send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ToSign {
    /// Always `transaction`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "transaction")]
    pub(crate) kind: &'static str,
    /// A transaction of version 0 in base 64. Its only signer is the wallet, which pays the fee as well.
    pub(crate) transaction: String,
    /// The effect, as of the moment at which it was simulated.
    pub(crate) message: String,
}

/// The body by which a wallet tells its address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) struct Account {
    /// The wallet's address in base58.
    pub(crate) account: String,
}

/// A refusal, as both specifications have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActionError {
    /// The cause, and the next step.
    pub(crate) message: String,
}

/// The paths that are links, for wallets and pages that read a site's `actions.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActionRules {
    pub(crate) rules: Vec<ActionRule>,
}

/// A path of links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionRule {
    pub(crate) path_pattern: String,
    pub(crate) api_path: String,
}

/// Answers a preflight, and puts on every answer of a link that pages of any origin may read it, the version of Solana Actions
/// and the cluster.
pub(super) async fn with_headers(
    State(cluster): State<Arc<dyn Fn() -> Option<String> + Send + Sync>>,
    request: Request,
    next: Next,
) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = match is_preflight {
        true => (StatusCode::NO_CONTENT, Body::empty()).into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    allow_all(headers);
    headers.insert(ACTION_VERSION, VERSION);
    if let Some(cluster) = cluster().and_then(|cluster| HeaderValue::from_str(&cluster).ok()) {
        headers.insert(BLOCKCHAIN_IDS, cluster);
    }
    // Debts must not stay in caches.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// No cookie and no token opens a link, so that any page may show it.
fn allow_all(headers: &mut HeaderMap) {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Content-Type, Authorization, Content-Encoding, Accept-Encoding",
        ),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "X-Action-Version, X-Blockchain-Ids"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    for (name, value) in allowed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
