//! The provider's server and the keeper, in this process, each on its file of settings.

use {
    crate::{
        SandboxError,
        cluster::{Cluster, replace},
        folder::Folder,
        loans::LoanName,
        venue::Venue,
    },
    blockable_keeper::{Config as KeeperConfig, Keeper},
    blockable_provider::{Config as ProviderConfig, Server, init},
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

/// Longest time until a part is ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const POLL: Duration = Duration::from_millis(20);

/// Starts the provider's server, and waits until its gate has seen the loans. Errors: [`SandboxError`].
pub(crate) async fn start_provider(
    cluster: &Cluster,
    venue: &Venue,
    folder: &Folder,
    (port, health): (u16, u16),
    models: &str,
) -> Result<Server, SandboxError> {
    let place = folder.provider()?;
    let secret = place.join("secret");
    if !secret.exists() {
        init::write_secret(&secret)?;
    }
    let mut text = format!(
        include_str!("../files/provider.toml"),
        port = port,
        health = health,
        rpc_url = cluster.rpc_url(),
        ws_url = cluster.ws_url(),
        market = venue.keys.market,
        provider = venue.provider,
    );
    text += models;
    let file = write_settings(&place.join("provider.toml"), &text)?;
    let server = Server::start(ProviderConfig::FILE.load(&file)?).await?;
    let credit = venue.credit_address(LoanName::Healthy.nonce());
    let deadline = Instant::now() + PATIENCE;
    while server.gate().room(&credit).is_err() {
        if Instant::now() > deadline {
            server.stop().await;
            return Err(SandboxError::NotReady("the provider's server"));
        }
        sleep(POLL).await;
    }
    Ok(server)
}

/// A keeper that runs in a thread and a runtime of its own, as it does in its own process.
pub(crate) struct RunningKeeper {
    /// The address of its API.
    pub(crate) addr: SocketAddr,
    stop: watch::Sender<bool>,
    thread: JoinHandle<Result<(), SandboxError>>,
}

impl RunningKeeper {
    /// Starts the keeper. Errors: [`SandboxError`].
    pub(crate) async fn start(
        cluster: &Cluster,
        venue: &Venue,
        folder: &Folder,
        port: u16,
        provider: SocketAddr,
    ) -> Result<RunningKeeper, SandboxError> {
        let text = format!(
            include_str!("../files/keeper.toml"),
            port = port,
            rpc_url = cluster.rpc_url(),
            ws_url = cluster.ws_url(),
            market = venue.keys.market,
            provider = venue.provider,
            provider_addr = provider,
        );
        let file = write_settings(&folder.keeper()?.join("keeper.toml"), &text)?;
        let config = KeeperConfig::FILE.load(&file)?;
        let (stop, stopped) = watch::channel(false);
        let (listening, listens) = oneshot::channel();
        let run = move || {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.map_err(SandboxError::thread)?;
            runtime.block_on(async {
                let keeper = Keeper::open(config).await?;
                Ok(keeper.serve(stopped, listening).await?)
            })
        };
        let thread =
            thread::Builder::new().name("keeper".to_string()).spawn(run).map_err(SandboxError::thread)?;
        match listens.await {
            Ok(addr) => Ok(RunningKeeper { addr, stop, thread }),
            // It ended before it served.
            Err(_) => Err(end(thread).await.err().unwrap_or(SandboxError::NotReady("the keeper"))),
        }
    }

    /// Stops it and waits for its end. Errors: [`SandboxError`].
    pub(crate) async fn stop(self) -> Result<(), SandboxError> {
        self.stop.send_replace(true);
        end(self.thread).await
    }
}

/// Writes a file of settings over that of the last start, whose ports may have been others. Errors: [`SandboxError::File`].
fn write_settings(path: &Path, text: &str) -> Result<PathBuf, SandboxError> {
    replace(path, text.as_bytes()).map_err(|error| SandboxError::file(path, error))?;
    Ok(path.to_path_buf())
}

async fn end(thread: JoinHandle<Result<(), SandboxError>>) -> Result<(), SandboxError> {
    let ended = spawn_blocking(move || thread.join()).await.map_err(SandboxError::thread)?;
    ended.map_err(|_| SandboxError::thread("it panicked"))?
}
