//! A metering as it is sent, or sent again.

use blockable_sdk::{Pubkey, program::report::SignedReport};

/// Signed reports on the credits of one chunk.
#[derive(Clone, Debug)]
pub struct Meters {
    /// The market's place.
    pub market: usize,
    /// The provider.
    pub provider: Pubkey,
    /// The chunk.
    pub chunk: u32,
    /// The signed reports.
    pub reports: Vec<SignedReport>,
    /// The credits.
    pub credits: Vec<Pubkey>,
}

impl Meters {
    /// True where all reports name the same time.
    pub fn are_of_one_time(&self) -> bool {
        self.reports.windows(2).all(|pair| pair[0].reported_at == pair[1].reported_at)
    }
}
