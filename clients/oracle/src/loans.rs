//! Random loans: most of them walked through the program's own actions, the rest with any number in any field.

use {
    crate::{
        draw::{key, one_in, part, wild, wild_time},
        figures::{self, Given},
        value::{hex, object},
    },
    anchor_lang::Discriminator,
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{FreezeAmount, UnitBounds},
            state::{
                Collateral, Credit, Debt, FreezeReason, MAX_INSTALMENTS, MarketClock, Meter, Provider, Rider,
                Terms, VaultClaims,
            },
            transitions::Status,
        },
    },
    bytemuck::{Zeroable, bytes_of},
    rand::{Rng, rngs::StdRng},
    serde_json::{Value, json},
};

const DAY: u32 = 86_400;

/// A loan in JSON: its account, what the figures take besides, and the figures.
pub(crate) fn draw(rng: &mut StdRng) -> Value {
    let walked = !one_in(rng, 4);
    let (credit, market) = if walked { walk(rng) } else { (wild_loan(rng), wild_time(rng)) };
    let paused = rng.random_range(0..1_000_000);
    let at = match one_in(rng, 4) {
        true => deadline(rng, &credit),
        false => market.saturating_add(part(rng, 100 * u64::from(DAY)) as i64),
    };
    let clock = clock_at(at, paused);
    let debt = credit.debt.total();
    let amount = if one_in(rng, 3) { wild(rng) } else { part(rng, debt.saturating_mul(2)) };
    let units = if one_in(rng, 3) { wild(rng) } else { part(rng, credit.collateral.granted) };
    let given = Given { clock, amount, units, bps: rng.random_range(0..=10_001) };
    json!({
        "kind": "loan",
        "account": hex(&[Credit::DISCRIMINATOR, bytes_of(&credit)].concat()),
        "given": object([
            ("chain", &clock.chain), ("market", &clock.market), ("amount", &amount), ("units", &units),
            ("bps", &given.bps),
        ]),
        "figures": figures::all(&credit, &given),
        "searches": one_in(rng, 8).then(|| figures::searches(&credit, &given)),
    })
}

/// A second around the moment at which something about a credit changes by time alone.
fn deadline(rng: &mut StdRng, credit: &Credit) -> i64 {
    let due_after = credit.due_after[rng.random_range(0..MAX_INSTALMENTS)];
    let due = credit.issued_at.saturating_add(i64::from(due_after));
    let (terms, after) = (&credit.terms, |at: i64, seconds: u32| at.saturating_add(i64::from(seconds)));
    let deadlines = [
        due,
        after(due, terms.delinquency_grace),
        after(due, terms.default_grace),
        after(credit.defaulted_at, terms.cure_period),
        after(credit.reserve_drawn_at, terms.delinquency_grace),
        after(credit.meter.reported_at, terms.longest_job),
        credit.units_expire_at,
        terms.offer_expires_at,
    ];
    deadlines[rng.random_range(0..deadlines.len())].saturating_add(rng.random_range(-1..=1))
}

fn clock_at(market: i64, paused: i64) -> MarketClock {
    MarketClock { chain: market.saturating_add(paused), market, is_paused: false, is_halted: false }
}

/// A loan on random terms, as issued.
fn issued(rng: &mut StdRng) -> Credit {
    let mut credit = Credit::zeroed();
    credit.status = Status::Active.byte();
    credit.blockable = 1;
    (credit.lender, credit.borrower, credit.provider, credit.market) =
        (key(rng), key(rng), key(rng), key(rng));
    (credit.nonce, credit.offer_slot) = (rng.random(), rng.random());
    let count = rng.random_range(1..=MAX_INSTALMENTS);
    credit.instalment_count = count as u8;
    let every = rng.random_range(1..40) * DAY;
    let bits = rng.random_range(21..50);
    let principal = rng.random_range(1_000_000..1u64 << bits);
    let each = principal / count as u64;
    for place in 0..count {
        credit.due_after[place] = every * (place as u32 + 1);
        credit.principal_due[place] = if one_in(rng, 5) { 0 } else { each };
    }
    let others: u64 = credit.principal_due[..count - 1].iter().sum();
    credit.principal_due[count - 1] = principal - others;
    credit.terms = terms(rng, principal);
    credit.rider = rider(rng, principal, credit.terms.units);
    credit.covenant.apr_bps = rng.random_range(0..=5_000);
    credit.issued_at = rng.random_range(1_700_000_000..1_800_000_000);
    credit.debt = Debt { principal, accrued_at: credit.issued_at, ..Debt::default() };
    credit.collateral = Collateral {
        granted: credit.terms.units,
        locked_at_issue: credit.terms.units - credit.terms.unlocked_ahead,
        ..Collateral::default()
    };
    credit.holdback_left = credit.terms.holdback;
    credit.reserve_held = part(rng, credit.rider.reserve);
    if one_in(rng, 3) {
        credit.units_expire_at = credit.issued_at + rng.random_range(0..400 * i64::from(DAY));
    }
    credit
}

fn terms(rng: &mut StdRng, principal: u64) -> Terms {
    // Cheap units by most loans; by the others dear ones, of which one costs several micro-USDC.
    let most = if one_in(rng, 3) { principal } else { principal.saturating_mul(90) };
    let units = rng.random_range(principal / 1_000..=most);
    let unlocked_ahead = if one_in(rng, 3) { units } else { part(rng, units).max(1) };
    let value = u128::from(principal) * u128::from(units - unlocked_ahead) / u128::from(units);
    let delinquency_grace = rng.random_range(1..10) * DAY;
    Terms {
        principal,
        units,
        unlocked_ahead,
        holdback: if one_in(rng, 3) { 0 } else { part(rng, value as u64) },
        late_fee: part(rng, principal / 100),
        offer_expires_at: if one_in(rng, 2) { 0 } else { wild_time(rng) },
        delinquency_grace,
        default_grace: delinquency_grace + rng.random_range(1..20) * DAY,
        cure_period: rng.random_range(1..20) * DAY,
        apr_bps: if one_in(rng, 5) { 0 } else { rng.random_range(0..=10_000) },
        holdback_apr_bps: rng.random_range(0..=2_000),
        freeze_policy: rng.random_range(0..3),
        auto_freeze: rng.random_range(0..3),
        ..Terms::zeroed()
    }
}

fn rider(rng: &mut StdRng, principal: u64, units: u64) -> Rider {
    if one_in(rng, 2) {
        return Rider::default();
    }
    Rider {
        planned_units: part(rng, units),
        reserve: if one_in(rng, 2) { 0 } else { part(rng, principal / 4) },
        covenant_window: if one_in(rng, 2) { 0 } else { 7 * DAY },
        pay_in_kind_bps: if one_in(rng, 2) { 0 } else { rng.random_range(0..=10_000) },
        breach_notice: 1,
        ..Rider::default()
    }
}

/// A loan after random actions, and the market time of the last one. Actions that are refused change nothing.
pub(crate) fn walk(rng: &mut StdRng) -> (Credit, i64) {
    let mut credit = issued(rng);
    let mut provider = Provider { outstanding_units: u64::MAX, ..Provider::zeroed() };
    let mut now = credit.issued_at;
    for _ in 0..rng.random_range(0..16) {
        now += rng.random_range(0..20 * i64::from(DAY));
        let clock = clock_at(now, 0);
        let (mut tried, mut at_provider) = (credit, provider);
        if step(&mut tried, &mut at_provider, &clock, rng).is_ok() {
            (credit, provider) = (tried, at_provider);
        }
    }
    (credit, now)
}

fn step(
    credit: &mut Credit,
    provider: &mut Provider,
    clock: &MarketClock,
    rng: &mut StdRng,
) -> anchor_lang::Result<()> {
    let lender = credit.lender;
    match rng.random_range(0..12) {
        0 | 1 => credit.mark_delinquent(clock).map(drop),
        2 => credit.mark_defaulted(clock).map(drop),
        3 => credit.accrue(clock.market),
        4 => {
            let amount = [FreezeAmount::All, FreezeAmount::Bps(3_000), FreezeAmount::Shortfall];
            let amount = amount[rng.random_range(0..3)];
            let reason = if one_in(rng, 2) { FreezeReason::Risk } else { FreezeReason::MissedPayment };
            credit.freeze(&lender, amount, reason, None, clock).map(drop)
        }
        5 => {
            let amount = UnitBounds { least: 1, most: part(rng, credit.collateral.granted).max(1) };
            credit.take_over(Pubkey::default(), amount, clock).map(drop)
        }
        6 | 7 => {
            let used = part(rng, credit.collateral.available() / 4);
            credit.collateral.consumed += used;
            credit.meter.cumulative += used;
            credit.meter.in_flight = part(rng, credit.collateral.available());
            credit.collateral.fit_frozen();
            Ok(())
        }
        8 => {
            let covered = credit.covered()?;
            let units = part(rng, covered);
            credit.collateral.cancel(units)?;
            provider.outstanding_units -= units;
            Ok(())
        }
        _ => {
            let most = credit.debt.total().max(1);
            let amount = if one_in(rng, 2) { credit.arrears().max(1) } else { part(rng, most).max(1) };
            let paid = credit.begin_payment(amount, clock)?;
            credit.receive_payment(lender, paid).map(drop)
        }
    }
}

/// A credit with any number in any field, and a market time.
pub(crate) fn wild_case(rng: &mut StdRng) -> (Credit, i64) {
    (wild_loan(rng), wild_time(rng))
}

/// A credit with any number in any field. Due dates ascend, as they do in every account.
fn wild_loan(rng: &mut StdRng) -> Credit {
    let mut credit = Credit::zeroed();
    credit.status = rng.random_range(0..9);
    (credit.lender, credit.borrower, credit.provider, credit.market) =
        (key(rng), key(rng), key(rng), key(rng));
    if one_in(rng, 2) {
        (credit.original_lender, credit.original_borrower) = (key(rng), key(rng));
    }
    let count = rng.random_range(0..=MAX_INSTALMENTS);
    credit.instalment_count = count as u8;
    credit.due_after = std::array::from_fn(|_| wild(rng) as u32);
    credit.due_after[..count].sort_unstable();
    credit.principal_due = std::array::from_fn(|_| if one_in(rng, 3) { 0 } else { wild(rng) });
    credit.terms = wild_terms(rng);
    credit.rider = Rider {
        reserve: wild(rng),
        covenant_window: rng.random_range(0..2),
        pay_in_kind_bps: rng.random_range(0..=10_000),
        ..Rider::default()
    };
    credit.debt = wild_debt(rng, count);
    credit.collateral = wild_units(rng);
    credit.meter = Meter {
        in_flight: wild(rng),
        promised: wild(rng),
        lapsed: wild(rng),
        promised_at: wild_time(rng),
        ..Meter::default()
    };
    let claims = [wild(rng), wild(rng), wild(rng), wild(rng), wild(rng)];
    credit.claims = bytemuck::cast::<[u64; 5], VaultClaims>(claims);
    (credit.principal_repaid, credit.recovered) = (wild(rng), wild(rng));
    (credit.issued_at, credit.defaulted_at) = (wild_time(rng), wild_time(rng));
    (credit.restructured_at, credit.units_expire_at) = (wild_time(rng), wild_time(rng));
    (credit.reserve_held, credit.reserve_drawn_at) = (wild(rng), wild_time(rng));
    (credit.holdback_left, credit.capitalised) = (wild(rng), wild(rng));
    credit.paused_at_offer = wild(rng);
    credit.notice_given = rng.random_range(0..2);
    credit.covenant.apr_bps = rng.random();
    credit
}

fn wild_terms(rng: &mut StdRng) -> Terms {
    Terms {
        principal: wild(rng),
        units: wild(rng),
        unlocked_ahead: wild(rng),
        holdback: wild(rng),
        late_fee: wild(rng),
        offer_expires_at: wild_time(rng),
        delinquency_grace: wild(rng) as u32,
        default_grace: wild(rng) as u32,
        cure_period: wild(rng) as u32,
        apr_bps: rng.random(),
        holdback_apr_bps: rng.random(),
        freeze_policy: rng.random_range(0..4),
        ..Terms::zeroed()
    }
}

fn wild_debt(rng: &mut StdRng, count: usize) -> Debt {
    Debt {
        principal: wild(rng),
        schedule_paid: wild(rng),
        interest_due: wild(rng),
        interest_accrued: wild(rng),
        interest_remainder: rng.random_range(0..315_360_000_000),
        late_fees: wild(rng),
        accrued_at: wild_time(rng),
        arrears_since: wild_time(rng),
        instalments_billed: rng.random_range(0..=count) as u8,
        instalments_late_checked: rng.random_range(0..=count) as u8,
        ..Debt::default()
    }
}

fn wild_units(rng: &mut StdRng) -> Collateral {
    let draws = std::array::from_fn::<u64, 10, _>(|_| wild(rng));
    let mut units = bytemuck::cast::<[u64; 10], Collateral>(draws);
    if one_in(rng, 2) {
        units.granted = units.granted.max(units.consumed).max(units.cancelled);
    }
    units
}
