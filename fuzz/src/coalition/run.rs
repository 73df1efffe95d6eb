//! Plays games until the moves are used up or an honest party loses what it is entitled to.

use {
    super::{
        choose::choose,
        corpus::known,
        party::{Honest, Move},
        table::{Table, play_moves},
    },
    crate::{dice::Dice, run::Options},
    blockable_sdk::program::transitions::Status,
    serde::Serialize,
    std::{
        collections::BTreeMap,
        panic::{AssertUnwindSafe, catch_unwind},
        sync::{
            Mutex, PoisonError,
            atomic::{AtomicU64, Ordering},
        },
        thread,
        time::Instant,
    },
};

/// The loss of something that an honest party is entitled to.
#[derive(Clone, Debug, Serialize)]
pub struct Loss {
    /// Number of the game.
    pub game: u64,
    /// The honest party.
    pub honest: Honest,
    /// The rule.
    pub rule: String,
    /// The moves that lead to it, shortened.
    pub moves: Vec<Move>,
}

/// The result of a run of coalitions.
#[derive(Clone, Debug)]
pub struct CoalitionResult {
    /// The seed of the run.
    pub seed: u64,
    /// Moves played.
    pub moves: u64,
    /// Transactions that landed, by honest party: its own, and those of the others.
    pub landed: BTreeMap<Honest, [u64; 2]>,
    /// Transactions that landed on loans of each honest party, by the loan's status before.
    pub by_status: BTreeMap<Honest, [u64; 8]>,
    /// The first loss.
    pub loss: Option<Loss>,
    /// Seconds it took.
    pub seconds: f64,
}

/// Plays the games of a run, in turn with an honest lender, borrower and provider. With `with_known` every second game of a party
/// begins with a known attack. `progress` receives the number of moves so far. Games are independent and counted in their order, so
/// that the number of threads changes nothing but the time.
pub fn run_coalitions(options: &Options, with_known: bool, progress: impl Fn(u64) + Sync) -> CoalitionResult {
    let began = Instant::now();
    let games = options.steps.div_ceil(options.length);
    let (first, last) = options.only.map_or((0, games), |only| (only, only + 1));
    let (next, done, broken) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let game = next.fetch_add(1, Ordering::Relaxed);
                    if game >= last || game > broken.load(Ordering::Relaxed) {
                        break;
                    }
                    let left = options.steps.saturating_sub(game * options.length).max(1);
                    let length =
                        if options.only.is_some() { options.length } else { options.length.min(left) };
                    let played = Game::play(options.seed, game, length, with_known);
                    progress(done.fetch_add(played.moves, Ordering::Relaxed) + played.moves);
                    if played.loss.is_some() {
                        broken.fetch_min(game, Ordering::Relaxed);
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner).insert(game, played);
                }
            });
        }
    });
    let mut report = CoalitionResult {
        seed: options.seed,
        moves: 0,
        landed: BTreeMap::new(),
        by_status: BTreeMap::new(),
        loss: None,
        seconds: 0.0,
    };
    for (_, game) in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        report.moves += game.moves;
        let landed = report.landed.entry(game.honest).or_default();
        (landed[0], landed[1]) = (landed[0] + game.landed[0], landed[1] + game.landed[1]);
        let by_status = report.by_status.entry(game.honest).or_default();
        by_status.iter_mut().zip(game.by_status).for_each(|(sum, count)| *sum += count);
        if let Some(loss) = game.loss {
            report.loss = Some(shrink(loss));
            break;
        }
    }
    report.seconds = began.elapsed().as_secs_f64();
    report
}

/// A game that has been played.
struct Game {
    honest: Honest,
    moves: u64,
    landed: [u64; 2],
    by_status: [u64; 8],
    loss: Option<Loss>,
}

impl Game {
    fn play(seed: u64, number: u64, length: u64, with_known: bool) -> Game {
        let mut dice = Dice::part(seed ^ 0x0C0A_1171_0115, number);
        let honest = Honest::ALL[(number % 3) as usize];
        let round = number / 3;
        let begins_known = with_known && round.is_multiple_of(2);
        let mut opening = if begins_known { opening(honest, round / 2, &mut dice) } else { Vec::new() };
        opening.reverse();
        let (mut table, mut moves, mut loss) = (Table::new(honest), Vec::new(), None);
        while (moves.len() as u64) < length && loss.is_none() {
            let step = opening.pop().unwrap_or_else(|| choose(&table, &mut dice));
            moves.push(step);
            // A panic of the virtual machine is a finding like any other.
            let played = catch_unwind(AssertUnwindSafe(|| table.play(&step)));
            let verdict = played.unwrap_or_else(|_| Err("a panic outside the program".into()));
            loss = verdict.err();
        }
        let played = moves.len() as u64;
        let loss = loss.map(|rule| Loss { game: number, honest, rule, moves });
        Game { honest, moves: played, landed: table.landed, by_status: table.by_status, loss }
    }
}

/// The moves of the known attacks on the party, one after the other by the number of the game: as they are at first, then with
/// some of them left out, repeated or with other choices, then as they are again.
fn opening(honest: Honest, number: u64, dice: &mut Dice) -> Vec<Move> {
    let against: Vec<_> = known().iter().filter(|attack| attack.honest == honest).collect();
    let count = against.len().max(1) as u64;
    let Some(attack) = against.get((number % count) as usize) else { return Vec::new() };
    if (number / count).is_multiple_of(2) {
        return attack.moves.clone();
    }
    let mut moves = Vec::new();
    for step in &attack.moves {
        match dice.below(20) {
            0 => {}
            1 => moves.extend([*step, *step]),
            2 => moves.push(match *step {
                Move::Act(attempt) => Move::Act(crate::action::Attempt { extra: dice.roll(), ..attempt }),
                Move::Sign(on, _) => Move::Sign(on, dice.roll()),
                other => other,
            }),
            _ => moves.push(*step),
        }
    }
    moves
}

/// The name of a rule: its text up to its numbers.
fn kind(rule: &str) -> String {
    rule.chars().filter(|c| !c.is_ascii_digit() && *c != '-').take(60).collect()
}

/// Shortens a loss: leaves out chunks of moves for as long as the rest still breaks the same rule.
fn shrink(loss: Loss) -> Loss {
    let wanted = kind(&loss.rule);
    let mut best = loss;
    let mut chunk = best.moves.len().div_ceil(2);
    while chunk > 0 {
        let (mut at, mut progress) = (0, false);
        while at < best.moves.len() {
            let mut shorter = best.moves.clone();
            shorter.drain(at..(at + chunk).min(best.moves.len()));
            match play_moves(best.honest, &shorter) {
                Some((rule, length)) if kind(&rule) == wanted => {
                    shorter.truncate(length);
                    (best.moves, best.rule, progress) = (shorter, rule, true);
                }
                _ => at += chunk,
            }
        }
        if !progress || chunk > 1 {
            chunk /= 2;
        }
    }
    best
}

impl CoalitionResult {
    /// True where no honest party lost anything.
    pub fn is_good(&self) -> bool {
        self.loss.is_none()
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{:<12} {:>16} {:>16}", "honest", "own landed", "others' landed")];
        for (honest, [own, others]) in &self.landed {
            lines.push(format!("{:<12} {own:>16} {others:>16}", format!("{honest:?}")));
        }
        let statuses: Vec<String> = Status::ALL[..7].iter().map(|status| format!("{status:>11?}")).collect();
        lines.push(format!("{:<12} {}", "on its loans", statuses.join(" ")));
        for (honest, counts) in &self.by_status {
            let counts: Vec<String> = counts[..7].iter().map(|count| format!("{count:>11}")).collect();
            lines.push(format!("{:<12} {}", format!("{honest:?}"), counts.join(" ")));
        }
        let rate = self.moves as f64 / self.seconds.max(0.001);
        lines.push(format!("{} moves, {rate:.0} moves per second", self.moves));
        match &self.loss {
            None => lines.push("no honest party lost what it is entitled to".into()),
            Some(loss) => {
                lines.push(format!("loss with seed {} in game {}: {}", self.seed, loss.game, loss.rule));
                lines.extend(loss.moves.iter().map(|step| format!("  {step:?}")));
            }
        }
        lines.join("\n")
    }

    /// The report as JSON.
    pub fn json(&self) -> serde_json::Value {
        let landed: BTreeMap<_, _> =
            self.landed.iter().map(|(honest, landed)| (format!("{honest:?}"), landed)).collect();
        let by_status: BTreeMap<_, _> =
            self.by_status.iter().map(|(honest, counts)| (format!("{honest:?}"), counts)).collect();
        serde_json::json!({
            "seed": self.seed,
            "moves": self.moves,
            "seconds": self.seconds,
            "landed": landed,
            "landed_by_status": by_status,
            "loss": self.loss,
        })
    }
}
