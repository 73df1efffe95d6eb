//! The cluster of a demo: one inside this process, whose clock can be moved, or a running node.

use {
    crate::DemoError,
    blockable_sdk::{
        PROGRAM_ID, Pubkey,
        amounts::{ChainTime, LAMPORTS_PER_SOL},
        client::Client,
    },
    blockable_testkit::{ELF_VARIABLE, read_elf},
    std::time::Duration,
    surfpool_sdk::{Surfnet, cheatcodes::builders::DeployProgram},
    tokio::time::{Instant, sleep, timeout},
    url::Url,
};

/// The committed program.
const ELF: &[u8] = include_bytes!("../../app-idl/blockable_credits.so");
/// Time within which an airdrop must arrive, and within which the chain's clock must move.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two reads of the chain.
const POLL: Duration = Duration::from_millis(100);
/// Pause on the cluster in this process, whose clock moves at once.
const EMBEDDED_POLL: Duration = Duration::from_millis(5);

/// The program's bytes: those of the file that [`ELF_VARIABLE`] names, or else the committed ones.
fn program() -> Result<Vec<u8>, DemoError> {
    match std::env::var_os(ELF_VARIABLE) {
        None => Ok(ELF.to_vec()),
        Some(_) => Ok(read_elf()?),
    }
}

/// A cluster and a client of it.
pub(crate) struct Cluster {
    /// The client.
    pub client: Client,
    embedded: Option<Surfnet>,
}

impl Cluster {
    /// Starts a cluster in this process with the program loaded.
    pub(crate) async fn embedded() -> Result<Cluster, DemoError> {
        let surfnet = Surfnet::builder().offline(true).start().await.map_err(DemoError::embedded)?;
        let deploy = DeployProgram::new(PROGRAM_ID).so_bytes(program()?);
        tokio::task::block_in_place(|| surfnet.cheatcodes().deploy(deploy)).map_err(DemoError::embedded)?;
        Ok(Cluster { client: Client::new(surfnet.rpc_url()), embedded: Some(surfnet) })
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
            Ok(Some(account)) if account.executable => Ok(Cluster { client, embedded: None }),
            Ok(_) => Err(DemoError::NoProgram(host)),
            Err(_) => Err(DemoError::Unreachable(host)),
        }
    }

    /// True where the clock can be moved.
    pub(crate) fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Gives accounts SOL for fees and rent. Errors: [`DemoError::Airdrop`].
    pub(crate) async fn airdrop(&self, addresses: &[Pubkey]) -> Result<(), DemoError> {
        let rpc = self.client.rpc();
        for address in addresses {
            rpc.request_airdrop(address, 10 * LAMPORTS_PER_SOL).await.map_err(DemoError::airdrop)?;
        }
        let deadline = Instant::now() + PATIENCE;
        for address in addresses {
            while rpc.get_balance(address).await.map_err(DemoError::airdrop)? == 0 {
                if Instant::now() > deadline {
                    return Err(DemoError::airdrop("it was accepted but did not arrive within a minute"));
                }
                sleep(self.pause()).await;
            }
        }
        Ok(())
    }

    /// Pause between two reads, which is short where the clock moves at once.
    fn pause(&self) -> Duration {
        if self.is_embedded() { EMBEDDED_POLL } else { POLL }
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
        let (mut last, mut moved) = (None, Instant::now());
        loop {
            let now = self.now().await?;
            if now >= until {
                return Ok(now);
            }
            if let Some(surfnet) = &self.embedded {
                let target = u64::try_from(until.get()).unwrap_or_default() * 1_000;
                tokio::task::block_in_place(|| surfnet.cheatcodes().time_travel_to_timestamp(target))
                    .map_err(DemoError::embedded)?;
            } else {
                tick(until.seconds_since(now));
            }
            if last.is_none_or(|last| now > last) {
                (last, moved) = (Some(now), Instant::now());
            } else if moved.elapsed() > PATIENCE {
                return Err(DemoError::ClockStalled);
            }
            sleep(self.pause()).await;
        }
    }

    /// Ends the embedded cluster.
    pub(crate) fn stop(self) -> Result<(), DemoError> {
        match self.embedded {
            Some(mut surfnet) => tokio::task::block_in_place(|| surfnet.stop()).map_err(DemoError::embedded),
            None => Ok(()),
        }
    }
}
