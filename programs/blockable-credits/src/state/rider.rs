//! The optional terms of a loan, and the state of its covenant.

use {
    crate::{
        plain::plain,
        state::{Instalment, MAX_PRINCIPAL, TermBounds, Terms, TermsRefused},
        units::{BPS, SECONDS_PER_YEAR, mul_div_floor},
    },
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// Optional terms of a loan, covered by the terms hash; all zero for none of them.
///
/// A covenant on utilisation moves the APR within bounds, pay-in-kind adds a share of the coupon to the principal, a
/// cash reserve pays missed instalments, and a notice of default lets the lender declare a default for a breach.
#[cfg_attr(feature = "idl-build", derive(AnchorSerialize, AnchorDeserialize))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Rider {
    /// Units that the borrower plans to use per window of the covenant.
    pub planned_units: u64,
    /// Cash that the borrower keeps in the vault, in micro-USDC; drawn for missed instalments. 0 for none.
    pub reserve: u64,
    /// Seconds over which utilisation is measured; 0 for no covenant.
    pub covenant_window: u32,
    /// Utilisation, in basis points of the plan, from which on the APR falls by a step.
    pub high_bps: u16,
    /// Utilisation, in basis points of the plan, below which the APR rises by a step and a top-up falls due.
    pub low_bps: u16,
    /// Step by which the covenant moves the APR, in basis points.
    pub apr_step_bps: u16,
    /// Lowest APR that the covenant leads to, in basis points.
    pub apr_floor_bps: u16,
    /// Highest APR that the covenant leads to, in basis points.
    pub apr_ceiling_bps: u16,
    /// Share of the principal outstanding that falls due early where utilisation is below `low_bps`, in basis points. It
    /// falls due with the first instalment that is at least the delinquency grace away.
    pub top_up_bps: u16,
    /// Share of the coupon on unused units that is added to the principal instead of falling due, in basis points.
    pub pay_in_kind_bps: u16,
    /// 1 when the lender may give notice of default for a breach, else 0.
    pub breach_notice: u8,
    /// 1 when the lender may freeze while another credit of the same lender and borrower is in default, else 0.
    pub cross_default: u8,
    /// Zero; kept for later versions.
    pub reserved: [u8; 4],
}

plain!(Rider);

const _: () = assert!(size_of::<Rider>() == 40);

impl Rider {
    /// Returns true when a covenant on utilisation was agreed.
    pub fn has_covenant(&self) -> bool {
        self.covenant_window > 0
    }

    /// Checks the rider against the terms, their schedule and a market's bounds. Errors: the first rule that is broken.
    pub fn validate(
        &self,
        terms: &Terms,
        schedule: &[Instalment],
        bounds: &TermBounds,
    ) -> Result<(), TermsRefused> {
        use TermsRefused::*;
        let check = |holds: bool, refused: TermsRefused| if holds { Ok(()) } else { Err(refused) };
        check(self.breach_notice <= 1 && self.cross_default <= 1 && self.reserved == [0; 4], UnknownFlag)?;
        check(u64::from(self.pay_in_kind_bps) <= BPS, PayInKindTooHigh)?;
        check(self.reserve <= terms.principal, ReserveTooLarge)?;
        check(self.pay_in_kind_bps == 0 || !terms.has_lock(), PayInKindWithLock)?;
        check(self.covenant_is_sound(terms, bounds), CovenantUnsound)?;
        check(self.plan_is_unlocked(terms, schedule), PlanAboveLock)?;
        // A covenant moves the loan's rate alone, and never below that on the holdback.
        let lowest_apr_bps = if self.has_covenant() { self.apr_floor_bps } else { terms.apr_bps };
        check(terms.holdback_apr_bps <= lowest_apr_bps, HoldbackAprTooHigh)?;
        let grown = self.most_principal(terms, schedule);
        check(grown.is_some_and(|principal| principal <= MAX_PRINCIPAL), PrincipalOutgrows)
    }

    /// The most that the principal can grow to: with every coupon added in kind at the highest rate, in micro-USDC, rounded
    /// up; `None` beyond 64 bits.
    ///
    /// Coupons of equal length compound the most, so the bound is `principal x (1 + rate x seconds / coupons) ^ coupons`.
    /// The coupon of the last date is not counted: nothing of it is added.
    pub(crate) fn most_principal(&self, terms: &Terms, schedule: &[Instalment]) -> Option<u64> {
        const ONE: u128 = 1 << 32;
        let mut principal =
            schedule.iter().try_fold(0u64, |sum, instalment| sum.checked_add(instalment.principal))?;
        let coupons = schedule.get(..schedule.len().saturating_sub(1)).unwrap_or_default();
        let (Some(last), true) = (coupons.last(), self.pay_in_kind_bps > 0) else { return Some(principal) };
        let apr_bps = u128::from(terms.apr_bps.max(self.apr_ceiling_bps));
        let seconds = u128::from(last.due_after).checked_mul(ONE)?;
        let rate = apr_bps.checked_mul(self.pay_in_kind_bps.into())?.checked_mul(seconds)?;
        let whole = u128::from(BPS * BPS * SECONDS_PER_YEAR).checked_mul(coupons.len() as u128)?;
        let growth = rate.checked_div(whole)?.checked_add(ONE + 1)?;
        for _ in coupons {
            let grown = u128::from(principal).checked_mul(growth)?.checked_add(ONE - 1)? >> 32;
            principal = u64::try_from(grown).ok()?;
        }
        Some(principal)
    }

    /// Returns true when a borrower that pays on the day and uses its units at the pace of the covenant's plan never waits for
    /// units: up to each due date the plan is at most what was unlocked at issue and what earlier instalments have opened.
    fn plan_is_unlocked(&self, terms: &Terms, schedule: &[Instalment]) -> bool {
        if !self.has_covenant() || !terms.has_lock() {
            return true;
        }
        let total = schedule.iter().fold(0u64, |sum, instalment| sum.saturating_add(instalment.principal));
        let mut repaid = 0u64;
        schedule.iter().all(|instalment| {
            let released = mul_div_floor(terms.units, repaid, total).unwrap_or(0);
            let open = u128::from(terms.unlocked_ahead.saturating_add(released).min(terms.units));
            repaid = repaid.saturating_add(instalment.principal);
            let planned = u128::from(self.planned_units).saturating_mul(instalment.due_after.into());
            planned <= open.saturating_mul(self.covenant_window.into())
        })
    }

    fn covenant_is_sound(&self, terms: &Terms, bounds: &TermBounds) -> bool {
        if !self.has_covenant() {
            let rest = [self.high_bps, self.low_bps, self.apr_step_bps, self.apr_floor_bps];
            return self.planned_units == 0
                && rest == [0; 4]
                && self.apr_ceiling_bps == 0
                && self.top_up_bps == 0;
        }
        self.covenant_window >= bounds.min_instalment_interval
            && self.planned_units > 0
            && self.low_bps < self.high_bps
            && self.apr_floor_bps <= terms.apr_bps
            && terms.apr_bps <= self.apr_ceiling_bps
            && self.apr_ceiling_bps <= bounds.max_apr_bps
            && u64::from(self.top_up_bps) <= BPS
    }
}

/// The state of the covenant on utilisation.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct CovenantState {
    /// Unix time of the usage reading that the window began with.
    pub measured_at: i64,
    /// Units consumed at that reading.
    pub consumed: u64,
    /// The APR the covenant has led to, in basis points.
    pub apr_bps: u16,
    /// 1 when units were frozen as the window began.
    pub began_frozen: u8,
    /// Zero.
    pub reserved: [u8; 5],
}

const _: () = assert!(size_of::<CovenantState>() == 24);
