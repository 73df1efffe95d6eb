//! Changes of a provider by its authority and by the market's admin, while its credits go on.

use {
    blockable_sdk::{
        Instruction, Pubkey,
        events::{Event, ProviderChanged},
        instructions,
        program::{
            errors::BlockableError,
            instructions::FreezeAmount,
            metering::Skip,
            report::{CreditReading, SignedReport},
            state::{FreezePolicy, FreezeReason, Provider, ProviderSettings, Terms},
        },
        reports::UsageReport,
    },
    blockable_testkit::{Landed, Loan, Parties, USDC, World},
};

/// The provider's event, checked to be the only one and to equal the account.
#[track_caller]
fn event(world: &World, landed: &Landed) -> ProviderChanged {
    let [Event::ProviderChanged(event)] = landed.events.as_slice() else {
        panic!("one event of a provider is expected: {:?}", landed.events)
    };
    assert_eq!(**event, ProviderChanged::new(world.provider, &world.provider(), world.now()));
    ProviderChanged::clone(event)
}

fn offer(world: &World, to: Pubkey) -> Instruction {
    instructions::provider_offer_authority(
        &world.keys.market,
        &Parties::address("provider"),
        &world.provider,
        to,
    )
}

fn accept(world: &World, who: &str) -> Instruction {
    let owed = world.provider().outstanding_units;
    instructions::provider_accept_authority(&world.keys.market, &Parties::address(who), &world.provider, owed)
}

/// Builds what a party named does.
type Step = fn(&World, &str) -> Instruction;

fn suspend(world: &World, who: &str) -> Instruction {
    instructions::provider_suspend(&world.keys.market, &Parties::address(who), &world.provider)
}

fn resume(world: &World, who: &str) -> Instruction {
    instructions::provider_resume(&world.keys.market, &Parties::address(who), &world.provider)
}

#[test]
fn a_provider_keeps_its_address_and_its_credits_when_its_authority_changes() {
    let mut world = World::new();
    let (address, to) = (world.provider, Parties::address("stranger"));
    let running = world.active(&Loan::new(1));
    let credit = world.accepted(&Loan::new(2));
    let landed = world.sent(&[offer(&world, to)], &["provider"]);
    let changed = event(&world, &landed);
    assert_eq!((changed.authority, changed.pending_authority), (Parties::address("provider"), to));
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::ChangeDelayRunning);
    world.pass(world.market().provider_delay);
    let landed = world.sent(&[accept(&world, "stranger")], &["stranger"]);
    let changed = event(&world, &landed);
    assert_eq!((changed.authority, changed.pending_authority), (to, Pubkey::default()));
    assert_eq!((changed.provider, changed.epoch), (address, 1));
    assert_eq!(world.credit(&running).provider, address);

    let issue = world.issue(&credit);
    world.refused(&[issue], &["provider"], BlockableError::NotProvider);
    world.refused(&[offer(&world, to)], &["provider"], BlockableError::NotProvider);
    world.refused(&[suspend(&world, "provider")], &["provider"], BlockableError::NotProvider);
    let payout = world.token_account("provider");
    let read = world.offer_read(&credit);
    let issue = instructions::credit_issue(&world.keys, &to, &address, &payout, &credit, read);
    world.sent(&[issue], &["stranger"]);
    // The principal of both loans: the payout account stays until the new authority names another.
    assert_eq!(world.wallet("provider"), 200_000 * USDC);
    assert_eq!(world.credit(&credit).meter.index, 1);
}

#[test]
fn an_offer_of_the_authority_is_withdrawn_by_the_zero_key() {
    let mut world = World::new();
    world.sent(&[offer(&world, Parties::address("stranger"))], &["provider"]);
    let landed = world.sent(&[offer(&world, Pubkey::default())], &["provider"]);
    assert_eq!(event(&world, &landed).pending_authority, Pubkey::default());
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::NotOffered);
}

#[test]
fn a_suspended_provider_takes_no_new_credits_and_keeps_those_it_has() {
    let mut world = World::new();
    let running = world.active(&Loan::new(1));
    let accepted = world.accepted(&Loan::new(2));
    let landed = world.sent(&[suspend(&world, "provider")], &["provider"]);
    assert_eq!(event(&world, &landed).suspended, Provider::SUSPENDED_BY_ITSELF);
    world.refused(&[world.offer(&Loan::new(3))], &["lender"], BlockableError::ProviderSuspended);
    world.refused(&[world.issue(&accepted)], &["provider"], BlockableError::ProviderSuspended);

    // What runs goes on, and an offer that cannot be issued can be withdrawn.
    world.pass(60);
    world.sent(&[world.meter(&[running], &[(0, 1_000, 0)])], &[]);
    assert_eq!(world.credit(&running).collateral.consumed, 1_000);
    world.sent(&[world.repay("borrower", &running, USDC)], &["borrower"]);
    let landed = world.sent(&[resume(&world, "provider")], &["provider"]);
    assert_eq!(event(&world, &landed).suspended, 0);
    world.sent(&[world.issue(&accepted)], &["provider"]);
}

#[test]
fn provider_and_admin_each_lift_only_their_own_suspension() {
    let (own, admins) = (Provider::SUSPENDED_BY_ITSELF, Provider::SUSPENDED_BY_ADMIN);
    let mut world = World::new();
    let steps: [(Step, &str, u8); 8] = [
        (suspend, "admin", admins),
        (suspend, "admin", admins),
        (resume, "provider", admins),
        (suspend, "provider", own | admins),
        (resume, "admin", own),
        (suspend, "admin", own | admins),
        (resume, "provider", admins),
        (resume, "admin", 0),
    ];
    for (step, who, suspended) in steps {
        let landed = world.sent(&[step(&world, who)], &[who]);
        assert_eq!(event(&world, &landed).suspended, suspended);
        let offer = world.offer(&Loan::new(1));
        if suspended == 0 {
            world.sent(&[offer], &["lender"]);
        } else {
            world.refused(&[offer], &["lender"], BlockableError::ProviderSuspended);
        }
    }
}

#[test]
fn principal_of_the_next_issue_goes_to_the_payout_account_named_last() {
    let mut world = World::new();
    world.active(&Loan::new(1));
    let credit = world.accepted(&Loan::new(2));
    let payout = world.second_account("provider");
    let (market, authority) = (world.keys.market, Parties::address("provider"));
    let settings = ProviderSettings { payout, ..world.provider().settings };
    let propose = instructions::provider_propose_change(&market, &authority, &world.provider, settings);
    let landed = world.sent(&[propose], &["provider"]);
    assert_eq!(event(&world, &landed).proposed.payout, payout);
    assert_eq!(event(&world, &landed).settings.payout, world.token_account("provider"));
    world.pass(world.market().provider_delay);
    let landed = world.sent(&[world.apply_provider("provider")], &["provider"]);
    assert_eq!((event(&world, &landed).settings.payout, event(&world, &landed).epoch), (payout, 1));

    world.refused(&[world.issue(&credit)], &["provider"], BlockableError::PayoutMismatch);
    let read = world.offer_read(&credit);
    let issue = instructions::credit_issue(&world.keys, &authority, &world.provider, &payout, &credit, read);
    world.sent(&[issue], &["provider"]);
    assert_eq!((world.balance(&payout), world.wallet("provider")), (100_000 * USDC, 100_000 * USDC));
}

/// Replaces the reporters by two others, whose keys are numbered from `first`, as soon as the market's delay allows.
fn rotate(world: &mut World, first: u8, chunk_size: u8) -> Landed {
    let settings = World::settings_with(first..first + 2);
    world.change_provider(ProviderSettings { chunk_size, ..settings })
}

/// Two reports on one credit as of now, by the reporters whose keys are numbered from `first`.
fn reports(world: &World, first: u8, chunk: u32, bit: u32, cumulative: u64) -> Vec<SignedReport> {
    let sign = |index: u8| {
        let mut report = UsageReport::new(world.scope(chunk), world.now());
        report.set(bit, CreditReading { cumulative, in_flight: 0 }).expect("a bit of the chunk");
        report.sign(index, &Parties::reporter(first + index)).expect("the key signs")
    };
    vec![sign(0), sign(1)]
}

fn meter(world: &World, credit: &Pubkey, chunk: u32, reports: Vec<SignedReport>) -> Instruction {
    instructions::usage_meter(&world.keys.market, &world.provider, chunk, reports, &[*credit])
}

/// Five credits, of which the last has index 4: chunk 0 of 32, chunk 2 of two, chunk 1 of four.
#[test]
fn new_reporters_carry_on_from_what_the_old_ones_counted() {
    let mut world = World::new();
    let credits: Vec<Pubkey> = (1..=5).map(|nonce| world.active(&Loan::new(nonce))).collect();
    let credit = credits[4];
    let consumed = |world: &World| world.credit(&credit).collateral.consumed;
    world.pass(60);
    let counted = reports(&world, 0, 0, 4, 1_000);
    world.sent(&[meter(&world, &credit, 0, counted)], &[]);
    assert_eq!(consumed(&world), 1_000);

    // A smaller chunk. Reports signed before the change are void, whoever submits them.
    world.pass(60);
    let overtaken = reports(&world, 0, 0, 4, 1_300);
    let landed = rotate(&mut world, 3, 2);
    assert_eq!(event(&world, &landed).epoch, 2);
    let refused = [meter(&world, &credit, 0, overtaken)];
    world.refused(&refused, &[], BlockableError::ReportMalformed);
    let old_keys = reports(&world, 0, 2, 0, 1_300);
    world.refused(&[meter(&world, &credit, 2, old_keys)], &[], BlockableError::ReportSignatureInvalid);
    let elsewhere = reports(&world, 3, 0, 0, 1_500);
    let landed = world.sent(&[meter(&world, &credit, 0, elsewhere)], &[]);
    assert_eq!(landed.chunk().skipped[0].reason, Skip::NotInChunk);
    let carried_on = reports(&world, 3, 2, 0, 1_500);
    let landed = world.sent(&[meter(&world, &credit, 2, carried_on)], &[]);
    assert_eq!((landed.chunk().epoch, landed.chunk().chunk), (2, 2));
    assert_eq!(consumed(&world), 1_500);

    // A bigger chunk. New reporters that begin at zero are behind what has been counted.
    world.pass(60);
    let overtaken = reports(&world, 3, 2, 0, 1_600);
    let landed = rotate(&mut world, 5, 4);
    assert_eq!(event(&world, &landed).epoch, 3);
    world.refused(&[meter(&world, &credit, 2, overtaken)], &[], BlockableError::ReportSignatureInvalid);
    let from_zero = reports(&world, 5, 1, 0, 100);
    let landed = world.sent(&[meter(&world, &credit, 1, from_zero)], &[]);
    assert_eq!(landed.chunk().skipped[0].reason, Skip::Backwards);
    let carried_on = reports(&world, 5, 1, 0, 2_000);
    world.sent(&[meter(&world, &credit, 1, carried_on)], &[]);
    assert_eq!(consumed(&world), 2_000);
    assert_eq!(world.credit(&credit).meter.overrun, 0);
    assert!(credits[..4].iter().all(|other| world.credit(other).collateral.consumed == 0));
}

/// An expiry date a second earlier is in force at once, and begins a new epoch.
#[test]
fn the_same_reporters_with_another_expiry_are_a_new_epoch() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(60);
    let signed = reports(&world, 0, 0, 0, 1_000);
    let mut settings = World::settings();
    settings.reporters[2].expires_at -= 1;
    let landed = world.change_provider(settings);
    assert_eq!((event(&world, &landed).epoch, event(&world, &landed).change_ready_at), (2, 0));
    world.refused(&[meter(&world, &credit, 0, signed)], &[], BlockableError::ReportSignatureInvalid);
    let again = reports(&world, 0, 0, 0, 1_000);
    world.sent(&[meter(&world, &credit, 0, again)], &[]);
    assert_eq!(world.credit(&credit).collateral.consumed, 1_000);
}

/// A stolen key: its own reporters and payout account wait, and the owner's suspension drops them.
#[test]
fn what_a_suspended_provider_has_proposed_is_dropped() {
    let mut world = World::new();
    let credit = world.accepted(&Loan::new(1));
    let propose = world.propose_provider("provider", World::settings_with(5..8));
    world.sent(&[propose, offer(&world, Parties::address("stranger"))], &["provider"]);
    // The lender has not read what waits.
    world.refused(&[world.issue(&credit)], &["provider"], BlockableError::ReportersChanged);
    let apply = world.apply_provider("provider");
    let landed = world.sent(&[suspend(&world, "admin")], &["admin"]);
    let changed = event(&world, &landed);
    assert_eq!((changed.change_ready_at, changed.pending_authority), (0, Pubkey::default()));
    let again = world.propose_provider("provider", World::settings_with(5..8));
    world.refused(&[again], &["provider"], BlockableError::ProposalSuspended);
    world.pass(world.market().provider_delay);
    world.refused(&[apply], &["provider"], BlockableError::NoChangeProposed);

    // A leaked key goes at once all the same, and that voids the offer.
    let landed = world.change_provider(World::settings_with(0..2));
    assert_eq!((event(&world, &landed).settings.reporter_count, event(&world, &landed).epoch), (2, 2));
    world.sent(&[resume(&world, "admin")], &["admin"]);
    world.refused(&[world.issue(&credit)], &["provider"], BlockableError::ReportersChanged);
    let cancel = world.cancel("lender", &credit);
    world.sent(&[cancel], &["lender"]);
    let reporters_hash = world.provider().reporters_hash();
    world.active(&Loan::new(2).with(|terms| terms.reporters_hash = reporters_hash));
}

/// Frozen in full, with an honest report from before it on its way: new reporters of a second later reach nothing.
#[test]
fn reporters_of_after_a_freeze_reach_nothing_that_is_frozen() {
    let mut world = World::new();
    let at_will = |terms: &mut Terms| terms.freeze_policy = FreezePolicy::AtWill as u8;
    let credit = world.active(&Loan::new(1).with(at_will));
    world.pass(60);
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    world.pass(10);
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk);
    world.sent(&[freeze], &["lender"]);
    let frozen = world.credit(&credit).collateral.frozen();
    world.pass(1);
    world.change_provider(World::settings_with(0..2));
    let at = world.now() - 2;
    let late: Vec<SignedReport> =
        [0, 1].map(|reporter| world.report_at(reporter, at, &[(0, 90_000, 0)])).into();
    world.sent(&[world.meter_with(&[credit], late)], &[]);
    let credit = world.credit(&credit);
    assert_eq!((credit.collateral.frozen(), credit.meter.overrun), (frozen, 89_000));
}
