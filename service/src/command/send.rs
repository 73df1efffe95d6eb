//! Several transactions of one command, one after the other.

use {
    super::Exit,
    blockable_sdk::{
        Signature,
        client::Landed,
        errors::{ClientError, Outcome},
    },
};

/// The failure of a client, or of one of several transactions. Those before it have landed, and stay.
#[derive(Debug)]
pub struct SendFailed {
    /// The transactions that had landed before, in their order.
    pub landed: Vec<Signature>,
    /// The number of all.
    pub count: usize,
    /// The failure of the next one.
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

    /// Words for the transactions that had landed before, to be put behind the failure's own; empty where there are none.
    pub fn earlier(&self) -> String {
        if self.landed.is_empty() {
            return String::new();
        }
        let landed = self.landed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        format!(
            "; {} of {} transactions had landed before: {landed}; run the command again, it goes on with the rest",
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
        let signature = match send(transaction).await {
            Ok(sent) => sent.signature,
            // It did its work; only its events are not served.
            Err(error) => match error.sent() {
                Some(sent) if matches!(sent.outcome, Outcome::Landed { .. }) => sent.signature,
                _ => return Err(SendFailed { landed, count: transactions.len(), error }),
            },
        };
        eprintln!("landed {signature}");
        landed.push(signature);
    }
    Ok(landed)
}
