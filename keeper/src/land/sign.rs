//! Signs transactions, with their fees and within their keys' caps.

use {
    crate::{
        chain::{Node, Snapshot},
        land::{
            faults::Fault,
            fee::{LAMPORTS_PER_SIGNATURE, fee},
            flight::{Carried, Flight, writes},
            journal,
            lander::{Lander, Landing},
            pack::Version,
            prepare::{Build, Ready, message},
        },
        plan::{Intent, Role},
        store::StoreError,
    },
    blockable_sdk::{Hash, Pubkey, VersionedTransaction},
    std::{
        collections::{BTreeMap, BTreeSet},
        time::Instant,
    },
};

/// Most accounts that a node is asked the recent fees of.
const FEE_ACCOUNTS: usize = 100;
/// Basis points in one whole.
const BPS: u64 = 10_000;

impl Lander {
    /// Signs what its key may pay for. What a key does not sign waits; what others sign goes on.
    pub(super) async fn sign(
        &self,
        recent: Vec<u64>,
        ready: Vec<Ready>,
        version: Version,
        (blockhash, last_valid_height): (Hash, u64),
        snapshot: &Snapshot,
        landing: &mut Landing,
    ) -> Result<Vec<(Flight, Vec<Intent>)>, StoreError> {
        let inner = &self.inner;
        let mut left = self.left_to_spend().await?;
        let mut flights = Vec::with_capacity(ready.len());
        let mut mute = BTreeSet::new();
        for Ready { batch, units } in ready {
            let Some(key) = inner.keys.get(&batch.role) else { continue };
            if mute.contains(&batch.role) {
                landing.untried += batch.intents.len();
                continue;
            }
            let attempt = self.attempts(&batch.intents);
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
                inner.faults().set(batch.role, Fault::Pays, reason);
                continue;
            }
            let build = Build { market: &inner.market, version, compute_units, fee: priority, blockhash };
            let message = match message(&batch, &key.public_key(), &build) {
                Ok(message) => message,
                Err(reason) => {
                    tracing::error!(reason, "a transaction that was simulated cannot be built");
                    continue;
                }
            };
            // Each further try may take as long as its deadline, and the other keys' work would wait for it.
            let signature = match key.sign(&message.serialize()).await {
                Ok(signature) => {
                    inner.faults().clear(batch.role, Fault::Signs);
                    signature
                }
                Err(error) => {
                    tracing::warn!(role = batch.role.name(), %error, "a key does not sign");
                    let reason = format!("it does not sign: {error}");
                    inner.faults().set(batch.role, Fault::Signs, reason);
                    landing.untried += batch.intents.len();
                    mute.insert(batch.role);
                    continue;
                }
            };
            *budget -= lamports;
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
                signed: Some(Instant::now()),
            };
            flights.push((flight, batch.intents));
        }
        Ok(flights)
    }

    /// How often the same work has died in a row. It is counted by lane: its intents change with every report.
    fn attempts(&self, intents: &[Intent]) -> u32 {
        let deaths = self.inner.deaths();
        intents.iter().filter_map(|intent| deaths.get(&intent.lane())).copied().max().unwrap_or(0)
    }

    /// What others paid lately for the same accounts, by the first node that tells; nothing where none does.
    pub(super) async fn recent_fees(&self, nodes: &[&Node], ready: &[Ready]) -> Vec<u64> {
        let credits = ready.iter().flat_map(|ready| &ready.batch.intents).flat_map(|intent| intent.credits());
        let accounts: Vec<Pubkey> = credits.take(FEE_ACCOUNTS).copied().collect();
        for node in nodes {
            let asked = node.ask("recent_fees", node.rpc().get_recent_prioritization_fees(&accounts)).await;
            if let Ok(fees) = asked {
                return fees.iter().map(|fee| fee.prioritization_fee).collect();
            }
        }
        Vec::new()
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
}
