//! Builds instructions on credits, from offer to close; recovery has a file of its own.

use {
    super::{Args, Call, Lab, Meters, Op, Scene, actor, meter_call},
    crate::{
        compose::{Use, compose},
        terms,
    },
    anchor_lang::__private::bytemuck::Zeroable,
    blockable_sdk::{
        Pubkey,
        instructions::{self as ix, Payment},
        program::{
            instructions::{BorrowerLimits, OfferRead, PurchaseLimits, RestructureLimits},
            state::Provider,
        },
    },
};

impl Scene<'_> {
    /// Builds the attempt's instruction on a credit; `None` for an instruction on anything else.
    pub(super) fn on_credit(mut self) -> Option<Call> {
        let (market, address) = (self.keys.market, self.address);
        let lender = self.signer(self.credit.lender);
        let plain = |scene: &Self, ix| scene.call(ix, Args::None);
        match self.attempt.op {
            Op::CreditOffer => self.offer(),
            Op::CreditAccept => self.accept(),
            Op::CreditIssue => self.issue(),
            Op::CreditCancelOffer => self.cancel_offer(),
            Op::CreditRepay | Op::ReserveFund => self.pay(),
            Op::ReserveDraw => plain(&self, ix::reserve_draw(&market, &address)),
            Op::CovenantApply => plain(&self, ix::covenant_apply(&market, &address)),
            Op::CreditRestructure => self.restructure(&lender),
            Op::CreditWaiveFee => self.waive_fee(&lender),
            Op::CreditOfferLender => self.offer_lender(&lender),
            Op::CreditAcceptLender => self.accept_lender(),
            Op::CreditOfferBorrower => self.offer_borrower(&lender),
            Op::CreditWithdrawBorrower => {
                let entitled = if self.dice.one_in(2) { self.credit.lender } else { self.credit.borrower };
                let party = self.signer(entitled);
                plain(&self, ix::credit_withdraw_borrower(&market, &party, &address))
            }
            Op::CreditAcceptBorrower => self.accept_borrower(),
            Op::CreditSetFreezeAuthority => {
                let (slot, to) = (self.offer_slot(), self.pick_actor());
                let ix = ix::credit_set_freeze_authority(&market, &lender, &address, slot, to);
                self.call(ix, Args::Role(slot, to))
            }
            Op::VaultCollect => self.collect(),
            Op::CreditMarkDelinquent => plain(&self, ix::credit_mark_delinquent(&market, &address)),
            Op::CreditMarkDefaulted => plain(&self, ix::credit_mark_defaulted(&market, &address)),
            Op::CreditAutoFreeze => plain(&self, ix::credit_auto_freeze(&market, &address)),
            Op::CreditExpireUnits => plain(&self, ix::credit_expire_units(&market, &address)),
            Op::CreditGiveNotice => self.give_notice(&lender),
            Op::CreditWithdrawNotice => {
                let given_at = self.credit.defaulted_at - i64::from(self.dice.one_in(16));
                let ix = ix::credit_withdraw_notice(&market, &lender, &address, given_at);
                self.call(ix, Args::Time(given_at))
            }
            Op::CreditWriteOff => {
                let (slot, debt) = (self.offer_slot(), self.accrued.debt.total());
                let most = self.bound(debt, debt.saturating_sub(1));
                let ix = ix::credit_write_off(&market, &lender, &address, &self.credit.provider, slot, most);
                self.call(ix, Args::WriteOff(slot, most))
            }
            Op::CreditFreeze => self.freeze(),
            Op::CreditThaw => self.thaw(),
            Op::CreditThawCross => self.thaw_cross(),
            Op::UsageMeter => self.meter(),
            _ => self.on_recovery(&lender),
        }
    }

    fn offer(mut self) -> Option<Call> {
        let lab = self.lab;
        let place = *lab.places.get(usize::from(self.attempt.on))?;
        let taken = lab.credit(self.attempt.on).is_some();
        let again = place.offer.2 != 0 && (taken || self.dice.one_in(4));
        let (lender, borrower, nonce) = if again {
            place.offer
        } else {
            self.market = self.dice.below(3) as usize;
            let lender = actor(self.dice.pick(&Lab::LENDERS));
            let borrower = actor(self.dice.pick(&Lab::BORROWERS));
            (lender, borrower, 1 + self.dice.roll() % 1_000_000_000)
        };
        self.keys = lab.markets[self.market];
        let providers: Vec<_> = lab.providers.iter().filter(|(market, _)| *market == self.market).collect();
        let provider = providers[self.dice.below(providers.len() as u64) as usize].1;
        let (market, taker) = (lab.market(self.market), lab.read::<Provider>(&provider)?);
        let args = terms::offer(nonce, &market, &taker, lab.now, &mut self.dice);
        let lender = self.signer(lender);
        let (source, rent) = (self.keys.token_account(&lender), self.rent_payer(&lender));
        let ix = ix::credit_offer(&self.keys, &lender, &rent, &borrower, &provider, &source, args.clone());
        self.call(ix, Args::Offer(Box::new(args)))
    }

    /// The offer as it is, seldom another one.
    fn read(&mut self) -> OfferRead {
        let mut read = OfferRead::from_credit(&self.credit);
        match self.dice.below(24) {
            0 => read.terms_hash[0] ^= 1,
            1 => read.slot = read.slot.wrapping_sub(1),
            2..=5 => read.slot = 0,
            _ => {}
        }
        read
    }

    fn accept(mut self) -> Option<Call> {
        let (read, borrower) = (self.read(), self.signer(self.credit.borrower));
        self.call(ix::credit_accept(&self.keys.market, &borrower, &self.address, read), Args::Read(read))
    }

    fn issue(mut self) -> Option<Call> {
        let provider = self.lab.read::<Provider>(&self.credit.provider);
        let (authority, payout) =
            provider.map_or_else(Default::default, |p| (p.authority, p.settings.payout));
        let (read, authority) = (self.read(), self.signer(authority));
        let ix =
            ix::credit_issue(&self.keys, &authority, &self.credit.provider, &payout, &self.address, read);
        self.call(ix, Args::Read(read))
    }

    fn cancel_offer(mut self) -> Option<Call> {
        let entitled = if self.dice.one_in(2) { self.credit.lender } else { self.credit.borrower };
        let (party, slot) = (self.signer(entitled), self.offer_slot());
        let (refund, receiver) = (self.keys.token_account(&self.credit.lender), self.credit.rent_payer);
        let ix = ix::credit_cancel_offer(&self.keys, &party, &receiver, &self.address, &refund, slot);
        self.call(ix, Args::Slot(slot))
    }

    /// A repayment, or money for the reserve.
    fn pay(mut self) -> Option<Call> {
        let payer = self.signer(self.credit.borrower);
        let source = self.keys.token_account(&payer);
        let read = self.loan_read();
        if self.attempt.op == Op::CreditRepay {
            let amount = self.amount(self.accrued.debt.total(), self.accrued.arrears());
            let payment = Payment { amount, read, must_cure: self.dice.one_in(6) };
            let ix = ix::credit_repay(&self.keys, &payer, &source, &self.address, payment);
            return self.call(ix, Args::Pay(payment));
        }
        let missing = self.credit.rider.reserve.saturating_sub(self.credit.reserve_held);
        let amount = self.amount(missing, missing);
        let ix = ix::reserve_fund(&self.keys, &payer, &source, &self.address, amount, read);
        self.call(ix, Args::Fund(amount, read))
    }

    fn restructure(mut self, lender: &Pubkey) -> Option<Call> {
        let (credit, state) = (self.credit, self.lab.market(self.market));
        let provider = self.lab.read::<Provider>(&credit.provider).unwrap_or_else(Provider::zeroed);
        let (principal, owed) = (credit.terms.principal, self.accrued.debt.principal);
        // What has been repaid since the signatures is taken off the last instalments.
        let most = owed.saturating_add(self.dice.pick(&[0, 0, 1, owed / 3]));
        let (mut terms, schedule) =
            terms::terms(principal, most, &state, &provider, self.lab.now, &mut self.dice);
        if !self.dice.one_in(12) {
            let old = credit.terms;
            (terms.units, terms.unit_lifetime) = (old.units, old.unit_lifetime);
            (terms.unlocked_ahead, terms.holdback) = (old.unlocked_ahead, old.holdback);
            terms.offer_expires_at = old.offer_expires_at;
            (terms.max_units_per_second, terms.longest_job) = (old.max_units_per_second, old.longest_job);
            terms.reporters_hash = old.reporters_hash;
        }
        terms.apr_bps = terms.apr_bps.max(credit.rider.apr_floor_bps);
        terms.holdback_apr_bps =
            if terms.holdback == 0 { 0 } else { self.dice.pick(&[0, terms.apr_bps / 2]) };
        if credit.rider.has_covenant() {
            terms.holdback_apr_bps = terms.holdback_apr_bps.min(credit.rider.apr_floor_bps);
        }
        let (debt, lien) = (self.accrued.debt.total(), credit.collateral.lien());
        let limits = RestructureLimits {
            read: self.loan_read(),
            restructurings: credit.restructurings,
            most_debt: self.bound(debt, debt.saturating_sub(1)),
            least_lien: self.bound(lien, lien.saturating_add(1)),
        };
        let (market, address) = (self.keys.market, self.address);
        let mut ix =
            ix::credit_restructure(&market, lender, &credit.borrower, &address, terms, &schedule, limits);
        if self.dice.one_in(3) {
            let authority = if self.dice.one_in(6) { self.pick_actor() } else { provider.authority };
            ix = ix::with_provider(ix, &credit.provider, &authority);
        }
        self.call(ix, Args::Restructure(terms, schedule, limits))
    }

    fn accept_lender(mut self) -> Option<Call> {
        let (credit, to) = (self.accrued, self.signer(self.credit.pending_lender));
        let (debt, lien) = (credit.debt.total(), credit.collateral.lien());
        let (frozen, apr) = (credit.collateral.frozen(), u64::from(credit.apr_bps()));
        let locked = credit.collateral.locked();
        let limits = PurchaseLimits {
            read: self.loan_read(),
            terms_hash: credit.terms_hash,
            least_debt: self.bound(debt, debt.saturating_add(1)),
            least_lien: self.bound(lien, lien.saturating_add(1)),
            most_frozen: self.bound(frozen, frozen.saturating_sub(1)),
            most_locked: self.bound(locked, locked.saturating_sub(1)),
            least_holdback: self.bound(credit.holdback_left, credit.holdback_left.saturating_add(1)),
            least_apr_bps: self.bound(apr, apr + 1).min(65_535) as u16,
        };
        let ix = ix::credit_accept_lender(&self.keys.market, &to, &self.address, limits);
        self.call(ix, Args::Purchase(limits))
    }

    fn offer_borrower(mut self, lender: &Pubkey) -> Option<Call> {
        let to = self.dice.pick(&[actor(5), actor(6), actor(7), self.credit.lender, Pubkey::default()]);
        let (market, borrower, slot) = (self.keys.market, self.credit.borrower, self.offer_slot());
        let ix = ix::credit_offer_borrower(&market, lender, &borrower, &self.address, slot, to);
        self.call(ix, Args::Role(slot, to))
    }

    fn accept_borrower(mut self) -> Option<Call> {
        let (credit, to) = (self.accrued, self.signer(self.credit.pending_borrower));
        let (debt, open) = (credit.debt.total(), credit.collateral.available());
        let limits = BorrowerLimits {
            read: self.loan_read(),
            terms_hash: credit.terms_hash,
            most_debt: self.bound(debt, debt.saturating_sub(1)),
            least_available: self.bound(open, open.saturating_add(1)),
        };
        let ix = ix::credit_accept_borrower(&self.keys.market, &to, &self.address, limits);
        self.call(ix, Args::Place(limits))
    }

    fn waive_fee(self, lender: &Pubkey) -> Option<Call> {
        let amount = self.amount(self.accrued.debt.late_fees, self.accrued.debt.late_fees);
        let ix = ix::credit_waive_fee(&self.keys.market, lender, &self.address, amount);
        self.call(ix, Args::Amount(amount))
    }

    fn offer_lender(mut self, lender: &Pubkey) -> Option<Call> {
        let buyer = self.dice.one_in(6);
        let to = if buyer { self.credit.borrower } else { actor(self.dice.pick(&[2, 3, 4, 12])) };
        let to = if self.dice.one_in(10) { Pubkey::default() } else { to };
        let slot = self.offer_slot();
        let ix = ix::credit_offer_lender(&self.keys.market, lender, &self.address, slot, to);
        self.call(ix, Args::Role(slot, to))
    }

    fn meter(mut self) -> Option<Call> {
        let units = self.credit.collateral;
        let used = self.amount(units.available(), units.remaining());
        let in_flight = self.dice.pick(&[0, 1, units.available() / 3, units.lien(), u64::MAX]);
        let (lab, market, address) = (self.lab, self.market, self.address);
        let usage = Use { used, in_flight };
        let meters = compose(lab, market, &(address, self.credit), usage, &mut self.dice);
        let none = || Meters {
            market,
            provider: lab.providers[0].1,
            chunk: 0,
            reports: Vec::new(),
            credits: vec![address],
        };
        Some(meter_call(lab, meters.unwrap_or_else(none), self.attempt.op))
    }
}
