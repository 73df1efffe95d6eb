//! A path as a list of dated acts with the state after each, to be played on a chain.
//!
//! A story begins with a loan that has been issued on the story's [`Agreement`] with its reserve funded. Each step then has
//! the instruction to send, the second after issue at which the chain's clock must stand, the error with which it must be
//! refused if it is, and every amount that the accounts must show after it. A reporter signs `Meter` steps as of their
//! second; `Buy` is signed by a third party, lots have indices in the order of their `Seize`.

use {
    crate::{
        EconomicsError,
        assumptions::Assumptions,
        loan::{Act, Loan, Observer, Snapshot, Unobserved},
        path::{Course, Kind, Outcome, Walk},
        preset::{Agreement, Preset},
        usage::UseModel,
    },
    anchor_lang::error::Error,
};

/// One act of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Seconds after issue.
    pub seconds: i64,
    /// The instruction.
    pub act: Act,
    /// The code of the program's error that refuses it; `None` where it is carried out.
    pub refused: Option<u32>,
    /// The amounts after it.
    pub after: Snapshot,
}

/// One loan from issue to end.
#[derive(Clone)]
pub struct Story {
    /// The preset of its terms, and who its borrower is.
    pub name: String,
    /// The terms, the rider and the schedule.
    pub agreement: Agreement,
    /// The loan on the second of its issue.
    pub issued: Loan,
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
        self.steps.push(Step { seconds, act: *act, refused: None, after: loan.snapshot() });
    }

    fn note_refusal(&mut self, seconds: i64, act: &Act, error: &Error, loan: &Loan) {
        // An error that is none of the program's has no code; a replay cannot show it.
        let refused = Some(code(error).unwrap_or_default());
        self.steps.push(Step { seconds, act: *act, refused, after: loan.snapshot() });
    }
}

/// The number by which a chain shows an error of the program.
fn code(error: &Error) -> Option<u32> {
    match error {
        Error::AnchorError(error) => Some(error.error_code_number),
        Error::ProgramError(_) => None,
    }
}

impl Story {
    /// Records the path of a number under a seed. Errors: those of a path.
    pub fn new(course: &Course, seed: u64, path: u64, kind: Kind) -> Result<Story, EconomicsError> {
        let mut recorder = Recorder::default();
        let outcome = Walk::new(course).run(seed, path, kind, &mut recorder)?;
        Ok(Story {
            name: format!("{} {kind:?}", course.preset().name),
            agreement: course.agreement().clone(),
            issued: *course.issued(),
            steps: recorder.steps,
            outcome,
        })
    }

    /// Records the story of a number under a seed, of an eventful world: presets take turns, some with units that expire or a
    /// reserve that pays instalments; borrowers are often late, providers fail, defaults fall into crashes. Some twenty
    /// stories in a row show every act between them. Errors: those of a path.
    pub fn eventful(seed: u64, number: u64) -> Result<Story, EconomicsError> {
        let assumptions = eventful(Assumptions::built_in()?);
        let presets = cast();
        let place = usize::try_from(number).unwrap_or_default() % presets.len();
        let (preset, kind) = presets.get(place).ok_or_else(no_presets)?;
        let model = UseModel::from_assumptions(&assumptions)?;
        let course = Course::new(preset, preset.size(&assumptions), model, &assumptions)?;
        Story::new(&course, seed, number, *kind)
    }

    /// Plays the acts again on a loan that has just been issued. Returns the first step whose amounts differ. Errors:
    /// [`EconomicsError::Refused`] for an act that the program refuses.
    pub fn replay(&self, mut loan: Loan) -> Result<Option<Step>, EconomicsError> {
        for step in &self.steps {
            step.play(&mut loan)?;
            if loan.snapshot() != step.after {
                return Ok(Some(*step));
            }
        }
        Ok(None)
    }
}

impl Step {
    /// Plays the act on a loan that stands where the step before has left it. Errors: [`EconomicsError::Refused`] where the
    /// program refuses what it did not refuse before.
    pub fn play(&self, loan: &mut Loan) -> Result<(), EconomicsError> {
        if self.refused.is_none() {
            return loan.act(self.seconds, self.act, &mut Unobserved);
        }
        loan.attempt(self.seconds, self.act, &mut Unobserved);
        Ok(())
    }
}

fn no_presets() -> EconomicsError {
    EconomicsError::Argument("there is no preset to play".to_string())
}

/// The assumptions of an eventful world.
fn eventful(mut assumptions: Assumptions) -> Assumptions {
    let Assumptions { borrower, market, simulator, .. } = &mut assumptions;
    (borrower.on_time, borrower.race, borrower.fraud) = (0.6, 0.3, 0.1);
    (simulator.very_late, simulator.very_late_days) = (0.2, [4.0, 12.0]);
    (simulator.job_hours, simulator.suspension_days) = (6.0, 5.0);
    (market.crash_share, market.provider_failure, market.buyers_per_day) = (0.3, 0.3, 0.1);
    // Some borrowers leave units unused, which then expire.
    simulator.sized_loans = false;
    assumptions
}

/// The presets of eventful stories, each with the kind of its path.
fn cast() -> Vec<(Preset, Kind)> {
    let mut cast = Vec::new();
    let mut add = |name: &str, kind: Kind, change: fn(&mut Preset)| {
        if let Ok(mut preset) = Preset::named(name) {
            change(&mut preset);
            cast.push((preset, kind));
        }
    };
    let expires = |preset: &mut Preset| preset.lifetime_days = preset.shortest_lifetime();
    let lives_on_reserve = |preset: &mut Preset| preset.reserve = 2.5;
    add("standard", Kind::Paying, expires);
    add("standard", Kind::Vanished, expires);
    add("standard", Kind::Default, expires);
    add("prepaid-4", Kind::Default, expires);
    add("standard", Kind::Paying, lives_on_reserve);
    add("advance", Kind::Default, lives_on_reserve);
    add("standard-reserve", Kind::Paying, |_| ());
    add("sealed", Kind::Vanished, |_| ());
    // The safest terms first: they have every part.
    cast.extend(Preset::all().into_iter().rev().map(|preset| (preset, Kind::Default)));
    cast
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        std::{collections::BTreeSet, mem::discriminant},
    };

    #[test]
    fn a_story_played_again_shows_the_same_amounts() {
        let assumptions = Assumptions::built_in().unwrap();
        for name in ["prepaid-4", "advance", "standard", "bursty"] {
            let preset = Preset::named(name).unwrap();
            let size = preset.size(&assumptions);
            let model = UseModel::from_assumptions(&assumptions).unwrap();
            let course = Course::new(&preset, size, model, &assumptions).unwrap();
            for path in 0..20 {
                for kind in [Kind::Default, Kind::Paying, Kind::Vanished] {
                    let story = Story::new(&course, 3, path, kind).unwrap();
                    assert!(story.steps.len() > 10, "{name} {path}");
                    assert_eq!(story.replay(*course.issued()).unwrap(), None, "{name} {path} {kind:?}");
                    let plain = Walk::new(&course).run(3, path, kind, &mut Unobserved).unwrap();
                    assert_eq!(plain, story.outcome, "watching changes nothing");
                }
            }
        }
    }

    #[test]
    fn eventful_stories_show_every_act_and_every_refusal_has_a_code() {
        let mut acts: BTreeSet<String> = BTreeSet::new();
        for number in 0..100 {
            let story = Story::eventful(1, number).unwrap();
            for step in &story.steps {
                assert_ne!(step.refused, Some(0), "{} {step:?}", story.name);
                if step.refused.is_none() {
                    acts.insert(format!("{:?}", discriminant(&step.act)));
                }
            }
        }
        assert_eq!(acts.len(), 16, "{acts:?}");
    }
}
