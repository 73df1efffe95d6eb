//! Verifies the holdback: cancels of covered units, and what expiry, a write-off and a takeover do to it.

use {
    super::{Args, Case, CreditBook, Role, Verdict, need},
    crate::amounts::units_within,
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{LoanRead, UnitBounds},
            transitions::Status,
        },
    },
};

/// The flag of a suspension by the market's admin.
const BY_ADMIN: i128 = 2;

impl Case<'_> {
    /// The units that a cancel takes, on a debt that has been accrued. Errors: the rule that forbids it.
    pub(super) fn may_cancel(&self, credit: &CreditBook, status: Status) -> Result<i128, String> {
        let Args::Cancel(bounds, read) = self.call.args else { return Err("no bounds".into()) };
        self.need_open_vault()?;
        need(self.call.signs(Role::Signer), "nobody signs")?;
        let (units, all) = self.cancellable(credit, bounds, read)?;
        if matches!(status, Status::Active | Status::Delinquent) {
            let borrower = self.call.account(Role::Second) == credit.borrower;
            let both = self.signed_by(&credit.lender) && borrower && self.call.signs(Role::Second);
            need(both, "a party does not sign")?;
            need(self.is_suspended_for_long(&credit.provider), "the admin has not suspended the provider")?;
            return Ok(units);
        }
        let cured_by = credit.defaulted_at + i128::from(credit.terms.cure_period);
        need(status != Status::Defaulted || self.time >= cured_by, "the cure period runs")?;
        let by_lender = self.signed_by(&credit.lender);
        let open = self.time >= credit.cancel_opens_at();
        need(by_lender || open && units == all, "anybody but the lender cancels too early, or a part only")?;
        need(status != Status::Defaulted || units * 10 >= all, "the first seizure takes less than a tenth")?;
        Ok(units)
    }

    /// The units within the bounds of a cancel, and all that can be cancelled.
    fn cancellable(
        &self,
        credit: &CreditBook,
        bounds: UnitBounds,
        read: LoanRead,
    ) -> Result<(i128, i128), String> {
        need(credit.meets(&read), "rule 11: the loan is another or worse than was read")?;
        need(self.call.account(Role::Provider) == credit.provider, "of another provider")?;
        let all = credit.cancellable();
        Ok((units_within(bounds, all)?, all))
    }

    fn is_suspended_for_long(&self, provider: &Pubkey) -> bool {
        let shortest = i128::from(self.market.settings.min_suspension);
        self.model.providers.get(provider).is_some_and(|provider| {
            provider.suspended & BY_ADMIN != 0 && self.time >= provider.admin_suspended_at + shortest
        })
    }

    pub(super) fn cancel_locked(&mut self, key: &Pubkey, credit: &mut CreditBook, status: Status) -> Verdict {
        credit.pending_lender = Pubkey::default();
        credit.accrue(self.time);
        let units = self.may_cancel(credit, status)?;
        if status >= Status::Defaulted {
            credit.set_status(Status::Seizing);
        }
        credit.cancel(units);
        credit.check_since(self.since(key))?;
        credit.end_if_paid();
        self.provider(&credit.provider)?.outstanding -= units;
        Ok(())
    }

    pub(super) fn expire_units(&mut self, key: &Pubkey, credit: &mut CreditBook) -> Verdict {
        let expiry = credit.units_expire_at;
        need(expiry != 0 && self.time >= expiry, "the units live")?;
        credit.accrue(self.time);
        need(credit.expire() > 0, "nothing expires")?;
        if credit.holdback > 0 {
            credit.give_back(credit.holdback);
            credit.check_since(self.since(key))?;
            credit.end_if_paid();
        }
        Ok(())
    }

    pub(super) fn write_off(&mut self, credit: &mut CreditBook, status: Status) -> Verdict {
        let lender = self.by_lender(credit);
        need(lender && credit.lots_open == 0, "lots are open, or the signer is not the lender")?;
        need(self.call.account(Role::Provider) == credit.provider, "of another provider")?;
        credit.accrue(self.time);
        let Args::WriteOff(slot, most) = self.call.args else { return Err("no limit".into()) };
        need(credit.offer_slot == i128::from(slot), "rule 11: another loan was read")?;
        let cured_by = credit.defaulted_at + i128::from(credit.terms.cure_period);
        let in_time = status != Status::Defaulted || self.time >= cured_by || credit.cancellable() == 0;
        need(in_time, "it cancels while the cure period runs")?;
        credit.set_status(Status::Repaid);
        // Money that is held back and covers no unit is given back as well: a write-off pays the provider nothing.
        let units = credit.cancellable();
        credit.cancel(units);
        self.provider(&credit.provider)?.outstanding -= units;
        need(credit.debt() <= i128::from(most), "rule 11: more is owed than the lender gives up")?;
        (credit.principal, credit.schedule_paid, credit.interest_due) = (0, 0, 0);
        (credit.interest_parts, credit.late_fees, credit.arrears_since) = (0, 0, 0);
        (credit.billed, credit.late_checked, credit.accrued_at) = (0, 0, self.time);
        credit.bills = Default::default();
        credit.discharge();
        Ok(())
    }
}
