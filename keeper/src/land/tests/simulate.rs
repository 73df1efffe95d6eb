//! Simulations: what fails in one is taken out, and the rest goes on.

use {
    super::{
        WRITTEN_AT, credit,
        ground::{Ground, due, meter},
        nodes::Played,
    },
    crate::{
        land::{
            LandSettings,
            lander::Landing,
            lanes,
            pack::{Batch, Packed, Version, pack},
            settings::VersionChoice,
            simulate::{RoundContext, Simulated, simulate},
        },
        plan::{Intent, Kind, Role},
    },
    blockable_sdk::{Pubkey, program::errors::BlockableError},
    serde_json::{Value, json},
    std::collections::HashMap,
};

fn refused(error: BlockableError) -> Value {
    json!({"Custom": error.code()})
}

/// Has simulations of this work fail by the credits that it names.
async fn ground(work: &[Intent], faults: &[(u8, Value)]) -> Ground {
    ground_with(work, faults, |_| {}).await
}

/// As [`ground`], with a change of the settings.
async fn ground_with(
    work: &[Intent],
    faults: &[(u8, Value)],
    change: impl FnOnce(&mut LandSettings),
) -> Ground {
    let ground = Ground::new(1, change).await;
    let faults: HashMap<Pubkey, Value> =
        faults.iter().map(|(number, fault)| (credit(*number), fault.clone())).collect();
    ground.nodes[0].show(|view| {
        view.work = work.iter().map(|intent| intent.credits().to_vec()).collect();
        view.faults = faults;
    });
    ground
}

/// Simulates batches by the only node.
async fn simulated(ground: &Ground, batches: Vec<Batch>) -> Simulated {
    let payers = ground.lander.payers();
    let round = RoundContext { market: &Pubkey::default(), payers: &payers, version: Version::V0 };
    simulate(&[&ground.nodes[0].node("only")], batches, &round).await
}

#[tokio::test]
async fn what_fails_is_taken_out_and_the_rest_shares_a_transaction() {
    let work: Vec<Intent> = (1..=6).map(|number| due(Kind::ExpireUnits, number)).collect();
    let bad = refused(BlockableError::ArithmeticOverflow);
    let ground = ground(&work, &[(2, bad.clone()), (5, bad)]).await;
    let landing = ground.land(&work).await;
    assert_eq!(landing, Landing { transactions: 1, sent: 4, failed: 2, ..Landing::default() });
    let failing = ground.store.read(|connection| lanes::list(connection, 1)).await.unwrap();
    let subjects: Vec<Pubkey> = failing.iter().map(|lane| lane.subject).collect();
    assert_eq!(subjects, [credit(2), credit(5)]);
    assert!(failing[0].reason.contains("ArithmeticOverflow"), "{}", failing[0].reason);
}

#[tokio::test]
async fn a_chunk_with_a_bad_credit_is_halved_until_it_is_alone() {
    let numbers: Vec<u8> = (1..=8).collect();
    let work = [meter(0, &numbers, 0)];
    let ground = ground(&work, &[(3, refused(BlockableError::ArithmeticOverflow))]).await;
    let Packed { batches, unfit } = pack(&work, &Pubkey::default(), Version::V0);
    assert!(unfit.is_empty());
    let simulated = simulated(&ground, batches).await;
    let mut good: Vec<Pubkey> = simulated
        .ready
        .iter()
        .flat_map(|ready| &ready.batch.intents)
        .flat_map(Intent::credits)
        .copied()
        .collect();
    good.sort_unstable();
    let expected: Vec<Pubkey> =
        numbers.iter().filter(|number| **number != 3).map(|number| credit(*number)).collect();
    assert_eq!(good, expected);
    let failed: Vec<&[Pubkey]> = simulated.failed.iter().map(|out| out.intent.credits()).collect();
    assert_eq!(failed, [[credit(3)]]);
    assert!(simulated.moot.is_empty() && simulated.untried.is_empty());
}

#[tokio::test]
async fn a_credit_that_fails_in_its_chunk_waits_alone_and_ever_longer() {
    let work = [meter(0, &[1, 2, 3], 0)];
    let ground = ground(&work, &[(2, refused(BlockableError::ArithmeticOverflow))]).await;
    let failures = async |ground: &Ground| {
        let lanes = ground.store.read(|connection| lanes::list(connection, 1)).await.unwrap();
        lanes.into_iter().map(|lane| (lane.subject, lane.failures)).collect::<Vec<_>>()
    };
    for round in 1..=3u8 {
        // A new report, so that it is another intent; and time enough to try again.
        let seconds = 3_600 * i64::from(round);
        let landing = ground.land_at(&[meter(0, &[1, 2, 3], round)], seconds).await;
        assert_eq!((landing.failed, landing.aside), (1, 0), "{landing:?}");
        assert_eq!(failures(&ground).await, [(credit(2), u32::from(round))]);
        ground.land_all(6_000 + u64::from(round)).await;
        assert_eq!(failures(&ground).await, [(credit(2), u32::from(round))], "the others have landed");

        let landing = ground.land_at(&[meter(0, &[1, 2, 3], 100 + round)], seconds + 1).await;
        assert_eq!((landing.sent, landing.failed), (1, 0), "the others go on: {landing:?}");
        ground.land_all(7_000 + u64::from(round)).await;
    }
    ground.nodes[0].show(|view| view.faults.clear());
    ground.land_at(&[meter(0, &[1, 2, 3], 200)], 20_000).await;
    ground.land_all(8_000).await;
    assert!(failures(&ground).await.is_empty(), "it has succeeded");
}

#[tokio::test]
async fn a_rehearsal_leaves_out_the_same_credits_as_landing_does() {
    let work = [meter(0, &[1, 2, 3], 0), due(Kind::ExpireUnits, 4)];
    let bad = refused(BlockableError::ArithmeticOverflow);
    let ground = ground(&work, &[(2, bad.clone()), (4, bad)]).await;
    let landing = ground.land(&work).await;
    assert_eq!((landing.sent, landing.failed), (2, 2), "{landing:?}");

    let again = [meter(0, &[1, 2, 3], 1), due(Kind::ExpireUnits, 4)];
    let rehearsal =
        ground.lander.rehearse(again.to_vec(), Vec::new(), WRITTEN_AT.plus_seconds(1)).await.unwrap();
    let carried = rehearsal.transactions.iter().flat_map(|one| &one.intents).map(|intent| intent.credits);
    assert_eq!(carried.sum::<usize>(), 2, "{rehearsal:?}");
    let aside = rehearsal.aside.iter().map(|intent| (intent.kind.as_str(), intent.credits));
    assert_eq!(aside.collect::<Vec<_>>(), [("meter", 1), ("expire_units", 1)]);
    assert!(rehearsal.failed.is_empty(), "{rehearsal:?}");
}

#[tokio::test]
async fn what_another_has_done_is_left_out_and_counts_against_nobody() {
    let work: Vec<Intent> = (1..=3).map(|number| due(Kind::MarkDelinquent, number)).collect();
    let ground = ground(&work, &[(1, refused(BlockableError::WrongStatus))]).await;
    let landing = ground.land(&work).await;
    assert_eq!(landing, Landing { transactions: 1, sent: 2, moot: 1, ..Landing::default() });
    assert!(ground.store.read(|connection| lanes::list(connection, 1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_payer_without_funds_is_reported_and_blames_no_work() {
    let work = [due(Kind::MarkDefaulted, 1), due(Kind::ExpireUnits, 2)];
    let ground = ground(&work, &[(1, json!("InsufficientFundsForFee"))]).await;
    let landing = ground.land(&work).await;
    assert_eq!(landing, Landing { transactions: 1, sent: 1, untried: 1, ..Landing::default() });
    assert!(ground.lander.shared.key_faults().describe(Role::Enforcement).is_some());
    assert!(ground.lander.shared.key_faults().describe(Role::Metering).is_none());
    assert!(ground.store.read(|connection| lanes::list(connection, 1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn in_a_transaction_of_version_1_no_instruction_comes_before_the_first() {
    let work: Vec<Intent> = (1..=3).map(|number| due(Kind::ExpireUnits, number)).collect();
    let bad = refused(BlockableError::ArithmeticOverflow);
    let ground = ground_with(&work, &[(3, bad)], |settings| settings.version = VersionChoice::V1).await;
    ground.nodes[0].show(|view| view.before = 0);
    let landing = ground.land(&work).await;
    assert_eq!(landing, Landing { transactions: 1, sent: 2, failed: 1, ..Landing::default() });
    let failing = ground.store.read(|connection| lanes::list(connection, 1)).await.unwrap();
    assert_eq!(failing.iter().map(|lane| lane.subject).collect::<Vec<_>>(), [credit(3)]);
}

#[tokio::test]
async fn where_nobody_says_which_it_was_halves_find_it() {
    let work: Vec<Intent> = (1..=5).map(|number| due(Kind::ExpireUnits, number)).collect();
    // A place that no work is at: an instruction of the compute budget's.
    let ground = ground(&work, &[(4, refused(BlockableError::ArithmeticOverflow))]).await;
    ground.nodes[0].show(|view| view.before = 20);
    let Packed { batches, .. } = pack(&work, &Pubkey::default(), Version::V0);
    assert_eq!(batches.len(), 1);
    let simulated = simulated(&ground, batches).await;
    let failed: Vec<&[Pubkey]> = simulated.failed.iter().map(|out| out.intent.credits()).collect();
    assert_eq!(failed, [[credit(4)]]);
    let good: usize = simulated.ready.iter().map(|ready| ready.batch.intents.len()).sum();
    assert_eq!((good, simulated.moot.len(), simulated.untried.len()), (4, 0, 0));
}

#[tokio::test]
async fn metering_that_would_leave_out_every_credit_is_not_sent_and_the_rest_is() {
    let work = [meter(0, &[1, 2], 0), meter(1, &[3, 4], 0), meter(2, &[5], 0)];
    let ground = ground(&work, &[]).await;
    ground.nodes[0].show(|view| view.idle = vec![credit(1), credit(3), credit(4)]);
    let landing = ground.land(&work).await;
    assert_eq!(landing, Landing { transactions: 1, sent: 2, moot: 1, ..Landing::default() });
    assert_eq!(ground.carried().await, [work[0].lane(), work[2].lane()], "one with a credit left to meter");
    ground.land_all(6_000).await;

    // Alone, so that no recent transaction gives an estimate.
    let again = [meter(1, &[3, 4], 1)];
    let landing = ground.land_at(&again, 60).await;
    assert_eq!(landing, Landing { moot: 1, ..Landing::default() }, "no transaction for nothing");
}

#[tokio::test]
async fn where_no_node_simulates_the_work_waits_and_nothing_is_blamed() {
    let work: Vec<Intent> = (1..=3).map(|number| due(Kind::ExpireUnits, number)).collect();
    let ground = Ground::new(2, |_| {}).await;
    ground.nodes.iter().for_each(|node| node.show(|view| view.mute = vec!["simulateTransaction"]));
    let landing = ground.land(&work).await;
    assert_eq!(landing, Landing { untried: 3, ..Landing::default() });
    assert!(ground.store.read(|connection| lanes::list(connection, 1)).await.unwrap().is_empty());
    assert_eq!(ground.nodes.iter().map(Played::sent).sum::<usize>(), 0);

    ground.nodes[1].show(|view| {
        view.mute.clear();
        view.work = work.iter().map(|intent| intent.credits().to_vec()).collect();
    });
    let landing = ground.land(&work).await;
    assert_eq!((landing.sent, landing.untried), (3, 0), "the second simulates: {landing:?}");
}
