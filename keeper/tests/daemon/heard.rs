//! A keeper that is heard whatever fails: nodes, the disk, reporters, sinks.

use {
    crate::{
        hook::{Hook, SECRET},
        proxy::{ALL, Fault, Proxy},
        setup::Setup,
    },
    blockable_service::private_file,
    blockable_testkit::{Lie, Parties},
    rusqlite::Connection,
    std::path::Path,
};

/// Rules whose thresholds a test can wait for.
const RULES: &str = "\n[rules]\nchain_lost = { raise = 2.0, clear = 0.0 }\nreporters_lost = { raise = 2.0, clear = 0.0 }\n\
                     unwatched = { raise = 7.0, clear = 0.0 }\n";

/// Sinks for everything, for the lender and for heartbeats, and a keeper's file that names them.
fn hooks(setup: &Setup, nodes: &[String]) -> (Hook, Hook, Hook) {
    let (all, lender, ping) = (Hook::start(), Hook::start(), Hook::start());
    let secret = setup.config("secret").with_extension("txt");
    private_file::replace(&secret, SECRET.as_bytes()).unwrap();
    let secret = secret.display();
    let (to_all, to_lender, to_ping) = (all.url(), lender.url(), ping.url());
    let key = Parties::address("lender");
    let sinks = format!(
        "{RULES}\n[[webhook]]\nname = \"all\"\nurl = \"{to_all}\"\nparty = \"all\"\nsecret = {{ file = \"{secret}\" }}\n\
         heartbeat_seconds = 1\ninfo = \"each\"\n\
         [[webhook]]\nname = \"lender\"\nurl = \"{to_lender}\"\nparty = \"{key}\"\nsecret = {{ file = \"{secret}\" }}\n\
         [[ping]]\nname = \"outside\"\nurl = \"{to_ping}\"\nevery_seconds = 1\n"
    );
    setup.write_config("keeper", nodes, &sinks);
    (all, lender, ping)
}

/// The same with the cluster's own node, named twice.
fn hooks_of_cluster(setup: &Setup) -> (Hook, Hook, Hook) {
    let url = setup.cluster.rpc_url();
    hooks(setup, &[url.clone(), url])
}

/// The address of health and metrics, out of the log.
fn ops(setup: &Setup) -> Option<String> {
    let log = setup.log("keeper");
    let line = log.lines().rfind(|line| line.contains("health and metrics listen"))?;
    let word = line.split_whitespace().find_map(|word| word.strip_prefix("addr="))?;
    Some(format!("http://{word}"))
}

/// Tests whether a lender was told of a time without a watch, for a reason. A machine that is slow has further such times.
fn was_told(lender: &Hook, reason: &str) -> bool {
    lender.alerts("unwatched", "raised").iter().any(|told| {
        let happened = told["happened"].as_str().unwrap();
        assert!(happened.contains("has not watched your loans from"), "{happened}");
        happened.contains(reason)
    })
}

async fn livez(setup: &Setup) -> Option<(u16, String)> {
    let response = reqwest::get(format!("{}/livez", ops(setup)?)).await.ok()?;
    Some((response.status().as_u16(), response.text().await.ok()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_the_chain_is_told_while_it_lasts_and_afterwards_and_no_heartbeat_hides_it() {
    let mut setup = Setup::new(1).await;
    let nodes = [(); 2].map(|()| Proxy::before(&setup.cluster.rpc_url()));
    let (all, lender, ping) = hooks(&setup, &nodes.each_ref().map(Proxy::url));
    let keeper = setup.spawn("keeper", "");
    setup.set_used(0, 1_000).await;
    let beats = async |_: &Setup| all.of_type("heartbeat") > 1 && ping.posts().len() > 1;
    setup.until("the keeper's heart beats", beats).await;
    let beat = all.posts().into_iter().find(|post| post["type"] == "heartbeat").unwrap();
    assert!(beat["slot"].as_u64().unwrap() > 0 && beat["clock"].as_i64().unwrap() > 0, "{beat}");

    nodes.iter().for_each(|node| node.set(ALL, Fault::Forbidden));
    let told = async |_: &Setup| !all.alerts("chain_lost", "raised").is_empty();
    setup.until("the operator is told", told).await;
    let count = (all.of_type("heartbeat"), ping.posts().len());
    let dead = async |setup: &Setup| livez(setup).await.is_some_and(|(status, _)| status == 503);
    setup.until("/livez tells it", dead).await;
    let (_, body) = livez(&setup).await.unwrap();
    assert!(body.contains("403") && body.contains("cycle"), "{body}");
    assert_eq!((all.of_type("heartbeat"), ping.posts().len()), count, "no heartbeat without a good cycle");

    nodes.iter().for_each(|node| {
        node.mend();
    });
    let over = async |_: &Setup| !all.alerts("chain_lost", "cleared").is_empty() && was_told(&lender, "403");
    setup.until("the operator and the lender are told afterwards", over).await;
    let told = lender.alerts("unwatched", "raised");
    assert_eq!(told[0]["subject"], Parties::address("lender").to_string());
    let alive = async |setup: &Setup| {
        livez(setup).await.is_some_and(|(status, _)| status == 200) && all.of_type("heartbeat") > count.0
    };
    setup.until("it lives again", alive).await;
    assert_eq!(all.alerts("chain_lost", "raised").len(), 1, "one loss, one alert");
    keeper.stop().await;
    setup.cluster.stop();
}

/// Has every write to the store fail, or none, while a keeper has it open.
fn set_disk(store: &Path, is_full: bool) {
    let connection = Connection::open(store).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let tables: Vec<String> = {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut rows = connection.prepare(sql).unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    for table in tables {
        for act in ["INSERT", "UPDATE", "DELETE"] {
            let name = format!("full_{act}_{table}");
            connection
                .execute_batch(&match is_full {
                    true => format!(
                        "CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(FAIL, 'disk full'); END"
                    ),
                    false => format!("DROP TRIGGER {name}"),
                })
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_leave_while_the_store_takes_nothing_and_get_their_rows_afterwards() {
    let mut setup = Setup::new(1).await;
    let (all, lender, _ping) = hooks_of_cluster(&setup);
    let keeper = setup.spawn("keeper", "");
    setup.set_used(0, 1_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 1_000).await;

    set_disk(&setup.store("keeper"), true);
    let told = async |_: &Setup| !all.alerts("store_lost", "raised").is_empty();
    setup.until("the operator is told of the store", told).await;
    // What happens to a loan meanwhile is told as well.
    let credit = setup.cluster.chain.credit(&setup.credits[0]).await;
    let due = credit.schedule().due_date(0).unwrap().unwrap();
    setup.cluster.chain.wait_until(due + 3_600).await;
    let missed = async |_: &Setup| !lender.alerts("payment_missed", "raised").is_empty();
    setup.until("the lender is told of a missed payment", missed).await;
    let raised_at = lender.alerts("payment_missed", "raised")[0]["raised_at"].clone();
    // Longer than the threshold of the time without a watch.
    setup.stay(9).await;

    set_disk(&setup.store("keeper"), false);
    let over = async |_: &Setup| {
        !all.alerts("store_lost", "cleared").is_empty() && !lender.alerts("unwatched", "raised").is_empty()
    };
    setup.until("the end is told", over).await;
    assert_eq!(all.alerts("store_lost", "raised").len(), 1);
    assert_eq!(
        lender.alerts("payment_missed", "raised").len(),
        1,
        "it is told once, with and without the store"
    );
    let connection = Connection::open(setup.store("keeper")).unwrap();
    let stored: i64 = connection
        .query_row("SELECT raised_at FROM alerts WHERE rule = 'payment_missed'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(raised_at, stored, "the row has the time at which it was told");
    keeper.stop().await;
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_that_starts_on_a_full_disk_tells_so_once_and_starts_when_there_is_room() {
    let mut setup = Setup::new(1).await;
    let (all, lender, ping) = hooks_of_cluster(&setup);
    let keeper = setup.spawn_on_full_disk("keeper", 32);
    let told = async |_: &Setup| !all.alerts("store_lost", "raised").is_empty();
    setup.until("the operator is told", told).await;
    let tries = async |setup: &Setup| setup.log("keeper").matches("cannot start yet").count() > 1;
    setup.until("it tries again", tries).await;
    assert_eq!((all.posts().len(), ping.posts().len()), (1, 0), "it tells once, and no heart beats");
    keeper.limit_files("unlimited");
    setup.set_used(0, 1_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 1_000).await;
    let over = all.alerts("store_lost", "cleared");
    assert_eq!((over.len(), all.alerts("store_lost", "raised").len()), (1, 1));
    assert_eq!(lender.alerts("store_lost", "raised").len(), 0, "that is for the operator");
    keeper.stop().await;
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_all_reporters_is_told_by_the_machines_clock() {
    let mut setup = Setup::new(1).await;
    let (all, lender, _ping) = hooks_of_cluster(&setup);
    let keeper = setup.spawn("keeper", "");
    setup.set_used(0, 1_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 1_000).await;
    (0..3).for_each(|reporter| setup.reporters.lie(reporter, Lie::Garbage));
    let told = async |_: &Setup| !all.alerts("reporters_lost", "raised").is_empty();
    setup.until("the operator is told", told).await;
    setup.stay(8).await;
    (0..3).for_each(|reporter| setup.reporters.lie(reporter, Lie::Honest));
    let over = async |_: &Setup| {
        !all.alerts("reporters_lost", "cleared").is_empty() && was_told(&lender, "no use was metered")
    };
    setup.until("the end is told, to the lender as well", over).await;
    keeper.stop().await;
    setup.cluster.stop();
}

/// A sink that refuses one alert for good gets the critical one behind it, and the borrower is told before each act.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_is_refused_for_good_holds_up_no_other() {
    let mut setup = Setup::new(1).await;
    let (all, _lender, _ping) = hooks_of_cluster(&setup);
    setup.edit_config(
        "keeper",
        &[("[rules]\n", "[alerts]\nlink = \"https://app.example/{credit}\"\n[rules]\n")],
    );
    all.refuse("payment_due", "400 Bad Request");
    let keeper = setup.spawn("keeper", "");
    setup.set_used(0, 1_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 1_000).await;
    let credit = setup.cluster.chain.credit(&setup.credits[0]).await;
    let due = credit.schedule().due_date(0).unwrap().unwrap();
    setup.cluster.chain.wait_until(due - 86_400).await;
    let refused = async |_: &Setup| !all.alerts("payment_due", "raised").is_empty();
    setup.until("the payment is told of, and refused", refused).await;
    setup.cluster.chain.wait_until(due + 3_600).await;
    let missed = async |_: &Setup| !all.alerts("payment_missed", "raised").is_empty();
    setup.until("the missed payment is told of", missed).await;
    assert_eq!(all.alerts("payment_due", "raised").len(), 1, "given up at once");
    setup.cluster.chain.wait_until(due + 3 * 86_400).await;
    let ahead = async |_: &Setup| !all.alerts("act_ahead", "raised").is_empty();
    setup.until("the borrower is told before the mark", ahead).await;
    let told = all.alerts("act_ahead", "raised");
    assert_eq!(told[0]["link"], format!("https://app.example/{}", setup.credits[0]));
    let connection = Connection::open(setup.store("keeper")).unwrap();
    let sql = "SELECT reason FROM outbox WHERE rule = 'payment_due' AND state = 'given_up'";
    let reason: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(reason.contains("400"), "{reason}");
    keeper.stop().await;
    setup.cluster.stop();
}
