//! Keys that may not sign, fail or are slow.

use {
    super::*,
    blockable_sdk::keys::{KeyError, KeySource},
    blockable_testkit::vault::{Manner, Vault},
    tokio::time::timeout,
};

const TOKEN: &str = "token";

/// A key that a Vault holds, with its token in a file of the folder.
async fn in_vault(folder: &Path, vault: &Vault, key: &Keypair) -> SigningKey {
    let token_file = folder.join("token");
    std::fs::write(&token_file, TOKEN).unwrap();
    let source = KeySource::Vault {
        url: vault.url.clone(),
        key: "reports".to_string(),
        public_key: key.pubkey().to_string(),
        token_env: None,
        token_file: Some(token_file),
    };
    source.open().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_epoch_is_reported_on_at_once() {
    let (folder, old, new) = (tempfile::tempdir().unwrap(), Keypair::new(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let keys: Vec<SigningKey> = vec![old.insecure_clone().into(), new.insecure_clone().into()];
    let config = ReporterConfig { interval: Duration::from_secs(3_600), ..ReporterConfig::default() };
    let reporters = Reporters::start(gate.clone(), keys, config).await.unwrap();
    let mut reports = reporters.subscribe();
    assert_eq!(reporters.status()[0].state, KeyState::NoChain);
    show(&gate, &listing(3, &[old.pubkey()]));
    let first = timeout(MINUTE, reports.recv()).await.unwrap().unwrap();
    assert_eq!((first.epoch, first.reporter), (3, old.pubkey()));
    show(&gate, &listing(4, &[Pubkey::new_unique(), new.pubkey()]));
    let second = timeout(MINUTE, reports.recv()).await.unwrap().unwrap();
    assert_eq!((second.epoch, second.reporter, second.reporter_index), (4, new.pubkey(), 1));
    assert_eq!(reporters.latest(), [second.as_ref().clone()], "reports of the old epoch are void");
    second.verify(&PROVIDER, &gate.provider().unwrap()).unwrap();
    assert!(first.verify(&PROVIDER, &gate.provider().unwrap()).is_err());
    reporters.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_may_not_sign_do_not() {
    let (folder, key, expired, other) =
        (tempfile::tempdir().unwrap(), Keypair::new(), Keypair::new(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let keys = [&other, &expired, &key].map(|key| SigningKey::from(key.insecure_clone()));
    let reporters = prepare(&gate, keys.into()).await;
    assert_eq!(reporters.report_at(ChainTime(T)).await, Err(KeyState::NoChain), "no provider has been seen");
    let mut account = listing(3, &[expired.pubkey(), key.pubkey()]);
    account.settings.reporters[0].expires_at = T;
    show(&gate, &account);
    assert!(reporters.report_at(ChainTime(T)).await.is_err());
    let states: Vec<_> = reporters.status().into_iter().map(|status| status.state).collect();
    let expected =
        [KeyState::NotListed(other.pubkey()), KeyState::Expired(expired.pubkey()), KeyState::Signing];
    assert_eq!(states, expected);
    let reports = reporters.latest();
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].reporter, reports[0].reporter_index), (key.pubkey(), 1));
    assert!(reporters.report_at(ChainTime(T - 1)).await.is_err(), "the clock is behind the one that signs");
    let all = reporters.after(0, 10).await.unwrap().reports;
    assert!(all.iter().any(|report| report.reporter == expired.pubkey() && report.reported_at == T - 1));
    assert!(all.iter().all(|report| report.reporter != other.pubkey()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_hangs_keeps_no_other_waiting() {
    let (folder, key, remote) = (tempfile::tempdir().unwrap(), Keypair::new(), Keypair::new());
    let (gate, _) = start(folder.path(), &key).await;
    show(&gate, &listing(4, &[remote.pubkey(), key.pubkey()]));
    let vault = Vault::start(remote.insecure_clone(), TOKEN, Manner::Hangs);
    let deadline = Duration::from_secs(4);
    let slow = in_vault(folder.path(), &vault, &remote).await.with_deadline(deadline);
    let reporters = prepare(&gate, vec![slow, key.insecure_clone().into()]).await;
    let mut reports = reporters.subscribe();
    let (asked, reporting) = (Instant::now(), reporters.clone());
    let round = tokio::spawn(async move { reporting.report_at(ChainTime(T)).await });
    let report = timeout(MINUTE, reports.recv()).await.unwrap().unwrap();
    assert_eq!(report.reporter, key.pubkey());
    assert!(asked.elapsed() < deadline, "it waited for the other");
    assert_eq!(round.await.unwrap(), Err(KeyState::Key(KeyError::Deadline(deadline))));
    assert_eq!(reporters.after(0, 10).await.unwrap().reports, [report.as_ref().clone()]);
}

/// A report of a later instant would leave the freeze without its own for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_waits_for_its_report_until_the_key_signs_again() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    show(&gate, &listing(3, &[key.pubkey()]));
    let mut chain = credit(0);
    gate.observe_credit(address(1), 10, Some(&chain));
    let vault = Vault::start(key.insecure_clone(), TOKEN, Manner::Honest);
    let signer = in_vault(folder.path(), &vault, &key).await;
    let config = ReporterConfig { interval: Duration::from_secs(1), ..ReporterConfig::default() };
    let reporters = Reporters::start(gate.clone(), vec![signer], config).await.unwrap();
    let until = async |what: &str, done: &dyn Fn() -> bool| {
        let started = Instant::now();
        while !done() {
            assert!(started.elapsed() < MINUTE, "{what}");
            sleep(Duration::from_millis(10)).await;
            // The chain moves meanwhile.
            let slot = gate.chain_view().slot() + 1;
            gate.chain_view().observe_slot(slot);
        }
    };
    until("no first report", &|| !reporters.latest().is_empty()).await;

    *vault.token.lock().unwrap() = "another".to_string();
    let fails = || matches!(reporters.status()[0].state, KeyState::Key(_));
    until("the key still signs", &fails).await;
    // Beyond every instant that was drafted before the key failed.
    let frozen_at_chain = gate.chain_view().chain_time().unwrap().get() + 100;
    gate.chain_view().observe_clock(ChainTime(frozen_at_chain));
    chain = later(&chain, |chain| freeze(chain, 1_000, frozen_at_chain));
    gate.observe_credit(address(1), 11, Some(&chain));
    // Rounds that fail, at instants after the freeze.
    let asked = || vault.asked.load(std::sync::atomic::Ordering::Relaxed);
    let before = asked();
    until("the key is not asked again", &|| asked() >= before + 3).await;
    *vault.token.lock().unwrap() = TOKEN.to_string();
    let reported = |at| reporters.latest()[0].reported_at >= at;
    until("no report of the freeze", &|| reported(frozen_at_chain)).await;
    chain = later(&chain, |chain| chain.meter.reported_at = frozen_at_chain);
    gate.observe_credit(address(1), 12, Some(&chain));
    gate.chain_view().observe_clock(ChainTime(frozen_at_chain + 10));
    until("no report after the freeze", &|| reported(frozen_at_chain + 1)).await;
    let reports = reporters.after(0, 1_000).await.unwrap().reports;
    assert!(
        reports.iter().any(|report| report.reported_at == frozen_at_chain),
        "none of the freeze's instant"
    );
    reporters.stop().await;
}
