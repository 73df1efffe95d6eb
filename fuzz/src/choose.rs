//! Chooses the steps of an episode.

use {
    super::{
        action::{Amount, Attempt, By, Flaw, Jump, Moment, Step},
        dice::Dice,
        lab::{ACTORS, PLACES},
        ops::Op,
        session::Session,
    },
    blockable_sdk::program::{state::Credit, transitions::Status},
};

const AMOUNTS: &[Amount] = &[
    Amount::Zero,
    Amount::One,
    Amount::Exact,
    Amount::Under,
    Amount::Over,
    Amount::Max,
    Amount::Lesser,
    Amount::Part(3_333),
    Amount::Part(5_000),
    Amount::Part(100),
];

/// Chooses the next step by the lab's state, so that the late statuses of a loan are reached often.
pub fn choose(session: &Session, dice: &mut Dice) -> Step {
    match dice.below(100) {
        0..=11 => wait(session, dice),
        12..=17 => settings(session, dice),
        18..=34 => hostile(session, dice),
        35 => Step::Donate(place(session, dice), dice.pick(&[1, 1_000_000, 77])),
        36..=39 => Step::Probe(place(session, dice), dice.roll()),
        _ => sensible(session, dice),
    }
}

fn place(session: &Session, dice: &mut Dice) -> u8 {
    let grants = session.lab.grants.len() as u64;
    if grants > 0 && dice.one_in(8) {
        PLACES + dice.below(grants) as u8
    } else {
        dice.below(u64::from(PLACES)) as u8
    }
}

fn wait(session: &Session, dice: &mut Dice) -> Step {
    let seconds = match dice.below(16) {
        0..=4 => 1 + dice.below(90),
        5..=6 => dice.below(7_200),
        7 => dice.below(3 * 86_400),
        8 if dice.one_in(4) => dice.below(40 * 86_400),
        _ => {
            let on = place(session, dice);
            let moment = dice.pick(&[
                Moment::Due,
                Moment::Delinquency,
                Moment::Default,
                Moment::Cure,
                Moment::LotEnd,
                Moment::Window,
                Moment::UnitExpiry,
                Moment::OfferExpiry,
                Moment::PauseEnd,
                Moment::Change,
                Moment::ProviderChange,
                Moment::Place,
            ]);
            return Step::Wait(Jump::To(on, moment, dice.pick(&[0, 0, 1, -1, 60, 30])));
        }
    };
    Step::Wait(Jump::Seconds(seconds as u32))
}

fn attempt(op: Op, on: u8, amount: Amount, dice: &mut Dice) -> Attempt {
    let extra = dice.roll();
    Attempt { op, on, by: By::Entitled, amount, extra, flaw: None, twice: dice.one_in(4) }
}

fn settings(session: &Session, dice: &mut Dice) -> Step {
    let paused = (0..3).find(|market| {
        let market = session.lab.market(*market);
        market.paused_at != 0
    });
    let first = Op::MarketCreate.index();
    let last = Op::ProviderResume.index();
    let op = Op::ALL[first + dice.below((last - first + 1) as u64) as usize];
    let (op, on) = match op {
        Op::MarketPause | Op::MarketCreate if dice.one_in(2) => {
            (Op::MarketUnpause, paused.unwrap_or(0) as u8)
        }
        // A halt stops all new business until it is lifted and the delay has passed.
        Op::MarketHalt if !dice.one_in(4) => {
            let halted = (0..3).find(|market| session.lab.market(*market).halted_at != 0);
            (Op::MarketLiftHalt, halted.unwrap_or(0) as u8)
        }
        // A change is proposed often and its moment is short.
        Op::ProviderApplyChange => (op, ready_provider(session, dice)),
        // With every provider suspended, no loan could begin.
        Op::ProviderSuspend if dice.one_in(2) => (Op::ProviderResume, dice.roll() as u8),
        op => (op, dice.roll() as u8),
    };
    let amount =
        dice.pick(&[Amount::Exact, Amount::Lesser, Amount::Lesser, Amount::One, Amount::Over, Amount::Zero]);
    let mut attempt = attempt(op, on, amount, dice);
    if dice.one_in(6) {
        attempt.by = By::Actor(dice.below(u64::from(ACTORS)) as u8);
    }
    if dice.one_in(12) {
        attempt.flaw = Some(flaw(dice));
    }
    Step::Call(attempt)
}

/// A provider whose change can be applied now, else any.
fn ready_provider(session: &Session, dice: &mut Dice) -> u8 {
    let ready = session.lab.providers.iter().position(|(market, key)| {
        let time = session.lab.market_time(&session.lab.market(*market));
        let book = session.model.providers.get(key);
        book.is_some_and(|book| book.proposed.is_some() && book.change_ready_at <= i128::from(time))
    });
    ready.map_or(dice.roll() as u8, |place| place as u8)
}

/// One of the three steps of the borrower's hand-over.
fn hand_over(dice: &mut Dice) -> (Op, Amount) {
    exact(dice.pick(&[Op::CreditOfferBorrower, Op::CreditWithdrawBorrower, Op::CreditAcceptBorrower]))
}

fn flaw(dice: &mut Dice) -> Flaw {
    let (at, with) = (dice.below(12) as u8, dice.roll() as u16);
    match dice.below(7) {
        0 => Flaw::ReadOnly(at),
        1 => Flaw::Unsigned(at),
        2 => Flaw::Swap(at, with),
        3 => Flaw::Replay(at),
        _ => Flaw::SameRole(at, with),
    }
}

/// Any instruction on any credit, mostly by the wrong signer or with wrong accounts.
fn hostile(session: &Session, dice: &mut Dice) -> Step {
    let count = Op::on_credits().count();
    let op = Op::ALL[Op::CreditOffer.index() + dice.below(count as u64) as usize];
    let amount = dice.pick(AMOUNTS);
    let mut attempt = attempt(op, place(session, dice), amount, dice);
    if dice.one_in(2) {
        attempt.by = By::Actor(dice.below(u64::from(ACTORS)) as u8);
    }
    if dice.one_in(2) {
        attempt.flaw = Some(flaw(dice));
    }
    if op == Op::UsageMeter && dice.one_in(3) {
        attempt.flaw = Some(Flaw::Replay(dice.roll() as u8));
    }
    Step::Call(attempt)
}

/// Chooses an operation that the status of a credit calls for, by a key that may do it.
fn sensible(session: &Session, dice: &mut Dice) -> Step {
    let on = place(session, dice);
    let credit = session.lab.credit(on);
    let (op, amount) = match &credit {
        None => (Op::CreditOffer, Amount::Exact),
        Some(credit) => match due_operations(session, credit).as_slice() {
            [] => for_status(session, credit, dice),
            _ if dice.one_in(2) => for_status(session, credit, dice),
            due => (dice.pick(due), dice.pick(&[Amount::Exact, Amount::Exact, Amount::Part(4_000)])),
        },
    };
    if op == Op::CreditCancelOffer && dice.one_in(2) {
        return Step::Wait(Jump::Seconds(1));
    }
    Step::Call(attempt(op, on, amount, dice))
}

/// The operations that are due on a credit and that chance alone would seldom choose.
fn due_operations(session: &Session, credit: &Credit) -> Vec<Op> {
    let Some(market) = session.model.markets.get(&credit.market) else { return Vec::new() };
    let chain_time = session.lab.now;
    let market_time = market.time(chain_time.into()) as i64;
    let (rider, terms, since) = (&credit.rider, &credit.terms, credit.debt.arrears_since);
    let status = Status::from_byte(credit.status).unwrap_or(Status::Closed);
    let mut due = Vec::new();
    let mut add = |holds: bool, op: Op| {
        if holds {
            due.push(op);
        }
    };
    let missing = credit.reserve_held < rider.reserve;
    let next_due = credit.schedule().due_date(usize::from(credit.debt.instalments_billed));
    let late = since != 0 || next_due.is_ok_and(|date| date.is_some_and(|date| date <= market_time));
    let covenant = rider.has_covenant() && status == Status::Active && !late;
    let window = i64::from(rider.covenant_window);
    let offered = credit.pending_lender != Default::default();
    add(status == Status::Accepted && missing, Op::ReserveFund);
    add(status == Status::Accepted && !missing, Op::CreditIssue);
    add(status == Status::Delinquent && missing, Op::ReserveFund);
    add(credit.reserve_held > 0 && late && status.is_secured(), Op::ReserveDraw);
    add(offered && credit.claims.lender > 0, Op::VaultCollect);
    add(offered && credit.claims.lender == 0, Op::CreditAcceptLender);
    let handed = credit.pending_borrower != Default::default();
    add(handed && market_time >= credit.pending_borrower_ready_at, Op::CreditAcceptBorrower);
    add(handed && credit.claims.borrower > 0, Op::VaultCollect);
    add(covenant && chain_time - credit.covenant.measured_at >= window, Op::UsageMeter);
    add(covenant && credit.meter.reported_at - credit.covenant.measured_at >= window, Op::CovenantApply);
    let passed = |after: u32| since != 0 && market_time >= since + i64::from(after);
    add(status == Status::Active && late, Op::CreditMarkDelinquent);
    add(status == Status::Delinquent && passed(terms.default_grace), Op::CreditMarkDefaulted);
    let expired = credit.units_expire_at != 0 && market_time >= credit.units_expire_at;
    add(expired && credit.collateral.remaining() > 0, Op::CreditExpireUnits);
    let cure_period_over = market_time >= credit.defaulted_at + i64::from(terms.cure_period);
    add(status == Status::Defaulted && cure_period_over && !expired, Op::CreditSeizeToPool);
    add(status == Status::Seizing && credit.lots_open > 0 && !expired, Op::LotBuy);
    due
}

/// An operation with its exact amount.
fn exact(op: Op) -> (Op, Amount) {
    (op, Amount::Exact)
}

/// Picks any amount.
fn any(dice: &mut Dice) -> Amount {
    dice.pick(AMOUNTS)
}

fn for_status(session: &Session, credit: &Credit, dice: &mut Dice) -> (Op, Amount) {
    let crowded = session.lab.grants.len() > 14;
    match Status::from_byte(credit.status).unwrap_or(Status::Closed) {
        Status::Offered => dice.pick(&[
            exact(Op::CreditAccept),
            exact(Op::CreditAccept),
            exact(Op::CreditAccept),
            exact(Op::CreditSetFreezeAuthority),
            exact(Op::CreditCancelOffer),
        ]),
        Status::Accepted => {
            let fund =
                (Op::ReserveFund, dice.pick(&[Amount::Exact, Amount::Exact, Amount::One, Amount::Max]));
            dice.pick(&[
                exact(Op::CreditIssue),
                exact(Op::CreditIssue),
                exact(Op::CreditIssue),
                fund,
                fund,
                exact(Op::CreditCancelOffer),
                exact(Op::CreditSetFreezeAuthority),
            ])
        }
        Status::Active => active(dice),
        Status::Delinquent => delinquent(dice),
        Status::Defaulted => defaulted(dice),
        Status::Seizing => seizing(dice),
        Status::Repaid => repaid(credit, crowded, dice),
        Status::Closed => exact(Op::CreditOffer),
    }
}

/// Chooses an operation for an active loan.
fn active(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(20) {
        0..=2 => {
            (Op::CreditRepay, dice.pick(&[Amount::Lesser, Amount::Lesser, Amount::Part(500), Amount::One]))
        }
        3..=5 => exact(Op::CreditMarkDelinquent),
        6..=8 => (Op::UsageMeter, any(dice)),
        9 => (Op::CreditFreeze, any(dice)),
        10 => (Op::CreditThaw, any(dice)),
        11 => exact(Op::CovenantApply),
        12 => exact(Op::CreditGiveNotice),
        13 => (Op::ReserveFund, any(dice)),
        14 => exact(Op::ReserveDraw),
        15 => exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::CreditRestructure])),
        16 => exact(Op::CreditExpireUnits),
        17 => (Op::CreditWaiveFee, Amount::Exact),
        18 => exact(Op::VaultCollect),
        _ if dice.one_in(6) => exact(Op::CreditRepay),
        _ if dice.one_in(3) => hand_over(dice),
        _ => exact(Op::CreditMarkDelinquent),
    }
}

/// Chooses an operation for a delinquent loan.
fn delinquent(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(16) {
        0..=4 => exact(Op::CreditMarkDefaulted),
        5 => (Op::CreditFreeze, any(dice)),
        6 => (Op::CreditThaw, any(dice)),
        7..=8 => (Op::UsageMeter, any(dice)),
        9 => (Op::CreditRepay, any(dice)),
        10 => (Op::CreditWaiveFee, any(dice)),
        11 => exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::CreditRestructure])),
        12 => exact(dice.pick(&[Op::CreditGiveNotice, Op::CreditSetFreezeAuthority, Op::VaultCollect])),
        13 => (dice.pick(&[Op::ReserveFund, Op::ReserveDraw]), Amount::Exact),
        14 => exact(Op::CreditExpireUnits),
        _ if dice.one_in(3) => hand_over(dice),
        _ => (Op::CreditRepay, Amount::Lesser),
    }
}

/// Chooses an operation for a defaulted loan.
fn defaulted(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(20) {
        0 => exact(Op::CreditAutoFreeze),
        1..=5 => (
            Op::CreditSeizeToPool,
            dice.pick(&[Amount::Part(3_000), Amount::One, Amount::Exact, Amount::Max]),
        ),
        6 => (Op::CreditSeizeToLender, any(dice)),
        7 => (Op::CreditFreeze, any(dice)),
        8 => (Op::CreditThaw, any(dice)),
        9..=10 => (Op::UsageMeter, any(dice)),
        11 => (Op::CreditRepay, any(dice)),
        12 => {
            exact(dice.pick(&[Op::CreditWithdrawNotice, Op::CreditRestructure, Op::CreditSetFreezeAuthority]))
        }
        13 => (dice.pick(&[Op::ReserveFund, Op::ReserveDraw]), Amount::Exact),
        14 => (Op::CreditWaiveFee, any(dice)),
        15 => exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::VaultCollect])),
        16 if dice.one_in(3) => exact(Op::CreditWriteOff),
        17 => exact(Op::CreditExpireUnits),
        18 => hand_over(dice),
        _ => exact(Op::CreditAutoFreeze),
    }
}

/// Chooses an operation for a loan whose collateral is being sold.
fn seizing(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(22) {
        0..=5 => (Op::LotBuy, any(dice)),
        6..=8 => exact(Op::LotClose),
        9..=10 => (Op::CreditSeizeToPool, any(dice)),
        11 => (Op::CreditSeizeToLender, any(dice)),
        12 => (Op::CreditFreeze, any(dice)),
        13 => (Op::CreditThaw, any(dice)),
        14..=15 => (Op::UsageMeter, any(dice)),
        16 => (Op::CreditRepay, any(dice)),
        17 => exact(Op::VaultCollect),
        18 if dice.one_in(2) => exact(Op::CreditWriteOff),
        19 => {
            exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::CreditSetFreezeAuthority]))
        }
        20 => exact(dice.pick(&[Op::ReserveDraw, Op::CreditExpireUnits])),
        21 if dice.one_in(2) => (Op::CreditWaiveFee, any(dice)),
        21 => hand_over(dice),
        _ => exact(Op::LotClose),
    }
}

/// Chooses an operation for a repaid loan. In a crowded lab, one with many unrestricted credits, those are closed as well.
fn repaid(credit: &Credit, crowded: bool, dice: &mut Dice) -> (Op, Amount) {
    match dice.below(12) {
        0..=2 => exact(Op::VaultCollect),
        3..=4 => exact(Op::VaultClose),
        5..=6 => (Op::UsageMeter, any(dice)),
        7 => exact(Op::LotClose),
        8 => exact(Op::CreditExpireUnits),
        9 if dice.one_in(2) => hand_over(dice),
        _ if crowded || !credit.is_unrestricted() || dice.one_in(3) => exact(Op::CreditClose),
        _ => (Op::UsageMeter, any(dice)),
    }
}
