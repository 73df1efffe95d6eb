//! The accounts of a loan at the points of its life where parties sign.

use {
    crate::{
        actions::{FreezeAmount, NewCredit, NewLot, OfferArgs, OfferRead, UnitBounds},
        state::{Credit, FreezeReason, Lot, Market, MarketClock, Provider, Rider, ScheduleRuns, Terms},
        tests::{changes::LOT_TERMS, stage::*},
    },
    anchor_lang::prelude::Pubkey,
    bytemuck::Zeroable,
};

pub(super) type Done = anchor_lang::Result<()>;

/// The accounts, the time and the slot.
#[derive(Clone, Copy)]
pub(super) struct World {
    pub market: Market,
    pub provider: Provider,
    pub credit: Credit,
    pub lot: Lot,
    pub now: i64,
    pub slot: u64,
}

pub(super) const RIDER: Rider = Rider { reserve: 10 * USDC, breach_notice: 1, ..NO_RIDER };

impl World {
    /// The loan of a stage.
    pub fn from_stage(stage: &Stage) -> World {
        let Stage { market, provider, credit, now, .. } = stage;
        World {
            market: *market,
            provider: *provider,
            credit: *credit,
            lot: Lot::zeroed(),
            now: *now,
            slot: SLOT,
        }
    }

    pub fn clock(&self) -> MarketClock {
        self.market.clock_at(self.now).unwrap()
    }

    /// The credit with its debt as of now.
    pub fn accrued(&self) -> Credit {
        let mut credit = self.credit;
        credit.accrue(self.clock().market).unwrap();
        credit
    }

    /// Offers a loan at the credit's address, which must be free.
    pub fn offer(&mut self, terms: Terms) -> Done {
        let schedule = ScheduleRuns::from_schedule(&schedule());
        let args = OfferArgs { nonce: 7, freeze_authority: LENDER, terms, rider: RIDER, schedule };
        let clock = self.clock();
        let schedule = args.validate(&self.market, &self.provider, &clock)?;
        self.slot += 1;
        let new = NewCredit {
            market: MARKET,
            lender: LENDER,
            borrower: BORROWER,
            provider: PROVIDER,
            bump: 253,
            vault: VAULT,
            rent_payer: PAYER,
            slot: self.slot,
        };
        self.credit.offer(new, &args, schedule, &clock).map(drop)
    }

    pub fn pay(&mut self, payer: Pubkey, amount: u64) -> Done {
        let clock = self.clock();
        let paid = self.credit.begin_payment(amount, &clock)?;
        self.credit.receive_payment(payer, paid).map(drop)
    }

    pub fn seize(&mut self, amount: UnitBounds) -> Done {
        let (clock, bounds) = (self.clock(), self.market.bounds);
        let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
        let mut lot = Lot::zeroed();
        self.credit.seize_to_lot(&mut lot, new, amount, LOT_TERMS, &bounds, &clock)?;
        self.lot = lot;
        Ok(())
    }
}

pub(super) fn offered() -> World {
    let mut stage = Stage::new();
    stage.offer(TERMS, RIDER);
    World::from_stage(&stage)
}

pub(super) fn accepted() -> World {
    let mut world = offered();
    let (read, clock) = (OfferRead::from_credit(&world.credit), world.clock());
    world.credit.accept(&BORROWER, read, &clock).unwrap();
    let amount = world.credit.begin_funding(9 * USDC, &clock).unwrap();
    world.credit.receive_funding(BORROWER, amount).unwrap();
    world
}

pub(super) fn issuable() -> World {
    let mut world = accepted();
    let amount = world.credit.begin_funding(u64::MAX, &world.clock()).unwrap();
    world.credit.receive_funding(BORROWER, amount).unwrap();
    world
}

/// A loan on day 1, whose lender has offered it to the buyer.
pub(super) fn active() -> World {
    let mut world = World::from_stage(&Stage::issued(RIDER));
    world.now += DAY;
    let clock = world.clock();
    world.credit.offer_lender(&LENDER, SLOT, BUYER, &clock).unwrap();
    world
}

/// A loan on day 1, whose borrower's place was offered to another key long enough ago.
pub(super) fn handing_over() -> World {
    let mut world = World::from_stage(&Stage::issued(RIDER));
    let (delay, clock) = (world.market.change_delay, world.clock());
    world.credit.offer_borrower(SLOT, BUYER, delay, &clock).unwrap();
    world.now += 2 * DAY;
    world
}

/// A loan on day 31 with the first instalment unpaid beyond the reserve, marked and frozen.
pub(super) fn delinquent() -> World {
    let mut world = World::from_stage(&Stage::issued(RIDER));
    world.now = START + 31 * DAY;
    let clock = world.clock();
    world.credit.mark_delinquent(CREDIT, &clock).unwrap();
    world.credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::MissedPayment, &clock).unwrap();
    world
}

/// The same loan in default with its cure period over, on day 46.
pub(super) fn defaulted() -> World {
    let mut world = delinquent();
    world.now = START + 35 * DAY;
    let clock = world.clock();
    world.credit.mark_defaulted(CREDIT, &clock).unwrap();
    world.now = START + 46 * DAY;
    world
}

/// The same loan with a lot of 400,000 units.
pub(super) fn seizing() -> World {
    let mut world = defaulted();
    world.seize(UnitBounds::exactly(400_000)).unwrap();
    world
}

/// A loan that is paid off, with a lot still open.
pub(super) fn repaid() -> World {
    let mut world = defaulted();
    world.seize(UnitBounds::ALL).unwrap();
    world.pay(BORROWER, u64::MAX).unwrap();
    world
}

/// A loan under a notice of default, on day 1.
pub(super) fn noticed() -> World {
    let mut world = active();
    let clock = world.clock();
    world.credit.give_notice(&LENDER, NOTICE, &clock).unwrap();
    world
}
