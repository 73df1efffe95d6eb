//! Predicts refusals: an honest transaction is refused only where a rule of the model forbids it.

use {
    super::{Args, Case, CreditBook, Op, Role, Verdict, need},
    blockable_sdk::program::transitions::Status,
};

impl Case<'_> {
    /// Requires of a transaction that was refused that a rule of the model forbids it. Instructions whose rules depend on what
    /// the program has written are left out. Errors: no rule does.
    pub fn must_be_refused(&mut self) -> Verdict {
        let op = self.call.op;
        let is_open = !self.market.is_paused(self.now) || op.is_open_in_pause();
        let found = self.model.credits.get(&self.call.account(Role::Credit)).cloned();
        let Some(mut credit) = found else { return Ok(()) };
        let Some(status) = credit.status() else { return Ok(()) };
        let in_market = credit.market == self.call.account(Role::Market);
        if !is_open || !in_market || !op.is_allowed_in(status) {
            return Ok(());
        }
        let Some(forbidden) = self.forbidden(&mut credit, status) else { return Ok(()) };
        match forbidden {
            Err(_) => Ok(()),
            Ok(()) => Err(format!("it was refused although no rule forbids it: {}", credit.describe())),
        }
    }

    /// The verdict of the model on a copy of the credit; `None` for an instruction that is not predicted.
    fn forbidden(&mut self, credit: &mut CreditBook, status: Status) -> Option<Verdict> {
        Some(match self.call.op {
            Op::CreditCancelLocked => {
                credit.accrue(self.time);
                self.may_cancel(credit, status).map(|_| ())
            }
            Op::ReserveDraw => {
                credit.accrue(self.time);
                need(credit.drawable(self.time) > 0, "nothing can be drawn")
            }
            Op::CreditFreeze => self.freeze(credit, status),
            Op::CreditAutoFreeze => self.auto_freeze(credit, status),
            Op::CreditThawCross => self.thaw_cross(credit),
            Op::VaultCollect => self.may_collect(credit),
            _ => return None,
        })
    }

    /// Requires a claim of at least what was stated, its party's account, and a vault that can be paid from.
    fn may_collect(&self, credit: &CreditBook) -> Verdict {
        let Args::Collect(party, least) = self.call.args else { return Err("no party".into()) };
        let claim = credit.claim(party);
        need(claim > 0 && claim >= i128::from(least) && self.call.signs(Role::Signer), "less is claimed")?;
        need(self.call.account(Role::Wallet) == self.destination(credit, party)?, "it goes elsewhere")?;
        self.need_open_vault()
    }
}
