use {
    super::*,
    crate::{
        errors::BlockableError,
        state::{
            CHANGE_LIFETIME, MAX_CHANGE_DELAY, MAX_PAUSE_PER_30_DAYS, MAX_PAUSE_PER_DAY, MAX_PRINCIPAL,
            MAX_PROVIDER_DELAY, MAX_REDISTRIBUTION_FEE_BPS, MIN_CHANGE_DELAY, MIN_PROVIDER_DELAY, Market,
            MarketSettings, TermBounds, shortest_delay, shortest_provider_delay,
        },
    },
    anchor_lang::prelude::Pubkey,
};

fn settings() -> MarketSettings {
    let bounds = TermBounds {
        min_principal: 10_000,
        max_principal: 20_000,
        min_instalment_interval: 100,
        max_term: 1_000,
        min_delinquency_grace: 10,
        min_default_grace: 20,
        min_cure_period: 30,
        min_lot_window: 40,
        max_lot_window: 50,
        max_apr_bps: 500,
        max_late_fee_bps: 1_000,
        min_start_price_bps: 5_000,
        max_start_price_bps: 20_000,
        min_floor_price_bps: 1_000,
        reserved: [0; 2],
    };
    MarketSettings {
        redistribution_fee_bps: 200,
        change_delay: 300_000,
        provider_delay: 30_000,
        min_suspension: 300_000,
        guardian: Pubkey::new_from_array([8; 32]),
        treasury: Pubkey::new_from_array([7; 32]),
        bounds,
    }
}

/// A field moved by a number of steps, up or down.
type Move = fn(&mut MarketSettings, i64);

macro_rules! moves {
    ($($($field:ident).+),*) => {
        [$((|settings: &mut MarketSettings, by: i64| {
            settings.$($field).+ = (i64::try_from(settings.$($field).+).unwrap() + by).try_into().unwrap();
        }) as Move),*]
    };
}

/// Fields that give less the larger they are.
const TIGHTER_UPWARDS: [Move; 7] = moves!(
    change_delay,
    provider_delay,
    bounds.min_principal,
    bounds.min_instalment_interval,
    bounds.min_delinquency_grace,
    bounds.min_default_grace,
    bounds.min_cure_period
);

/// Fields that give less the smaller they are.
const TIGHTER_DOWNWARDS: [Move; 5] = moves!(
    redistribution_fee_bps,
    bounds.max_principal,
    bounds.max_term,
    bounds.max_apr_bps,
    bounds.max_late_fee_bps
);

/// Fields that decide the price of collateral: what one side gains the other loses.
const NEITHER_WAY: [Move; 5] = moves!(
    bounds.min_lot_window,
    bounds.max_lot_window,
    bounds.min_start_price_bps,
    bounds.max_start_price_bps,
    bounds.min_floor_price_bps
);

fn moved(change: Move, by: i64) -> MarketSettings {
    let mut settings = settings();
    change(&mut settings, by);
    settings
}

#[test]
fn each_field_tightens_one_way_and_loosens_the_other() {
    let current = settings();
    for (index, change) in TIGHTER_UPWARDS.into_iter().enumerate() {
        assert!(moved(change, 1).is_tightening(&current), "field {index} up");
        assert!(!moved(change, -1).is_tightening(&current), "field {index} down");
    }
    for (index, change) in TIGHTER_DOWNWARDS.into_iter().enumerate() {
        assert!(moved(change, -1).is_tightening(&current), "field {index} down");
        assert!(!moved(change, 1).is_tightening(&current), "field {index} up");
    }
}

#[test]
fn what_prices_collateral_waits_whichever_way_it_moves() {
    for (index, change) in NEITHER_WAY.into_iter().enumerate() {
        for by in [-1, 1] {
            assert!(!moved(change, by).is_tightening(&settings()), "field {index} by {by}");
        }
    }
}

#[test]
fn another_treasury_always_waits() {
    let other = MarketSettings { treasury: Pubkey::default(), ..settings() };
    assert!(!other.is_tightening(&settings()) && !settings().is_tightening(&other));
    assert!(settings().is_tightening(&settings()));
}

/// The guardian is the key that can stop an admin: it must have the delay to act before it is replaced.
#[test]
fn another_guardian_always_waits() {
    let other = MarketSettings { guardian: Pubkey::default(), ..settings() };
    assert!(!other.is_tightening(&settings()) && !settings().is_tightening(&other));
}

#[test]
fn a_delay_below_the_shortest_is_refused() {
    assert_eq!((shortest_delay(false), shortest_delay(true)), (172_800, 1));
    let bounds = TermBounds::PRODUCTION;
    let validate =
        |is_test, change_delay| MarketSettings { change_delay, bounds, ..settings() }.validate(is_test);
    let refused = || Err(BlockableError::ChangeDelayOutOfRange.into());
    let expected = [refused(), refused(), Ok(())];
    assert_eq!([0, 172_799, 172_800].map(|delay| validate(false, delay)), expected);
    assert_eq!([0, 1].map(|delay| validate(true, delay)), [refused(), Ok(())]);
}

/// In seconds and micro-USDC, as the documentation has them: nobody should have to work them out.
#[test]
fn the_limits_of_markets_for_real_money_are_those_published() {
    let expected = TermBounds {
        min_principal: 1_000_000,
        max_principal: 1_000_000_000_000_000_000,
        min_instalment_interval: 86_400,
        max_term: 316_224_000,
        min_delinquency_grace: 86_400,
        min_default_grace: 172_800,
        min_cure_period: 86_400,
        min_lot_window: 259_200,
        max_lot_window: 7_776_000,
        max_apr_bps: 10_000,
        max_late_fee_bps: 1_000,
        min_start_price_bps: 5_000,
        max_start_price_bps: 30_000,
        min_floor_price_bps: 1_000,
        reserved: [0; 2],
    };
    assert_eq!(TermBounds::PRODUCTION, expected);
    assert!(TermBounds::PRODUCTION.is_consistent());
    assert_eq!(MAX_PRINCIPAL, 1_000_000_000_000_000_000);
    assert_eq!([MIN_PROVIDER_DELAY, MAX_PROVIDER_DELAY], [21_600, 1_209_600]);
    assert_eq!([shortest_provider_delay(false), shortest_provider_delay(true)], [21_600, 1]);
    let seconds = [MIN_CHANGE_DELAY, CHANGE_LIFETIME, MAX_CHANGE_DELAY];
    assert_eq!(seconds, [172_800, 1_209_600, 5_184_000]);
    assert_eq!([MAX_PAUSE_PER_DAY, MAX_PAUSE_PER_30_DAYS], [21_600, 86_400]);
    assert_eq!(MAX_REDISTRIBUTION_FEE_BPS, 1_000);
}

#[test]
fn settings_come_out_as_they_went_in() {
    let mut market = Market::zeroed();
    market.apply(&settings());
    assert_eq!(market.settings(), settings());

    let other = MarketSettings {
        redistribution_fee_bps: 300,
        change_delay: 400_000,
        provider_delay: 40_000,
        ..settings()
    };
    market.set_proposal(&other, 99);
    assert_eq!(
        (market.settings(), market.proposed_settings(), market.change_ready_at),
        (settings(), other, 99)
    );
    market.drop_proposal();
    let untouched = {
        let mut market = Market::zeroed();
        market.apply(&settings());
        market
    };
    assert_eq!(bytemuck::bytes_of(&market), bytemuck::bytes_of(&untouched));
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// Many fields at once: a single one that loosens makes the whole change wait.
    #[test]
    fn a_change_tightens_exactly_when_each_field_does(steps in prop::collection::vec(-1i64..=1, 16), busy in 0u8..4) {
        let mut changed = settings();
        let mut tightens = true;
        let up = TIGHTER_UPWARDS.into_iter().map(|change| (change, [0, 1]));
        let down = TIGHTER_DOWNWARDS.into_iter().map(|change| (change, [0, -1]));
        let neither = NEITHER_WAY.into_iter().map(|change| (change, [0, 0]));
        for ((change, allowed), step) in up.chain(down).chain(neither).zip(steps) {
            // A quarter of the cases moves every field freely, the others mostly the way that tightens.
            let by = if busy == 0 { step } else if step == 0 { allowed[0] } else { allowed[1] };
            change(&mut changed, by);
            tightens &= allowed.contains(&by);
        }
        prop_assert_eq!(changed.is_tightening(&settings()), tightens);
        // What tightens cannot be taken back in one step, unless it was nothing.
        prop_assert!(!(tightens && changed != settings() && settings().is_tightening(&changed)));
    }

    #[test]
    fn tightening_twice_is_tightening(a in prop::collection::vec(0i64..9, 12), b in prop::collection::vec(0i64..9, 12)) {
        let tighten = |settings: &mut MarketSettings, steps: &[i64]| {
            let up = TIGHTER_UPWARDS.into_iter().map(|change| (change, 1));
            for ((change, sign), by) in up.chain(TIGHTER_DOWNWARDS.map(|change| (change, -1))).zip(steps) {
                change(settings, sign * by);
            }
        };
        let mut once = settings();
        tighten(&mut once, &a);
        let mut twice = once;
        tighten(&mut twice, &b);
        prop_assert!(once.is_tightening(&settings()) && twice.is_tightening(&once));
        prop_assert!(twice.is_tightening(&settings()));
    }
}
