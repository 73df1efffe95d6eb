//! Pauses after failures: each twice the last, up to a limit, and shortened at random so that the keepers of a failed
//! endpoint do not all come back at once.

use std::time::Duration;

pub(super) struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    /// Pauses from `least` to `most`.
    pub fn new(least: Duration, most: Duration) -> Backoff {
        Backoff { least, most: most.max(least), next: least }
    }

    /// Starts over with the shortest pause.
    pub fn reset(&mut self) {
        self.next = self.least;
    }

    /// The pause before the next attempt: between half and all of what it has grown to.
    pub fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.most);
        let thousandths = rand::random::<u32>() % 501;
        whole.saturating_sub(whole.saturating_mul(thousandths) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_start_over() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(700));
        for whole in [100, 200, 400, 700, 700].map(Duration::from_millis) {
            let pause = backoff.pause();
            assert!(pause <= whole && pause >= whole / 2, "{pause:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(100));
    }
}
