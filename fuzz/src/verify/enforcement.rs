//! Verifies what the lender may do about a loan that is not paid, and what anybody may.

use {
    super::{Args, Case, CreditBook, Role, Verdict, need, recovery::first_units},
    crate::amounts::div_up,
    blockable_sdk::{
        Pubkey,
        program::{instructions::FreezeAmount, state::FreezeReason, transitions::Status},
    },
};

impl Case<'_> {
    /// Requires an instalment that has been unpaid for the seconds of a grace period, and a reserve that does not pay all arrears.
    pub(super) fn late(&mut self, credit: &mut CreditBook, grace: u32) -> Verdict {
        self.need_open_vault()?;
        credit.accrue(self.time);
        need(credit.arrears_since != 0, "nothing is in arrears")?;
        need(credit.reserve < credit.arrears(), "the reserve covers what is in arrears")?;
        need(self.time >= credit.arrears_since + i128::from(grace), "the grace period runs")
    }

    pub(super) fn give_notice(&mut self, credit: &mut CreditBook) -> Verdict {
        self.need_open_vault()?;
        let lender = self.by_lender(credit);
        need(lender && credit.rider.breach_notice == 1, "no notice was agreed, or not the lender's")?;
        let Args::Notice(notice) = self.call.args else { return Err("no notice".into()) };
        need(credit.offer_slot == i128::from(notice.offer_slot), "rule 11: another loan was read")?;
        need(credit.status() >= Some(notice.least_status), "rule 11: the loan has been cured")?;
        credit.accrue(self.time);
        credit.notice = 1;
        credit.pending_lender = Pubkey::default();
        credit.defaulted_at = self.time;
        credit.set_status(Status::Defaulted);
        Ok(())
    }

    pub(super) fn withdraw_notice(&mut self, credit: &mut CreditBook) -> Verdict {
        let lender = self.by_lender(credit);
        need(lender && credit.notice == 1, "no notice stands, or the signer is not the lender")?;
        let Args::Time(given_at) = self.call.args else { return Err("no time".into()) };
        need(credit.defaulted_at == i128::from(given_at), "rule 11: it is another notice")?;
        credit.accrue(self.time);
        (credit.notice, credit.defaulted_at) = (0, 0);
        credit.pending_lender = Pubkey::default();
        if credit.arrears() == 0 {
            credit.thaw_cured(self.time);
        } else if credit.terms.freeze_policy > 0 && !credit.reserve_is_overdue(self.time) {
            credit.thaw_all();
        }
        credit.set_status(Status::Active);
        Ok(())
    }

    pub(super) fn freeze(&mut self, credit: &mut CreditBook, status: Status) -> Verdict {
        let by_lender = self.signed_by(&credit.lender);
        need(by_lender || self.signed_by(&credit.freeze_authority), "the signer may not freeze")?;
        let Args::Freeze(amount, reason) = self.call.args else { return Err("no amount".into()) };
        let from = [Status::Active, Status::Delinquent, Status::Defaulted]
            .get(usize::from(credit.terms.freeze_policy))
            .copied()
            .unwrap_or(Status::Closed);
        let moves = if reason == FreezeReason::CrossDefault {
            self.rest_on_other(credit)?
        } else {
            let for_reserve =
                reason as u8 >= FreezeReason::Breach as u8 && credit.reserve_is_overdue(self.time);
            need(status >= from || for_reserve, "the policy forbids it")?;
            false
        };
        let lien = credit.freezable();
        let target = match amount {
            FreezeAmount::All => lien,
            FreezeAmount::Units(units) => {
                need(units > 0, "of no units")?;
                lien.min(units.into())
            }
            FreezeAmount::Bps(bps) => {
                need((1..=10_000).contains(&bps), "of no share, or of more than all")?;
                div_up(lien * i128::from(bps), 10_000)
            }
            FreezeAmount::Shortfall => {
                credit.accrue(self.time);
                let (arrears, debt) = (credit.arrears(), credit.debt());
                need(arrears > 0, "nothing is in arrears")?;
                div_up(lien * arrears.min(debt), debt)
            }
        };
        need(target <= lien, "rule 2: more is frozen than no lock holds")?;
        need(credit.freeze(target, reason as i128, moves, self.now, self.time), "that much is frozen")
    }

    /// Requires another credit of the same parties that is in default, and notes it. Returns true where it takes the place of
    /// another one.
    fn rest_on_other(&self, credit: &mut CreditBook) -> Result<bool, String> {
        let key = self.call.account(Role::Other);
        need(credit.rider.cross_default == 1, "no cross-default was agreed")?;
        need(key != self.call.account(Role::Credit), "it rests on itself")?;
        need(self.is_broken(credit, &key), "the other credit is sound, or another party's")?;
        let moves = credit.cross_credit != key && credit.frozen_for_cross > 0;
        credit.cross_credit = key;
        Ok(moves)
    }

    /// True while a credit of the same lender and borrower is in default or being seized.
    fn is_broken(&self, credit: &CreditBook, other: &Pubkey) -> bool {
        self.model.credits.get(other).is_some_and(|other| {
            matches!(other.status(), Some(Status::Defaulted | Status::Seizing))
                && (other.lender, other.borrower) == (credit.lender, credit.borrower)
        })
    }

    pub(super) fn thaw_cross(&mut self, credit: &mut CreditBook) -> Verdict {
        let other = self.call.account(Role::Other);
        need(credit.frozen_for_cross > 0, "nothing is frozen for cross-default")?;
        need(credit.cross_credit == other, "the freeze rests on another credit")?;
        need(!self.is_broken(credit, &other), "the other credit is in default")?;
        credit.frozen_for_cross = 0;
        credit.cross_credit = Pubkey::default();
        Ok(())
    }

    pub(super) fn auto_freeze(&mut self, credit: &mut CreditBook, status: Status) -> Verdict {
        let from =
            [Status::Closed, Status::Delinquent, Status::Defaulted][usize::from(credit.terms.auto_freeze)];
        need(status >= from, "the terms do not say so")?;
        let reason = match (status, credit.notice) {
            (Status::Delinquent, _) => FreezeReason::MissedPayment,
            (_, 1) => FreezeReason::Breach,
            _ => FreezeReason::Default,
        };
        let all = credit.freezable();
        need(credit.freeze(all, reason as i128, false, self.now, self.time), "all is frozen")
    }

    pub(super) fn thaw(&mut self, credit: &mut CreditBook) -> Verdict {
        let lender = self.by_lender(credit);
        need(lender || self.signed_by(&credit.freeze_authority), "the signer may not thaw")?;
        let Args::Thaw(bounds) = self.call.args else { return Err("no bounds".into()) };
        let units = i128::from(bounds.most).min(credit.frozen() - i128::from(bounds.keep));
        need(units > 0, "rule 11: no more is frozen than is to stay")?;
        credit.cap(credit.frozen() - units);
        credit.pending_lender = Pubkey::default();
        Ok(())
    }

    pub(super) fn seize_to_pool(&mut self, key: &Pubkey, credit: &mut CreditBook, status: Status) -> Verdict {
        self.begin_seizure(credit, status)?;
        let Args::Seize(bounds, _) = self.call.args else { return Err("no lot".into()) };
        let uncovered = (credit.seizable(self.time) - credit.covered()).max(0);
        let units = first_units(bounds, uncovered, status)?;
        self.check_lot(credit)?;
        credit.seize(units, self.time);
        self.open_lot(self.call.account(Role::Lot), *key, credit, units)?;
        credit.lots_opened += 1;
        credit.lots_open += 1;
        Ok(())
    }
}
