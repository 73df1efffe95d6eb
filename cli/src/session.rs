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
    std::{collections::BTreeMap, time::Duration},
    tokio::{task::JoinSet, time::timeout},
};

/// Seconds within which a transaction lands: interest grows until then, and what its bounds allow must suffice.
pub(crate) const LANDS_WITHIN: i64 = 120;
/// Time that further nodes have once one has answered: a freeze waits for no slow one.
const GRACE: Duration = Duration::from_millis(500);

/// Finds the settings of a command. Errors: [`CliError::Settings`].
pub(crate) fn settings(
    global: &GlobalArgs,
    sign: Option<&SignArgs>,
    gate: Option<&str>,
) -> Result<Settings, CliError> {
    Ok(Settings::resolve(&global.flags(sign, gate), &Surroundings::of_process())?)
}

/// A cluster, read by the first of its nodes that answers in time, in the order of the settings; all send and confirm.
pub(crate) struct Session {
    /// The settings.
    pub settings: Settings,
    /// The node that is read.
    pub client: Client,
    others: Vec<Client>,
    /// Hash of the cluster's first block.
    pub genesis: Hash,
    /// The chain's clock as the command began.
    pub now: ChainTime,
}

impl Session {
    /// Finds the settings, connects to the nodes and reads the chain's clock. Errors: [`CliError::Settings`], [`CliError::NoNode`],
    /// [`CliError::TwoClusters`], [`CliError::Client`].
    pub(crate) async fn open(
        global: &GlobalArgs,
        sign: Option<&SignArgs>,
        gate: Option<&str>,
    ) -> Result<Session, CliError> {
        let settings = settings(global, sign, gate)?;
        let mut nodes = Nodes::ask(&settings).await?;
        let Some((_, (client, genesis))) = nodes.answered.pop_first() else {
            return Err(CliError::NoNode(nodes.failure));
        };
        let others = nodes.answered.into_values().map(|(client, _)| client).chain(nodes.silent).collect();
        let now = ChainTime(client.chain_time().await?);
        Ok(Session { settings, client, others, genesis, now })
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

/// The nodes of the settings by their answers.
struct Nodes {
    /// Those that have answered, by their place in the settings, with the hash of their first block.
    answered: BTreeMap<usize, (Client, Hash)>,
    /// The others: one may be back when a transaction is sent, and is never read.
    silent: Vec<Client>,
    /// The latest failure.
    failure: String,
}

impl Nodes {
    /// Asks every node for its cluster, and waits no longer than [`GRACE`] for the others once one has answered. Errors:
    /// [`CliError::TwoClusters`].
    async fn ask(settings: &Settings) -> Result<Nodes, CliError> {
        let client = |url: &str| Client::with_commitment(url, settings.commitment.value.config());
        let mut asked = JoinSet::new();
        for (place, url) in settings.urls.value.iter().enumerate() {
            let client = client(url);
            asked.spawn(async move {
                let genesis = client.rpc().get_genesis_hash().await;
                (place, client, genesis)
            });
        }
        let mut nodes = Nodes { answered: BTreeMap::new(), silent: Vec::new(), failure: String::new() };
        let mut failures = BTreeMap::new();
        loop {
            let answer = match nodes.answered.is_empty() {
                true => asked.join_next().await,
                false => timeout(GRACE, asked.join_next()).await.unwrap_or(None),
            };
            match answer {
                Some(Ok((place, client, Ok(hash)))) => nodes.add(place, client, hash)?,
                Some(Ok((place, _, Err(error)))) => drop(failures.insert(place, describe(&error))),
                Some(Err(_)) => {}
                None => break,
            }
        }
        let count = settings.urls.value.len();
        for (place, url) in settings.urls.value.iter().enumerate() {
            if nodes.answered.contains_key(&place) {
                continue;
            }
            nodes.silent.push(client(url));
            nodes.failure = failures.remove(&place).unwrap_or_else(|| "it is slower than the others".into());
            if count > 1 {
                eprintln!(
                    "note: node {} of {count} does not answer: {}",
                    place.saturating_add(1),
                    nodes.failure
                );
            }
        }
        Ok(nodes)
    }

    fn add(&mut self, place: usize, client: Client, hash: Hash) -> Result<(), CliError> {
        if let Some((_, known)) = self.answered.values().find(|(_, known)| *known != hash) {
            let (first, second) = (cluster_name(known), cluster_name(&hash));
            return Err(CliError::TwoClusters { first, second });
        }
        self.answered.insert(place, (client, hash));
        Ok(())
    }
}
