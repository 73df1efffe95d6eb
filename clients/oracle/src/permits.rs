//! Random loans with their market, provider, a lot and a signer, each with the program's decision about every act.

mod acts;

use {
    crate::{
        draw::{key, one_in, part, wild},
        loans,
        value::{hex, object},
    },
    anchor_lang::Discriminator,
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{FreezeAmount, LotTerms, ThawBounds, UnitBounds},
            state::{Credit, Debt, FreezeReason, Lot, MAX_INSTALMENTS, Market, Party, Provider, TermBounds},
            transitions::Status,
        },
    },
    bytemuck::{Zeroable, bytes_of},
    rand::{Rng, rngs::StdRng},
    serde_json::{Value, json},
};

const DAY: i64 = 86_400;

/// The accounts that a decision rests on, and the signer's request.
#[derive(Clone)]
struct Case {
    market: Market,
    credit: Credit,
    provider: Provider,
    lot: Lot,
    other: Credit,
    other_key: Pubkey,
    party: Pubkey,
    now: i64,
    vault_is_frozen: bool,
    amount: UnitBounds,
    freeze: FreezeAmount,
    reason: FreezeReason,
    thaw: ThawBounds,
    pay: u64,
    must_cure: bool,
    lot_terms: LotTerms,
    max_price: u64,
    most_debt: u64,
    most_units: u64,
    least_status: Status,
    claim: Party,
    least: u64,
    to: Pubkey,
    signs_too: bool,
}

/// A case in JSON with the decision about each act: the figures of its effect, or `!` and the name of the error.
pub(crate) fn draw(rng: &mut StdRng) -> Value {
    let is_walked = !one_in(rng, 8);
    let (credit, at) = if is_walked { loans::walk(rng) } else { loans::wild_case(rng) };
    let case = case(rng, credit, at);
    let Case { amount, thaw, lot_terms, .. } = case;
    let (kind, number) = match case.freeze {
        FreezeAmount::All => ("All", 0),
        FreezeAmount::Units(units) => ("Units", units),
        FreezeAmount::Bps(bps) => ("Bps", u64::from(bps)),
        FreezeAmount::Shortfall => ("Shortfall", 0),
    };
    json!({
        "kind": "permits",
        "isWalked": is_walked,
        "market": hex(&[Market::DISCRIMINATOR, bytes_of(&case.market)].concat()),
        "credit": hex(&[Credit::DISCRIMINATOR, bytes_of(&case.credit)].concat()),
        "provider": hex(&[Provider::DISCRIMINATOR, bytes_of(&case.provider)].concat()),
        "lot": hex(&[Lot::DISCRIMINATOR, bytes_of(&case.lot)].concat()),
        "other": hex(&[Credit::DISCRIMINATOR, bytes_of(&case.other)].concat()),
        "vaultIsFrozen": case.vault_is_frozen,
        "mustCure": case.must_cure,
        "signsToo": case.signs_too,
        "given": object([
            ("otherKey", &case.other_key), ("party", &case.party), ("now", &case.now), ("to", &case.to),
            ("least", &amount.least), ("most", &amount.most), ("freeze", &Value::from(kind)),
            ("freezeNumber", &number), ("reason", &(case.reason as u8)), ("thaw", &thaw.most),
            ("keep", &thaw.keep), ("pay", &case.pay), ("startPrice", &lot_terms.start_price),
            ("floorPrice", &lot_terms.floor_price), ("window", &lot_terms.window),
            ("maxPrice", &case.max_price), ("mostDebt", &case.most_debt), ("mostUnits", &case.most_units),
            ("leastStatus", &case.least_status.byte()), ("claim", &(case.claim as u8)),
            ("leastClaim", &case.least),
        ]),
        "decisions": acts::decide(&case),
    })
}

fn case(rng: &mut StdRng, drawn: Credit, at: i64) -> Case {
    let mut credit = drawn;
    unsettle(rng, &mut credit);
    let (mut market, provider) = (market(rng, at), provider(rng, at));
    let lot = lot(rng, &credit, at);
    let now = moment(rng, &credit, &market, &provider, &lot, at);
    if one_in(rng, 8) {
        (market.paused_at, market.pause_expires_at) =
            (now - rng.random_range(0..100), now + rng.random_range(-50..100));
    }
    let mut other = credit;
    other.status = rng.random_range(3..6);
    if one_in(rng, 6) {
        other.borrower = key(rng);
    }
    let parties =
        [credit.lender, credit.freeze_authority, credit.borrower, lot.lender, credit.pending_lender];
    let party = match rng.random_range(0..11) {
        0..4 => credit.lender,
        4 | 5 => credit.borrower,
        6 => [key(rng), credit.pending_borrower][rng.random_range(0..2)],
        _ => parties[rng.random_range(0..parties.len())],
    };
    let price = credit.price_paid().unwrap_or(1_000_000).min(1 << 50);
    let start_price = price * rng.random_range(40..320) / 100;
    let debt = credit.debt.total();
    Case {
        other_key: if one_in(rng, 2) { credit.cross_credit } else { key(rng) },
        amount: amount(rng, &credit),
        freeze: freeze_amount(rng, &credit),
        reason: reason(rng),
        thaw: ThawBounds { most: amount(rng, &credit).most, keep: part(rng, credit.collateral.frozen()) },
        pay: if one_in(rng, 3) { credit.arrears() } else { part(rng, debt.saturating_mul(2)) },
        must_cure: rng.random(),
        lot_terms: LotTerms {
            start_price,
            floor_price: start_price * rng.random_range(5..102) / 100,
            window: if one_in(rng, 3) {
                3 * DAY as u32
            } else {
                rng.random_range(2 * DAY as u32..95 * DAY as u32)
            },
        },
        max_price: if one_in(rng, 3) { u64::MAX } else { part(rng, lot.start_price) },
        most_debt: if one_in(rng, 2) { u64::MAX } else { part(rng, debt) },
        most_units: if one_in(rng, 2) { u64::MAX } else { part(rng, credit.collateral.remaining()) },
        least_status: if one_in(rng, 3) { Status::Delinquent } else { Status::Active },
        claim: [Party::Lender, Party::Borrower, Party::Treasury, Party::Provider][rng.random_range(0..4)],
        least: if one_in(rng, 3) { 0 } else { part(rng, credit.claims.lender).max(1) },
        to: [key(rng), Pubkey::default(), credit.borrower][rng.random_range(0..3)],
        signs_too: rng.random(),
        vault_is_frozen: one_in(rng, 12),
        market,
        credit,
        provider,
        lot,
        other,
        party,
        now,
    }
}

/// Changes what random actions seldom reach: other statuses, keys, claims, lots, running jobs, offers of the places.
fn unsettle(rng: &mut StdRng, credit: &mut Credit) {
    credit.freeze_authority = if one_in(rng, 2) { credit.lender } else { key(rng) };
    credit.cross_credit = key(rng);
    if one_in(rng, 4) {
        credit.status = [0, 0, 0, 1, 4, 5, 5, 6, 6, 7, 8][rng.random_range(0..11)];
    }
    let is_ended = one_in(rng, 12);
    if is_ended {
        credit.status = Status::Repaid.byte();
    } else if one_in(rng, 3) {
        credit.collateral.seized = part(rng, credit.collateral.lien());
        // Random actions put nothing up for sale, and only what is for sale can be bought.
        if one_in(rng, 2) {
            credit.status = Status::Seizing.byte();
        }
    }
    if !credit.status().is_ok_and(Status::is_secured) {
        // Nothing is owed or held back before the units are live, and once all is paid.
        credit.debt = Debt { accrued_at: credit.debt.accrued_at, ..Debt::default() };
        credit.holdback_left = 0;
    }
    if one_in(rng, 3) {
        (credit.pending_lender, credit.pending_borrower) = (key(rng), key(rng));
        credit.pending_borrower_ready_at = credit.issued_at.saturating_add(rng.random_range(0..100 * DAY));
    }
    if one_in(rng, 3) {
        credit.meter.promised = part(rng, credit.meter.in_flight);
        credit.meter.promised_at = credit.issued_at.saturating_add(rng.random_range(0..200 * DAY));
    }
    let is_defaulted = credit.status == Status::Defaulted.byte();
    if one_in(rng, if is_defaulted { 2 } else { 6 }) {
        credit.notice_given = 1;
    }
    if one_in(rng, 2) {
        credit.rider.cross_default = 1;
    }
    if one_in(rng, 4) {
        credit.collateral.frozen_for_cross = part(rng, credit.collateral.freezable());
    }
    if one_in(rng, 5) {
        credit.reserve_drawn_at = credit.issued_at.saturating_add(rng.random_range(0..100 * DAY));
    }
    if one_in(rng, 3) {
        credit.claims.borrower = part(rng, 1_000_000);
        (credit.claims.lender, credit.claims.provider) = (part(rng, 1_000_000), part(rng, 1_000_000));
    }
    if one_in(rng, 3) {
        credit.claims = Zeroable::zeroed();
        (credit.holdback_left, credit.reserve_held) = (0, 0);
    }
    credit.lots_open = u32::from(!is_ended && one_in(rng, 4));
    credit.vault_closed = if is_ended { 1 } else { rng.random_range(0..2) };
}

fn market(rng: &mut StdRng, at: i64) -> Market {
    let mut market = Market::zeroed();
    market.bounds = TermBounds { min_lot_window: 3 * DAY as u32, ..TermBounds::PRODUCTION };
    market.paused_seconds = part(rng, 1_000_000);
    market.min_suspension = rng.random_range(1..30) * DAY as u32;
    if one_in(rng, 6) {
        market.halted_at = at;
        market.halt_lifts_at =
            if one_in(rng, 2) { 0 } else { at.saturating_add(rng.random_range(-DAY..DAY)) };
    }
    market
}

fn provider(rng: &mut StdRng, at: i64) -> Provider {
    let outstanding_units = if one_in(rng, 6) { wild(rng) } else { u64::MAX };
    let mut provider = Provider { outstanding_units, ..Provider::zeroed() };
    if one_in(rng, 2) {
        provider.suspended = rng.random_range(0..4);
        provider.admin_suspended_at = at.saturating_sub(rng.random_range(0..40 * DAY));
    }
    provider
}

fn lot(rng: &mut StdRng, credit: &Credit, at: i64) -> Lot {
    let mut lot = Lot::zeroed();
    lot.lender = if one_in(rng, 4) { key(rng) } else { credit.lender };
    lot.units = credit.collateral.seized;
    lot.units_left = part(rng, credit.collateral.seized);
    lot.start_price =
        credit.price_paid().unwrap_or(1_000).min(1 << 50).saturating_mul(rng.random_range(1..4));
    lot.floor_price = part(rng, lot.start_price);
    lot.opened_at = at.saturating_sub(rng.random_range(0..10 * DAY));
    lot.window = rng.random_range(1..20 * DAY as u32);
    lot
}

/// A chain time: most often at or beside a moment at which a decision changes by time alone.
fn moment(
    rng: &mut StdRng,
    credit: &Credit,
    market: &Market,
    provider: &Provider,
    lot: &Lot,
    at: i64,
) -> i64 {
    let (terms, after) = (&credit.terms, |at: i64, seconds: u32| at.saturating_add(i64::from(seconds)));
    let due = after(credit.issued_at, credit.due_after[rng.random_range(0..MAX_INSTALMENTS)]);
    let moments = [
        after(due, terms.delinquency_grace),
        after(due, terms.default_grace),
        after(credit.defaulted_at, terms.cure_period),
        after(credit.reserve_drawn_at, terms.delinquency_grace),
        after(credit.meter.promised_at, terms.cure_period),
        after(lot.opened_at, lot.window),
        after(provider.admin_suspended_at, market.min_suspension),
        credit.cancel_opens_at(),
        credit.units_expire_at,
        credit.pending_borrower_ready_at,
        market.halt_lifts_at,
        terms.offer_expires_at,
    ];
    let on_market = match one_in(rng, 2) {
        true => moments[rng.random_range(0..moments.len())].saturating_add(rng.random_range(-1..=1)),
        false => at.saturating_add(rng.random_range(0..60 * DAY)),
    };
    on_market.clamp(-(1 << 60), 1 << 60) + market.paused_seconds as i64
}

fn amount(rng: &mut StdRng, credit: &Credit) -> UnitBounds {
    let most = match rng.random_range(0..8) {
        0 => 0,
        1 => wild(rng),
        2 | 3 => part(rng, credit.collateral.granted),
        _ => u64::MAX,
    };
    UnitBounds {
        least: if one_in(rng, 3) { part(rng, most.min(credit.collateral.granted)) } else { 1 },
        most,
    }
}

fn freeze_amount(rng: &mut StdRng, credit: &Credit) -> FreezeAmount {
    match rng.random_range(0..4) {
        0 => FreezeAmount::All,
        1 => FreezeAmount::Units(part(rng, credit.collateral.granted)),
        2 => FreezeAmount::Bps(rng.random_range(0..=10_001)),
        _ => FreezeAmount::Shortfall,
    }
}

fn reason(rng: &mut StdRng) -> FreezeReason {
    use FreezeReason::{Breach, CrossDefault, Default, MissedPayment, Risk};
    [MissedPayment, Default, Breach, Risk, CrossDefault][rng.random_range(0..5)]
}
