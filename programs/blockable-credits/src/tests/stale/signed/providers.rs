//! Signatures of a provider's authority and its successor, and of the admin on a provider.

use {
    super::{Landed, Signed, equal, signed},
    crate::{
        state::{Provider, ProviderSettings},
        tests::{stage::*, stale::world::*},
    },
    anchor_lang::prelude::Pubkey,
    bytemuck::Zeroable,
};

const LOOSER: u64 = 2_000;

pub(super) fn all() -> Vec<Signed> {
    let looser = ProviderSettings { max_units_per_second: LOOSER, ..settings() };
    let changing = changing(&looser);
    let (ready_at, most) = (changing.provider.change_ready_at, changing.provider.outstanding_units);
    vec![
        propose("that loosens", looser),
        propose("that tightens", ProviderSettings { longest_job: 60, ..settings() }),
        signed("provider_apply_change", "", changing, move |world| {
            let (before, clock) = (world.provider.change_ready_at, world.clock());
            world.provider.apply_change(&OPERATOR, ready_at, &clock)?;
            Ok(before == ready_at && world.provider.settings == looser)
        }),
        signed("provider_cancel_change", "", changing, move |world| {
            let (before, clock) = (world.provider, world.clock());
            world.provider.cancel_change(&OPERATOR, ready_at, &clock)?;
            let dropped = before.change_ready_at == ready_at && before.proposed == looser;
            Ok(dropped && equal(&world.provider, &without_proposal(before)))
        }),
        signed("provider_set_capacity", "for more", active(), |world| set_capacity(world, 20_000_000)),
        signed("provider_set_capacity", "for no more than it owes", active(), move |world| {
            set_capacity(world, most)
        }),
        signed("provider_offer_authority", "", active(), |world| {
            let (before, market, clock) = (world.provider, world.market, world.clock());
            world.provider.offer_authority(&OPERATOR, BUYER, &market, &clock)?;
            let ready_at = world.provider.pending_authority_ready_at;
            let offered =
                Provider { pending_authority: BUYER, pending_authority_ready_at: ready_at, ..before };
            let waits = ready_at - clock.market >= DAY;
            Ok(before.suspended == 0 && waits && equal(&world.provider, &offered))
        }),
        signed("provider_accept_authority", "", changing, move |world| {
            let clock = world.clock();
            world.provider.accept_authority(&BUYER, most, &clock)?;
            Ok(world.provider.outstanding_units <= most && world.provider.change_ready_at == 0)
        }),
        suspend("by itself", OPERATOR, Provider::SUSPENDED_BY_ITSELF),
        suspend("by the admin", ADMIN, Provider::SUSPENDED_BY_ADMIN),
        resume("by itself", OPERATOR, Provider::SUSPENDED_BY_ITSELF),
        resume("by the admin", ADMIN, Provider::SUSPENDED_BY_ADMIN),
    ]
}

/// Settings that only tighten are in force at once; others wait for the market's delay.
fn propose(case: &'static str, settings: ProviderSettings) -> Signed {
    signed("provider_propose_change", case, active(), move |world: &mut World| -> Landed {
        let (before, market, clock) = (world.provider, world.market, world.clock());
        world.provider.propose_change(&OPERATOR, &settings, &market, &clock)?;
        let after = &world.provider;
        if settings.is_tightening(&before.settings) {
            return Ok(after.settings == settings && after.change_ready_at == 0);
        }
        let waits = after.change_ready_at - clock.market >= i64::from(market.provider_delay);
        Ok(after.settings == before.settings && after.proposed == settings && waits && before.suspended == 0)
    })
}

fn set_capacity(world: &mut World, units: u64) -> Landed {
    let (before, clock) = (world.provider, world.clock());
    world.provider.set_capacity(&OPERATOR, units, &clock)?;
    let set = Provider { capacity_units: units, ..before };
    Ok(equal(&world.provider, &set) && before.outstanding_units <= units)
}

/// A suspension sets the signer's own flag and drops what waits.
fn suspend(case: &'static str, signer: Pubkey, flag: u8) -> Signed {
    signed(
        "provider_suspend",
        case,
        changing(&ProviderSettings { longest_job: u32::MAX, ..settings() }),
        move |world| {
            let (before, market, clock) = (world.provider, world.market, world.clock());
            world.provider.suspend(&signer, &market, &clock)?;
            let is_new = flag & !before.suspended & Provider::SUSPENDED_BY_ADMIN != 0;
            let none = Provider {
                suspended: before.suspended | flag,
                admin_suspended_at: if is_new { clock.market } else { before.admin_suspended_at },
                pending_authority: Pubkey::default(),
                pending_authority_ready_at: 0,
                ..without_proposal(before)
            };
            Ok(equal(&world.provider, &none))
        },
    )
}

/// A key lifts the suspension that it has set, and no other.
fn resume(case: &'static str, signer: Pubkey, flag: u8) -> Signed {
    let mut read = active();
    for by in [OPERATOR, ADMIN] {
        read.provider.suspend(&by, &{ read.market }, &read.clock()).unwrap();
    }
    signed("provider_resume", case, read, move |world| {
        let (before, market, clock) = (world.provider, world.market, world.clock());
        world.provider.resume(&signer, &market, &clock)?;
        let suspended = before.suspended & !flag;
        let by_admin = suspended & Provider::SUSPENDED_BY_ADMIN != 0;
        let admin_suspended_at = if by_admin { before.admin_suspended_at } else { 0 };
        Ok(equal(&world.provider, &Provider { suspended, admin_suspended_at, ..before }))
    })
}

fn without_proposal(provider: Provider) -> Provider {
    Provider { proposed: ProviderSettings::zeroed(), change_ready_at: 0, ..provider }
}

/// A provider whose change and hand-over are ready.
fn changing(settings: &ProviderSettings) -> World {
    let mut world = active();
    let (market, clock) = (world.market, world.clock());
    world.provider.propose_change(&OPERATOR, settings, &market, &clock).unwrap();
    world.provider.offer_authority(&OPERATOR, BUYER, &market, &clock).unwrap();
    World { now: world.now + 2 * DAY, ..world }
}
