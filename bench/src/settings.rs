use {
    super::lab::Lab,
    blockable_sdk::{
        addresses, instructions,
        program::{
            instructions::{CapacityArgs, MarketArgs, ReportersArgs},
            state::Reporter,
        },
    },
    blockable_testkit::{Parties, START, World},
    solana_sdk::signer::Signer,
};

/// Markets with ids of all sizes; providers with one to eight reporters, and their settings.
pub fn measure(lab: &mut Lab) {
    for id in [2, 3, 5, 8, 13, 1_000, u64::MAX] {
        create_market(lab, id);
    }
    for count in 1..=8 {
        register(lab, count);
    }
    for capacity_units in [u64::MAX, 1_000_000, 0] {
        let capacity = CapacityArgs { capacity_units, max_units_per_second: 500 };
        let set = lab.world.set_capacity(capacity);
        lab.measure("provider_set_capacity", set, &["provider"]);
    }
}

fn create_market(lab: &mut Lab, id: u64) {
    let (parties, keys) = (&lab.world.parties, lab.world.keys);
    let create = instructions::market_create(
        &parties.payer.pubkey(),
        &parties.admin.pubkey(),
        &keys.mint,
        &keys.token_program,
        &keys.token_account(&parties.treasury.pubkey()),
        MarketArgs { id, ..World::market_args() },
    );
    lab.measure("market_create", create, &["admin"]);
}

fn reporters(count: u8) -> ReportersArgs {
    let reporter =
        |index| Reporter { key: Parties::reporter(index).pubkey(), expires_at: START + i64::from(index) };
    ReportersArgs { reporters: (0..count).map(reporter).collect(), quorum: count, chunk_size: 32 }
}

fn register(lab: &mut Lab, count: u8) {
    let name = format!("provider {count}");
    lab.fund(&name);
    let (market, authority) = (lab.world.keys.market, Parties::key(&name).pubkey());
    let payout = lab.world.token_account(&name);
    let register =
        instructions::provider_register(&market, &authority, &payout, World::capacity(), reporters(count));
    lab.measure("provider_register", register, &[&name]);
    let provider = addresses::provider(&market, &authority);
    let set = instructions::provider_set_reporters(&market, &authority, &provider, reporters(9 - count));
    lab.measure("provider_set_reporters", set, &[&name]);
}
