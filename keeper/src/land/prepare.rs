//! Simulates batches, takes out what cannot succeed, and says what the rest needs.

use {
    crate::{
        chain::{Node, NodeError},
        land::{
            classify::{Cause, classify},
            pack::{Batch, MAX_COMPUTE_UNITS, Version},
        },
        plan::{Intent, Role},
    },
    blockable_sdk::{
        Hash, Instruction, Pubkey, Signature, TransactionError, VersionedMessage, VersionedTransaction,
        events::Event,
        rpc::{
            CommitmentConfig, RpcClientError, RpcSimulateTransactionConfig, UiInnerInstructions,
            UiInstruction, UiParsedInstruction, UiTransactionEncoding,
        },
        transactions,
    },
    futures_util::{StreamExt, stream},
    std::collections::{BTreeMap, BTreeSet},
};

/// Simulations that run at once.
const AT_ONCE: usize = 8;

/// What a transaction is built with.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The market.
    pub market: &'a Pubkey,
    /// Its format.
    pub version: Version,
    /// Compute units it may take.
    pub compute_units: u32,
    /// Its priority fee.
    pub fee: crate::land::fee::Fee,
    /// The blockhash it expires with.
    pub blockhash: Hash,
}

/// The message of a batch, paid by `payer`. Errors: the SDK's, in words.
pub fn message(batch: &Batch, payer: &Pubkey, build: &Build) -> Result<VersionedMessage, String> {
    let mut instructions: Vec<Instruction> = batch.instructions(build.market);
    let message = match build.version {
        Version::V0 => {
            let budget = transactions::budget_v0(build.compute_units, build.fee.micro_lamports_per_unit);
            instructions.splice(0..0, budget);
            transactions::message_v0(&instructions, payer, build.blockhash)
        }
        Version::V1 => {
            let budget = transactions::budget(build.compute_units).with_priority_fee(build.fee.lamports);
            transactions::message_v1(&instructions, payer, build.blockhash, budget)
        }
    };
    message.map_err(|error| error.to_string())
}

/// A batch that succeeds in the simulation.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The batch.
    pub batch: Batch,
    /// Compute units it took.
    pub units: u64,
}

/// What has come of the batches.
#[derive(Default)]
pub struct Prepared {
    /// Can be sent.
    pub ready: Vec<Ready>,
    /// No longer due, and why.
    pub moot: Vec<(Intent, String)>,
    /// Cannot succeed, and why.
    pub failed: Vec<(Intent, String)>,
    /// Could not be tried, and why; next time.
    pub untried: Vec<(Intent, String)>,
    /// Keys that cannot pay, and why.
    pub payers: BTreeMap<Role, String>,
}

/// Simulates batches until each of their intents is in one that succeeds, or known not to.
///
/// An intent that fails is taken out of its batch, and one with several credits is halved until those that fail are alone:
/// nothing good waits for something bad.
pub async fn prepare(
    node: &Node,
    batches: Vec<Batch>,
    payers: &BTreeMap<Role, Pubkey>,
    market: &Pubkey,
    version: Version,
) -> Prepared {
    let mut prepared = Prepared::default();
    let mut wave = batches;
    while !wave.is_empty() {
        let tried: Vec<(Batch, Result<Simulated, NodeError>)> = stream::iter(wave.drain(..))
            .map(|batch| async {
                let payer = payers.get(&batch.role).copied().unwrap_or_default();
                let simulated = simulate(node, &batch, &payer, market, version).await;
                (batch, simulated)
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (batch, simulated) in tried {
            match simulated {
                Err(error) => prepared.untry(batch, &error.to_string()),
                Ok(Simulated { error: None, units, idle }) => {
                    let idle = idle.iter().filter_map(|instruction| place_at(*instruction, version));
                    match prepared.leave_out(batch, &idle.collect()) {
                        Ok(batch) => prepared.ready.push(Ready { batch, units }),
                        Err(rest) => wave.extend(rest),
                    }
                }
                Ok(Simulated { error: Some(error), .. }) => {
                    wave.extend(prepared.judge(batch, &error, version))
                }
            }
        }
    }
    prepared
}

impl Prepared {
    /// Adds what has come of further batches; what was untried before is what they were.
    pub fn absorb(&mut self, more: Prepared) {
        self.ready.extend(more.ready);
        self.moot.extend(more.moot);
        self.failed.extend(more.failed);
        self.untried = more.untried;
        self.payers.extend(more.payers);
    }

    fn untry(&mut self, batch: Batch, reason: &str) {
        self.untried.extend(batch.intents.into_iter().map(|intent| (intent, reason.to_string())));
    }

    /// Takes out what would change nothing. Returns the batch as it is, or in the error what is left of it, if anything.
    fn leave_out(&mut self, mut batch: Batch, idle: &BTreeSet<usize>) -> Result<Batch, Option<Batch>> {
        if idle.is_empty() {
            return Ok(batch);
        }
        let (out, rest): (Vec<_>, Vec<_>) =
            batch.intents.into_iter().enumerate().partition(|(place, _)| idle.contains(place));
        let reason = "nothing would change; somebody else has done it";
        self.moot.extend(out.into_iter().map(|(_, intent)| (intent, reason.to_string())));
        batch.intents = rest.into_iter().map(|(_, intent)| intent).collect();
        Err((!batch.intents.is_empty()).then_some(batch))
    }

    /// Takes a failed batch apart. Returns what is to be tried again.
    fn judge(&mut self, mut batch: Batch, error: &TransactionError, version: Version) -> Vec<Batch> {
        let role = batch.role;
        let cause = classify(error);
        if let Cause::Payer(reason) = &cause {
            self.untry(batch, reason);
            self.payers.insert(role, reason.clone());
            return Vec::new();
        }
        if let Cause::Network(reason) = &cause {
            self.untry(batch, reason);
            return Vec::new();
        }
        let Some(place) = place_of(error, version).filter(|place| *place < batch.intents.len()) else {
            // Nobody says which it was: the halves do.
            return match batch.halves() {
                Some(halves) => halves.to_vec(),
                None => {
                    self.failed.extend(batch.intents.into_iter().map(|intent| (intent, error.to_string())));
                    Vec::new()
                }
            };
        };
        let culprit = batch.intents.remove(place);
        let mut again = Vec::new();
        if !batch.intents.is_empty() {
            again.push(batch);
        }
        match cause {
            Cause::Item { reason, .. } => match culprit.halves() {
                Some(halves) => again.extend(halves.map(|half| Batch { role, intents: vec![half] })),
                None => self.failed.push((culprit, reason)),
            },
            Cause::Moot(reason) | Cause::Payer(reason) | Cause::Network(reason) => {
                self.moot.push((culprit, reason));
            }
        }
        again
    }
}

/// The place of the intent whose instruction failed.
pub fn place_of(error: &TransactionError, version: Version) -> Option<usize> {
    let TransactionError::InstructionError(instruction, _) = error else { return None };
    place_at(*instruction, version)
}

/// The place of the intent that an instruction is of.
fn place_at(instruction: u8, version: Version) -> Option<usize> {
    // Version 0 has two instructions of the compute budget before the intents'.
    let before = if version == Version::V0 { 2 } else { 0 };
    usize::from(instruction).checked_sub(before)
}

/// What a simulation says.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Why it failed.
    pub error: Option<TransactionError>,
    /// Compute units it took.
    pub units: u64,
    /// The instructions that meter and would leave out every credit: they succeed and change nothing.
    pub idle: Vec<u8>,
}

async fn simulate(
    node: &Node,
    batch: &Batch,
    payer: &Pubkey,
    market: &Pubkey,
    version: Version,
) -> Result<Simulated, NodeError> {
    let build = Build {
        market,
        version,
        compute_units: MAX_COMPUTE_UNITS,
        fee: crate::land::fee::Fee { micro_lamports_per_unit: 0, lamports: 0 },
        blockhash: Hash::default(),
    };
    let message = message(batch, payer, &build).map_err(NodeError::Failed)?;
    simulate_message(node, message).await
}

/// Simulates a transaction that nobody has signed. Errors: [`NodeError`].
pub async fn simulate_message(node: &Node, message: VersionedMessage) -> Result<Simulated, NodeError> {
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
    Ok(Simulated {
        error: value.err.map(Into::into),
        units: value.units_consumed.unwrap_or(0),
        idle: inner.iter().filter(|inner| is_idle(inner)).map(|inner| inner.index).collect(),
    })
}

/// Whether an instruction says by its event that it has metered no credit.
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
