//! The last events of streams.

use crate::{config::Endpoint, error::ApiError, upstreams};

/// Puts the figures of a job into the stream's last usage or, where the client gets none, its last event. `[DONE]` has no room
/// for them, so that they are a comment before it, which clients pass over.
pub(super) fn with_figures(kept: (Option<Vec<u8>>, Option<Vec<u8>>), member: &str) -> (Vec<u8>, Vec<u8>) {
    match kept {
        (Some(usage), last) => (upstreams::with_member(usage, member), last.unwrap_or_default()),
        (None, Some(last)) if last.contains(&b'{') => (Vec::new(), upstreams::with_member(last, member)),
        (None, last) => (format!(": {{{member}}}\n\n").into_bytes(), last.unwrap_or_default()),
    }
}

/// The last event of a stream that ends with an error, in the form of its endpoint. `number` counts the events of a response.
pub(super) fn error_event(error: &ApiError, endpoint: Endpoint, id: &str, number: u64) -> Vec<u8> {
    let mut body = endpoint.error_shape().body(error, id);
    match endpoint {
        Endpoint::Chat | Endpoint::Text | Endpoint::Embeddings => {
            upstreams::event("", body.to_string().as_bytes())
        }
        Endpoint::Messages => upstreams::event("error", body.to_string().as_bytes()),
        Endpoint::Responses => {
            // Some clients read the error in the event itself, others the one within it.
            body["type"] = "error".into();
            body["sequence_number"] = number.into();
            for name in ["code", "message", "param"] {
                body[name] = body["error"][name].clone();
            }
            upstreams::event("error", body.to_string().as_bytes())
        }
    }
}

impl ApiError {
    /// The same error, which also says what was charged.
    pub(super) fn charged(self, units: blockable_sdk::amounts::Units) -> ApiError {
        let charge = match units.get() {
            0 => "nothing was charged".to_string(),
            units => format!("{units} units were charged for what was delivered"),
        };
        ApiError { message: format!("{}; {charge}", self.message), ..self }
    }
}
