//! Headers of the page: it runs its own scripts alone, and talks to the configured nodes and gates alone.

use {
    crate::page::PageSettings,
    axum::http::{HeaderMap, HeaderName, HeaderValue, header},
    std::collections::BTreeSet,
    url::Url,
};

/// Headers of every file but the policy of its content, which depends on the settings.
pub(super) const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), clipboard-write=(self), display-capture=(), geolocation=(), gyroscope=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    ("x-frame-options", "DENY"),
];
/// Seconds of a year.
pub(super) const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A copy may be kept, and is asked for again.
pub(super) const ASK_AGAIN: &str = "no-cache";

/// The policy of the page's content. The part that a `meta` element cannot set is left out for one.
pub(super) fn content_policy(settings: &PageSettings, for_meta: bool) -> String {
    let mut hosts = BTreeSet::new();
    for node in &settings.rpc {
        hosts.extend([origin(&node.http)]);
        hosts.extend(node.ws.as_ref().map(origin));
    }
    hosts.extend(settings.gates.values().map(origin));
    hosts.extend(settings.links.as_ref().map(origin));
    let hosts: Vec<String> = hosts.into_iter().collect();
    let connect = ["'self'".to_string()].into_iter().chain(hosts).collect::<Vec<_>>().join(" ");
    let mut policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src \
         'self'; worker-src 'self'; connect-src {connect}; base-uri 'none'; form-action 'none'"
    );
    if !for_meta {
        policy += "; frame-ancestors 'none'";
    }
    policy
}

/// Scheme, host and port of a URL: all that a policy takes, and nothing that could end a directive.
fn origin(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// Sets the headers of an answer of the page.
pub(super) fn set(headers: &mut HeaderMap, policy: &HeaderValue, cache: &'static str) {
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
}
