//! Refusals of freeze orders.

use {
    super::state::OrderState,
    blockable_sdk::{Pubkey, program::errors::BlockableError},
};

/// Reasons for which a freeze order is refused. Nothing has changed then. Each message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefused {
    /// More bytes than a transaction of its version may have.
    #[error("{bytes} bytes are more than a transaction has, which is {limit}; send one signed transaction")]
    TooLarge {
        /// Bytes there are.
        bytes: usize,
        /// Bytes there may be.
        limit: usize,
    },
    /// No transaction, or one with bytes left over.
    #[error(
        "this is no transaction of version legacy, 0 or 1 in its wire format; send its bytes as they are"
    )]
    Malformed,
    /// Accounts that a table names cannot be checked ahead of the chain.
    #[error("the transaction uses address lookup tables; name its accounts in the transaction itself")]
    LookupTables,
    /// An instruction of a program that may not come with a freeze.
    #[error(
        "the transaction also calls {program}; send the freeze with a compute budget, a wallet's assertions and memos at \
         most, or send it to the chain itself"
    )]
    ForeignInstruction {
        /// The program called.
        program: Pubkey,
    },
    /// An instruction of a program that may come with a freeze, which is not one of those that may.
    #[error(
        "the instruction of {program} with the freeze {reason}; leave it out, or send the freeze to the chain itself"
    )]
    Companion {
        /// The program called.
        program: Pubkey,
        /// The fault, as the end of a sentence about the instruction.
        reason: &'static str,
    },
    /// A durable nonce, with which the transaction could land at any time.
    #[error(
        "the transaction uses a durable nonce, and could land long after the order was lifted; sign it with a recent \
         blockhash, or send it to the chain itself, which the provider follows"
    )]
    DurableNonce,
    /// A multisig, whose program calls the freeze once enough members have approved.
    #[error(
        "the freeze is in a transaction of the multisig {program}, which decides on the chain; send it to the chain itself, \
         which the provider follows, or sign with a freeze authority that is a plain key"
    )]
    Multisig {
        /// The multisig's program.
        program: Pubkey,
    },
    /// More than one freeze.
    #[error("the transaction has more than one freeze; sign one transaction for each credit")]
    SeveralFreezes,
    /// Not exactly one freeze of this program as its client builds it.
    #[error("the transaction is not one credit_freeze of the blockable program; build it with its client")]
    NotAFreeze,
    /// A signature is missing.
    #[error("a signature is missing; sign with every key the transaction names as a signer")]
    Unsigned,
    /// A signature that its key did not make.
    #[error("the signature of {signer} does not verify; sign the transaction again")]
    BadSignature {
        /// The key.
        signer: Pubkey,
    },
    /// A market that this provider's gate does not guard.
    #[error(
        "the freeze is in market {market}, which this gate does not serve; send it to that market's provider"
    )]
    ForeignMarket {
        /// The market named.
        market: Pubkey,
    },
    /// A credit that this provider does not serve.
    #[error("this provider serves no credit {credit}; check the credit's address")]
    UnknownCredit {
        /// The credit named.
        credit: Pubkey,
    },
    /// Signed by someone who may not freeze.
    #[error("{by} is neither the credit's lender nor its freeze authority; sign with one of their keys")]
    NotFreezer {
        /// The key that signed.
        by: Pubkey,
    },
    /// The gate's chain view is too old.
    #[error("the provider's view of the chain is too old to check the freeze; send it to the chain itself")]
    Stale,
    /// The program would refuse it: by the credit's policy or status, or the amount.
    #[error("the program would refuse this freeze: {0}")]
    Forbidden(BlockableError),
    /// The blockhash is too old to land.
    #[error("the transaction's blockhash has expired; sign it again with a recent one")]
    BlockhashExpired,
    /// The chain does not know the blockhash.
    #[error(
        "the chain does not know the transaction's blockhash, or no longer; sign it again with a recent one"
    )]
    BlockhashUnknown,
    /// The node that must be asked does not answer.
    #[error(
        "the provider's node does not answer and the freeze cannot be checked; send it to the chain itself"
    )]
    Unchecked,
    /// It has had its effect, or can have none.
    #[error("this freeze was given before and is {0}; sign a new one")]
    Replayed(OrderState),
    /// Too many wait to land.
    #[error(
        "{open} freezes wait to land and no more than that are obeyed at once; wait until they have landed"
    )]
    TooManyOpen {
        /// Orders that wait.
        open: usize,
    },
    /// The orders before it for the same credit did not land.
    #[error(
        "the last {unlanded} freezes of this credit did not land, and none is obeyed ahead of the chain for now; send \
         it to the chain itself"
    )]
    TooManyUnlanded {
        /// Orders that did not land.
        unlanded: usize,
    },
    /// The desk is shutting down.
    #[error("the provider is shutting down; send the freeze to the chain itself")]
    ShuttingDown,
}

impl OrderRefused {
    /// A short name, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            OrderRefused::TooLarge { .. } => "too_large",
            OrderRefused::Malformed => "malformed",
            OrderRefused::LookupTables => "lookup_tables",
            OrderRefused::ForeignInstruction { .. } => "foreign_instruction",
            OrderRefused::Companion { .. } => "companion_refused",
            OrderRefused::DurableNonce => "durable_nonce",
            OrderRefused::Multisig { .. } => "multisig",
            OrderRefused::SeveralFreezes => "several_freezes",
            OrderRefused::NotAFreeze => "not_a_freeze",
            OrderRefused::Unsigned => "unsigned",
            OrderRefused::BadSignature { .. } => "bad_signature",
            OrderRefused::ForeignMarket { .. } => "foreign_market",
            OrderRefused::UnknownCredit { .. } => "credit_unknown",
            OrderRefused::NotFreezer { .. } => "not_freezer",
            OrderRefused::Stale => "chain_stale",
            OrderRefused::Forbidden(BlockableError::FreezePolicyForbids) => "policy_forbids",
            OrderRefused::Forbidden(BlockableError::AlreadyFrozen) => "already_frozen",
            OrderRefused::Forbidden(_) => "program_refuses",
            OrderRefused::BlockhashExpired => "blockhash_expired",
            OrderRefused::BlockhashUnknown => "blockhash_unknown",
            OrderRefused::Unchecked => "unchecked",
            OrderRefused::Replayed(_) => "replayed",
            OrderRefused::TooManyOpen { .. } => "too_many_open",
            OrderRefused::TooManyUnlanded { .. } => "too_many_unlanded",
            OrderRefused::ShuttingDown => "shutting_down",
        }
    }

    /// True where the same bytes may be obeyed later.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            OrderRefused::Stale
                | OrderRefused::Unchecked
                | OrderRefused::TooManyOpen { .. }
                | OrderRefused::TooManyUnlanded { .. }
                | OrderRefused::ShuttingDown
        )
    }
}
