use {
    super::{address, credit, open},
    crate::{BudgetPeriod, Gate, Job, KeyBudget, StoredKey, StoredKeys, api_keys::day_of, gate::now_ms},
    blockable_sdk::amounts::Units,
    std::{path::Path, time::Duration},
};

fn key(name: &str) -> StoredKey {
    StoredKey {
        credit: address(1),
        owner: address(2),
        name: name.to_string(),
        version: 3,
        generation: 2,
        revision: u32::MAX,
        budget: Some(KeyBudget { units: Units(u64::MAX), period: BudgetPeriod::Month }),
        requests_per_minute: Some(u32::MAX),
        units_per_minute: Some(Units(7)),
        created_ms: 5,
        expires_ms: None,
        is_revoked: false,
    }
}

fn start(folder: &Path) -> Gate {
    let gate = open(folder, |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    gate
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_generations_outlive_a_restart_as_they_were_put_last() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path());
    let plain = StoredKey { budget: None, requests_per_minute: None, units_per_minute: None, ..key("plain") };
    let gone = StoredKey { is_revoked: true, expires_ms: Some(i64::MAX), ..key("team") };
    for put in [plain.clone(), key("team"), gone.clone()] {
        gate.put_api_key(put).await.unwrap();
    }
    assert_eq!(gate.raise_key_generation(&address(1), 4).await.unwrap(), 4);
    assert_eq!(gate.raise_key_generation(&address(1), 2).await.unwrap(), 4, "a generation never falls");
    gate.close().await;
    let gate = start(folder.path());
    let kept = gate.api_keys().await.unwrap();
    assert_eq!(kept, StoredKeys { keys: vec![plain, gone], generations: vec![(address(1), 4)] });
    gate.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_use_of_a_key_is_that_of_its_own_jobs_from_a_day_on() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path());
    for (name, units) in [("team", 30), ("other", 500), ("team", 12)] {
        let job = Job::new(Units(units), "chat/x".to_string(), Duration::from_secs(60))
            .labelled("m", name.to_string());
        let hold = gate.admit(&address(1), job).await.unwrap();
        gate.settle(&hold, Units(units)).await.unwrap();
    }
    let today = day_of(now_ms());
    let used = async |name: &str, day| gate.units_of_key(&address(1), name, day).await.unwrap();
    assert_eq!(used("team", today - 1).await, Units(42));
    assert_eq!(used("other", 0).await, Units(500));
    assert_eq!(used("team", today + 2).await, Units(0));
    assert_eq!(used("nobody", 0).await, Units(0));
    gate.close().await;
}
