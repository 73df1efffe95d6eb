//! The sites that browsers reach the API by: its own, and others whose pages may read it.

use {
    crate::api::{ApiSettings, error::ApiError},
    axum::{
        http::{HeaderMap, HeaderName, header},
        response::IntoResponse,
    },
    blockable_service::http::{AllowedOrigins, CrossOrigin},
    std::{net::SocketAddr, sync::Arc},
};

/// The sites that browsers reach the API by.
#[derive(Clone, Debug)]
pub(super) struct Sites {
    /// Its own, such as `https://keeper.example`; the first one is how it names itself.
    own: Vec<String>,
    others: AllowedOrigins,
}

impl Sites {
    /// The sites of an API that listens at an address.
    pub(super) fn new(settings: &ApiSettings, addr: SocketAddr) -> Sites {
        let mut own: Vec<String> = settings.url.clone().into_iter().collect();
        own.push(format!("http://{addr}"));
        if addr.ip().is_loopback() || addr.ip().is_unspecified() {
            own.extend(["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{}", addr.port())));
        }
        Sites { own, others: settings.http.allow_origins.clone() }
    }

    /// The name that it gives itself.
    pub(super) fn name(&self) -> &str {
        self.own.first().map_or("", String::as_str)
    }

    /// The host of the page that a request comes from, which wallets show their users. A browser names it; other clients are
    /// taken at the host that they ask. Errors: 403 for a page of a site that is not listed, 421 for a host that is not ours.
    pub(super) fn domain(&self, headers: &HeaderMap) -> Result<String, ApiError> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if headers.contains_key(header::ORIGIN) {
            let origin = text(header::ORIGIN).unwrap_or_default();
            let is_known = self.own.iter().any(|own| own == origin) || self.lists(origin);
            let host = origin.split_once("://").map(|(_, host)| host.to_string());
            return host.filter(|_| is_known).ok_or_else(ApiError::origin_not_allowed);
        }
        let host = text(header::HOST).unwrap_or_default();
        let is_own = |own: &String| own.split_once("://").is_some_and(|(_, own)| own == host);
        match self.own.iter().any(is_own) {
            true => Ok(host.to_string()),
            false => Err(ApiError::misdirected()),
        }
    }

    /// True for a site that is listed by its name: to sign in there, "every site" is not enough.
    fn lists(&self, origin: &str) -> bool {
        matches!(self.others, AllowedOrigins::Listed(_)) && self.others.allows(origin)
    }

    /// The rights of pages of the listed sites.
    pub(super) fn cross_origin(&self) -> Arc<CrossOrigin> {
        Arc::new(CrossOrigin {
            origins: self.others.clone(),
            methods: "GET, POST, DELETE",
            exposed: "etag, retry-after".to_string(),
            not_allowed: || ApiError::site_not_allowed().into_response(),
        })
    }
}
