use {crate::path::Kind, serde::Serialize};

/// The size of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StudyPlan {
    /// Loan paths of each preset.
    pub paths: u64,
    /// The seed: the same one gives the same figures with any number of threads.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

/// Loan paths of a review: a fraction of a second, and a point or two of the mean.
const REVIEW_PATHS: u64 = 2_000;
/// The seed of a review: the same terms have the same figures.
const REVIEW_SEED: u64 = 20_261_129;

impl StudyPlan {
    /// The plan by which an offer is reviewed, with all threads of this machine: the same terms have the same figures everywhere.
    pub fn of_review() -> StudyPlan {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        StudyPlan { paths: REVIEW_PATHS, seed: REVIEW_SEED, threads }
    }

    /// Paths of which so many are of a kind: 70 % default, 20 % pay, 10 % lose their provider.
    pub fn paths_of(&self, kind: Kind) -> u64 {
        let paying = self.paths / 5;
        let vanished = self.paths / 10;
        match kind {
            Kind::Default => self.paths - paying - vanished,
            Kind::Paying => paying,
            Kind::Vanished => vanished,
        }
    }

    /// The kind of the path of a number.
    pub fn kind_of(&self, path: u64) -> Kind {
        let defaults = self.paths_of(Kind::Default);
        if path < defaults {
            Kind::Default
        } else if path < defaults + self.paths_of(Kind::Paying) {
            Kind::Paying
        } else {
            Kind::Vanished
        }
    }
}
