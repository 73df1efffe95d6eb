//! One round of landing: what is due, not in flight and not put aside is packed, simulated, signed, written down, sent.

use {
    crate::{
        chain::{Node, NodeError, Nodes, Snapshot},
        land::{
            costs::Costs,
            faults::{Fault, Faults},
            flight::Flights,
            hints, journal, lanes,
            pack::{Batch, UNFIT, Version, pack},
            prepare::{Prepared, Ready, prepare, simulate_message},
            settings::{LandSettings, VersionChoice},
        },
        plan::{Intent, Role},
        store::{Store, StoreError},
    },
    blockable_sdk::{
        Hash, Pubkey, Signature,
        keys::SigningKey,
        rpc::CommitmentConfig,
        transactions::{self, budget},
    },
    solana_system_interface::instruction::transfer,
    std::{
        collections::{BTreeMap, HashMap},
        sync::{
            Arc, Mutex, MutexGuard, PoisonError,
            atomic::{AtomicI64, Ordering},
        },
    },
    tokio::sync::{Notify, OnceCell, mpsc},
};

/// How nodes refuse what they cannot read: JSON-RPC's code for invalid parameters, as [`NodeError`] tells it.
const UNREADABLE: &str = "(code -32602)";

/// Why nothing was landed.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No node can be believed.
    #[error("no node answers or all lag; check [[rpc]]")]
    NoNode,
    /// A node.
    #[error("node {node}: {error}")]
    Node {
        /// Its name.
        node: String,
        /// What went wrong.
        error: NodeError,
    },
}

/// What became of a round's intents.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Landing {
    /// Sent, in so many transactions.
    pub transactions: usize,
    /// Sent.
    pub sent: usize,
    /// Waits for what is in flight.
    pub busy: usize,
    /// Put aside after failures.
    pub aside: usize,
    /// Over the cap on what a key may spend, or its key has no funds.
    pub unfunded: usize,
    /// Could not be tried now.
    pub untried: usize,
    /// No longer due.
    pub moot: usize,
    /// Cannot succeed.
    pub failed: usize,
}

/// Lands intents. Clones share it.
#[derive(Clone)]
pub struct Lander {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub nodes: Nodes,
    pub market: Pubkey,
    pub store: Store,
    pub settings: LandSettings,
    pub keys: BTreeMap<Role, SigningKey>,
    flights: Mutex<Flights>,
    version: OnceCell<Version>,
    /// The chain's clock as last seen, in Unix seconds.
    clock: AtomicI64,
    costs: Mutex<Costs>,
    /// Transactions in a row that died, by lane.
    deaths: Mutex<HashMap<String, u32>>,
    /// Wakes the tracker ahead of its time.
    pub wake: Notify,
    /// What is sent, for whoever listens for confirmations.
    pub sent: mpsc::Sender<Signature>,
    /// The other end, until somebody listens.
    pub listener: Mutex<Option<mpsc::Receiver<Signature>>>,
    /// Keys that could not pay or sign, and why.
    faults: Mutex<Faults>,
}

impl Inner {
    pub fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn costs(&self) -> MutexGuard<'_, Costs> {
        self.costs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn deaths(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.deaths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lander {
    /// Takes up where the store says that an earlier process left. Errors: [`StoreError`].
    pub async fn open(
        nodes: Nodes,
        market: Pubkey,
        store: Store,
        settings: LandSettings,
        keys: BTreeMap<Role, SigningKey>,
    ) -> Result<Lander, StoreError> {
        let open = store.read(journal::open).await?;
        let clock = open.iter().map(|flight| flight.written_at).max().unwrap_or(0);
        let mut flights = Flights::default();
        open.into_iter().for_each(|flight| flights.add(flight));
        let (sent, listener) = mpsc::channel(hints::WAITING);
        let inner = Inner {
            sent,
            listener: Mutex::new(Some(listener)),
            nodes,
            market,
            store,
            settings,
            keys,
            flights: Mutex::new(flights),
            version: OnceCell::new(),
            costs: Mutex::default(),
            deaths: Mutex::default(),
            clock: AtomicI64::new(clock),
            wake: Notify::new(),
            faults: Mutex::default(),
        };
        Ok(Lander { inner: Arc::new(inner) })
    }

    /// How many transactions are in flight.
    pub fn in_flight(&self) -> usize {
        self.inner.flights().len()
    }

    /// The keys that pay.
    pub fn payers(&self) -> BTreeMap<Role, Pubkey> {
        self.inner.keys.iter().map(|(role, key)| (*role, key.public_key())).collect()
    }

    /// Lands what can be landed now. What is not comes again with the next plan. Errors: [`LandError`], with nothing sent
    /// that is not written down.
    pub async fn land(&self, intents: Vec<Intent>, snapshot: &Snapshot) -> Result<Landing, LandError> {
        let inner = &self.inner;
        inner.clock.fetch_max(snapshot.clock, Ordering::Relaxed);
        let mut landing = Landing::default();
        let selected = self.select(intents, snapshot.slot, &mut landing).await?;
        if selected.is_empty() {
            return Ok(landing);
        }
        let (sound, _) = inner.nodes.look().await;
        let version = self.version(&sound).await?;
        let (batches, unfit) = pack(&selected, &inner.market, version);
        let batches = self.within_room(batches, &mut landing);
        let (known, unknown) = self.known(batches);
        let mut prepared = self.simulate(&sound, unknown, version).await;
        for ready in &prepared.ready {
            inner.costs().learn(&ready.batch, ready.units);
        }
        prepared.ready.extend(known);
        let too_large = |intent| (intent, UNFIT.to_string());
        prepared.failed.extend(unfit.into_iter().map(too_large));
        landing.moot = prepared.moot.len();
        landing.untried = prepared.untried.len();
        landing.failed = prepared.failed.len();
        for (intent, reason) in &prepared.moot {
            tracing::debug!(kind = %intent.kind(), subject = %intent.subject(), reason, "no longer due");
        }
        for (role, reason) in prepared.payers {
            inner.faults().set(role, Fault::Pays, reason);
        }
        self.note_failures(prepared.failed).await?;
        let recent = self.recent_fees(&sound, &prepared.ready).await;
        let blockhash = self.blockhash(&sound).await?;
        let flights = self.sign(recent, prepared.ready, version, blockhash, snapshot, &mut landing).await?;
        self.send(&sound, flights, &mut landing).await?;
        Ok(landing)
    }

    /// Simulates batches, by the first node that does.
    pub(super) async fn simulate(
        &self,
        nodes: &[&Node],
        mut batches: Vec<Batch>,
        version: Version,
    ) -> Prepared {
        let (market, payers) = (&self.inner.market, self.payers());
        let mut all = Prepared::default();
        for node in nodes {
            if batches.is_empty() {
                break;
            }
            let tried = prepare(node, batches, &payers, market, version).await;
            let again: Vec<Intent> = tried.untried.iter().map(|(intent, _)| intent.clone()).collect();
            if let Some((_, reason)) = tried.untried.first() {
                tracing::warn!(node = node.name(), count = again.len(), reason, "not simulated");
            }
            all.absorb(tried);
            batches = pack(&again, market, version).0;
        }
        all
    }

    /// The batches whose cost is known, and the others.
    fn known(&self, batches: Vec<Batch>) -> (Vec<Ready>, Vec<Batch>) {
        let (mut known, mut unknown, mut costs) = (Vec::new(), Vec::new(), self.inner.costs());
        for batch in batches {
            match costs.take(&batch) {
                Some(units) => known.push(Ready { batch, units }),
                None => unknown.push(batch),
            }
        }
        (known, unknown)
    }

    /// The format that the cluster takes, by the first node that says. Errors: [`LandError::Node`], [`LandError::NoNode`].
    pub(super) async fn version(&self, nodes: &[&Node]) -> Result<Version, LandError> {
        first_of(nodes, async |node| self.version_by(node).await).await
    }

    /// The format that a node takes.
    async fn version_by(&self, node: &Node) -> Result<Version, NodeError> {
        match self.inner.settings.version {
            VersionChoice::V0 => return Ok(Version::V0),
            VersionChoice::V1 => return Ok(Version::V1),
            VersionChoice::Auto => {}
        }
        let version = self.inner.version.get_or_try_init(async || {
            let payer = self.payers().into_values().next().unwrap_or_default();
            let probe = [transfer(&payer, &payer, 0)];
            let message = transactions::message_v1(&probe, &payer, Hash::default(), budget(1_000));
            let message = message.map_err(|error| NodeError::Failed(error.to_string()))?;
            let version = match simulate_message(node, message).await {
                Ok(simulated) => match simulated.error {
                    Some(blockable_sdk::TransactionError::UnsupportedVersion) => Version::V0,
                    _ => Version::V1,
                },
                // A node that cannot read the format says so; one that is busy or behind says nothing of it.
                Err(NodeError::Failed(reason)) if reason.ends_with(UNREADABLE) => Version::V0,
                Err(error) => return Err(error),
            };
            tracing::info!(?version, "transactions are sent in this version");
            Ok(version)
        });
        version.await.copied()
    }

    async fn note_failures(&self, failed: Vec<(Intent, String)>) -> Result<(), StoreError> {
        if failed.is_empty() {
            return Ok(());
        }
        let (now, settings) = (self.inner.now(), self.inner.settings.clone());
        self.inner
            .store
            .write(move |connection| {
                for (intent, reason) in failed {
                    // A credit that fails in the metering of its chunk waits alone.
                    let (lane, subject) = match intent.credits() {
                        [credit] => (intent.lane_of(credit), *credit),
                        _ => (intent.lane(), intent.subject()),
                    };
                    let of = (lane.as_str(), intent.kind().name(), &subject);
                    let failures = lanes::fail(connection, of, &reason, settings.retry, now)?;
                    tracing::warn!(
                        lane,
                        failures,
                        reason,
                        "an intent cannot succeed; it is tried again later"
                    );
                }
                Ok(())
            })
            .await
    }

    async fn blockhash(&self, nodes: &[&Node]) -> Result<(Hash, u64), LandError> {
        let commitment = CommitmentConfig::confirmed();
        let ask = async |node: &Node| {
            node.ask("blockhash", node.rpc().get_latest_blockhash_with_commitment(commitment)).await
        };
        first_of(nodes, ask).await
    }
}

/// What the first node that answers says. Errors: that of the last node, or [`LandError::NoNode`] without nodes.
async fn first_of<T>(
    nodes: &[&Node],
    ask: impl AsyncFn(&Node) -> Result<T, NodeError>,
) -> Result<T, LandError> {
    let mut last = LandError::NoNode;
    for node in nodes {
        match ask(node).await {
            Ok(answer) => return Ok(answer),
            Err(error) => last = LandError::Node { node: node.name().to_string(), error },
        }
    }
    Err(last)
}
