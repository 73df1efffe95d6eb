//! The gate without a network: what it admits, counts and keeps.

mod desk;
mod gate;
mod ledger;
mod node;
mod order;
mod reporter;
mod writer;

use {
    crate::{Gate, GateConfig},
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::{
            state::{Collateral, Credit, Market},
            transitions::Status,
        },
    },
    bytemuck::Zeroable,
    std::path::Path,
};

/// Keys that tests share.
fn market() -> Pubkey {
    Pubkey::new_from_array([1; 32])
}

fn provider() -> Pubkey {
    Pubkey::new_from_array([2; 32])
}

fn address(number: u64) -> Pubkey {
    let mut bytes = [3; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Pubkey::new_from_array(bytes)
}

/// An active credit of 1,000 units under lien.
fn credit(index: u32) -> Credit {
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    credit.blockable = 1;
    credit.has_index = 1;
    credit.meter.index = index;
    credit.market = market();
    credit.provider = provider();
    credit.lender = Pubkey::new_from_array([4; 32]);
    credit.borrower = Pubkey::new_from_array([5; 32]);
    credit.collateral = Collateral { granted: 1_000, ..Collateral::default() };
    credit
}

/// The same credit after one more event.
fn later(credit: &Credit, change: impl FnOnce(&mut Credit)) -> Credit {
    let mut next = *credit;
    change(&mut next);
    next.event_seq += 1;
    next.event_hash[..8].copy_from_slice(&next.event_seq.to_le_bytes());
    next
}

/// A gate with a fresh view of the chain and no credits.
fn open(folder: &Path, change: impl FnOnce(&mut GateConfig)) -> Gate {
    let mut config = GateConfig::new(market(), provider(), folder.join("gate.db"));
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
