//! A cluster inside this process, whose clock can be moved, reached over JSON-RPC and WebSocket.

use {
    crate::{Chain, ELF, Loan, World},
    blockable_sdk::{
        PROGRAM_ID, Pubkey, addresses,
        client::Client,
        program::{instructions::MarketArgs, state::ProviderSettings},
    },
    serde_json::Value,
    solana_client::rpc_request::RpcRequest,
    std::rc::Rc,
    surfpool_sdk::{BlockProductionMode, Surfnet, SurfnetBuilder, cheatcodes::builders::DeployProgram},
    tokio::task::block_in_place,
};

/// A cluster of its own for each test, with a market on it.
pub struct Cluster {
    surfnet: Rc<Surfnet>,
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
        Cluster::on(Surfnet::builder().offline(true), args, capacity_units, settings).await
    }

    /// As [`Cluster::start`], on a cluster that makes a block every `slot_ms` milliseconds, as real ones do. The others make
    /// one for each transaction.
    pub async fn ticking(slot_ms: u64) -> Cluster {
        let builder = Surfnet::builder()
            .offline(true)
            .block_production_mode(BlockProductionMode::Clock)
            .slot_time_ms(slot_ms);
        Cluster::on(builder, World::market_args(), World::capacity(), World::settings()).await
    }

    /// As [`Cluster::start`], on a cluster whose clock shows `slot_ms` milliseconds for each block. Where that is much more
    /// than a real block takes, moving the clock looks like a cluster that stood still.
    pub async fn with_slots_of(slot_ms: u64) -> Cluster {
        let builder = Surfnet::builder().offline(true).slot_time_ms(slot_ms);
        Cluster::on(builder, World::market_args(), World::capacity(), World::settings()).await
    }

    async fn on(
        builder: SurfnetBuilder,
        args: MarketArgs,
        capacity_units: u64,
        settings: ProviderSettings,
    ) -> Cluster {
        let surfnet = Rc::new(builder.start().await.expect("the embedded cluster"));
        let deploy = DeployProgram::new(PROGRAM_ID).so_bytes(ELF.to_vec());
        block_in_place(|| surfnet.cheatcodes().deploy(deploy)).expect("the embedded cluster");
        let client = Client::new(surfnet.rpc_url());
        Chain::fund_fees(&client).await;
        let mut chain = Chain::open(client, args, capacity_units, settings).await;
        let mover = surfnet.clone();
        chain.mover = Some(Box::new(move |unix| move_clock(&mover, unix)));
        Cluster { surfnet, chain }
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

    /// Makes the cluster stand still, clock and blocks, or go on.
    pub async fn stand_still(&self, stands: bool) {
        let method = if stands { "surfnet_pauseClock" } else { "surfnet_resumeClock" };
        let request = RpcRequest::Custom { method };
        let answer = self.chain.client.rpc().send::<Value>(request, Value::Array(Vec::new())).await;
        answer.expect("the embedded cluster");
    }

    /// Freezes or thaws a credit's vault, as the mint's issuer can.
    pub async fn set_vault_frozen(&self, credit: &Pubkey, is_frozen: bool) {
        /// The byte of a token account that holds its state: 1 for an open one, 2 for a frozen one.
        const STATE: usize = 108;
        let vault = addresses::vault(credit);
        let mut account = self.chain.client.rpc().get_account(&vault).await.expect("the vault");
        account.data[STATE] = if is_frozen { 2 } else { 1 };
        let (lamports, data, owner) = (account.lamports, &account.data, &account.owner);
        block_in_place(|| self.surfnet.cheatcodes().set_account(&vault, lamports, data, owner))
            .expect("the embedded cluster");
    }

    /// The cluster's JSON-RPC.
    pub fn rpc_url(&self) -> String {
        self.surfnet.rpc_url().to_string()
    }

    /// The cluster's WebSocket.
    pub fn ws_url(&self) -> String {
        self.surfnet.ws_url().to_string()
    }

    /// Ends the cluster.
    pub fn stop(self) {
        drop(self.chain);
        let mut surfnet = Rc::into_inner(self.surfnet).expect("the only one who holds the cluster");
        block_in_place(|| surfnet.stop()).expect("the embedded cluster");
    }
}

fn move_clock(surfnet: &Surfnet, unix: i64) {
    let millis = u64::try_from(unix).expect("the embedded cluster") * 1_000;
    block_in_place(|| surfnet.cheatcodes().time_travel_to_timestamp(millis)).expect("the embedded cluster");
}
