//! Refusals when a provider registers and when its settings and capacity change.

use {
    crate::{attempt::Attempt, refusals},
    blockable_sdk::{
        Instruction, Pubkey, instructions,
        program::state::{Provider, ProviderSettings, Reporter},
    },
    blockable_testkit::{DAY, Loan, Parties, World},
    solana_sdk::signer::Signer,
};

refusals! {
    provider_register by registering {
        TokenAccountMint: a_payout_account_of_another_mint = |good| good.with_account_of_foreign_mint("stranger");
        PayoutMismatch: a_payout_account_that_the_settings_do_not_name = |good| good.with(|world, _| {
            let mut register = register(world, World::settings());
            let named = register.accounts.iter_mut().find(|meta| meta.pubkey == world.token_account("stranger"));
            named.expect("the payout account").pubkey = world.token_account("buyer");
            register
        });
        ClusterTagMissing: another_account_for_the_slot_hashes = |good| good.with(|world, _| {
            let mut register = register(world, World::settings());
            let sysvar = register.accounts.iter_mut().find(|meta| meta.pubkey == SLOT_HASHES);
            sysvar.expect("the sysvar").pubkey = solana_sdk::sysvar::clock::ID;
            register
        });
        ClusterTagMissing: a_copy_of_the_slot_hashes = |good| good.after(|world, _| {
            let sysvar = world.svm.get_account(&SLOT_HASHES).expect("the sysvar");
            world.svm.set_account(COPY, sysvar).expect("an account");
        }).with(|world, _| {
            let mut register = register(world, World::settings());
            let sysvar = register.accounts.iter_mut().find(|meta| meta.pubkey == SLOT_HASHES);
            sysvar.expect("the sysvar").pubkey = COPY;
            register
        });
        ClusterTagMissing: no_slot_hashes = |good| good.after(|world, _| {
            world.svm.set_sysvar(&solana_sdk::slot_hashes::SlotHashes::new(&[]));
        });
        MarketPaused: register_while_paused = |good| good.while_paused();
        ArithmeticOverflow: register_at_an_impossible_time = |good| good.at_impossible_time();
        ReporterCount: register_none_or_nine_reporters = |good| good.with_each(|world, _| each(world, register, wrong_counts()));
        QuorumOutOfRange: register_a_quorum_out_of_range = |good| good.with_each(|world, _| each(world, register, wrong_quorums()));
        ChunkSizeOutOfRange: register_a_chunk_size_out_of_range = |good| good.with_each(|world, _| each(world, register, wrong_chunks()));
        ReporterKeyInvalid: register_the_zero_key = |good| good.with(|world, _| register(world, zero_key()));
        ReporterDuplicate: register_a_reporter_twice = |good| good.with(|world, _| register(world, twice()));
        RateBoundZero: register_a_rate_bound_of_zero = |good| good.with(|world, _| register(world, no_rate()));
        LongestJobZero: register_a_longest_job_of_no_time = |good| good.with(|world, _| register(world, no_time()));
        UnknownFlag: register_a_reserved_byte = |good| good.with(|world, _| register(world, reserved()));
    }
    provider_propose_change by proposing {
        MarketMismatch: propose_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: propose_by_another = |good| good.signed_by("stranger");
        NotProvider: propose_by_the_admin = |good| good.signed_by("admin");
        TokenAccountMint: propose_a_payout_of_another_mint = |good| good.with_account_of_foreign_mint("provider");
        PayoutMismatch: propose_another_payout_than_is_given = |good| good.with(|world, _| {
            let mut propose = propose(world, changed());
            let named = propose.accounts.iter_mut().find(|meta| meta.pubkey == world.token_account("provider"));
            named.expect("the payout account").pubkey = world.token_account("buyer");
            propose
        });
        MarketPaused: propose_while_paused = |good| good.while_paused();
        ArithmeticOverflow: propose_at_an_impossible_time = |good| good.at_impossible_time();
        NothingChanges: propose_what_is_in_force = |good| good.with(|world, _| propose(world, World::settings()));
        ProposalSuspended: propose_while_suspended = |good| {
            with_provider(good, |provider| provider.suspended = Provider::SUSPENDED_BY_ITSELF)
        };
        ReporterCount: propose_none_or_nine_reporters = |good| good.with_each(|world, _| each(world, propose, wrong_counts()));
        QuorumOutOfRange: propose_a_quorum_out_of_range = |good| good.with_each(|world, _| each(world, propose, wrong_quorums()));
        ChunkSizeOutOfRange: propose_a_chunk_size_out_of_range = |good| good.with_each(|world, _| each(world, propose, wrong_chunks()));
        ReporterKeyInvalid: propose_the_zero_key = |good| good.with(|world, _| propose(world, zero_key()));
        ReporterDuplicate: propose_a_reporter_twice = |good| good.with(|world, _| propose(world, twice()));
        RateBoundZero: propose_a_rate_bound_of_zero = |good| good.with(|world, _| propose(world, no_rate()));
        LongestJobZero: propose_a_longest_job_of_no_time = |good| good.with(|world, _| propose(world, no_time()));
        UnknownFlag: propose_a_reserved_byte = |good| good.with(|world, _| propose(world, reserved()));
        ArithmeticOverflow: tighten_in_the_last_epoch = |good| {
            with_provider(good, |provider| provider.epoch = u32::MAX).with(|world, _| {
                propose(world, World::settings_with(0..2))
            })
        };
    }
    provider_apply_change by applying {
        MarketMismatch: apply_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: apply_by_another = |good| good.signed_by("stranger");
        NotProvider: apply_by_the_admin = |good| good.signed_by("admin");
        MarketPaused: apply_while_paused = |good| good.while_paused();
        ArithmeticOverflow: apply_at_an_impossible_time = |good| good.at_impossible_time();
        NoChangeProposed: apply_when_none_is_proposed = |good| with_provider(good, |provider| provider.change_ready_at = 0);
        NoChangeProposed: apply_what_a_suspension_dropped = |good| good.after(|world, _| {
            let suspend = instructions::provider_suspend(&world.keys.market, &Parties::address("admin"), &world.provider);
            world.sent(&[suspend], &["admin"]);
        });
        NoChangeProposed: apply_twice = |good| good.after(|world, _| {
            let apply = world.apply_provider("provider");
            world.sent(&[apply], &["provider"]);
        });
        ChangeDelayRunning: apply_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        ChangeLapsed: apply_too_late = |good| good.after(|world, _| world.pass(14 * DAY + 1));
        ArithmeticOverflow: apply_in_the_last_epoch = |good| with_provider(good, |provider| provider.epoch = u32::MAX);
    }
    provider_cancel_change by cancelling {
        MarketMismatch: cancel_a_provider_change_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: cancel_a_provider_change_by_another = |good| good.signed_by("stranger");
        NotProvider: cancel_a_provider_change_by_the_admin = |good| good.signed_by("admin");
        MarketPaused: cancel_a_provider_change_while_paused = |good| good.while_paused();
        ArithmeticOverflow: cancel_a_provider_change_at_an_impossible_time = |good| good.at_impossible_time();
        NoChangeProposed: cancel_a_provider_change_when_none_is_proposed = |good| {
            with_provider(good, |provider| provider.change_ready_at = 0)
        };
    }
    provider_set_capacity by setting_capacity {
        MarketMismatch: set_capacity_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: set_capacity_by_another = |good| good.signed_by("stranger");
        MarketPaused: set_capacity_while_paused = |good| good.while_paused();
        ArithmeticOverflow: set_capacity_at_an_impossible_time = |good| good.at_impossible_time();
        CapacityBelowOutstanding: set_less_capacity_than_is_outstanding = |good| good.after(|world, _| {
            world.active(&Loan::new(1));
        }).with(|world, _| set_capacity(world, 999_999_999));
    }
}

/// The SlotHashes sysvar.
const SLOT_HASHES: Pubkey = blockable_sdk::program::instructions::SLOT_HASHES;

/// An account that anyone could have made, with the same data.
const COPY: Pubkey = Pubkey::new_from_array([77; 32]);

fn registering() -> Attempt {
    let world = World::new();
    let instruction = register(&world, World::settings());
    Attempt::new(world, Pubkey::default(), instruction, &["stranger", "lender"])
}

/// A second provider registers: the world's own has done so already. Another pays its rent.
fn register(world: &World, settings: ProviderSettings) -> Instruction {
    let (authority, payout) = (Parties::address("stranger"), world.token_account("stranger"));
    let (payer, settings) = (Parties::address("lender"), ProviderSettings { payout, ..settings });
    instructions::provider_register(&world.keys.market, &authority, &payer, World::capacity(), settings)
}

fn proposing() -> Attempt {
    let world = World::new();
    let instruction = propose(&world, changed());
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

/// Other reporters, which wait for the delay.
fn changed() -> ProviderSettings {
    World::settings_with(3..6)
}

fn propose(world: &World, settings: ProviderSettings) -> Instruction {
    world.propose_provider("provider", settings)
}

fn proposed() -> World {
    let mut world = World::new();
    let propose = propose(&world, changed());
    world.sent(&[propose], &["provider"]);
    world
}

fn applying() -> Attempt {
    let mut world = proposed();
    world.pass(world.market().provider_delay);
    let instruction = world.apply_provider("provider");
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn cancelling() -> Attempt {
    let world = proposed();
    let (market, authority) = (&world.keys.market, Parties::address("provider"));
    let ready_at = world.provider().change_ready_at;
    let instruction = instructions::provider_cancel_change(market, &authority, &world.provider, ready_at);
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn setting_capacity() -> Attempt {
    let world = World::new();
    let instruction = set_capacity(&world, World::capacity());
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn set_capacity(world: &World, capacity_units: u64) -> Instruction {
    let authority = Parties::address("provider");
    instructions::provider_set_capacity(&world.keys.market, &authority, &world.provider, capacity_units)
}

fn with_provider(good: Attempt, change: impl FnOnce(&mut Provider)) -> Attempt {
    let provider = good.world.provider;
    good.written(provider, change)
}

fn each(
    world: &World,
    build: fn(&World, ProviderSettings) -> Instruction,
    wrong: Vec<ProviderSettings>,
) -> Vec<Instruction> {
    wrong.into_iter().map(|settings| build(world, settings)).collect()
}

fn with(change: impl FnOnce(&mut ProviderSettings)) -> ProviderSettings {
    let mut settings = changed();
    change(&mut settings);
    settings
}

/// No reporter, nine, and one in a place that is not in use.
fn wrong_counts() -> Vec<ProviderSettings> {
    let reporter = |index| Reporter { key: Parties::reporter(index).pubkey(), expires_at: i64::MAX };
    let listed: Vec<Reporter> = (0..9).map(reporter).collect();
    let nine = ProviderSettings::with_reporters(&listed, 1);
    let reporters = nine.reporters;
    let none = with(|settings| {
        settings.reporters = Default::default();
        settings.reporter_count = 0;
    });
    let many = with(|settings| (settings.reporters, settings.reporter_count) = (reporters, 9));
    vec![none, many, with(|settings| settings.reporter_count = 2)]
}

fn wrong_quorums() -> Vec<ProviderSettings> {
    [0, 4].map(|quorum| with(|settings| settings.quorum = quorum)).to_vec()
}

fn wrong_chunks() -> Vec<ProviderSettings> {
    [0, 33].map(|chunk_size| with(|settings| settings.chunk_size = chunk_size)).to_vec()
}

fn zero_key() -> ProviderSettings {
    with(|settings| settings.reporters[2].key = Pubkey::default())
}

fn twice() -> ProviderSettings {
    with(|settings| settings.reporters[2].key = settings.reporters[0].key)
}

fn no_rate() -> ProviderSettings {
    with(|settings| settings.max_units_per_second = 0)
}

fn no_time() -> ProviderSettings {
    with(|settings| settings.longest_job = 0)
}

fn reserved() -> ProviderSettings {
    with(|settings| settings.reserved = 1)
}
