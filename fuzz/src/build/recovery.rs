//! Builds the instructions of a recovery and of a credit's end: seizures, lots, closing.

use {
    super::{Args, Call, Op, Scene, actor},
    crate::terms,
    blockable_sdk::{
        Pubkey,
        instructions::{self as ix, LotKeys},
        program::{instructions::UnitBounds, state::MarketClock, transitions::Status},
    },
};

impl Scene<'_> {
    /// Builds the attempt's instruction if it recovers a debt or closes accounts; `None` for any other.
    pub(super) fn on_recovery(mut self, lender: &Pubkey) -> Option<Call> {
        match self.attempt.op {
            Op::CreditSeizeToPool => self.seize_to_pool(lender),
            Op::CreditSeizeToLender => self.seize_to_lender(lender),
            Op::CreditCancelLocked => self.cancel_locked(lender),
            Op::LotBuy => self.buy_lot(),
            Op::LotClose => self.close_lot(lender),
            Op::VaultClose => {
                let (receiver, treasury) = (self.credit.rent_payer, self.lab.market(self.market).treasury);
                self.call(ix::vault_close(&self.keys, &self.address, &receiver, &treasury), Args::None)
            }
            Op::CreditClose => {
                let (closer, receiver) = (self.signer(self.credit.borrower), self.credit.rent_payer);
                let (market, provider) = (self.keys.market, self.credit.provider);
                let left = self.credit.collateral.remaining();
                let most = self.bound(left, left.saturating_sub(1));
                let ix = ix::credit_close(&market, &closer, &receiver, &self.address, &provider, most);
                self.call(ix, Args::Amount(most))
            }
            _ => None,
        }
    }

    fn seize_to_pool(mut self, lender: &Pubkey) -> Option<Call> {
        let (credit, market) = (self.credit, self.keys.market);
        let seizable = credit.seizable(&self.clock()).unwrap_or(0);
        let uncovered = seizable.saturating_sub(credit.covered().unwrap_or(0));
        let amount = self.units(uncovered, seizable);
        let terms = terms::lot(&credit, &self.lab.market(self.market), &mut self.dice);
        let (number, rent) = (credit.lots_opened, self.rent_payer(lender));
        let ix = ix::credit_seize_to_pool(&market, lender, &rent, &self.address, number, amount, terms);
        self.call(ix, Args::Seize(amount, terms))
    }

    fn seize_to_lender(mut self, lender: &Pubkey) -> Option<Call> {
        let (credit, market) = (self.credit, self.keys.market);
        let seizable = credit.seizable(&self.clock()).unwrap_or(0);
        let price = credit.price_paid().unwrap_or(1).max(1);
        let covering = (u128::from(self.accrued.debt.total()) * 1_000_000).div_ceil(u128::from(price));
        let amount = self.units(seizable.min(covering.min(u128::from(u64::MAX)) as u64), seizable);
        let (expiry, provider) = (credit.units_expire_at, credit.provider);
        let rent = self.rent_payer(lender);
        let ix = ix::credit_seize_to_lender(&market, lender, &rent, &self.address, &provider, expiry, amount);
        self.call(ix, Args::Units(amount))
    }

    /// Builds a cancel by the lender, by anybody, or by lender and borrower.
    fn cancel_locked(mut self, lender: &Pubkey) -> Option<Call> {
        let (credit, market, address) = (self.accrued, self.keys.market, self.address);
        let all = credit.cancellable().unwrap_or(0);
        let mut amount = self.units(all, credit.collateral.locked());
        let is_late = [Status::Defaulted.byte(), Status::Seizing.byte()].contains(&credit.status);
        let both = is_late == self.dice.one_in(12);
        let mut signer = *lender;
        if is_late && self.dice.one_in(3) {
            signer = self.signer(actor(12));
            amount = if self.dice.one_in(4) { amount } else { UnitBounds::ALL };
        }
        let borrower = both.then_some(&credit.borrower);
        let (provider, read) = (credit.provider, self.loan_read());
        let ix = ix::credit_cancel_locked(&market, &signer, borrower, &address, &provider, amount, read);
        self.call(ix, Args::Cancel(amount, read))
    }

    fn buy_lot(mut self) -> Option<Call> {
        let index = self.pick_lot();
        let (credit, lot) = (self.credit, self.lab.lot(&self.address, index));
        let left = lot.map_or(0, |lot| lot.units_left);
        let price = lot.and_then(|lot| lot.price_at(self.clock().market).ok()).unwrap_or(0);
        let buyer = self.signer(actor(11));
        let source = self.keys.token_account(&buyer);
        let (provider, units_expire_at) = (credit.provider, credit.units_expire_at);
        let lot = LotKeys { credit: self.address, index, provider, units_expire_at };
        let (units, rent) = (self.units(left, left / 3), self.rent_payer(&buyer));
        let most = self.dice.pick(&[price, u64::MAX, price.saturating_sub(1), price]);
        self.call(ix::lot_buy(&self.keys, &buyer, &rent, &source, &lot, units, most), Args::Buy(units, most))
    }

    fn close_lot(mut self, lender: &Pubkey) -> Option<Call> {
        let index = self.pick_lot();
        let receiver = self.lab.lot(&self.address, index).map_or(self.credit.lender, |lot| lot.rent_payer);
        let ix = ix::lot_close(&self.keys.market, lender, &receiver, &self.address, index);
        self.call(ix, Args::None)
    }

    fn clock(&self) -> MarketClock {
        let clock = self.lab.market(self.market).clock_at(self.lab.now);
        clock.expect("the lab's clock is in range")
    }

    /// Picks the index of one of the credit's lots, mostly an open one.
    fn pick_lot(&mut self) -> u32 {
        let opened = self.credit.lots_opened;
        let open: Vec<u32> = (opened.saturating_sub(6)..opened)
            .filter(|index| self.lab.lot(&self.address, *index).is_some())
            .collect();
        if open.is_empty() || self.dice.one_in(12) {
            self.dice.below(u64::from(opened.max(1))) as u32
        } else {
            self.dice.pick(&open)
        }
    }
}
