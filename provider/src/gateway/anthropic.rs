//! The headers that Anthropic's clients send.

use {
    crate::{config::Endpoint, error::ApiError},
    axum::http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION},
    secrecy::{ExposeSecret, SecretString},
};

/// The header in which Anthropic's clients send their key.
const KEY: HeaderName = HeaderName::from_static("x-api-key");
const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
/// The version of the form that upstreams are asked in.
const SPOKEN: HeaderValue = HeaderValue::from_static("2023-06-01");
/// A later version, which clients of 2026 name: it refuses some of what the one before takes, and its answers are the same.
const LATER: HeaderValue = HeaderValue::from_static("2026-10-21");
/// The beginning of an `Authorization` that has a key of this server.
const OUR_KEY: &[u8] = b"bearer blk-";

/// Takes the key of a request to `/v1/messages` from `x-api-key`, unless `Authorization` has one of this server's, and checks
/// its version. Errors: 400 for a version that is not spoken here.
pub(super) fn read_headers(endpoint: Endpoint, headers: &mut HeaderMap) -> Result<(), ApiError> {
    if endpoint != Endpoint::Messages {
        return Ok(());
    }
    let has_ours = headers.get(AUTHORIZATION).is_some_and(|value| {
        value.as_bytes().get(..OUR_KEY.len()).is_some_and(|start| start.eq_ignore_ascii_case(OUR_KEY))
    });
    let key = headers.remove(KEY).filter(|_| !has_ours);
    if let Some(mut bearer) = key.as_ref().and_then(|key| bearer(key.to_str().ok()?)) {
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    match headers.get(VERSION) {
        Some(version) if ![SPOKEN, LATER].contains(version) => {
            let message = "`anthropic-version` must be 2023-06-01 or 2026-10-21, or be left out; no other version is spoken here";
            Err(ApiError::invalid("unsupported_version", message))
        }
        _ => Ok(()),
    }
}

fn bearer(key: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {}", key.trim())).ok()
}

/// Makes the headers by which an upstream of Anthropic's form takes the provider's key, beside `Authorization`.
pub(super) fn upstream_headers(endpoint: Endpoint, key: Option<&SecretString>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if endpoint == Endpoint::Messages {
        headers.insert(VERSION, SPOKEN);
        if let Some(mut key) = key.and_then(|key| HeaderValue::from_str(key.expose_secret()).ok()) {
            key.set_sensitive(true);
            headers.insert(KEY, key);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        endpoint: Endpoint,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Option<String>, ApiError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        read_headers(endpoint, &mut map)?;
        Ok(map.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_string()))
    }

    #[test]
    fn the_key_is_taken_from_the_header_that_has_one_of_ours() {
        let read = |headers: &[(&'static str, &'static str)]| read(Endpoint::Messages, headers).unwrap();
        assert_eq!(read(&[("x-api-key", "blk-a")]).as_deref(), Some("Bearer blk-a"));
        assert_eq!(
            read(&[("x-api-key", "sk-ant"), ("authorization", "bearer blk-b")]).as_deref(),
            Some("bearer blk-b")
        );
        assert_eq!(
            read(&[("x-api-key", "blk-a"), ("authorization", "Bearer sk-ant")]).as_deref(),
            Some("Bearer blk-a")
        );
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn other_endpoints_take_no_key_from_it_and_other_versions_are_refused() {
        assert_eq!(
            read(Endpoint::Chat, &[("x-api-key", "blk-a"), ("anthropic-version", "x")]).unwrap(),
            None
        );
        for version in ["2023-06-01", "2026-10-21"] {
            assert!(read(Endpoint::Messages, &[("anthropic-version", version)]).is_ok());
        }
        let refused = read(Endpoint::Messages, &[("anthropic-version", "2023-01-01")]).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code), (400, "unsupported_version"));
    }

    #[test]
    fn an_upstream_of_the_form_gets_the_providers_key_and_the_version() {
        let key = SecretString::from("sk-own");
        let headers = upstream_headers(Endpoint::Messages, Some(&key));
        assert!(headers[KEY] == "sk-own" && headers[KEY].is_sensitive() && headers[VERSION] == "2023-06-01");
        assert!(upstream_headers(Endpoint::Responses, Some(&key)).is_empty());
    }
}
