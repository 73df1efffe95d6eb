//! The gate of a GPU provider: it admits jobs against credits, obeys freezes as soon as they are signed,
//! and has a reporter that signs what was used.
//!
//! | module | content |
//! |---|---|
//! | [`gate`] | admit, settle and release jobs, quote what opens units for them; survives its own sudden end |
//! | [`ledger`] | the rule by which jobs are admitted, in memory |
//! | [`follow`] | shows the gate the chain, over WebSocket and RPC |
//! | [`freeze_orders`] | obeys a signed freeze before it lands |
//! | [`reporter`] | signs usage reports |
//! | [`blockable_sdk::keys`] | the keys it signs with |
//!
//! Two rules make a credit's collateral real: jobs that run when a freeze lands may finish and no new one starts; and what
//! is used beyond that is the provider's loss.

// Tests may wait for the clock and need no deadline.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod answers;
pub mod api_keys;
pub mod chain_view;
pub mod follow;
pub mod freeze_orders;
pub mod gate;
pub mod hold;
pub mod ledger;
pub mod notice;
pub mod reporter;
pub mod store;
pub mod usage;
pub mod writer;

#[cfg(test)]
mod tests;

pub use {
    answers::KeptAnswer,
    api_keys::{BudgetPeriod, KeyBudget, StoredKey, StoredKeys},
    chain_view::WhenStale,
    follow::{FollowConfig, FollowStatus, Follower},
    freeze_orders::{
        ExaminedOrder, FreezeDesk, FreezeDeskConfig, FreezeOrder, ObeyedOrder, OrderRefused, OrderState,
    },
    gate::{Gate, GateConfig, OpeningPayment, OpeningPayments},
    hold::{AtDeadline, Hold, HoldId, Job, Refusal},
    notice::{Notice, NoticeKind, NoticedCredit, Standing},
    reporter::{ReporterConfig, ReporterError, Reporters},
    store::{KeptBytes, StoreError},
    usage::{JobFigures, JobLabels, UsageFilter, UsagePage, UsageRecord, UsageTotal},
    writer::Durability,
};
