use {
    super::{address, credit, open},
    crate::{Gate, GateConfig, Job, JobFigures, KeptAnswer},
    blockable_sdk::amounts::Units,
    std::{path::Path, time::Duration},
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
    KeptAnswer { name: name.to_string(), request: [7; 32], status: 200, head, body: body.map(<[u8]>::to_vec) }
}

async fn settle(gate: &Gate, number: u64, answer: &KeptAnswer) {
    let hold = gate.admit(&address(number), Job::new(Units(10), "job", HOUR)).await.unwrap();
    let figures = JobFigures::without_tokens("complete");
    gate.settle_with_answer(&hold, Units(1), figures, Some(answer.clone())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_with_its_settlement_for_its_credit_alone() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    let (first, large) = (answer("a", Some(b"{}\x00\xff")), answer("b", None));
    settle(&gate, 1, &first).await;
    settle(&gate, 1, &large).await;
    gate.set_text("list", "one").await.unwrap();
    gate.set_text("list", "two").await.unwrap();
    gate.close().await;
    let gate = start(folder.path(), |_| {});
    assert_eq!(gate.kept_answer(&address(1), "a").await.unwrap(), Some(first));
    assert_eq!(gate.kept_answer(&address(1), "b").await.unwrap(), Some(large));
    assert_eq!(gate.kept_answer(&address(2), "a").await.unwrap(), None);
    assert_eq!(gate.text("list").await.unwrap().as_deref(), Some("two"));
    assert_eq!(gate.text("other").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_answers_go_first_and_none_is_found_after_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |config| config.answers_per_credit = 2);
    for name in ["a", "b", "c"] {
        settle(&gate, 1, &answer(name, Some(b"{}"))).await;
        sleep(Duration::from_millis(2)).await;
    }
    settle(&gate, 2, &answer("a", Some(b"{}"))).await;
    for (name, is_kept) in [("a", false), ("b", true), ("c", true)] {
        assert_eq!(gate.kept_answer(&address(1), name).await.unwrap().is_some(), is_kept, "{name}");
    }
    assert!(gate.kept_answer(&address(2), "a").await.unwrap().is_some());
    gate.close().await;
    let gate = start(folder.path(), |config| config.keep_answers = Duration::from_millis(1));
    assert_eq!(gate.kept_answer(&address(1), "c").await.unwrap(), None);
    settle(&gate, 1, &answer("c", Some(b"again"))).await;
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
