//! The gate without a network: what it admits, counts and keeps.

mod answers;
mod api_keys;
mod desk;
mod fit;
mod gate;
mod ledger;
mod node;
mod notices;
mod order;
mod payments;
mod reporter;
mod restore;
mod usage;
mod writer;

use {
    crate::{Gate, GateConfig},
    blockable_sdk::{
        amounts::{ChainTime, Units},
        program::{
            metering,
            state::{Credit, FreezeReason, Market, MarketClock},
        },
    },
    blockable_testkit::fixtures::{MARKET, PROVIDER, active_credit, address, later, locked_credit},
    bytemuck::Zeroable,
    std::path::Path,
};

/// An active credit of 1,000 units under lien.
fn credit(index: u32) -> Credit {
    active_credit(index, Units(1_000))
}

/// Freezes units of a credit as the program does at `now`, in a market that was never paused.
fn freeze(credit: &mut Credit, target: u64, now: i64) {
    let (collateral, meter) = (&mut credit.collateral, &mut credit.meter);
    let clock = MarketClock { chain: now, market: now, is_paused: false, is_halted: false };
    let _ = metering::freeze_to(collateral, meter, target, FreezeReason::Default, true, &clock);
    credit.frozen_at_market = now;
}

/// A gate with a fresh view of the chain and no credits.
fn open(folder: &Path, change: impl FnOnce(&mut GateConfig)) -> Gate {
    let mut config = GateConfig::new(MARKET, PROVIDER, folder.join("gate.db"));
    change(&mut config);
    let gate = Gate::open(config).unwrap();
    refresh(&gate);
    gate
}

/// Shows a gate that the chain moves.
fn refresh(gate: &Gate) {
    let mut view = gate.chain_view();
    let slot = view.slot() + 1;
    view.observe_slot(slot);
    view.observe_clock(ChainTime(1_800_000_000));
    view.observe_market(slot, &Market::zeroed());
}
