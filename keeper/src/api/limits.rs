//! The limit on how often a client asks.

use {
    crate::api::error::ApiError,
    blockable_sdk::Pubkey,
    blockable_service::{buckets::Buckets, http::ClientNetwork},
    std::time::Instant,
};

/// Seconds of a minute.
const MINUTE: f64 = 60.0;

/// A client, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ClientKey {
    /// Whoever comes from a network.
    Network(ClientNetwork),
    /// A wallet that has signed in, wherever it comes from.
    Wallet(Pubkey),
}

/// Counts what each client asks for.
pub(super) struct ClientLimit(Buckets<ClientKey>);

impl ClientLimit {
    /// Allows so many requests of a client in a minute, all of them at once.
    pub(super) fn per_minute(requests: u32) -> ClientLimit {
        ClientLimit(Buckets::new(f64::from(requests), f64::from(requests) / MINUTE))
    }

    /// Counts a request. Errors: 429, which says when to come again.
    pub(super) fn take(&self, client: ClientKey) -> Result<(), ApiError> {
        let now = Instant::now();
        match self.0.take(client, now) {
            true => Ok(()),
            false => Err(ApiError::too_often(self.0.wait(&client, now))),
        }
    }
}
