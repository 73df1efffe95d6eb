//! `kill -9` at any moment of a replay costs nothing. `KILLS=100` kills as often; docs/provider-fuzz-record.md has a run.

use {
    super::{
        ledger,
        replay::{reports_an_hour_later, trace},
        setup::Setup,
    },
    blockable_testkit::replay::{ReplayConfig, Reply, replay},
    rand::{Rng, SeedableRng, rngs::StdRng},
    std::{
        env,
        sync::atomic::{AtomicBool, Ordering},
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// Kills of a run that names no number.
const KILLS: usize = 10;
/// The seed of the moments.
const SEED: u64 = 20_261_127;

/// Waits until a request holds units.
async fn until_at_work(ops_url: &str) {
    let began = Instant::now();
    loop {
        let metrics = reqwest::get(format!("{ops_url}/metrics")).await.unwrap().text().await.unwrap();
        let held = metrics.lines().find_map(|line| line.strip_prefix("blockable_provider_holds_open "));
        if held.is_some_and(|held| held != "0") {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "nothing runs:\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_and_count_nothing_twice() {
    let kills = env::var("KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    println!("{kills} kills, seed of the moments {SEED}");
    let mut setup = Setup::new(8).await;
    let mut server = setup.serve().await;
    let config =
        ReplayConfig { url: setup.url(), keys: setup.keys(), model: "echo".to_string(), speed: 60.0 };
    let (done, ops_url) = (AtomicBool::new(false), setup.ops_url());
    let trace = trace(400);
    // One replay after the other until the last kill, each under a name of its own.
    let client = async {
        let mut runs = Vec::new();
        while !done.load(Ordering::Relaxed) {
            let run = format!("kills{}", runs.len());
            let replies = replay(&config, &trace, &run, |_| {}).await;
            runs.push((run, replies));
        }
        runs
    };
    let killer = async {
        let mut random = StdRng::seed_from_u64(SEED);
        for _ in 0..kills {
            sleep(Duration::from_micros(random.random_range(0..300_000))).await;
            until_at_work(&ops_url).await;
            server.kill();
            ledger::check_after_kill(&setup);
            server = setup.serve().await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let (runs, ()) = tokio::join!(client, killer);
    let replies: Vec<_> = runs.iter().flat_map(|(_, replies)| replies).collect();
    let count = |wanted: fn(&Reply) -> bool| replies.iter().filter(|reply| wanted(&reply.reply)).count();
    let answered = count(|reply| matches!(reply, Reply::Answered { .. }));
    let unanswered = count(|reply| matches!(reply, Reply::Unanswered));
    println!("{answered} answered, {unanswered} not, of {}", replies.len());
    // Each kill comes while requests run, and some of those may be answered before it.
    assert!(answered > kills && unanswered >= kills / 4, "the kills hit nothing:\n{}", setup.log());
    // All requests have ended, and those that a kill met hold nothing any more.
    let metrics = reqwest::get(format!("{}/metrics", setup.ops_url())).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("blockable_provider_holds_open 0\n"), "{metrics}");
    let reports = reports_an_hour_later(&mut setup).await;
    server.stop().await;
    let sums = ledger::check(&setup, &runs);
    for report in reports {
        for reading in report.readings {
            assert_eq!(reading.cumulative, sums.get(&reading.credit).copied().unwrap_or(0));
            assert_eq!(reading.in_flight, 0);
        }
    }
    setup.cluster.stop();
}
