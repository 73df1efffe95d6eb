//! Sends the transactions of one command, one after the other, or with a gate all at once.

use {
    super::{
        Exit, SendToGate, Signing, Step,
        note::{note, say},
    },
    blockable_sdk::{
        Signature, Signer,
        amounts::Lamports,
        client::{Landed, Prepared, Recorded, Sender, Signed},
        errors::{ClientError, Outcome},
        events::Event,
        rpc::describe,
    },
    futures_util::future::{Either, join_all, select, try_join_all},
    serde_json::{Value, json},
    std::{
        pin::pin,
        time::{Duration, Instant},
    },
    tokio::time::timeout,
};

/// Time that a gate has for its answer once the transaction has landed.
const GATE_GRACE: Duration = Duration::from_secs(3);

/// The failure of a client, or of one of several transactions. Those that have landed stay. Its text names a program's error, and
/// never has a node's URL, which may hold a key.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", client_message(.error), self.earlier())]
pub struct SendFailed {
    /// The transactions that have landed, in their order.
    pub landed: Vec<Signature>,
    /// The number of all.
    pub count: usize,
    /// The failure of another one.
    pub error: ClientError,
    /// The rest of what is known of transactions that were sent at once; `None` where nothing was sent, or one after the other.
    pub at_once: Option<Box<SentAtOnce>>,
}

/// Transactions that were all sent at once, of which one has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentAtOnce {
    /// True where the program, or a node for it, has refused one of them; it changed nothing.
    pub is_refused: bool,
    /// The fee of all, as it was reviewed.
    pub fee: Lamports,
    /// The answers of the provider's server to all of them.
    pub handed: Vec<Value>,
}

impl From<ClientError> for SendFailed {
    fn from(error: ClientError) -> SendFailed {
        SendFailed { landed: Vec::new(), count: 1, error, at_once: None }
    }
}

impl SendFailed {
    /// The command's exit code: a refusal does not undo those before.
    pub fn exit(&self) -> Exit {
        match Exit::from_client(&self.error) {
            exit if self.landed.is_empty() => exit,
            Exit::Unknown => Exit::Unknown,
            _ => Exit::Failed,
        }
    }

    /// The same with the reviewed fee of transactions that were sent at once.
    pub(super) fn with_fee(mut self, fee: Lamports) -> SendFailed {
        self.at_once.iter_mut().for_each(|sent| sent.fee = fee);
        self
    }

    /// The same with the answers of the provider's server.
    pub(super) fn with_handed(mut self, handed: Vec<Value>) -> SendFailed {
        if let Some(sent) = &mut self.at_once {
            sent.handed = handed;
        }
        self
    }

    /// Words for the transactions that had landed, behind the failure's own; empty where there are none.
    fn earlier(&self) -> String {
        if self.landed.is_empty() {
            return String::new();
        }
        let landed = self.landed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        format!(
            "; {} of {} transactions had landed: {landed}; run the command again, it goes on with the rest",
            self.landed.len(),
            self.count
        )
    }
}

/// The transactions of a change that have landed, and the provider's answers to them.
pub(super) struct Sent {
    /// The transactions, in their order.
    landed: Vec<Landed>,
    /// The answers of a provider's server.
    pub handed: Vec<Value>,
    /// Milliseconds from the confirmation to the last landing.
    pub landed_after_ms: u64,
}

impl Sent {
    /// Their signatures.
    pub(super) fn signatures(&self) -> Vec<Signature> {
        signatures(&self.landed)
    }

    /// The program's events in them; none of a transaction that no node serves.
    pub(super) fn events(&self) -> Vec<Event> {
        self.landed.iter().flat_map(|landed| landed.events.iter().cloned()).collect()
    }
}

fn signatures(landed: &[Landed]) -> Vec<Signature> {
    landed.iter().map(|landed| landed.signature).collect()
}

/// Sends transactions, each once the one before has landed; with a gate all of them at once, so that it has the last
/// one as soon as the first. Errors: [`SendFailed`].
pub(super) async fn send(
    signing: &Signing<'_>,
    reviewed: &[(&Step, &Prepared)],
    gate: Option<&SendToGate<'_>>,
    key: &dyn Signer,
    others: &[Box<dyn Signer>],
) -> Result<Sent, SendFailed> {
    let began = Instant::now();
    let signers: Vec<&dyn Signer> = std::iter::once(key).chain(others.iter().map(AsRef::as_ref)).collect();
    let (sender, payer) = (signing.nodes.sender(signing.most_fee), &signing.heading.payer);
    let first = signers.iter().find(|signer| signer.pubkey() == *payer).copied().unwrap_or(key);
    // What was reviewed is signed, with its fee.
    let sign =
        async |prepared: &Prepared| signing.nodes.client.sign(&prepared.instructions, first, &signers).await;
    let landed = match gate {
        Some(send_to_gate) => {
            let signed = try_join_all(reviewed.iter().map(|(_, prepared)| sign(prepared))).await?;
            return send_to_gate_and_chain(send_to_gate, &sender, reviewed, signed, began).await;
        }
        None if signing.at_once => {
            let signed = try_join_all(reviewed.iter().map(|(_, prepared)| sign(prepared))).await?;
            let each = signed.into_iter().map(async |signed| sender.submit(&signed.without_record()).await);
            all_landed(join_all(each).await)?
        }
        None => {
            let send = async |(step, prepared): &(&Step, &Prepared)| {
                let signed = sign(prepared).await?;
                let Some(pending) = signing.pending else {
                    return sender.submit(&signed.without_record()).await;
                };
                let subject = step.watched.first().copied();
                let entry =
                    pending.entry(signing.nodes.genesis, &signing.heading, subject.as_slice(), &signed);
                let submit = async |recorded: Recorded| sender.submit(&recorded).await;
                pending.guard(&entry, signed, submit).await
            };
            send_all(reviewed, send).await?
        }
    };
    Ok(Sent { landed, handed: Vec::new(), landed_after_ms: millis(began) })
}

/// Milliseconds since a time.
fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Hands transactions over and sends them, all at the same time: one that fails keeps none of the others from the gate or from the
/// chain, and a slow gate none from the answer. Errors: [`SendFailed`] of the first that failed, with all that landed.
async fn send_to_gate_and_chain(
    send_to_gate: &SendToGate<'_>,
    sender: &Sender<'_>,
    reviewed: &[(&Step, &Prepared)],
    signed: Vec<Signed>,
    began: Instant,
) -> Result<Sent, SendFailed> {
    let each = reviewed.iter().zip(signed).map(async |((step, _), signed)| {
        let recorded = signed.without_record();
        let handing = send_to_gate(step, recorded.transaction().clone());
        let landing = async {
            let result = sender.submit(&recorded).await;
            (result, millis(began))
        };
        match select(handing, pin!(landing)).await {
            Either::Left((handed, landing)) => (handed, landing.await),
            Either::Right((landed, handing)) => {
                let answer = timeout(GATE_GRACE, handing).await;
                (answer.unwrap_or_else(|_| unanswered(millis(began))), landed)
            }
        }
    });
    let (handed, landed): (Vec<_>, Vec<_>) = join_all(each).await.into_iter().unzip();
    let (results, after_ms): (Vec<_>, Vec<u64>) = landed.into_iter().unzip();
    match all_landed(results) {
        Ok(landed) => Ok(Sent { landed, handed, landed_after_ms: after_ms.into_iter().max().unwrap_or(0) }),
        Err(failed) => Err(failed.with_handed(handed)),
    }
}

/// The data of a gate that has not answered in time.
fn unanswered(after_ms: u64) -> Value {
    note("the provider has not answered yet, and is not waited for: the freeze has landed or failed");
    json!({"obeyed": false, "after_ms": after_ms, "frozen": null, "error": "no answer in time"})
}
/// Sends transactions one after the other, until one fails; says on stderr which have landed. Errors: [`SendFailed`].
pub async fn send_all<T>(
    transactions: &[T],
    mut send: impl AsyncFnMut(&T) -> Result<Landed, ClientError>,
) -> Result<Vec<Landed>, SendFailed> {
    let mut landed = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        match has_landed(send(transaction).await) {
            Ok(transaction) => landed.push(transaction),
            Err(error) => {
                let landed = signatures(&landed);
                return Err(SendFailed { landed, count: transactions.len(), error, at_once: None });
            }
        }
    }
    Ok(landed)
}

/// Transactions that were sent together; says on stderr which have landed. Errors: [`SendFailed`] with the first failure, one whose
/// outcome is unknown before the others.
fn all_landed(results: Vec<Result<Landed, ClientError>>) -> Result<Vec<Landed>, SendFailed> {
    let count = results.len();
    let (mut landed, mut failed) = (Vec::with_capacity(count), Vec::new());
    for result in results {
        match has_landed(result) {
            Ok(transaction) => landed.push(transaction),
            Err(error) => failed.push(error),
        }
    }
    failed.sort_by_key(|error| Exit::from_client(error) != Exit::Unknown);
    let is_refused = failed.iter().any(|error| Exit::from_client(error) == Exit::Refused);
    match failed.into_iter().next() {
        Some(error) => {
            let at_once = Some(Box::new(SentAtOnce { is_refused, ..SentAtOnce::default() }));
            Err(SendFailed { landed: signatures(&landed), count, error, at_once })
        }
        None => Ok(landed),
    }
}

/// A transaction that has landed; says so on stderr.
fn has_landed(sent: Result<Landed, ClientError>) -> Result<Landed, ClientError> {
    let landed = match sent {
        Ok(landed) => landed,
        // It did its work; only its events are not served.
        Err(ClientError::Sent(sent)) => match sent.outcome {
            Outcome::Landed { slot } => {
                Landed { signature: sent.signature, slot, compute_units: None, events: Vec::new() }
            }
            _ => return Err(ClientError::Sent(sent)),
        },
        Err(error) => return Err(error),
    };
    say(&format!("landed {}", landed.signature));
    Ok(landed)
}

/// A client's error: one of the program with its name, and never with a node's URL, which may hold a key.
fn client_message(error: &ClientError) -> String {
    match (error, error.program_error()) {
        (ClientError::Rpc(error), _) => {
            format!("the node failed: {}; try again, or name another with --url", describe(error))
        }
        (_, Some(named)) => format!("the program refuses ({named:?}): {error}"),
        _ => error.to_string(),
    }
}
