//! Rust SDK of Blockable: loans secured by prepaid compute credits that the lender can freeze.
//!
//! | module | what for |
//! |---|---|
//! | [`addresses`] | every address the program derives |
//! | [`accounts`] | decode accounts, filter them on an RPC node |
//! | [`amounts`] | money, units, rates and the two clocks as types of their own |
//! | [`instructions`] | one builder per instruction |
//! | [`payments`] | quote a payment: the units it opens and thaws, the least payment that opens some |
//! | [`reports`] | usage reports: encode, sign, verify, assemble a quorum |
//! | [`delays`] | changes and offers that wait for a delay, and lapse |
//! | [`errors`] | typed errors from the results of transactions |
//! | [`audit`] | prove a log complete, rebuild a credit from its events, compare it with the account |
//! | [`backoff`] | pauses between attempts |
//! | [`checks`] | check the arguments of an instruction by the program's own action, without a node |
//! | [`events`] | read events from transactions and prove a credit's log complete |
//! | [`squads`] | propose any instruction to a multisig of Squads v4 |
//! | `follow` | feature `client`: follow events without a gap; feature `stream`: woken by a WebSocket |
//! | [`terms`] | the instalments and the hash of an agreement, from a loan's account |
//! | [`tokens`] | token accounts, balances, mints for tests |
//! | [`transactions`] | signed transactions of versions 0 and 1 |
//! | [`program`] | the program's own types, shared and not copied |
//! | `client` | feature `client` (on by default): a small async client over JSON-RPC |
//! | `http` | feature `client` or `keys`: HTTP clients with further authorities, and with bounds on answers |
//! | `rpc` | feature `client`: the RPC client's types, and descriptions of its errors that carry no URL |
//! | `keys` | feature `keys`: keys in files, Vault and (feature `kms`) AWS KMS that sign reports and transactions |
//!
//! Without features there is no RPC client, no async runtime and no key service. The Solana types that signatures of this
//! crate name (`Pubkey`, `Instruction`, `Signature`, `Keypair`, `Signer`, `Hash`, ...) are re-exported at its root.
//!
//! Units everywhere: money in micro-USDC (the payment token's smallest unit), compute in credit units, rates in basis
//! points, times in Unix seconds, prices in micro-USDC per [`program::units::PRICE_SCALE`] units.
//!
//! ```
//! use blockable_sdk::{Pubkey, addresses, instructions, program::{instructions::FreezeAmount, state::FreezeReason}};
//!
//! let (market, lender, borrower) = (addresses::market(1), Pubkey::new_unique(), Pubkey::new_unique());
//! let credit = addresses::credit(&market, &lender, &borrower, 1);
//! let freeze =
//!     instructions::credit_freeze(&market, &lender, &credit, FreezeAmount::Bps(2_500), FreezeReason::MissedPayment);
//! assert_eq!(freeze.accounts.iter().filter(|account| account.is_signer).count(), 1);
//! ```

#![deny(missing_docs)]
// Tests may wait for the clock and need no deadline.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod accounts;
pub mod addresses;
pub mod amounts;
pub mod audit;
pub mod backoff;
pub mod checks;
#[cfg(feature = "client")]
pub mod client;
pub mod delays;
pub mod errors;
pub mod events;
#[cfg(feature = "client")]
pub mod follow;
#[cfg(any(feature = "client", feature = "keys"))]
pub mod http;
pub mod instructions;
#[cfg(feature = "keys")]
pub mod keys;
pub mod names;
pub mod payments;
mod printable;
pub mod reports;
#[cfg(feature = "client")]
pub mod rpc;
pub mod squads;
pub mod terms;
pub mod tokens;
pub mod transactions;

pub use printable::printable;
pub use {
    blockable_credits as program,
    blockable_credits::ID as PROGRAM_ID,
    solana_clock::Clock,
    solana_hash::Hash,
    solana_instruction::{AccountMeta, Instruction, error::InstructionError},
    solana_keypair::{
        Keypair, keypair_from_seed_phrase_and_passphrase, read_keypair, read_keypair_file, write_keypair_file,
    },
    solana_message::{self as message, VersionedMessage},
    solana_pubkey::Pubkey,
    solana_signature::{SIGNATURE_BYTES, Signature},
    solana_signer::{Signer, SignerError},
    solana_transaction::versioned::VersionedTransaction,
    solana_transaction_error::TransactionError,
};

/// Compiles the examples of the page for integrators.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../../docs/integrator.md")]
struct IntegratorPage;
