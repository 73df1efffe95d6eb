//! The chain as a command finds it.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        error::CliError,
        settings::{Settings, Surroundings},
    },
    blockable_sdk::{
        Hash, Pubkey,
        amounts::ChainTime,
        client::{Client, PriorityFee, Sender},
        errors::ClientError,
        instructions::MarketKeys,
        program::state::{Market, MarketClock},
        rpc::describe,
    },
    blockable_service::command::cluster_name,
    serde_json::{Value, json},
    tokio::task::JoinSet,
};

/// A run: its settings, before anything is read.
pub(crate) struct Run {
    /// The settings.
    pub settings: Settings,
}

impl Run {
    /// Finds the settings. Errors: [`CliError::Settings`].
    pub(crate) fn new(
        global: &GlobalArgs,
        sign: Option<&SignArgs>,
        gate: Option<&str>,
    ) -> Result<Run, CliError> {
        let settings = Settings::resolve(&global.flags(sign, gate), &Surroundings::of_process())?;
        Ok(Run { settings })
    }

    /// Connects to the nodes and reads the chain's clock. Errors: [`CliError::NoNode`], [`CliError::TwoClusters`],
    /// [`CliError::Client`].
    pub(crate) async fn connect(&self) -> Result<Session<'_>, CliError> {
        Session::open(&self.settings).await
    }
}

/// A cluster, read by the first node that answers; the others send and confirm as well.
pub(crate) struct Session<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The node that is read.
    pub client: Client,
    others: Vec<Client>,
    /// Hash of the cluster's first block.
    pub genesis: Hash,
    /// The chain's clock as the command began.
    pub now: ChainTime,
}

impl<'a> Session<'a> {
    async fn open(settings: &'a Settings) -> Result<Session<'a>, CliError> {
        let mut asked = JoinSet::new();
        for (place, url) in settings.urls.value.iter().enumerate() {
            let client = Client::with_commitment(url, settings.commitment.value.config());
            asked.spawn(async move {
                let genesis = client.rpc().get_genesis_hash().await;
                (place, client, genesis)
            });
        }
        let (mut clients, mut genesis, mut failure): (Vec<Client>, Option<Hash>, String) = Default::default();
        while let Some(answer) = asked.join_next().await {
            let Ok((place, client, answer)) = answer else { continue };
            let number = place.saturating_add(1);
            match answer {
                Ok(hash) if genesis.is_some_and(|known| known != hash) => {
                    let first = genesis.map(|known| cluster_name(&known)).unwrap_or_default();
                    return Err(CliError::TwoClusters { first, second: cluster_name(&hash) });
                }
                Ok(hash) => genesis = Some(hash),
                Err(error) => {
                    failure = describe(&error);
                    if settings.urls.value.len() > 1 {
                        eprintln!(
                            "note: node {number} of {} does not answer: {failure}",
                            settings.urls.value.len()
                        );
                    }
                    // It may be back when the transaction is sent; it is never read.
                    clients.push(client);
                    continue;
                }
            }
            clients.insert(0, client);
        }
        let genesis = genesis.ok_or(CliError::NoNode(failure))?;
        let client = clients.remove(0);
        let now = ChainTime(client.chain_time().await?);
        Ok(Session { settings, client, others: clients, genesis, now })
    }

    /// The sender of the command's transactions, over all nodes.
    pub(crate) fn sender(&self) -> Sender<'_> {
        let most = self.settings.priority_fee.as_ref().map(|found| found.value);
        let fee = most.map_or(PriorityFee::None, |most| PriorityFee::Recent { most });
        Sender::new(&self.client).with_nodes(&self.others).with_priority_fee(fee)
    }

    /// All nodes, the one that is read first.
    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        std::iter::once(&self.client).chain(&self.others)
    }

    /// The cluster's name.
    pub(crate) fn cluster(&self) -> String {
        cluster_name(&self.genesis)
    }

    /// The cluster as data.
    pub(crate) fn cluster_json(&self) -> Value {
        json!({"name": self.cluster(), "genesis_hash": self.genesis.to_string()})
    }

    /// Reads a market. Errors: [`CliError::NotFound`], [`CliError::Client`], [`CliError::OutOfRange`].
    pub(crate) async fn market(&self, address: &Pubkey) -> Result<MarketView, CliError> {
        let account = match self.client.market(address).await {
            Ok(account) => account,
            Err(ClientError::NotFound { .. } | ClientError::Decode { .. }) => {
                return Err(CliError::NotFound(format!(
                    "there is no market at {address} on {}; check --market and --url",
                    self.cluster()
                )));
            }
            Err(error) => return Err(error.into()),
        };
        let clock = account.clock_at(self.now.get()).map_err(|_| CliError::OutOfRange(*address))?;
        Ok(MarketView { address: *address, account, clock })
    }

    /// Reads the market of the settings. Errors: [`CliError::Usage`] where none is named; as [`Session::market`].
    pub(crate) async fn named_market(&self) -> Result<MarketView, CliError> {
        let named = self.settings.market.as_ref().ok_or_else(|| {
            CliError::Usage(
                "no market is named; pass --market ADDRESS, or keep it with `blockable config set market ADDRESS`"
                    .to_string(),
            )
        })?;
        self.market(&named.value).await
    }
}

/// A market as a command finds it.
pub(crate) struct MarketView {
    /// Its address.
    pub address: Pubkey,
    /// Its account.
    pub account: Market,
    /// Its clock.
    pub clock: MarketClock,
}

impl MarketView {
    /// The market's account and payment token, for instructions.
    pub(crate) fn keys(&self) -> MarketKeys {
        MarketKeys {
            market: self.address,
            mint: self.account.payment_mint,
            token_program: self.account.token_program,
        }
    }

    /// The time on the chain's clock at which a market time comes if the market is not paused before.
    pub(crate) fn chain_time_of(&self, market_time: i64) -> ChainTime {
        ChainTime(market_time.saturating_sub(self.clock.market).saturating_add(self.clock.chain))
    }
}
