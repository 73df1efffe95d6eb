//! The sandbox as a whole: starts its parts in order and stops them in reverse.

use {
    crate::{
        Keyring, SandboxError, Venue,
        description::{
            ClusterDescription, CreditDescription, Description, PartyDescription, SCHEMA_VERSION,
            TermsDescription,
        },
        folder::Folder,
        loans::{LoanName, Times},
        options::{Options, PortPlan},
        payments, programs,
        services::{ProviderPorts, RunningKeeper, start_provider},
        story,
        upstream::{self, OfferedModel},
    },
    blockable_cluster::{
        AFTER_KILL_SECONDS, Beginning, Cluster, ClusterError, ClusterOptions, Image, Pace, QUICK_SLOT_MS,
        SAVE_EVERY, SLOT_MS, machine_time,
    },
    blockable_provider::Server,
    blockable_sdk::{Keypair, PROGRAM_ID, Signer, addresses, client::Client, names::status_byte_name},
    blockable_service::shutdown::{self, Stage},
    secrecy::ExposeSecret,
    std::{future::pending, sync::Arc, time::Duration},
    tokio::time::sleep,
};

/// Time that tasks may take to end.
const TASK_END: Duration = Duration::from_secs(5);
/// Pause between two checks whether all tasks run.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// A running sandbox. Dropping it ends all parts a moment later, without a last save.
///
/// It starts the cluster, the market with its loans, the provider's server, the keeper and the task of payments, and
/// [`Sandbox::stop`] ends them in reverse. A temporary folder goes with it, after a kill with the next start. A kept one holds the
/// cluster's state of the last stop, or from shortly before a kill (`saver.rs` of the cluster says how old it can be); gate and
/// keeper have their own stores.
pub struct Sandbox {
    description: Description,
    venue: Arc<Venue>,
    /// The tasks of payments and of saving.
    tasks: Stage,
    /// `None` while it is stopped alone.
    keeper: Option<RunningKeeper>,
    /// The ports of its API and of its health, which it has again after a stop.
    keeper_ports: (u16, u16),
    server: Server,
    cluster: Cluster,
    folder: Folder,
}

impl Sandbox {
    /// Starts everything; it is ready once this returns. Errors: [`SandboxError`]; nothing runs then.
    pub async fn start(options: Options) -> Result<Sandbox, SandboxError> {
        let plan = options.ports.plan()?;
        let programs = programs::all(options.programs.as_deref())?;
        let models = upstream::models(options.upstream.as_ref()).await?;
        let folder = match &options.keep {
            None => Folder::temporary(programs::hash(&programs))?,
            Some(path) => Folder::kept(path, programs::hash(&programs))?,
        };
        let addresses = programs.iter().map(|program| program.address).filter(|known| *known != PROGRAM_ID);
        let others = addresses.map(|address| address.to_string()).collect();
        // What was kept is read before anything runs.
        let keyring = if folder.has_sandbox() { folder.keyring()? } else { Keyring::random() };
        let (beginning, pace) = beginning(&folder, &keyring)?;
        (options.progress)("starting the cluster");
        let cluster = Cluster::start(ClusterOptions {
            ports: plan.cluster,
            programs,
            beginning,
            folder: folder.is_kept().then(|| folder.cluster()).transpose()?,
            pace,
            cheatcodes: options.cheatcodes,
        });
        let cluster = cluster.await?;
        let venue = Arc::new(Venue::new(Client::new(cluster.rpc_url()), keyring));
        Parts { options, plan, folder, cluster, venue, models, programs: others }.start().await
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
    #[cfg(test)]
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Waits until a part has ended by itself: the cluster, the keeper, the provider's server or a task. The rest goes on until
    /// [`Sandbox::stop`]. Returns [`SandboxError::Ended`].
    pub async fn ended(&self) -> SandboxError {
        let ended = |part, reason| SandboxError::Ended { part, reason };
        tokio::select! {
            reason = self.cluster.ended() => ended("the embedded cluster", reason),
            reason = self.keeper_ended() => ended("the keeper", reason),
            part = self.task_ended() => ended(part, "one of its tasks panicked".to_string()),
        }
    }

    /// Waits until the keeper has ended by itself; forever while it is stopped.
    async fn keeper_ended(&self) -> String {
        match &self.keeper {
            Some(keeper) => keeper.ended().await,
            None => pending().await,
        }
    }

    /// Stops the keeper alone, as an outage of its machine would: loans are neither metered nor marked, and its API is gone. Does
    /// nothing while it is stopped. Errors: [`SandboxError`]; it does not run then either.
    pub async fn stop_keeper(&mut self) -> Result<(), SandboxError> {
        match self.keeper.take() {
            Some(keeper) => keeper.stop().await,
            None => Ok(()),
        }
    }

    /// Starts the keeper again at its address and on its store, after [`Sandbox::stop_keeper`]. Does nothing while it runs.
    /// Errors: [`SandboxError`]; it is stopped then.
    pub async fn start_keeper(&mut self) -> Result<(), SandboxError> {
        if self.keeper.is_none() {
            let Sandbox { cluster, venue, folder, keeper_ports, server, .. } = self;
            let keeper = RunningKeeper::start(cluster, venue, folder, *keeper_ports, server.addr()).await?;
            self.keeper = Some(keeper);
        }
        Ok(())
    }

    /// Waits until a task has ended that runs until the stop, and returns its part.
    async fn task_ended(&self) -> &'static str {
        loop {
            if !self.server.is_serving() {
                return "the provider's server";
            }
            if !self.tasks.is_running() {
                return "the sandbox's own part";
            }
            sleep(CHECK_EVERY).await;
        }
    }

    /// Stops everything: payments, keeper, the provider's server, the cluster. Errors: [`SandboxError`], after the rest has been
    /// stopped.
    pub async fn stop(self) -> Result<(), SandboxError> {
        shutdown::stop(vec![self.tasks], TASK_END).await;
        let keeper = match self.keeper {
            Some(keeper) => keeper.stop().await,
            None => Ok(()),
        };
        self.server.stop().await;
        let saved = self.cluster.save(keeper.is_ok()).await;
        self.cluster.stop().await?;
        self.folder.close()?;
        keeper?;
        Ok(saved?)
    }
}

/// The state that the cluster begins with, from what was kept where there is something, and the time of its blocks.
fn beginning(folder: &Folder, keyring: &Keyring) -> Result<(Beginning, Pace), SandboxError> {
    if !folder.has_sandbox() {
        let beginning = Beginning::New(machine_time().plus_seconds(-story::BEGINS_EARLY));
        return Ok((beginning, Pace::PerTransaction { slot_ms: QUICK_SLOT_MS }));
    }
    let image = Image::read(&folder.cluster()?)?;
    let market = addresses::market(keyring.market_id());
    let image = image.filter(|image| image.has(&market)).ok_or_else(|| folder.lost())?;
    let pace = Pace::PerSlot { slot_ms: SLOT_MS };
    if image.clean {
        return Ok((Beginning::Saved(image, 0), pace));
    }
    // It was killed: the chain is some seconds older than the stores. The gate's counts only what is used, and stays.
    folder.forget_keeper()?;
    Ok((Beginning::Saved(image, AFTER_KILL_SECONDS), pace))
}

/// A sandbox of which the cluster runs alone.
struct Parts {
    options: Options,
    plan: PortPlan,
    folder: Folder,
    cluster: Cluster,
    venue: Arc<Venue>,
    models: Vec<OfferedModel>,
    programs: Vec<String>,
}

impl Parts {
    /// Starts the rest. Errors: [`SandboxError`], after all has been stopped.
    async fn start(self) -> Result<Sandbox, SandboxError> {
        match self.start_services().await {
            Ok((server, keeper, description)) => {
                let tasks = self.start_tasks();
                let Parts { folder, cluster, venue, .. } = self;
                let keeper_ports = (keeper.addrs.api.port(), keeper.addrs.ops.port());
                let keeper = Some(keeper);
                Ok(Sandbox { description, venue, tasks, keeper, keeper_ports, server, cluster, folder })
            }
            Err(error) => {
                let _ = self.cluster.stop().await;
                Err(error)
            }
        }
    }

    async fn start_services(&self) -> Result<(Server, RunningKeeper, Description), SandboxError> {
        let Parts { options, plan, folder, cluster, venue, models, .. } = self;
        if !folder.has_sandbox() {
            self.make_market().await?;
        }
        // From here on the stores move on, and a kill must be noticed.
        cluster.save(false).await?;
        folder.complete(&venue.keyring)?;
        (options.progress)("starting the provider's server");
        let upstream = options.upstream.as_ref();
        let sections: String = models.iter().map(|model| model.section(upstream)).collect();
        let ports = ProviderPorts { api: plan.provider, health: plan.health, page: plan.keeper };
        let server = start_provider(cluster, venue, folder, ports, &sections).await?;
        match self.start_keeper(&server).await {
            Ok((keeper, description)) => Ok((server, keeper, description)),
            Err(error) => {
                server.stop().await;
                Err(error)
            }
        }
    }

    async fn start_keeper(&self, server: &Server) -> Result<(RunningKeeper, Description), SandboxError> {
        let Parts { options, plan, folder, cluster, venue, .. } = self;
        (options.progress)("starting the keeper");
        let keeper =
            RunningKeeper::start(cluster, venue, folder, (plan.keeper, plan.keeper_health), server.addr())
                .await?;
        match self.describe(server, &keeper).await {
            Ok(description) => Ok((keeper, description)),
            Err(error) => {
                let _ = keeper.stop().await;
                Err(error)
            }
        }
    }

    /// Starts the tasks of payments and of saving.
    fn start_tasks(&self) -> Stage {
        let (stage, stop) = Stage::new("sandbox");
        let mut tasks = vec![tokio::spawn(payments::run(self.venue.clone(), stop.clone()))];
        let say = self.options.progress.clone();
        let failed = move |error: &ClusterError| say(&format!("the cluster is not saved: {error}"));
        tasks.extend(self.cluster.save_regularly(SAVE_EVERY, stop, failed));
        stage.with(tasks)
    }

    /// Writes the keys, opens the market and makes the loans; then the cluster's time is real.
    async fn make_market(&self) -> Result<(), SandboxError> {
        let Parts { options, cluster, venue, .. } = self;
        let say = options.progress.as_ref();
        self.folder.write_keys(&venue.keyring)?;
        say("opening a market");
        story::open_market(venue).await?;
        let times = Times { late_after: options.late_after, paid_every: options.paid_every };
        story::make_loans(cluster, venue, times, machine_time(), &|line| say(line)).await?;
        Ok(cluster.tick().await?)
    }
}

impl Parts {
    async fn describe(&self, server: &Server, keeper: &RunningKeeper) -> Result<Description, SandboxError> {
        let Parts { folder, cluster, venue, .. } = self;
        let mut credits = Vec::new();
        for name in LoanName::ALL {
            credits.push(describe_loan(venue, server, name).await?);
        }
        let describe_party = |(name, key): (&'static str, &Keypair)| {
            let party = PartyDescription {
                address: key.pubkey().to_string(),
                key_file: Keyring::file(&folder.keys(), name),
                token_account: venue.wallet(key).to_string(),
            };
            (name, party)
        };
        let provider_url = format!("http://{}", server.addr());
        Ok(Description {
            schema_version: SCHEMA_VERSION,
            cluster: ClusterDescription {
                rpc_url: cluster.rpc_url(),
                ws_url: cluster.ws_url(),
                slot_ms: SLOT_MS,
                clock_ahead_seconds: cluster.now().await?.seconds_since(machine_time()),
            },
            program: PROGRAM_ID.to_string(),
            market: venue.keys.market.to_string(),
            market_id: venue.keyring.market_id().to_string(),
            mint: venue.keys.mint.to_string(),
            token_program: venue.keys.token_program.to_string(),
            provider: venue.provider.to_string(),
            base_url: format!("{provider_url}/v1"),
            models: self.models.iter().map(|model| model.name().to_string()).collect(),
            provider_url,
            health_url: format!("http://{}", server.ops_addr()),
            keeper_url: format!("http://{}", keeper.addrs.api),
            keeper_token_file: keeper.token_file.clone(),
            keeper_health_url: format!("http://{}", keeper.addrs.ops),
            folder: folder.path().to_path_buf(),
            programs: self.programs.clone(),
            parties: venue.keyring.parties().into_iter().map(describe_party).collect(),
            credits,
        })
    }
}

async fn describe_loan(
    venue: &Venue,
    server: &Server,
    name: LoanName,
) -> Result<CreditDescription, SandboxError> {
    let address = venue.credit_address(name.nonce());
    let credit = venue.credit(&address).await?;
    Ok(CreditDescription {
        name,
        nonce: name.nonce(),
        purpose: name.purpose(),
        address: address.to_string(),
        vault: addresses::vault(&address).to_string(),
        lot: (name == LoanName::ForSale).then(|| story::lot(venue).to_string()),
        status: status_byte_name(credit.status).to_string(),
        api_key: server.keys().make(&address, 0, None).expose_secret().to_string(),
        terms: TermsDescription::new(&credit),
    })
}
