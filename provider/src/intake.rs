//! A bound on how many signed freezes are examined, at once and over time. They need no API key, so anyone may send one.

use {
    crate::config::FreezeSettings,
    blockable_service::lock::lock,
    std::{sync::Mutex, time::Instant},
    tokio::sync::{Semaphore, SemaphorePermit},
};

/// Bounds the freezes that are examined: a number at once, and a bucket of tokens that fills over time.
pub(crate) struct Intake {
    at_once: Semaphore,
    per_second: f64,
    burst: f64,
    /// Tokens in the bucket, and the time at which they were counted.
    bucket: Mutex<(f64, Instant)>,
}

impl Intake {
    /// Starts with a full bucket.
    pub(crate) fn new(settings: &FreezeSettings) -> Intake {
        let burst = f64::from(settings.burst);
        Intake {
            at_once: Semaphore::new(settings.at_once),
            per_second: f64::from(settings.per_second),
            burst,
            bucket: Mutex::new((burst, Instant::now())),
        }
    }

    /// Begins the examination of one freeze; it lasts until the permit is dropped. `None` where it must wait.
    pub(crate) fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if !self.take_token(Instant::now()) {
            return None;
        }
        self.at_once.try_acquire().ok()
    }

    fn take_token(&self, now: Instant) -> bool {
        let mut bucket = lock(&self.bucket);
        let (tokens, at) = *bucket;
        let elapsed = now.saturating_duration_since(at).as_secs_f64();
        let tokens = (tokens + elapsed * self.per_second).min(self.burst);
        let taken = tokens >= 1.0;
        *bucket = (if taken { tokens - 1.0 } else { tokens }, now);
        taken
    }
}

#[cfg(test)]
mod tests {
    use {super::*, std::time::Duration};

    #[test]
    fn freezes_come_as_often_as_they_may() {
        let intake = Intake::new(&FreezeSettings { at_once: 1, per_second: 10, burst: 3 });
        let now = Instant::now();
        let taken = |at: Instant| (0..10).filter(|_| intake.take_token(at)).count();
        assert_eq!(taken(now), 3);
        assert_eq!(taken(now + Duration::from_millis(250)), 2);
        assert_eq!(taken(now + Duration::from_secs(60)), 3);
        assert_eq!(taken(now), 0, "a time before changes nothing");
    }
}
