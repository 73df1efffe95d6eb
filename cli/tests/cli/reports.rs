//! `blockable reports`: fetched from the sandbox's server, verified, and submitted.

use {
    crate::{
        golden::assert_golden,
        world::{World, world},
    },
    blockable_sdk::{
        Hash, Keypair, Pubkey, Signature,
        reports::{CreditReading, RecordReading, ReportPage, ReportRecord, ReportScope, UsageReport},
    },
    std::{fs, path::Path},
};

/// A report of one reporter on one credit, as servers give it.
fn record(world: &World, credit: &Pubkey, place: u8, cumulative: u64, at: i64) -> ReportRecord {
    let (provider, meter) = (world.provider(), world.credit(credit).meter);
    let size = u32::from(provider.settings.chunk_size);
    let (chunk, bit) = (meter.index / size, meter.index % size);
    let scope = ReportScope::new(&provider, world.venue().provider, chunk);
    let mut report = UsageReport::new(scope, at);
    report.set(bit, CreditReading { cumulative, in_flight: 0 }).unwrap();
    let key: &Keypair = &world.venue().keyring.reporters[usize::from(place)];
    let signed = report.sign(place, key).unwrap();
    ReportRecord {
        seq: 1 + u64::from(place),
        cluster_tag: Hash::new_from_array(provider.cluster_tag),
        market: provider.market,
        provider: world.venue().provider,
        epoch: provider.epoch,
        chunk,
        chunk_size: provider.settings.chunk_size,
        reporter: provider.reporters()[usize::from(place)].key,
        reporter_index: place,
        reported_at: at,
        bitmap: signed.bitmap,
        readings: vec![RecordReading { bit, credit: *credit, cumulative, in_flight: 0 }],
        signature: Signature::from(signed.signature),
    }
}

fn write(folder: &Path, name: &str, reports: Vec<ReportRecord>) -> String {
    let path = folder.join(name);
    fs::write(&path, serde_json::to_string(&ReportPage { reports, next: 9 }).unwrap()).unwrap();
    path.display().to_string()
}

#[test]
fn reports_are_fetched_and_verified_from_the_server_and_from_a_file() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let gate = world.gate();
    let file = folder.path().join("reports.json").display().to_string();
    let fetched = world.run(&["reports", "fetch", "--gate", &gate, "--fresh", "--file", &file]);
    assert!(fetched.stdout.starts_with("CHUNK") || fetched.stdout.starts_with(" CHUNK"), "{fetched:?}");
    assert!(fetched.stdout.contains("reports, not verified"), "{fetched:?}");
    assert_eq!(
        world.run(&["reports", "fetch", "--gate", &gate, "--file", &file]).code,
        3,
        "it is written once"
    );
    let data = world.run(&["reports", "fetch", "--gate", &gate, "--output", "json"]).data();
    let count = data["reports"].as_array().unwrap().len();
    assert!(count >= 3 && count % 3 == 0, "{data}");
    let verified = world.run(&["reports", "verify", "--file", &file, "--output", "json"]).data();
    assert_eq!(verified["market"], world.market());
    assert_eq!(verified["credits"][0]["quorum"], 2);
    let shown = world.run(&["reports", "verify", "--file", &file]);
    assert!(shown.stdout.contains("reports, each valid"), "{shown:?}");
    // The document of a fetch is read as well, from the standard input.
    let document = world.run(&["reports", "fetch", "--gate", &gate, "--output", "json"]).stdout;
    let piped = world.run_with_input(&["reports", "verify", "--file", "-"], &document);
    assert_eq!(piped.code, 0, "{piped:?}");
    assert_eq!(world.run(&["reports", "verify", "--gate", &gate]).code, 0);
}

#[test]
fn a_report_that_is_not_valid_is_named_with_its_fault() {
    let (world, folder, credit) = (world(), tempfile::tempdir().unwrap(), world().loan());
    let now = world.chain_time().get();
    let sound = || record(world, &credit, 0, 500, now);
    let mut forged = sound();
    forged.readings[0].cumulative += 1;
    let mut elsewhere = sound();
    elsewhere.readings[0].credit = world.sandbox_loan(blockable_sandbox::loans::LoanName::Healthy);
    let mut old = sound();
    old.epoch += 1;
    let twice = vec![sound(), record(world, &credit, 0, 501, now)];
    for (name, reports, said) in [
        ("forged", vec![forged], "the signature of reporter 0 does not verify"),
        ("elsewhere", vec![elsewhere], "where another credit is"),
        (
            "future",
            vec![record(world, &credit, 0, 500, now + 3_600)],
            "more than 60 seconds ahead of the chain",
        ),
        ("epoch", vec![old], "the report is of epoch"),
        ("twice", twice, "2 of 2 reports are not valid"),
    ] {
        let file = write(folder.path(), name, reports);
        let done = world.run(&["reports", "verify", "--file", &file, "--output", "json"]);
        let error = done.error();
        assert_eq!((done.code, &error["code"]), (1, &"failed".into()), "{name}");
        assert!(error["message"].as_str().unwrap().contains(said), "{name}: {error}");
    }
}

#[test]
fn a_quorum_of_reports_is_counted_once() {
    let (world, folder, credit) = (world(), tempfile::tempdir().unwrap(), world().loan());
    // Later than those of the sandbox's own server, which would be counted first.
    let at = world.chain_time().get() + 50;
    let one = write(folder.path(), "one", vec![record(world, &credit, 0, 1_000, at)]);
    let few = world.run_as("keeper", &["reports", "submit", "--file", &one]).error();
    assert_eq!(few["code"], "refused", "{few}");
    assert_golden(world, "reports_verify", &world.run(&["reports", "verify", "--file", &one]).stdout);
    assert!(few["message"].as_str().unwrap().contains("1 of the 2 reports that it needs"), "{few}");

    let mut forged = record(world, &credit, 2, 1_000, at);
    forged.readings[0].cumulative = 9_000_000;
    let all = vec![record(world, &credit, 0, 1_000, at), record(world, &credit, 1, 1_200, at), forged];
    let file = write(folder.path(), "all", all);
    let submit = || world.run_as("keeper", &["reports", "submit", "--file", &file]);
    let mut done = submit();
    // In the second of another reading, such as that of the issue, nothing can be counted yet.
    while done.data()["changed"] == false {
        world.wait_until(world.chain_time().get() + 1);
        done = submit();
    }
    assert!(done.stderr.contains("warning: a report is left out, number 3"), "{done:?}");
    assert!(done.stderr.contains("0 units used -> 1,000 units used"), "{done:?}");
    let review: Vec<&str> = done.stderr.lines().skip(2).collect();
    assert_golden(world, "reports_submit", &review.join("\n"));
    let data = done.data();
    assert_eq!(data["state"][0]["used"], 1_000, "{data}");
    assert_eq!(world.credit(&credit).meter.cumulative, 1_000);
    let again = world.run_as("keeper", &["reports", "submit", "--file", &file]).data();
    assert_eq!((&again["changed"], &again["signatures"]), (&false.into(), &serde_json::json!([])));
}
