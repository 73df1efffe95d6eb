//! The usage report that a reporter signs; its bytes are the same for program, SDK and reporters.
//!
//! `domain | program | cluster tag | market | provider | epoch | chunk | reported_at | bitmap`, then per set bit `cumulative |
//! in flight`, integers little-endian; the signature is over the sha256 of these bytes.

use {
    crate::{hash::sha256, plain::plain, state::Provider},
    anchor_lang::{AnchorDeserialize, AnchorSerialize, prelude::Pubkey},
    bytemuck::{Pod, Zeroable},
};

/// First bytes of every report, so that its signature serves no other purpose.
pub const REPORT_DOMAIN: &[u8] = b"blockable/usage-report/v2";

/// Seconds by which a report may be ahead of the chain's clock.
pub const MAX_CLOCK_SKEW_SECONDS: i64 = 60;

/// The reading of one credit in a report, in credit units.
#[cfg_attr(feature = "idl-build", derive(AnchorSerialize, AnchorDeserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct CreditReading {
    /// Units used since issue.
    pub cumulative: u64,
    /// Units held by jobs that are running.
    pub in_flight: u64,
}

plain!(CreditReading);

/// The part that all reports of one provider on one chunk have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportScope {
    /// The provider's [`cluster_tag`](crate::state::Provider::cluster_tag): a report of another cluster is worth nothing here.
    pub cluster_tag: [u8; 32],
    /// The market's account.
    pub market: Pubkey,
    /// The provider's account.
    pub provider: Pubkey,
    /// Epoch of the provider's reporters.
    pub epoch: u32,
    /// The chunk of credits.
    pub chunk: u32,
}

impl ReportScope {
    /// The scope of reports on a chunk, in the present epoch of the provider at `address`.
    pub fn new(provider: &Provider, address: Pubkey, chunk: u32) -> ReportScope {
        ReportScope {
            cluster_tag: provider.cluster_tag,
            market: provider.market,
            provider: address,
            epoch: provider.epoch,
            chunk,
        }
    }
}

/// A report as it travels in a transaction; its scope follows from the accounts.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct SignedReport {
    /// Index of the reporter in the provider's list.
    pub reporter: u8,
    /// Ed25519 signature over the report's digest.
    pub signature: [u8; 64],
    /// Unix time of the readings.
    pub reported_at: i64,
    /// Bit n stands for the credit with index `chunk x chunk size + n`.
    pub bitmap: u32,
    /// One reading per set bit, from the lowest.
    pub readings: Vec<CreditReading>,
}

impl SignedReport {
    /// The reading for a bit of the chunk; `None` where the report has none.
    pub fn reading(&self, bit: u32) -> Option<&CreditReading> {
        let mask = 1u32.checked_shl(bit)?;
        if self.bitmap & mask == 0 {
            return None;
        }
        let below = self.bitmap & mask.wrapping_sub(1);
        self.readings.get(below.count_ones() as usize)
    }

    /// The hash that the reporter signs.
    pub fn digest(&self, scope: &ReportScope) -> [u8; 32] {
        let readings: &[u8] = bytemuck::cast_slice(&self.readings);
        sha256(&[
            REPORT_DOMAIN,
            crate::ID.as_ref(),
            &scope.cluster_tag,
            scope.market.as_ref(),
            scope.provider.as_ref(),
            &scope.epoch.to_le_bytes(),
            &scope.chunk.to_le_bytes(),
            &self.reported_at.to_le_bytes(),
            &self.bitmap.to_le_bytes(),
            readings,
        ])
    }
}
