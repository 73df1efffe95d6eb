//! Bounds on what a sub-key uses: its budget, and its limits per minute.

use {
    crate::error::ApiError,
    axum::http::StatusCode,
    blockable_gate::{BudgetPeriod, StoredKey, api_keys::day_of},
    blockable_sdk::amounts::Units,
    blockable_service::{
        lock::{lock, read, write},
        text,
    },
    jiff::{Timestamp, Unit, civil, tz::TimeZone},
    serde_json::json,
    std::sync::{Arc, Mutex, RwLock},
};

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

/// A reason for which a key may begin no job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    /// The budget has no room for it.
    Budget {
        /// Units of the budget.
        budget: Units,
        /// Units of it that are used.
        used: Units,
        /// Units of it that running jobs hold.
        held: Units,
        /// Units that the job needs at least.
        needed: Units,
        /// The time in which the budget can be used.
        period: BudgetPeriod,
    },
    /// The limit of this minute is reached.
    Minute {
        /// Seconds until the next one.
        seconds: u16,
    },
}

impl KeyRefusal {
    /// Units that the budget has left, where those are too few.
    pub(crate) fn left(&self) -> Option<Units> {
        match *self {
            KeyRefusal::Budget { budget, used, held, .. } => {
                Some(budget.saturating_sub(used).saturating_sub(held))
            }
            KeyRefusal::Minute { .. } => None,
        }
    }
}

impl From<KeyRefusal> for ApiError {
    fn from(refusal: KeyRefusal) -> ApiError {
        match refusal {
            KeyRefusal::Minute { seconds } => {
                let message = "the API key has reached its limit for this minute; try again in the next one";
                let error = ApiError::too_many("key_rate_limited", message);
                ApiError { retry_after: Some(seconds), ..error }
            }
            KeyRefusal::Budget { budget, used, held, needed, period } => {
                let left = refusal.left().unwrap_or(Units::ZERO);
                let message = format!(
                    "the API key's budget has {} left and the request may need {}; ask for less, or ask whoever made the key for a \
                     higher budget",
                    text::units(left),
                    text::units(needed)
                );
                let (status, kind) = (StatusCode::PAYMENT_REQUIRED, "insufficient_quota");
                let mut error = ApiError::new(status, kind, "key_budget_exhausted", message);
                let budget =
                    json!({"units": budget, "used": used, "held": held, "needed": needed, "period": period});
                error.details.insert("budget".to_string(), budget);
                error
            }
        }
    }
}

/// A sub-key as it is now, with what it has used.
///
/// `stored` is what the store has; `counters` begin with the use of the store's totals and are kept in memory. Two locks, never
/// held together or across an `await`. After a crash the use is read anew, and jobs that ran have given their units back.
#[derive(Debug)]
pub(crate) struct SubKey {
    stored: RwLock<Arc<StoredKey>>,
    counters: Mutex<Counters>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    /// First day of the budget's period that `used` counts in.
    from_day: i64,
    used: Units,
    held: Units,
    minute: i64,
    requests: u32,
    minute_units: Units,
    /// Units of all jobs that have ended since the start of the server.
    ended: Units,
}

impl SubKey {
    /// A key whose use of its budget's period, which began on `from_day`, is known.
    pub(super) fn new(stored: StoredKey, from_day: i64, used: Units) -> SubKey {
        let counters = Mutex::new(Counters { from_day, used, ..Counters::default() });
        SubKey { stored: RwLock::new(Arc::new(stored)), counters }
    }

    /// The key as the store has it.
    pub(crate) fn stored(&self) -> Arc<StoredKey> {
        read(&self.stored).clone()
    }

    /// Units of all jobs that have ended since the start of the server.
    pub(super) fn ended(&self) -> Units {
        lock(&self.counters).ended
    }

    /// Takes the key as it is stored from now on, and its use in the period of its budget, which was read when jobs of
    /// `ended` units had ended. Jobs that have ended since may count twice until the period is over, and none is forgotten.
    pub(super) fn replace(&self, stored: StoredKey, from_day: i64, used: Units, ended: Units) {
        *write(&self.stored) = Arc::new(stored);
        let mut counters = lock(&self.counters);
        let since = counters.ended.saturating_sub(ended);
        (counters.from_day, counters.used) = (from_day, used.saturating_add(since));
    }

    /// Units of the budget's period that are used, and units that running jobs hold.
    pub(crate) fn use_of_period(&self, now_ms: i64) -> (Units, Units) {
        let from_day = period_start(&self.stored(), now_ms);
        let counters = lock(&self.counters);
        let used = if counters.from_day == from_day { counters.used } else { Units::ZERO };
        (used, counters.held)
    }

    /// Units that a job may hold now: those that the budget has left, and none where the limit of this minute is reached.
    pub(super) fn open(&self, now_ms: i64) -> Units {
        let stored = self.stored();
        let (used, held) = self.use_of_period(now_ms);
        let counters = lock(&self.counters);
        let (requests, units) = match counters.minute == now_ms.div_euclid(MINUTE_MS) {
            true => (counters.requests, counters.minute_units),
            false => (0, Units::ZERO),
        };
        let is_full = stored.requests_per_minute.is_some_and(|most| requests >= most)
            || stored.units_per_minute.is_some_and(|most| units >= most);
        match stored.budget {
            _ if is_full => Units::ZERO,
            Some(budget) => budget.units.saturating_sub(used).saturating_sub(held),
            None => Units(u64::MAX),
        }
    }

    /// Begins a job that costs up to `units` and at least `least`. Returns the grant of as many units as the budget has room
    /// for. Errors: [`KeyRefusal`].
    pub(crate) fn begin(
        self: &Arc<SubKey>,
        units: Units,
        least: Units,
        now_ms: i64,
    ) -> Result<Grant, KeyRefusal> {
        let stored = self.stored();
        let mut counters = lock(&self.counters);
        counters.roll(period_start(&stored, now_ms), now_ms.div_euclid(MINUTE_MS));
        let is_full = stored.requests_per_minute.is_some_and(|most| counters.requests >= most)
            || stored.units_per_minute.is_some_and(|most| counters.minute_units >= most);
        if is_full {
            let left_ms = MINUTE_MS - now_ms.rem_euclid(MINUTE_MS);
            let seconds = u16::try_from(left_ms.div_euclid(1_000)).unwrap_or(60).max(1);
            return Err(KeyRefusal::Minute { seconds });
        }
        let mut granted = units;
        if let Some(budget) = stored.budget {
            let left = budget.units.saturating_sub(counters.used).saturating_sub(counters.held);
            if left < least {
                return Err(KeyRefusal::Budget {
                    budget: budget.units,
                    used: counters.used,
                    held: counters.held,
                    needed: least,
                    period: budget.period,
                });
            }
            granted = units.min(left);
        }
        counters.held = counters.held.saturating_add(granted);
        counters.requests = counters.requests.saturating_add(1);
        drop(counters);
        Ok(Grant { units: granted, key: Some(self.clone()) })
    }

    fn end(&self, held: Units, used: Units) {
        let mut counters = lock(&self.counters);
        counters.held = counters.held.saturating_sub(held);
        counters.used = counters.used.saturating_add(used);
        counters.minute_units = counters.minute_units.saturating_add(used);
        counters.ended = counters.ended.saturating_add(used);
    }
}

impl Counters {
    /// Begins a new period or minute where the one that was counted is over.
    fn roll(&mut self, from_day: i64, minute: i64) {
        if self.from_day != from_day {
            (self.from_day, self.used) = (from_day, Units::ZERO);
        }
        if self.minute != minute {
            (self.minute, self.requests, self.minute_units) = (minute, 0, Units::ZERO);
        }
    }
}

/// The first day, since 1970 in UTC, of the period that a key's budget counts in.
pub(super) fn period_start(key: &StoredKey, now_ms: i64) -> i64 {
    match key.budget.map_or(BudgetPeriod::Total, |budget| budget.period) {
        BudgetPeriod::Total => day_of(key.created_ms),
        BudgetPeriod::Day => day_of(now_ms),
        BudgetPeriod::Month => month_start(now_ms).unwrap_or_else(|| day_of(now_ms)),
    }
}

fn month_start(now_ms: i64) -> Option<i64> {
    let first = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(TimeZone::UTC).date().first_of_month();
    let since = civil::date(1970, 1, 1).until((Unit::Day, first)).ok()?;
    Some(i64::from(since.get_days()))
}

/// Units that a job may hold. Ends with the job: dropped without a use, it gives all of them back to the key.
#[derive(Debug)]
pub(crate) struct Grant {
    /// The units.
    pub units: Units,
    /// The key whose limits they count for; `None` for a key without limits.
    key: Option<Arc<SubKey>>,
}

impl Grant {
    /// The grant of a key without limits.
    pub(crate) fn unlimited(units: Units) -> Grant {
        Grant { units, key: None }
    }

    /// Counts the use of a job that has ended, once.
    pub(crate) fn end(&mut self, used: Units) {
        if let Some(key) = self.key.take() {
            key.end(self.units, used);
        }
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.end(Units::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_gate::KeyBudget, blockable_sdk::Pubkey};

    /// 2027-01-31 23:59:30 UTC.
    const NOW: i64 = 1_801_439_970_000;

    fn key(change: impl FnOnce(&mut StoredKey)) -> Arc<SubKey> {
        let mut stored = StoredKey {
            credit: Pubkey::default(),
            owner: Pubkey::default(),
            name: "team".to_string(),
            version: 1,
            generation: 0,
            revision: 1,
            budget: None,
            requests_per_minute: None,
            units_per_minute: None,
            created_ms: NOW,
            expires_ms: None,
            is_revoked: false,
        };
        change(&mut stored);
        let from_day = period_start(&stored, NOW);
        Arc::new(SubKey::new(stored, from_day, Units::ZERO))
    }

    fn budget(units: u64, period: BudgetPeriod) -> Arc<SubKey> {
        key(|stored| stored.budget = Some(KeyBudget { units: Units(units), period }))
    }

    fn exact(key: &Arc<SubKey>, units: u64, now: i64) -> Result<Grant, KeyRefusal> {
        key.begin(Units(units), Units(units), now)
    }

    #[test]
    fn jobs_never_hold_and_use_more_than_the_budget_together() {
        let key = budget(100, BudgetPeriod::Total);
        let mut first = exact(&key, 60, NOW).unwrap();
        let second = key.begin(Units(80), Units(10), NOW).unwrap();
        assert_eq!(second.units, Units(40), "a request without a limit gets what the first has left");
        assert!(matches!(exact(&key, 1, NOW), Err(KeyRefusal::Budget { held: Units(100), .. })));
        first.end(Units(25));
        drop(second);
        assert_eq!(key.use_of_period(NOW), (Units(25), Units(0)));
        let refused = exact(&key, 76, NOW).unwrap_err();
        let (budget, used, held, needed) = (Units(100), Units(25), Units(0), Units(76));
        assert_eq!(refused, KeyRefusal::Budget { budget, used, held, needed, period: BudgetPeriod::Total });
        exact(&key, 75, NOW).unwrap().end(Units(75));
        let later = NOW + 400 * 86_400_000;
        assert!(exact(&key, 1, later).is_err(), "a budget in all does not come back");
    }

    #[test]
    fn a_period_begins_with_its_day_or_month_and_keeps_what_runs() {
        for (period, same, next) in
            [(BudgetPeriod::Day, 29_000, 30_000), (BudgetPeriod::Month, 29_000, 30_000)]
        {
            let key = budget(10, period);
            exact(&key, 6, NOW).unwrap().end(Units(6));
            let mut running = exact(&key, 4, NOW).unwrap();
            assert!(exact(&key, 1, NOW + same).is_err(), "{period:?}");
            let mut fresh = exact(&key, 6, NOW + next).unwrap();
            assert!(
                exact(&key, 1, NOW + next).is_err(),
                "a job that runs over midnight still holds its units"
            );
            running.end(Units(4));
            fresh.end(Units(6));
            assert_eq!(key.use_of_period(NOW + next), (Units(10), Units(0)));
        }
    }

    #[test]
    fn a_minutes_limits_end_with_the_minute() {
        let key = key(|stored| stored.requests_per_minute = Some(2));
        let [_first, _second] = [(); 2].map(|()| exact(&key, u64::MAX, NOW).unwrap());
        assert_eq!(exact(&key, 1, NOW).unwrap_err(), KeyRefusal::Minute { seconds: 30 });
        assert!(exact(&key, 1, NOW + 30_000).is_ok());
        let key = self::key(|stored| stored.units_per_minute = Some(Units(50)));
        exact(&key, 70, NOW).unwrap().end(Units(50));
        assert_eq!(exact(&key, 1, NOW + 29_999).unwrap_err(), KeyRefusal::Minute { seconds: 1 });
        assert!(exact(&key, 1, NOW + 30_000).is_ok());
    }
}
