//! Measures a provider's server.

mod gate;
mod gateway;
mod latency;
mod replay;
mod site;

pub use {gate::GateArgs, latency::LatencyArgs, replay::ReplayArgs};

use {
    super::BenchError,
    blockable_gate::{Durability, Gate, GateConfig},
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::{
            state::{Collateral, Credit, Market},
            transitions::Status,
        },
    },
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

/// Runs `bench replay`. Errors: [`BenchError`].
pub fn replay(args: &ReplayArgs) -> Result<(), BenchError> {
    replay::run(args)
}

/// The market of gates that are shown their credits by the bench.
fn market() -> Pubkey {
    Pubkey::new_from_array([1; 32])
}

/// The provider of those gates.
fn provider() -> Pubkey {
    Pubkey::new_from_array([2; 32])
}

/// The address of a credit by its number.
fn address(number: u32) -> Pubkey {
    let mut bytes = [3; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    Pubkey::new_from_array(bytes)
}

/// An active credit by its number, with as many units as there can be.
fn credit(number: u32) -> Credit {
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    credit.blockable = 1;
    credit.has_index = 1;
    credit.meter.index = number;
    credit.market = market();
    credit.provider = provider();
    credit.collateral = Collateral { granted: u64::MAX / 4, ..Collateral::default() };
    credit
}

/// A gate that has seen credits with these numbers, and the chain for longer than any bench takes.
fn gate_seeing(
    folder: &Path,
    durability: Durability,
    numbers: std::ops::Range<u32>,
) -> Result<Gate, BenchError> {
    let config = GateConfig {
        durability,
        max_staleness: Duration::from_secs(3_600),
        ..GateConfig::new(market(), provider(), folder.join("gate.db"))
    };
    let gate = Gate::open(config).map_err(BenchError::setup)?;
    for number in numbers {
        gate.observe_credit(address(number), 1, Some(&credit(number)));
    }
    {
        let mut view = gate.chain_view();
        view.observe_slot(1);
        view.observe_clock(ChainTime(0));
        view.observe_market(1, &Market::zeroed());
    }
    Ok(gate)
}
