use {
    super::{address, credit, open},
    crate::{Gate, GateConfig, Job, JobFigures, KeptAnswer, KeptBytes, Refusal},
    blockable_sdk::amounts::Units,
    std::{
        path::Path,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

const HOUR: Duration = Duration::from_secs(3_600);

fn start(folder: &Path, change: impl FnOnce(&mut GateConfig)) -> Gate {
    let gate = open(folder, change);
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    gate.observe_credit(address(2), 10, Some(&credit(1)));
    gate
}

fn answer(name: &str, body: Option<&[u8]>) -> KeptAnswer {
    let head = "{\"content-type\":\"application/json\"}".to_string();
    let (caller, name, body) = (String::new(), name.to_string(), body.map(<[u8]>::to_vec));
    KeptAnswer { caller, name, request: [7; 32], status: 200, head, body }
}

async fn kept(gate: &Gate, number: u64, name: &str) -> Option<KeptAnswer> {
    gate.kept_answer(&address(number), "", name).await.unwrap()
}

async fn settle(gate: &Gate, number: u64, answer: &KeptAnswer) {
    let hold = gate.admit(&address(number), Job::new(Units(10), "job", HOUR)).await.unwrap();
    let figures = JobFigures::without_tokens("complete");
    gate.settle_with_answer(&hold, Units(1), figures, Some(answer.clone())).await.unwrap();
}

/// Waits until no more than `most` settlements wait for the store.
async fn until_unwritten(gate: &Gate, most: usize) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while gate.unwritten_settlements() > most {
        assert!(Instant::now() < deadline, "they are never written");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_with_its_settlement_for_its_credit_alone() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    let first = answer("a", Some(b"{}\x00\xff"));
    // A sub-key's request of the same name is another one.
    let teams = KeptAnswer { caller: "team".to_string(), request: [8; 32], ..answer("a", Some(b"theirs")) };
    settle(&gate, 1, &first).await;
    settle(&gate, 1, &teams).await;
    gate.set_text("list", "one").await.unwrap();
    gate.set_text("list", "two").await.unwrap();
    gate.close().await;
    let gate = start(folder.path(), |_| {});
    assert_eq!(kept(&gate, 1, "a").await, Some(first));
    assert_eq!(gate.kept_answer(&address(1), "team", "a").await.unwrap(), Some(teams));
    assert_eq!(gate.kept_answer(&address(1), "other", "a").await.unwrap(), None);
    assert_eq!(kept(&gate, 2, "a").await, None);
    assert_eq!(gate.text("list").await.unwrap().as_deref(), Some("two"));
    assert_eq!(gate.text("other").await.unwrap(), None);
}

/// The name stays where the body goes: whoever sends it again is never charged twice.
#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_bodies_go_first_and_names_stay_for_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = KeptBytes { per_credit: 250, total: 300 };
    let gate = start(folder.path(), |config| config.kept_bytes = bounds);
    // All within few milliseconds: those of one are told apart by their order.
    for name in ["a", "b", "c", "d"] {
        settle(&gate, 1, &answer(name, Some(&[b'x'; 100]))).await;
    }
    let has_body = async |gate: &Gate, number, name| kept(gate, number, name).await.unwrap().body.is_some();
    for (name, is_whole) in [("a", false), ("b", false), ("c", true), ("d", true)] {
        assert_eq!(has_body(&gate, 1, name).await, is_whole, "{name}");
    }
    settle(&gate, 1, &answer("large", Some(&[b'x'; 251]))).await;
    assert!(!has_body(&gate, 1, "large").await && has_body(&gate, 1, "c").await, "it takes no other's place");
    // All credits together: the room comes from the one that has most.
    for name in ["a", "b"] {
        settle(&gate, 2, &answer(name, Some(&[b'y'; 80]))).await;
    }
    for (number, name, is_whole) in [(1, "c", false), (1, "d", true), (2, "a", true), (2, "b", true)] {
        assert_eq!(has_body(&gate, number, name).await, is_whole, "{number} {name}");
    }
    gate.close().await;
    let gate = start(folder.path(), |config| config.keep_answers = Duration::from_millis(1));
    sleep(Duration::from_millis(2)).await;
    assert_eq!(kept(&gate, 1, "c").await, None);
    settle(&gate, 1, &answer("c", Some(b"again"))).await;
}

/// One customer's answers take no other's settlements: neither by the bound of the store nor once it is full of other things.
#[tokio::test(flavor = "multi_thread")]
async fn settlements_find_room_whatever_answers_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |config| config.max_store_bytes = Some(2_000_000));
    for (number, mut large) in [(1, credit(0)), (2, credit(1))] {
        large.collateral.granted = 1_000_000_000;
        gate.observe_credit(address(number), 10, Some(&large));
    }
    let body = vec![b'x'; 250_000];
    let admit = async |number, reference: &str| {
        gate.admit(&address(number), Job::new(Units(10), reference, HOUR)).await
    };
    let figures = JobFigures::without_tokens("complete");
    let mut running = Vec::new();
    for _ in 0..150 {
        running.push((1, admit(1, "chat/a").await.unwrap()));
    }
    for _ in 0..20 {
        running.push((2, admit(2, "chat/b").await.unwrap()));
    }
    let settled = running.iter().enumerate().map(async |(count, (number, hold))| {
        let answer = (*number == 1).then(|| answer(&count.to_string(), Some(&body)));
        gate.settle_with_answer(hold, Units(7), figures, answer).await.unwrap();
    });
    futures_util::future::join_all(settled).await;
    let used = |index: usize| gate.readings()[index].cumulative;
    assert_eq!((used(0), used(1)), (Units(150 * 7), Units(20 * 7)));
    assert!(!gate.storage_is_full(), "answers fill a part of it at most");
    for count in 0..150 {
        assert!(kept(&gate, 1, &count.to_string()).await.is_some(), "{count}");
    }
    // Full of something else, while answers are kept.
    let long = "x".repeat(20_000);
    let mut running = Vec::new();
    let refused = loop {
        match admit(1, &long).await {
            Ok(hold) => running.push(hold),
            Err(refusal) => break refusal,
        }
        assert!(running.len() < 1_000);
    };
    assert_eq!(refused, Refusal::Storage);
    for (count, hold) in running.iter().enumerate() {
        let answer = answer(&format!("full-{count}"), Some(&body));
        gate.settle_with_answer(hold, Units(7), figures, Some(answer)).await.unwrap();
    }
    assert_eq!(used(0), Units(7 * (150 + running.len() as u64)));
    assert!(kept(&gate, 1, "full-0").await.is_some_and(|kept| kept.body.is_none()));
    gate.close().await;
}

/// A body that a full store has no room for takes no other one with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_in_a_full_store_drops_no_other_credits_answers() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |config| config.max_store_bytes = Some(2_000_000));
    let settled = (0..300).map(async |count| {
        let hold = gate.admit(&address(2), Job::new(Units(1), "chat/b", HOUR)).await.unwrap();
        let (figures, answer) =
            (JobFigures::without_tokens("complete"), answer(&format!("{count}"), Some(&[b'x'; 1_000])));
        gate.settle_with_answer(&hold, Units(1), figures, Some(answer)).await.unwrap();
    });
    futures_util::future::join_all(settled).await;
    let bodies = async || {
        let sql = "SELECT count(*) FROM answers WHERE body NOT NULL";
        gate.write(move |connection| connection.query_row(sql, [], |row| row.get::<_, u32>(0))).await.unwrap()
    };
    assert_eq!(bodies().await, 300);
    let (long, mut running) = ("x".repeat(20_000), Vec::new());
    let refused = loop {
        match gate.admit(&address(1), Job::new(Units(1), &long, HOUR)).await {
            Ok(hold) => running.push(hold),
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refused, Refusal::Storage);
    for (count, hold) in running.iter().enumerate().take(3) {
        let answer = answer(&format!("full-{count}"), Some(b"{}"));
        gate.settle_with_answer(hold, Units(1), JobFigures::without_tokens("complete"), Some(answer))
            .await
            .unwrap();
    }
    assert!(kept(&gate, 1, "full-0").await.is_some_and(|kept| kept.body.is_none()));
    // Some may go for settlements, those few that make room.
    assert!(bodies().await >= 100, "{}", bodies().await);
    gate.close().await;
}

/// A result that has gone out is charged once the store takes it, and until then nobody else gets its units.
#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_cannot_be_written_keeps_its_hold_past_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    let limit = Duration::from_millis(300);
    let hold = gate.admit(&address(1), Job::new(Units(900), "chat/a", limit)).await;
    let (hold, figures) = (hold.unwrap(), JobFigures::without_tokens("complete"));
    let rename = async |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        gate.write(move |connection| connection.execute_batch(&sql)).await.unwrap();
    };
    rename("usage", "away").await;
    let kept_answer = answer("a", Some(b"{}"));
    let failed = gate.settle_with_answer(&hold, Units(800), figures, Some(kept_answer.clone())).await;
    assert!(failed.is_err());
    gate.settle_later(&hold, Units(800), figures, Some(kept_answer));
    assert_eq!(
        kept(&gate, 1, "a").await,
        Some(answer("a", None)),
        "a retry runs and is charged no second time"
    );
    assert_eq!((kept(&gate, 2, "a").await, kept(&gate, 1, "b").await), (None, None));
    sleep(limit).await;
    gate.end_overdue().await;
    assert_eq!((gate.unwritten_settlements(), gate.holds().len()), (1, 1), "past its deadline");
    assert!(gate.admit(&address(1), Job::new(Units(200), "chat/b", HOUR)).await.is_err());
    rename("away", "usage").await;
    until_unwritten(&gate, 0).await;
    let room = gate.room(&address(1)).unwrap();
    assert_eq!((gate.readings()[0].cumulative, room.in_flight), (Units(800), Units(0)));
    assert!(kept(&gate, 1, "a").await.is_some_and(|kept| kept.body.is_none()), "and its name is known");
    gate.close().await;
}

/// One that the store always refuses takes nobody else's units.
#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_is_never_written_keeps_no_other_one() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    let execute = async |sql: &'static str| {
        gate.write(move |connection| connection.execute_batch(sql)).await.unwrap();
    };
    execute(
        "CREATE TRIGGER refused BEFORE INSERT ON usage WHEN new.reference = 'bad'
         BEGIN SELECT RAISE(ABORT, 'refused'); END;",
    )
    .await;
    // As many of both kinds, so that a good one comes after a bad one in any order.
    for _ in 0..10 {
        for (number, reference) in [(1, "bad"), (2, "good")] {
            let hold = gate.admit(&address(number), Job::new(Units(10), reference, HOUR)).await.unwrap();
            gate.settle_later(&hold, Units(7), JobFigures::without_tokens("complete"), None);
        }
    }
    until_unwritten(&gate, 10).await;
    let in_flight = |number| gate.room(&address(number)).unwrap().in_flight;
    assert_eq!((in_flight(1), in_flight(2)), (Units(100), Units(0)));
    execute("DROP TRIGGER refused").await;
    until_unwritten(&gate, 0).await;
    assert_eq!(in_flight(1), Units(0));
    gate.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_of_jobs_that_ended_with_their_process_are_returned_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    let admit = async |job: Job| gate.admit(&address(1), job).await.unwrap();
    let _request = admit(Job::new(Units(100), "chat/a", HOUR).of_this_process()).await;
    let elsewhere = admit(Job::new(Units(20), "batch/b", HOUR)).await;
    let lease = admit(Job::new(Units(3), "lease/c", HOUR).settled_at_deadline()).await;
    gate.close().await;
    let gate = start(folder.path(), |_| {});
    let mut holds = gate.holds();
    holds.sort_by_key(|hold| hold.id);
    assert_eq!(holds, [elsewhere, lease]);
    let room = gate.room(&address(1)).unwrap();
    assert_eq!((room.in_flight, room.unreported), (Units(23), Units(0)));
}
