//! The holdback: its arithmetic, its plots, its combinations with everything else, and random lives of a loan.

mod arithmetic;
mod attacks;
mod cancels;
mod combinations;
mod plots;
mod sequences;

use {
    super::{changes::LOT_TERMS, stage::*, *},
    crate::{
        actions::{CancelSigners, LoanRead, LotTerms, NewLot, Quote, Sale, UnitBounds},
        events::Change,
        state::{Credit, Instalment, Lot, Rider},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

/// The price of a unit in micro-USDC.
pub(super) const PRICE: u64 = 100;
/// One instalment.
pub(super) const PART: u64 = 10 * USDC;

/// 120 USDC for 1,200,000 units, of which 100,000 are unlocked ahead, due in 12 parts, the first after a day; without interest.
/// All that is locked is held back.
pub(super) const SEALED: Terms = Terms {
    principal: 12 * PART,
    units: 1_200_000,
    unlocked_ahead: 100_000,
    holdback: 11 * PART,
    late_fee: 0,
    ..TERMS
};

/// The same loan, half of what is locked held back, at 12 % and 6 % a year.
pub(super) const HALF: Terms =
    Terms { holdback: 11 * PART / 2, apr_bps: 1_200, holdback_apr_bps: 600, ..SEALED };

/// Due dates of [`SEALED`]: day 1, and then every 30 days.
pub(super) fn twelve_parts() -> Vec<Instalment> {
    (0..12).map(|part| Instalment { due_after: (1 + 30 * part) * DAY as u32, principal: PART }).collect()
}

/// A loan on these terms whose units went live at [`START`].
pub(super) fn issued_on(terms: Terms, rider: Rider) -> Stage {
    let mut stage = Stage::new();
    stage.offer_on(terms, rider, &twelve_parts());
    stage.accept();
    let clock = stage.clock();
    if rider.reserve > 0 {
        let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
        stage.act(|credit| credit.receive_funding(BORROWER, amount));
    }
    stage.issue();
    stage
}

/// Pays up to `amount` micro-USDC. Returns the part of the holdback that it has earned.
pub(super) fn pay(stage: &mut Stage, amount: u64) -> u64 {
    let clock = stage.clock();
    let paid = stage.credit.begin_payment(amount, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, paid));
    let Some(Change::Paid { earned, .. }) = stage.changes.last() else { panic!("no payment") };
    *earned
}

/// Pays exactly what is due. Returns the part of the holdback that it has earned.
pub(super) fn pay_arrears(stage: &mut Stage) -> u64 {
    let arrears = stage.accrued().arrears();
    pay(stage, arrears)
}

/// The loan in default since day 36, at which a payment was last made on day 1, with its cure period over on day 46.
pub(super) fn defaulted_on(terms: Terms, rider: Rider) -> Stage {
    let mut stage = issued_on(terms, rider);
    stage.on_day(1);
    pay_arrears(&mut stage);
    for (day, mark) in [(32, Credit::mark_delinquent as Mark), (36, Credit::mark_defaulted)] {
        let clock = stage.on_day(day);
        stage.act(|credit| mark(credit, &clock));
    }
    stage.on_day(46);
    stage
}

type Mark = fn(&mut Credit, &MarketClock) -> anchor_lang::Result<Change>;

/// A cancel by these keys, on a copy of the provider that is kept where it succeeds.
pub(super) fn cancel_by(
    stage: &mut Stage,
    signer: Pubkey,
    borrower: Option<Pubkey>,
    amount: UnitBounds,
) -> anchor_lang::Result<Change> {
    let (clock, market) = (stage.clock(), stage.market);
    let (mut credit, mut provider) = (stage.credit, stage.provider);
    let read = LoanRead { offer_slot: SLOT, worst_status: Status::Seizing };
    let signers = CancelSigners { signer, borrower };
    let change = credit.cancel_locked(signers, amount, read, &mut provider, &market, &clock)?;
    (stage.credit, stage.provider) = (credit, provider);
    stage.note(change.clone());
    Ok(change)
}

/// A cancel by the lender alone. Returns the money that was given back.
pub(super) fn cancel(stage: &mut Stage, amount: UnitBounds) -> u64 {
    let Change::LockedCancelled { paid, .. } = cancel_by(stage, LENDER, None, amount).unwrap() else {
        panic!("no cancel")
    };
    paid
}

/// Suspends the provider by the market's admin, for longer than the market asks for.
pub(super) fn suspend(stage: &mut Stage) {
    let (market, clock) = (stage.market, stage.clock());
    stage.provider.suspend(&ADMIN, &market, &clock).unwrap();
    stage.now += i64::from(market.min_suspension);
}

/// Seizes units into a lot.
pub(super) fn seize(stage: &mut Stage, amount: UnitBounds, terms: LotTerms) -> anchor_lang::Result<Lot> {
    let (clock, bounds) = (stage.clock(), stage.market.bounds);
    let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
    let (mut lot, mut credit) = (Lot::zeroed(), stage.credit);
    let change = credit.seize_to_lot(&mut lot, new, amount, terms, &bounds, &clock)?;
    stage.credit = credit;
    stage.note(change);
    Ok(lot)
}

/// Sells all of a lot to somebody at the price of the moment. Returns the cost.
pub(super) fn sell(stage: &mut Stage, lot: &mut Lot) -> u64 {
    let clock = stage.clock();
    let quote = lot.quote(&stage.credit, &BUYER, UnitBounds::ALL, u64::MAX, &clock).unwrap();
    let Quote { units, cost } = quote;
    let sale = Sale { lot: LOT, buyer: BUYER, units, cost };
    let fee_bps = stage.market.redistribution_fee_bps;
    stage.act(|credit| credit.sell(lot, sale, fee_bps, &clock));
    cost
}
