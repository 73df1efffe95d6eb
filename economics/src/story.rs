//! A path as a list of dated acts with the state after each, to be played on a chain.
//!
//! A story begins with a loan that has been issued on the story's [`Agreement`] with its reserve funded. Each step then has
//! the instruction to send, the second after issue at which the chain's clock must stand, and every amount that the
//! accounts must show after it. A reporter signs `Meter` steps as of their second; `Buy` is signed by a third party, lots
//! have indices in the order of their `Seize`.

use crate::{
    EconomicsError,
    loan::{Act, Loan, Observer, Snapshot},
    path::{Course, Kind, Outcome, Walk},
    preset::Agreement,
};

/// One act of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Seconds after issue.
    pub seconds: i64,
    /// The instruction.
    pub act: Act,
    /// The amounts after it.
    pub after: Snapshot,
}

/// One loan from issue to end.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The terms, the rider and the schedule.
    pub agreement: Agreement,
    /// The amounts at issue.
    pub issued: Snapshot,
    /// The acts in their order.
    pub steps: Vec<Step>,
    /// The end, as the simulator counts it.
    pub outcome: Outcome,
}

/// Keeps the steps of a path.
#[derive(Default)]
struct Recorder {
    steps: Vec<Step>,
}

impl Observer for Recorder {
    fn note(&mut self, seconds: i64, act: &Act, loan: &Loan) {
        self.steps.push(Step { seconds, act: *act, after: loan.snapshot() });
    }
}

impl Story {
    /// Tells the path of a number under a seed. Errors: those of a path.
    pub fn new(course: &Course, seed: u64, path: u64, kind: Kind) -> Result<Story, EconomicsError> {
        let mut recorder = Recorder::default();
        let outcome = Walk::new(course).run(seed, path, kind, &mut recorder)?;
        let issued = course.issued().snapshot();
        Ok(Story { agreement: course.agreement().clone(), issued, steps: recorder.steps, outcome })
    }

    /// Plays the acts again on a loan that has just been issued. Returns the first step whose amounts differ. Errors:
    /// [`EconomicsError::Refused`] for an act that the program refuses.
    pub fn replay(&self, mut loan: Loan) -> Result<Option<Step>, EconomicsError> {
        for step in &self.steps {
            loan.act(step.seconds, step.act, &mut crate::loan::Unobserved)?;
            if loan.snapshot() != step.after {
                return Ok(Some(*step));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{assumptions::Assumptions, preset::Preset, usage::UseModel},
    };

    #[test]
    fn a_story_played_again_shows_the_same_amounts() {
        let assumptions = Assumptions::built_in().unwrap();
        for name in ["demo-4", "advance", "standard", "bursty"] {
            let preset = Preset::named(name).unwrap();
            let size = preset.size(&assumptions);
            let model = UseModel::from_assumptions(&assumptions).unwrap();
            let course = Course::new(&preset, size, model, &assumptions).unwrap();
            for path in 0..20 {
                for kind in [Kind::Default, Kind::Paying, Kind::Vanished] {
                    let story = Story::new(&course, 3, path, kind).unwrap();
                    assert!(story.steps.len() > 10, "{name} {path}");
                    assert_eq!(story.replay(*course.issued()).unwrap(), None, "{name} {path} {kind:?}");
                    let plain = Walk::new(&course).run(3, path, kind, &mut crate::loan::Unobserved).unwrap();
                    assert_eq!(plain, story.outcome, "watching changes nothing");
                }
            }
        }
    }
}
