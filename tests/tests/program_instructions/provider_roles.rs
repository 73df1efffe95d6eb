//! Changes of a provider by its authority and by the market's admin, while its credits go on.

use {
    blockable_sdk::{
        Instruction, Pubkey,
        events::{Event, ProviderChanged},
        instructions,
        program::{
            errors::BlockableError,
            instructions::ReportersArgs,
            metering::Skip,
            report::{CreditReading, SignedReport},
            state::{Provider, Reporter},
        },
        reports::UsageReport,
    },
    blockable_testkit::{DAY, Landed, Loan, Parties, START, USDC, World},
    solana_sdk::signer::Signer,
};

/// The provider's event, checked to be the only one and to equal the account.
#[track_caller]
fn event(world: &World, landed: &Landed) -> ProviderChanged {
    let [Event::ProviderChanged(event)] = landed.events.as_slice() else {
        panic!("one event of a provider is expected: {:?}", landed.events)
    };
    assert_eq!(*event, ProviderChanged::new(world.provider, &world.provider()));
    event.clone()
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
    instructions::provider_accept_authority(&world.keys.market, &Parties::address(who), &world.provider)
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
    let issue = instructions::credit_issue(&world.keys, &to, &address, &payout, &credit);
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
    let authority = Parties::address("provider");
    let set = instructions::provider_set_payout(&world.keys.market, &authority, &world.provider, &payout);
    let landed = world.sent(&[set], &["provider"]);
    assert_eq!(event(&world, &landed).payout, payout);

    world.refused(&[world.issue(&credit)], &["provider"], BlockableError::PayoutMismatch);
    let issue = instructions::credit_issue(&world.keys, &authority, &world.provider, &payout, &credit);
    world.sent(&[issue], &["provider"]);
    assert_eq!((world.balance(&payout), world.wallet("provider")), (100_000 * USDC, 100_000 * USDC));
}

/// Replaces the reporters by two others, whose keys are numbered from `first`.
fn rotate(world: &mut World, first: u8, chunk_size: u8) -> Landed {
    let expires_at = START + 400 * i64::from(DAY);
    let reporter = |index| Reporter { key: Parties::reporter(index).pubkey(), expires_at };
    let reporters =
        ReportersArgs { reporters: (first..first + 2).map(reporter).collect(), quorum: 2, chunk_size };
    let authority = Parties::address("provider");
    let set =
        instructions::provider_set_reporters(&world.keys.market, &authority, &world.provider, reporters);
    world.sent(&[set], &["provider"])
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

#[test]
fn the_same_reporters_registered_again_are_a_new_epoch() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(60);
    let signed = reports(&world, 0, 0, 0, 1_000);
    rotate(&mut world, 0, 32);
    world.refused(&[meter(&world, &credit, 0, signed)], &[], BlockableError::ReportSignatureInvalid);
    let again = reports(&world, 0, 0, 0, 1_000);
    world.sent(&[meter(&world, &credit, 0, again)], &[]);
    assert_eq!(world.credit(&credit).collateral.consumed, 1_000);
}
