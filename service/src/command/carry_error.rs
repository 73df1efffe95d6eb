//! Reasons for which a change was not carried out.

use {
    super::{ConfirmError, Exit, ProposeError, SendFailed, sol},
    blockable_sdk::{
        Pubkey, Signature,
        amounts::Lamports,
        errors::{ClientError, SentError},
    },
};

/// A reason for which a change was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// The key is another one's.
    #[error("{found} ({source_text}) cannot do this: {needed}; name that key with --keypair")]
    WrongKey {
        /// The key.
        found: Pubkey,
        /// Its origin in words.
        source_text: String,
        /// The keys that can.
        needed: String,
    },
    /// The address that pays has too little SOL; nodes say it in other words.
    #[error("{payer} pays, and has {} SOL; this costs {} SOL at least: send it SOL", sol(*.has), sol(*.needs))]
    TooPoor {
        /// The address.
        payer: Pubkey,
        /// Its balance.
        has: Lamports,
        /// The least cost.
        needs: Lamports,
    },
    /// It cannot be proposed to the multisig.
    #[error(transparent)]
    Propose(#[from] ProposeError),
    /// Nobody confirmed.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// A node does not show an account that the transaction leaves.
    #[error("the node does not show {0} after the transaction; try again")]
    NotShown(Pubkey),
    /// A transaction of an earlier run in other words has landed: it may have done this already, and what was read may be old.
    #[error(
        "{0} of an earlier run has landed, perhaps what you want here in other words; nothing else was sent: look at the account, and \
         run the command again if it is still to be done"
    )]
    Overtaken(Signature),
    /// Another run of this user has its turn on an account, and does not end.
    #[error("another run works on {0} for minutes already; end it, or wait, and run this again")]
    Busy(Pubkey),
    /// The chain or its node, perhaps after transactions that have landed.
    #[error(transparent)]
    Client(#[from] SendFailed),
}

impl From<ClientError> for CarryError {
    fn from(error: ClientError) -> CarryError {
        CarryError::Client(error.into())
    }
}

impl CarryError {
    /// The command's exit code.
    pub fn exit(&self) -> Exit {
        match self {
            CarryError::WrongKey { .. } | CarryError::TooPoor { .. } => Exit::Refused,
            CarryError::Propose(error) => error.exit(),
            CarryError::Confirm(_) => Exit::Declined,
            CarryError::NotShown(_) | CarryError::Overtaken(_) | CarryError::Busy(_) => Exit::Failed,
            CarryError::Client(failed) => failed.exit(),
        }
    }

    /// The transaction that was sent before the error, where one was.
    pub fn sent(&self) -> Option<&SentError> {
        match self {
            CarryError::Client(failed) => failed.error.sent(),
            _ => None,
        }
    }

    /// The transactions that had landed before the one that failed.
    pub fn landed(&self) -> &[Signature] {
        match self {
            CarryError::Client(failed) => &failed.landed,
            _ => &[],
        }
    }
}
