//! The cluster of a demo: one inside this process, whose clock can be moved, or a running node.

use {
    crate::DemoError,
    blockable_sandbox::{
        SandboxError,
        cluster::{
            Beginning, Cluster as Embedded, ClusterOptions, ClusterPorts, Pace, QUICK_SLOT_MS, machine_time,
        },
        programs::market_program,
    },
    blockable_sdk::{PROGRAM_ID, amounts::ChainTime, client::Client},
    std::time::Duration,
    tokio::time::{Instant, sleep, timeout},
    url::Url,
};

/// Time within which a node must answer, and within which the chain's clock must move.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two reads of the chain's clock.
const POLL: Duration = Duration::from_millis(100);

/// A cluster and a client of it.
pub(crate) struct Cluster {
    /// Its JSON-RPC.
    pub url: String,
    /// The client.
    pub client: Client,
    embedded: Option<Embedded>,
}

impl Cluster {
    /// Starts a cluster in this process with the program loaded.
    pub(crate) async fn embedded() -> Result<Cluster, DemoError> {
        let embedded = Embedded::start(ClusterOptions {
            ports: ClusterPorts::free().map_err(SandboxError::from)?,
            programs: vec![market_program()?],
            beginning: Beginning::New(machine_time()),
            folder: None,
            pace: Pace::PerTransaction { slot_ms: QUICK_SLOT_MS },
            cheatcodes: false,
        });
        let embedded = embedded.await.map_err(SandboxError::from)?;
        let url = embedded.rpc_url();
        Ok(Cluster { client: Client::new(url.as_str()), url, embedded: Some(embedded) })
    }

    /// Connects to a node that has the program. Errors name the node by its host alone: a path or query may hold a key.
    pub(crate) async fn remote(url: &Url) -> Result<Cluster, DemoError> {
        let client = Client::new(url.as_str());
        let host = url.origin().ascii_serialization();
        let reached = timeout(PATIENCE, client.rpc().get_version()).await;
        if !matches!(reached, Ok(Ok(_))) {
            return Err(DemoError::Unreachable(host));
        }
        let program = client.rpc().get_account_with_commitment(&PROGRAM_ID, client.rpc().commitment()).await;
        match program.map(|response| response.value) {
            Ok(Some(account)) if account.executable => {
                Ok(Cluster { url: url.to_string(), client, embedded: None })
            }
            Ok(_) => Err(DemoError::NoProgram(host)),
            Err(_) => Err(DemoError::Unreachable(host)),
        }
    }

    /// True where the clock can be moved.
    pub(crate) fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Reads the chain's clock. Errors: [`DemoError::Client`].
    pub(crate) async fn now(&self) -> Result<ChainTime, DemoError> {
        Ok(ChainTime(self.client.chain_time().await?))
    }

    /// Waits until the chain's clock shows a time, or moves it there. Calls `tick` with the seconds that are left.
    /// Returns the time that the clock shows then. Errors: [`DemoError::ClockStalled`], [`DemoError::Client`].
    pub(crate) async fn wait_until(
        &self,
        until: ChainTime,
        tick: impl Fn(i64),
    ) -> Result<ChainTime, DemoError> {
        if let Some(embedded) = &self.embedded {
            return Ok(embedded.move_clock(until).await.map_err(SandboxError::from)?);
        }
        let (mut last, mut moved) = (None, Instant::now());
        loop {
            let now = self.now().await?;
            if now >= until {
                return Ok(now);
            }
            tick(until.seconds_since(now));
            if last.is_none_or(|last| now > last) {
                (last, moved) = (Some(now), Instant::now());
            } else if moved.elapsed() > PATIENCE {
                return Err(DemoError::ClockStalled);
            }
            sleep(POLL).await;
        }
    }

    /// Ends the embedded cluster.
    pub(crate) async fn stop(self) -> Result<(), DemoError> {
        match self.embedded {
            Some(embedded) => Ok(embedded.stop().await.map_err(SandboxError::from)?),
            None => Ok(()),
        }
    }
}
