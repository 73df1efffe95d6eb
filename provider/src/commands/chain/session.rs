//! The chain as a command finds it.

use {
    super::{ActError, ChainArgs},
    blockable_provider::Config,
    blockable_sdk::{
        Pubkey,
        client::Client,
        errors::ClientError,
        instructions::MarketKeys,
        program::state::{Market, Provider},
        rpc::CommitmentConfig,
    },
    blockable_service::command::{MarketHead, Nodes},
};

/// The server's file, the nodes, and the market as it stands. Everything is read once, as the command starts; what depends on it
/// is bound by the instructions, so that a change meanwhile is refused and not acted on.
pub(crate) struct Session {
    /// The command's arguments.
    pub args: ChainArgs,
    /// The server's file.
    pub config: Config,
    /// The node that is read.
    pub client: Client,
    /// The cluster.
    pub nodes: Nodes,
    /// The market.
    pub market: Market,
    /// The chain's clock, in Unix seconds.
    pub now: i64,
}

impl Session {
    /// Reads file and chain. Errors: [`ActError::Config`], [`ActError::Placeholder`], [`ActError::Nodes`], [`ActError::Carry`].
    pub(crate) async fn open(args: &ChainArgs) -> Result<Session, ActError> {
        let config = Config::FILE.load(&args.config)?;
        config.require_market()?;
        let of_file = [config.chain.rpc_url.clone()];
        let urls = if args.url.is_empty() { &of_file[..] } else { &args.url };
        let nodes = Nodes::open(urls, CommitmentConfig::confirmed()).await?;
        let client = nodes.client.clone();
        let market = client.market(&config.chain.market).await?;
        let now = client.chain_time().await?;
        Ok(Session { args: args.clone(), config, client, nodes, market, now })
    }

    /// The market's account.
    pub(crate) fn market_address(&self) -> Pubkey {
        self.config.chain.market
    }

    /// The market in the first line of a command that signs.
    pub(crate) fn market_head(&self) -> MarketHead {
        MarketHead { address: self.market_address(), admin: self.market.admin }
    }

    /// The provider's account.
    pub(crate) fn provider_address(&self) -> Pubkey {
        self.config.chain.provider
    }

    /// The market's account and payment token.
    pub(crate) fn keys(&self) -> MarketKeys {
        let market = &self.market;
        MarketKeys {
            market: self.market_address(),
            mint: market.payment_mint,
            token_program: market.token_program,
        }
    }

    /// The time on the chain's clock at which a market time comes if the market is not paused before.
    pub(crate) fn chain_time_of(&self, market_time: i64) -> i64 {
        let market_now = self.market.market_time(self.now).unwrap_or(self.now);
        market_time.saturating_sub(market_now).saturating_add(self.now)
    }

    /// Reads the provider. Errors: [`ActError::Placeholder`], [`ActError::NotRegistered`], [`ActError::OtherMarket`],
    /// [`ActError::Client`].
    pub(crate) async fn provider(&self) -> Result<Provider, ActError> {
        self.config.require_complete()?;
        let (address, expected) = (self.provider_address(), self.market_address());
        let provider = match self.client.provider(&address).await {
            Ok(provider) => provider,
            Err(ClientError::NotFound { .. }) => return Err(ActError::NotRegistered(address)),
            Err(error) => return Err(error.into()),
        };
        match provider.market == expected {
            true => Ok(provider),
            false => Err(ActError::OtherMarket { provider: address, found: provider.market, expected }),
        }
    }
}
