//! The error of a transaction that was sent: its signature, and what is known of its end.

use {super::ClientError, solana_signature::Signature, std::fmt};

/// The end of a transaction that was sent, as far as it is known.
#[derive(Debug)]
pub enum Outcome {
    /// It landed and did its work.
    Landed {
        /// The slot it landed in.
        slot: u64,
    },
    /// It landed and failed: it changed nothing, and the fee is paid.
    Refused(Box<ClientError>),
    /// Its blockhash expired before it landed; it can no longer land.
    Expired,
    /// It may have landed, or may land yet.
    Unknown,
}

impl Outcome {
    /// The outcome's name in JSON: `landed`, `refused`, `expired` or `unknown`.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Landed { .. } => "landed",
            Outcome::Refused(_) => "refused",
            Outcome::Expired => "expired",
            Outcome::Unknown => "unknown",
        }
    }
}

/// An error that came after a transaction was sent. [`Sender::resolve`](crate::client::Sender::resolve) takes its signature and
/// its last block height, and tells the outcome later.
#[derive(Debug)]
pub struct SentError {
    /// The transaction's signature.
    pub signature: Signature,
    /// The last block height at which it can land.
    pub last_valid: u64,
    /// Its end, as far as it is known.
    pub outcome: Outcome,
    /// The failure that kept the sender from knowing or reading more; empty where there was none.
    pub reason: String,
}

impl fmt::Display for SentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SentError { signature, last_valid, outcome, reason } = self;
        match outcome {
            Outcome::Landed { slot } => write!(
                f,
                "transaction {signature} landed in slot {slot}, but its events cannot be read: {reason}; do not send \
                 it again"
            ),
            Outcome::Refused(error) => write!(f, "{error} (transaction {signature})"),
            Outcome::Expired => {
                write!(f, "transaction {signature} expired before it landed; build it again")
            }
            Outcome::Unknown => write!(
                f,
                "transaction {signature} was sent and its outcome is unknown: {reason}; look its signature up before \
                 you send another, or wait until the block height {last_valid} has passed"
            ),
        }
    }
}

impl std::error::Error for SentError {}
