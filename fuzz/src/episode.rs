use {
    super::{
        action::{Amount, Attempt, By, Step},
        choose::choose,
        coverage::Coverage,
        dice::Dice,
        session::Session,
    },
    std::panic::{AssertUnwindSafe, catch_unwind},
};

/// Steps between two full comparisons of all accounts with the model. Each step compares the accounts that it touched.
const SWEEP: usize = 200;

/// A rule that was broken, and how.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Number of the episode.
    pub episode: u64,
    /// The rule.
    pub rule: String,
    /// The steps that lead to it, the last one included.
    pub steps: Vec<Step>,
}

/// Plays episode number `episode` of a run: seed and number decide every step. Returns the cases it reached, and the first
/// rule broken.
pub fn play(seed: u64, episode: u64, length: u64) -> (Coverage, Option<Violation>) {
    let mut dice = Dice::part(seed, episode);
    let mut session = Session::new();
    let mut steps = Vec::with_capacity(length as usize);
    for _ in 0..length {
        let step = choose(&session.lab, &mut dice);
        steps.push(step);
        if let Err(rule) = checked(&mut session, &step, steps.len()) {
            return (session.coverage, Some(Violation { episode, rule, steps }));
        }
    }
    if let Err(rule) = session.model.sweep(&session.lab) {
        return (session.coverage, Some(Violation { episode, rule, steps }));
    }
    (session.coverage, None)
}

/// Plays steps in a fresh lab. Returns the first rule broken, and the number of steps that led to it.
pub fn replay(steps: &[Step]) -> Option<(String, usize)> {
    let mut session = Session::new();
    for (index, step) in steps.iter().enumerate() {
        if let Err(rule) = checked(&mut session, step, index + 1) {
            return Some((rule, index + 1));
        }
    }
    session.model.sweep(&session.lab).err().map(|rule| (rule, steps.len()))
}

fn checked(session: &mut Session, step: &Step, number: usize) -> Result<(), String> {
    // A panic of the model or the virtual machine is a finding like any other.
    let checked = catch_unwind(AssertUnwindSafe(|| {
        session.take(step)?;
        if number.is_multiple_of(SWEEP) { session.model.sweep(&session.lab) } else { Ok(()) }
    }));
    checked.unwrap_or_else(|_| Err("a panic outside the program".into()))
}

/// The name of a rule: the violation's text up to its numbers.
fn kind(rule: &str) -> String {
    rule.chars()
        .take_while(|c| !c.is_ascii_digit() && *c != '{')
        .take(40)
        .chain(rule.chars().take(7))
        .collect()
}

/// Shortens a violation: leaves out chunks of steps for as long as the rest still breaks the same rule.
pub fn shrink(violation: &Violation) -> Violation {
    let wanted = kind(&violation.rule);
    let mut best = violation.clone();
    let mut chunk = best.steps.len().div_ceil(2);
    while chunk > 0 {
        let mut at = 0;
        let mut progress = false;
        while at < best.steps.len() {
            let mut shorter = best.steps.clone();
            shorter.drain(at..(at + chunk).min(best.steps.len()));
            match replay(&shorter) {
                Some((rule, length)) if kind(&rule) == wanted => {
                    shorter.truncate(length);
                    best.steps = shorter;
                    best.rule = rule;
                    progress = true;
                }
                _ => at += chunk,
            }
        }
        if !progress || chunk > 1 {
            chunk /= 2;
        }
    }
    simplify(&mut best, &wanted);
    best
}

/// Simplifies each step where the same rule is still broken without its flaw, repetition, signer or amount.
fn simplify(best: &mut Violation, wanted: &str) {
    for index in 0..best.steps.len() {
        let plainer: [fn(&mut Attempt); 4] = [
            |attempt| attempt.flaw = None,
            |attempt| attempt.twice = false,
            |attempt| attempt.by = By::Entitled,
            |attempt| attempt.amount = Amount::Exact,
        ];
        for change in plainer {
            let Some(Step::Call(current)) = best.steps.get(index).copied() else { break };
            let mut plain = current;
            change(&mut plain);
            let mut steps = best.steps.clone();
            steps[index] = Step::Call(plain);
            if plain != current
                && let Some((rule, length)) = replay(&steps)
                && kind(&rule) == wanted
            {
                steps.truncate(length);
                (best.steps, best.rule) = (steps, rule);
            }
        }
    }
}
