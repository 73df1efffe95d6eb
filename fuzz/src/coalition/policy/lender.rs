//! The honest lender: it offers, buys at what it reads, freezes for risk, seizes after default, and collects.

use {
    super::{
        Args, Call, Dice, Honest, Lab, LoanAsRead, LotTerms, Op, Pending, Purpose, SignedTerms, Status,
        UnitBounds,
    },
    crate::{amounts::div_up, lab::actor, terms},
    anchor_spl::token_2022::spl_token_2022::instruction::transfer_checked,
    blockable_sdk::{
        instructions as ix,
        program::{
            instructions::{FreezeAmount, PurchaseLimits},
            state::{FreezeReason, MarketClock, Party},
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
        match self.status {
            Status::Offered | Status::Accepted if self.dice.one_in(3) => self.cancel(),
            Status::Defaulted | Status::Seizing if self.dice.one_in(2) => self.seize(),
            Status::Seizing if self.dice.one_in(2) => self.close_lot(),
            status if self.credit.policy_allows(status).ok()? => self.freeze(),
            _ => None,
        }
    }

    /// Pays the seller the lesser of debt and collateral, collects for it what has been paid, and takes the loan as read.
    fn buy(&mut self) -> Option<Pending> {
        let (buyer, keys, credit) = (Honest::Lender.key(), self.keys, self.credit);
        let signed = SignedTerms::new(&credit.terms);
        let lien = signed.value(credit.collateral.lien().into()) - signed.dust();
        let price = u64::try_from(lien.min(self.debt().into())).ok()?;
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
        let half = self.credit.collateral.lien() / 2;
        let amount =
            self.dice.pick(&[FreezeAmount::All, FreezeAmount::All, FreezeAmount::Units(half.max(1))]);
        let reason = FreezeReason::Risk;
        let ix = ix::credit_freeze(&self.keys.market, &lender, &self.address, amount, reason);
        self.pending(Op::CreditFreeze, ix, Args::Freeze(amount, reason), Purpose::Freeze)
    }

    fn clock(&self) -> Option<MarketClock> {
        self.lab.market(self.market).clock_at(self.lab.now).ok()
    }

    /// Moves half or all of what can be taken into a lot that falls from what the loan paid to half of it, over a day or more.
    fn seize(&mut self) -> Option<Pending> {
        let (lender, bounds) = (Honest::Lender.key(), self.lab.market(self.market).bounds);
        let seizable = self.credit.seizable(&self.clock()?).ok()?;
        let most = self.dice.pick(&[seizable, seizable / 2]);
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
