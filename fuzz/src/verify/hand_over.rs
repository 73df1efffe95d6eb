//! Verifies the borrower's hand-over of its place.

use {
    super::{Args, Case, CreditBook, Role, Verdict, need},
    blockable_sdk::Pubkey,
};

const DAY: i128 = 86_400;

impl CreditBook {
    /// The borrower's place is offered to nobody.
    pub(super) fn keep_borrower(&mut self) {
        (self.pending_borrower, self.pending_borrower_ready_at) = (Pubkey::default(), 0);
    }
}

impl Case<'_> {
    pub(super) fn offer_borrower(&mut self, credit: &mut CreditBook) -> Verdict {
        let Args::Role(slot, to) = self.call.args else { return Err("no key".into()) };
        need(credit.offer_slot == i128::from(slot), "rule 11: another loan was read")?;
        let borrower = self.call.account(Role::Second) == credit.borrower && self.call.signs(Role::Second);
        need(self.signed_by(&credit.lender) && borrower, "a party does not sign")?;
        need(to != credit.lender, "the lender would lend to itself")?;
        credit.pending_lender = Pubkey::default();
        credit.keep_borrower();
        if to != Pubkey::default() {
            credit.pending_borrower = to;
            credit.pending_borrower_ready_at = self.time + i128::from(self.market.settings.change_delay);
        }
        Ok(())
    }

    pub(super) fn withdraw_borrower(&mut self, credit: &mut CreditBook) -> Verdict {
        let by_party = self.signed_by(&credit.lender) || self.signed_by(&credit.borrower);
        need(
            by_party && credit.pending_borrower != Pubkey::default(),
            "nothing is offered, or not a party's",
        )?;
        credit.keep_borrower();
        Ok(())
    }

    pub(super) fn accept_borrower(&mut self, credit: &mut CreditBook) -> Verdict {
        let Args::Place(limits) = self.call.args else { return Err("no limits".into()) };
        let to = self.call.account(Role::Signer);
        need(self.signed_by(&credit.pending_borrower), "the place was not offered to the signer")?;
        let ready_at = credit.pending_borrower_ready_at;
        need(self.time >= ready_at, "rule 13: the delay has not passed")?;
        need(self.time <= ready_at + 14 * DAY, "rule 13: the offer of the place has lapsed")?;
        need(to != credit.lender && credit.borrower_claim == 0, "of the lender, or before the claim")?;
        credit.accrue(self.time);
        need(credit.meets(&limits.read), "rule 11: the loan is another or worse than was read")?;
        need(credit.terms_hash == limits.terms_hash, "rule 11: other terms were read")?;
        need(credit.debt() <= i128::from(limits.most_debt), "rule 11: more is owed")?;
        need(credit.available() >= i128::from(limits.least_available), "rule 11: fewer units are open")?;
        if credit.original_borrower == Pubkey::default() {
            credit.original_borrower = credit.borrower;
        }
        credit.borrower = to;
        credit.pending_lender = Pubkey::default();
        credit.keep_borrower();
        Ok(())
    }
}
