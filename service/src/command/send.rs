//! Several transactions of one command, one after the other.

use {
    super::{Exit, note::say},
    blockable_sdk::{
        Signature,
        amounts::Lamports,
        client::Landed,
        errors::{ClientError, Outcome},
        rpc::describe,
    },
    serde_json::Value,
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

/// Sends transactions one after the other, until one fails; says on stderr which have landed. Returns the signatures. Errors:
/// [`SendFailed`].
pub async fn send_all<T>(
    transactions: &[T],
    mut send: impl AsyncFnMut(&T) -> Result<Landed, ClientError>,
) -> Result<Vec<Signature>, SendFailed> {
    let mut landed = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        match landed_signature(send(transaction).await) {
            Ok(signature) => landed.push(signature),
            Err(error) => {
                return Err(SendFailed { landed, count: transactions.len(), error, at_once: None });
            }
        }
    }
    Ok(landed)
}

/// The signatures of transactions that were sent together; says on stderr which have landed. Errors: [`SendFailed`] with the first
/// failure, one whose outcome is unknown before the others.
pub(super) fn all_landed(results: Vec<Result<Landed, ClientError>>) -> Result<Vec<Signature>, SendFailed> {
    let count = results.len();
    let (mut landed, mut failed) = (Vec::with_capacity(count), Vec::new());
    for result in results {
        match landed_signature(result) {
            Ok(signature) => landed.push(signature),
            Err(error) => failed.push(error),
        }
    }
    failed.sort_by_key(|error| Exit::from_client(error) != Exit::Unknown);
    let is_refused = failed.iter().any(|error| Exit::from_client(error) == Exit::Refused);
    match failed.into_iter().next() {
        Some(error) => {
            let at_once = Some(Box::new(SentAtOnce { is_refused, ..SentAtOnce::default() }));
            Err(SendFailed { landed, count, error, at_once })
        }
        None => Ok(landed),
    }
}

/// The signature of a transaction that has landed; says so on stderr.
fn landed_signature(sent: Result<Landed, ClientError>) -> Result<Signature, ClientError> {
    let signature = match sent {
        Ok(landed) => landed.signature,
        // It did its work; only its events are not served.
        Err(ClientError::Sent(sent)) if matches!(sent.outcome, Outcome::Landed { .. }) => sent.signature,
        Err(error) => return Err(error),
    };
    say(&format!("landed {signature}"));
    Ok(signature)
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
