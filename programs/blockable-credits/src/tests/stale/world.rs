//! The accounts of a loan at the points of its life where parties sign.

use {
    crate::{
        actions::{FreezeAmount, NewCredit, NewLot, OfferArgs, OfferRead, UnitBounds},
        errors::{BlockableError, ensure},
        events::Change,
        state::{
            Credit, FreezeReason, Lot, Market, MarketClock, Party, Provider, Rider, ScheduleRuns, Terms,
        },
        tests::{
            changes::LOT_TERMS,
            holdback::{HALF, SEALED, defaulted_on, issued_on, suspend},
            stage::*,
        },
    },
    anchor_lang::prelude::Pubkey,
    bytemuck::Zeroable,
};

pub(super) type Done = anchor_lang::Result<()>;

/// Lots that a loan here can have.
const LOTS: usize = 4;

/// The accounts, the time and the slot. An account that does not exist is zero.
#[derive(Clone, Copy)]
pub(super) struct World {
    pub market: Market,
    pub provider: Provider,
    pub credit: Credit,
    /// By their index, which is in their address.
    pub lots: [Lot; LOTS],
    pub now: i64,
    pub slot: u64,
}

/// The loan that signers have read: 5 % a year, and units that expire after 300 days.
pub(super) const LOAN: Terms = Terms { apr_bps: 500, unit_lifetime: 300 * DAY as u32, ..TERMS };

/// A reserve, a covenant, notices and cross-default.
pub(super) const RIDER: Rider = Rider {
    reserve: 10 * USDC,
    breach_notice: 1,
    covenant_window: 7 * DAY as u32,
    planned_units: 1_000,
    high_bps: 8_000,
    low_bps: 2_000,
    apr_step_bps: 100,
    apr_floor_bps: 300,
    apr_ceiling_bps: 1_000,
    top_up_bps: 1_000,
    cross_default: 1,
    ..NO_RIDER
};

/// A reserve and notices.
const HOLDBACK_RIDER: Rider = Rider { reserve: 10 * USDC, breach_notice: 1, ..NO_RIDER };

impl World {
    /// A market and a provider, without a loan.
    pub fn bare() -> World {
        let Stage { market, provider, credit, now, .. } = Stage::new();
        World { market, provider, credit, lots: [Lot::zeroed(); LOTS], now, slot: SLOT - 1 }
    }

    /// The loan of a stage.
    pub fn from_stage(stage: &Stage) -> World {
        let Stage { market, provider, credit, now, .. } = *stage;
        World { market, provider, credit, lots: [Lot::zeroed(); LOTS], now, slot: SLOT }
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

    /// Requires that there is a credit. The error is Anchor's for an account that does not exist.
    pub fn exists(&self) -> Done {
        ensure_account(self.credit.version != 0)
    }

    /// The lot at the address with an index. Errors: there is none.
    pub fn lot(&self, index: usize) -> anchor_lang::Result<Lot> {
        let lot = self.lots.get(index).copied().unwrap_or(Lot::zeroed());
        ensure_account(lot.version != 0).map(|()| lot)
    }

    /// The first lot that is open. Errors: there is none.
    pub fn first_lot(&self) -> anchor_lang::Result<usize> {
        let open = self.lots.iter().position(|lot| lot.version != 0);
        ensure_account(open.is_some()).map(|()| open.unwrap_or_default())
    }

    /// Changes the credit.
    pub fn act<T>(
        &mut self,
        action: impl FnOnce(&mut Credit, &MarketClock) -> anchor_lang::Result<T>,
    ) -> Done {
        self.exists()?;
        let clock = self.clock();
        action(&mut self.credit, &clock).map(drop)
    }

    /// Offers a loan at the credit's address. Errors: the address is in use, the terms are refused.
    pub fn offer(&mut self, terms: Terms) -> Done {
        ensure_account(self.credit.version == 0)?;
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

    pub fn accept(&mut self) -> Done {
        let read = OfferRead::from_credit(&self.credit);
        self.act(|credit, clock| credit.accept(&BORROWER, read, clock))
    }

    pub fn issue(&mut self) -> Done {
        let (read, mut provider) = (OfferRead::from_credit(&self.credit), self.provider);
        self.act(|credit, clock| credit.issue(&mut provider, read, clock))?;
        self.provider = provider;
        Ok(())
    }

    pub fn fund(&mut self, amount: u64) -> Done {
        self.act(|credit, clock| {
            let paid = credit.begin_funding(amount, clock)?;
            credit.receive_funding(BORROWER, paid)
        })
    }

    pub fn pay(&mut self, payer: Pubkey, amount: u64) -> Done {
        self.act(|credit, clock| {
            let paid = credit.begin_payment(amount, clock)?;
            credit.receive_payment(payer, paid)
        })
    }

    pub fn freeze(&mut self, amount: FreezeAmount, reason: FreezeReason) -> Done {
        self.act(|credit, clock| credit.freeze(&{ credit.lender }, amount, reason, None, clock))
    }

    /// Seizes units into the lot with the next index.
    pub fn seize(&mut self, amount: UnitBounds) -> Done {
        let (bounds, mut lot) = (self.market.bounds, Lot::zeroed());
        let index = self.credit.lots_opened as usize;
        ensure_account(index < LOTS)?;
        let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
        self.act(|credit, clock| credit.seize_to_lot(&mut lot, new, amount, LOT_TERMS, &bounds, clock))?;
        self.lots[index] = lot;
        Ok(())
    }

    /// Closes the lot with an index, which removes it.
    pub fn close_lot(&mut self, index: usize, signer: &Pubkey) -> anchor_lang::Result<Change> {
        let (lot, clock) = (self.lot(index)?, self.clock());
        let change = self.credit.close_lot(&lot, LOT, signer, &clock)?;
        self.lots[index] = Lot::zeroed();
        Ok(change)
    }
}

/// Requires an account to be there, or not to be there; stands for the error of Anchor or of the system program.
fn ensure_account(holds: bool) -> Done {
    ensure(holds, BlockableError::ArithmeticOverflow)
}

pub(super) fn offered() -> World {
    let mut world = World::bare();
    world.offer(LOAN).unwrap();
    world
}

pub(super) fn accepted() -> World {
    let mut world = offered();
    world.accept().unwrap();
    world.fund(9 * USDC).unwrap();
    world
}

pub(super) fn issuable() -> World {
    let mut world = accepted();
    world.fund(u64::MAX).unwrap();
    world
}

pub(super) fn issued() -> World {
    let mut world = issuable();
    world.issue().unwrap();
    world
}

/// A loan on day 1, whose lender has offered it to the buyer.
pub(super) fn active() -> World {
    let mut world = World { now: START + DAY, ..issued() };
    world.act(|credit, clock| credit.offer_lender(&LENDER, SLOT, BUYER, clock)).unwrap();
    world
}

/// The same loan after a payment of 26 USDC.
pub(super) fn paid() -> World {
    let mut world = active();
    world.pay(BORROWER, 26 * USDC).unwrap();
    world
}

/// A loan on day 2, whose borrower's place was offered to another key long enough ago.
pub(super) fn handing_over() -> World {
    let mut world = issued();
    let delay = world.market.change_delay;
    world.act(|credit, clock| credit.offer_borrower(SLOT, BUYER, delay, clock)).unwrap();
    World { now: START + 2 * DAY, ..world }
}

/// A loan on day 31 with the first instalment unpaid beyond the reserve, marked and not frozen.
pub(super) fn late() -> World {
    let mut world = World { now: START + 31 * DAY, ..issued() };
    world.act(|credit, clock| credit.mark_delinquent(clock)).unwrap();
    world
}

/// The same loan frozen in full.
pub(super) fn delinquent() -> World {
    let mut world = late();
    world.freeze(FreezeAmount::All, FreezeReason::MissedPayment).unwrap();
    world
}

/// The same loan in default with its cure period over, on day 46.
pub(super) fn defaulted() -> World {
    let mut world = World { now: START + 35 * DAY, ..delinquent() };
    world.act(|credit, clock| credit.mark_defaulted(clock)).unwrap();
    World { now: START + 46 * DAY, ..world }
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

/// The same loan without lots, claims and vault.
pub(super) fn ended() -> World {
    let mut world = repaid();
    world.close_lot(0, &LENDER).unwrap();
    for party in [Party::Lender, Party::Borrower] {
        if world.credit.has_claim(party, 0).unwrap() {
            world.act(|credit, clock| credit.collect(party, LENDER, clock)).unwrap();
        }
    }
    world.act(|credit, clock| credit.close_vault(0, clock)).unwrap();
    world
}

/// A loan with a holdback, in default with its cure period over, on day 46.
pub(super) fn defaulted_with_holdback() -> World {
    World::from_stage(&defaulted_on(HALF, HOLDBACK_RIDER))
}

/// A loan with a holdback on day 2, whose provider the admin has suspended for long enough.
pub(super) fn suspended_with_holdback() -> World {
    let mut stage = issued_on(HALF, HOLDBACK_RIDER);
    suspend(&mut stage);
    World::from_stage(&stage)
}

/// The same loan on day 76, from which on anybody may cancel.
pub(super) fn open_to_cancel() -> World {
    World { now: START + 76 * DAY, ..defaulted_with_holdback() }
}

/// A loan with a holdback on day 2, whose lender has offered it to the buyer.
pub(super) fn offered_with_holdback() -> World {
    let stage = issued_on(HALF, HOLDBACK_RIDER);
    let mut world = World { now: START + 2 * DAY, ..World::from_stage(&stage) };
    world.act(|credit, clock| credit.offer_lender(&LENDER, SLOT, BUYER, clock)).unwrap();
    world
}

/// A loan with a holdback, of which payments have earned 10 USDC for the provider.
pub(super) fn earned() -> World {
    let mut world = World { now: START + DAY, ..World::from_stage(&issued_on(SEALED, HOLDBACK_RIDER)) };
    world.pay(BORROWER, 10 * USDC).unwrap();
    world
}

/// A loan in default with its cure period over, on day 46, whose units have all been used.
pub(super) fn used_up() -> World {
    let mut world = issued();
    let used = world.credit.collateral.granted;
    (world.credit.collateral.consumed, world.credit.meter.cumulative) = (used, used);
    world.now = START + 31 * DAY;
    world.act(|credit, clock| credit.mark_delinquent(clock)).unwrap();
    world.now = START + 35 * DAY;
    world.act(|credit, clock| credit.mark_defaulted(clock)).unwrap();
    World { now: START + 46 * DAY, ..world }
}

/// A loan under a notice of default, on day 1.
pub(super) fn noticed() -> World {
    let mut world = active();
    world.act(|credit, clock| credit.give_notice(&LENDER, NOTICE, clock)).unwrap();
    world
}
