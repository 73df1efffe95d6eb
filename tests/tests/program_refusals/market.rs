//! Refusals when a market or a provider is set up.

use {
    crate::{attempt::Attempt, refusals},
    anchor_spl::token_2022::spl_token_2022::extension::ExtensionType,
    blockable_sdk::{
        Instruction, Pubkey,
        instructions::{self, MarketKeys},
        program::{
            instructions::{CapacityArgs, MarketArgs, ReportersArgs},
            state::{Provider, Reporter, TermBounds},
        },
        tokens,
    },
    blockable_testkit::{DAY, Loan, Parties, World},
    solana_sdk::signer::Signer,
};

refusals! {
    market_create by creating {
        TokenProgramMismatch: a_token_program_that_does_not_own_the_mint = |good| good.with_foreign_token_program();
        TokenAccountMint: a_treasury_of_another_mint = |good| good.with_account_of_foreign_mint("treasury");
        MintHasTransferFee: a_mint_that_can_take_fees = |_| with_mint(ExtensionType::TransferFeeConfig);
        MintHasTransferHook: a_mint_with_a_hook = |_| with_mint(ExtensionType::TransferHook);
        MintHasPermanentDelegate: a_mint_with_a_delegate = |_| with_mint(ExtensionType::PermanentDelegate);
        MintDefaultFrozen: a_mint_that_freezes_accounts = |_| with_mint(ExtensionType::DefaultAccountState);
        MintPausable: a_mint_that_can_be_paused = |_| with_mint(ExtensionType::Pausable);
        MintUnsupportedExtension: a_mint_that_cannot_be_transferred = |_| with_mint(ExtensionType::NonTransferable);
        MintUnsupportedExtension: a_mint_that_can_be_closed = |_| with_mint(ExtensionType::MintCloseAuthority);
        MintUnsupportedExtension: a_mint_with_interest = |_| with_mint(ExtensionType::InterestBearingConfig);
        FeeTooHigh: a_fee_above_ten_percent = |good| good.with(|world, _| {
            create(world, MarketArgs { redistribution_fee_bps: 1_001, ..World::market_args() })
        });
        ChangeDelayOutOfRange: a_delay_out_of_range = |good| good.with_each(|world, _| {
            [0, 2 * DAY - 1, 60 * DAY + 1, u32::MAX].map(|delay| with_delay(world, false, delay)).to_vec()
        });
        ChangeDelayOutOfRange: a_delay_out_of_range_in_a_test_market = |good| good.with_each(|world, _| {
            [0, 60 * DAY + 1].map(|delay| with_delay(world, true, delay)).to_vec()
        });
        BoundsInconsistent: bounds_that_contradict_each_other = |good| good.with_each(contradicting_bounds);
        BoundsTooLoose: bounds_looser_than_production = |good| good.with_each(loose_bounds);
    }
    provider_register by registering {
        TokenAccountMint: a_payout_account_of_another_mint = |good| good.with_account_of_foreign_mint("stranger");
        MarketPaused: register_while_paused = |good| good.while_paused();
        ArithmeticOverflow: register_at_an_impossible_time = |good| good.at_impossible_time();
        ReporterCount: register_none_or_nine_reporters = |good| good.with_each(|world, _| each(world, register, wrong_counts()));
        QuorumOutOfRange: register_a_quorum_out_of_range = |good| good.with_each(|world, _| each(world, register, wrong_quorums()));
        ChunkSizeOutOfRange: register_a_chunk_size_out_of_range = |good| good.with_each(|world, _| each(world, register, wrong_chunks()));
        ReporterKeyInvalid: register_the_zero_key = |good| good.with(|world, _| register(world, zero_key()));
        ReporterDuplicate: register_a_reporter_twice = |good| good.with(|world, _| register(world, twice()));
        RateBoundZero: register_a_rate_bound_of_zero = |good| good.with(|world, _| {
            let capacity = CapacityArgs { max_units_per_second: 0, ..World::capacity() };
            register_with(world, capacity, World::reporters())
        });
    }
    provider_set_reporters by setting_reporters {
        MarketMismatch: set_reporters_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: set_reporters_by_another = |good| good.signed_by("stranger");
        MarketPaused: set_reporters_while_paused = |good| good.while_paused();
        ReporterCount: set_none_or_nine_reporters = |good| good.with_each(|world, _| each(world, set, wrong_counts()));
        QuorumOutOfRange: set_a_quorum_out_of_range = |good| good.with_each(|world, _| each(world, set, wrong_quorums()));
        ChunkSizeOutOfRange: set_a_chunk_size_out_of_range = |good| good.with_each(|world, _| each(world, set, wrong_chunks()));
        ReporterKeyInvalid: set_the_zero_key = |good| good.with(|world, _| set(world, zero_key()));
        ReporterDuplicate: set_a_reporter_twice = |good| good.with(|world, _| set(world, twice()));
        ArithmeticOverflow: set_reporters_in_the_last_epoch = |good| {
            let provider = good.world.provider;
            good.written::<Provider>(provider, |provider| provider.epoch = u32::MAX)
        };
        ArithmeticOverflow: set_reporters_at_an_impossible_time = |good| good.at_impossible_time();
    }
    provider_set_capacity by setting_capacity {
        MarketMismatch: set_capacity_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: set_capacity_by_another = |good| good.signed_by("stranger");
        MarketPaused: set_capacity_while_paused = |good| good.while_paused();
        ArithmeticOverflow: set_capacity_at_an_impossible_time = |good| good.at_impossible_time();
        CapacityBelowOutstanding: set_less_capacity_than_is_outstanding = |good| good.after(|world, _| {
            world.active(&Loan::new(1));
        }).with(|world, _| world.set_capacity(CapacityArgs { capacity_units: 999_999_999, ..World::capacity() }));
        RateBoundZero: set_a_rate_bound_of_zero = |good| good.with(|world, _| {
            world.set_capacity(CapacityArgs { max_units_per_second: 0, ..World::capacity() })
        });
    }
}

fn creating() -> Attempt {
    let world = World::without_market(tokens::TOKEN_PROGRAM);
    let instruction = create(&world, World::market_args());
    Attempt::new(world, Pubkey::default(), instruction, &["admin", "buyer"])
}

/// Paid by another than who pays the transaction's fee and signs in any case.
fn create(world: &World, args: MarketArgs) -> Instruction {
    let (payer, admin) = (Parties::address("buyer"), Parties::address("admin"));
    let (keys, treasury) = (world.keys, world.token_account("treasury"));
    instructions::market_create(&payer, &admin, &keys.mint, &keys.token_program, &treasury, args)
}

fn with_delay(world: &World, is_test: bool, change_delay: u32) -> Instruction {
    create(world, MarketArgs { is_test, change_delay, ..World::market_args() })
}

/// The creation of a market whose mint is a real one with an extension.
fn with_mint(extension: ExtensionType) -> Attempt {
    let mut world = World::without_market(tokens::TOKEN_2022_PROGRAM);
    let mint = world.create_mint_with("extended mint", extension);
    world.keys = MarketKeys { mint, ..world.keys };
    let (payer, treasury) = (Parties::address("payer"), Parties::address("treasury"));
    let account = tokens::create_associated(&payer, &treasury, &mint, &world.keys.token_program);
    world.sent(&[account], &[]);
    let instruction = create(&world, World::market_args());
    Attempt::new(world, Pubkey::default(), instruction, &["admin", "buyer"])
}

fn with_bounds(world: &World, changes: &[fn(&mut TermBounds)], start: TermBounds) -> Vec<Instruction> {
    let changed = |change: &fn(&mut TermBounds)| {
        let mut bounds = start;
        change(&mut bounds);
        create(world, MarketArgs { bounds, ..World::market_args() })
    };
    changes.iter().map(changed).collect()
}

fn contradicting_bounds(world: &World, _: &Pubkey) -> Vec<Instruction> {
    let changes: &[fn(&mut TermBounds)] = &[
        |bounds| bounds.min_principal = 0,
        |bounds| bounds.max_principal = bounds.min_principal - 1,
        |bounds| bounds.min_instalment_interval = bounds.max_term + 1,
        |bounds| bounds.min_lot_window = 0,
        |bounds| bounds.min_lot_window = bounds.max_lot_window + 1,
        |bounds| bounds.min_floor_price_bps = bounds.min_start_price_bps + 1,
        |bounds| bounds.min_start_price_bps = 10_001,
        |bounds| bounds.max_principal += 1,
        |bounds| bounds.reserved[3] = 1,
    ];
    with_bounds(world, changes, TermBounds::PRODUCTION)
}

fn loose_bounds(world: &World, _: &Pubkey) -> Vec<Instruction> {
    let changes: &[fn(&mut TermBounds)] = &[
        |bounds| bounds.min_principal -= 1,
        |bounds| bounds.min_instalment_interval -= 1,
        |bounds| bounds.max_term += 1,
        |bounds| bounds.min_delinquency_grace -= 1,
        |bounds| bounds.min_default_grace -= 1,
        |bounds| bounds.min_cure_period -= 1,
        |bounds| bounds.min_lot_window -= 1,
        |bounds| bounds.max_lot_window += 1,
        |bounds| bounds.max_apr_bps += 1,
        |bounds| bounds.max_late_fee_bps += 1,
        |bounds| bounds.min_start_price_bps -= 1,
        |bounds| bounds.min_floor_price_bps -= 1,
    ];
    with_bounds(world, changes, TermBounds::PRODUCTION)
}

fn registering() -> Attempt {
    let world = World::new();
    let instruction = register(&world, World::reporters());
    Attempt::new(world, Pubkey::default(), instruction, &["stranger"])
}

fn register(world: &World, reporters: ReportersArgs) -> Instruction {
    register_with(world, World::capacity(), reporters)
}

/// A second provider registers: the world's own has done so already.
fn register_with(world: &World, capacity: CapacityArgs, reporters: ReportersArgs) -> Instruction {
    let (authority, payout) = (Parties::address("stranger"), world.token_account("stranger"));
    instructions::provider_register(&world.keys.market, &authority, &payout, capacity, reporters)
}

fn setting_reporters() -> Attempt {
    let world = World::new();
    let instruction = set(&world, World::reporters());
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn set(world: &World, reporters: ReportersArgs) -> Instruction {
    instructions::provider_set_reporters(
        &world.keys.market,
        &Parties::address("provider"),
        &world.provider,
        reporters,
    )
}

fn setting_capacity() -> Attempt {
    let world = World::new();
    let instruction = world.set_capacity(World::capacity());
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn each(
    world: &World,
    build: fn(&World, ReportersArgs) -> Instruction,
    wrong: Vec<ReportersArgs>,
) -> Vec<Instruction> {
    wrong.into_iter().map(|reporters| build(world, reporters)).collect()
}

fn listed(count: u8) -> Vec<Reporter> {
    let reporter = |index| Reporter { key: Parties::reporter(index).pubkey(), expires_at: i64::MAX };
    (0..count).map(reporter).collect()
}

fn wrong_counts() -> Vec<ReportersArgs> {
    let with = |count| ReportersArgs { reporters: listed(count), quorum: 1, chunk_size: 10 };
    vec![with(0), with(9)]
}

fn wrong_quorums() -> Vec<ReportersArgs> {
    [0, 4].map(|quorum| ReportersArgs { quorum, ..World::reporters() }).to_vec()
}

fn wrong_chunks() -> Vec<ReportersArgs> {
    [0, 33].map(|chunk_size| ReportersArgs { chunk_size, ..World::reporters() }).to_vec()
}

fn zero_key() -> ReportersArgs {
    let mut reporters = World::reporters();
    reporters.reporters[2].key = Pubkey::default();
    reporters
}

fn twice() -> ReportersArgs {
    let mut reporters = World::reporters();
    reporters.reporters[2].key = reporters.reporters[0].key;
    reporters
}
