//! Health and metrics, on a listener of their own: clients of the API cannot shut probes out, however many there are.

pub(crate) mod recorder;
pub(crate) mod routes;

#[cfg(test)]
mod tests;

pub(crate) use recorder::install_recorder;

use {
    crate::{
        chain::Snapshot,
        health::Health,
        server::{ListenError, ListenerBounds, Listening},
    },
    axum::{Router, routing::get},
    blockable_service::{http::TrustedProxies, settings::Reader},
    metrics_exporter_prometheus::PrometheusHandle,
    std::{
        net::{IpAddr, Ipv4Addr, SocketAddr},
        sync::Arc,
        time::Duration,
    },
    tokio::{sync::watch, task::JoinHandle},
};

/// The address without a setting.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8421);
/// Most connections: probes and scrapers are few.
const CONNECTIONS: usize = 64;
/// The longest answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Settings of the listener, `[ops]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpsSettings {
    /// The address and port to listen at.
    pub(crate) listen: SocketAddr,
}

impl Default for OpsSettings {
    fn default() -> OpsSettings {
        OpsSettings { listen: LISTEN }
    }
}

impl OpsSettings {
    /// Reads `[ops]`; the reader collects mistakes.
    pub(crate) fn read(reader: &mut Reader) -> OpsSettings {
        reader.section("ops", |reader| OpsSettings { listen: read_listen(reader, LISTEN) })
    }
}

/// Reads the address in `listen`; `otherwise` where there is none.
pub(crate) fn read_listen(reader: &mut Reader, otherwise: SocketAddr) -> SocketAddr {
    let Some(text) = reader.optional::<String>("listen") else { return otherwise };
    text.parse().unwrap_or_else(|_| {
        reader.mistake("listen", format!("is not an address with a port; write it as {otherwise}"));
        otherwise
    })
}

/// The state that probes are answered from.
#[derive(Clone)]
pub(crate) struct OpsState {
    /// Progress of loops and parts.
    pub(crate) health: Health,
    /// The latest snapshot of the chain; none before the first.
    pub(crate) snapshot: watch::Receiver<Option<Arc<Snapshot>>>,
    /// Renders metrics; `None` where none are recorded.
    pub(crate) metrics: Option<PrometheusHandle>,
}

/// Listens at the address of the settings, and serves until `stop` is true. Returns the address. Errors: [`ListenError`].
pub(crate) async fn start(
    settings: &OpsSettings,
    state: OpsState,
    stop: watch::Receiver<bool>,
) -> Result<(SocketAddr, JoinHandle<()>), ListenError> {
    let listening = Listening::bind("ops.listen", settings.listen).await?;
    let bounds = ListenerBounds {
        connections: CONNECTIONS,
        deadline: DEADLINE,
        body_bytes: 0,
        proxies: TrustedProxies::default(),
    };
    Ok((listening.addr(), listening.serve(router(state), bounds, stop)))
}

fn router(state: OpsState) -> Router {
    Router::new()
        .route("/livez", get(routes::livez))
        .route("/readyz", get(routes::readyz))
        .route("/metrics", get(routes::metrics))
        .fallback(routes::no_such_path)
        .with_state(Arc::new(state))
}
