//! The time that a critical alert takes to its sink while thousands of others wait there.

use {
    super::super::{
        BenchError,
        performance::{Bound, Figure},
    },
    axum::{Router, body::Bytes},
    blockable_keeper::parts::{AlertStorm, Store},
    std::time::{Duration, Instant},
    tokio::{net::TcpListener, sync::mpsc, time::timeout},
};

/// Alerts that wait.
const WAITING: u32 = 5_000;
/// Critical alerts, one after the other.
const CRITICAL: u32 = 50;
/// Longest wait for one.
const PATIENCE: Duration = Duration::from_secs(60);
/// The secret of posts.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Seconds from the commit of a critical alert to its post, at a webhook that never answers what is not critical.
pub fn critical() -> Result<Vec<Figure>, BenchError> {
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    let slowest = runtime.block_on(async {
        let folder = tempfile::tempdir().map_err(BenchError::setup)?;
        let secret = folder.path().join("secret");
        blockable_service::private_file::replace(&secret, SECRET.as_bytes()).map_err(BenchError::setup)?;
        let (url, mut arrivals) = webhook().await?;
        let store = Store::open(&folder.path().join("data")).map_err(BenchError::setup)?;
        let storm = AlertStorm::start(store, &url, &secret).await.map_err(BenchError::setup)?;
        storm.raise_warnings(WAITING).await.map_err(BenchError::setup)?;
        let mut slowest = Duration::ZERO;
        for number in 100_000..100_000 + CRITICAL {
            let committed = storm.raise_critical(number).await.map_err(BenchError::setup)?;
            let arrived = timeout(PATIENCE, arrivals.recv()).await.map_err(BenchError::setup)?;
            let arrived = arrived.ok_or_else(|| BenchError::Setup("the webhook has ended".to_string()))?;
            slowest = slowest.max(arrived.saturating_duration_since(committed));
        }
        Ok::<_, BenchError>(slowest)
    })?;
    let name =
        format!("a critical alert behind {WAITING} others at a sink that hangs, slowest of {CRITICAL}");
    Ok(vec![Figure::new(name, slowest.as_secs_f64(), "s", Bound::AtMost(2.0))])
}

/// Starts the webhook. Returns its URL, and the moments at which critical alerts come.
async fn webhook() -> Result<(String, mpsc::UnboundedReceiver<Instant>), BenchError> {
    let (sender, arrivals) = mpsc::unbounded_channel();
    let take = move |body: Bytes| {
        let sender = sender.clone();
        async move {
            let arrived = Instant::now();
            if String::from_utf8_lossy(&body).contains("\"severity\":\"critical\"") {
                // The bench has ended where nobody hears of it.
                let _ = sender.send(arrived);
                return;
            }
            std::future::pending::<()>().await;
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(BenchError::setup)?;
    let url = format!("http://{}/", listener.local_addr().map_err(BenchError::setup)?);
    let router = Router::new().fallback(take);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, arrivals))
}
