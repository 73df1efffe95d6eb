//! Bodies of requests. They are read strictly, so that a misspelt member is refused and not left out.

use {
    crate::api::error::ApiError,
    axum::{
        body::Bytes,
        extract::{FromRequest, Request},
        http::{StatusCode, header},
        response::IntoResponse,
    },
    serde::de::DeserializeOwned,
};

/// The body of a request, as JSON. A mistake in it is answered with 400, another type with 415, a long one with 413.
pub(super) struct StrictJson<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<StrictJson<T>, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        // A page of another site can send other types without asking first.
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::not_json());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(),
                _ => ApiError::bad_parameter("the body broke off; send it again"),
            }
        })?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| ApiError::bad_parameter(format!("the body is wrong: {error}; correct it")))?;
        reader
            .end()
            .map_err(|_| ApiError::bad_parameter("the body goes on after its end; send one value"))?;
        Ok(StrictJson(value))
    }
}
