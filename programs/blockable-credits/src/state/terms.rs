//! The terms of a loan, and the rules that they keep.

use {
    crate::{
        auction,
        errors::BlockableError,
        plain::plain,
        state::TermBounds,
        units::{BPS, MIN_UNIT_PRICE, PRICE_SCALE},
    },
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// The most instalments a repayment schedule can have.
pub const MAX_INSTALMENTS: usize = 36;

/// The earliest status in which the lender may freeze collateral. Stored as one byte in [`Terms`].
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FreezePolicy {
    /// At any time while something is owed.
    AtWill,
    /// From the mark of delinquency on.
    OnDelinquency,
    /// From the mark of default on.
    OnDefault,
}

impl FreezePolicy {
    /// The policy stored as `byte`, `None` for an unknown one.
    pub fn from_byte(byte: u8) -> Option<FreezePolicy> {
        match byte {
            0 => Some(FreezePolicy::AtWill),
            1 => Some(FreezePolicy::OnDelinquency),
            2 => Some(FreezePolicy::OnDefault),
            _ => None,
        }
    }
}

/// One line of a repayment schedule.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// Seconds of market time from issue to the due date.
    pub due_after: u32,
    /// Principal that falls due, in micro-USDC; interest is billed on top.
    pub principal: u64,
}

/// The terms of a loan, fixed at offer and covered by the terms hash.
#[cfg_attr(feature = "idl-build", derive(AnchorSerialize, AnchorDeserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Terms {
    /// Amount lent, in micro-USDC; paid to the provider when the units are issued.
    pub principal: u64,
    /// Compute granted for it, in credit units.
    pub units: u64,
    /// Fee per instalment that is unpaid past the delinquency grace period, in micro-USDC.
    pub late_fee: u64,
    /// Unix time after which the offer can be neither accepted nor issued; 0 for no limit.
    pub offer_expires_at: i64,
    /// Most units per second that reports may count; at most the provider's bound at issue.
    pub max_units_per_second: u64,
    /// Seconds from a due date until the credit may be marked delinquent.
    pub delinquency_grace: u32,
    /// Seconds from a due date until the credit may be marked defaulted; longer than `delinquency_grace`.
    pub default_grace: u32,
    /// Seconds from the mark of default until collateral may be seized.
    pub cure_period: u32,
    /// Seconds from issue until unused units expire; 0 for never.
    pub unit_lifetime: u32,
    /// Seconds of the longest job that a freeze makes room for; at most the provider's bound at issue.
    pub longest_job: u32,
    /// Simple annual interest rate, in basis points.
    pub apr_bps: u16,
    /// A [`FreezePolicy`] as its byte.
    pub freeze_policy: u8,
    /// 1 when anyone may freeze the collateral in full after default, else 0.
    pub auto_freeze: u8,
    /// Hash of the provider's reporters and their quorum, in force and proposed; docs/encodings.md has the recipe.
    pub reporters_hash: [u8; 32],
}

plain!(Terms);

const _: () = assert!(size_of::<Terms>() == 96);

/// The reason for which terms or a schedule are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsRefused {
    /// Principal below or above the market's bounds.
    PrincipalOutOfBounds,
    /// No units are granted.
    NoUnits,
    /// APR above the market's bound.
    AprTooHigh,
    /// Late fee above the market's share of the average instalment.
    LateFeeTooHigh,
    /// Delinquency grace below the market's bound.
    DelinquencyGraceTooShort,
    /// Default grace below the market's bound, or not longer than the delinquency grace.
    DefaultGraceTooShort,
    /// Cure period below the market's bound.
    CurePeriodTooShort,
    /// A byte that names no freeze policy, or an auto-freeze flag other than 0 or 1.
    UnknownFlag,
    /// No instalment, or more than [`MAX_INSTALMENTS`].
    InstalmentCount,
    /// Due dates closer together than the market's bound, or not in order.
    InstalmentsTooClose,
    /// The last due date is later than the market's longest term.
    TermTooLong,
    /// The instalments' principal does not add up to the loan's.
    PrincipalMismatch,
    /// The price of a million units does not fit 64 bits, so that they could never be sold.
    UnitPriceOutOfRange,
    /// The price of a million units is below [`MIN_UNIT_PRICE`]: rounding would change it by more than a basis point.
    UnitPriceTooLow,
    /// Units would expire before the loan could be recovered from them.
    UnitLifetimeTooShort,
    /// A covenant that contradicts itself, the terms or the market's bounds, or parts of one without a window.
    CovenantUnsound,
    /// More than the whole coupon in kind.
    PayInKindTooHigh,
    /// Coupons in kind could take the principal beyond [`MAX_PRINCIPAL`](crate::state::MAX_PRINCIPAL).
    PrincipalOutgrows,
    /// A reserve above the principal.
    ReserveTooLarge,
}

impl From<TermsRefused> for BlockableError {
    fn from(refused: TermsRefused) -> Self {
        match refused {
            TermsRefused::PrincipalOutOfBounds => BlockableError::PrincipalOutOfBounds,
            TermsRefused::NoUnits => BlockableError::NoUnits,
            TermsRefused::AprTooHigh => BlockableError::AprTooHigh,
            TermsRefused::LateFeeTooHigh => BlockableError::LateFeeTooHigh,
            TermsRefused::DelinquencyGraceTooShort => BlockableError::DelinquencyGraceTooShort,
            TermsRefused::DefaultGraceTooShort => BlockableError::DefaultGraceTooShort,
            TermsRefused::CurePeriodTooShort => BlockableError::CurePeriodTooShort,
            TermsRefused::UnknownFlag => BlockableError::UnknownFlag,
            TermsRefused::InstalmentCount => BlockableError::InstalmentCount,
            TermsRefused::InstalmentsTooClose => BlockableError::InstalmentsTooClose,
            TermsRefused::TermTooLong => BlockableError::TermTooLong,
            TermsRefused::PrincipalMismatch => BlockableError::PrincipalMismatch,
            TermsRefused::UnitPriceOutOfRange => BlockableError::UnitPriceOutOfRange,
            TermsRefused::UnitPriceTooLow => BlockableError::UnitPriceTooLow,
            TermsRefused::UnitLifetimeTooShort => BlockableError::UnitLifetimeTooShort,
            TermsRefused::CovenantUnsound => BlockableError::CovenantUnsound,
            TermsRefused::PayInKindTooHigh => BlockableError::PayInKindTooHigh,
            TermsRefused::PrincipalOutgrows => BlockableError::PrincipalOutgrows,
            TermsRefused::ReserveTooLarge => BlockableError::ReserveTooLarge,
        }
    }
}

impl Terms {
    /// Returns true when the offer can no longer be accepted or issued at `time`, in Unix seconds less those paused.
    pub fn offer_has_expired(&self, time: i64) -> bool {
        self.offer_expires_at != 0 && time > self.offer_expires_at
    }

    /// The most units that running jobs can hold at once: the use of the longest job at the rate bound.
    pub fn most_in_flight(&self) -> u64 {
        self.max_units_per_second.saturating_mul(u64::from(self.longest_job))
    }

    /// Checks the terms and their schedule, whose instalments must add up to `principal`, against a market's bounds.
    /// Errors: the first rule that is broken.
    pub fn validate(
        &self,
        schedule: &[Instalment],
        principal: u64,
        bounds: &TermBounds,
    ) -> Result<(), TermsRefused> {
        use TermsRefused::*;
        let check = |holds: bool, refused: TermsRefused| if holds { Ok(()) } else { Err(refused) };
        check(
            self.principal > 0 && (bounds.min_principal..=bounds.max_principal).contains(&self.principal),
            PrincipalOutOfBounds,
        )?;
        check(self.units > 0, NoUnits)?;
        check(auction::price_paid(self.principal, self.units).is_ok(), UnitPriceOutOfRange)?;
        check(self.unit_price_has_digits(), UnitPriceTooLow)?;
        check(self.apr_bps <= bounds.max_apr_bps, AprTooHigh)?;
        check(self.delinquency_grace >= bounds.min_delinquency_grace, DelinquencyGraceTooShort)?;
        check(
            self.default_grace >= bounds.min_default_grace && self.default_grace > self.delinquency_grace,
            DefaultGraceTooShort,
        )?;
        check(self.cure_period >= bounds.min_cure_period, CurePeriodTooShort)?;
        check(FreezePolicy::from_byte(self.freeze_policy).is_some() && self.auto_freeze <= 1, UnknownFlag)?;
        self.validate_schedule(schedule, principal, bounds)
    }

    /// Returns true when the loan pays at least [`MIN_UNIT_PRICE`] for [`PRICE_SCALE`] units.
    fn unit_price_has_digits(&self) -> bool {
        let paid = u128::from(self.principal).saturating_mul(u128::from(PRICE_SCALE));
        paid >= u128::from(self.units).saturating_mul(u128::from(MIN_UNIT_PRICE))
    }

    /// Seconds for which units must last, so that the last instalment has collateral too:
    ///
    /// - to the last due date, through the default grace and the cure period;
    /// - a second cure period, for which a freeze at the end of the first one keeps units for running jobs;
    /// - twice the market's shortest lot window: to sell the units, and for the buyers to use them.
    pub fn needs_units_for(&self, last_due_after: u32, bounds: &TermBounds) -> u64 {
        let recovery = u64::from(self.cure_period).saturating_add(u64::from(bounds.min_lot_window));
        u64::from(last_due_after)
            .saturating_add(u64::from(self.default_grace))
            .saturating_add(recovery.saturating_mul(2))
    }

    fn validate_schedule(
        &self,
        schedule: &[Instalment],
        principal: u64,
        bounds: &TermBounds,
    ) -> Result<(), TermsRefused> {
        use TermsRefused::*;
        if schedule.is_empty() || schedule.len() > MAX_INSTALMENTS {
            return Err(InstalmentCount);
        }
        let mut previous = 0u32;
        let mut total = 0u64;
        for instalment in schedule {
            let gap = instalment.due_after.checked_sub(previous).ok_or(InstalmentsTooClose)?;
            if gap == 0 || gap < bounds.min_instalment_interval {
                return Err(InstalmentsTooClose);
            }
            previous = instalment.due_after;
            total = total.checked_add(instalment.principal).ok_or(PrincipalMismatch)?;
        }
        if previous > bounds.max_term {
            return Err(TermTooLong);
        }
        if total != principal {
            return Err(PrincipalMismatch);
        }
        if self.unit_lifetime != 0 && u64::from(self.unit_lifetime) < self.needs_units_for(previous, bounds) {
            return Err(UnitLifetimeTooShort);
        }
        // late_fee <= max_late_fee_bps x (principal / instalments), kept free of division.
        let fee =
            u128::from(self.late_fee).saturating_mul(schedule.len() as u128).saturating_mul(u128::from(BPS));
        let most = u128::from(self.principal).saturating_mul(u128::from(bounds.max_late_fee_bps));
        if fee > most { Err(LateFeeTooHigh) } else { Ok(()) }
    }
}
