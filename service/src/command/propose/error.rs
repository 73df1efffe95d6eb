//! Reasons for which a change cannot be proposed.

use {
    crate::command::{Exit, SendFailed},
    blockable_sdk::{Pubkey, errors::ClientError, squads::SquadsError},
};

/// A reason for which a change cannot be proposed to a multisig.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// The account is no multisig.
    #[error(
        "{0} is no multisig of Squads v4 on this cluster; name the multisig's own account, not one of its vaults or members"
    )]
    NotAMultisig(Pubkey),
    /// The vault is not the party that may act.
    #[error("vault {index} of {multisig} is {vault}, and {needed}{advice}")]
    WrongVault {
        /// The multisig.
        multisig: Pubkey,
        /// The vault's index.
        index: u8,
        /// The vault.
        vault: Pubkey,
        /// The keys that may act, in words.
        needed: String,
        /// The next step.
        advice: String,
    },
    /// The key is no member's.
    #[error(
        "{member} is no member of {multisig}, so it cannot propose; name a member's key with --keypair: {members}"
    )]
    NotAMember {
        /// The key.
        member: Pubkey,
        /// The multisig.
        multisig: Pubkey,
        /// The members that may propose.
        members: String,
    },
    /// The member lacks the permission.
    #[error(
        "{member} is a member of {multisig} without the permission to propose; name the key of one that has it: {members}"
    )]
    MayNotPropose {
        /// The member.
        member: Pubkey,
        /// The multisig.
        multisig: Pubkey,
        /// The members that may propose.
        members: String,
    },
    /// More than one transaction.
    #[error(
        "a proposal is one transaction, and this takes {0}; name fewer accounts and propose them in parts"
    )]
    ManyTransactions(usize),
    /// The instructions cannot be proposed.
    #[error("this cannot be proposed: {0}")]
    Squads(#[from] SquadsError),
    /// The transaction that proposes has no room for the change.
    #[error(
        "the transaction that proposes this has {bytes} bytes and may have {limit}; propose less at once, or print the transaction \
         with --no-send and import it in Squads"
    )]
    TooLarge {
        /// Bytes that it has.
        bytes: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// The chain or its node.
    #[error(transparent)]
    Client(#[from] SendFailed),
}

impl From<ClientError> for ProposeError {
    fn from(error: ClientError) -> ProposeError {
        ProposeError::Client(error.into())
    }
}

impl ProposeError {
    /// The command's exit code.
    pub fn exit(&self) -> Exit {
        match self {
            ProposeError::NotAMultisig(_) => Exit::NotFound,
            ProposeError::WrongVault { .. }
            | ProposeError::NotAMember { .. }
            | ProposeError::MayNotPropose { .. } => Exit::Refused,
            ProposeError::ManyTransactions(_) | ProposeError::Squads(_) | ProposeError::TooLarge { .. } => {
                Exit::Usage
            }
            ProposeError::Client(failed) => failed.exit(),
        }
    }
}
