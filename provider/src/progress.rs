//! The times at which the server's own loops last made progress, for `/livez`.

use {
    blockable_service::lock::lock,
    std::{
        sync::Mutex,
        time::{Duration, Instant},
    },
};

/// Times of the last progress, on the monotonic clock.
///
/// The watch task marks them every second; `/livez` compares their age with a bound. Nothing of it is kept over a restart.
pub(crate) struct Progress {
    /// The watch task itself has come round.
    pub watch: Mark,
    /// The writer of the gate's store has answered.
    pub writer: Mark,
}

impl Progress {
    /// Marks both now.
    pub fn new() -> Progress {
        Progress { watch: Mark::new(), writer: Mark::new() }
    }
}

/// The time of one kind of progress.
pub(crate) struct Mark(Mutex<Instant>);

impl Mark {
    fn new() -> Mark {
        Mark(Mutex::new(Instant::now()))
    }

    /// Notes progress now.
    pub fn set(&self) {
        *lock(&self.0) = Instant::now();
    }

    /// Time since the last progress.
    pub fn age(&self) -> Duration {
        lock(&self.0).elapsed()
    }
}
