//! Bounds on the requests that run at once, in all and of each credit.

use {
    crate::{config::Limits, error::ApiError},
    blockable_sdk::Pubkey,
    blockable_service::lock::lock,
    std::{
        collections::HashMap,
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::sync::{OwnedSemaphorePermit, Semaphore},
};

/// Counts running requests.
///
/// The map of credits holds only those with running requests. Its lock is never held across an `await`. Nothing of it is
/// kept over a restart, which ends all requests.
#[derive(Clone)]
pub(crate) struct Running {
    all: Arc<Semaphore>,
    most: u32,
    most_per_credit: usize,
    credits: Arc<Mutex<HashMap<Pubkey, usize>>>,
}

/// A running request. It counts until the permit is dropped.
pub(crate) struct Permit {
    credit: Pubkey,
    credits: Arc<Mutex<HashMap<Pubkey, usize>>>,
    _all: OwnedSemaphorePermit,
}

impl Running {
    /// Starts with no running request.
    pub(crate) fn new(limits: &Limits) -> Running {
        let most = u32::try_from(limits.requests).unwrap_or(u32::MAX);
        Running {
            all: Arc::new(Semaphore::new(limits.requests)),
            most,
            most_per_credit: limits.requests_per_credit,
            credits: Arc::default(),
        }
    }

    /// Begins a request of a credit. Errors: 429 at a bound.
    pub(crate) fn enter(&self, credit: Pubkey) -> Result<Permit, ApiError> {
        let all = self.all.clone().try_acquire_owned().map_err(|_| {
            ApiError::too_many("server_busy", "the server runs as many requests as it may; try again shortly")
        })?;
        let mut credits = lock(&self.credits);
        let running = credits.entry(credit).or_default();
        if *running >= self.most_per_credit {
            let most = self.most_per_credit;
            let message = format!("{most} requests of this credit are running; wait until one ends");
            return Err(ApiError::too_many("too_many_requests", message));
        }
        *running += 1;
        drop(credits);
        Ok(Permit { credit, credits: self.credits.clone(), _all: all })
    }

    /// Number of running requests.
    pub(crate) fn count(&self) -> usize {
        (self.most as usize).saturating_sub(self.all.available_permits())
    }

    /// Waits until no request runs. Returns false where that takes longer than `within`.
    pub(crate) async fn ended(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.all.acquire_many(self.most)).await.is_ok()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut credits = lock(&self.credits);
        if let Some(running) = credits.get_mut(&self.credit) {
            *running -= 1;
            if *running == 0 {
                credits.remove(&self.credit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_are_bounded_in_all_and_per_credit() {
        let limits = Limits { requests: 3, requests_per_credit: 2, ..Limits::default() };
        let running = Running::new(&limits);
        let (one, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        let first = running.enter(one).ok().unwrap();
        let second = running.enter(one).ok().unwrap();
        assert_eq!(running.enter(one).err().unwrap().code, "too_many_requests");
        let third = running.enter(other).ok().unwrap();
        assert_eq!(running.enter(other).err().unwrap().code, "server_busy");
        assert_eq!(running.count(), 3);
        assert!(!running.ended(Duration::from_millis(1)).await);
        drop((first, second, third));
        assert!(running.ended(Duration::from_secs(5)).await);
        assert!(running.enter(one).is_ok());
        assert!(running.credits.lock().unwrap().is_empty());
    }
}
