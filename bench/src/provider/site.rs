//! A provider's server on a cluster, with credits whose lender may freeze at will.

use {
    crate::BenchError,
    blockable_gate::Gate,
    blockable_provider::{
        Config, Server,
        init::{InitValues, init},
    },
    blockable_sdk::{
        Pubkey,
        program::state::{FreezePolicy, Terms},
    },
    blockable_testkit::{
        Chain, Cluster, Loan, ServerFile, World,
        node::{self, Node},
    },
    secrecy::ExposeSecret,
    std::time::{Duration, Instant},
    tempfile::TempDir,
    tokio::time::sleep,
};

/// Milliseconds per block of the embedded cluster, as on a local validator.
const SLOT_MS: u64 = 400;
/// Seconds that a job may run.
const JOB_SECONDS: u64 = 600;
/// Longest time until the server's gate has seen the chain.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cluster to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// One inside this process.
    Embedded,
    /// A `solana-test-validator` of its own.
    Validator,
}

enum Ground {
    Embedded(Box<Cluster>),
    Validator { chain: Box<Chain>, node: Node },
}

/// A running server and the market around it.
pub struct Site {
    ground: Ground,
    server: Server,
    folder: TempDir,
    /// One per borrower.
    pub credits: Vec<Pubkey>,
    /// A client for the server.
    pub http: reqwest::Client,
}

impl Site {
    /// Opens a market with a credit of 100,000,000 units for each of `borrowers`, with a change of its terms, and starts the server.
    pub async fn open(
        place: Where,
        borrowers: usize,
        change: impl Fn(&mut Terms),
    ) -> Result<Site, BenchError> {
        let mut ground = match place {
            Where::Embedded => Ground::Embedded(Box::new(Cluster::ticking(SLOT_MS).await)),
            Where::Validator => validator().await?,
        };
        let mut credits = Vec::new();
        for number in 0..borrowers {
            let chain = ground.chain_mut();
            chain.borrower = format!("borrower {number}");
            let loan = Loan::new(1).with(|terms| {
                terms.offer_expires_at = 0;
                terms.units = 100_000_000;
                terms.principal = 1_000 * blockable_testkit::USDC;
                terms.late_fee = 5 * blockable_testkit::USDC;
                terms.freeze_policy = FreezePolicy::AtWill as u8;
                change(terms);
            });
            let mut schedule = loan.schedule();
            schedule.iter_mut().for_each(|instalment| instalment.principal /= 100);
            credits.push(chain.active(loan.with_schedule(&schedule).args).await);
        }
        let folder = tempfile::tempdir().map_err(BenchError::setup)?;
        let server = serve(&ground, &folder).await?;
        let site = Site { ground, server, folder, credits, http: reqwest::Client::new() };
        site.wait_until_seen().await?;
        Ok(site)
    }

    async fn wait_until_seen(&self) -> Result<(), BenchError> {
        let deadline = Instant::now() + PATIENCE;
        while !self.credits.iter().all(|credit| self.gate().room(credit).is_ok()) {
            if Instant::now() > deadline {
                return Err(BenchError::setup("the gate does not see the credits"));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// The market.
    pub fn chain(&self) -> &Chain {
        match &self.ground {
            Ground::Embedded(cluster) => &cluster.chain,
            Ground::Validator { chain, .. } => chain,
        }
    }

    /// The market, to send to.
    pub fn chain_mut(&mut self) -> &mut Chain {
        self.ground.chain_mut()
    }

    /// The embedded cluster, whose clock can be moved.
    pub fn cluster(&self) -> Option<&Cluster> {
        match &self.ground {
            Ground::Embedded(cluster) => Some(cluster),
            Ground::Validator { .. } => None,
        }
    }

    /// The server's gate.
    pub fn gate(&self) -> &Gate {
        self.server.gate()
    }

    /// The URL that the server listens on.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    /// The API keys of all credits.
    pub fn keys(&self) -> Vec<String> {
        self.credits
            .iter()
            .map(|credit| self.server.keys().make(credit, 0, None).expose_secret().to_string())
            .collect()
    }

    /// Stops the server, then the cluster.
    pub async fn close(self) {
        self.server.stop().await;
        match self.ground {
            Ground::Embedded(cluster) => cluster.stop(),
            Ground::Validator { node, .. } => drop(node),
        }
        drop(self.folder);
    }
}

impl Ground {
    fn chain_mut(&mut self) -> &mut Chain {
        match self {
            Ground::Embedded(cluster) => &mut cluster.chain,
            Ground::Validator { chain, .. } => chain,
        }
    }

    fn urls(&self) -> (String, String) {
        match self {
            Ground::Embedded(cluster) => (cluster.rpc_url(), cluster.ws_url()),
            Ground::Validator { node, .. } => (node.rpc_url(), node.ws_url()),
        }
    }
}

async fn validator() -> Result<Ground, BenchError> {
    let binary = node::required_binary().map_err(BenchError::setup)?;
    let node = Node::start(&binary).await;
    Chain::fund_fees(&node.client()).await;
    let chain = Chain::open(node.client(), World::market_args(), World::capacity(), World::settings()).await;
    Ok(Ground::Validator { chain: Box::new(chain), node })
}

async fn serve(ground: &Ground, folder: &TempDir) -> Result<Server, BenchError> {
    let chain = match ground {
        Ground::Embedded(cluster) => &cluster.chain,
        Ground::Validator { chain, .. } => chain,
    };
    let (rpc_url, ws_url) = ground.urls();
    init(folder.path(), &InitValues::default()).map_err(BenchError::setup)?;
    ServerFile::write_reporter_keys(folder.path());
    let file = ServerFile {
        ops_port: 0,
        port: 0,
        urls: (&rpc_url, &ws_url),
        job_seconds: JOB_SECONDS,
        gate: "",
        sections: "[freezes]\nper_second = 1000\nburst = 1000\n",
    };
    let text = file.text(chain);
    let config =
        Config::FILE.parse(&text, folder.path(), "the bench's provider.toml").map_err(BenchError::setup)?;
    Server::start(config).await.map_err(BenchError::setup)
}
