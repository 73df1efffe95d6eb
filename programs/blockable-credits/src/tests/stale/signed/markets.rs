//! Signatures of a market's admin, its successor and the guardian.

use {
    super::{Landed, Signed, equal, signed},
    crate::{
        state::{Market, MarketSettings},
        tests::{stage::*, stale::world::*},
    },
    anchor_lang::prelude::Pubkey,
};

pub(super) fn all() -> Vec<Signed> {
    let fee = MarketSettings { redistribution_fee_bps: 300, ..active().market.settings() };
    let changing = changing(fee);
    let ready_at = changing.market.change_ready_at;
    let (halted, paused) = (halted(), paused());
    let (halted_at, began_at) = (halted.market.halted_at, paused.market.paused_at);
    vec![
        propose("that loosens", fee),
        propose("that tightens", MarketSettings { redistribution_fee_bps: 100, ..fee }),
        propose("of the suspension", MarketSettings { min_suspension: 3 * DAY as u32, ..fee }),
        signed("market_apply_change", "", changing, move |world| {
            let (before, clock) = (world.market, world.clock());
            world.market.apply_change(&ADMIN, ready_at, &clock)?;
            Ok(before.change_ready_at == ready_at && world.market.settings() == fee)
        }),
        signed("market_cancel_change", "", changing, move |world| {
            let (before, clock) = (world.market, world.clock());
            world.market.cancel_change(&ADMIN, ready_at, &clock)?;
            let dropped = before.change_ready_at == ready_at && before.proposed_settings() == fee;
            let mut kept = before;
            kept.drop_proposal();
            Ok(dropped && equal(&world.market, &kept))
        }),
        signed("market_offer_admin", "", active(), |world| {
            let (before, clock) = (world.market, world.clock());
            world.market.offer_admin(&ADMIN, BUYER, &clock)?;
            let ready_at = world.market.pending_admin_ready_at;
            let offered = Market { pending_admin: BUYER, pending_admin_ready_at: ready_at, ..before };
            Ok(ready_at - clock.market >= 2 * DAY && equal(&world.market, &offered))
        }),
        signed("market_accept_admin", "", handing_over_the_market(), |world| {
            let (before, clock) = (world.market, world.clock());
            world.market.accept_admin(&BUYER, &clock)?;
            let mut taken = Market {
                admin: BUYER,
                pending_admin: Pubkey::default(),
                pending_admin_ready_at: 0,
                ..before
            };
            taken.drop_proposal();
            Ok(equal(&world.market, &taken))
        }),
        signed("market_pause", "", active(), |world| {
            let clock = world.clock();
            world.market.pause(&GUARDIAN, 900, &clock)?;
            let Market { paused_at, pause_expires_at, .. } = world.market;
            Ok((paused_at, pause_expires_at) == (world.now, world.now + 900))
        }),
        signed("market_unpause", "", paused, move |world| {
            let (clock, stands) = (world.clock(), world.market.paused_at);
            world.market.unpause(&ADMIN, began_at, &clock)?;
            Ok(stands == began_at && world.market.paused_at == 0)
        }),
        signed("market_halt", "", active(), |world| {
            let (before, clock) = (world.market, world.clock());
            world.market.halt(&GUARDIAN, &clock)?;
            Ok(equal(&world.market, &Market { halted_at: clock.market, halt_lifts_at: 0, ..before }))
        }),
        signed("market_lift_halt", "", halted, move |world| {
            let (before, clock) = (world.market, world.clock());
            world.market.lift_halt(&ADMIN, halted_at, &clock)?;
            let ends_at = world.market.halt_lifts_at;
            let lifted = Market { halt_lifts_at: ends_at, ..before };
            let waits = ends_at - clock.market >= 2 * DAY;
            Ok(before.halted_at == halted_at && waits && equal(&world.market, &lifted))
        }),
    ]
}

/// Settings that only tighten are in force at once; others wait for the delay of the settings in force.
fn propose(case: &'static str, settings: MarketSettings) -> Signed {
    signed("market_propose_change", case, active(), move |world: &mut World| -> Landed {
        let (before, clock) = (world.market, world.clock());
        world.market.propose_change(&ADMIN, settings, &clock)?;
        let after = &world.market;
        let was = before.settings();
        if settings.is_tightening(&was) {
            return Ok(after.settings() == settings && after.change_ready_at == 0);
        }
        let waits = after.change_ready_at - clock.market >= i64::from(was.change_delay);
        Ok(after.settings() == was && after.proposed_settings() == settings && waits)
    })
}

/// A market whose change is ready.
fn changing(settings: MarketSettings) -> World {
    let mut world = active();
    world.market.propose_change(&ADMIN, settings, &world.clock()).unwrap();
    World { now: world.now + 2 * DAY, ..world }
}

/// A market whose admin's place can be taken by the buyer.
fn handing_over_the_market() -> World {
    let mut world = active();
    world.market.offer_admin(&ADMIN, BUYER, &world.clock()).unwrap();
    World { now: world.now + 2 * DAY, ..world }
}

/// A market that was halted a day ago.
fn halted() -> World {
    let mut world = active();
    world.market.halt(&GUARDIAN, &world.clock()).unwrap();
    World { now: world.now + DAY, ..world }
}

/// A market in a pause.
fn paused() -> World {
    let mut world = active();
    world.market.pause(&GUARDIAN, 600, &world.clock()).unwrap();
    world
}
