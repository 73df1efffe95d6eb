//! Copies of answers: what may be kept, and how a client asks whether its copy is still right.

use {
    crate::{api::error::ApiError, page::matches_etag},
    axum::{
        body::{Body, to_bytes},
        extract::{Request, State},
        http::{HeaderValue, Method, StatusCode, header},
        middleware::Next,
        response::{IntoResponse, Response},
    },
    blockable_service::hex,
    sha2::{Digest, Sha256},
};

/// Most bytes of an answer: a table of all credits has less.
const MOST_BYTES: usize = 32 << 20;

/// The clients that an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Everybody, with the same content.
    All,
    /// Everybody, with more for some.
    AllAndParties,
    /// One party.
    Party,
}

/// Marks an answer with a tag, and answers a client that has this content already with 304. What is for a party is kept by nobody.
pub(super) async fn tag(State(readers): State<Readers>, request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let asked = request.headers().clone();
    let mut response = next.run(request).await;
    if readers == Readers::Party || !is_read || response.status() != StatusCode::OK {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else { return ApiError::deadline().into_response() };
    let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..16]));
    let keep = match readers {
        Readers::AllAndParties => "private, no-cache",
        _ => "no-cache",
    };
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if readers == Readers::AllAndParties {
        parts.headers.append(header::VARY, HeaderValue::from_static("authorization"));
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        parts.headers.insert(header::ETAG, etag);
    }
    if matches_etag(&asked, &etag) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Sets the headers that keep browsers from taking data for anything else.
pub(super) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_refusal = response.status().is_client_error() || response.status().is_server_error();
    let headers = response.headers_mut();
    if is_refusal {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
