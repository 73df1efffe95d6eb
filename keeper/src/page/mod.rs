//! The lender's page: its files, their headers, its settings, and its export as static files.

mod document;
pub(crate) mod export;
mod files;
mod headers;
mod settings;

#[cfg(test)]
mod tests;

pub(crate) use {document::PageDocument, settings::PageSettings};

use {
    axum::{
        body::Body,
        http::{HeaderMap, HeaderValue, Method, StatusCode, header},
        response::Response,
    },
    files::{INDEX, PageFile},
    std::collections::BTreeMap,
};

/// The page as it is served.
pub(crate) struct Page {
    files: BTreeMap<String, PageFile>,
    policy: HeaderValue,
}

impl Page {
    /// Reads the files, and makes their policy from the settings.
    pub(crate) fn new(settings: &PageSettings) -> Page {
        // A policy has origins of URLs alone, which are visible ASCII.
        let policy = HeaderValue::from_str(&headers::content_policy(settings, false));
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Page { files: files::read_all(), policy }
    }

    /// Answers a request for a file, or for a view of the page, which has no file of its own. `None` where it has neither.
    /// A path is the name of an embedded file or none; it never reaches the file system.
    pub(crate) fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        if method != Method::GET && method != Method::HEAD {
            return None;
        }
        let name = path.strip_prefix('/')?;
        let file = match self.files.get(name) {
            Some(file) => file,
            None if name.is_empty() || is_view(name, headers) => self.files.get(INDEX)?,
            None => return None,
        };
        let mut response = self.file(file, headers);
        // Another client may get a refusal at the path of a view.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
        Some(response)
    }

    fn file(&self, file: &PageFile, asked: &HeaderMap) -> Response {
        let gzip = file.gzip.as_deref().filter(|_| takes_gzip(asked));
        // Each form of a file has a tag of its own.
        let etag = match gzip {
            Some(_) => format!("{}-gzip\"", file.etag.trim_end_matches('"')),
            None => file.etag.clone(),
        };
        let is_known = matches_etag(asked, &etag);
        let bytes = match (is_known, gzip) {
            (true, _) => Body::empty(),
            (false, Some(gzip)) => Body::from(gzip.to_vec()),
            (false, None) => Body::from(file.bytes),
        };
        let mut response = Response::new(bytes);
        *response.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let headers = response.headers_mut();
        let cache = if file.is_hashed { headers::FOR_EVER } else { headers::ASK_AGAIN };
        headers::set(headers, &self.policy, cache);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
        if file.gzip.is_some() {
            headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if gzip.is_some() && !is_known {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// True for the path of a view: a browser asks for a page, and the path names no file and none of the API's routes.
fn is_view(name: &str, headers: &HeaderMap) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    let asks_page = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let is_plain = name.split('/').all(|part| !part.is_empty());
    asks_page && is_plain && !last.contains('.') && !name.starts_with("v1/") && name != "v1"
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused =
            matches!(weight.trim().replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// True where the client has the content that a tag stands for.
pub(crate) fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let shown = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    shown.flat_map(|value| value.split(',')).any(|shown| {
        let shown = shown.trim();
        shown == "*" || shown.strip_prefix("W/").unwrap_or(shown) == etag
    })
}
