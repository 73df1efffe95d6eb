//! The provider's server and the keeper, in this process, each on its file of settings.

use {
    crate::{SandboxError, disk::replace, folder::Folder, loans::LoanName, venue::Venue},
    blockable_cluster::Cluster,
    blockable_keeper::{Config as KeeperConfig, Keeper, KeeperAddrs},
    blockable_provider::{Config as ProviderConfig, Server, init},
    blockable_service::settings::ConfigError,
    std::{
        net::SocketAddr,
        path::{Path, PathBuf},
        thread::{self, JoinHandle},
        time::Duration,
    },
    tokio::{
        runtime::Builder,
        sync::{oneshot, watch},
        task::spawn_blocking,
        time::{Instant, sleep},
    },
};

/// The parts, as errors name them.
const SERVER: &str = "the provider's server";
const KEEPER: &str = "the keeper";
/// Longest time until a part is ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two questions whether a part is ready.
const POLL: Duration = Duration::from_millis(20);

/// The ports of the provider's server, and that of the page which may call it from a browser.
pub(crate) struct ProviderPorts {
    pub(crate) api: u16,
    pub(crate) health: u16,
    pub(crate) page: u16,
}

/// Starts the provider's server, and waits until its gate has seen the loans. Errors: [`SandboxError`].
pub(crate) async fn start_provider(
    cluster: &Cluster,
    venue: &Venue,
    folder: &Folder,
    ports: ProviderPorts,
    models: &str,
) -> Result<Server, SandboxError> {
    let place = folder.provider()?;
    for secret in ["secret", "admin.token"] {
        let secret = place.join(secret);
        if !secret.exists() {
            init::write_secret(&secret)?;
        }
    }
    let mut text = format!(
        include_str!("../files/provider.toml"),
        port = ports.api,
        health = ports.health,
        page = ports.page,
        rpc_url = cluster.rpc_url(),
        ws_url = cluster.ws_url(),
        market = venue.keys.market,
        provider = venue.provider,
    );
    text += models;
    let file = write_settings(&place.join("provider.toml"), &text)?;
    let config = ProviderConfig::FILE.load(&file).map_err(|error| refused(SERVER, error))?;
    let server = Server::start(config).await?;
    let credit = venue.credit_address(LoanName::Healthy.nonce());
    let deadline = Instant::now() + PATIENCE;
    while server.gate().room(&credit).is_err() {
        if Instant::now() > deadline {
            server.stop().await;
            return Err(SandboxError::NotReady(SERVER));
        }
        sleep(POLL).await;
    }
    Ok(server)
}

/// A keeper that runs in a thread and a runtime of its own, as it does in its own process.
pub(crate) struct RunningKeeper {
    /// The addresses of its API and page, and of its health.
    pub(crate) addrs: KeeperAddrs,
    /// The file of the operator's token.
    pub(crate) token_file: PathBuf,
    stop: watch::Sender<bool>,
    /// The reason of its end, once it has ended.
    ended: watch::Receiver<Option<String>>,
    /// `None` once it is being waited for.
    thread: Option<JoinHandle<Result<(), SandboxError>>>,
}

impl RunningKeeper {
    /// Starts the keeper, and waits until it has read the market and can work. Errors: [`SandboxError`].
    pub(crate) async fn start(
        cluster: &Cluster,
        venue: &Venue,
        folder: &Folder,
        (port, health): (u16, u16),
        provider: SocketAddr,
    ) -> Result<RunningKeeper, SandboxError> {
        let text = format!(
            include_str!("../files/keeper.toml"),
            port = port,
            health = health,
            rpc_url = cluster.rpc_url(),
            ws_url = cluster.ws_url(),
            market = venue.keys.market,
            provider = venue.provider,
            provider_addr = provider,
        );
        let place = folder.keeper()?;
        let token = place.join("api.token");
        if !token.exists() {
            init::write_secret(&token)?;
        }
        let file = write_settings(&place.join("keeper.toml"), &text)?;
        let config = KeeperConfig::FILE.load(&file).map_err(|error| refused(KEEPER, error))?;
        let (stop, stopped) = watch::channel(false);
        let (listening, listens) = oneshot::channel();
        let (end, ended) = watch::channel(None);
        let run = move || {
            let served = serve_keeper(config, stopped, listening);
            let reason = served.as_ref().err().map(ToString::to_string);
            end.send_replace(Some(reason.unwrap_or_else(|| "it was told to stop".to_string())));
            served
        };
        let thread =
            thread::Builder::new().name("keeper".to_string()).spawn(run).map_err(SandboxError::thread)?;
        let Ok(addrs) = listens.await else {
            // It ended before it served.
            return Err(join(thread).await.err().unwrap_or(SandboxError::NotReady(KEEPER)));
        };
        let keeper = RunningKeeper { addrs, token_file: token, stop, ended, thread: Some(thread) };
        if keeper.is_ready_in_time().await {
            return Ok(keeper);
        }
        Err(keeper.stop().await.err().unwrap_or(SandboxError::NotReady(KEEPER)))
    }

    /// Asks its `/readyz` until it is ready. Returns false where it ends, or is not in time.
    async fn is_ready_in_time(&self) -> bool {
        let Ok(http) = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build() else { return false };
        let (url, deadline) = (format!("http://{}/readyz", self.addrs.ops), Instant::now() + PATIENCE);
        while Instant::now() < deadline && self.ended.borrow().is_none() {
            if http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            sleep(POLL).await;
        }
        false
    }

    /// Waits until it has ended, and returns the reason.
    pub(crate) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        let reason = ended.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| "its thread panicked".to_string())
    }

    /// Stops it and waits for its end. Errors: [`SandboxError`].
    pub(crate) async fn stop(mut self) -> Result<(), SandboxError> {
        self.stop.send_replace(true);
        match self.thread.take() {
            Some(thread) => join(thread).await,
            None => Ok(()),
        }
    }
}

impl Drop for RunningKeeper {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn serve_keeper(
    config: KeeperConfig,
    stopped: watch::Receiver<bool>,
    listening: oneshot::Sender<KeeperAddrs>,
) -> Result<(), SandboxError> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(SandboxError::thread)?.block_on(async {
        let keeper = Keeper::open(config).await?;
        Ok(keeper.serve(stopped, listening).await?)
    })
}

/// Writes a file of settings over that of the last start, whose ports may have been others. Errors: [`SandboxError::File`].
fn write_settings(path: &Path, text: &str) -> Result<PathBuf, SandboxError> {
    replace(path, text.as_bytes())?;
    Ok(path.to_path_buf())
}

/// The reason for which a part refuses its settings. It does not name the file, which may be gone when the reason is read.
fn refused(part: &'static str, error: ConfigError) -> SandboxError {
    let reason = match error {
        ConfigError::Mistakes { mistakes, .. } => mistakes.join("; "),
        other => other.to_string(),
    };
    SandboxError::Settings { part, reason }
}

async fn join(thread: JoinHandle<Result<(), SandboxError>>) -> Result<(), SandboxError> {
    let ended = spawn_blocking(move || thread.join()).await.map_err(SandboxError::thread)?;
    ended.map_err(|_| SandboxError::thread("it panicked"))?
}
