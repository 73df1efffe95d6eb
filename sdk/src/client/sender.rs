//! Sends transactions and follows them to their end.

use {
    super::{
        Client, Landed, PriorityFee, Recorded,
        broadcast::{Taken, broadcast},
        look::{DEADLINE, Look, Sought, look},
        send::{read_landed, read_logs},
    },
    crate::{
        amounts::Lamports,
        backoff::Backoff,
        errors::{ClientError, Outcome, SentError},
        rpc::{
            Account, CommitmentConfig, RpcClient, RpcSimulateTransactionAccountsConfig,
            RpcSimulateTransactionConfig, UiAccount, UiAccountEncoding, UiTransactionEncoding,
        },
        transactions::{self, Budget},
    },
    solana_hash::Hash,
    solana_instruction::Instruction,
    solana_message::VersionedMessage,
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    solana_signer::Signer,
    solana_transaction::versioned::VersionedTransaction,
    std::{sync::Arc, time::Duration},
    tokio::time::{Instant, sleep},
};

/// First pause between two looks at a transaction; doubles up to [`POLL_MAX`].
const POLL_MIN: Duration = Duration::from_millis(10);
/// Longest pause between two looks at a transaction.
const POLL_MAX: Duration = Duration::from_millis(400);
/// Pause between two broadcasts of the same transaction.
const REBROADCAST: Duration = Duration::from_secs(2);
/// Time for which a transaction is followed: a blockhash lives for a minute at most while blocks are made.
const PATIENCE: Duration = Duration::from_secs(180);
/// Time after which a transaction has landed though as many nodes do not have it as have it: one of them stands still.
const DISPUTE: Duration = Duration::from_secs(15);
/// Lamports per signature.
const SIGNATURE_FEE: u64 = 5_000;
/// Most compute units of a transaction.
const MAX_COMPUTE_UNITS: u32 = 1_400_000;
/// Compute units that a transaction may take above its simulation: for its budget's own instructions, and a tenth for a state
/// that has changed meanwhile.
const SPARE_UNITS: u64 = 1_000;

/// Instructions as they would be sent, after a simulation that succeeded.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The instructions, with the compute budget before them where there is a priority fee.
    pub instructions: Vec<Instruction>,
    /// Compute units that the simulation took.
    pub compute_units: u64,
    /// The whole fee: signatures and priority.
    pub fee: Lamports,
}

/// The result of a simulation that succeeded.
struct Simulated {
    compute_units: u64,
    accounts: Vec<Option<Account>>,
}

/// A transaction as it would be sent, and accounts as it would leave them.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The transaction.
    pub prepared: Prepared,
    /// The accounts that were asked for, in their order, as they are after the transaction; `None` for one that is not there then.
    pub accounts: Vec<Option<Account>>,
}

/// Sends transactions over a client's node and further ones, and follows each to its end.
///
/// A transaction is simulated before it is signed, handed to every node at once, sent again every two seconds, and looked up on
/// all nodes until more of them have confirmed it than lack it, or until it has failed or expired for more than half of all. Requests
/// that fail meanwhile end nothing, and no node alone among several decides that a transaction has had no effect. Once a transaction has been handed out, every error is [`ClientError::Sent`], with its signature and its outcome.
/// The sender keeps no state: after a crash [`Sender::resolve`] finds the outcome of a signature that was written down. An action
/// is safe to repeat once the outcome is known, or where the program refuses a second one.
pub struct Sender<'a> {
    client: &'a Client,
    nodes: Vec<Arc<RpcClient>>,
    fee: PriorityFee,
    patience: Duration,
}

impl<'a> Sender<'a> {
    /// A sender over the client's own node, without a priority fee.
    pub fn new(client: &'a Client) -> Sender<'a> {
        let nodes = vec![client.rpc.clone()];
        Sender { client, nodes, fee: PriorityFee::None, patience: PATIENCE }
    }

    /// The same over further nodes as well. The client's own node simulates and gives blockhashes; all take and confirm transactions.
    pub fn with_nodes<'b>(mut self, clients: impl IntoIterator<Item = &'b Client>) -> Sender<'a> {
        self.nodes.extend(clients.into_iter().map(|client| client.rpc.clone()));
        self
    }

    /// The same with a priority fee.
    pub fn with_priority_fee(self, fee: PriorityFee) -> Sender<'a> {
        Sender { fee, ..self }
    }

    /// The same that follows a transaction for this long; then its outcome is unknown. 180 s is the usual time.
    pub fn with_patience(self, patience: Duration) -> Sender<'a> {
        Sender { patience, ..self }
    }

    /// Simulates a transaction of version 0 that nobody has signed, and adds the compute budget. Sends nothing and needs no key.
    /// Errors: [`ClientError::Refused`], [`ClientError::Failed`], [`ClientError::Build`], [`ClientError::Rpc`].
    pub async fn prepare(
        &self,
        instructions: &[Instruction],
        payer: &Pubkey,
    ) -> Result<Prepared, ClientError> {
        Ok(self.preview(instructions, payer, &[]).await?.prepared)
    }

    /// As [`Sender::prepare`], and returns the accounts at `watched` as the transaction would leave them: an effect to show before
    /// anything is signed, by the code path that sends. Errors: as [`Sender::prepare`].
    pub async fn preview(
        &self,
        instructions: &[Instruction],
        payer: &Pubkey,
        watched: &[Pubkey],
    ) -> Result<Preview, ClientError> {
        let message = transactions::message_v0(instructions, payer, Hash::default())?;
        let signatures = u64::from(message.header().num_required_signatures).saturating_mul(SIGNATURE_FEE);
        let Simulated { compute_units, accounts } = self.simulate(message, watched).await?;
        let Some(price) = self.fee.price(&self.client.rpc, instructions).await? else {
            let instructions = instructions.to_vec();
            let prepared = Prepared { instructions, compute_units, fee: Lamports(signatures) };
            return Ok(Preview { prepared, accounts });
        };
        let limit = compute_units.saturating_add(compute_units / 10).saturating_add(SPARE_UNITS);
        let limit = u32::try_from(limit).unwrap_or(MAX_COMPUTE_UNITS).min(MAX_COMPUTE_UNITS);
        let priority = u64::from(limit).saturating_mul(price).div_ceil(1_000_000);
        let mut budgeted = transactions::budget_v0(limit, price).to_vec();
        budgeted.extend_from_slice(instructions);
        let fee = Lamports(signatures.saturating_add(priority));
        let prepared = Prepared { instructions: budgeted, compute_units, fee };
        Ok(Preview { prepared, accounts })
    }

    /// Simulates a message without its signatures. Errors: as [`Sender::prepare`].
    async fn simulate(
        &self,
        message: VersionedMessage,
        watched: &[Pubkey],
    ) -> Result<Simulated, ClientError> {
        let signers = usize::from(message.header().num_required_signatures);
        let transaction = VersionedTransaction { signatures: vec![Signature::default(); signers], message };
        let accounts = (!watched.is_empty()).then(|| RpcSimulateTransactionAccountsConfig {
            encoding: Some(UiAccountEncoding::Base64),
            addresses: watched.iter().map(ToString::to_string).collect(),
        });
        let config = RpcSimulateTransactionConfig {
            sig_verify: false,
            replace_recent_blockhash: true,
            commitment: Some(CommitmentConfig::processed()),
            encoding: Some(UiTransactionEncoding::Base64),
            accounts,
            ..RpcSimulateTransactionConfig::default()
        };
        let answer = self.client.rpc.simulate_transaction_with_config(&transaction, config).await?.value;
        if let Some(error) = answer.err {
            return Err(ClientError::from_transaction(error.into(), answer.logs.unwrap_or_default()));
        }
        let served = answer.accounts.unwrap_or_default();
        if served.len() != watched.len() {
            return Err(ClientError::WrongCount { given: served.len(), asked: watched.len() });
        }
        let read = |(address, served): (&Pubkey, Option<UiAccount>)| {
            served.map(|served| served.to_account().ok_or(ClientError::Unreadable(*address))).transpose()
        };
        let accounts = watched.iter().zip(served).map(read).collect::<Result<_, _>>()?;
        Ok(Simulated { compute_units: answer.units_consumed.unwrap_or(0), accounts })
    }

    /// Simulates, signs, sends and follows a transaction of version 0. `payer` pays the fee; `signers` are the others. It is written down
    /// nowhere: after a crash nobody knows its signature. [`Signed`](super::Signed) has the way for an act that must not be done twice.
    ///
    /// Errors: as [`Sender::prepare`] and [`Client::sign`] before anything is sent; then [`ClientError::Sent`].
    pub async fn send(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
    ) -> Result<Landed, ClientError> {
        let prepared = self.prepare(instructions, &payer.pubkey()).await?;
        let signed = self.client.sign(&prepared.instructions, payer, signers).await?;
        self.submit(&signed.without_record()).await
    }

    /// As [`Sender::send`], in a transaction of version 1, whose `budget` has its own priority fee. Errors: as [`Sender::send`].
    pub async fn send_v1(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        budget: Budget,
    ) -> Result<Landed, ClientError> {
        let signed = self.client.sign_v1(instructions, payer, signers, budget).await?;
        self.simulate(signed.transaction().message.clone(), &[]).await?;
        self.submit(&signed.without_record()).await
    }

    /// Sends a signed transaction and follows it. Errors: [`ClientError::Refused`], [`ClientError::Failed`] or
    /// [`ClientError::Rpc`] where every node says that it has not taken it; then [`ClientError::Sent`].
    pub async fn submit(&self, recorded: &Recorded) -> Result<Landed, ClientError> {
        match broadcast(&self.nodes, recorded.transaction()).await {
            Taken::Refused(error) => Err((*error).into()),
            Taken::Perhaps => self.follow(recorded).await,
        }
    }

    /// Follows a transaction that was sent, and sends it again meanwhile, until it is confirmed or can no longer land; then reads
    /// its events. Errors: [`ClientError::Sent`].
    pub async fn follow(&self, recorded: &Recorded) -> Result<Landed, ClientError> {
        let (signature, last_valid) = (recorded.signature(), recorded.last_valid());
        let sought = Sought { signature, last_valid, blockhash: Some(recorded.blockhash()), history: false };
        let sent = |outcome: Outcome, reason: String| {
            ClientError::Sent(Box::new(SentError { signature, last_valid, outcome, reason }))
        };
        let (mut last_sent, began, mut disputed_since) = (Instant::now(), Instant::now(), None);
        let landed = async |slot| {
            let landed = read_landed(&self.nodes, &signature).await;
            landed.map_err(|error| sent(Outcome::Landed { slot }, error.to_string()))
        };
        let (mut pauses, mut graces) = (Backoff::new(POLL_MIN, POLL_MAX), Backoff::new(POLL_MAX, DEADLINE));
        loop {
            let reason = match look(&self.nodes, sought, graces.next_pause()).await {
                Look::Landed(slot) => return landed(slot).await,
                Look::Disputed(slot, is_tie) => {
                    let since = disputed_since.get_or_insert_with(Instant::now);
                    if is_tie && since.elapsed() >= DISPUTE {
                        return landed(slot).await;
                    }
                    "some nodes have it as landed, and others do not".to_string()
                }
                Look::Failed(error) => {
                    let logs = read_logs(&self.nodes, &signature).await;
                    let error = Box::new(ClientError::from_transaction(error, logs));
                    return Err(sent(Outcome::Refused(error), String::new()));
                }
                Look::Expired => return Err(sent(Outcome::Expired, String::new())),
                Look::Open => "it is neither confirmed nor expired".to_string(),
                Look::Silent(reason) => format!("too few nodes answer ({reason})"),
            };
            if began.elapsed() >= self.patience {
                return Err(sent(Outcome::Unknown, reason));
            }
            sleep(pauses.next_pause()).await;
            if last_sent.elapsed() >= REBROADCAST {
                // A node that refuses a second copy changes nothing: the status decides.
                let _ = broadcast(&self.nodes, recorded.transaction()).await;
                last_sent = Instant::now();
            }
        }
    }

    /// Looks up what became of a transaction that was sent, by its signature and the last block height at which it could land, in
    /// the nodes' whole history. Waits for nothing: [`Outcome::Unknown`] where it may land yet, or no node answers.
    pub async fn resolve(&self, signature: &Signature, last_valid: u64) -> Outcome {
        self.find(Sought { signature: *signature, last_valid, blockhash: None, history: true }).await
    }

    /// As [`Sender::resolve`], by the transaction itself: it has expired only where the nodes also say so of its blockhash.
    pub async fn resolve_recorded(&self, recorded: &Recorded) -> Outcome {
        let (signature, last_valid) = (recorded.signature(), recorded.last_valid());
        self.find(Sought { signature, last_valid, blockhash: Some(recorded.blockhash()), history: true })
            .await
    }

    async fn find(&self, sought: Sought) -> Outcome {
        match look(&self.nodes, sought, DEADLINE).await {
            Look::Landed(slot) => Outcome::Landed { slot },
            Look::Failed(error) => {
                let logs = read_logs(&self.nodes, &sought.signature).await;
                Outcome::Refused(Box::new(ClientError::from_transaction(error, logs)))
            }
            Look::Expired => Outcome::Expired,
            Look::Open | Look::Disputed(..) | Look::Silent(_) => Outcome::Unknown,
        }
    }
}
