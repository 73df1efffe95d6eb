//! Faults of nodes: nobody is marked on the word of one node, no use is counted twice, and the work goes on by itself once the
//! fault is over.

use {
    crate::{
        proxy::{ACCOUNTS, ALL, Fault, Proxy, SEND, STATUSES},
        record::{ask, check_marks, check_metering, histories, open},
        setup::{PATIENCE, Setup},
        usage::Usage,
    },
    blockable_sdk::{Pubkey, program::transitions::Status},
    blockable_testkit::{DAY, Daemon},
    std::{
        collections::BTreeMap,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// Credits of the market.
const CREDITS: usize = 4;
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// Seconds for which a transaction can land on the test's cluster, and a few more.
const EXPIRY: u64 = 20;
/// Slots of an hour on the test's cluster.
const HOUR_OF_SLOTS: u64 = 36_000;
const SETTINGS: [(&str, &str); 3] = [
    ("BLOCKABLE_KEEPER_CYCLE__SECONDS", "0.5"),
    ("BLOCKABLE_KEEPER_CYCLE__LAG_SLOTS", "15"),
    ("BLOCKABLE_KEEPER_CYCLE__REQUEST_TIMEOUT_SECONDS", "2"),
];

/// A keeper that reads the cluster through two nodes.
struct Scene {
    setup: Setup,
    usage: Usage,
    nodes: [Proxy; 2],
    keeper: Option<Daemon>,
    began: Instant,
}

impl Scene {
    async fn new() -> Scene {
        let setup = Setup::new(CREDITS).await;
        let nodes = [(); 2].map(|()| Proxy::before(&setup.cluster.rpc_url()));
        setup.write_config("keeper", &nodes.each_ref().map(Proxy::url), "");
        let keeper = Some(setup.spawn_with("keeper", &SETTINGS));
        let mut scene = Scene { setup, usage: Usage::new(7, CREDITS), nodes, keeper, began: Instant::now() };
        scene.recovers("the start").await;
        scene
    }

    /// Lets time pass while credits are used.
    async fn stay(&mut self, seconds: u64) {
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            self.usage.go_on(&mut self.setup).await;
            self.usage.is_metered(&self.setup, 0..CREDITS).await;
            sleep(LOOK).await;
        }
    }

    /// Has nodes fail for some seconds while credits are used, mends them, and waits until all is as it should be.
    async fn endures(
        &mut self,
        what: &str,
        seconds: u64,
        faults: &[(usize, &'static [&'static str], Fault)],
    ) {
        for (node, methods, fault) in faults {
            self.nodes[*node].set(methods, fault.clone());
        }
        self.stay(seconds).await;
        let met = self.nodes.each_ref().map(Proxy::mend);
        assert!(met.iter().sum::<usize>() > 0, "{what}: nobody was asked for it");
        self.recovers(what).await;
    }

    /// Has nothing be wrong with either node.
    fn mend(&self) {
        for node in &self.nodes {
            node.mend();
        }
    }

    /// Waits until all that was used is counted.
    async fn recovers(&mut self, what: &str) {
        let (mended, deadline) = (self.began.elapsed(), Instant::now() + PATIENCE);
        self.usage.stop(0..CREDITS);
        loop {
            self.usage.go_on(&mut self.setup).await;
            if self.usage.is_metered(&self.setup, 0..CREDITS).await {
                break;
            }
            assert!(Instant::now() < deadline, "{what}: use is not metered again\n{}", self.setup.logs());
            sleep(LOOK).await;
        }
        self.usage.start(0..CREDITS);
        let recovery = self.began.elapsed() - mended;
        eprintln!("{:4} s: {what}, mended in {} ms", self.began.elapsed().as_secs(), recovery.as_millis());
    }

    /// Waits until credits have a status.
    async fn turn(&mut self, credits: std::ops::Range<usize>, status: Status) {
        let deadline = Instant::now() + PATIENCE;
        for number in credits {
            while self.setup.status(number).await != status {
                self.usage.go_on(&mut self.setup).await;
                assert!(Instant::now() < deadline, "{number} is not {status:?}\n{}", self.setup.logs());
                sleep(LOOK).await;
            }
        }
    }

    async fn statuses(&self) -> Vec<Status> {
        let mut all = Vec::new();
        for number in 0..CREDITS {
            all.push(self.setup.status(number).await);
        }
        all
    }

    /// A number that the keeper's store answers a question with.
    fn ask(&self, sql: &str) -> i64 {
        ask(&open(&self.setup, "keeper"), sql)
    }

    /// Transactions that the keeper has written down.
    fn transactions(&self) -> i64 {
        self.ask("SELECT count(*) FROM transactions")
    }

    /// The bytes of credits' accounts.
    async fn data(&self, credits: impl IntoIterator<Item = usize>) -> BTreeMap<Pubkey, Vec<u8>> {
        let mut all = BTreeMap::new();
        for number in credits {
            let address = self.setup.credits[number];
            let account = self.setup.cluster.chain.client.rpc().get_account(&address).await.unwrap();
            all.insert(address, account.data);
        }
        all
    }

    /// Ends the keeper, and requires that every credit was metered to the unit and marked in its time. Returns the marks.
    async fn end(mut self) -> Vec<Vec<&'static str>> {
        self.recovers("the end").await;
        if let Some(keeper) = self.keeper.take() {
            keeper.stop().await;
        }
        let mut marks = Vec::new();
        for (number, records) in histories(&self.setup).await.iter().enumerate() {
            let credit = self.setup.cluster.chain.credit(&self.setup.credits[number]).await;
            check_metering(records, &credit, self.usage.used(number));
            marks.push(check_marks(records, &credit));
        }
        drop(self.nodes);
        self.setup.cluster.stop();
        marks
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_is_counted_once_whatever_nodes_do_to_requests() {
    let mut scene = Scene::new().await;
    let both =
        |methods: &'static [&'static str], fault: Fault| [(0, methods, fault.clone()), (1, methods, fault)];
    scene.endures("answers lost after sending", 4, &both(SEND, Fault::AnswerLost)).await;
    scene.endures("transactions sent twice", 4, &both(SEND, Fault::Twice)).await;
    scene.endures("two nodes that know of no transaction", 5, &both(STATUSES, Fault::NoStatuses)).await;
    scene.endures("a node that knows no transaction", 5, &[(0, STATUSES, Fault::Error(-32_005))]).await;
    scene.endures("a node that is too busy", 8, &[(0, ALL, Fault::Busy(1))]).await;
    scene.endures("two nodes that are too busy", 4, &both(ALL, Fault::Busy(1))).await;
    scene.endures("garbage", 4, &both(ALL, Fault::Garbage)).await;
    scene.endures("frozen nodes", 4, &both(ALL, Fault::Frozen)).await;

    scene.nodes.iter().for_each(Proxy::refuse);
    scene.stay(4).await;
    scene.mend();
    scene.recovers("connections refused").await;

    // What has landed is not sent again for accounts that do not show it yet.
    let sent = scene.transactions();
    scene.nodes.iter().for_each(|node| node.set(ACCOUNTS, Fault::Frozen));
    scene.stay(6).await;
    let sent = scene.transactions() - sent;
    assert!(sent <= 2, "{sent} transactions for one state of the chain, and one before it");
    scene.mend();
    scene.recovers("accounts of a node that has stalled").await;

    // Beyond the last block in which they could have landed.
    let dead = "SELECT count(*) FROM transactions WHERE state = 'dead'";
    assert_eq!(scene.ask(dead), 0);
    scene.endures("a node that forgets what has landed", EXPIRY, &[(0, STATUSES, Fault::NoStatuses)]).await;
    assert_eq!(scene.ask(dead), 0, "the other node knew of them");
    scene.endures("transactions that go nowhere", EXPIRY, &both(SEND, Fault::Error(-32_005))).await;
    assert!(scene.ask(dead) > 0, "two nodes have seen that they expired");
    assert_eq!(scene.statuses().await, [Status::Active; CREDITS]);
    assert_eq!(scene.end().await, vec![Vec::<&str>::new(); CREDITS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_marked_on_the_word_of_one_node() {
    let mut scene = Scene::new().await;
    let day = i64::from(DAY);
    let credit = scene.setup.cluster.chain.credit(&scene.setup.credits[CREDITS - 1]).await;
    let due = credit.schedule().due_date(0).unwrap().unwrap();
    scene.setup.cluster.chain.wait_until(due + 3_600).await;
    scene.recovers("the first due date").await;

    // Two credits are paid for. A node on a fork shows one of them as it was before, and one as a credit that has been
    // late for longer; the other two are late on both.
    let mut forged = scene.data([0]).await;
    for number in [0, 1] {
        scene.setup.pay_arrears(number).await;
    }
    scene.setup.cluster.chain.wait_until(due + 5 * day + 1).await;
    scene.nodes[0].set(ACCOUNTS, Fault::Forged(forged.clone()));
    scene.turn(2..CREDITS, Status::Delinquent).await;
    scene.stay(4).await;
    let late = scene.data([2]).await.into_values().next().unwrap();
    forged.insert(scene.setup.credits[1], late);
    scene.nodes[0].set(ACCOUNTS, Fault::Forged(forged));
    scene.stay(4).await;
    assert!(scene.nodes[0].mend() > 0);
    let held = "finalized state of 1 nodes calls for it, and 2 must";
    assert!(scene.setup.log("keeper").contains(held), "the fork was seen\n{}", scene.setup.logs());
    scene.recovers("a fork").await;

    // A node an hour behind, while the default falls due.
    scene.usage.stop(2..CREDITS);
    scene.nodes[1].set(ALL, Fault::Behind(HOUR_OF_SLOTS));
    scene.setup.cluster.chain.wait_until(due + 15 * day + 1).await;
    let consumed = scene.setup.consumed(0).await;
    scene.stay(6).await;
    let [paid, late] = [Status::Active, Status::Delinquent];
    assert_eq!(scene.statuses().await, [paid, paid, late, late], "one node suffices for nobody");
    assert!(scene.setup.consumed(0).await > consumed, "metering goes on with the other node");
    // It catches up, and the other stalls.
    scene.nodes[1].mend();
    scene.nodes[0].set(ALL, Fault::Frozen);
    scene.nodes[1].set(ALL, Fault::Frozen);
    scene.stay(3).await;
    scene.mend();
    scene.turn(2..CREDITS, Status::Defaulted).await;
    scene.recovers("a node an hour behind").await;
    assert_eq!(scene.statuses().await, [paid, paid, Status::Defaulted, Status::Defaulted]);

    for number in [0, 1] {
        let subject = scene.setup.credits[number].to_bytes().map(|byte| format!("{byte:02X}")).concat();
        let sql = format!("SELECT count(*) FROM intents WHERE hex(subject) = '{subject}'");
        assert_eq!(scene.ask(&sql), 0, "credit {number}: no mark was so much as written down");
    }
    let marks = scene.end().await;
    assert_eq!(marks, [vec![], vec![], vec!["delinquent", "defaulted"], vec!["delinquent", "defaulted"]]);
}
