//! A cluster inside this process, whose clock can be moved, reached over JSON-RPC and WebSocket.

use {
    crate::{Chain, ELF, Loan, World},
    blockable_cluster::{
        Beginning, Cluster as Embedded, ClusterOptions, ClusterPorts, Pace, Program, QUICK_SLOT_MS,
        machine_time,
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey, addresses,
        amounts::ChainTime,
        client::Client,
        program::{instructions::MarketArgs, state::ProviderSettings},
    },
    tokio::{runtime::Handle, task::block_in_place},
};

/// A cluster of its own for each test, with a market on it.
pub struct Cluster {
    embedded: Embedded,
    /// The market.
    pub chain: Chain,
}

impl Cluster {
    /// Starts the cluster on free ports, with the program, funded parties, a market and a provider.
    pub async fn start() -> Cluster {
        Cluster::with(World::market_args(), World::capacity(), World::settings()).await
    }

    /// As [`Cluster::start`], with a market and a provider of one's own; see [`Chain::open`].
    pub async fn with(args: MarketArgs, capacity_units: u64, settings: ProviderSettings) -> Cluster {
        Cluster::on(Pace::PerTransaction { slot_ms: QUICK_SLOT_MS }, args, capacity_units, settings).await
    }

    /// As [`Cluster::start`], on a cluster that makes a block every `slot_ms` milliseconds, as real ones do. The others make
    /// one for each transaction.
    pub async fn ticking(slot_ms: u64) -> Cluster {
        let pace = Pace::PerSlot { slot_ms };
        Cluster::on(pace, World::market_args(), World::capacity(), World::settings()).await
    }

    /// As [`Cluster::start`], on a cluster whose clock shows `slot_ms` milliseconds for each block. Where that is much more
    /// than a real block takes, moving the clock would count as a stall.
    pub async fn with_slots_of(slot_ms: u64) -> Cluster {
        let pace = Pace::PerTransaction { slot_ms };
        Cluster::on(pace, World::market_args(), World::capacity(), World::settings()).await
    }

    async fn on(pace: Pace, args: MarketArgs, capacity_units: u64, settings: ProviderSettings) -> Cluster {
        let program = Program { address: PROGRAM_ID, elf: ELF.to_vec() };
        let embedded = Cluster::bare(pace, vec![program]).await;
        let client = Client::new(embedded.rpc_url());
        Chain::fund_fees(&client).await;
        let mut chain = Chain::open(client, args, capacity_units, settings).await;
        let clock = embedded.clock().clone();
        chain.mover = Some(Box::new(move |unix| {
            block_in_place(|| clock.move_to(ChainTime(unix))).expect("the embedded cluster");
        }));
        Cluster { embedded, chain }
    }

    /// Starts a cluster on free ports that has these programs and nothing else.
    pub async fn bare(pace: Pace, programs: Vec<Program>) -> Embedded {
        let options = ClusterOptions {
            ports: ClusterPorts::free().expect("free ports"),
            programs,
            beginning: Beginning::New(machine_time()),
            folder: None,
            pace,
            cheatcodes: false,
        };
        Embedded::start(options).await.expect("the embedded cluster")
    }

    /// Offers, accepts and issues the loan; returns its credit.
    pub async fn active(&mut self) -> Pubkey {
        let mut args = Loan::new(1).args;
        args.terms.offer_expires_at = 0;
        self.chain.active(args).await
    }

    /// Meters a credit with two reporters, as of the chain's clock.
    pub async fn meter(&mut self, credit: &Pubkey, cumulative: u64, in_flight: u64) {
        let meter = self.chain.metering(2, &[(*credit, cumulative, in_flight)]).await;
        self.chain.send(&[meter], &[]).await;
    }

    /// Moves the chain's clock forward.
    pub async fn pass(&self, seconds: u32) {
        let now = self.chain.client.chain_time().await.expect("the embedded cluster");
        self.chain.wait_until(now + i64::from(seconds)).await;
    }

    /// Stops the cluster's clock and blocks, or lets them go on.
    pub async fn stand_still(&self, stands: bool) {
        let clock = self.embedded.clock();
        block_in_place(|| if stands { clock.pause() } else { clock.resume() }).expect("the embedded cluster");
    }

    /// Freezes or thaws a credit's vault, as the mint's issuer can.
    pub async fn set_vault_frozen(&self, credit: &Pubkey, is_frozen: bool) {
        /// The byte of a token account that holds its state: 1 for an open one, 2 for a frozen one.
        const STATE: usize = 108;
        let vault = addresses::vault(credit);
        let mut account = self.chain.client.rpc().get_account(&vault).await.expect("the vault");
        account.data[STATE] = if is_frozen { 2 } else { 1 };
        self.embedded.set_account(&vault, account).await.expect("the embedded cluster");
    }

    /// The cluster's JSON-RPC.
    pub fn rpc_url(&self) -> String {
        self.embedded.rpc_url()
    }

    /// The cluster's WebSocket.
    pub fn ws_url(&self) -> String {
        self.embedded.ws_url()
    }

    /// Ends the cluster, and waits until its ports are free.
    pub fn stop(self) {
        block_in_place(|| Handle::current().block_on(self.embedded.stop())).expect("the embedded cluster");
    }
}
