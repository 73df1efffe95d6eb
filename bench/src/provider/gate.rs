//! `bench gate`: the jobs that a gate admits per second, and the wait of each.

use {
    super::{credit, open_gate_with},
    crate::{
        BenchError,
        performance::{Bound, Durations, Figure, Output},
    },
    blockable_gate::{
        AtDeadline, Durability, Hold, Job,
        ledger::{ChainClocks, Ledger},
    },
    blockable_sdk::amounts::{MarketTime, Units},
    blockable_testkit::fixtures::address,
    std::{
        collections::HashMap,
        hint::black_box,
        time::{Duration, Instant},
    },
    tokio::{runtime::Runtime, task::JoinSet},
};

/// Live credits.
const CREDITS: u32 = 10_000;
/// Callers that wait for durable holds at the same time.
const CALLERS: u32 = 64;
/// The time limit of jobs; none reaches it.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// Arguments of `bench gate`.
#[derive(clap::Args, Debug)]
pub struct GateArgs {
    /// Seconds per measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Calls through the gateway, and as many without it
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    #[command(flatten)]
    output: Output,
}

/// Runs `bench gate`. Errors: [`BenchError`].
pub fn run(args: &GateArgs) -> Result<(), BenchError> {
    let time = Duration::from_secs(args.seconds.max(1));
    eprintln!("bench: admissions in memory ...");
    let mut figures = vec![in_memory(time)];
    let runtime = Runtime::new().map_err(BenchError::setup)?;
    for (name, durability, bound) in [
        ("survive the end of the process", Durability::Process, Bound::AtLeast(5_000.0)),
        ("survive a loss of power", Durability::Power, Bound::AtLeast(5_000.0)),
    ] {
        eprintln!("bench: durable holds that {name} ...");
        let (per_second, waits) = runtime.block_on(durable(time, durability))?;
        figures.push(Figure::new(format!("durable holds that {name}"), per_second, "per second", bound));
        figures.extend(waits.figures(&format!("hold that must {name}, {CALLERS} callers"), [Bound::None; 4]));
    }
    eprintln!("bench: calls through the gateway and without it ...");
    figures.extend(runtime.block_on(super::gateway::added_latency(args.calls))?);
    args.output.finish("gate", &figures)
}

/// Measures admissions by one thread, over all credits; each hold is ended at once.
fn in_memory(time: Duration) -> Figure {
    let mut ledger = Ledger::restore(HashMap::new(), Vec::new(), 1);
    let addresses: Vec<_> = (0..CREDITS.into()).map(address).collect();
    for (number, address) in (0..CREDITS).zip(&addresses) {
        ledger.observe(*address, 1, Some(&credit(number)));
    }
    let clocks = ChainClocks { market: Some(MarketTime(0)), ..ChainClocks::default() };
    let (start, mut admitted) = (Instant::now(), 0u64);
    while start.elapsed() < time {
        for address in &addresses {
            let (id, index) = ledger.admit(address, Units(10), clocks).expect("there is room");
            ledger.insert(Hold {
                id,
                credit: *address,
                index,
                units: Units(10),
                reference: String::new(),
                admitted_ms: 0,
                deadline_ms: 0,
                at_deadline: AtDeadline::Return,
                labels: Default::default(),
            });
            ledger.end(black_box(id));
        }
        admitted += u64::from(CREDITS);
    }
    let per_second = admitted as f64 / start.elapsed().as_secs_f64();
    let name = format!("admissions in memory, one core, {CREDITS} credits");
    Figure::new(name, per_second, "per second", Bound::AtLeast(200_000.0))
}

/// Measures durable holds per second, and the wait for each.
async fn durable(time: Duration, durability: Durability) -> Result<(f64, Durations), BenchError> {
    let folder = tempfile::tempdir().map_err(BenchError::setup)?;
    let gate = open_gate_with(folder.path(), durability, 0..CREDITS)?;
    let start = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let gate = gate.clone();
        callers.spawn(async move {
            let (mut waits, mut number) = (Vec::new(), caller);
            while start.elapsed() < time {
                let asked = Instant::now();
                let job = Job::new(Units(10), "bench", TIME_LIMIT);
                gate.admit(&address(u64::from(number % CREDITS)), job).await.map_err(BenchError::setup)?;
                waits.push(asked.elapsed());
                number += CALLERS;
            }
            Ok::<_, BenchError>(waits)
        });
    }
    let mut waits = Vec::new();
    while let Some(caller) = callers.join_next().await {
        waits.extend(caller.map_err(BenchError::setup)??);
    }
    let per_second = waits.len() as f64 / start.elapsed().as_secs_f64();
    gate.close().await;
    Ok((per_second, Durations::new(waits)))
}
