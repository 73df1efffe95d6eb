//! Transactions over a node that fails one request of ten in every way: no signature is lost, and nothing is done twice.
//!
//! `just sends 1000` makes as many sends; each run prints its seed, and `BLOCKABLE_SEED` sets it.

use {
    crate::run::run_in,
    crate::world::{World, world},
    blockable_sdk::{
        Pubkey, Signature, Signer,
        client::{Client, Sender},
        errors::{ClientError, Outcome},
        instructions::{Payment, credit_repay},
    },
    blockable_testkit::faults::{Fault, FaultyNode},
    serde_json::Value,
    std::{
        collections::{BTreeMap, BTreeSet},
        env,
        process::{Command, Stdio},
        sync::Arc,
        thread,
        time::{Duration, SystemTime, UNIX_EPOCH},
    },
    tokio::{
        sync::Semaphore,
        task::{JoinSet, LocalSet},
        time::sleep,
    },
};

/// Of a hundred requests so many fail.
const PERCENT: u64 = 10;
/// Sends at one time.
const AT_ONCE: usize = 20;
/// Micro-USDC of the first payment; each is one larger, so that each is known by its amount.
const FIRST: u64 = 1_000_000;

fn number(variable: &str, usual: u64) -> u64 {
    env::var(variable).ok().map_or(usual, |text| text.parse().unwrap())
}

fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("BLOCKABLE_SEED", now.as_millis() as u64 % 1_000_000);
    println!("seed {seed}: BLOCKABLE_SEED={seed} draws the same faults");
    seed
}

/// The end of one action: its signatures, and the outcome of each.
struct Ended {
    amount: u64,
    /// Signatures that were handed out before the one that did the work.
    expired: Vec<Signature>,
    landed: Signature,
    /// Errors before anything was sent.
    not_sent: usize,
}

/// Does one action to its end, as a careful caller does: again only where nothing was sent, or what was sent can no longer land.
async fn act(url: String, payment: Payment, world: &'static World, credit: Pubkey) -> Ended {
    let client = Client::new(url);
    let (venue, borrower) = (world.venue(), &world.venue().keyring.borrower);
    let source = venue.wallet(borrower);
    let repay = credit_repay(&venue.keys, &borrower.pubkey(), &source, &credit, payment);
    let sender = Sender::new(&client).with_patience(Duration::from_secs(20));
    let mut ended =
        Ended { amount: payment.amount, expired: Vec::new(), landed: Signature::default(), not_sent: 0 };
    loop {
        let error = match sender.send(std::slice::from_ref(&repay), borrower, &[]).await {
            Ok(landed) => {
                ended.landed = landed.signature;
                return ended;
            }
            Err(error) => error,
        };
        let ClientError::Sent(sent) = error else {
            ended.not_sent += 1;
            assert!(ended.not_sent < 50, "nothing is ever sent: {error}");
            continue;
        };
        let mut outcome = sent.outcome;
        while matches!(outcome, Outcome::Unknown) {
            sleep(Duration::from_millis(500)).await;
            outcome = sender.resolve(&sent.signature, sent.last_valid).await;
        }
        match outcome {
            Outcome::Landed { .. } => {
                ended.landed = sent.signature;
                return ended;
            }
            Outcome::Expired => ended.expired.push(sent.signature),
            Outcome::Refused(error) => panic!("a payment of {} is refused: {error}", payment.amount),
            Outcome::Unknown => unreachable!("it is resolved above"),
        }
    }
}

#[test]
fn no_send_over_a_failing_node_is_lost_or_done_twice() {
    let (world, count, seed) = (world(), number("BLOCKABLE_SENDS", 100), seed());
    let credit = world.loan();
    let node = FaultyNode::start(&world.url(), seed, PERCENT);
    let offer_slot = world.credit(&credit).offer_slot;
    let (local, permits) = (LocalSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    let mut running = JoinSet::new();
    for place in 0..count {
        let (url, permits) = (node.url(), permits.clone());
        let payment = Payment::in_any_status(FIRST + place, offer_slot);
        let acting = async move {
            let _permit = permits.acquire().await.unwrap();
            act(url, payment, world, credit).await
        };
        running.spawn_local_on(acting, &local);
    }
    let ends = world.block_on(local.run_until(running.join_all()));
    // The truth, from a node that does not fail.
    let rows =
        world.run(&["audit", "export", &credit.to_string(), "--output", "json"]).data()["rows"].clone();
    let mut paid: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for row in rows.as_array().unwrap().iter().filter(|row| row["kind"] == "paid") {
        let signature = row["transaction"].as_str().unwrap().to_string();
        paid.entry(row["money"].as_u64().unwrap()).or_default().push(signature);
    }
    assert_eq!((ends.len() as u64, paid.len() as u64), (count, count), "seed {seed}");
    for end in &ends {
        assert_eq!(paid[&end.amount], [end.landed.to_string()], "seed {seed}, {}", end.amount);
        let landed: BTreeSet<&String> = paid.values().flatten().collect();
        assert!(end.expired.iter().all(|old| !landed.contains(&old.to_string())), "seed {seed}");
    }
    let failed: Vec<String> =
        Fault::ALL.iter().map(|fault| format!("{} {fault:?}", node.failed(*fault))).collect();
    println!(
        "{count} sends in {} requests, of which failed: {}; {} were begun anew before anything was sent, {} after they had \
         expired; 0 lost, 0 done twice",
        node.requests(),
        failed.join(", "),
        ends.iter().map(|end| end.not_sent).sum::<usize>(),
        ends.iter().map(|end| end.expired.len()).sum::<usize>()
    );
    assert!(Fault::ALL.iter().all(|fault| node.failed(*fault) > 0), "{failed:?}");
}

/// A command that is run until it says that its work is done has done it once.
#[test]
fn a_command_over_a_failing_node_is_run_again_without_a_second_effect() {
    let (world, seed) = (world(), seed());
    let node = FaultyNode::start(&world.url(), seed, PERCENT);
    let url = node.url();
    let (credit, mut frozen) = (world.loan(), 0);
    let address = credit.to_string();
    for _ in 0..5 {
        frozen += 1_000;
        let units = frozen.to_string();
        let freeze = ["credit", "freeze", &address, "--units", &units, "-u", &url];
        let mut runs = 0;
        while world.run_as("lender", &freeze).code != 0 {
            runs += 1;
            assert!(runs < 20, "seed {seed}: it is never done");
        }
        assert_eq!(world.credit(&credit).collateral.frozen(), frozen, "seed {seed}");
    }
    assert_eq!(events(world, &address, "frozen").len(), 5, "seed {seed}");
}

/// The money of each event of a kind, from a node that does not fail.
fn events(world: &World, credit: &str, kind: &str) -> Vec<Value> {
    let rows = world.run(&["audit", "export", credit, "--output", "json"]).data()["rows"].clone();
    let rows = rows.as_array().unwrap().iter().filter(|row| row["kind"] == kind);
    rows.map(|row| row["money"].clone()).collect()
}

/// Wherever it was killed: the next run finds what the killed one has sent.
#[test]
fn a_payment_whose_command_is_killed_is_made_once() {
    let (world, seed) = (world(), seed());
    let node = FaultyNode::start(&world.url(), seed, PERCENT);
    let (url, key) = (node.url(), world.key("borrower"));
    let (credit, home, mut killed) = (world.loan().to_string(), tempfile::tempdir().unwrap(), 0);
    let count = number("BLOCKABLE_KILLS", 5);
    for place in 0..count {
        // Each is known by its amount.
        let amount = format!("5.{place:06}usdc");
        let repay = ["credit", "repay", &credit, "--amount", &amount, "-k", &key, "-u", &url, "--yes"];
        let mut first = Command::new(env!("CARGO_BIN_EXE_blockable"))
            .args(repay)
            .env_clear()
            .env("HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(seed.wrapping_mul(place + 1) % 1_500));
        let _ = first.kill();
        let first = first.wait_with_output().unwrap();
        killed += u64::from(!first.status.success());
        // Who has seen the answer does not run the command again.
        let mut is_done = first.status.success() || !first.stdout.is_empty();
        for _ in 0..20 {
            is_done = is_done || run_in(home.path(), &repay, &[]).code == 0;
        }
        assert!(is_done, "seed {seed}: it is never done");
    }
    let paid: Vec<u64> = events(world, &credit, "paid").iter().map(|money| money.as_u64().unwrap()).collect();
    assert_eq!(paid, (0..count).map(|place| 5_000_000 + place).collect::<Vec<_>>(), "seed {seed}");
    println!("{killed} commands were killed and run again: each payment was made once");
}
