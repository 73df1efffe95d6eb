use {
    anchor_spl::token_2022::spl_token_2022::extension::ExtensionType,
    blockable_sdk::{
        Instruction,
        events::{Event, MarketCreated, ProviderChanged},
        instructions::{self, MarketKeys},
        program::{
            instructions::{CapacityArgs, MarketArgs, ReportersArgs},
            state::{Market, Provider, Reporter, TermBounds},
        },
        tokens,
    },
    blockable_testkit::{Landed, Loan, Parties, START, World},
    solana_sdk::signer::Signer,
};

fn create(world: &World, args: MarketArgs) -> Instruction {
    let (payer, admin) = (Parties::address("payer"), Parties::address("admin"));
    let (keys, treasury) = (world.keys, world.token_account("treasury"));
    instructions::market_create(&payer, &admin, &keys.mint, &keys.token_program, &treasury, args)
}

#[track_caller]
fn provider_event(landed: &Landed) -> ProviderChanged {
    match landed.events.as_slice() {
        [Event::ProviderChanged(event)] => event.clone(),
        other => panic!("one event of a provider is expected: {other:?}"),
    }
}

#[test]
fn a_market_keeps_what_it_was_created_with() {
    let mut world = World::without_market(tokens::TOKEN_PROGRAM);
    let args = World::market_args();
    let landed = world.sent(&[create(&world, args)], &["admin"]);

    let market = world.market();
    assert_eq!((market.version, market.is_test, market.decimals, market.id), (Market::VERSION, 0, 6, 1));
    assert_eq!(market.redistribution_fee_bps, 200);
    assert_eq!((market.admin, market.guardian), (Parties::address("admin"), Parties::address("guardian")));
    assert_eq!((market.payment_mint, market.token_program), (world.keys.mint, tokens::TOKEN_PROGRAM));
    assert_eq!(market.treasury, world.token_account("treasury"));
    assert_eq!(market.bounds, args.bounds);
    assert_eq!((market.paused_seconds, market.paused_at, market.pause_expires_at), (0, 0, 0));
    let rent = world.svm.minimum_balance_for_rent_exemption(Market::SPACE);
    assert_eq!(world.lamports(&world.keys.market), rent);

    let [Event::MarketCreated(event)] = landed.events.as_slice() else { panic!("{:?}", landed.events) };
    let expected = MarketCreated {
        market: world.keys.market,
        admin: Parties::address("admin"),
        payment_mint: world.keys.mint,
        is_test: 0,
    };
    assert_eq!(*event, expected);
}

#[test]
fn a_test_market_may_be_looser_than_production() {
    let mut world = World::without_market(tokens::TOKEN_PROGRAM);
    let bounds = TermBounds { min_instalment_interval: 1, min_cure_period: 0, ..TermBounds::PRODUCTION };
    world.sent(&[create(&world, MarketArgs { is_test: true, bounds, ..World::market_args() })], &["admin"]);
    assert_eq!((world.market().is_test, world.market().bounds), (1, bounds));
}

#[test]
fn a_market_takes_the_loosest_bounds_and_the_highest_fee_of_production() {
    let mut world = World::without_market(tokens::TOKEN_PROGRAM);
    let args =
        MarketArgs { bounds: TermBounds::PRODUCTION, redistribution_fee_bps: 1_000, ..World::market_args() };
    world.sent(&[create(&world, args)], &["admin"]);
    assert_eq!((world.market().bounds, world.market().redistribution_fee_bps), (args.bounds, 1_000));
}

#[test]
fn a_market_takes_a_mint_that_only_points_to_metadata_or_a_group() {
    let harmless =
        [ExtensionType::MetadataPointer, ExtensionType::GroupPointer, ExtensionType::GroupMemberPointer];
    for extension in harmless {
        let mut world = World::without_market(tokens::TOKEN_2022_PROGRAM);
        let mint = world.create_mint_with("extended mint", extension);
        world.keys = MarketKeys { mint, ..world.keys };
        let (payer, treasury) = (Parties::address("payer"), Parties::address("treasury"));
        let account = tokens::create_associated(&payer, &treasury, &mint, &world.keys.token_program);
        world.sent(&[account, create(&world, World::market_args())], &["admin"]);
        assert_eq!(world.market().payment_mint, mint);
        assert_eq!(world.market().token_program, tokens::TOKEN_2022_PROGRAM);
    }
}

#[test]
fn a_provider_keeps_what_it_registered_with() {
    let world = World::new();
    let provider = world.provider();
    assert_eq!((provider.version, provider.suspended), (Provider::VERSION, 0));
    assert_eq!((provider.market, provider.authority), (world.keys.market, Parties::address("provider")));
    assert_eq!(provider.payout, world.token_account("provider"));
    assert_eq!((provider.epoch, provider.next_index, provider.outstanding_units), (1, 0, 0));
    assert_eq!((provider.capacity_units, provider.max_units_per_second), (10_000_000_000, 10_000));
    assert_eq!((provider.quorum, provider.reporter_count, provider.chunk_size), (2, 3, 32));
    assert_eq!(provider.reporters(), World::reporters().reporters);
    let rent = world.svm.minimum_balance_for_rent_exemption(Provider::SPACE);
    assert_eq!(world.lamports(&world.provider), rent);

    let registered = Landed { compute_units: 0, events: world.events[1..].to_vec(), logs: vec![] };
    let expected = ProviderChanged {
        provider: world.provider,
        epoch: 1,
        capacity_units: 10_000_000_000,
        max_units_per_second: 10_000,
        authority: Parties::address("provider"),
        pending_authority: blockable_sdk::Pubkey::default(),
        payout: world.token_account("provider"),
        suspended: 0,
    };
    assert_eq!(provider_event(&registered), expected);
}

#[test]
fn new_reporters_replace_all_old_ones_and_raise_the_epoch() {
    let mut world = World::new();
    let reporter = Reporter { key: Parties::reporter(7).pubkey(), expires_at: START + 1 };
    let reporters = ReportersArgs { reporters: vec![reporter], quorum: 1, chunk_size: 10 };
    let (market, authority) = (world.keys.market, Parties::address("provider"));
    let set = instructions::provider_set_reporters(&market, &authority, &world.provider, reporters);
    let landed = world.sent(&[set], &["provider"]);

    let provider = world.provider();
    assert_eq!(provider.reporters(), [reporter]);
    assert_eq!(provider.reporters[1..], [Reporter::default(); 7]);
    assert_eq!((provider.quorum, provider.chunk_size, provider.epoch), (1, 10, 2));
    assert_eq!(provider_event(&landed).epoch, 2);
}

#[test]
fn a_provider_may_lower_its_capacity_to_what_is_outstanding() {
    let mut world = World::new();
    world.active(&Loan::new(1));
    let capacity = CapacityArgs { capacity_units: 1_000_000_000, max_units_per_second: 1 };
    let landed = world.sent(&[world.set_capacity(capacity)], &["provider"]);

    let provider = world.provider();
    assert_eq!((provider.capacity_units, provider.outstanding_units), (1_000_000_000, 1_000_000_000));
    assert_eq!((provider.max_units_per_second, provider.epoch), (1, 1));
    let expected = ProviderChanged {
        provider: world.provider,
        epoch: 1,
        capacity_units: 1_000_000_000,
        max_units_per_second: 1,
        authority: Parties::address("provider"),
        pending_authority: blockable_sdk::Pubkey::default(),
        payout: world.token_account("provider"),
        suspended: 0,
    };
    assert_eq!(provider_event(&landed), expected);
}
