//! Walks the paths of a study on several threads.

use {
    super::StudyPlan,
    crate::{
        EconomicsError,
        loan::Unobserved,
        path::{Course, Kind, Walk},
        stats::Tally,
    },
    std::sync::atomic::{AtomicU64, Ordering},
};

/// Outcomes of a study by the kind of path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tallies {
    /// Of loans whose borrower defaults.
    pub defaults: Tally,
    /// Of loans whose borrower pays.
    pub paying: Tally,
    /// Of loans whose provider goes dark.
    pub vanished: Tally,
}

impl Tallies {
    fn tally(&mut self, kind: Kind) -> &mut Tally {
        match kind {
            Kind::Default => &mut self.defaults,
            Kind::Paying => &mut self.paying,
            Kind::Vanished => &mut self.vanished,
        }
    }

    fn merge(&mut self, other: &Tallies) {
        self.defaults.merge(&other.defaults);
        self.paying.merge(&other.paying);
        self.vanished.merge(&other.vanished);
    }
}

/// Paths that a thread takes at a time.
const BATCH: u64 = 256;

/// Walks all paths of a plan. Nothing is kept of a path but its sums. Errors: those of a path; the first one found ends the
/// study.
pub fn run(course: &Course, plan: &StudyPlan) -> Result<Tallies, EconomicsError> {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..plan.threads.max(1)).map(|_| scope.spawn(|| walk(course, plan, &next))).collect();
        let mut all = Tallies::default();
        for thread in threads {
            let tallies = thread
                .join()
                .map_err(|_| EconomicsError::Argument("a thread of the study ended early".to_string()))??;
            all.merge(&tallies);
        }
        Ok(all)
    })
}

/// Walks batch after batch until none is left.
fn walk(course: &Course, plan: &StudyPlan, next: &AtomicU64) -> Result<Tallies, EconomicsError> {
    let (mut walk, mut tallies) = (Walk::new(course), Tallies::default());
    loop {
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        if first >= plan.paths {
            return Ok(tallies);
        }
        for path in first..(first + BATCH).min(plan.paths) {
            let kind = plan.kind_of(path);
            match walk.run(plan.seed, path, kind, &mut Unobserved) {
                Ok(outcome) => tallies.tally(kind).add(&outcome),
                Err(error) => {
                    // The others stop at their next batch.
                    next.store(plan.paths, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    }
}
