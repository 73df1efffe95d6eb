//! The honest borrower: it accepts what it has read, funds the reserve, pays arrears while it can, and collects.

use {
    super::{Args, Honest, LoanAsRead, Op, Pending, Purpose, SignedTerms, Status},
    blockable_sdk::{
        instructions::{self as ix, Payment},
        program::{
            instructions::{LoanRead, OfferRead, UnitBounds},
            state::Party,
        },
    },
};

impl LoanAsRead<'_> {
    pub(super) fn sign_as_borrower(mut self) -> Option<Pending> {
        if self.credit.borrower != Honest::Borrower.key() || self.credit.is_unrestricted() {
            return None;
        }
        if self.credit.claims.borrower > 0 {
            return self.collect_claim();
        }
        let missing = self.credit.rider.reserve.saturating_sub(self.credit.reserve_held);
        match self.status {
            Status::Offered => self.accept(),
            Status::Accepted if missing > 0 => self.fund(missing),
            Status::Accepted if self.dice.one_in(6) => self.withdraw(),
            Status::Active | Status::Delinquent if self.credit.covered().ok()? > 0 && self.dice.one_in(4) => {
                self.agree_to_cancel()
            }
            status if status.is_secured() => self.pay(),
            _ => None,
        }
    }

    fn accept(&self) -> Option<Pending> {
        let (borrower, read) = (Honest::Borrower.key(), OfferRead::from_credit(&self.credit));
        let ix = ix::credit_accept(&self.keys.market, &borrower, &self.address, read);
        let purpose = Purpose::Accept(SignedTerms::new(&self.credit.terms));
        self.pending(Op::CreditAccept, ix, Args::Read(read), purpose)
    }

    fn fund(&self, missing: u64) -> Option<Pending> {
        let borrower = Honest::Borrower.key();
        let (source, read) = (self.keys.token_account(&borrower), LoanRead::from_credit(&self.credit).ok()?);
        let ix = ix::reserve_fund(&self.keys, &borrower, &source, &self.address, missing, read);
        self.pending(Op::ReserveFund, ix, Args::Fund(missing, read), Purpose::Other)
    }

    fn withdraw(&self) -> Option<Pending> {
        let (borrower, slot) = (Honest::Borrower.key(), self.credit.offer_slot);
        let (refund, receiver) = (self.keys.token_account(&self.credit.lender), self.credit.rent_payer);
        let ix = ix::credit_cancel_offer(&self.keys, &borrower, &receiver, &self.address, &refund, slot);
        self.pending(Op::CreditCancelOffer, ix, Args::Slot(slot), Purpose::Other)
    }

    /// Pays the arrears or all of the debt, only while payments still release units; now and then it cannot.
    fn pay(&mut self) -> Option<Pending> {
        let (borrower, slot) = (Honest::Borrower.key(), self.credit.offer_slot);
        let (debt, arrears) = (self.debt(), self.credit.arrears());
        let payment = match self.dice.below(8) {
            0..=1 if arrears > 0 => Payment::that_cures(arrears, slot),
            2..=3 if arrears > 0 => Payment::while_it_releases(arrears, slot),
            4 => Payment::while_it_releases(debt / 3 + 1, slot),
            5 if self.dice.one_in(4) => Payment::that_cures(debt, slot),
            _ => return None,
        };
        let source = self.keys.token_account(&borrower);
        let ix = ix::credit_repay(&self.keys, &borrower, &source, &self.address, payment);
        self.pending(Op::CreditRepay, ix, Args::Pay(payment), Purpose::Other)
    }

    /// Agrees with the lender to cancel what the holdback covers, which only a suspended provider makes possible.
    fn agree_to_cancel(&self) -> Option<Pending> {
        let (borrower, all) = (Honest::Borrower.key(), self.credit.cancellable().ok()?);
        let (amount, read) = (UnitBounds { least: 1, most: all }, LoanRead::from_credit(&self.credit).ok()?);
        let (market, lender, provider) = (self.keys.market, self.credit.lender, self.credit.provider);
        let both = Some(&borrower);
        let ix = ix::credit_cancel_locked(&market, &lender, both, &self.address, &provider, amount, read);
        self.pending(Op::CreditCancelLocked, ix, Args::Cancel(amount, read), Purpose::Other)
    }

    fn collect_claim(&self) -> Option<Pending> {
        let (borrower, least) = (Honest::Borrower.key(), self.credit.claims.borrower);
        let to = self.keys.token_account(&borrower);
        let ix = ix::vault_collect(&self.keys, &borrower, &self.address, &to, Party::Borrower, least);
        self.pending(Op::VaultCollect, ix, Args::Collect(Party::Borrower, least), Purpose::Other)
    }
}
