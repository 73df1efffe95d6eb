//! Builds instructions on credits, from offer to close; recovery has a file of its own.

use {
    super::{Args, Call, Lab, Meters, Op, Scene, actor, meter_call},
    crate::{
        compose::{Use, compose},
        terms,
    },
    blockable_sdk::{
        Pubkey, instructions as ix,
        program::{
            instructions::FreezeAmount,
            state::{FreezeReason, Party, Provider},
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
            Op::CreditAcceptLender => {
                let to = self.signer(self.credit.pending_lender);
                plain(&self, ix::credit_accept_lender(&market, &to, &address))
            }
            Op::CreditSetFreezeAuthority => {
                let to = self.pick_actor();
                self.call(ix::credit_set_freeze_authority(&market, &lender, &address, to), Args::Key(to))
            }
            Op::VaultCollect => self.collect(),
            Op::CreditMarkDelinquent => plain(&self, ix::credit_mark_delinquent(&market, &address)),
            Op::CreditMarkDefaulted => plain(&self, ix::credit_mark_defaulted(&market, &address)),
            Op::CreditAutoFreeze => plain(&self, ix::credit_auto_freeze(&market, &address)),
            Op::CreditExpireUnits => plain(&self, ix::credit_expire_units(&market, &address)),
            Op::CreditGiveNotice => plain(&self, ix::credit_give_notice(&market, &lender, &address, [5; 32])),
            Op::CreditWithdrawNotice => plain(&self, ix::credit_withdraw_notice(&market, &lender, &address)),
            Op::CreditWriteOff => plain(&self, ix::credit_write_off(&market, &lender, &address)),
            Op::CreditFreeze => self.freeze(),
            Op::CreditThaw => self.thaw(),
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
        let args = terms::offer(nonce, &lab.market(self.market), lab.now, &mut self.dice);
        let lender = self.signer(lender);
        let source = self.keys.token_account(&lender);
        let ix = ix::credit_offer(&self.keys, &lender, &borrower, &provider, &source, args.clone());
        self.call(ix, Args::Offer(Box::new(args)))
    }

    fn accept(mut self) -> Option<Call> {
        let mut hash = self.credit.terms_hash;
        if self.dice.one_in(12) {
            hash[0] ^= 1;
        }
        let borrower = self.signer(self.credit.borrower);
        self.call(ix::credit_accept(&self.keys.market, &borrower, &self.address, hash), Args::Hash(hash))
    }

    fn issue(self) -> Option<Call> {
        let provider = self.lab.read::<Provider>(&self.credit.provider);
        let (authority, payout) = provider.map_or_else(Default::default, |p| (p.authority, p.payout));
        let authority = self.signer(authority);
        let ix = ix::credit_issue(&self.keys, &authority, &self.credit.provider, &payout, &self.address);
        self.call(ix, Args::None)
    }

    fn cancel_offer(mut self) -> Option<Call> {
        let entitled = if self.dice.one_in(2) { self.credit.lender } else { self.credit.borrower };
        let party = self.signer(entitled);
        let refund = self.keys.token_account(&self.credit.lender);
        let ix = ix::credit_cancel_offer(&self.keys, &party, &self.credit.lender, &self.address, &refund);
        self.call(ix, Args::None)
    }

    /// A repayment, or money for the reserve.
    fn pay(self) -> Option<Call> {
        let payer = self.signer(self.credit.borrower);
        let source = self.keys.token_account(&payer);
        let repay = self.attempt.op == Op::CreditRepay;
        let missing = self.credit.rider.reserve.saturating_sub(self.credit.reserve_held);
        let amount = if repay {
            self.amount(self.accrued.debt.total(), self.accrued.arrears())
        } else {
            self.amount(missing, missing)
        };
        let build = if repay { ix::credit_repay } else { ix::reserve_fund };
        self.call(build(&self.keys, &payer, &source, &self.address, amount), Args::Amount(amount))
    }

    fn restructure(mut self, lender: &Pubkey) -> Option<Call> {
        let (credit, state) = (self.credit, self.lab.market(self.market));
        let (principal, owed) = (credit.terms.principal, self.accrued.debt.principal);
        let (mut terms, schedule) = terms::terms(principal, owed, &state, self.lab.now, &mut self.dice);
        if !self.dice.one_in(12) {
            terms.units = credit.terms.units;
            terms.unit_lifetime = credit.terms.unit_lifetime;
            terms.offer_expires_at = credit.terms.offer_expires_at;
        }
        terms.apr_bps = terms.apr_bps.max(credit.rider.apr_floor_bps);
        let (market, built) = (self.keys.market, schedule.clone());
        let ix = ix::credit_restructure(&market, lender, &credit.borrower, &self.address, terms, built);
        self.call(ix, Args::Restructure(terms, schedule))
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
        self.call(ix::credit_offer_lender(&self.keys.market, lender, &self.address, to), Args::Key(to))
    }

    fn collect(mut self) -> Option<Call> {
        let (credit, keys) = (self.credit, self.keys);
        let party = match self.dice.pick(&[Party::Lender, Party::Borrower, Party::Treasury]) {
            Party::Borrower if credit.claims.borrower == 0 && credit.claims.lender > 0 => Party::Lender,
            other => other,
        };
        let to = match party {
            Party::Lender => keys.token_account(&credit.lender),
            Party::Borrower => keys.token_account(&credit.borrower),
            Party::Treasury => self.lab.market(self.market).treasury,
        };
        let caller = self.signer(actor(12));
        self.call(ix::vault_collect(&keys, &caller, &self.address, &to, party), Args::Party(party))
    }

    fn freeze(mut self) -> Option<Call> {
        let (credit, units) = (self.credit, self.credit.collateral);
        let entitled = if self.dice.one_in(2) { credit.lender } else { credit.freeze_authority };
        let signer = self.signer(entitled);
        let reason = self.dice.pick(&[
            FreezeReason::MissedPayment,
            FreezeReason::Default,
            FreezeReason::Breach,
            FreezeReason::Risk,
        ]);
        let amount = match self.dice.below(5) {
            0 => FreezeAmount::All,
            1 => FreezeAmount::Shortfall,
            2 => FreezeAmount::Bps(self.amount(10_000, 1).min(65_535) as u16),
            _ => FreezeAmount::Units(self.amount(units.lien(), units.frozen().saturating_add(1))),
        };
        let ix = ix::credit_freeze(&self.keys.market, &signer, &self.address, amount, reason);
        self.call(ix, Args::Freeze(amount, reason))
    }

    fn thaw(mut self) -> Option<Call> {
        let frozen = self.credit.collateral.frozen();
        let entitled = if self.dice.one_in(2) { self.credit.lender } else { self.credit.freeze_authority };
        let signer = self.signer(entitled);
        let amount = self.units(frozen, frozen / 2);
        self.call(ix::credit_thaw(&self.keys.market, &signer, &self.address, amount), Args::Units(amount))
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
