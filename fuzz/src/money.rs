use {
    super::book::{CreditBook, PARTS},
    blockable_sdk::program::transitions::Status,
};

/// A payment, split into its parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    /// The part that paid principal.
    pub principal: i128,
    /// The arrears before it.
    pub before: i128,
    /// The arrears after it.
    pub after: i128,
}

fn ceil(parts: i128) -> i128 {
    (parts + PARTS - 1) / PARTS
}

/// The debt, worked out instalment by instalment.
impl CreditBook {
    fn count(&self) -> i128 {
        self.due_after.len() as i128
    }

    fn due_date(&self, instalment: i128) -> i128 {
        self.start + i128::from(self.due_after[instalment as usize])
    }

    /// Principal that has fallen due under the schedule.
    fn fallen_due(&self) -> i128 {
        let due: i128 = self.principal_due.iter().take(self.billed as usize).map(|p| i128::from(*p)).sum();
        if self.billed >= self.count() { due + self.capitalised } else { due }
    }

    fn principal_in_arrears(&self) -> i128 {
        (self.fallen_due() - self.schedule_paid).max(0).min(self.principal)
    }

    fn has_matured(&self) -> bool {
        let rest: i128 = self.principal_due.iter().skip(self.billed as usize).map(|p| i128::from(*p)).sum();
        rest == 0 && (self.capitalised == 0 || self.billed >= self.count())
    }

    /// Everything owed.
    pub fn debt(&self) -> i128 {
        self.principal + self.interest_due + ceil(self.interest_parts) + self.late_fees
    }

    /// The payment that would make the loan current.
    pub fn arrears(&self) -> i128 {
        if self.has_matured() {
            self.debt()
        } else if self.arrears_since == 0 {
            0
        } else {
            self.late_fees + self.interest_due + self.principal_in_arrears()
        }
    }

    fn grow(&mut self, to: i128) {
        if to > self.accrued_at {
            self.interest_parts += self.interest_over(self.accrued_at, to);
            self.accrued_at = to;
        }
    }

    fn bill(&mut self) {
        self.note_bill(self.interest_parts / PARTS);
        self.interest_due += self.interest_parts / PARTS;
        self.interest_parts %= PARTS;
    }

    /// Notes interest that falls due with the latest instalment billed.
    fn note_bill(&mut self, amount: i128) {
        let date = if self.billed > 0 { self.due_date(self.billed - 1) } else { 0 };
        self.bills.unpaid.push((date, amount));
    }

    /// Takes a payment of interest off the oldest bills.
    fn pay_bills(&mut self, amount: i128) {
        let mut left = amount;
        for (_, unpaid) in &mut self.bills.unpaid {
            let paid = left.min(*unpaid);
            *unpaid -= paid;
            left -= paid;
        }
        self.bills.unpaid.retain(|(_, unpaid)| *unpaid > 0);
        self.bills.are_of_more &= !self.bills.unpaid.is_empty();
    }

    /// Pays interest, billed and then accrued, at most an amount. Returns what it took.
    pub fn pay_interest(&mut self, most: i128) -> i128 {
        let billed = most.min(self.interest_due);
        self.interest_due -= billed;
        self.pay_bills(billed);
        billed + self.pay_accrued(most - billed)
    }

    /// The date of the oldest bill up to which more than `slack` is unpaid.
    fn oldest_bill(&self, slack: i128) -> Option<i128> {
        let mut through = 0;
        self.bills
            .unpaid
            .iter()
            .find(|(_, unpaid)| {
                through += unpaid;
                through > slack
            })
            .map(|(date, _)| *date)
    }

    /// Adds the part of a coupon that is paid in kind to the principal.
    fn capitalise(&mut self) {
        let share = i128::from(self.rider.pay_in_kind_bps);
        if self.billed >= self.count() || share == 0 || self.granted == 0 {
            return;
        }
        let unused = self.interest_parts / PARTS * self.remaining() / self.granted;
        let part = unused * share / 10_000;
        self.interest_parts -= part * PARTS;
        self.principal += part;
        self.capitalised += part;
    }

    /// Brings the debt up to a market time, one due date after the other.
    pub fn accrue(&mut self, now: i128) {
        while self.billed < self.count() && self.due_date(self.billed) <= now {
            let date = self.due_date(self.billed);
            self.grow(date);
            self.billed += 1;
            if self.arrears_since == 0 {
                self.capitalise();
            }
            self.bill();
            if self.arrears_since == 0 && (self.interest_due > 0 || self.principal_in_arrears() > 0) {
                self.arrears_since = date;
            }
        }
        let grace = i128::from(self.terms.delinquency_grace);
        while self.late_checked < self.count() && self.due_date(self.late_checked) + grace <= now {
            let date = self.due_date(self.late_checked);
            if self.arrears_since != 0 && date >= self.arrears_since {
                self.late_fees += i128::from(self.terms.late_fee);
            }
            self.late_checked += 1;
        }
        self.grow(now);
        if self.has_matured() {
            self.bill();
        }
    }

    /// Pays interest that no bill asks for: whole micro-USDC, and the fraction as one more with the last of them.
    fn pay_accrued(&mut self, most: i128) -> i128 {
        let all = ceil(self.interest_parts);
        if most >= all {
            self.interest_parts = 0;
            return all;
        }
        self.interest_parts -= most * PARTS;
        most
    }

    /// Takes a payment off the debt. `since` is the chain's date of the oldest unpaid instalment afterwards, which is
    /// checked to be possible. Errors: why it is not.
    pub fn pay(&mut self, amount: i128, recovery: bool, since: i128) -> Result<Spread, String> {
        let before = self.arrears();
        let accrued_first = recovery || self.has_matured();
        let mut left = amount;
        let fees = left.min(self.late_fees);
        self.late_fees -= fees;
        left -= fees;
        let interest = left.min(self.interest_due);
        self.interest_due -= interest;
        self.pay_bills(interest);
        left -= interest;
        if accrued_first {
            left -= self.pay_accrued(left);
        }
        let due = left.min(self.principal_in_arrears());
        let principal_before = self.principal;
        self.principal -= due;
        self.schedule_paid += due;
        left -= due;
        left -= self.pay_accrued(left);
        let rest = left.min(self.principal);
        self.principal -= rest;
        self.schedule_paid += rest;
        left -= rest;
        if left != 0 {
            return Err(format!("a payment of {amount} is {left} more than is owed"));
        }
        self.check_since(since)?;
        Ok(Spread { principal: principal_before - self.principal, before, after: self.arrears() })
    }

    /// The date from which the oldest unpaid instalment counts: the chain's own, where it is possible.
    pub fn check_since(&mut self, since: i128) -> Result<(), String> {
        let dates: i128 = self.principal_due.iter().take(self.billed as usize).map(|p| i128::from(*p)).sum();
        let principal = dates > self.schedule_paid || self.principal_in_arrears() > 0;
        let unpaid = self.interest_due > 0 || principal;
        if unpaid != (since != 0) {
            return Err(format!("something is unpaid: {unpaid}, but in arrears since {since}"));
        }
        if since != 0 {
            let dates: Vec<i128> = (0..self.billed).map(|index| self.due_date(index)).collect();
            if !dates.contains(&since) {
                return Err(format!("in arrears since {since}, which is no due date that has passed"));
            }
            if self.arrears_since != 0 && since < self.arrears_since {
                return Err(format!(
                    "a payment moved the arrears back to {since} from {}",
                    self.arrears_since
                ));
            }
            let mut through = 0;
            let principal = self.principal_due.iter().take(self.billed as usize).position(|principal| {
                through += i128::from(*principal);
                through > self.schedule_paid
            });
            let principal = principal.map(|index| dates[index]);
            // The chain keeps the sum of unpaid interest alone and counts it in whole seconds: less than one is left out.
            let second = ceil(self.principal * self.apr);
            let (exact, slack) = (self.oldest_bill(0), self.oldest_bill(1 + second));
            let earliest = exact.into_iter().chain(principal).min().unwrap_or(since);
            let latest = slack.into_iter().chain(principal).min().unwrap_or(since);
            // Where an instalment's interest is dust, its roundings weigh as much as whole instalments.
            let shortest = dates.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(0);
            let dust = self.interest_over(self.accrued_at, self.accrued_at + shortest) < 3 * PARTS;
            let too_early = since < earliest && !dust && !self.bills.are_of_more;
            if too_early || since > latest {
                return Err(format!(
                    "unpaid since {earliest} to {latest}, in arrears since {since}: {:?}",
                    self.bills
                ));
            }
        }
        self.arrears_since = since;
        Ok(())
    }

    /// Books a payment that is in the vault. Errors: why it cannot be.
    pub fn take_payment(&mut self, paid: i128, since: i128) -> Result<(), String> {
        self.lender_claim += paid;
        let recovery = self.status() == Some(Status::Seizing);
        let spread = self.pay(paid, recovery, since)?;
        if recovery {
            self.recovered += paid;
        } else {
            self.principal_repaid += spread.principal;
            if spread.before > 0 && self.notice == 0 {
                self.frozen_for_payment -=
                    self.frozen_for_payment * (spread.before - spread.after) / spread.before;
            }
            // After a cancel interest can stand without principal: it secures the lien until it is paid.
            if self.principal > 0 {
                let whole = self.principal_repaid + self.principal;
                let units = self.granted - self.cancelled;
                self.released = self.released.max(units * self.principal_repaid / whole);
            }
            self.fit();
            self.earn();
        }
        if self.debt() == 0 {
            self.discharge();
            self.set_status(Status::Repaid);
        } else if !recovery && spread.after == 0 && self.notice == 0 {
            self.defaulted_at = 0;
            self.set_status(Status::Active);
            self.thaw_cured(self.accrued_at);
        }
        Ok(())
    }

    /// Money that the reserve pays at a market time. Before a default it pays all arrears or nothing. After the first seizure it
    /// pays as much of the debt as it has once no covered unit is left; in a default before one the same, once the cure period
    /// is over and no other unit can be taken either.
    pub fn drawable(&self, market: i128) -> i128 {
        let uncovered = self.covered() == 0;
        let cured_by = self.defaulted_at + i128::from(self.terms.cure_period);
        let expired = self.units_expire_at != 0 && market >= self.units_expire_at;
        let (owed, pays) = match self.status() {
            Some(Status::Seizing) => (self.debt(), uncovered),
            Some(Status::Defaulted) => {
                let nothing_else = self.lien() == 0 || expired;
                (self.debt(), uncovered && market >= cured_by && nothing_else)
            }
            _ => (self.arrears(), self.reserve >= self.arrears()),
        };
        if pays { owed.min(self.reserve) } else { 0 }
    }

    /// Pays an amount from the reserve.
    pub fn draw(&mut self, amount: i128, since: i128) -> Result<(), String> {
        self.reserve -= amount;
        self.note_reserve(self.accrued_at);
        self.take_payment(amount, since)
    }

    /// Nothing is owed any more.
    pub fn discharge(&mut self) {
        self.released = self.released.max(self.granted - self.cancelled);
        // What is left of the holdback pays for the units that are left: the provider must serve them.
        self.pay_provider(self.holdback);
        self.frozen_for_cross = 0;
        self.thaw_all();
        self.defaulted_at = 0;
        self.notice = 0;
        self.pending_lender = Default::default();
        self.borrower_claim += self.reserve;
        (self.reserve, self.reserve_drawn_at) = (0, 0);
    }
}
