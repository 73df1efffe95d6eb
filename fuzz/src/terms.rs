use {
    super::{
        dice::Dice,
        lab::{actor, cast},
    },
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{LotTerms, OfferArgs},
            state::{
                Credit, Instalment, Market, MarketSettings, Provider, Rider, ScheduleRuns, TermBounds, Terms,
            },
        },
    },
};

const DAY: u32 = 86_400;

/// A schedule of `count` instalments, `interval` seconds apart, that adds up to `principal`.
fn schedule(principal: u64, count: u32, interval: u32, bullet: bool) -> Vec<Instalment> {
    let mut left = principal;
    let instalment = |number: u32| {
        let share = if bullet { 0 } else { principal / u64::from(count) };
        let due = if number == count { left } else { share.min(left) };
        left -= due;
        Instalment { due_after: number.saturating_mul(interval), principal: due }
    };
    (1..=count).map(instalment).collect()
}

/// Terms, mostly within the bounds, for a principal; and their schedule for what of it is outstanding.
pub fn terms(
    principal: u64,
    outstanding: u64,
    market: &Market,
    provider: &Provider,
    now: i64,
    dice: &mut Dice,
) -> (Terms, Vec<Instalment>) {
    let bounds = &market.bounds;
    let count = if dice.one_in(30) { 36 } else { 1 + dice.below(6) as u32 };
    let scale = dice.pick(&[60, 3_600, DAY, 30 * DAY]);
    let interval = scale.max(bounds.min_instalment_interval).min(bounds.max_term / count).max(1);
    let is_locked = dice.one_in(2);
    // With a lock every instalment has to open something.
    let bullet = dice.one_in(if is_locked { 40 } else { 5 });
    let schedule = schedule(outstanding, count, interval, bullet);
    let last = schedule.last().map_or(0, |instalment| instalment.due_after);
    let most_fee = u128::from(principal) * u128::from(bounds.max_late_fee_bps) / 10_000 / u128::from(count);
    let grace = dice.pick(&[0, scale / 2, scale * 2]).max(bounds.min_delinquency_grace);
    let default_grace = (grace + dice.pick(&[1, scale])).max(bounds.min_default_grace);
    let cure_period = dice.pick(&[0, 1, scale, scale * 2]).max(bounds.min_cure_period);
    // The shortest lifetime that is allowed, longer ones, and now and then one that is too short.
    let recovery = cure_period.saturating_add(bounds.min_lot_window);
    let shortest = last.saturating_add(default_grace).saturating_add(recovery.saturating_mul(2));
    let lifetime =
        if dice.one_in(20) { last } else { shortest.saturating_add(dice.pick(&[0, scale, scale * 8])) };
    let units = dice.pick(&[1, 3, 999, 1_000_003, 1_000_000_000, 100_000_000_000, 777_777]);
    let units = if dice.one_in(20) { units } else { units.min(principal.saturating_mul(100)).max(1) };
    // A lock in half of the loans, from a unit ahead to all but one; a holdback in two thirds of those, from a micro-USDC to all.
    let ahead = if is_locked { dice.pick(&[units / 2, units / 24, units - 1, 1, units / 8]) } else { units };
    let ahead = ahead.max(1);
    let sealed = u128::from(units - ahead.min(units)) * u128::from(principal) / u128::from(units.max(1));
    let sealed = sealed.min(u128::from(u64::MAX)) as u64;
    let holdback = dice.pick(&[0, 0, sealed, sealed, sealed / 2, sealed / 4, 1]).min(sealed);
    let apr_bps = dice.pick(&[0, 1, 1_200, bounds.max_apr_bps, 3_333]).min(bounds.max_apr_bps);
    let holdback_apr_bps = if holdback == 0 { 0 } else { dice.pick(&[0, apr_bps / 2, apr_bps / 4, apr_bps]) };
    let freeze_policy = dice.pick(&[0, 0, 1, 2]);
    let terms = Terms {
        principal,
        units,
        unlocked_ahead: ahead,
        holdback,
        holdback_apr_bps,
        late_fee: dice.pick(&[0, 1, most_fee as u64, most_fee as u64]).min(most_fee as u64),
        offer_expires_at: if dice.one_in(3) { now + i64::from(scale) * 4 } else { 0 },
        delinquency_grace: grace,
        default_grace,
        cure_period,
        unit_lifetime: if dice.one_in(3) { lifetime } else { 0 },
        apr_bps,
        freeze_policy,
        auto_freeze: dice.pick(&[0, 2, if freeze_policy == 2 { 2 } else { 1 }]),
        reserved: [0; 6],
        max_units_per_second: share_of(provider.settings.max_units_per_second, dice),
        longest_job: share_of(provider.settings.longest_job.into(), dice) as u32,
        reporters_hash: provider.reporters_hash(),
    };
    (terms, schedule)
}

/// A bound of a credit: mostly the provider's own, else a part of it.
fn share_of(bound: u64, dice: &mut Dice) -> u64 {
    dice.pick(&[bound, bound, bound / 2, 1]).max(1)
}

fn rider(terms: &Terms, bounds: &TermBounds, dice: &mut Dice) -> Rider {
    let is_locked = terms.unlocked_ahead < terms.units && !dice.one_in(40);
    let in_kind = !is_locked && dice.one_in(3);
    let mut rider = Rider {
        reserve: if dice.one_in(3) { dice.pick(&[1, terms.principal / 10, terms.principal]) } else { 0 },
        pay_in_kind_bps: if in_kind { dice.pick(&[1, 5_000, 10_000]) } else { 0 },
        breach_notice: dice.below(2) as u8,
        cross_default: dice.below(2) as u8,
        ..Rider::default()
    };
    rider.reserve = rider.reserve.min(terms.principal);
    if dice.one_in(2) {
        rider.covenant_window = bounds.min_instalment_interval.max(dice.pick(&[60, 3_600, DAY]));
        let plans = [1, terms.units, terms.units / 4 + 1];
        rider.planned_units = if is_locked { 1 } else { dice.pick(&plans) };
        rider.high_bps = dice.pick(&[8_000, 2, 65_535]);
        rider.low_bps = dice.pick(&[1, 4_000, 7_999]).min(rider.high_bps - 1);
        rider.apr_step_bps = dice.pick(&[0, 100, 65_535]);
        rider.apr_floor_bps = (terms.apr_bps / 2).max(terms.holdback_apr_bps);
        rider.apr_ceiling_bps = bounds.max_apr_bps;
        rider.top_up_bps = dice.pick(&[0, 500, 10_000]);
    }
    rider
}

/// An offer, mostly within the bounds of its market.
pub fn offer(nonce: u64, market: &Market, provider: &Provider, now: i64, dice: &mut Dice) -> OfferArgs {
    let bounds = market.bounds;
    let sizes = [1, 7, 1_000, 1_000_000, 100_000_000_000, 10_000_000_000_000_000, 123_456_789];
    let principal = dice.pick(&sizes).max(bounds.min_principal).min(bounds.max_principal);
    let (mut terms, mut schedule) = terms(principal, principal, market, provider, now, dice);
    let mut rider = rider(&terms, &bounds, dice);
    if dice.one_in(12) {
        match dice.below(21) {
            17 => terms.holdback = terms.holdback.saturating_add(dice.pick(&[1, terms.principal])),
            18 => terms.holdback_apr_bps = terms.holdback_apr_bps.saturating_add(1).max(terms.apr_bps),
            19 => rider.cross_default = 2,
            20 => terms.unlocked_ahead = dice.pick(&[0, terms.units.saturating_add(1)]),
            0 => terms.principal = 0,
            1 => terms.units = 0,
            2 => terms.principal = u64::MAX,
            3 => terms.units = u64::MAX,
            4 => terms.apr_bps = bounds.max_apr_bps.saturating_add(1),
            5 => terms.late_fee = u64::MAX,
            6 => terms.default_grace = terms.delinquency_grace,
            7 => terms.freeze_policy = 3,
            8 => schedule.clear(),
            9 => schedule[0].principal = u64::MAX,
            10 => schedule[0].due_after = u32::MAX,
            11 => rider.reserve = terms.principal + 1,
            12 => rider.low_bps = u16::MAX,
            13 => terms.reporters_hash[0] ^= 1,
            14 => terms.max_units_per_second = provider.settings.max_units_per_second.saturating_add(1),
            15 => terms.longest_job = provider.settings.longest_job.saturating_add(1),
            _ => terms.offer_expires_at = now - 1,
        }
    }
    let freeze_authority = actor(dice.pick(&[10, 10, 2, 12]));
    OfferArgs { nonce, freeze_authority, terms, rider, schedule: ScheduleRuns::from_schedule(&schedule) }
}

/// Terms of a lot, around the bounds.
pub fn lot(credit: &Credit, market: &Market, dice: &mut Dice) -> LotTerms {
    let paid = credit.price_paid().unwrap_or(1);
    let least =
        |bps: u16| (u128::from(paid) * u128::from(bps)).div_ceil(10_000).min(u128::from(u64::MAX)) as u64;
    let (start, floor) = (least(market.bounds.min_start_price_bps), least(market.bounds.min_floor_price_bps));
    let highest = u128::from(paid) * u128::from(market.bounds.max_start_price_bps) / 10_000;
    let highest = highest.min(u128::from(u64::MAX)) as u64;
    let start_price = dice.pick(&[
        paid,
        start,
        highest,
        start.saturating_sub(1),
        paid,
        highest.saturating_add(1),
        u64::MAX,
    ]);
    let floor_price = dice.pick(&[floor, paid / 2, floor, start_price, floor.saturating_sub(1)]).max(1);
    let windows =
        [market.bounds.min_lot_window, market.bounds.max_lot_window, DAY.min(market.bounds.max_lot_window)];
    let window = if dice.one_in(20) { u32::MAX } else { dice.pick(&windows) };
    LotTerms { start_price: start_price.max(1), floor_price: floor_price.min(start_price.max(1)), window }
}

/// Settings near those of a market: tighter, looser, or out of bounds.
pub fn settings(market: &Market, treasuries: &[Pubkey], dice: &mut Dice) -> MarketSettings {
    let mut settings = market.settings();
    let bounds = &mut settings.bounds;
    for _ in 0..=dice.below(2) {
        match dice.below(20) {
            18 => {
                settings.min_suspension =
                    dice.pick(&[0, 1, 600, 2 * DAY - 1, 2 * DAY, 60 * DAY, 60 * DAY + 1]);
            }
            0 => bounds.max_apr_bps = dice.pick(&[10_000, 5_000, 20_000]),
            1 => bounds.max_late_fee_bps = dice.pick(&[1_000, 500, 999]),
            2 => bounds.min_cure_period = dice.pick(&[0, 60, DAY]),
            3 => bounds.min_delinquency_grace = dice.pick(&[0, 60, DAY]),
            4 => bounds.min_default_grace = dice.pick(&[1, 120, 2 * DAY]),
            5 => bounds.min_start_price_bps = dice.pick(&[1_000, 5_000, 10_000, 10_001]),
            14 => bounds.max_start_price_bps = dice.pick(&[9_999, 10_000, 20_000, 30_000, 30_001]),
            6 => bounds.min_floor_price_bps = dice.pick(&[0, 1_000, 2_000]),
            7 => bounds.min_lot_window = dice.pick(&[60, 3_600, 3 * DAY, 0]),
            8 => bounds.max_term = dice.pick(&[3_660 * DAY, 3_650 * DAY]),
            9 => settings.redistribution_fee_bps = dice.pick(&[0, 200, 1_000, 1_001]),
            10 => settings.change_delay = dice.pick(&[0, 1, 3_600, 2 * DAY, 2 * DAY + 1, 60 * DAY, 61 * DAY]),
            15 => settings.provider_delay = dice.pick(&[0, 1, 600, DAY / 4 - 1, DAY / 4, 14 * DAY, 15 * DAY]),
            16 => settings.guardian = dice.pick(&cast().actors),
            11 => bounds.min_principal = dice.pick(&[1, 1_000_000, 0]),
            12 => bounds.max_principal = dice.pick(&[1_000_000_000_000_000_000, 900_000_000_000_000_000]),
            _ => settings.treasury = dice.pick(treasuries),
        }
    }
    settings
}
