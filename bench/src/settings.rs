use {
    super::lab::Lab,
    blockable_sdk::{
        Pubkey, addresses, instructions,
        program::{
            instructions::MarketArgs,
            state::{Provider, ProviderSettings, Reporter},
        },
    },
    blockable_testkit::{DAY, Parties, START, World},
    solana_sdk::signer::Signer,
};

/// Markets with ids of all sizes; providers with one to eight reporters, and changes of their settings.
pub fn measure(lab: &mut Lab) {
    for id in [2, 3, 5, 8, 13, 1_000, u64::MAX] {
        create_market(lab, id);
    }
    for count in 1..=8 {
        register(lab, count);
    }
    for capacity_units in [u64::MAX, 1_000_000, 0] {
        let set = lab.world.set_capacity(capacity_units);
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

/// Settings with a number of reporters, all of whom must sign.
fn settings(count: u8, payout: Pubkey) -> ProviderSettings {
    let reporter =
        |index| Reporter { key: Parties::reporter(index).pubkey(), expires_at: START + i64::from(index) };
    let reporters: Vec<Reporter> = (0..count).map(reporter).collect();
    ProviderSettings {
        payout,
        chunk_size: 32,
        max_units_per_second: 10_000,
        longest_job: DAY,
        ..ProviderSettings::with_reporters(&reporters, count)
    }
}

/// Registers a provider, tightens its settings, then changes them after the market's delay.
fn register(lab: &mut Lab, count: u8) {
    let name = format!("provider {count}");
    lab.fund(&name);
    let (market, authority) = (lab.world.keys.market, Parties::key(&name).pubkey());
    let payout = lab.world.token_account(&name);
    let now = settings(count, payout);
    let register = instructions::provider_register(&market, &authority, &authority, World::capacity(), now);
    lab.measure("provider_register", register, &[&name]);
    let tighter = ProviderSettings { longest_job: now.longest_job - 1, ..now };
    propose(lab, &name, tighter);
    change(lab, &name, settings(9 - count, payout));
    let with_price_list = ProviderSettings { price_list_hash: [count; 32], ..settings(9 - count, payout) };
    change(lab, &name, with_price_list);
}

/// Proposes settings that wait, drops them, and puts them in force.
fn change(lab: &mut Lab, name: &str, settings: ProviderSettings) {
    propose(lab, name, settings);
    let (market, authority) = (lab.world.keys.market, lab.key(name));
    let provider = addresses::provider(&market, &authority);
    let ready_at = lab.world.read::<Provider>(&provider).change_ready_at;
    let cancel = instructions::provider_cancel_change(&market, &authority, &provider, ready_at);
    lab.measure("provider_cancel_change", cancel, &[name]);
    propose(lab, name, settings);
    let ready_at = lab.world.read::<Provider>(&provider).change_ready_at;
    lab.world.pass(lab.world.market().provider_delay);
    let apply = instructions::provider_apply_change(&market, &authority, &provider, ready_at);
    lab.measure("provider_apply_change", apply, &[name]);
}

fn propose(lab: &mut Lab, name: &str, settings: ProviderSettings) {
    let (market, authority) = (lab.world.keys.market, lab.key(name));
    let provider = addresses::provider(&market, &authority);
    let propose = instructions::provider_propose_change(&market, &authority, &provider, settings);
    lab.measure("provider_propose_change", propose, &[name]);
}
