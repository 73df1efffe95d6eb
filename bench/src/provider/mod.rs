//! Measures a provider's server.

mod gate;
mod gateway;
mod latency;
mod payment;
mod replay;
mod site;

pub use {gate::GateArgs, latency::LatencyArgs, payment::PaymentArgs, replay::ReplayArgs};

use {
    super::BenchError,
    blockable_gate::{Durability, Gate, GateConfig},
    blockable_sdk::{
        amounts::{ChainTime, Units},
        program::state::{Credit, Market},
    },
    blockable_testkit::fixtures::{MARKET, PROVIDER, active_credit, address},
    bytemuck::Zeroable,
    std::{path::Path, time::Duration},
};

/// Runs `bench gate`. Errors: [`BenchError`].
pub fn gate(args: &GateArgs) -> Result<(), BenchError> {
    gate::run(args)
}

/// Runs `bench freeze-latency`. Errors: [`BenchError`].
pub fn freeze_latency(args: &LatencyArgs) -> Result<(), BenchError> {
    latency::run(args)
}

/// Runs `bench payment-latency`. Errors: [`BenchError`].
pub fn payment_latency(args: &PaymentArgs) -> Result<(), BenchError> {
    payment::run(args)
}

/// Runs `bench replay`. Errors: [`BenchError`].
pub fn replay(args: &ReplayArgs) -> Result<(), BenchError> {
    replay::run(args)
}

/// An active credit by its number, with as many units as there can be.
fn credit(number: u32) -> Credit {
    active_credit(number, Units(u64::MAX / 4))
}

/// Opens a gate that has seen credits with these numbers, and whose chain view does not grow stale during a bench.
fn open_gate_with(
    folder: &Path,
    durability: Durability,
    numbers: std::ops::Range<u32>,
) -> Result<Gate, BenchError> {
    let config = GateConfig {
        durability,
        max_staleness: Duration::from_secs(3_600),
        ..GateConfig::new(MARKET, PROVIDER, folder.join("gate.db"))
    };
    let gate = Gate::open(config).map_err(BenchError::setup)?;
    for number in numbers {
        gate.observe_credit(address(number.into()), 1, Some(&credit(number)));
    }
    {
        let mut view = gate.chain_view();
        view.observe_slot(1);
        view.observe_clock(ChainTime(0));
        view.observe_market(1, &Market::zeroed());
    }
    Ok(gate)
}
