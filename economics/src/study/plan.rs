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

impl StudyPlan {
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
