//! The sandbox as a whole: starts its parts in order and stops them in reverse.

use {
    crate::{
        Keyring, SandboxError, Venue,
        cluster::{Cluster, ClusterOptions, SLOT_MS},
        description::{
            ClusterDescription, CreditDescription, Description, PartyDescription, SCHEMA_VERSION,
            TermsDescription,
        },
        folder::Folder,
        loans::LoanName,
        options::{Options, PortPlan},
        payments, programs,
        services::{RunningKeeper, start_provider},
        story,
    },
    blockable_provider::Server,
    blockable_sdk::{
        PROGRAM_ID, Signer, addresses, amounts::ChainTime, client::Client, program::transitions::Status,
    },
    blockable_service::shutdown::{self, Stage},
    secrecy::ExposeSecret,
    std::{
        sync::Arc,
        time::{Duration, SystemTime, UNIX_EPOCH},
    },
};

/// Time that the task of payments may take to end.
const TASK_END: Duration = Duration::from_secs(5);

/// A running sandbox.
///
/// It starts the cluster, the market with its loans, the provider's server, the keeper and the task of payments, and
/// [`Sandbox::stop`] ends them in reverse. A temporary folder goes with it.
pub struct Sandbox {
    description: Description,
    venue: Arc<Venue>,
    payments: Stage,
    keeper: RunningKeeper,
    server: Server,
    cluster: Cluster,
    folder: Folder,
}

impl Sandbox {
    /// Starts everything; it is ready once this returns. Errors: [`SandboxError`]; nothing runs then.
    pub async fn start(options: Options) -> Result<Sandbox, SandboxError> {
        let plan = options.ports.plan()?;
        let programs = programs::all(options.programs.as_deref())?;
        let addresses = programs.iter().map(|program| program.address).filter(|known| *known != PROGRAM_ID);
        let others = addresses.map(|address| address.to_string()).collect();
        let folder = Folder::temporary()?;
        let keyring = Keyring::random();
        keyring.write(&folder.keys())?;
        (options.progress)("starting the cluster");
        let now = machine_time();
        let begins_at = Some(now.plus_seconds(-story::BEGINS_EARLY));
        let cluster = Cluster::start(ClusterOptions { ports: plan.cluster, programs, begins_at }).await?;
        let parts = Parts { options, plan, folder, keyring, others };
        parts.start_on(cluster).await
    }

    /// The facts about it.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The market with its parties.
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Stops everything: payments, keeper, the provider's server, the cluster. Errors: [`SandboxError::Cluster`].
    pub async fn stop(self) -> Result<(), SandboxError> {
        shutdown::stop(vec![self.payments], TASK_END).await;
        self.keeper.stop().await?;
        self.server.stop().await;
        self.cluster.stop().await?;
        drop(self.folder);
        Ok(())
    }
}

/// The parts of a sandbox that do not run.
struct Parts {
    options: Options,
    plan: PortPlan,
    folder: Folder,
    keyring: Keyring,
    others: Vec<String>,
}

impl Parts {
    async fn start_on(self, cluster: Cluster) -> Result<Sandbox, SandboxError> {
        let Parts { options, plan, folder, keyring, others } = self;
        let say = options.progress.as_ref();
        let venue = Arc::new(Venue::new(Client::new(cluster.rpc_url()), keyring));
        say("opening a market");
        story::open_market(&cluster, &venue).await?;
        story::make_loans(&cluster, &venue, options.late_after, machine_time(), &|line| say(line)).await?;
        cluster.tick().await?;
        say("starting the provider's server");
        let server = start_provider(&cluster, &venue, &folder, plan.provider).await?;
        say("starting the keeper");
        let keeper = RunningKeeper::start(&cluster, &venue, &folder, plan.keeper, server.addr()).await?;
        let (stage, stop) = Stage::new("payments");
        let payments = stage.with(vec![tokio::spawn(payments::run(venue.clone(), stop))]);
        let description = describe(&cluster, &venue, &folder, &server, &keeper, others).await?;
        Ok(Sandbox { description, venue, payments, keeper, server, cluster, folder })
    }
}

/// The time of this machine.
fn machine_time() -> ChainTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ChainTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

async fn describe(
    cluster: &Cluster,
    venue: &Venue,
    folder: &Folder,
    server: &Server,
    keeper: &RunningKeeper,
    programs: Vec<String>,
) -> Result<Description, SandboxError> {
    let mut credits = Vec::new();
    for name in LoanName::ALL {
        let address = venue.credit_address(name.nonce());
        let credit = venue.credit(&address).await?;
        let status =
            Status::from_byte(credit.status).map_or("unknown".to_string(), |status| format!("{status:?}"));
        credits.push(CreditDescription {
            name,
            purpose: name.purpose(),
            address: address.to_string(),
            vault: addresses::vault(&address).to_string(),
            lot: (name == LoanName::ForSale).then(|| story::lot(venue).to_string()),
            status: status.to_lowercase(),
            api_key: server.keys().make(&address, 0, None).expose_secret().to_string(),
            terms: TermsDescription::new(&credit),
        });
    }
    let party = |(name, key): (&'static str, &blockable_sdk::Keypair)| {
        let description = PartyDescription {
            address: key.pubkey().to_string(),
            key_file: Keyring::file(&folder.keys(), name),
            token_account: venue.wallet(key).to_string(),
        };
        (name, description)
    };
    let provider_url = format!("http://{}", server.addr());
    Ok(Description {
        schema_version: SCHEMA_VERSION,
        cluster: ClusterDescription {
            rpc_url: cluster.rpc_url(),
            ws_url: cluster.ws_url(),
            slot_ms: SLOT_MS,
        },
        program: PROGRAM_ID.to_string(),
        market: venue.keys.market.to_string(),
        mint: venue.keys.mint.to_string(),
        token_program: venue.keys.token_program.to_string(),
        provider: venue.provider.to_string(),
        base_url: format!("{provider_url}/v1"),
        models: vec!["echo".to_string()],
        provider_url,
        keeper_url: format!("http://{}", keeper.addr),
        folder: folder.path().to_path_buf(),
        programs,
        parties: venue.keyring.named().into_iter().filter(|(name, _)| *name != "mint").map(party).collect(),
        credits,
    })
}
