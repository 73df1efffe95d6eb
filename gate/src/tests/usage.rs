use {
    super::{address, credit, open},
    crate::{
        Gate, GateConfig, Job, JobFigures, UsageFilter, UsageRecord,
        store::{self, Store},
        usage::DAY_US,
    },
    blockable_sdk::amounts::Units,
    std::{path::Path, time::Duration},
    tokio::time::sleep,
};

const MINUTE: Duration = Duration::from_secs(60);

fn start(folder: &Path, change: impl FnOnce(&mut GateConfig)) -> Gate {
    let gate = open(folder, change);
    for number in 1..=2 {
        gate.observe_credit(address(number), 10, Some(&credit(number as u32)));
    }
    gate
}

fn job(units: u64, request: &str, model: &str) -> Job {
    Job::new(Units(units), format!("chat/{request}"), MINUTE).labelled(model, "0")
}

fn figures(prompt: u64, generated: u64) -> JobFigures {
    JobFigures { prompt, generated, cached: prompt / 2, reasoning: generated / 3, ended: "complete" }
}

async fn records(gate: &Gate, filter: UsageFilter) -> Vec<UsageRecord> {
    gate.usage_page(filter, 0, 1_000).await.unwrap().records
}

fn of(number: u64) -> UsageFilter {
    UsageFilter { credit: Some(address(number)), ..UsageFilter::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_which_a_hold_ends_is_one_record_with_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    let done = gate.admit(&address(1), job(100, "a", "m1")).await.unwrap();
    let failed = gate.admit(&address(1), job(50, "b", "m2")).await.unwrap();
    let late = Job { time_limit: Duration::from_millis(1), ..job(20, "c", "m1") };
    let late = gate.admit(&address(1), late).await.unwrap();
    while gate.holds().iter().any(|hold| hold.id == late.id) {
        sleep(Duration::from_millis(10)).await;
    }
    gate.settle_with(&done, Units(60), figures(10, 30)).await.unwrap();
    gate.settle_with(&done, Units(99), figures(1, 1)).await.unwrap();
    gate.release_with(&failed, JobFigures::without_tokens("upstream_error")).await.unwrap();
    let found = records(&gate, of(1)).await;
    let seen: Vec<(&str, &str, u64, u64, &str)> = found
        .iter()
        .map(|record| {
            let (units, held) = (record.units.get(), record.held.get());
            (record.request(), record.labels.model.as_str(), units, held, record.ended.as_str())
        })
        .collect();
    let expected = [
        ("c", "m1", 0, 20, "deadline"),
        ("a", "m1", 60, 100, "complete"),
        ("b", "m2", 0, 50, "upstream_error"),
    ];
    assert_eq!(seen, expected);
    assert_eq!((found[1].endpoint(), found[1].labels.api_key.as_str()), ("chat", "0"));
    let tokens = (found[1].prompt, found[1].cached, found[1].generated, found[1].reasoning);
    assert_eq!(tokens, (10, 5, 30, 10));
    assert!(found.windows(2).all(|pair| pair[0].at_us < pair[1].at_us));

    // The result of the late job comes after all, with a record in place of the first.
    gate.settle_with(&late, Units(7), figures(1, 2)).await.unwrap();
    let found = records(&gate, of(1)).await;
    let last = found.last().unwrap();
    assert_eq!((found.len(), last.hold, last.units), (3, late.id.0, Units(7)));
    let totals = gate.usage_totals(of(1), 10).await.unwrap();
    let seen: Vec<(&str, u64, u64, u64)> = totals
        .iter()
        .map(|total| (total.labels.model.as_str(), total.jobs, total.units.get(), total.generated))
        .collect();
    assert_eq!(seen, [("m1", 2, 67, 32), ("m2", 1, 0, 0)]);
    let sum: u64 = found.iter().map(|record| record.units.get()).sum();
    assert_eq!(gate.readings()[0].cumulative, Units(sum), "the log and the meter are one");
    assert_eq!(records(&gate, of(2)).await, []);
    assert_eq!(records(&gate, UsageFilter::default()).await, found);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_a_gap_whatever_the_filter() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    for number in 0..20_u64 {
        let model = if number % 4 == 0 { "rare" } else { "common" };
        let credit = address(1 + number % 2);
        let hold = gate.admit(&credit, job(1, &number.to_string(), model)).await.unwrap();
        gate.settle_with(&hold, Units(1), figures(1, 1)).await.unwrap();
    }
    for filter in [UsageFilter::default(), of(1), UsageFilter { model: Some("rare".to_string()), ..of(1) }] {
        let all = records(&gate, filter.clone()).await;
        let (mut cursor, mut paged) = (0, Vec::new());
        loop {
            let page = gate.usage_page(filter.clone(), cursor, 3).await.unwrap();
            cursor = page.cursor;
            paged.extend(page.records);
            if !page.more {
                break;
            }
        }
        assert_eq!(paged, all);
        // What comes later is found from the same place on.
        let hold = gate.admit(&address(1), job(1, "next", "rare")).await.unwrap();
        gate.settle_with(&hold, Units(1), figures(1, 1)).await.unwrap();
        let next = gate.usage_page(filter.clone(), cursor, 3).await.unwrap().records;
        assert_eq!((next.len(), next[0].request()), (1, "next"));
        let window = UsageFilter { from_us: Some(all[1].at_us), until_us: Some(all[3].at_us), ..filter };
        assert_eq!(records(&gate, window).await, all[1..3]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_of_the_log_scans_or_sorts() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    let plans = [
        "SELECT * FROM usage WHERE credit = ?1 AND at_us > ?2 AND at_us < ?3 ORDER BY at_us",
        "SELECT * FROM usage WHERE at_us > ?1 AND at_us < ?2 ORDER BY at_us",
        "SELECT * FROM usage_totals WHERE credit = ?1 AND day >= ?2 AND day <= ?3 ORDER BY day, credit, model, api_key",
        "SELECT * FROM usage_totals WHERE day >= ?1 AND day <= ?2 ORDER BY day, credit, model, api_key",
        "DELETE FROM usage WHERE at_us IN (SELECT at_us FROM usage WHERE at_us < ?1 ORDER BY at_us LIMIT 9)",
        "SELECT seq FROM notices WHERE credit = ?1 AND seq > ?2 ORDER BY seq LIMIT 9",
        "SELECT max(at_us) FROM usage",
        "SELECT units FROM usage WHERE hold = ?1 AND settled = 1",
    ];
    for sql in plans {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let plan: Vec<String> = gate
            .read(move |connection| {
                let mut statement = connection.prepare(&explain)?;
                // The values do not matter for the plan.
                let mut rows = statement.raw_query();
                let mut lines = Vec::new();
                while let Some(row) = rows.next()? {
                    lines.push(row.get::<_, String>(3)?);
                }
                Ok(lines)
            })
            .await
            .unwrap();
        let slow = |line: &&String| line.contains("SCAN") || line.contains("B-TREE");
        assert_eq!(plan.iter().find(slow), None, "{sql}: {plan:?}");
    }
}

#[test]
fn records_rise_in_time_also_where_the_clock_steps_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("gate.db"), None).unwrap();
    let connection = store.connection();
    let minute = 60_000_000;
    let start = 100 * DAY_US;
    let mut times = Vec::new();
    for (number, now) in
        [start, start, start - minute, start + 1, start + minute, start].into_iter().enumerate()
    {
        let hold = hold(number as u64);
        let figures = JobFigures { prompt: u64::MAX, ..figures(0, 0) };
        store::settle_hold(connection, &hold, Units(1), figures, Units(0), now).unwrap();
        let last = store::usage_page(connection, &UsageFilter::default(), 0, 100).unwrap().records;
        times.push(last.last().unwrap().at_us);
    }
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    // A clock that was far ahead by mistake does not date everything after it.
    let back = start - 30 * DAY_US;
    store::settle_hold(connection, &hold(99), Units(1), figures(1, 1), Units(0), back).unwrap();
    let first = store::usage_page(connection, &UsageFilter::default(), 0, 100).unwrap().records.remove(0);
    assert_eq!((first.at_us, first.hold), (back, 99));
    let totals = store::usage_totals(connection, &UsageFilter::default(), 10).unwrap();
    assert_eq!(totals.iter().map(|total| (total.day, total.jobs)).collect::<Vec<_>>(), [(70, 1), (100, 6)]);
    assert_eq!(totals[1].prompt, 1 << 62, "a sum that cannot be is bounded");
}

fn hold(number: u64) -> crate::Hold {
    crate::Hold {
        id: crate::HoldId(number),
        credit: address(1),
        index: 0,
        units: Units(1),
        reference: "chat/x".to_string(),
        admitted_ms: 0,
        deadline_ms: 0,
        at_deadline: crate::AtDeadline::Return,
        labels: Default::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_records_go_in_small_writes_and_totals_stay() {
    let folder = tempfile::tempdir().unwrap();
    let gate = start(folder.path(), |_| {});
    for number in 0..700_u64 {
        let hold = gate.admit(&address(1), job(1, &number.to_string(), "m")).await.unwrap();
        gate.settle_with(&hold, Units(1), figures(1, 1)).await.unwrap();
    }
    let days = move |connection: &rusqlite::Connection| {
        connection.execute("UPDATE usage SET at_us = at_us - ?1", [100 * DAY_US])
    };
    assert_eq!(gate.write(days).await.unwrap(), 700);
    let kept = gate.admit(&address(1), job(1, "kept", "m")).await.unwrap();
    gate.settle_with(&kept, Units(1), figures(1, 1)).await.unwrap();
    gate.close().await;
    let gate = start(folder.path(), |_| {});
    let deadline = std::time::Instant::now() + MINUTE;
    while records(&gate, of(1)).await.len() > 1 {
        assert!(std::time::Instant::now() < deadline, "old records stay");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(records(&gate, of(1)).await[0].request(), "kept");
    assert_eq!(gate.usage_totals(of(1), 10).await.unwrap()[0].jobs, 701);
    assert_eq!(gate.readings()[0].cumulative, Units(701));
}
