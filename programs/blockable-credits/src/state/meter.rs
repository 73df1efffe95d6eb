use {
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// The metered use of a credit, and the frozen units that running jobs may still use.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Meter {
    /// Cumulative units counted so far; the next report is measured against it.
    pub cumulative: u64,
    /// Units held by jobs that were running at `reported_at`; never more than they could have been admitted for.
    pub in_flight: u64,
    /// Units used beyond those that the credit allowed: the provider's loss. Never falls.
    pub overrun: u64,
    /// Frozen units that jobs in flight at the freeze may still use.
    pub settlement_left: u64,
    /// Units closed to use before the latest freeze: frozen, and promised to no running job.
    pub frozen_before: u64,
    /// Unix time of the latest freeze; 0 when there was none.
    pub frozen_at_chain: i64,
    /// Unix time of the latest report applied.
    pub reported_at: i64,
    /// The credit's index in its provider's reports: chunk = index / chunk size, bit = index % chunk size.
    pub index: u32,
    /// Zero.
    pub reserved: [u8; 4],
}

const _: () = assert!(size_of::<Meter>() == 64);
