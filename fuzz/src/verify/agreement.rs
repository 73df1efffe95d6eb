//! Verifies what lender and borrower agree on later, and changes of the lender.

use {
    super::{Args, Case, CreditBook, Role, Verdict, need, offer::need_sound_terms, units_needed_for},
    crate::{amounts::div_up, book::PARTS},
    blockable_sdk::{
        Pubkey,
        program::{
            state::{Credit, Instalment, Terms},
            transitions::Status,
        },
    },
};

impl Case<'_> {
    pub(super) fn offer_lender(&mut self, credit: &mut CreditBook) -> Verdict {
        let Args::Role(slot, to) = self.call.args else { return Err("no key".into()) };
        need(credit.offer_slot == i128::from(slot), "rule 11: another loan was read")?;
        let lender = self.by_lender(credit);
        need(lender && to != credit.borrower, "the signer is not the lender, or lends to itself")?;
        need(to == Pubkey::default() || !self.is_halted(), "the market is halted")?;
        credit.pending_lender = to;
        Ok(())
    }

    pub(super) fn accept_lender(&mut self, credit: &mut CreditBook) -> Verdict {
        let to = self.call.account(Role::Signer);
        need(!self.is_halted(), "the market is halted")?;
        need(self.signed_by(&credit.pending_lender), "the loan was not offered to the signer")?;
        need(credit.lender_claim == 0, "the seller has a claim")?;
        let Args::Purchase(limits) = self.call.args else { return Err("no limits".into()) };
        credit.accrue(self.time);
        need(credit.meets(&limits.read), "rule 11: the loan is another or worse than was read")?;
        need(credit.terms_hash == limits.terms_hash, "rule 11: other terms were read")?;
        need(credit.debt() >= i128::from(limits.least_debt), "rule 11: less is owed")?;
        need(credit.lien() >= i128::from(limits.least_lien), "rule 11: less is under lien")?;
        need(credit.frozen() <= i128::from(limits.most_frozen), "rule 11: more is frozen")?;
        need(credit.locked() <= i128::from(limits.most_locked), "rule 11: more is locked")?;
        need(credit.holdback >= i128::from(limits.least_holdback), "rule 11: less is held back")?;
        need(credit.apr >= i128::from(limits.least_apr_bps), "rule 11: the rate is lower")?;
        if credit.original_lender == Pubkey::default() {
            credit.original_lender = credit.lender;
        }
        (credit.lender, credit.freeze_authority) = (to, to);
        credit.pending_lender = Pubkey::default();
        credit.keep_borrower();
        Ok(())
    }

    pub(super) fn set_freeze_authority(&mut self, credit: &mut CreditBook) -> Verdict {
        need(self.by_lender(credit), "the signer is not the lender")?;
        let Args::Role(slot, to) = self.call.args else { return Err("no key".into()) };
        need(credit.offer_slot == i128::from(slot), "rule 11: another loan was read")?;
        credit.freeze_authority = to;
        credit.pending_lender = Pubkey::default();
        Ok(())
    }

    pub(super) fn covenant(&mut self, credit: &mut CreditBook) -> Verdict {
        let rider = credit.rider;
        need(rider.covenant_window > 0, "no covenant was agreed")?;
        credit.accrue(self.time);
        need(credit.arrears_since == 0, "something is in arrears")?;
        let seconds = credit.reported_at - credit.covenant_at;
        let window = i128::from(rider.covenant_window);
        need(seconds >= window, "the window runs")?;
        let used = credit.consumed - credit.covenant_consumed;
        let share = used * window * 10_000 / (i128::from(rider.planned_units) * seconds);
        let step = i128::from(rider.apr_step_bps);
        let hampered = credit.frozen() > 0
            || credit.began_frozen == 1
            || credit.frozen_at_chain >= credit.covenant_at
            || credit.available() == 0;
        if share >= i128::from(rider.high_bps) {
            credit.apr = (credit.apr - step).max(rider.apr_floor_bps.into());
        } else if share < i128::from(rider.low_bps) && !hampered {
            credit.apr = (credit.apr + step).min(65_535).min(rider.apr_ceiling_bps.into());
            // The first date that leaves the delinquency grace to find the money.
            let earliest = self.time + i128::from(credit.terms.delinquency_grace);
            let mut next = credit.billed as usize;
            while credit.due_after.get(next).is_some_and(|due| credit.start + i128::from(*due) < earliest) {
                next += 1;
            }
            let mut left = div_up(credit.principal * i128::from(rider.top_up_bps), 10_000);
            for later in (next + 1..credit.principal_due.len()).rev() {
                let moved = left.min(credit.principal_due[later].into());
                credit.principal_due[later] -= moved as u64;
                credit.principal_due[next] += moved as u64;
                left -= moved;
            }
        }
        credit.began_frozen = i128::from(credit.frozen() > 0);
        credit.covenant_at = credit.reported_at;
        credit.covenant_consumed = credit.consumed;
        Ok(())
    }

    pub(super) fn restructure(&mut self, key: &Pubkey, credit: &mut CreditBook) -> Verdict {
        let Args::Restructure(terms, signed, limits) = &self.call.args else { return Err("no terms".into()) };
        let signed: &[Instalment] = signed;
        let borrower = self.call.account(Role::Second) == credit.borrower && self.call.signs(Role::Second);
        need(self.signed_by(&credit.lender) && borrower, "a party does not sign")?;
        credit.accrue(self.time);
        need(credit.meets(&limits.read), "rule 11: the loan is another or worse than was read")?;
        let again = credit.restructurings == i128::from(limits.restructurings);
        need(again, "rule 11: another agreement was read")?;
        need(credit.debt() <= i128::from(limits.most_debt), "rule 11: more is owed")?;
        need(credit.lien() >= i128::from(limits.least_lien), "rule 11: less is under lien")?;
        let total: i128 = signed.iter().map(|line| i128::from(line.principal)).sum();
        need(total >= credit.principal, "the schedule does not reach the principal")?;
        let schedule = &without_last(signed, total - credit.principal);
        let (old, counting) = (credit.terms, |terms: &Terms| {
            (terms.max_units_per_second, terms.longest_job, terms.reporters_hash, terms.offer_expires_at)
        });
        need(counting(&old) == counting(terms), "rule 13: it touches how use is counted")?;
        need(terms.principal == old.principal && terms.units == old.units, "it touches the grant")?;
        let last_units = |terms: &Terms| (terms.unlocked_ahead, terms.holdback);
        need(last_units(terms) == last_units(&old), "it touches the lock")?;
        need(terms.unit_lifetime == old.unit_lifetime, "it touches the units' lifetime")?;
        self.need_provider_waits_no_longer(credit, terms, signed)?;
        need_sound_terms(terms, &credit.rider, signed, &self.market.settings.bounds)?;
        let needed = units_needed_for(terms, signed, &self.market.settings.bounds);
        let expiry = credit.units_expire_at;
        need(
            expiry == 0 || self.time + needed <= expiry,
            "the units would expire before a default is cured",
        )?;
        credit.terms = *terms;
        credit.start = self.time;
        credit.due_after = schedule.iter().map(|line| line.due_after).collect();
        credit.principal_due = schedule.iter().map(|line| line.principal).collect();
        credit.terms_hash = self.read::<Credit>(key).map_or([0; 32], |chain| chain.terms_hash);
        credit.restructurings += 1;
        credit.interest_parts += credit.interest_due * PARTS;
        credit.bills = Default::default();
        (credit.interest_due, credit.capitalised, credit.schedule_paid) = (0, 0, 0);
        (credit.arrears_since, credit.billed, credit.late_checked) = (0, 0, 0);
        (credit.defaulted_at, credit.notice) = (0, 0);
        credit.apr = terms.apr_bps.into();
        credit.pending_lender = Pubkey::default();
        credit.thaw_cured(self.time);
        credit.set_status(Status::Active);
        Ok(())
    }
}

impl Case<'_> {
    /// Requires the signature of a provider whose holdback would wait for longer: where anybody may cancel already, or could
    /// only later under the new terms.
    fn need_provider_waits_no_longer(
        &mut self,
        credit: &CreditBook,
        terms: &Terms,
        schedule: &[Instalment],
    ) -> Verdict {
        let (by, named) = (self.call.account(Role::Authority), self.call.account(Role::Provider));
        let signs = named == credit.provider && self.call.signs(Role::Authority);
        if signs && self.provider(&credit.provider)?.authority == by {
            return Ok(());
        }
        let opened_by_schedule = |start: i128, last: i128, terms: &Terms| {
            start + last + i128::from(terms.default_grace) + i128::from(terms.cure_period)
        };
        let last = |due: Option<&u32>| i128::from(due.copied().unwrap_or(0));
        let old = opened_by_schedule(credit.start, last(credit.due_after.last()), &credit.terms);
        let new_last = schedule.last().map(|line| line.due_after);
        let new = opened_by_schedule(self.time, last(new_last.as_ref()), terms);
        let waits_no_longer = self.time < credit.cancel_opens_at() && new <= old;
        need(credit.holdback == 0 || waits_no_longer, "the provider's holdback waits for longer")
    }
}

/// A schedule with an amount taken off its last instalments, which keep their dates.
fn without_last(schedule: &[Instalment], amount: i128) -> Vec<Instalment> {
    let (mut schedule, mut left) = (schedule.to_vec(), amount);
    for line in schedule.iter_mut().rev() {
        let taken = left.min(line.principal.into());
        line.principal -= taken as u64;
        left -= taken;
    }
    schedule
}
