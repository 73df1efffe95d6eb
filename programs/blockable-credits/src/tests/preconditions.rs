//! Actions that name no signer still ask for an open market and for a status that allows them.

use {
    super::{life::refused, stage::*},
    crate::{
        actions::{BorrowerLimits, PurchaseLimits},
        errors::BlockableError::{self, *},
        events::Change,
        state::{Credit, MarketClock, Rider},
        transitions::Status,
    },
    anchor_lang::{Result, prelude::Pubkey},
};

/// A loan with a covenant whose first window is over, and with units that have expired, on day 12. Loan and borrower's place
/// are offered to the buyer.
fn ready() -> Stage {
    let rider = Rider { top_up_bps: 1_000, ..COVENANT };
    let mut stage = Stage::issued(rider);
    let clock = stage.clock();
    stage.act(|credit| credit.offer_borrower(SLOT, BUYER, DAY as u32, &clock));
    let clock = stage.on_day(12);
    stage.credit.pending_lender = BUYER;
    stage.credit.meter.reported_at = clock.chain;
    stage.credit.units_expire_at = clock.market;
    stage
}

type Act = fn(&mut Credit, &MarketClock) -> Result<Change>;

/// Every action that is open to anyone, and those whose signer is compared after the beginning.
const ACTIONS: [(&str, Act); 6] = [
    ("apply the covenant", |credit, clock| credit.apply_covenant(clock)),
    ("expire units", |credit, clock| credit.expire_units(clock)),
    ("offer the borrower's place", |credit, clock| credit.offer_borrower(SLOT, OPERATOR, 1, clock)),
    ("withdraw the offer of it", |credit, clock| credit.withdraw_borrower(&LENDER, clock)),
    ("take the borrower's place", |credit, clock| {
        let limits = BorrowerLimits::from_credit(credit)?;
        credit.accept_borrower(&BUYER, &limits, clock)
    }),
    ("take the loan", |credit, clock| {
        let limits = PurchaseLimits::from_credit(credit)?;
        credit.accept_lender(&BUYER, &limits, clock)
    }),
];

fn all_refused(stage: &Stage, error: BlockableError) {
    for (name, act) in ACTIONS {
        let result = act(&mut { stage.credit }, &stage.clock());
        assert_eq!(result, Err(error.into()), "{name}");
    }
}

#[test]
fn they_are_allowed_in_an_open_market_while_the_loan_runs() {
    let stage = ready();
    for (name, act) in ACTIONS {
        let result = act(&mut { stage.credit }, &stage.clock());
        assert!(result.is_ok(), "{name}: {result:?}");
    }
}

#[test]
fn they_are_refused_while_the_market_is_paused() {
    let mut stage = ready();
    let clock = stage.clock();
    stage.market.pause(&GUARDIAN, 60, &clock).unwrap();
    all_refused(&stage, MarketPaused);
}

#[test]
fn they_are_refused_before_the_units_are_live_and_after_the_end() {
    for status in [Status::Offered, Status::Accepted, Status::Closed] {
        let mut stage = ready();
        stage.credit.status = status.byte();
        all_refused(&stage, WrongStatus);
    }
}

/// The signer is compared with the key that the place is offered to before the delay is checked.
#[test]
fn nobody_else_takes_a_place_that_is_offered() {
    let stage = ready();
    let (clock, limits) = (stage.clock(), BorrowerLimits::from_credit(&stage.credit).unwrap());
    for stranger in [OPERATOR, Pubkey::default()] {
        refused({ stage.credit }.accept_borrower(&stranger, &limits, &clock), NotOffered);
    }
}
