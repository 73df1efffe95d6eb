//! The accounts of one loan and the steps that its parties take.

use {
    super::*,
    crate::{
        actions::{FreezeAmount, Notice, Payout, RestructureLimits, ThawBounds},
        metering::{self, Reading},
        state::{FreezeReason, Market, Party, Provider},
        units::Overflow,
    },
};

/// The accounts, the time, and the money in the vault.
#[derive(Clone, Copy)]
pub(super) struct Play {
    pub market: Market,
    pub provider: Provider,
    pub credit: Credit,
    pub lot: Option<Lot>,
    pub now: i64,
    /// Micro-USDC in the vault.
    pub vault: u64,
    /// Micro-USDC that the provider has been paid.
    pub paid_to_provider: u64,
}

type Done = anchor_lang::Result<Vec<Change>>;

/// Names of the steps, each of which lands in some life.
pub(super) const STEPS: &[&str] = &[
    "pay",
    "pay the arrears",
    "pay all",
    "pass time",
    "mark",
    "freeze",
    "thaw",
    "use",
    "seize",
    "buy",
    "close the lot",
    "take over",
    "cancel by the lender",
    "cancel by anybody",
    "cancel by both",
    "suspend",
    "resume",
    "expire",
    "write off",
    "restructure",
    "restructure with the provider",
    "collect",
    "give notice",
    "withdraw the notice",
    "fund",
    "draw",
];

impl Play {
    pub fn new(terms: Terms) -> Play {
        let rider = Rider { reserve: terms.principal / 24, breach_notice: 1, ..NO_RIDER };
        let mut schedule = twelve_parts();
        let part = terms.principal / 12;
        schedule.iter_mut().for_each(|instalment| instalment.principal = part);
        schedule[11].principal += terms.principal - 12 * part;
        let mut stage = Stage::new();
        stage.provider.capacity_units = 100_000_000;
        stage.offer_on(terms, rider, &schedule);
        stage.accept();
        let clock = stage.clock();
        let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
        stage.act(|credit| credit.receive_funding(BORROWER, amount));
        stage.issue();
        let Stage { market, provider, credit, now, .. } = stage;
        let vault = rider.reserve + terms.holdback;
        let paid_to_provider = terms.principal - terms.holdback;
        Play { market, provider, credit, lot: None, now, vault, paid_to_provider }
    }

    pub fn clock(&self) -> MarketClock {
        self.market.clock_at(self.now).unwrap()
    }

    fn accrued(&self) -> Credit {
        let mut credit = self.credit;
        credit.accrue(self.clock().market).unwrap();
        credit
    }

    /// Takes a step at random. Returns its name and what it has changed.
    pub fn step(&mut self, dice: &mut Dice) -> (&'static str, Done) {
        let mut name = STEPS[dice.below(STEPS.len() as u64) as usize];
        // These would end most lives early, or begin them anew.
        let is_rare =
            ["pay all", "write off", "restructure", "restructure with the provider"].contains(&name);
        if is_rare && dice.below(8) > 0 {
            name = "pass time";
        }
        let done = match name {
            "pay" | "pay the arrears" | "pay all" => self.pay(name, dice),
            "pass time" => self.pass(dice),
            "mark" | "give notice" | "withdraw the notice" => self.call_default(name),
            "freeze" | "thaw" => self.freeze(name, dice),
            "use" => self.use_units(dice),
            "seize" | "buy" | "close the lot" | "take over" => self.recover(name, dice),
            "cancel by the lender" | "cancel by anybody" | "cancel by both" => self.cancel(name, dice),
            "suspend" | "resume" => self.suspend(name),
            "expire" => self.one(|play, clock| play.credit.expire_units(clock)),
            "write off" => self
                .one(|play, clock| play.credit.write_off(&LENDER, SLOT, u64::MAX, &mut play.provider, clock)),
            "restructure" | "restructure with the provider" => self.restructure(name, dice),
            "collect" => self.collect(dice),
            "fund" => self.fund(dice),
            _ => self.one(|play, clock| play.credit.draw_reserve(CREDIT, clock)),
        };
        (name, done)
    }

    fn one(&mut self, act: impl FnOnce(&mut Play, &MarketClock) -> anchor_lang::Result<Change>) -> Done {
        let clock = self.clock();
        act(self, &clock).map(|change| vec![change])
    }

    fn pay(&mut self, name: &str, dice: &mut Dice) -> Done {
        let credit = self.accrued();
        let amount = match name {
            "pay" => dice.part_of(credit.debt.total() / 12),
            "pay the arrears" => credit.arrears(),
            _ => u64::MAX,
        };
        let clock = self.clock();
        let paid = self.credit.begin_payment(amount, &clock)?;
        self.vault += paid;
        self.one(|play, _| play.credit.receive_payment(BORROWER, paid))
    }

    fn pass(&mut self, dice: &mut Dice) -> Done {
        self.now += [1, DAY, 5 * DAY, 10 * DAY, 30 * DAY, 90 * DAY][dice.below(6) as usize];
        self.credit.accrue(self.clock().market)?;
        Ok(Vec::new())
    }

    fn call_default(&mut self, name: &str) -> Done {
        self.one(|play, clock| match (name, play.credit.status()?) {
            ("give notice", _) => {
                let notice = Notice { document: [8; 32], offer_slot: SLOT, least_status: Status::Active };
                play.credit.give_notice(&LENDER, notice, clock)
            }
            ("withdraw the notice", _) => {
                let given_at = play.credit.defaulted_at;
                play.credit.withdraw_notice(&LENDER, given_at, clock)
            }
            (_, Status::Active) => play.credit.mark_delinquent(clock),
            _ => play.credit.mark_defaulted(clock),
        })
    }

    fn freeze(&mut self, name: &str, dice: &mut Dice) -> Done {
        let amount =
            [FreezeAmount::All, FreezeAmount::Bps(4_000), FreezeAmount::Units(3)][dice.below(3) as usize];
        let reason = [FreezeReason::MissedPayment, FreezeReason::Risk][dice.below(2) as usize];
        let bounds = ThawBounds { most: dice.part_of(self.credit.collateral.frozen()), keep: 0 };
        self.one(|play, clock| match name {
            "freeze" => play.credit.freeze(&LENDER, amount, reason, None, clock),
            _ => play.credit.thaw(&LENDER, bounds),
        })
    }

    /// Uses units, honestly or beyond what is open, and reports jobs that run.
    fn use_units(&mut self, dice: &mut Dice) -> Done {
        self.now += 3_600;
        let (mut collateral, mut meter) = (self.credit.collateral, self.credit.meter);
        let used = dice.part_of(collateral.remaining() / 4);
        let in_flight = dice.part_of(collateral.available());
        let cumulative = meter.cumulative.saturating_add(used);
        let reading = Reading { cumulative, in_flight, reported_at: self.now };
        metering::apply(&mut collateral, &mut meter, &reading, 1_000_000, self.now, None)
            .map_err(|_| Overflow)?;
        (self.credit.collateral, self.credit.meter) = (collateral, meter);
        Ok(Vec::new())
    }

    fn recover(&mut self, name: &str, dice: &mut Dice) -> Done {
        let clock = self.clock();
        let units = dice.part_of(self.credit.seizable(&clock)?);
        let amount = UnitBounds { least: 1, most: units };
        match name {
            "seize" => {
                let (bounds, mut lot) = (self.market.bounds, Lot::zeroed());
                if self.lot.is_some() {
                    return Err(Overflow.into());
                }
                let price = self.credit.price_paid()?;
                let terms = LotTerms { start_price: 2 * price, floor_price: price / 3, ..LOT_TERMS };
                let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
                let change = self.credit.seize_to_lot(&mut lot, new, amount, terms, &bounds, &clock)?;
                self.lot = Some(lot);
                Ok(vec![change])
            }
            "take over" => self.one(|play, clock| Ok(play.credit.take_over(key(9), amount, clock)?.1)),
            "buy" => {
                let mut lot = self.lot.ok_or(Overflow)?;
                let most = dice.part_of(lot.units_left);
                let amount = UnitBounds { least: 1, most };
                let Quote { units, cost } = lot.quote(&self.credit, &BUYER, amount, u64::MAX, &clock)?;
                let sale = Sale { lot: LOT, buyer: BUYER, units, cost };
                self.vault += cost;
                let change = self.credit.sell(&mut lot, sale, 200, &clock)?;
                self.lot = Some(lot);
                Ok(vec![change])
            }
            _ => {
                let lot = self.lot.take().ok_or(Overflow)?;
                self.one(|play, clock| play.credit.close_lot(&lot, LOT, &LENDER, clock))
            }
        }
    }

    fn cancel(&mut self, name: &str, dice: &mut Dice) -> Done {
        let most = dice.part_of(self.credit.covered()?);
        let (signer, borrower, most) = match name {
            "cancel by the lender" => (LENDER, None, most),
            "cancel by anybody" => (BUYER, None, u64::MAX),
            _ => (LENDER, Some(BORROWER), most),
        };
        let (signers, read) = (CancelSigners { signer, borrower }, LoanRead::from_credit(&self.credit)?);
        let amount = UnitBounds { least: 1, most };
        self.one(|play, clock| {
            play.credit.cancel_locked(signers, amount, read, &mut play.provider, &play.market, clock)
        })
    }

    fn suspend(&mut self, name: &str) -> Done {
        let (market, clock) = (self.market, self.clock());
        match name {
            "suspend" => self.provider.suspend(&ADMIN, &market, &clock)?,
            _ => self.provider.resume(&ADMIN, &market, &clock)?,
        }
        Ok(Vec::new())
    }

    fn restructure(&mut self, name: &str, dice: &mut Dice) -> Done {
        let credit = self.accrued();
        let limits = RestructureLimits::from_credit(&credit)?;
        let (days, count) = (30 + dice.below(200), 1 + dice.below(3));
        let part = credit.debt.principal / count;
        let instalment = |number: u64| {
            let rest = if number == count { credit.debt.principal - part * count } else { 0 };
            Instalment { due_after: (number * days * DAY as u64) as u32, principal: part + rest }
        };
        let schedule = (1..=count).map(instalment).collect();
        let (bounds, terms) = (self.market.bounds, credit.terms);
        let signed = name != "restructure";
        self.one(|play, clock| play.credit.restructure(terms, schedule, &limits, &bounds, signed, clock))
    }

    fn collect(&mut self, dice: &mut Dice) -> Done {
        let parties = [Party::Lender, Party::Borrower, Party::Treasury, Party::Provider];
        let (party, clock) = (parties[dice.below(4) as usize], self.clock());
        if party == Party::Provider {
            self.provider.open_payout()?;
        }
        let Payout { amount, change } = self.credit.collect(party, TREASURY, &clock)?;
        self.vault -= amount;
        if party == Party::Provider {
            self.paid_to_provider += amount;
        }
        Ok(vec![change])
    }

    fn fund(&mut self, dice: &mut Dice) -> Done {
        let clock = self.clock();
        let most = dice.part_of(self.credit.rider.reserve);
        let amount = self.credit.begin_funding(most, &clock)?;
        self.vault += amount;
        self.one(|play, _| play.credit.receive_funding(BORROWER, amount))
    }
}
