//! Simple interest, at one rate on what the provider has been paid and at another on what is held back.

use {
    super::INTEREST_DENOMINATOR,
    crate::{
        state::Terms,
        units::{Overflow, elapsed},
    },
};

/// The part of the principal that is held back in the vault. It bears the holdback's rate, and nothing from a date on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBack {
    /// Money that is held back, in micro-USDC; the principal where that is less.
    pub amount: u64,
    /// Market time from which it bears no interest.
    pub until: i64,
}

/// Interest per second, in units of 1 / (10,000 x seconds per year) micro-USDC.
struct Rates {
    /// While the part that is held back bears interest.
    before: u128,
    /// From the date on at which its interest has ended.
    after: u128,
}

impl HeldBack {
    fn rates(&self, principal: u64, terms: &Terms) -> Rates {
        let held = self.amount.min(principal);
        let after = product(principal.saturating_sub(held), terms.apr_bps);
        Rates { before: after.saturating_add(product(held, terms.holdback_apr_bps)), after }
    }

    /// Interest on `principal` micro-USDC over `seconds` from a market time on, in units of 1 / (10,000 x seconds per year)
    /// micro-USDC. Errors: [`Overflow`].
    pub(super) fn interest(
        &self,
        principal: u64,
        terms: &Terms,
        from: i64,
        seconds: u64,
    ) -> Result<u128, Overflow> {
        let over = |rate: u128, seconds: u64| rate.checked_mul(u128::from(seconds)).ok_or(Overflow);
        if self.amount == 0 {
            return over(product(principal, terms.apr_bps), seconds);
        }
        let rates = self.rates(principal, terms);
        let before = elapsed(from, self.until)?.min(seconds);
        let after = over(rates.after, seconds.saturating_sub(before))?;
        over(rates.before, before)?.checked_add(after).ok_or(Overflow)
    }

    /// Seconds before the market time `to` in which `unpaid` micro-USDC of interest have accrued on `principal`, rounded
    /// down: [`HeldBack::interest`] the other way round. `None` where they never do, or where the time does not fit.
    pub(super) fn seconds_of(&self, unpaid: u64, principal: u64, terms: &Terms, to: i64) -> Option<i64> {
        let rates = self.rates(principal, terms);
        let unpaid = u128::from(unpaid).checked_mul(u128::from(INTEREST_DENOMINATOR))?;
        let ended = if self.amount == 0 { 0 } else { elapsed(self.until, to).ok()? };
        let since_end = rates.after.checked_mul(u128::from(ended))?;
        let seconds = if self.amount == 0 || unpaid < since_end {
            unpaid.checked_div(rates.after)?
        } else {
            let before = unpaid.checked_sub(since_end)?.checked_div(rates.before)?;
            before.checked_add(u128::from(ended))?
        };
        i64::try_from(seconds).ok()
    }
}

/// An amount times a rate, which always fits.
fn product(amount: u64, bps: u16) -> u128 {
    u128::from(amount).saturating_mul(u128::from(bps))
}
