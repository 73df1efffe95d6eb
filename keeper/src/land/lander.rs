//! One round of landing: what is due, not in flight and not put aside is packed, simulated, signed, written down, sent.

use {
    crate::{
        chain::{Node, NodeError, Nodes, Snapshot},
        land::{
            classify::Cause,
            fee::{LAMPORTS_PER_SIGNATURE, fee},
            flight::{Carried, Flight, Flights, writes},
            hints, journal, lanes,
            pack::{UNFIT, Version, pack},
            prepare::{Build, Ready, message, prepare, simulate_message},
            settings::{LandSettings, VersionChoice},
        },
        plan::{Intent, Role},
        store::{Store, StoreError},
    },
    blockable_sdk::{
        Pubkey, Signature,
        keys::{KeyError, SigningKey},
        transactions::{self, budget},
    },
    fail::fail_point,
    futures_util::{StreamExt, future::join_all, stream},
    solana_client::rpc_config::{CommitmentConfig, RpcSendTransactionConfig},
    solana_sdk::{hash::Hash, transaction::VersionedTransaction},
    solana_system_interface::instruction::transfer,
    std::{
        collections::BTreeMap,
        sync::{
            Arc, Mutex, MutexGuard, PoisonError,
            atomic::{AtomicI64, Ordering},
        },
        time::Instant,
    },
    tokio::sync::{Notify, OnceCell, mpsc},
};

/// Transactions that are sent at once.
const AT_ONCE: usize = 8;
/// Most accounts that a node is asked the recent fees of.
const FEE_ACCOUNTS: usize = 100;
/// How nodes refuse what they cannot read: JSON-RPC's code for invalid parameters, as [`NodeError`] tells it.
const UNREADABLE: &str = "(code -32602)";
/// Basis points in one whole.
const BPS: u64 = 10_000;

/// Why nothing was landed.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key.
    #[error("{role} key: {error}")]
    Key {
        /// What it pays for.
        role: &'static str,
        /// What is wrong with it.
        error: KeyError,
    },
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
    keys: BTreeMap<Role, SigningKey>,
    flights: Mutex<Flights>,
    version: OnceCell<Version>,
    /// The chain's clock as last seen, in Unix seconds.
    clock: AtomicI64,
    /// Wakes the tracker ahead of its time.
    pub wake: Notify,
    /// What is sent, for whoever listens for confirmations.
    pub sent: mpsc::Sender<Signature>,
    /// The other end, until somebody listens.
    pub listener: Mutex<Option<mpsc::Receiver<Signature>>>,
    /// Keys that could not pay, and why.
    pub unfunded: Mutex<BTreeMap<Role, String>>,
}

impl Inner {
    pub fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub fn set_unfunded(&self, role: Role, reason: Option<String>) {
        let mut unfunded = self.unfunded.lock().unwrap_or_else(PoisonError::into_inner);
        match reason {
            Some(reason) => drop(unfunded.insert(role, reason)),
            None => drop(unfunded.remove(&role)),
        }
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
            clock: AtomicI64::new(clock),
            wake: Notify::new(),
            unfunded: Mutex::default(),
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
        let node = *sound.first().ok_or(LandError::NoNode)?;
        let of_node = |error| LandError::Node { node: node.name().to_string(), error };
        let version = self.version(node).await.map_err(of_node)?;
        let (mut batches, unfit) = pack(&selected, &inner.market, version);
        let room = inner.settings.max_in_flight.saturating_sub(self.in_flight());
        let later = batches.split_off(room.min(batches.len()));
        landing.busy += later.iter().map(|batch| batch.intents.len()).sum::<usize>();
        let mut prepared = prepare(node, batches, &self.payers(), &inner.market, version).await;
        let too_large = |intent| (intent, UNFIT.to_string());
        prepared.failed.extend(unfit.into_iter().map(too_large));
        landing.moot = prepared.moot.len();
        landing.untried = prepared.untried.len();
        landing.failed = prepared.failed.len();
        for (intent, reason) in &prepared.moot {
            tracing::debug!(kind = %intent.kind(), subject = %intent.subject(), reason, "no longer due");
        }
        for (role, reason) in prepared.payers {
            inner.set_unfunded(role, Some(reason));
        }
        self.note_failures(prepared.failed).await?;
        let (blockhash, last_valid) = self.blockhash(node).await.map_err(of_node)?;
        let flights =
            self.sign(node, prepared.ready, version, (blockhash, last_valid), snapshot, &mut landing).await?;
        self.send(&sound, flights, &mut landing).await?;
        Ok(landing)
    }

    /// What is neither in flight nor put aside, of what was planned on the state of a slot.
    async fn select(
        &self,
        intents: Vec<Intent>,
        slot: u64,
        landing: &mut Landing,
    ) -> Result<Vec<Intent>, StoreError> {
        let now = self.inner.now();
        let closed = self.inner.store.read(move |connection| lanes::closed(connection, now)).await?;
        let mut busy = self.inner.flights().busy(slot);
        let mut selected = Vec::with_capacity(intents.len());
        for intent in intents {
            if closed.contains(&intent.lane()) {
                landing.aside += 1;
            } else if intent.credits().iter().any(|credit| busy.contains(credit)) {
                landing.busy += 1;
            } else {
                // Two intents on one credit would be planned on the same state, and the second would meet another.
                busy.extend(intent.credits());
                selected.push(intent);
            }
        }
        Ok(selected)
    }

    /// The format that the cluster takes.
    pub(super) async fn version(&self, node: &Node) -> Result<Version, NodeError> {
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
                    Some(solana_sdk::transaction::TransactionError::UnsupportedVersion) => Version::V0,
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
                    let (lane, subject) = (intent.lane(), intent.subject());
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

    async fn blockhash(&self, node: &Node) -> Result<(Hash, u64), NodeError> {
        let commitment = CommitmentConfig::confirmed();
        node.ask("blockhash", node.rpc().get_latest_blockhash_with_commitment(commitment)).await
    }

    /// Signs what its key may pay for.
    async fn sign(
        &self,
        node: &Node,
        ready: Vec<Ready>,
        version: Version,
        (blockhash, last_valid_height): (Hash, u64),
        snapshot: &Snapshot,
        landing: &mut Landing,
    ) -> Result<Vec<(Flight, Vec<Intent>)>, LandError> {
        let inner = &self.inner;
        let recent = self.recent_fees(node, &ready).await;
        let mut left = self.left_to_spend().await?;
        let mut flights = Vec::with_capacity(ready.len());
        for Ready { batch, units } in ready {
            let Some(key) = inner.keys.get(&batch.role) else { continue };
            let attempt = self.attempts(&batch.intents).await?;
            let margin = units.saturating_mul(inner.settings.compute_margin_bps) / BPS;
            let compute_units = u32::try_from(units.saturating_add(margin).saturating_add(1_000));
            let compute_units = compute_units.unwrap_or(u32::MAX);
            let (percentile, cap) = (inner.settings.fee_percentile, inner.settings.max_priority_lamports);
            let priority = fee(&recent, percentile, compute_units, attempt, cap);
            let lamports = priority.lamports.saturating_add(LAMPORTS_PER_SIGNATURE);
            let budget = left.entry(batch.role).or_default();
            if *budget < lamports {
                landing.unfunded += batch.intents.len();
                let reason = format!(
                    "its cap of lamports per day is reached; raise it in [spending] ({lamports} wanted)"
                );
                inner.set_unfunded(batch.role, Some(reason));
                continue;
            }
            *budget -= lamports;
            let build = Build { market: &inner.market, version, compute_units, fee: priority, blockhash };
            let message = match message(&batch, &key.public_key(), &build) {
                Ok(message) => message,
                Err(reason) => {
                    tracing::error!(reason, "a transaction that was simulated cannot be built");
                    continue;
                }
            };
            let of_key = |error| LandError::Key { role: batch.role.name(), error };
            let signature = key.sign(&message.serialize()).await.map_err(of_key)?;
            let transaction = VersionedTransaction { signatures: vec![signature], message };
            let carried = batch.intents.iter().map(|intent| Carried {
                id: intent.id,
                kind: intent.kind(),
                subject: intent.subject(),
                lane: intent.lane(),
            });
            let flight = Flight {
                signature,
                writes: writes(&transaction),
                transaction,
                role: batch.role,
                last_valid_height,
                lamports,
                compute_units: units,
                carried: carried.collect(),
                written_at: inner.now(),
                from_slot: snapshot.slot,
                sent: None,
                expired_since: None,
            };
            flights.push((flight, batch.intents));
        }
        Ok(flights)
    }

    async fn attempts(&self, intents: &[Intent]) -> Result<u32, StoreError> {
        let ids: Vec<_> = intents.iter().map(|intent| intent.id).collect();
        let most = self.inner.store.read(move |connection| {
            let mut most = 0;
            for id in &ids {
                most = journal::attempts(connection, id)?.max(most);
            }
            Ok(most)
        });
        most.await
    }

    /// What others paid lately for the same accounts; nothing where the node does not tell.
    async fn recent_fees(&self, node: &Node, ready: &[Ready]) -> Vec<u64> {
        let credits = ready.iter().flat_map(|ready| &ready.batch.intents).flat_map(|intent| intent.credits());
        let accounts: Vec<Pubkey> = credits.take(FEE_ACCOUNTS).copied().collect();
        let asked = node.ask("recent_fees", node.rpc().get_recent_prioritization_fees(&accounts)).await;
        asked.map(|fees| fees.iter().map(|fee| fee.prioritization_fee).collect()).unwrap_or_default()
    }

    async fn left_to_spend(&self) -> Result<BTreeMap<Role, u64>, StoreError> {
        let (now, caps) = (self.inner.now(), self.inner.settings.lamports_per_day.clone());
        let left = self.inner.store.read(move |connection| {
            let mut left = BTreeMap::new();
            for (role, cap) in caps {
                left.insert(role, cap.saturating_sub(journal::spent(connection, role, now)?));
            }
            Ok(left)
        });
        left.await
    }

    /// Writes transactions down, all in one step, and only then sends them.
    async fn send(
        &self,
        nodes: &[&Node],
        flights: Vec<(Flight, Vec<Intent>)>,
        landing: &mut Landing,
    ) -> Result<(), StoreError> {
        if flights.is_empty() {
            return Ok(());
        }
        fail_point!("land-before-write", |_| std::process::abort());
        let write = move |connection: &rusqlite::Transaction| {
            let mut written = Vec::with_capacity(flights.len());
            for (flight, intents) in flights {
                // The same work signed for the same block is the same transaction: it is known what became of it.
                if journal::is_known(connection, &flight.signature)? {
                    continue;
                }
                journal::write_ahead(connection, &flight, &intents)?;
                written.push((flight, intents));
            }
            Ok(written)
        };
        let flights = self.inner.store.write(write).await?;
        fail_point!("land-after-write", |_| std::process::abort());
        {
            let mut open = self.inner.flights();
            flights.iter().for_each(|(flight, _)| open.add(flight.clone()));
        }
        landing.transactions = flights.len();
        landing.sent = flights.iter().map(|(_, intents)| intents.len()).sum();
        stream::iter(flights.iter())
            .for_each_concurrent(AT_ONCE, |(flight, _)| self.broadcast(nodes, flight))
            .await;
        for (flight, _) in flights.iter() {
            // Where nobody listens, the next look finds it.
            let _ = self.inner.sent.try_send(flight.signature);
        }
        fail_point!("land-after-send", |_| std::process::abort());
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Sends a transaction to all nodes given. That one refuses it changes nothing: what counts is what becomes of it.
    pub(super) async fn broadcast(&self, nodes: &[&Node], flight: &Flight) {
        let config = RpcSendTransactionConfig {
            skip_preflight: true,
            max_retries: Some(0),
            ..RpcSendTransactionConfig::default()
        };
        let send = async |node: &&Node| {
            let sent = node.ask("send", node.rpc().send_transaction_with_config(&flight.transaction, config));
            if let Err(error) = sent.await {
                tracing::debug!(node = node.name(), signature = %flight.signature, %error, "not taken");
            }
        };
        join_all(nodes.iter().map(send)).await;
        if let Some(open) = self.inner.flights().get_mut(&flight.signature) {
            open.sent = Some(Instant::now());
        }
    }
}

/// What follows for a payer from a failure on the chain.
pub(super) fn payer_fault(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Payer(reason) => Some(reason.clone()),
        _ => None,
    }
}
