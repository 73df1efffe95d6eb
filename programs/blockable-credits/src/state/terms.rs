//! The terms of a loan, and the rules that they keep.

use {
    crate::{
        auction,
        errors::BlockableError,
        holdback::Holdback,
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

/// The earliest status in which anyone may freeze the collateral in full. Stored as one byte in [`Terms`].
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum AutoFreeze {
    /// Nobody but the lender and the freeze authority freezes.
    Never,
    /// From the mark of delinquency on.
    FromDelinquency,
    /// From the mark of default on.
    FromDefault,
}

impl AutoFreeze {
    /// The setting stored as `byte`, `None` for an unknown one.
    pub fn from_byte(byte: u8) -> Option<AutoFreeze> {
        match byte {
            0 => Some(AutoFreeze::Never),
            1 => Some(AutoFreeze::FromDelinquency),
            2 => Some(AutoFreeze::FromDefault),
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
    /// Units that the borrower may use ahead of what it has repaid, 1 to `units`; `units` for no lock. See
    /// [`Collateral::locked`](crate::state::Collateral::locked).
    pub unlocked_ahead: u64,
    /// Part of the principal that stays in the vault at issue, in micro-USDC, and stands for the last units to unlock; at
    /// most what the loan pays for the locked units. 0 for none.
    pub holdback: u64,
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
    /// Simple annual interest rate on the holdback, in basis points; at most `apr_bps`, and 0 without a holdback.
    pub holdback_apr_bps: u16,
    /// A [`FreezePolicy`] as its byte.
    pub freeze_policy: u8,
    /// An [`AutoFreeze`] as its byte.
    pub auto_freeze: u8,
    /// Zero; kept for later versions.
    pub reserved: [u8; 6],
    /// Hash of the provider's reporters and their quorum, in force and proposed; docs/encodings.md has the recipe.
    pub reporters_hash: [u8; 32],
}

plain!(Terms);

const _: () = assert!(size_of::<Terms>() == 120);

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
    /// A byte that names no freeze policy or no automatic freeze, or a reserved byte that is not zero.
    UnknownFlag,
    /// An automatic freeze in a status in which the policy does not let the lender freeze.
    AutoFreezeBeforePolicy,
    /// No units unlocked ahead of payment, or more than are granted.
    UnlockedAheadOutOfRange,
    /// With a lock: an instalment of less than half of an even share of the principal.
    InstalmentOpensTooLittle,
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
    /// Coupons in kind on a loan with a lock.
    PayInKindWithLock,
    /// A covenant's plan above what the lock has opened by then.
    PlanAboveLock,
    /// Coupons in kind could take the principal beyond [`MAX_PRINCIPAL`](crate::state::MAX_PRINCIPAL).
    PrincipalOutgrows,
    /// A reserve above the principal.
    ReserveTooLarge,
    /// More held back than the loan pays for the locked units.
    HoldbackTooLarge,
    /// A rate on the holdback above the loan's lowest one, or one without a holdback.
    HoldbackAprTooHigh,
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
            TermsRefused::AutoFreezeBeforePolicy => BlockableError::AutoFreezeBeforePolicy,
            TermsRefused::UnlockedAheadOutOfRange => BlockableError::UnlockedAheadOutOfRange,
            TermsRefused::InstalmentOpensTooLittle => BlockableError::InstalmentOpensTooLittle,
            TermsRefused::PayInKindWithLock => BlockableError::PayInKindWithLock,
            TermsRefused::PlanAboveLock => BlockableError::PlanAboveLock,
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
            TermsRefused::HoldbackTooLarge => BlockableError::HoldbackTooLarge,
            TermsRefused::HoldbackAprTooHigh => BlockableError::HoldbackAprTooHigh,
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

    /// Returns true when the loan has a lock: fewer units are open at issue than are granted.
    pub fn has_lock(&self) -> bool {
        self.unlocked_ahead < self.units
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
        check((1..=self.units).contains(&self.unlocked_ahead), UnlockedAheadOutOfRange)?;
        check(auction::price_paid(self.principal, self.units).is_ok(), UnitPriceOutOfRange)?;
        check(self.unit_price_has_digits(), UnitPriceTooLow)?;
        check(self.apr_bps <= bounds.max_apr_bps, AprTooHigh)?;
        check(self.delinquency_grace >= bounds.min_delinquency_grace, DelinquencyGraceTooShort)?;
        check(
            self.default_grace >= bounds.min_default_grace && self.default_grace > self.delinquency_grace,
            DefaultGraceTooShort,
        )?;
        check(self.cure_period >= bounds.min_cure_period, CurePeriodTooShort)?;
        check(self.flags_are_known(), UnknownFlag)?;
        check(!self.freezes_before_policy(), AutoFreezeBeforePolicy)?;
        check(self.holdback_is_covered(), HoldbackTooLarge)?;
        let most_on_holdback = if self.holdback == 0 { 0 } else { self.apr_bps };
        check(self.holdback_apr_bps <= most_on_holdback, HoldbackAprTooHigh)?;
        self.validate_schedule(schedule, principal, bounds)
    }

    /// Returns true when this version of the program knows every byte that names a choice.
    fn flags_are_known(&self) -> bool {
        FreezePolicy::from_byte(self.freeze_policy).is_some()
            && AutoFreeze::from_byte(self.auto_freeze).is_some()
            && self.reserved == [0; 6]
    }

    /// Returns true when anyone could freeze in a status in which the policy does not let the lender.
    fn freezes_before_policy(&self) -> bool {
        self.auto_freeze == AutoFreeze::FromDelinquency as u8
            && self.freeze_policy == FreezePolicy::OnDefault as u8
    }

    /// Returns true when no more is held back than the loan pays for the locked units, rounded down.
    fn holdback_is_covered(&self) -> bool {
        let locked = self.units.saturating_sub(self.unlocked_ahead);
        let price = Holdback { left: 0, principal: self.principal, units: self.units }.price_floor(locked);
        price.is_ok_and(|most| self.holdback <= most)
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
        if self.has_lock() && schedule.iter().any(|instalment| opens_too_little(instalment, schedule, total))
        {
            return Err(InstalmentOpensTooLittle);
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

/// Returns true for an instalment of less than half of an even share of `total`: it would open next to nothing of a lock,
/// and the last one, which opens the most, nothing that is of use before the loan ends.
fn opens_too_little(instalment: &Instalment, schedule: &[Instalment], total: u64) -> bool {
    let twice_all = u128::from(instalment.principal).saturating_mul(2).saturating_mul(schedule.len() as u128);
    twice_all < u128::from(total)
}
