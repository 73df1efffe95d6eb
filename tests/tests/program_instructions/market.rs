use {
    anchor_spl::token_2022::spl_token_2022::extension::ExtensionType,
    blockable_sdk::{
        Instruction,
        events::{Event, MarketCreated, ProviderChanged},
        instructions::{self, MarketKeys},
        program::{
            instructions::MarketArgs,
            state::{Market, Provider, ProviderSettings, Reporter, TermBounds},
        },
        tokens,
    },
    blockable_testkit::{Landed, Loan, Parties, START, World},
    solana_sdk::{signer::Signer, slot_hashes::SlotHashes},
};

fn create(world: &World, args: MarketArgs) -> Instruction {
    let (payer, admin) = (Parties::address("payer"), Parties::address("admin"));
    let (keys, treasury) = (world.keys, world.token_account("treasury"));
    instructions::market_create(&payer, &admin, &keys.mint, &keys.token_program, &treasury, args)
}

#[track_caller]
fn provider_event(landed: &Landed) -> ProviderChanged {
    match landed.events.as_slice() {
        [Event::ProviderChanged(event)] => ProviderChanged::clone(event),
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
    assert_eq!((provider.epoch, provider.next_index, provider.outstanding_units), (1, 0, 0));
    assert_eq!((provider.epoch_began_at, provider.capacity_units), (START, 10_000_000_000));
    let settings = world.paid_out(World::settings());
    assert_eq!((provider.settings, provider.reporters().len()), (settings, 3));
    assert_eq!(provider.settings.payout, world.token_account("provider"));
    // The latest slot's hash, which no other cluster has.
    let slot_hashes: SlotHashes = world.svm.get_sysvar();
    assert_eq!(provider.cluster_tag, slot_hashes.slot_hashes()[0].1.to_bytes());
    let rent = world.svm.minimum_balance_for_rent_exemption(Provider::SPACE);
    assert_eq!(world.lamports(&world.provider), rent);

    let registered = Landed { compute_units: 0, events: world.events[1..].to_vec(), logs: vec![] };
    let event = provider_event(&registered);
    assert_eq!(event, ProviderChanged::new(world.provider, &provider, START));
    assert_eq!((event.authority, event.suspended), (Parties::address("provider"), 0));
    assert_eq!((event.settings, event.change_ready_at), (settings, 0));
}

#[test]
fn new_reporters_replace_all_old_ones_and_raise_the_epoch() {
    let mut world = World::new();
    let reporter = Reporter { key: Parties::reporter(7).pubkey(), expires_at: START + 1 };
    let settings = World::settings();
    let listed = ProviderSettings::with_reporters(&[reporter], 1);
    let (max_units_per_second, longest_job) = (settings.max_units_per_second, settings.longest_job);
    let settings = ProviderSettings { max_units_per_second, longest_job, ..listed };
    let propose = world.propose_provider("provider", settings);
    let landed = world.sent(&[propose], &["provider"]);
    let (event, delay) = (provider_event(&landed), i64::from(world.market().provider_delay));
    assert_eq!((event.epoch, event.change_ready_at), (1, START + delay));
    assert_eq!((event.settings.quorum, event.proposed), (2, world.paid_out(settings)));

    world.pass(world.market().provider_delay);
    let apply = world.apply_provider("provider");
    let landed = world.sent(&[apply], &["provider"]);
    let provider = world.provider();
    assert_eq!(provider.reporters(), [reporter]);
    assert_eq!(provider.settings.reporters[1..], [Reporter::default(); 7]);
    assert_eq!((provider.settings.quorum, provider.settings.chunk_size, provider.epoch), (1, 8, 2));
    assert_eq!(provider.epoch_began_at, START + delay);
    assert_eq!(provider_event(&landed), ProviderChanged::new(world.provider, &provider, world.now()));
}

#[test]
fn a_provider_may_lower_its_capacity_to_what_is_outstanding() {
    let mut world = World::new();
    world.active(&Loan::new(1));
    let landed = world.sent(&[world.set_capacity(1_000_000_000)], &["provider"]);

    let provider = world.provider();
    assert_eq!((provider.capacity_units, provider.outstanding_units), (1_000_000_000, 1_000_000_000));
    assert_eq!(provider_event(&landed), ProviderChanged::new(world.provider, &provider, START));
}
