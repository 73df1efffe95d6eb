//! The chain as a command finds it.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        error::CliError,
        kind::kind_of,
        output::warn,
        settings::{Settings, Surroundings},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Lamports, MarketTime},
        client::Client,
        errors::ClientError,
        instructions::MarketKeys,
        program::state::{Market, MarketClock},
    },
    blockable_service::{
        command::{CarryError, MarketHead, Nodes},
        text,
    },
    serde_json::Value,
    std::{
        collections::{BTreeMap, BTreeSet},
        time::{SystemTime, UNIX_EPOCH},
    },
};

/// Seconds by which the chain's clock and this machine's may differ. A cluster keeps its clock to within seconds of the world's.
const CLOCKS_DIFFER: i64 = 60;

/// Finds the settings of a command. Errors: [`CliError::Settings`].
pub(crate) fn settings(
    global: &GlobalArgs,
    sign: Option<&SignArgs>,
    gate: Option<&str>,
) -> Result<Settings, CliError> {
    Ok(Settings::resolve(&global.flags(sign, gate), &Surroundings::from_process())?)
}

/// The chain as a command finds it, by the nodes of the settings.
pub(crate) struct Session {
    /// The settings.
    pub settings: Settings,
    /// The node that is read.
    pub client: Client,
    /// The cluster.
    pub nodes: Nodes,
    /// The chain's clock as the command began.
    pub now: ChainTime,
    /// Seconds by which it was behind this machine's; negative where it was ahead.
    behind: i64,
}

impl Session {
    /// Finds the settings, connects to the nodes and reads the chain's clock. Warns where that differs from this machine's: a single node
    /// that stands still has nobody to be behind. A multisig that is to act is read first: for a wrong address, a lack of money in its
    /// vault would mislead. Errors: [`CliError::Settings`], [`CliError::Nodes`], [`CliError::Carry`].
    pub(crate) async fn open(
        global: &GlobalArgs,
        sign: Option<&SignArgs>,
        gate: Option<&str>,
    ) -> Result<Session, CliError> {
        let settings = settings(global, sign, gate)?;
        let nodes = Nodes::open(&settings.urls.value, settings.commitment.value.config()).await?;
        let client = nodes.client.clone();
        if let Some(proposing) = sign.and_then(SignArgs::proposing) {
            proposing.require_multisig(&nodes).await.map_err(CarryError::from)?;
        }
        let now = ChainTime(client.chain_time().await?);
        let session = Session { settings, client, nodes, now, behind: unix_now().saturating_sub(now.get()) };
        match session.behind {
            _ if session.is_behind() => warn(&format!(
                "{}; ask another node by --url, or set this machine's clock if it is wrong",
                session.how_far_behind()
            )),
            behind if behind < -CLOCKS_DIFFER => warn(&format!(
                "the chain's clock is {} ahead of this machine's; set this machine's clock if it is wrong",
                text::span(behind.saturating_neg())
            )),
            _ => {}
        }
        Ok(session)
    }

    /// True where the chain's clock is so far behind that the node may stand still.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind > CLOCKS_DIFFER
    }

    /// Words for that.
    pub(crate) fn how_far_behind(&self) -> String {
        let behind = text::span(self.behind);
        format!(
            "the chain's clock is {behind} behind this machine's: the node may stand still, and what it shows may be old"
        )
    }

    /// The most priority fee of a transaction, in micro-lamports per compute unit.
    pub(crate) fn most_fee(&self) -> Option<u64> {
        self.settings.priority_fee.as_ref().map(|setting| setting.value)
    }

    /// All nodes, the one that is read first.
    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.nodes.clients()
    }

    /// The cluster's name.
    pub(crate) fn cluster(&self) -> String {
        self.nodes.cluster()
    }

    /// The cluster as data.
    pub(crate) fn cluster_json(&self) -> Value {
        self.nodes.cluster_json()
    }

    /// The rent of an account of so many bytes. Errors: [`CliError::Carry`].
    pub(crate) async fn rent(&self, bytes: usize) -> Result<Lamports, CliError> {
        let rent = self.client.rpc().get_minimum_balance_for_rent_exemption(bytes).await;
        Ok(Lamports(rent.map_err(ClientError::from)?))
    }

    /// Reads a market. Errors: [`CliError::NotFound`], [`CliError::Carry`], [`CliError::OutOfRange`].
    pub(crate) async fn market(&self, address: &Pubkey) -> Result<MarketView, CliError> {
        let account = match self.client.market(address).await {
            Ok(account) => account,
            Err(ClientError::NotFound { .. } | ClientError::Decode { .. }) => {
                return Err(CliError::NotFound(match self.client.account(address).await? {
                    Some(account) => format!(
                        "{address} is {} and no market; check --market and --url",
                        kind_of(&account.owner, &account.data)
                    ),
                    None => format!(
                        "there is no market at {address} on {}; check --market and --url",
                        self.cluster()
                    ),
                }));
            }
            Err(error) => return Err(error.into()),
        };
        let clock = account.clock_at(self.now.get()).map_err(|_| CliError::OutOfRange(*address))?;
        Ok(MarketView { address: *address, account, clock })
    }

    /// Reads some markets, each once. Errors: as [`Session::market`].
    pub(crate) async fn markets(
        &self,
        addresses: impl IntoIterator<Item = Pubkey>,
    ) -> Result<BTreeMap<Pubkey, MarketView>, CliError> {
        let mut markets = BTreeMap::new();
        for address in addresses.into_iter().collect::<BTreeSet<_>>() {
            markets.insert(address, self.market(&address).await?);
        }
        Ok(markets)
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

/// Unix time in seconds, by this machine's clock.
fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
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

impl From<&MarketView> for MarketHead {
    fn from(market: &MarketView) -> MarketHead {
        MarketHead { address: market.address, admin: market.account.admin }
    }
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

    /// The time on its clock.
    pub(crate) fn now(&self) -> MarketTime {
        MarketTime(self.clock.market)
    }

    /// The time on the chain's clock at which a market time comes if the market is not paused before.
    pub(crate) fn chain_time_of(&self, market_time: i64) -> ChainTime {
        ChainTime(market_time.saturating_sub(self.clock.market).saturating_add(self.clock.chain))
    }
}
