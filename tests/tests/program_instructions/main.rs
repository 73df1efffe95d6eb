//! Every instruction when it succeeds: exact balances, exact state, exact events.
//!
//! After every transaction the harness also checks what must always hold, and each credit's hash chain over its log.

mod assignment;
mod cancel_locked;
mod closing;
mod covenant;
mod cross_default;
mod enforcement;
mod expiry;
mod frozen_vault;
mod halts;
mod market;
mod market_changes;
mod market_roles;
mod metering;
mod metering_batches;
mod metering_freezes;
mod notice;
mod origination;
mod pausing;
mod pay_in_kind;
mod provider_claim;
mod provider_roles;
mod recovery;
mod reserve;
mod reserve_recovery;
mod restructuring;
mod servicing;
mod short_reserve;
mod takeover;
