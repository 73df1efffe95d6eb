//! The commands by which a provider signs, run as a binary against a cluster: each once, again without effect, and wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may end by a panic and wait for the clock"
)]

mod first;
mod issuing;
mod stage;

use {
    blockable_sdk::{Keypair, Pubkey, Signer, program::state::ProviderSettings},
    blockable_testkit::DAY,
    issuing::{issues, watches},
    stage::{CAPACITY, Stage},
    std::{fs, os::unix::fs::PermissionsExt},
};

const REGISTER: [&str; 7] =
    ["register", "--capacity", "2000000000", "--max-units-per-second", "10000", "--longest-job", "30d"];

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_does_everything_by_commands() {
    let mut stage = Stage::new().await;
    stage.init();
    wrong_arguments(&stage);
    registers(&stage).await;
    reads_by_one_node(&stage);
    sets_capacity_and_suspends(&stage).await;
    changes_settings(&mut stage).await;
    let credit = issues(&mut stage).await;
    collects(&mut stage, &credit).await;
    watches(&mut stage).await;
}

/// Wrong usage, each with its own message, and nothing on the chain.
fn wrong_arguments(stage: &Stage) {
    stage.run(&["show"]).expect(4, "is not registered in this market");
    stage.run(&["collect"]).expect(4, "is not registered");
    stage.run(&["register"]).expect(2, "--capacity");
    stage.run(&["register", "--no-such-flag"]).expect(2, "--no-such-flag");
    let with = |change: [&'static str; 2]| [&REGISTER[..], &change].concat();
    stage.run(&with(["--longest-job", "30y"])).expect(2, "");
    stage.run(&with(["--quorum", "3"])).expect(2, "quorum");
    stage.run(&with(["--chunk-size", "33"])).expect(2, "chunk");
    stage
        .run(&with(["--payout", "1nc1nerator11111111111111111111111111111111"]))
        .expect(4, "there is no account");
    stage
        .run(&with(["--keypair", "/nowhere/key.json"]))
        .expect(4, "/nowhere/key.json cannot be used: there is no such file");
    stage.run(&[&REGISTER[..], &["--dry-run"]].concat()).expect(2, "--authority");
    stage.run(&with(["--quorum", "9"])).expect(2, "9 is not in 1..=8");
    for (wrong, says) in [
        ("1e9", "is no number of units"),
        ("-5", "is no number of units"),
        ("18446744073709551616", "is larger than any amount can be"),
    ] {
        stage.run(&["capacity", wrong]).expect(2, says);
    }
    let market = stage.cluster.chain.keys.market.to_string();
    stage.run(&[&REGISTER[..], &["--payout", &market]].concat()).expect(3, "is no token account");
    stage.run(&REGISTER).expect(5, "add --yes");
    stage.run(&with(["--url", "http://127.0.0.1:1"])).expect(1, "cannot be reached");
    fs::set_permissions(stage.path("operator.json"), fs::Permissions::from_mode(0o640)).unwrap();
    stage.confirmed(&REGISTER).expect(3, "chmod 600");
    fs::set_permissions(stage.path("operator.json"), fs::Permissions::from_mode(0o600)).unwrap();
    stage.write_key("other.json", &Keypair::new());
    let other = stage.path("other.json").display().to_string();
    stage
        .confirmed(&[&REGISTER[..], &["--keypair", &other]].concat())
        .expect(2, "set that in the server's file");
    stage.run(&["show"]).expect(4, "is not registered");
}

async fn registers(stage: &Stage) {
    let authority = stage.authority.pubkey().to_string();
    let dry = [&REGISTER[..], &["--dry-run", "--authority", &authority]].concat();
    let run = stage.run(&dry).expect(0, "");
    assert_eq!(
        (&run.document["data"]["dry_run"], &run.document["data"]["changed"]),
        (&true.into(), &false.into())
    );
    let simulated = &run.document["data"]["state"];
    assert_eq!(simulated["provider"], stage.provider().to_string(), "a dry run has the state afterwards");
    assert_eq!(simulated["capacity_units"], CAPACITY);
    for part in ["no key loaded", "a cluster of its own", "SOL of rent", "never removed"] {
        assert!(run.shown.contains(part), "{part}: {}", run.shown);
    }
    stage.run(&["show"]).expect(4, "is not registered");
    let run = stage.confirmed(&REGISTER);
    assert!(run.shown.lines().next().unwrap().contains(&authority), "{}", run.shown);
    let data = run.did(true);
    assert_eq!(data["state"]["provider"], stage.provider().to_string());
    let state = stage.state().await;
    assert_eq!(
        (state.capacity_units, state.settings.quorum, state.settings.reporter_count),
        (CAPACITY, 2, 2)
    );
    let shown = stage.run(&["show"]).did(false);
    assert_eq!(shown["state"]["findings"], serde_json::json!([]), "the file and the chain agree");
    stage.confirmed(&REGISTER).did(false);
    for (change, command) in [
        (["--capacity", "3000000000"], "capacity 3000000000"),
        (["--max-units-per-second", "10001"], "blockable-provider bounds"),
        (["--longest-job", "29d"], "blockable-provider bounds"),
        (["--payout", "1nc1nerator11111111111111111111111111111111"], "payout --to 1nc1nerator"),
        (["--chunk-size", "9"], "stays so"),
    ] {
        let mut other = REGISTER.to_vec();
        match other.iter().position(|word| *word == change[0]) {
            Some(place) => other[place + 1] = change[1],
            None => other.extend(change),
        }
        stage.confirmed(&other).expect(3, command);
    }
    let after = stage.state().await;
    assert_eq!((after.capacity_units, after.change_ready_at), (CAPACITY, 0), "nothing was changed");
}

async fn sets_capacity_and_suspends(stage: &Stage) {
    stage.confirmed(&["capacity", "3000000000"]).did(true);
    stage.confirmed(&["capacity", "3000000000"]).did(false);
    assert_eq!(stage.state().await.capacity_units, 3_000_000_000);
    let other = stage.path("other.json").display().to_string();
    stage.confirmed(&["capacity", "1", "--keypair", &other]).expect(3, "the provider's authority is");
    stage.run(&["capacity", "1"]).expect(5, "no terminal");
    let dry = stage.run(&["capacity", "1", "--dry-run"]).did(false);
    let effect =
        serde_json::json!([{"name": "capacity", "before": "3,000,000,000 units", "after": "1 unit"}]);
    assert_eq!((&dry["effect"], &dry["state"]["capacity_units"]), (&effect, &1.into()), "{dry}");
    assert_eq!(dry["fee_lamports"], 5_000);
    stage.run(&["capacity", "many"]).expect(2, "many");
    assert_eq!(stage.state().await.capacity_units, 3_000_000_000);
    stage.confirmed(&["suspend"]).did(true);
    stage.confirmed(&["suspend"]).did(false);
    stage.confirmed(&["bounds", "--longest-job", "60d"]).expect(3, "can only tighten");
    stage.confirmed(&["resume"]).did(true);
    stage.confirmed(&["resume"]).did(false);
    assert_eq!(stage.state().await.suspended, 0);
}

/// A change of prices waits for a day, another one does not take its place, and one that tightens is in force at once.
async fn changes_settings(stage: &mut Stage) {
    stage.confirmed(&["prices"]).did(false);
    stage.confirmed(&["bounds"]).expect(2, "--max-units-per-second");
    stage.confirmed(&["payout"]).expect(2, "--to");
    stage
        .confirmed(&["bounds", "--max-units-per-second", "0"])
        .expect(2, "is zero; write an amount above it");
    let market = stage.cluster.chain.keys.market.to_string();
    stage.confirmed(&["payout", "--to", &market]).expect(3, "is no token account");
    let nobody = "1nc1nerator11111111111111111111111111111111";
    stage.confirmed(&["payout", "--to", nobody]).expect(4, "there is no account at");
    stage.confirmed(&["bounds", "--longest-job", "29d"]).did(true);
    assert_eq!(stage.state().await.settings.longest_job, 29 * DAY);

    stage.edit("units_per_1k_generated = 400", "units_per_1k_generated = 401");
    let findings = stage.run(&["show"]).did(false)["state"]["findings"].to_string();
    assert!(findings.contains("run `prices`"), "{findings}");
    let before = stage.state().await.settings.price_list_hash;
    let data = stage.confirmed(&["prices"]).did(true);
    let ready_at = data["state"]["waiting_change"]["ready_at"].as_i64().unwrap();
    let now = stage.cluster.chain.client.chain_time().await.unwrap();
    assert!((now..=now + i64::from(DAY)).contains(&ready_at), "{ready_at}");
    stage.confirmed(&["prices"]).did(false);
    stage.confirmed(&["prices", "--apply"]).expect(3, "can be applied from");
    let longer = ["bounds", "--longest-job", "40d"];
    stage.confirmed(&longer).expect(3, "--with-waiting");
    assert_eq!(stage.state().await.settings.price_list_hash, before);
    stage.confirmed(&["prices", "--cancel"]).did(true);
    stage.confirmed(&["prices", "--cancel"]).did(false);
    assert_eq!(stage.state().await.change_ready_at, 0);

    stage.confirmed(&["prices"]).did(true);
    stage.confirmed(&[&longer[..], &["--with-waiting"]].concat()).did(true);
    let ready_at = stage.state().await.change_ready_at;
    stage.cluster.chain.wait_until(ready_at + 1).await;
    stage.confirmed(&["reporters", "--apply"]).did(true);
    let settings: ProviderSettings = stage.state().await.settings;
    assert_eq!((settings.longest_job, settings.price_list_hash == before), (40 * DAY, false));
    stage.confirmed(&["prices"]).did(false);
    stage.confirmed(&["reporters"]).did(false);
    lapses(stage).await;
}

/// A change that nobody applied for 14 days is in nobody's way.
async fn lapses(stage: &Stage) {
    let longer = ["bounds", "--longest-job", "50d"];
    stage.confirmed(&longer).did(true);
    let ready_at = stage.state().await.change_ready_at;
    stage.cluster.chain.wait_until(ready_at + i64::from(14 * DAY) + 1).await;
    let shown = stage.run(&["show"]).did(false);
    assert_eq!(shown["state"]["waiting_change"]["has_lapsed"], true);
    stage.confirmed(&["bounds", "--apply"]).expect(3, "the change lapsed at");
    stage.confirmed(&["bounds", "--longest-job", "45d"]).did(true);
    stage.confirmed(&["bounds", "--cancel"]).did(true);
}

/// Of several nodes one suffices, whatever its place.
fn reads_by_one_node(stage: &Stage) {
    let (good, dead) = (stage.cluster.rpc_url(), "http://127.0.0.1:1");
    for order in [[&good, dead], [dead, &good]] {
        let run = stage.run(&["show", "--url", order[0], "--url", order[1]]);
        assert!(run.shown.contains("does not answer"), "{}", run.shown);
        run.did(false);
    }
    stage.run(&["show", "--url", dead]).expect(1, "no node answers");
}

async fn collects(stage: &mut Stage, credit: &Pubkey) {
    stage.confirmed(&["collect"]).did(false);
    let chain = &mut stage.cluster.chain;
    let pay = chain.repay(credit, 200_000_000_000).await;
    chain.send(&[pay], &["borrower"]).await;
    assert_eq!(chain.credit(credit).await.claims.provider, 40_000_000_000);
    let run = stage.run(&["collect", "--dry-run"]).expect(0, "");
    assert_eq!(run.document["data"]["state"]["total"], 40_000_000_000u64);
    let data = stage.confirmed(&["collect"]).did(true);
    assert_eq!(data["state"]["collected"][0]["credit"], credit.to_string());
    stage.confirmed(&["collect"]).did(false);
    assert_eq!(stage.cluster.chain.credit(credit).await.claims.provider, 0);
}
