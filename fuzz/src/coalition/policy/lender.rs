//! The honest lender: it offers, buys at what it reads, freezes for risk, seizes after default, and collects.

use {
    super::{
        Args, Call, Dice, Honest, Lab, LoanAsRead, LotTerms, Op, Pending, Purpose, SignedTerms, Status,
        UnitBounds,
    },
    crate::{amounts::div_up, coalition::worth::LoanState, lab::actor, terms},
    anchor_spl::token_2022::spl_token_2022::instruction::transfer_checked,
    blockable_sdk::{
        instructions as ix,
        program::{
            instructions::{FreezeAmount, LoanRead, PurchaseLimits},
            state::{Credit, FreezeReason, MarketClock, Party, Provider},
        },
    },
};

const DAY: u32 = 86_400;

/// An offer with a rate bound that leaves time to freeze, and with freezes in the lender's own hand.
pub(super) fn offer(lab: &Lab, on: u8, dice: &mut Dice) -> Option<Pending> {
    lab.places.get(usize::from(on))?;
    let market = dice.below(3) as usize;
    let (keys, lender, state) = (lab.markets[market], Honest::Lender.key(), lab.market(market));
    let providers: Vec<_> = lab.providers.iter().filter(|(of, _)| *of == market).collect();
    let key = providers[dice.below(providers.len() as u64) as usize].1;
    let provider = lab.read(&key)?;
    let borrower = actor(dice.pick(&Lab::BORROWERS));
    let mut args = terms::offer(1 + dice.roll() % 1_000_000_000, &state, &provider, lab.now, dice);
    args.freeze_authority = lender;
    args.terms.max_units_per_second = args.terms.max_units_per_second.min((args.terms.units / 1_000).max(1));
    args.terms.longest_job = args.terms.longest_job.min(10);
    let signed = SignedTerms::new(&args.terms);
    let source = keys.token_account(&lender);
    let ix = ix::credit_offer(&keys, &lender, &lender, &borrower, &key, &source, args.clone());
    let call = Call { op: Op::CreditOffer, ix, args: Args::Offer(Box::new(args)), market, honest: true };
    Some(Pending { on, call, before: Vec::new(), purpose: Purpose::Offer(signed) })
}

impl LoanAsRead<'_> {
    pub(super) fn sign_as_lender(mut self) -> Option<Pending> {
        let lender = Honest::Lender.key();
        if self.credit.pending_lender == lender {
            return self.buy();
        }
        if self.credit.lender != lender {
            return None;
        }
        if self.credit.claims.lender > 0 && self.dice.one_in(3) {
            return self.collect();
        }
        let is_late = matches!(self.status, Status::Defaulted | Status::Seizing);
        if is_late && self.credit.covered().ok()? > 0 && self.dice.one_in(2) {
            return self.cancel_covered();
        }
        if self.may_agree_to_cancel() && self.dice.one_in(2) {
            return self.cancel_covered();
        }
        if is_late && self.credit.lots_open == 0 && self.dice.one_in(10) {
            return self.write_off();
        }
        match self.status {
            Status::Offered | Status::Accepted if self.dice.one_in(3) => self.cancel(),
            Status::Defaulted | Status::Seizing if self.dice.one_in(2) => self.seize(),
            Status::Seizing if self.dice.one_in(2) => self.close_lot(),
            status if self.credit.policy_allows(status).ok()? => self.freeze(),
            status if status.is_secured() && self.credit.rider.cross_default == 1 => {
                self.freeze_for_another()
            }
            _ => None,
        }
    }

    /// Pays the seller the lesser of debt and collateral, collects for it what has been paid, and takes the loan as read.
    fn buy(&mut self) -> Option<Pending> {
        let (buyer, keys, credit) = (Honest::Lender.key(), self.keys, self.credit);
        let signed = SignedTerms::new(&credit.terms);
        let loan = LoanState { credit, lots: Vec::new() };
        let collateral = loan.collateral(&signed) - signed.dust();
        let price = u64::try_from(collateral.min(self.debt().into())).ok()?;
        let (from, to) = (keys.token_account(&buyer), keys.token_account(&credit.lender));
        let pay =
            transfer_checked(&keys.token_program, &from, &keys.mint, &to, &buyer, &[], price, 6).ok()?;
        let collect = ix::vault_collect(&keys, &buyer, &self.address, &to, Party::Lender, 0);
        let limits = PurchaseLimits::from_credit(&credit).ok()?;
        let ix = ix::credit_accept_lender(&keys.market, &buyer, &self.address, limits);
        let pending =
            self.pending(Op::CreditAcceptLender, ix, Args::Purchase(limits), Purpose::Buy(signed))?;
        Some(Pending { before: vec![pay, collect], ..pending })
    }

    fn collect(&self) -> Option<Pending> {
        let (lender, least) = (Honest::Lender.key(), self.credit.claims.lender);
        let to = self.keys.token_account(&lender);
        let ix = ix::vault_collect(&self.keys, &lender, &self.address, &to, Party::Lender, least);
        self.pending(Op::VaultCollect, ix, Args::Collect(Party::Lender, least), Purpose::Other)
    }

    fn cancel(&self) -> Option<Pending> {
        let (lender, slot) = (Honest::Lender.key(), self.credit.offer_slot);
        let (refund, receiver) = (self.keys.token_account(&lender), self.credit.rent_payer);
        let ix = ix::credit_cancel_offer(&self.keys, &lender, &receiver, &self.address, &refund, slot);
        self.pending(Op::CreditCancelOffer, ix, Args::Slot(slot), Purpose::Other)
    }

    fn freeze(&mut self) -> Option<Pending> {
        let lender = Honest::Lender.key();
        let half = self.credit.collateral.freezable() / 2;
        let amount =
            self.dice.pick(&[FreezeAmount::All, FreezeAmount::All, FreezeAmount::Units(half.max(1))]);
        let reason = FreezeReason::Risk;
        let ix = ix::credit_freeze(&self.keys.market, &lender, &self.address, amount, reason);
        self.pending(Op::CreditFreeze, ix, Args::Freeze(amount, reason), Purpose::Freeze)
    }

    /// Freezes for another credit of the same parties that is in default.
    fn freeze_for_another(&mut self) -> Option<Pending> {
        let lender = Honest::Lender.key();
        let others = self.lab.places.iter().map(|place| place.credit);
        let broken = others.filter(|key| *key != self.address).find(|key| {
            self.lab.read::<Credit>(key).is_some_and(|other| self.credit.is_cross_default(&other))
        })?;
        let (market, address, amount) = (self.keys.market, self.address, FreezeAmount::All);
        let ix = ix::credit_freeze_for_cross_default(&market, &lender, &address, &broken, amount);
        let args = Args::Freeze(amount, FreezeReason::CrossDefault);
        self.pending(Op::CreditFreeze, ix, args, Purpose::FreezeForAnother)
    }

    /// True where the admin has suspended the provider of a performing loan for long enough.
    fn may_agree_to_cancel(&self) -> bool {
        let is_sound = matches!(self.status, Status::Active | Status::Delinquent);
        let market = self.lab.market(self.market);
        let clock = market.clock_at(self.lab.now).ok();
        let provider = self.lab.read::<Provider>(&self.credit.provider);
        let long = provider.zip(clock).is_some_and(|(provider, clock)| {
            provider.require_suspended_for(market.min_suspension, &clock).is_ok()
        });
        is_sound && long && self.book().covered() > 0
    }

    /// Cancels half or all of what the holdback covers; on a performing loan together with the borrower.
    fn cancel_covered(&mut self) -> Option<Pending> {
        let (lender, all) = (Honest::Lender.key(), self.credit.cancellable().ok()?);
        let most = self.dice.pick(&[all, all, all / 2]);
        let (amount, read) = (
            UnitBounds { least: most / 2, most },
            LoanRead { offer_slot: self.credit.offer_slot, worst_status: Status::Seizing },
        );
        let (market, provider) = (self.keys.market, self.credit.provider);
        let both =
            matches!(self.status, Status::Active | Status::Delinquent).then_some(&self.credit.borrower);
        let ix = ix::credit_cancel_locked(&market, &lender, both, &self.address, &provider, amount, read);
        self.pending(Op::CreditCancelLocked, ix, Args::Cancel(amount, read), Purpose::Other)
    }

    /// Gives up what is owed once covered units are cancelled.
    fn write_off(&self) -> Option<Pending> {
        let (lender, slot) = (Honest::Lender.key(), self.credit.offer_slot);
        let mut after = self.book();
        after.cancel(after.cancellable());
        let most = u64::try_from(after.debt()).ok()?;
        let ix = ix::credit_write_off(
            &self.keys.market,
            &lender,
            &self.address,
            &self.credit.provider,
            slot,
            most,
        );
        self.pending(Op::CreditWriteOff, ix, Args::WriteOff(slot, most), Purpose::WriteOff(most))
    }

    fn clock(&self) -> Option<MarketClock> {
        self.lab.market(self.market).clock_at(self.lab.now).ok()
    }

    /// Moves half or all of what can be taken into a lot that falls from what the loan paid to half of it, over a day or more.
    fn seize(&mut self) -> Option<Pending> {
        let (lender, bounds) = (Honest::Lender.key(), self.lab.market(self.market).bounds);
        let seizable = self.credit.seizable(&self.clock()?).ok()?;
        let uncovered = seizable.saturating_sub(self.credit.covered().ok()?);
        let most = self.dice.pick(&[uncovered, uncovered / 2]);
        let amount = UnitBounds { least: most / 2, most };
        let paid = self.credit.price_paid().ok()?;
        let least = div_up(i128::from(paid) * i128::from(bounds.min_floor_price_bps), 10_000) as u64;
        let terms = LotTerms {
            start_price: paid,
            floor_price: (paid / 2).max(least).max(1),
            window: bounds.min_lot_window.max(DAY).min(bounds.max_lot_window),
        };
        let (market, number) = (self.keys.market, self.credit.lots_opened);
        let ix = ix::credit_seize_to_pool(&market, &lender, &lender, &self.address, number, amount, terms);
        self.pending(Op::CreditSeizeToPool, ix, Args::Seize(amount, terms), Purpose::Seize(amount, terms))
    }

    fn close_lot(&mut self) -> Option<Pending> {
        let index = self.dice.below(u64::from(self.credit.lots_opened)) as u32;
        let lot = self.lab.lot(&self.address, index)?;
        let lender = Honest::Lender.key();
        let ix = ix::lot_close(&self.keys.market, &lender, &lot.rent_payer, &self.address, index);
        self.pending(Op::LotClose, ix, Args::None, Purpose::Other)
    }
}
