//! Verifies instructions on credits: which model step each is.

use {
    super::{Args, Case, CreditBook, Op, Role, Verdict, need},
    blockable_sdk::{Pubkey, program::transitions::Status},
};

impl Case<'_> {
    /// Moves a credit on. Returns whether its account stays.
    pub(super) fn on_credit(
        &mut self,
        key: &Pubkey,
        credit: &mut CreditBook,
        status: Status,
    ) -> Result<bool, String> {
        match self.call.op {
            Op::CreditAccept => self.accept(credit)?,
            Op::CreditIssue => self.issue(credit)?,
            Op::CreditCancelOffer => return self.cancel(key, credit, status),
            Op::CreditRepay => self.repay(key, credit, status)?,
            Op::ReserveFund => self.fund_reserve(credit)?,
            Op::ReserveDraw => self.draw_reserve(key, credit)?,
            Op::CovenantApply => self.covenant(credit)?,
            Op::CreditRestructure => self.restructure(key, credit)?,
            Op::CreditWaiveFee => self.waive_fee(credit)?,
            Op::CreditOfferLender => self.offer_lender(credit)?,
            Op::CreditAcceptLender => self.accept_lender(credit)?,
            Op::CreditOfferBorrower => self.offer_borrower(credit)?,
            Op::CreditWithdrawBorrower => self.withdraw_borrower(credit)?,
            Op::CreditAcceptBorrower => self.accept_borrower(credit)?,
            Op::CreditSetFreezeAuthority => self.set_freeze_authority(credit)?,
            Op::VaultCollect => self.collect(credit)?,
            Op::CreditMarkDelinquent => {
                self.late(credit, credit.terms.delinquency_grace)?;
                credit.set_status(Status::Delinquent);
            }
            Op::CreditMarkDefaulted => {
                self.late(credit, credit.terms.default_grace)?;
                credit.defaulted_at = self.time;
                credit.set_status(Status::Defaulted);
            }
            Op::CreditGiveNotice => self.give_notice(credit)?,
            Op::CreditWithdrawNotice => self.withdraw_notice(credit)?,
            Op::CreditFreeze => self.freeze(credit, status)?,
            Op::CreditAutoFreeze => self.auto_freeze(credit, status)?,
            Op::CreditThaw => self.thaw(credit)?,
            Op::CreditThawCross => self.thaw_cross(credit)?,
            Op::CreditSeizeToPool => self.seize_to_pool(key, credit, status)?,
            Op::CreditSeizeToLender => self.take_over(credit, status, self.since(key))?,
            Op::LotBuy => self.buy(key, credit)?,
            Op::LotClose => self.close_lot(key, credit, status)?,
            Op::CreditCancelLocked => self.cancel_locked(key, credit, status)?,
            Op::CreditWriteOff => self.write_off(credit, status)?,
            Op::CreditExpireUnits => self.expire_units(key, credit)?,
            Op::VaultClose => self.close_vault(credit)?,
            Op::CreditClose => {
                self.close(key, credit)?;
                return Ok(false);
            }
            op => return Err(format!("{op:?} is no instruction of a credit")),
        }
        Ok(true)
    }

    /// True where the lender signed.
    pub(super) fn by_lender(&self, credit: &CreditBook) -> bool {
        self.signed_by(&credit.lender)
    }

    fn close_vault(&mut self, credit: &mut CreditBook) -> Verdict {
        need(credit.owed_from_vault() == 0, "something is owed from the vault")?;
        let vault = self.call.account(Role::Vault);
        let swept = self.model.tokens.get(&vault).copied().unwrap_or(0);
        let treasury = self.market.settings.treasury;
        need(self.call.account(Role::Treasury) == treasury, "another treasury is named")?;
        self.transfer(vault, treasury, swept)?;
        self.remove_vault(&vault);
        self.removed.push((vault, credit.rent_payer));
        credit.vault_closed = 1;
        Ok(())
    }

    fn close(&mut self, key: &Pubkey, credit: &CreditBook) -> Verdict {
        need(credit.lots_open == 0, "lots are open")?;
        need(credit.lender == credit.provider || credit.vault_closed == 1, "the vault stands")?;
        let by_borrower = self.signed_by(&credit.borrower);
        let Args::Amount(most) = self.call.args else { return Err("no limit".into()) };
        let given_up = credit.remaining();
        need(given_up == 0 || by_borrower, "units are left")?;
        need(
            given_up == 0 || given_up <= i128::from(most),
            "rule 11: more units are given up than was signed",
        )?;
        let provider = self.provider(&credit.provider)?;
        provider.outstanding -= credit.granted - credit.seized - credit.cancelled;
        provider.closed_overrun = (provider.closed_overrun + credit.overrun).min(u64::MAX.into());
        self.removed.push((*key, credit.rent_payer));
        Ok(())
    }
}
