//! Simulates batches, takes out intents that cannot succeed, and measures the compute units of the rest.

use {
    crate::{
        chain::{Node, NodeError},
        land::{
            classify::{Cause, classify},
            fee::Fee,
            key_faults::{KeyFault, KeyNote},
            left_out::LeftOut,
            message::{Envelope, build_message},
            pack::{Batch, MAX_COMPUTE_UNITS, Packed, Version, pack},
        },
        plan::{Intent, Role},
    },
    blockable_sdk::{
        Hash, Pubkey, Signature, TransactionError, VersionedMessage, VersionedTransaction,
        events::Event,
        rpc::{
            CommitmentConfig, RpcClientError, RpcSimulateTransactionConfig, UiInnerInstructions,
            UiInstruction, UiParsedInstruction, UiTransactionEncoding,
        },
    },
    futures_util::{StreamExt, stream},
    std::collections::{BTreeMap, BTreeSet},
};

/// Simulations that run at once.
const AT_ONCE: usize = 8;
/// The reason for an intent whose instruction succeeds and changes nothing.
const DONE_BY_OTHERS: &str = "nothing would change; another keeper has done it";

/// The facts that all transactions of a round share.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoundContext<'a> {
    /// The market.
    pub market: &'a Pubkey,
    /// The accounts that pay, by role.
    pub payers: &'a BTreeMap<Role, Pubkey>,
    /// The transaction format.
    pub version: Version,
}

/// A batch that succeeds in its simulation.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// The batch.
    pub batch: Batch,
    /// Compute units that it took.
    pub compute_units: u64,
}

/// The intents of simulated batches, parted.
#[derive(Debug, Default)]
pub(super) struct Simulated {
    /// They can be sent.
    pub ready: Vec<Ready>,
    /// They are no longer due.
    pub moot: Vec<LeftOut>,
    /// They cannot succeed.
    pub failed: Vec<LeftOut>,
    /// They could not be tried; their turn comes again.
    pub untried: Vec<LeftOut>,
    /// Keys that cannot pay.
    pub(super) keys: Vec<KeyNote>,
}

/// Simulates batches by the first node that answers; what one could not try goes to the next.
pub(super) async fn simulate(
    nodes: &[&Node],
    mut batches: Vec<Batch>,
    round: &RoundContext<'_>,
) -> Simulated {
    let mut all = Simulated::default();
    for node in nodes {
        if batches.is_empty() {
            break;
        }
        let tried = simulate_by(node, batches, round).await;
        let again: Vec<Intent> = tried.untried.iter().map(|out| out.intent.clone()).collect();
        if let Some(LeftOut { reason, .. }) = tried.untried.first() {
            tracing::warn!(node = node.name(), count = again.len(), reason, "not simulated");
        }
        all.absorb(tried);
        Packed { batches, .. } = pack(&again, round.market, round.version);
    }
    for LeftOut { intent, reason } in &all.moot {
        tracing::debug!(kind = %intent.kind(), subject = %intent.subject(), reason, "no longer due");
    }
    all
}

/// Simulates batches by one node until each of their intents is in one that succeeds, or is known not to.
///
/// An intent that fails is taken out of its batch, and one with several credits is halved until those that fail are alone:
/// nothing good waits for something bad.
async fn simulate_by(node: &Node, batches: Vec<Batch>, round: &RoundContext<'_>) -> Simulated {
    let mut simulated = Simulated::default();
    let mut wave = batches;
    while !wave.is_empty() {
        let tried: Vec<(Batch, Result<Simulation, NodeError>)> = stream::iter(wave.drain(..))
            .map(|batch| async {
                let simulation = simulate_batch(node, &batch, round).await;
                (batch, simulation)
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (batch, simulation) in tried {
            wave.extend(simulated.take_in(batch, simulation, round.version));
        }
    }
    simulated
}

impl Simulated {
    /// Adds the outcome of the batches that were untried. Those of them that are still untried replace the list.
    fn absorb(&mut self, more: Simulated) {
        self.ready.extend(more.ready);
        self.moot.extend(more.moot);
        self.failed.extend(more.failed);
        self.untried = more.untried;
        self.keys.extend(more.keys);
    }

    /// Takes in the simulation of a batch. Returns the batches that are to be simulated next.
    fn take_in(
        &mut self,
        batch: Batch,
        outcome: Result<Simulation, NodeError>,
        version: Version,
    ) -> Vec<Batch> {
        match outcome {
            Err(error) => {
                self.untried.extend(LeftOut::all(batch.intents, &error.to_string()));
                Vec::new()
            }
            Ok(Simulation { error: Some(error), .. }) => self.take_apart(batch, &error, version),
            Ok(Simulation { error: None, compute_units, idle }) => {
                let idle = idle.iter().filter_map(|instruction| place_at(*instruction, version)).collect();
                self.take_out_idle(batch, compute_units, &idle)
            }
        }
    }

    /// Takes what would change nothing out of a batch that succeeds. Returns the rest, to be simulated again without it.
    fn take_out_idle(&mut self, batch: Batch, compute_units: u64, idle: &BTreeSet<usize>) -> Vec<Batch> {
        if idle.is_empty() {
            self.ready.push(Ready { batch, compute_units });
            return Vec::new();
        }
        let role = batch.role;
        let (out, rest): (Vec<_>, Vec<_>) =
            batch.intents.into_iter().enumerate().partition(|(place, _)| idle.contains(place));
        self.moot.extend(LeftOut::all(out.into_iter().map(|(_, intent)| intent), DONE_BY_OTHERS));
        let intents: Vec<Intent> = rest.into_iter().map(|(_, intent)| intent).collect();
        if intents.is_empty() { Vec::new() } else { vec![Batch { role, intents }] }
    }

    /// Takes a failed batch apart. Returns the batches to simulate again.
    fn take_apart(&mut self, batch: Batch, error: &TransactionError, version: Version) -> Vec<Batch> {
        match (classify(error), place_of(error, version).filter(|place| *place < batch.intents.len())) {
            (Cause::Payer(reason), _) => {
                let note =
                    KeyNote { role: batch.role, fault: KeyFault::CannotPay, reason: Some(reason.clone()) };
                self.keys.push(note);
                self.untried.extend(LeftOut::all(batch.intents, &reason));
                Vec::new()
            }
            (Cause::Network(reason), _) => {
                self.untried.extend(LeftOut::all(batch.intents, &reason));
                Vec::new()
            }
            (cause @ (Cause::Item { .. } | Cause::Moot(_)), Some(place)) => {
                self.take_out(batch, place, cause)
            }
            // The error does not name the intent: halving finds it.
            (Cause::Item { .. } | Cause::Moot(_), None) => match batch.halves() {
                Some(halves) => halves.to_vec(),
                None => {
                    self.failed.extend(LeftOut::all(batch.intents, &error.to_string()));
                    Vec::new()
                }
            },
        }
    }

    /// Takes the intent at a place out of its batch. Returns the rest of the batch, and the halves of an intent that can be
    /// halved.
    fn take_out(&mut self, mut batch: Batch, place: usize, cause: Cause) -> Vec<Batch> {
        let role = batch.role;
        let intent = batch.intents.remove(place);
        let mut again = Vec::new();
        if !batch.intents.is_empty() {
            again.push(batch);
        }
        match (cause, intent.halves()) {
            (Cause::Item { .. }, Some(halves)) => {
                again.extend(halves.map(|half| Batch { role, intents: vec![half] }));
            }
            (Cause::Item { reason, .. }, None) => self.failed.push(LeftOut { intent, reason }),
            (Cause::Moot(reason) | Cause::Payer(reason) | Cause::Network(reason), _) => {
                self.moot.push(LeftOut { intent, reason });
            }
        }
        again
    }
}

/// Finds the place of the intent whose instruction failed.
pub(super) fn place_of(error: &TransactionError, version: Version) -> Option<usize> {
    let TransactionError::InstructionError(instruction, _) = error else { return None };
    place_at(*instruction, version)
}

/// Finds the place of the intent that an instruction belongs to.
fn place_at(instruction: u8, version: Version) -> Option<usize> {
    // Version 0 has two instructions of the compute budget before the intents'.
    let before = if version == Version::V0 { 2 } else { 0 };
    usize::from(instruction).checked_sub(before)
}

/// A node's answer to one simulation.
#[derive(Clone, Debug)]
pub(crate) struct Simulation {
    /// The reason for which it failed.
    pub error: Option<TransactionError>,
    /// Compute units that it took.
    pub compute_units: u64,
    /// The instructions that meter and would leave out every credit: they succeed and change nothing.
    pub idle: Vec<u8>,
}

async fn simulate_batch(
    node: &Node,
    batch: &Batch,
    round: &RoundContext<'_>,
) -> Result<Simulation, NodeError> {
    let payer = round.payers.get(&batch.role).copied().unwrap_or_default();
    let envelope = Envelope {
        market: round.market,
        payer: &payer,
        version: round.version,
        compute_units: MAX_COMPUTE_UNITS,
        fee: Fee::default(),
        blockhash: Hash::default(),
    };
    let message = build_message(batch, &envelope).map_err(NodeError::Failed)?;
    simulate_message(node, message).await
}

/// Simulates a transaction without a signature. Errors: [`NodeError`].
pub(crate) async fn simulate_message(
    node: &Node,
    message: VersionedMessage,
) -> Result<Simulation, NodeError> {
    let transaction = VersionedTransaction { signatures: vec![Signature::default()], message };
    let config = RpcSimulateTransactionConfig {
        sig_verify: false,
        replace_recent_blockhash: true,
        commitment: Some(CommitmentConfig::confirmed()),
        encoding: Some(UiTransactionEncoding::Base64),
        inner_instructions: true,
        ..RpcSimulateTransactionConfig::default()
    };
    let request = async {
        let answer = node.rpc().simulate_transaction_with_config(&transaction, config).await?;
        Ok::<_, RpcClientError>(answer.value)
    };
    let value = node.ask("simulate", request).await?;
    let inner = value.inner_instructions.unwrap_or_default();
    Ok(Simulation {
        error: value.err.map(Into::into),
        compute_units: value.units_consumed.unwrap_or(0),
        idle: inner.iter().filter(|inner| is_idle(inner)).map(|inner| inner.index).collect(),
    })
}

/// True for an instruction whose event shows that it has metered no credit.
fn is_idle(inner: &UiInnerInstructions) -> bool {
    let data = inner.instructions.iter().filter_map(|instruction| match instruction {
        UiInstruction::Compiled(compiled) => Some(&compiled.data),
        UiInstruction::Parsed(UiParsedInstruction::PartiallyDecoded(decoded)) => Some(&decoded.data),
        UiInstruction::Parsed(UiParsedInstruction::Parsed(_)) => None,
    });
    let events = data.filter_map(|data| Event::decode(&bs58::decode(data).into_vec().ok()?));
    let mut metered = events.filter_map(|event| match event {
        Event::ChunkMetered(chunk) => Some(chunk.records.len()),
        _ => None,
    });
    metered.next() == Some(0)
}
