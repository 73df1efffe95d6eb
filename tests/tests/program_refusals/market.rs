//! Refusals when a market is set up.

use {
    crate::{attempt::Attempt, refusals},
    anchor_spl::token_2022::spl_token_2022::extension::ExtensionType,
    blockable_sdk::{
        Instruction, Pubkey,
        instructions::{self, MarketKeys},
        program::{instructions::MarketArgs, state::TermBounds},
        tokens,
    },
    blockable_testkit::{DAY, Parties, World},
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
        ProviderDelayOutOfRange: a_delay_of_providers_out_of_range = |good| good.with_each(|world, _| {
            [0, DAY / 4 - 1, 14 * DAY + 1].map(|delay| with_provider_delay(world, false, delay)).to_vec()
        });
        ProviderDelayOutOfRange: a_delay_of_providers_out_of_range_in_a_test_market = |good| good.with_each(|world, _| {
            [0, 14 * DAY + 1].map(|delay| with_provider_delay(world, true, delay)).to_vec()
        });
        SuspensionOutOfRange: a_time_of_suspension_out_of_range = |good| good.with_each(|world, _| {
            [0, 2 * DAY - 1, 60 * DAY + 1].map(|seconds| with_min_suspension(world, false, seconds)).to_vec()
        });
        SuspensionOutOfRange: a_time_of_suspension_out_of_range_in_a_test_market = |good| good.with_each(|world, _| {
            [0, 60 * DAY + 1].map(|seconds| with_min_suspension(world, true, seconds)).to_vec()
        });
        BoundsInconsistent: bounds_that_contradict_each_other = |good| good.with_each(contradicting_bounds);
        BoundsTooLoose: bounds_looser_than_production = |good| good.with_each(loose_bounds);
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

fn with_provider_delay(world: &World, is_test: bool, provider_delay: u32) -> Instruction {
    create(world, MarketArgs { is_test, provider_delay, ..World::market_args() })
}

fn with_min_suspension(world: &World, is_test: bool, min_suspension: u32) -> Instruction {
    create(world, MarketArgs { is_test, min_suspension, ..World::market_args() })
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
        |bounds| bounds.max_start_price_bps = 9_999,
        |bounds| bounds.max_principal += 1,
        |bounds| bounds.reserved[1] = 1,
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
        |bounds| bounds.max_start_price_bps += 1,
        |bounds| bounds.min_floor_price_bps -= 1,
    ];
    with_bounds(world, changes, TermBounds::PRODUCTION)
}
