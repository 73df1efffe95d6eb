//! The limit on how often a client asks the API and the wallet links.

use {
    axum::extract::Request,
    blockable_sdk::Pubkey,
    blockable_service::{
        buckets::Buckets,
        http::{ClientAddress, ClientNetwork},
    },
    std::{
        net::{IpAddr, Ipv4Addr},
        time::{Duration, Instant},
    },
};

/// Seconds of a minute.
const MINUTE: f64 = 60.0;

/// A client, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientKey {
    /// Whoever comes from a network.
    Network(ClientNetwork),
    /// A wallet that has signed in, wherever it comes from.
    Wallet(Pubkey),
}

impl ClientKey {
    /// Whoever comes from the network of a request.
    pub(crate) fn of_network(request: &Request) -> ClientKey {
        ClientKey::Network(network(request))
    }
}

/// The network that a request comes from.
pub(crate) fn network(request: &Request) -> ClientNetwork {
    let address = request.extensions().get::<ClientAddress>();
    // The listener sets it for every request.
    ClientNetwork::new(address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.0))
}

/// Counts what each client asks for.
pub(crate) struct ClientLimit(Buckets<ClientKey>);

impl ClientLimit {
    /// Allows so many requests of a client in a minute, all of them at once.
    pub(crate) fn per_minute(requests: u32) -> ClientLimit {
        ClientLimit(Buckets::new(f64::from(requests), f64::from(requests) / MINUTE))
    }

    /// Counts a request. Errors: the time after which the client may ask again.
    pub(crate) fn take(&self, client: ClientKey) -> Result<(), Duration> {
        let now = Instant::now();
        match self.0.take(client, now) {
            true => Ok(()),
            false => Err(self.0.wait(&client, now)),
        }
    }
}
