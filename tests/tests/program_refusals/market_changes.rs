//! Refusals of changes to a market's settings. What waits, and for how long, is in `market_delay`.

use {
    crate::{
        attempt::{Attempt, foreign_mint},
        refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        program::state::{MarketSettings, TermBounds},
    },
    blockable_testkit::{DAY, Parties, World},
};

refusals! {
    market_propose_change by proposing {
        TreasuryMismatch: propose_with_another_account_than_the_treasury_named = |good| good.with_account_of("stranger", "treasury");
        TokenAccountMint: propose_a_treasury_of_another_mint = |good| {
            let mut good = good;
            let treasury = foreign_mint(&mut good.world).token_account(&Parties::address("treasury"));
            good.with(|world, _| propose(world, |settings| settings.treasury = treasury))
        };
        NotAdmin: propose_by_a_stranger = |good| good.signed_by("stranger");
        NotAdmin: propose_by_the_guardian = |good| good.signed_by("guardian");
        NotAdmin: propose_by_whom_the_place_is_offered_to = |good| {
            good.with_market(|market| market.pending_admin = Parties::address("stranger")).signed_by("stranger")
        };
        MarketPaused: propose_while_paused = |good| good.while_paused();
        ArithmeticOverflow: propose_at_an_impossible_time = |good| good.at_impossible_time();
        FeeTooHigh: propose_a_fee_above_ten_percent = |good| good.with_each(|world, _| vec![
            propose(world, |settings| settings.redistribution_fee_bps = 1_001),
            propose(world, |settings| settings.redistribution_fee_bps = u16::MAX),
        ]);
        ChangeDelayOutOfRange: propose_a_delay_out_of_range = |good| good.with_each(|world, _| vec![
            propose(world, |settings| settings.change_delay = 0),
            propose(world, |settings| settings.change_delay = 2 * DAY - 1),
            propose(world, |settings| settings.change_delay = 60 * DAY + 1),
        ]);
        ChangeDelayOutOfRange: propose_no_delay_in_a_test_market = |good| {
            good.with_market(|market| market.is_test = 1).with_each(|world, _| vec![
                propose(world, |settings| settings.change_delay = 0),
                propose(world, |settings| settings.change_delay = 60 * DAY + 1),
            ])
        };
        ProviderDelayOutOfRange: propose_a_providers_delay_out_of_range = |good| good.with_each(|world, _| vec![
            propose(world, |settings| settings.provider_delay = 0),
            propose(world, |settings| settings.provider_delay = DAY / 4 - 1),
            propose(world, |settings| settings.provider_delay = 14 * DAY + 1),
        ]);
        SuspensionOutOfRange: propose_a_time_of_suspension_out_of_range = |good| good.with_each(|world, _| vec![
            propose(world, |settings| settings.min_suspension = 0),
            propose(world, |settings| settings.min_suspension = 2 * DAY - 1),
            propose(world, |settings| settings.min_suspension = 60 * DAY + 1),
        ]);
        BoundsInconsistent: propose_bounds_that_contradict_each_other = |good| good.with_each(|world, _| vec![
            propose(world, |settings| settings.bounds.min_principal = 0),
            propose(world, |settings| settings.bounds.max_principal = settings.bounds.min_principal - 1),
            propose(world, |settings| settings.bounds.max_principal = TermBounds::PRODUCTION.max_principal + 1),
            propose(world, |settings| settings.bounds.min_instalment_interval = settings.bounds.max_term + 1),
            propose(world, |settings| settings.bounds.min_lot_window = 0),
            propose(world, |settings| settings.bounds.min_lot_window = settings.bounds.max_lot_window + 1),
            propose(world, |settings| settings.bounds.min_floor_price_bps = settings.bounds.min_start_price_bps + 1),
            propose(world, |settings| settings.bounds.min_start_price_bps = 10_001),
            propose(world, |settings| settings.bounds.max_start_price_bps = 9_999),
            propose(world, |settings| settings.bounds.reserved[0] = 1),
        ]);
        BoundsTooLoose: propose_bounds_looser_than_production = |good| good.with_each(|world, _| vec![
            propose(world, |settings| settings.bounds.min_principal -= 1),
            propose(world, |settings| settings.bounds.min_instalment_interval -= 1),
            propose(world, |settings| settings.bounds.max_term += 1),
            propose(world, |settings| settings.bounds.min_delinquency_grace -= 1),
            propose(world, |settings| settings.bounds.min_default_grace -= 1),
            propose(world, |settings| settings.bounds.min_cure_period -= 1),
            propose(world, |settings| settings.bounds.min_lot_window -= 1),
            propose(world, |settings| settings.bounds.max_lot_window += 1),
            propose(world, |settings| settings.bounds.max_apr_bps = 10_001),
            propose(world, |settings| settings.bounds.max_late_fee_bps += 1),
            propose(world, |settings| settings.bounds.min_start_price_bps -= 1),
            propose(world, |settings| settings.bounds.max_start_price_bps += 1),
            propose(world, |settings| settings.bounds.min_floor_price_bps -= 1),
        ]);
        NothingChanges: propose_what_is_in_force = |good| good.with(|world, _| propose(world, |_| ()));
        NothingChanges: propose_what_has_just_been_tightened = |good| good.after(|world, _| {
            let tighten = propose(world, |settings| settings.redistribution_fee_bps = 100);
            world.sent(&[tighten], &["admin"]);
        }).with(|world, _| propose(world, |_| ()));
    }
    market_apply_change by applying {
        NotAdmin: apply_by_a_stranger = |good| good.signed_by("stranger");
        NotAdmin: apply_by_the_guardian = |good| good.signed_by("guardian");
        ChangeLapsed: apply_what_was_ready_for_a_fortnight = |good| good.after(|world, _| {
            world.set_time(world.market().change_ready_at + i64::from(14 * DAY) + 1);
        });
        MarketPaused: apply_while_paused = |good| good.while_paused();
        ArithmeticOverflow: apply_at_an_impossible_time = |good| good.at_impossible_time();
        NoChangeProposed: apply_without_a_change = |good| good.with_market(|market| market.drop_proposal());
        ChangeReplaced: apply_another_change_than_the_one_that_was_read = |good| {
            good.with_market(|market| market.change_ready_at -= 1)
        };
        NoChangeProposed: apply_twice = |good| good.after(|world, _| {
            let apply = apply(world);
            world.sent(&[apply], &["admin"]);
        });
        NoChangeProposed: apply_what_was_cancelled = |good| good.after(|world, _| {
            let cancel = world.cancel_change_by("admin");
            world.sent(&[cancel], &["admin"]);
        });
        NoChangeProposed: apply_what_was_in_force_at_once = |good| {
            good.with_market(|market| market.drop_proposal()).after(|world, _| {
                let tighten = propose(world, |settings| settings.redistribution_fee_bps = 100);
                world.sent(&[tighten], &["admin"]);
            })
        };
        ChangeDelayRunning: apply_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        ChangeReplaced: apply_what_was_replaced_since = |good| good.after(propose_anew);
        ChangeDelayRunning: apply_what_was_proposed_anew = |good| good.after(propose_anew).with(|world, _| apply(world));
        ChangeDelayRunning: apply_before_paused_time_has_been_added = |good| good.after(|world, _| {
            world.set_time(world.now() - i64::from(DAY));
            let pause = world.pause_by("guardian", 21_600);
            world.sent(&[pause], &["guardian"]);
            world.pass(DAY + 21_600 - 1);
        });
    }
    market_cancel_change by cancelling {
        NotAdmin: cancel_by_a_stranger = |good| good.signed_by("stranger");
        NotAdmin: cancel_by_the_guardian = |good| good.signed_by("guardian");
        MarketPaused: cancel_while_paused = |good| good.while_paused();
        ArithmeticOverflow: cancel_at_an_impossible_time = |good| good.at_impossible_time();
        NoChangeProposed: cancel_without_a_change = |good| good.with_market(|market| market.drop_proposal());
        ChangeReplaced: cancel_another_change_than_the_one_that_was_read = |good| {
            good.with_market(|market| market.change_ready_at += 1)
        };
        NoChangeProposed: cancel_what_was_applied = |good| good.after(|world, _| {
            world.pass(2 * DAY);
            let apply = apply(world);
            world.sent(&[apply], &["admin"]);
        });
    }
}

/// The proposal of the settings in force with a change.
fn propose(world: &World, change: impl FnOnce(&mut MarketSettings)) -> Instruction {
    let mut settings = world.market().settings();
    change(&mut settings);
    world.propose("admin", settings)
}

/// Another fee is proposed, and a second is missing until it is ready.
fn propose_anew(world: &mut World, _: &Pubkey) {
    let again = propose(world, |settings| settings.redistribution_fee_bps = 400);
    world.sent(&[again], &["admin"]);
    world.pass(2 * DAY - 1);
}

fn apply(world: &World) -> Instruction {
    world.apply_change_by("admin")
}

/// A higher fee: a change that waits.
fn proposing() -> Attempt {
    let world = World::new();
    let instruction = propose(&world, |settings| settings.redistribution_fee_bps = 300);
    Attempt::new(world, Pubkey::default(), instruction, &["admin"])
}

fn proposed() -> World {
    let mut world = World::new();
    let instruction = propose(&world, |settings| settings.redistribution_fee_bps = 300);
    world.sent(&[instruction], &["admin"]);
    world
}

fn applying() -> Attempt {
    let mut world = proposed();
    world.pass(2 * DAY);
    let instruction = apply(&world);
    Attempt::new(world, Pubkey::default(), instruction, &["admin"])
}

fn cancelling() -> Attempt {
    let world = proposed();
    let instruction = world.cancel_change_by("admin");
    Attempt::new(world, Pubkey::default(), instruction, &["admin"])
}
