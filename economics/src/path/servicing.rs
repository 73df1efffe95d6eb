//! Payments of the borrower, and the marks and freezes of the lender's bot.

use {
    super::Walk,
    crate::{
        EconomicsError,
        loan::{Act, Observer, clock},
        preset::Freezing,
    },
    blockable_credits::{actions::FreezeAmount, state::FreezeReason, transitions::Status},
};

impl Walk<'_> {
    /// Freezes at the moment of issue, where the preset does.
    pub(super) fn open<O: Observer>(&mut self, observer: &mut O) -> Result<(), EconomicsError> {
        if self.course.preset.freeze == Freezing::AtIssue {
            return self.loan.act(0, Act::Freeze(FreezeAmount::All, FreezeReason::Risk), observer);
        }
        Ok(())
    }

    /// Pays the arrears, and what is missing from the reserve, on the day on which the borrower pays.
    pub(super) fn pay<O: Observer>(&mut self, observer: &mut O) -> Result<(), EconomicsError> {
        if self.next >= self.plan.pays || self.provider_has_failed() {
            return Ok(());
        }
        let due = self.due();
        let late = self.plan.days_late.get(self.next).copied().unwrap_or_default();
        if due == i64::MAX || self.day < due + late || self.status_is(Status::Repaid) {
            return Ok(());
        }
        self.next += 1;
        let credit = self.loan.accrued(self.seconds())?;
        let missing = credit.rider.reserve.saturating_sub(credit.reserve_held);
        self.loan.act(self.seconds(), Act::Pay(credit.arrears().saturating_add(missing)), observer)
    }

    /// Due day of the instalment that is paid next.
    fn due(&self) -> i64 {
        self.course.due.get(self.next).copied().unwrap_or(i64::MAX)
    }

    /// Marks what is late, as soon as the program allows it, and freezes as the preset says.
    pub(super) fn enforce<O: Observer>(&mut self, observer: &mut O) -> Result<(), EconomicsError> {
        let preset = &self.course.preset;
        let late = self.day.saturating_sub(self.due());
        if late >= preset.delinquency_days.into() && self.status_is(Status::Active) {
            let marked = self.mark(Act::MarkDelinquent, observer);
            if marked {
                self.outcome.delinquencies += 1;
                self.freeze(self.freeze_on_delinquency(), observer);
            }
        }
        if late >= preset.default_days.into() && self.status_is(Status::Delinquent) {
            let before = self.default_as_of_now()?;
            if self.mark(Act::MarkDefaulted, observer) {
                self.note_default(before);
                self.freeze(Some(Act::AutoFreeze), observer);
            }
        }
        if self.reserve_is_overdue() {
            self.freeze(Some(Act::Freeze(FreezeAmount::All, FreezeReason::Risk)), observer);
        }
        Ok(())
    }

    /// True where a drawn reserve has been short past its grace, which lets the bot freeze a loan without arrears, and it has
    /// not frozen for that yet.
    fn reserve_is_overdue(&self) -> bool {
        let (credit, now) = (&self.loan.credit, clock(self.seconds()).market);
        let overdue = credit.reserve_drawn_at != 0 && credit.reserve_is_overdue(now).unwrap_or(false);
        overdue && self.status_is(Status::Active) && credit.collateral.frozen_for_other == 0
    }

    /// Marks the loan; draws the reserve where it pays everything that the mark is about.
    fn mark<O: Observer>(&mut self, act: Act, observer: &mut O) -> bool {
        let seconds = self.seconds();
        if self.loan.attempt(seconds, act, observer) {
            return true;
        }
        let credit = &self.loan.credit;
        if credit.reserve_held > 0 && credit.reserve_held >= credit.arrears() {
            self.loan.attempt(seconds, Act::DrawReserve, observer);
        }
        false
    }

    fn freeze_on_delinquency(&self) -> Option<Act> {
        let amount = match self.course.preset.freeze {
            Freezing::InSteps => FreezeAmount::Shortfall,
            Freezing::Full => FreezeAmount::All,
            Freezing::AtIssue => return None,
        };
        Some(Act::Freeze(amount, FreezeReason::MissedPayment))
    }

    /// Freezes; a loan in which nothing more can be frozen stays as it is.
    fn freeze<O: Observer>(&mut self, act: Option<Act>, observer: &mut O) {
        let seconds = self.seconds();
        if let Some(act) = act {
            self.loan.attempt(seconds, act, observer);
        }
    }
}
