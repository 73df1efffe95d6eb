use {
    super::{
        coverage::Coverage,
        episode::{Violation, play, shrink},
        ops::Op,
    },
    blockable_sdk::program::transitions::Status,
    std::{
        collections::BTreeMap,
        sync::{
            Mutex, PoisonError,
            atomic::{AtomicBool, AtomicU64, Ordering},
        },
        thread,
        time::Instant,
    },
};

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed that everything follows from.
    pub seed: u64,
    /// Steps in all.
    pub steps: u64,
    /// Steps of an episode.
    pub length: u64,
    /// Threads.
    pub jobs: u64,
    /// The one episode to play; all of them where there is none.
    pub only: Option<u64>,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// The settings of the run.
    pub options: Options,
    /// The cases that were reached.
    pub coverage: Coverage,
    /// The first violation, shortened.
    pub violation: Option<Violation>,
    /// Seconds it took.
    pub seconds: f64,
}

/// Plays episodes until the steps are used up or a rule is broken; `progress` receives the number of steps so far.
///
/// Episodes are independent and counted in their order, so that the number of threads changes nothing but the time.
pub fn run(options: Options, progress: impl Fn(u64) + Sync) -> RunResult {
    let began = Instant::now();
    let episodes = options.steps.div_ceil(options.length);
    let (first, last) = options.only.map_or((0, episodes), |only| (only, only + 1));
    let (next, done, broken) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let results = Mutex::new(BTreeMap::new());
    let idle = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let episode = next.fetch_add(1, Ordering::Relaxed);
                    if episode >= last || episode > broken.load(Ordering::Relaxed) {
                        break;
                    }
                    let left = options.steps.saturating_sub(episode * options.length);
                    let length =
                        if options.only.is_some() { options.length } else { options.length.min(left) };
                    let (coverage, violation) = play(options.seed, episode, length);
                    progress(done.fetch_add(coverage.steps, Ordering::Relaxed) + coverage.steps);
                    if violation.is_some() {
                        broken.fetch_min(episode, Ordering::Relaxed);
                    }
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.insert(episode, (coverage, violation));
                }
                idle.store(true, Ordering::Relaxed);
            });
        }
    });
    let mut coverage = Coverage::default();
    let mut violation = None;
    for (_, (seen, broken)) in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        coverage.add(&seen);
        violation = broken;
        if violation.is_some() {
            break;
        }
    }
    let violation = violation.map(|violation| shrink(&violation));
    RunResult { options, coverage, violation, seconds: began.elapsed().as_secs_f64() }
}

impl RunResult {
    /// Steps from which on a run must have covered everything.
    pub const ENOUGH: u64 = 200_000;

    /// True where the run proves what it should: no rule broken, and everything covered where it was long enough.
    pub fn is_good(&self) -> bool {
        let short = self.options.steps < RunResult::ENOUGH || self.options.only.is_some();
        self.violation.is_none() && (short || self.coverage.missing().is_empty())
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let (coverage, mut lines) = (&self.coverage, Vec::new());
        lines.push(format!("{:<26} {:>10} {:>10}", "instruction", "accepted", "refused"));
        for op in Op::ALL {
            let (accepted, refused) = (coverage.accepted[op.index()], coverage.refused[op.index()]);
            lines.push(format!("{:<26} {accepted:>10} {refused:>10}", format!("{op:?}")));
        }
        lines.push(String::new());
        let statuses: Vec<String> = Status::ALL.iter().map(|status| format!("{status:>11?}")).collect();
        lines.push(format!("{:<26} {}", "accepted by status", statuses.join(" ")));
        for op in Op::on_credits() {
            let cell = |status: &Status| {
                let place = usize::from(status.byte());
                let (tried, through) =
                    (coverage.reached[op.index()][place], coverage.through[op.index()][place]);
                let allowed = op.is_allowed_in(*status);
                let text = if allowed { through.to_string() } else { format!("({tried})") };
                format!("{text:>11}")
            };
            let cells: Vec<String> = Status::ALL.iter().map(cell).collect();
            lines.push(format!("{:<26} {}", format!("{op:?}"), cells.join(" ")));
        }
        lines.push("\nrefusals by error".into());
        for (name, count) in coverage.errors() {
            lines.push(format!("{name:<52} {count:>10}"));
        }
        let missing = coverage.missing();
        lines.push(format!(
            "\n{} pairs, {} not covered; in brackets: tried, and forbidden",
            Coverage::pairs(),
            missing.len()
        ));
        lines.extend(missing);
        let rate = coverage.steps as f64 / self.seconds.max(0.001);
        lines.push(format!(
            "{} steps, {} probes, {:.0} steps per second, at most {} compute units",
            coverage.steps, coverage.probes, rate, coverage.compute
        ));
        match &self.violation {
            None => lines.push("no violation".into()),
            Some(violation) => {
                lines.push(format!(
                    "violation with seed {} in episode {}: {}",
                    self.options.seed, violation.episode, violation.rule
                ));
                lines.extend(violation.steps.iter().map(|step| format!("  {step:?}")));
            }
        }
        lines.join("\n")
    }

    /// The report as JSON.
    pub fn json(&self) -> serde_json::Value {
        let coverage = &self.coverage;
        let instructions: serde_json::Map<_, _> = Op::ALL
            .iter()
            .map(|op| {
                let index = op.index();
                let numbers = serde_json::json!({
                    "accepted": coverage.accepted[index],
                    "refused": coverage.refused[index],
                    "tried_by_status": coverage.reached[index],
                    "accepted_by_status": coverage.through[index],
                });
                (format!("{op:?}"), numbers)
            })
            .collect();
        let violation = self.violation.as_ref().map(|violation| {
            let steps: Vec<String> = violation.steps.iter().map(|step| format!("{step:?}")).collect();
            serde_json::json!({ "episode": violation.episode, "rule": violation.rule, "steps": steps })
        });
        serde_json::json!({
            "seed": self.options.seed,
            "steps": coverage.steps,
            "probes": coverage.probes,
            "seconds": self.seconds,
            "most_compute_units": coverage.compute,
            "instructions": instructions,
            "not_covered": coverage.missing(),
            "violation": violation,
        })
    }
}
