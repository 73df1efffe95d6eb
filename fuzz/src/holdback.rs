//! The holdback in the model: what is kept, what it covers, what a cancel pays, and the interest on it.

use {
    super::{amounts::div_up, book::CreditBook},
    blockable_sdk::program::transitions::Status,
};

const DAY: i128 = 86_400;

impl CreditBook {
    /// The price that the loan paid for units, rounded down.
    fn price_down(&self, units: i128) -> i128 {
        units * i128::from(self.terms.principal) / i128::from(self.terms.units).max(1)
    }

    /// Units that payments have still to unlock, whether or not the lien has them.
    fn left_to_unlock(&self) -> i128 {
        (self.locked_at_issue - self.released - self.cancelled).max(0)
    }

    /// Locked units that the holdback pays for. Jobs that finish on locked units keep theirs.
    pub fn covered(&self) -> i128 {
        let locked = self.locked() - (self.finishing() - self.frozen()).max(0);
        if self.holdback == 0 {
            0
        } else if self.holdback >= self.price_down(locked) {
            locked
        } else {
            self.holdback * i128::from(self.terms.units) / i128::from(self.terms.principal)
        }
    }

    /// The most units that can be cancelled: covered ones, as many as the debt pays for, rounded up.
    pub fn cancellable(&self) -> i128 {
        self.covered().min(div_up(self.debt() * i128::from(self.terms.units), self.terms.principal.into()))
    }

    /// True where all that is locked at issue is held back for.
    pub fn is_sealed(&self) -> bool {
        let held = i128::from(self.terms.holdback);
        held > 0 && held == self.price_down(i128::from(self.terms.units - self.terms.unlocked_ahead))
    }

    /// The price of the units ahead and of one more, rounded up.
    pub fn price_ahead(&self) -> i128 {
        self.worth(self.terms.unlocked_ahead.into()) + self.worth(1)
    }

    /// Makes an amount of the holdback the provider's claim.
    pub fn pay_provider(&mut self, amount: i128) {
        self.holdback -= amount;
        self.provider_claim += amount;
    }

    /// Makes what payments have earned the provider's claim: what exceeds the price of the units left to unlock.
    pub fn earn(&mut self) {
        let kept = self.holdback.min(self.worth(self.left_to_unlock()));
        self.pay_provider(self.holdback - kept);
    }

    /// Pays the provider for the units of a takeover that the holdback covered, where `others` could be taken before them.
    pub fn pay_for_covered(&mut self, units: i128, others: i128) {
        let covered = (units - others).max(0);
        self.pay_provider(self.price_down(covered).min(self.holdback));
    }

    /// Market time from which anybody may cancel a loan in default, and on which interest on the holdback ends.
    pub fn cancel_opens_at(&self) -> i128 {
        let cure = i128::from(self.terms.cure_period);
        let last = self.due_after.last().copied().unwrap_or(0);
        let at_end = self.start + i128::from(last) + i128::from(self.terms.default_grace) + cure;
        if self.defaulted_at == 0 { at_end } else { at_end.min(self.defaulted_at + cure + 30 * DAY) }
    }

    /// Interest on the present debt between two market times, in parts of a micro-USDC.
    pub fn interest_over(&self, from: i128, to: i128) -> i128 {
        let held = self.holdback.min(self.principal);
        let bearing = if held > 0 { (to.min(self.cancel_opens_at()) - from).max(0) } else { 0 };
        (self.principal - held) * self.apr * (to - from)
            + held * i128::from(self.terms.holdback_apr_bps) * bearing
    }

    /// The money that a cancel of units pays: their price; what no unit that stays locked needs; and all, where these are the
    /// last covered ones or where less than the price of a unit would be left.
    fn paid_by_cancel(&self, units: i128) -> i128 {
        let needed = self.worth((self.left_to_unlock() - units).max(0));
        let left = (self.holdback - self.price_down(units)).min(needed);
        let below_a_unit = left * i128::from(self.terms.units) < i128::from(self.terms.principal);
        if units == self.covered() || below_a_unit { self.holdback } else { self.holdback - left }
    }

    /// Cancels covered units, and gives the money that was held back for them back.
    pub fn cancel(&mut self, units: i128) {
        let paid = self.paid_by_cancel(units);
        self.cancelled += units;
        // Reports from before a freeze find as many units open as before the cancel.
        self.closed_before = (self.closed_before - units).max(0);
        self.earlier_closed = (self.earlier_closed - units).max(0);
        self.fit();
        self.give_back(paid);
    }

    /// Gives an amount of the holdback back: principal from the last instalments on, then interest and fees; the rest is the
    /// borrower's.
    pub fn give_back(&mut self, amount: i128) {
        self.holdback -= amount;
        let mut left = amount;
        let principal = left.min(self.principal);
        self.principal -= principal;
        left -= principal;
        let mut off = principal;
        for due in self.principal_due.iter_mut().rev() {
            let taken = off.min((*due).into());
            *due -= taken as u64;
            off -= taken;
        }
        // What is unpaid was billed on more principal than is left: it dates the arrears too early, so their date stays.
        self.bills.are_of_more |= self.interest_due > 0;
        left -= self.pay_interest(left);
        let fees = left.min(self.late_fees);
        self.late_fees -= fees;
        left -= fees;
        self.lender_claim += amount - left;
        self.borrower_claim += left;
        if matches!(self.status(), Some(Status::Seizing | Status::Repaid)) {
            self.recovered += amount - left;
        }
    }

    /// Ends the loan where nothing is owed any more.
    pub fn end_if_paid(&mut self) {
        if self.debt() == 0 {
            self.discharge();
            self.set_status(Status::Repaid);
        }
    }
}
