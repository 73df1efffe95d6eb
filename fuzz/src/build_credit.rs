use {
    super::{
        build::{Args, Call, Scene, meter_call},
        lab::{Lab, actor},
        meters::{self, Meters},
        ops::Op,
        terms,
    },
    blockable_sdk::{
        Pubkey,
        instructions::{self as ix, LotKeys},
        program::{
            instructions::FreezeAmount,
            state::{FreezeReason, Party},
        },
    },
};

/// Instructions on credits.
impl Scene<'_> {
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
        let lender = self.by(lender);
        let source = self.keys.token_account(&lender);
        let ix = ix::credit_offer(&self.keys, &lender, &borrower, &provider, &source, args.clone());
        self.call(ix, Args::Offer(Box::new(args)))
    }

    pub(super) fn on_credit(mut self) -> Option<Call> {
        let (lab, attempt, credit, now, keys) = (self.lab, *self.attempt, self.credit, self.now, self.keys);
        let (market, address) = (keys.market, self.address);
        let lender = self.by(credit.lender);
        let units = credit.collateral;
        match attempt.op {
            Op::CreditOffer => self.offer(),
            Op::CreditAccept => {
                let mut hash = credit.terms_hash;
                if self.dice.one_in(12) {
                    hash[0] ^= 1;
                }
                let borrower = self.by(credit.borrower);
                self.call(ix::credit_accept(&market, &borrower, &address, hash), Args::Hash(hash))
            }
            Op::CreditIssue => {
                let provider = lab.read::<blockable_sdk::program::state::Provider>(&credit.provider);
                let (authority, payout) = provider.map_or_else(Default::default, |p| (p.authority, p.payout));
                let authority = self.by(authority);
                let ix = ix::credit_issue(&keys, &authority, &credit.provider, &payout, &address);
                self.call(ix, Args::None)
            }
            Op::CreditCancelOffer => {
                let right = if self.dice.one_in(2) { credit.lender } else { credit.borrower };
                let party = self.by(right);
                let refund = keys.token_account(&credit.lender);
                let ix = ix::credit_cancel_offer(&keys, &party, &credit.lender, &address, &refund);
                self.call(ix, Args::None)
            }
            Op::CreditRepay | Op::ReserveFund => {
                let payer = self.by(credit.borrower);
                let source = keys.token_account(&payer);
                let repay = attempt.op == Op::CreditRepay;
                let missing = credit.rider.reserve.saturating_sub(credit.reserve_held);
                let amount = if repay {
                    self.amount(now.debt.total(), now.arrears())
                } else {
                    self.amount(missing, missing)
                };
                let build = if repay { ix::credit_repay } else { ix::reserve_fund };
                self.call(build(&keys, &payer, &source, &address, amount), Args::Amount(amount))
            }
            Op::ReserveDraw => self.call(ix::reserve_draw(&market, &address), Args::None),
            Op::CovenantApply => self.call(ix::covenant_apply(&market, &address), Args::None),
            Op::CreditRestructure => {
                let state = lab.market(self.market);
                let (principal, owed) = (credit.terms.principal, now.debt.principal);
                let (mut terms, schedule) = terms::terms(principal, owed, &state, lab.now, &mut self.dice);
                if !self.dice.one_in(12) {
                    terms.units = credit.terms.units;
                    terms.unit_lifetime = credit.terms.unit_lifetime;
                    terms.offer_expires_at = credit.terms.offer_expires_at;
                }
                terms.apr_bps = terms.apr_bps.max(credit.rider.apr_floor_bps);
                let borrower = credit.borrower;
                let built = schedule.clone();
                let ix = ix::credit_restructure(&market, &lender, &borrower, &address, terms, built);
                self.call(ix, Args::Restructure(terms, schedule))
            }
            Op::CreditWaiveFee => {
                let amount = self.amount(now.debt.late_fees, now.debt.late_fees);
                self.call(ix::credit_waive_fee(&market, &lender, &address, amount), Args::Amount(amount))
            }
            Op::CreditOfferLender => {
                let to =
                    if self.dice.one_in(6) { credit.borrower } else { actor(self.dice.pick(&[2, 3, 4, 12])) };
                let to = if self.dice.one_in(10) { Pubkey::default() } else { to };
                self.call(ix::credit_offer_lender(&market, &lender, &address, to), Args::Key(to))
            }
            Op::CreditAcceptLender => {
                let to = self.by(credit.pending_lender);
                self.call(ix::credit_accept_lender(&market, &to, &address), Args::None)
            }
            Op::CreditSetFreezeAuthority => {
                let to = self.someone();
                self.call(ix::credit_set_freeze_authority(&market, &lender, &address, to), Args::Key(to))
            }
            Op::VaultCollect => {
                let party = self.dice.pick(&[Party::Lender, Party::Borrower, Party::Treasury]);
                let party = match party {
                    Party::Borrower if credit.vault.borrower == 0 && credit.vault.lender > 0 => Party::Lender,
                    other => other,
                };
                let to = match party {
                    Party::Lender => keys.token_account(&credit.lender),
                    Party::Borrower => keys.token_account(&credit.borrower),
                    Party::Treasury => lab.market(self.market).treasury,
                };
                let caller = self.by(actor(12));
                self.call(ix::vault_collect(&keys, &caller, &address, &to, party), Args::Party(party))
            }
            Op::CreditMarkDelinquent => self.call(ix::credit_mark_delinquent(&market, &address), Args::None),
            Op::CreditMarkDefaulted => self.call(ix::credit_mark_defaulted(&market, &address), Args::None),
            Op::CreditAutoFreeze => self.call(ix::credit_auto_freeze(&market, &address), Args::None),
            Op::CreditExpireUnits => self.call(ix::credit_expire_units(&market, &address), Args::None),
            Op::CreditMigrate => self.call(ix::credit_migrate(&market, &address), Args::None),
            Op::CreditGiveNotice => {
                self.call(ix::credit_give_notice(&market, &lender, &address, [5; 32]), Args::None)
            }
            Op::CreditWithdrawNotice => {
                self.call(ix::credit_withdraw_notice(&market, &lender, &address), Args::None)
            }
            Op::CreditWriteOff => self.call(ix::credit_write_off(&market, &lender, &address), Args::None),
            Op::CreditFreeze => {
                let right = if self.dice.one_in(2) { credit.lender } else { credit.freeze_authority };
                let by = self.by(right);
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
                    _ => FreezeAmount::Units(self.amount(units.lien(), units.frozen.saturating_add(1))),
                };
                let ix = ix::credit_freeze(&market, &by, &address, amount, reason);
                self.call(ix, Args::Freeze(amount, reason))
            }
            Op::CreditThaw => {
                let right = if self.dice.one_in(2) { credit.lender } else { credit.freeze_authority };
                let by = self.by(right);
                let amount = self.units(units.frozen, units.frozen / 2);
                self.call(ix::credit_thaw(&market, &by, &address, amount), Args::Units(amount))
            }
            Op::UsageMeter => {
                let used = self.amount(units.available(), units.remaining());
                let in_flight = self.dice.pick(&[0, 1, units.available() / 3, units.lien(), u64::MAX]);
                let meters =
                    meters::compose(lab, self.market, address, &credit, used, in_flight, &mut self.dice);
                let none = || Meters {
                    market: self.market,
                    provider: lab.providers[0].1,
                    chunk: 0,
                    reports: Vec::new(),
                    credits: vec![address],
                };
                Some(meter_call(lab, meters.unwrap_or_else(none), attempt.op))
            }
            Op::CreditSeizeToPool => {
                let seizable = credit.seizable(&self.clock()).unwrap_or(0);
                let amount = self.units(seizable, units.lien());
                let terms = terms::lot(&credit, &lab.market(self.market), &mut self.dice);
                let number = credit.lots_opened;
                let ix = ix::credit_seize_to_pool(&market, &lender, &address, number, amount, terms);
                self.call(ix, Args::Seize(amount, terms))
            }
            Op::CreditSeizeToLender => {
                let seizable = credit.seizable(&self.clock()).unwrap_or(0);
                let price = credit.price_paid().unwrap_or(1).max(1);
                let worth = (u128::from(now.debt.total()) * 1_000_000).div_ceil(u128::from(price));
                let amount = self.units(seizable.min(worth.min(u128::from(u64::MAX)) as u64), seizable);
                let expiry = credit.units_expire_at;
                let provider = credit.provider;
                let ix = ix::credit_seize_to_lender(&market, &lender, &address, &provider, expiry, amount);
                self.call(ix, Args::Units(amount))
            }
            Op::LotBuy => {
                let index = self.some_lot();
                let lot = lab.lot(&address, index);
                let left = lot.map_or(0, |lot| lot.units_left);
                let price = lot.and_then(|lot| lot.price_at(self.clock().market).ok()).unwrap_or(0);
                let buyer = self.by(actor(11));
                let source = keys.token_account(&buyer);
                let (provider, units_expire_at) = (credit.provider, credit.units_expire_at);
                let lot = LotKeys { credit: address, index, provider, units_expire_at };
                let (units, most) = (
                    self.amount(left, left / 3),
                    self.dice.pick(&[price, u64::MAX, price.saturating_sub(1), price]),
                );
                self.call(ix::lot_buy(&keys, &buyer, &source, &lot, units, most), Args::Buy(units, most))
            }
            Op::LotClose => {
                let index = self.some_lot();
                let receiver = lab.lot(&address, index).map_or(credit.lender, |lot| lot.lender);
                self.call(ix::lot_close(&market, &lender, &receiver, &address, index), Args::None)
            }
            Op::VaultClose => {
                let (receiver, treasury) = (credit.rent_payer(), lab.market(self.market).treasury);
                self.call(ix::vault_close(&keys, &address, &receiver, &treasury), Args::None)
            }
            Op::CreditClose => {
                let (closer, receiver) = (self.by(credit.borrower), credit.rent_payer());
                let ix = ix::credit_close(&market, &closer, &receiver, &address, &credit.provider);
                self.call(ix, Args::None)
            }
            _ => None,
        }
    }

    fn clock(&self) -> blockable_sdk::program::state::MarketClock {
        let clock = self.lab.market(self.market).clock_at(self.lab.now);
        clock.expect("the lab's clock is in range")
    }

    /// One of the credit's lots, an open one where there is any.
    fn some_lot(&mut self) -> u32 {
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
