//! The market's admin and guardian, and the provider.

use {
    super::{Step, step},
    crate::{
        errors::{BlockableError, ensure},
        state::{MarketSettings, ProviderSettings, Reporter},
        tests::{
            stage::*,
            stale::world::{Done, World},
        },
    },
    anchor_lang::prelude::Pubkey,
};

/// Is offered the places of admin, guardian and provider.
const SUCCESSOR: Pubkey = key(63);

pub(super) const STEPS: &[Step] = &[
    step("the admin proposes other settings", &["market_propose_change"], |world| {
        let fee = world.market.proposed_settings().redistribution_fee_bps.max(200) + 1;
        propose(world, MarketSettings { redistribution_fee_bps: fee, ..world.market.settings() })
    }),
    step("the admin proposes another guardian", &["market_propose_change"], |world| {
        propose(world, MarketSettings { guardian: SUCCESSOR, ..world.market.settings() })
    }),
    step("the admin tightens the settings", &["market_propose_change"], |world| {
        let (current, mut bounds) = (world.market.settings(), world.market.bounds);
        (bounds.min_cure_period, bounds.min_default_grace) = (12 * DAY as u32, 6 * DAY as u32);
        let change_delay = current.change_delay + 1;
        propose(world, MarketSettings { redistribution_fee_bps: 50, change_delay, bounds, ..current })
    }),
    step("the admin proposes a longer suspension", &["market_propose_change"], |world| {
        let min_suspension = world.market.settings().min_suspension + DAY as u32;
        propose(world, MarketSettings { min_suspension, ..world.market.settings() })
    }),
    step("the admin drops its proposal", &["market_cancel_change"], |world| {
        let (ready_at, admin, clock) = (world.market.change_ready_at, world.market.admin, world.clock());
        world.market.cancel_change(&admin, ready_at, &clock).map(drop)
    }),
    step("the admin's change is applied", &["market_apply_change"], |world| {
        let (ready_at, admin, clock) = (world.market.change_ready_at, world.market.admin, world.clock());
        world.market.apply_change(&admin, ready_at, &clock).map(drop)
    }),
    step("the admin offers its place", &["market_offer_admin"], |world| offer_admin(world, SUCCESSOR)),
    step("the admin withdraws the offer of its place", &["market_offer_admin"], |world| {
        offer_admin(world, Pubkey::default())
    }),
    step("the admin's place is taken", &["market_accept_admin"], |world| {
        let (to, clock) = (world.market.pending_admin, world.clock());
        world.market.accept_admin(&to, &clock).map(drop)
    }),
    step("the guardian pauses", &["market_pause"], |world| {
        let (guardian, clock) = (world.market.guardian, world.clock());
        world.market.pause(&guardian, 600, &clock).map(drop)
    }),
    step("the admin ends the pause", &["market_unpause"], |world| {
        let (began_at, admin, clock) = (world.market.paused_at, world.market.admin, world.clock());
        world.market.unpause(&admin, began_at, &clock).map(drop)
    }),
    step("the guardian halts", &["market_halt"], |world| {
        let (guardian, clock) = (world.market.guardian, world.clock());
        world.market.halt(&guardian, &clock).map(drop)
    }),
    step("the admin sets the end of the halt", &["market_lift_halt"], |world| {
        let (halted_at, admin, clock) = (world.market.halted_at, world.market.admin, world.clock());
        world.market.lift_halt(&admin, halted_at, &clock).map(drop)
    }),
    step("the provider proposes other settings", &["provider_propose_change"], |world| {
        let rate = world.provider.proposed.max_units_per_second.max(1_000) + 1;
        let current = world.provider.settings;
        propose_for_provider(world, ProviderSettings { max_units_per_second: rate, ..current })
    }),
    step("the provider proposes another reporter", &["provider_propose_change"], |world| {
        let reporter = Reporter { key: key(64), expires_at: START + 1_000 * DAY };
        let ProviderSettings { reporters, .. } = ProviderSettings::with_reporters(&[reporter], 1);
        let current = world.provider.settings;
        propose_for_provider(world, ProviderSettings { reporters, ..current })
    }),
    step("the provider lowers its rate bound", &["provider_propose_change"], |world| {
        let current = world.provider.settings;
        propose_for_provider(world, ProviderSettings { max_units_per_second: 500, ..current })
    }),
    step("the provider drops its proposal", &["provider_cancel_change"], |world| {
        let (ready_at, clock) = (world.provider.change_ready_at, world.clock());
        world.provider.cancel_change(&{ world.provider.authority }, ready_at, &clock)
    }),
    step("the provider's change is applied", &["provider_apply_change"], |world| {
        let (ready_at, clock) = (world.provider.change_ready_at, world.clock());
        world.provider.apply_change(&{ world.provider.authority }, ready_at, &clock)
    }),
    step("the provider offers its place", &["provider_offer_authority"], |world| {
        offer_authority(world, SUCCESSOR)
    }),
    step("the provider withdraws the offer of its place", &["provider_offer_authority"], |world| {
        offer_authority(world, Pubkey::default())
    }),
    step("the provider's place is taken", &["provider_accept_authority"], |world| {
        let (to, clock) = (world.provider.pending_authority, world.clock());
        world.provider.accept_authority(&to, u64::MAX, &clock)
    }),
    step("the provider lowers its capacity", &["provider_set_capacity"], |world| {
        let (authority, clock) = (world.provider.authority, world.clock());
        world.provider.set_capacity(&authority, world.provider.outstanding_units, &clock)
    }),
    step("the provider suspends itself", &["provider_suspend"], |world| {
        suspend(world, world.provider.authority)
    }),
    step("the admin suspends the provider", &["provider_suspend"], |world| {
        suspend(world, world.market.admin)
    }),
    step("the provider lifts its suspension", &["provider_resume"], |world| {
        resume(world, world.provider.authority)
    }),
    step("the admin lifts its suspension", &["provider_resume"], |world| resume(world, world.market.admin)),
];

fn propose(world: &mut World, settings: MarketSettings) -> Done {
    let (admin, clock) = (world.market.admin, world.clock());
    world.market.propose_change(&admin, settings, &clock).map(drop)
}

fn offer_admin(world: &mut World, to: Pubkey) -> Done {
    let (admin, clock) = (world.market.admin, world.clock());
    world.market.offer_admin(&admin, to, &clock).map(drop)
}

fn propose_for_provider(world: &mut World, settings: ProviderSettings) -> Done {
    let (market, authority, clock) = (world.market, world.provider.authority, world.clock());
    world.provider.propose_change(&authority, &settings, &market, &clock)
}

fn offer_authority(world: &mut World, to: Pubkey) -> Done {
    let (market, authority, clock) = (world.market, world.provider.authority, world.clock());
    world.provider.offer_authority(&authority, to, &market, &clock)
}

fn suspend(world: &mut World, signer: Pubkey) -> Done {
    let (market, clock) = (world.market, world.clock());
    world.provider.suspend(&signer, &market, &clock)
}

fn resume(world: &mut World, signer: Pubkey) -> Done {
    let (market, clock) = (world.market, world.clock());
    let was = world.provider.suspended;
    world.provider.resume(&signer, &market, &clock)?;
    // Nothing was lifted.
    ensure(world.provider.suspended != was, BlockableError::NothingChanges)
}
