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
/// The watch task updates them every second; `/livez` compares their age with a bound. Nothing of it is kept over a restart.
pub(crate) struct TaskProgress {
    /// The watch task itself has come round.
    pub watch: LastTime,
    /// The writer of the gate's store has answered.
    pub writer: LastTime,
}

impl TaskProgress {
    /// Both at this moment.
    pub(crate) fn new() -> TaskProgress {
        TaskProgress { watch: LastTime::new(), writer: LastTime::new() }
    }
}

/// The time of one kind of progress.
pub(crate) struct LastTime(Mutex<Instant>);

impl LastTime {
    fn new() -> LastTime {
        LastTime(Mutex::new(Instant::now()))
    }

    /// Notes progress now.
    pub(crate) fn set(&self) {
        *lock(&self.0) = Instant::now();
    }

    /// Time since the last progress.
    pub(crate) fn age(&self) -> Duration {
        lock(&self.0).elapsed()
    }
}
