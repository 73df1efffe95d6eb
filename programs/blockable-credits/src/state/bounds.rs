//! The bounds that a market sets for its loans and lots.

#[cfg(feature = "idl-build")]
use anchor_lang::{AnchorDeserialize, AnchorSerialize};
use {
    crate::{
        plain::plain,
        units::{BPS, DAY},
    },
    bytemuck::{Pod, Zeroable},
};

/// Bounds that every loan of a market must keep.
#[cfg_attr(feature = "idl-build", derive(AnchorSerialize, AnchorDeserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct TermBounds {
    /// Smallest principal, in micro-USDC.
    pub min_principal: u64,
    /// Largest principal, in micro-USDC.
    pub max_principal: u64,
    /// Fewest seconds between due dates, and from issue to the first one.
    pub min_instalment_interval: u32,
    /// Most seconds from issue to the last due date.
    pub max_term: u32,
    /// Fewest seconds from a due date to delinquency.
    pub min_delinquency_grace: u32,
    /// Fewest seconds from a due date to default.
    pub min_default_grace: u32,
    /// Fewest seconds from default to seizure.
    pub min_cure_period: u32,
    /// Fewest seconds over which a lot's price may fall.
    pub min_lot_window: u32,
    /// Most seconds over which a lot's price may fall.
    pub max_lot_window: u32,
    /// Highest annual rate, in basis points.
    pub max_apr_bps: u16,
    /// Highest late fee, in basis points of the average instalment's principal.
    pub max_late_fee_bps: u16,
    /// Lowest start price of a lot, in basis points of the price the loan paid per unit.
    pub min_start_price_bps: u16,
    /// Highest start price of a lot, in basis points of the price the loan paid per unit; at least that price.
    pub max_start_price_bps: u16,
    /// Lowest floor price of a lot, in basis points of the price the loan paid per unit.
    pub min_floor_price_bps: u16,
    /// Zero.
    pub reserved: [u8; 2],
}

plain!(TermBounds);

const _: () = assert!(size_of::<TermBounds>() == 56);

/// The largest principal that any market may allow, in micro-USDC: no interest or fee on it can leave 64 bits.
pub const MAX_PRINCIPAL: u64 = 1_000_000_000_000_000_000;

impl TermBounds {
    /// The loosest bounds that a market for real money may have.
    pub const PRODUCTION: TermBounds = TermBounds {
        min_principal: 1_000_000,
        max_principal: MAX_PRINCIPAL,
        min_instalment_interval: DAY,
        max_term: 3_660 * DAY,
        min_delinquency_grace: DAY,
        min_default_grace: 2 * DAY,
        min_cure_period: DAY,
        min_lot_window: 3 * DAY,
        max_lot_window: 90 * DAY,
        max_apr_bps: 10_000,
        max_late_fee_bps: 1_000,
        min_start_price_bps: 5_000,
        max_start_price_bps: 30_000,
        min_floor_price_bps: 1_000,
        reserved: [0; 2],
    };

    /// Returns true when the bounds do not contradict each other.
    pub fn is_consistent(&self) -> bool {
        self.min_principal > 0
            && self.min_principal <= self.max_principal
            && self.max_principal <= MAX_PRINCIPAL
            && self.min_instalment_interval <= self.max_term
            && self.min_lot_window > 0
            && self.min_lot_window <= self.max_lot_window
            && self.min_floor_price_bps <= self.min_start_price_bps
            && u64::from(self.min_start_price_bps) <= BPS
            && u64::from(self.max_start_price_bps) >= BPS
            && self.reserved == [0; 2]
    }

    /// Returns true when these bounds allow nothing that `other` forbids.
    pub fn is_within(&self, other: &TermBounds) -> bool {
        self.min_principal >= other.min_principal
            && self.max_principal <= other.max_principal
            && self.min_instalment_interval >= other.min_instalment_interval
            && self.max_term <= other.max_term
            && self.min_delinquency_grace >= other.min_delinquency_grace
            && self.min_default_grace >= other.min_default_grace
            && self.min_cure_period >= other.min_cure_period
            && self.min_lot_window >= other.min_lot_window
            && self.max_lot_window <= other.max_lot_window
            && self.max_apr_bps <= other.max_apr_bps
            && self.max_late_fee_bps <= other.max_late_fee_bps
            && self.min_start_price_bps >= other.min_start_price_bps
            && self.max_start_price_bps <= other.max_start_price_bps
            && self.min_floor_price_bps >= other.min_floor_price_bps
    }
}
