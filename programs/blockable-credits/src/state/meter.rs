//! The state of metering.

use {
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// The metered use of a credit, and the promises of freezes to the jobs that were running.
///
/// Of the units in flight, `promised` and `lapsed` belong to jobs that a freeze has made a promise to. A thaw lowers neither
/// amount, so that freezing again makes no new promise to the same jobs.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Meter {
    /// Cumulative units counted so far; the next report is measured against it.
    pub cumulative: u64,
    /// Units held by jobs that were running at `reported_at`; never more than they could have been admitted for.
    pub in_flight: u64,
    /// Units used beyond those that the credit allowed: the provider's loss. Never falls.
    pub overrun: u64,
    /// Units in flight that a promise keeps from a seizure, for the cure period from `promised_at` on.
    pub promised: u64,
    /// Units in flight whose promise has lapsed: a seizure may take them, and no freeze promises them again.
    pub lapsed: u64,
    /// Units closed to use before the latest freeze: locked or frozen, and promised to no running job.
    pub closed_before: u64,
    /// Market time of the freeze that made the promise; later freezes do not move it while some of it is left.
    pub promised_at: i64,
    /// Unix time of the latest freeze; 0 when there was none.
    pub frozen_at_chain: i64,
    /// Unix time of the latest report applied.
    pub reported_at: i64,
    /// The credit's index in its provider's reports: chunk = index / chunk size, bit = index % chunk size.
    pub index: u32,
    /// Zero.
    pub reserved: [u8; 4],
}

const _: () = assert!(size_of::<Meter>() == 80);

impl Meter {
    /// Ends all promises, where everything is thawed for good: a later freeze has a cause of its own and may promise anew.
    pub fn drop_promises(&mut self) {
        (self.promised, self.lapsed, self.promised_at) = (0, 0, 0);
    }
}
