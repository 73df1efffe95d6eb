//! A keeper that is killed again and again, at any moment and at every edge of what it writes down: nothing is lost, nothing
//! is done twice, nobody is marked early.

use {
    crate::{
        record::{ask, check_marks, check_metering, check_store, histories, open},
        setup::{PATIENCE, SLOT_MS, Setup},
        usage::Usage,
    },
    blockable_sdk::program::{instructions::OfferArgs, transitions::Status},
    blockable_testkit::{Cluster, DAY, Loan, USDC},
    rand::{Rng, SeedableRng, rngs::StdRng},
    std::{
        collections::BTreeMap,
        env,
        ops::Range,
        os::unix::process::ExitStatusExt,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// The signal of a process that aborts itself.
const SIGABRT: i32 = 6;
/// Kills of the keeper.
const KILLS: usize = 500;
/// Seed of lives and usage, unless the environment names another.
const SEED: u64 = 20_261_127;
const SEED_VARIABLE: &str = "BLOCKABLE_KILLS_SEED";
/// Kills of each fail point at least.
const LEAST_OF_EACH: usize = 10;
/// Longest life, where no fail point is set.
const LONGEST_LIFE: Duration = Duration::from_millis(500);
/// Longest life, where one is set and not met.
const LONGEST_WAIT: Duration = Duration::from_millis(1_000);
/// Fail points at which the process ends itself: where reports are taken in,
const INGEST: [&str; 2] = ["ingest-after-store", "ingest-before-cursor"];
/// where transactions are recorded and sent,
const SEND: [&str; 3] = ["land-before-write", "land-after-write", "land-after-send"];
/// where their end is recorded,
const RECORD: [&str; 2] = ["land-before-record", "land-after-record"];
/// and where a view of the chain is recorded.
const READING: &str = "chain-after-reading";
/// Seconds of the chain's clock after which a view is recorded.
const READING_EVERY: u32 = 61;
/// Everything as often as can be set, so that lives are full of work.
const SETTINGS: [(&str, &str); 6] = [
    ("BLOCKABLE_KEEPER_CYCLE__SECONDS", "0.1"),
    ("BLOCKABLE_KEEPER_METERING__EVERY_SECONDS", "1"),
    ("BLOCKABLE_KEEPER_METERING__URGENT_EVERY_SECONDS", "1"),
    ("BLOCKABLE_KEEPER_METERING__MAX_CREDITS", "10"),
    ("BLOCKABLE_KEEPER_LANDING__REBROADCAST_SECONDS", "1"),
    ("BLOCKABLE_KEEPER_CYCLE__SHUTDOWN_SECONDS", "60"),
];

/// Credits whose instalments are paid in time.
const PUNCTUAL: Range<usize> = 0..8;
/// Credits of which nothing is ever paid.
const LOST: Range<usize> = 8..16;
/// Credits whose arrears are paid after the mark of delinquency.
const LATE: Range<usize> = 16..20;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_done_twice_however_often_the_keeper_is_killed() {
    let (began, seed) = (Instant::now(), seed());
    let cluster = Cluster::ticking(SLOT_MS).await;
    let mut setup = Setup::lend(cluster, LATE.end, &small_loan()).await;
    let url = setup.cluster.rpc_url();
    setup.write_config("keeper", &[url.clone(), url], "");
    let mut usage = Usage::new(seed, LATE.end);
    let (mut lives, mut story) = (Lives::new(seed), Story::new(&setup).await);
    while lives.ended < KILLS || !story.is_over() || !lives.have_met_all() {
        assert!(lives.ended < 3 * KILLS, "{:?} do not come to their end\n{}", lives.met, setup.logs());
        story.go_on(lives.ended, &mut setup, &mut usage).await;
        lives.live(&mut setup, &mut usage).await;
    }
    eprintln!("{} kills of seed {seed} in {} s: {:?}", lives.ended, began.elapsed().as_secs(), lives.met);
    finish(&mut setup, &mut usage).await;
    check(&setup, &usage).await;
    eprintln!("seed {seed}: all is well after {} s", began.elapsed().as_secs());
    setup.cluster.stop();
}

fn seed() -> u64 {
    env::var(SEED_VARIABLE).map_or(SEED, |text| text.parse().expect("a number"))
}

/// The loan of other tests at a twentieth, so that the lender can make twenty.
fn small_loan() -> OfferArgs {
    let loan = Loan::new(1).with(|terms| {
        terms.offer_expires_at = 0;
        terms.principal = 5_000 * USDC;
        terms.late_fee = 25 * USDC;
        terms.units = 100_000_000;
    });
    let mut schedule = loan.schedule();
    schedule.iter_mut().for_each(|instalment| instalment.principal = 1_000 * USDC);
    loan.with_schedule(&schedule).args
}

/// Lives of the keeper, one after the other.
struct Lives {
    random: StdRng,
    ended: usize,
    /// Times that each fail point was met.
    met: BTreeMap<&'static str, usize>,
}

impl Lives {
    fn new(seed: u64) -> Lives {
        Lives { random: StdRng::seed_from_u64(seed), ended: 0, met: BTreeMap::new() }
    }

    /// True once every fail point was met often enough.
    fn have_met_all(&self) -> bool {
        let met = |point: &&str| self.met.get(point).copied().unwrap_or(0);
        let mut points = INGEST.iter().chain(&SEND).chain(&RECORD).chain([&READING]);
        points.all(|point| met(point) >= LEAST_OF_EACH)
    }

    /// One life, that ends at a fail point or at any moment.
    async fn live(&mut self, setup: &mut Setup, usage: &mut Usage) {
        usage.go_on(setup).await;
        let point = self.choose(Ahead::new(setup, usage));
        if point == Some(READING) {
            setup.cluster.pass(READING_EVERY).await;
        }
        // Most lives are too short to pass a point often.
        let passings = if self.random.random_bool(0.05) { self.random.random_range(1..3) } else { 0 };
        let failpoints = point.map(|point| format!("{point}={passings}*off->return")).unwrap_or_default();
        let longest = LONGEST_LIFE.as_millis() as u64;
        let life = match point {
            Some(_) => LONGEST_WAIT,
            None => Duration::from_millis(self.random.random_range(0..longest)),
        };
        let mut environment = SETTINGS.to_vec();
        environment.push(("FAILPOINTS", &failpoints));
        let mut keeper = setup.spawn_with("keeper", &environment);
        let born = Instant::now();
        while born.elapsed() < life {
            if let Some(status) = keeper.ended() {
                let point = point.filter(|_| status.signal() == Some(SIGABRT));
                let point = point.unwrap_or_else(|| panic!("the keeper ended by itself\n{}", setup.logs()));
                *self.met.entry(point).or_default() += 1;
                break;
            }
            usage.go_on(setup).await;
            sleep(Duration::from_millis(10)).await;
        }
        keeper.kill();
        self.ended += 1;
    }

    /// One of the points that this life may well meet, the rarest of them most often; none where it is to end at any moment.
    fn choose(&mut self, ahead: Ahead) -> Option<&'static str> {
        let mut points = Vec::new();
        if ahead.reports {
            points.extend(INGEST.iter().chain(&SEND));
        }
        if ahead.transactions {
            points.extend(&RECORD);
        }
        let met = |point: &&str| self.met.get(point).copied().unwrap_or(0);
        let rarest = points.iter().copied().min_by_key(met);
        match self.random.random_range(0..20) {
            0 => Some(READING),
            1..6 => None,
            6..12 => rarest,
            _ if points.is_empty() => None,
            _ => Some(points[self.random.random_range(0..points.len())]),
        }
    }
}

/// The work that a life finds.
#[derive(Default)]
struct Ahead {
    /// Reports that are not stored.
    reports: bool,
    /// Transactions whose end is not known.
    transactions: bool,
}

/// The oldest of all reporters' latest reports.
const OLDEST_OF_LATEST: &str =
    "SELECT coalesce(min(latest), 0) FROM (SELECT max(reported_at) AS latest FROM reports
     GROUP BY provider, chunk, reporter)";

impl Ahead {
    fn new(setup: &Setup, usage: &Usage) -> Ahead {
        if !setup.store("keeper").exists() {
            return Ahead::default();
        }
        let store = open(setup, "keeper");
        if ask(&store, "PRAGMA user_version") == 0 {
            return Ahead::default();
        }
        Ahead {
            reports: ask(&store, OLDEST_OF_LATEST) < usage.reported_at(),
            transactions: ask(&store, "SELECT count(*) FROM transactions WHERE state = 'open'") > 0,
        }
    }
}

/// The events on the chain while the keeper is killed: due dates pass, some pay in time, some late, some never.
struct Story {
    next: usize,
    due: i64,
}

impl Story {
    /// Kills before each step.
    const AT: [usize; 5] = [40, 60, 110, 230, 320];

    async fn new(setup: &Setup) -> Story {
        let mut due = 0;
        for credit in &setup.credits {
            let schedule = setup.cluster.chain.credit(credit).await;
            due = schedule.schedule().due_date(0).unwrap().unwrap().max(due);
        }
        Story { next: 0, due }
    }

    fn is_over(&self) -> bool {
        self.next == Story::AT.len()
    }

    /// Takes the next step once it is its turn.
    async fn go_on(&mut self, kills: usize, setup: &mut Setup, usage: &mut Usage) {
        if Story::AT.get(self.next).is_none_or(|at| kills < *at) {
            return;
        }
        let day = i64::from(DAY);
        let done = match self.next {
            0 => move_to(setup, self.due + 3_600).await,
            1 => pay(setup, PUNCTUAL).await,
            // The grace itself ends without a jump.
            2 => move_to(setup, self.due + 5 * day - 15).await,
            3 => {
                usage.stop(LOST);
                all_are(setup, LATE, Status::Delinquent).await && pay(setup, LATE).await
            }
            _ => {
                let metered = usage.is_metered(setup, LOST).await;
                let ready = metered && all_are(setup, LOST, Status::Delinquent).await;
                ready && move_to(setup, self.due + 15 * day - 15).await
            }
        };
        self.next += usize::from(done);
    }
}

async fn move_to(setup: &Setup, unix: i64) -> bool {
    setup.cluster.chain.wait_until(unix).await >= unix
}

async fn all_are(setup: &Setup, credits: Range<usize>, status: Status) -> bool {
    for credit in credits {
        if setup.status(credit).await != status {
            return false;
        }
    }
    true
}

async fn pay(setup: &mut Setup, credits: Range<usize>) -> bool {
    for number in credits {
        setup.pay_arrears(number).await;
    }
    true
}

/// Lets one keeper live until nothing is left to do.
async fn finish(setup: &mut Setup, usage: &mut Usage) {
    usage.stop(0..LATE.end);
    let keeper = setup.spawn_with("keeper", &SETTINGS);
    let deadline = Instant::now() + PATIENCE;
    loop {
        usage.go_on(setup).await;
        let metered = usage.is_metered(setup, 0..LATE.end).await;
        if metered && all_are(setup, LOST, Status::Defaulted).await && are_frozen(setup).await {
            break;
        }
        assert!(Instant::now() < deadline, "not all is settled\n{}", setup.logs());
        sleep(Duration::from_millis(200)).await;
    }
    keeper.stop().await;
}

async fn are_frozen(setup: &Setup) -> bool {
    for number in LOST {
        let collateral = setup.cluster.chain.credit(&setup.credits[number]).await.collateral;
        if collateral.frozen() < collateral.lien() {
            return false;
        }
    }
    true
}

async fn check(setup: &Setup, usage: &Usage) {
    assert!(all_are(setup, PUNCTUAL, Status::Active).await && all_are(setup, LATE, Status::Active).await);
    for (number, records) in histories(setup).await.iter().enumerate() {
        let credit = setup.cluster.chain.credit(&setup.credits[number]).await;
        check_metering(records, &credit, usage.used(number));
        let expected: &[&str] = match number {
            number if PUNCTUAL.contains(&number) => &[],
            number if LOST.contains(&number) => &["delinquent", "defaulted"],
            _ => &["delinquent"],
        };
        assert_eq!(check_marks(records, &credit), expected, "credit {number}");
    }
    let states = check_store(setup, "keeper").await;
    let store = open(setup, "keeper");
    let evidence = ask(&store, "SELECT count(*) FROM evidence");
    assert_eq!(evidence, 0, "honest reporters are accused of nothing");
    eprintln!("transactions by state: {states:?}");
}
