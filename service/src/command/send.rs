//! Sends the transactions of one command, one after the other, or with a gate all at once.

use {
    super::{Exit, SendToGate, Signing, Step, note::say},
    blockable_sdk::{
        Signature, Signer,
        client::{Landed, Prepared, Recorded, Sender, Signed},
        errors::{ClientError, Outcome},
        events::Event,
        rpc::describe,
    },
    futures_util::future::{join_all, try_join_all},
    serde_json::Value,
    std::time::Instant,
};

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
}

impl From<ClientError> for SendFailed {
    fn from(error: ClientError) -> SendFailed {
        SendFailed { landed: Vec::new(), count: 1, error }
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
    let (landed, handed) = match gate {
        Some(send_to_gate) => {
            let signed = try_join_all(reviewed.iter().map(|(_, prepared)| sign(prepared))).await?;
            send_to_gate_and_chain(send_to_gate, &sender, reviewed, signed).await?
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
            (send_all(reviewed, send).await?, Vec::new())
        }
    };
    let landed_after_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Sent { landed, handed, landed_after_ms })
}

/// Hands transactions over and sends them, all at the same time: one that fails keeps none of the others from the gate or from the
/// chain. Errors: [`SendFailed`] of the first that failed, with all that landed.
async fn send_to_gate_and_chain(
    send_to_gate: &SendToGate<'_>,
    sender: &Sender<'_>,
    reviewed: &[(&Step, &Prepared)],
    signed: Vec<Signed>,
) -> Result<(Vec<Landed>, Vec<Value>), SendFailed> {
    let each = reviewed.iter().zip(signed).map(async |((step, _), signed)| {
        let recorded = signed.without_record();
        let handing = send_to_gate(step, recorded.transaction().clone());
        futures_util::join!(handing, sender.submit(&recorded))
    });
    let (handed, results): (Vec<_>, Vec<_>) = join_all(each).await.into_iter().unzip();
    Ok((all_landed(results)?, handed))
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
                return Err(SendFailed { landed: signatures(&landed), count: transactions.len(), error });
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
    match failed.into_iter().next() {
        Some(error) => Err(SendFailed { landed: signatures(&landed), count, error }),
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
