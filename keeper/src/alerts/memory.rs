//! Alerts that the store could not take, in memory. A full disk must not keep anybody from being alerted.

use {
    crate::alerts::{
        Rule, Severity,
        due::{Job, Key, Rows},
        entries::{DeliveryAttempt, Phase},
        message::Origin,
        record::Alert,
        sink::Subscription,
    },
    blockable_sdk::Pubkey,
    std::{
        cmp::Reverse,
        collections::{BTreeMap, HashSet},
    },
};

/// Most alerts in memory. Beyond it the least severe one goes.
const ALERTS_MAX: usize = 1_000;
/// Most messages that are handed out at once.
const AT_ONCE: usize = 64;

/// Alerts without a row, and their deliveries. A crash loses what is here; the next keeper finds the same facts and, if its store is
/// still full, tells of them again.
#[derive(Default)]
pub(super) struct MemoryOutbox {
    alerts: BTreeMap<(Rule, Pubkey), Told>,
}

/// An alert that was told, or is to be, without a row of it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// The alert. Its number is 0.
    pub(super) alert: Alert,
    deliveries: BTreeMap<String, MemoryDelivery>,
}

#[derive(Clone, Debug)]
struct MemoryDelivery {
    attempts: u32,
    written_at: i64,
    next_at: i64,
    state: MemoryState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MemoryState {
    Waiting,
    Delivered,
    GivenUp,
}

impl Told {
    /// The sinks that have taken it.
    pub(super) fn sinks(&self) -> Vec<String> {
        let taken = |delivery: &MemoryDelivery| delivery.state == MemoryState::Delivered;
        self.deliveries.iter().filter(|(_, delivery)| taken(delivery)).map(|(sink, _)| sink.clone()).collect()
    }
}

impl MemoryOutbox {
    /// Adds an alert for the sinks that want it, unless one that is as severe is there. Returns false where there is no room.
    pub(super) fn add(&mut self, rule: Rule, alert: Alert, subscriptions: &[Subscription], now: i64) -> bool {
        let key = (rule, alert.subject);
        if self.alerts.get(&key).is_some_and(|told| told.alert.severity >= alert.severity) {
            return true;
        }
        if self.alerts.len() >= ALERTS_MAX && !self.make_room(alert.severity) {
            return false;
        }
        let wanted = subscriptions.iter().filter(|subscription| subscription.includes(&alert));
        let delivery =
            MemoryDelivery { attempts: 0, written_at: now, next_at: now, state: MemoryState::Waiting };
        let deliveries = wanted.map(|subscription| (subscription.sink.clone(), delivery.clone())).collect();
        self.alerts.insert(key, Told { alert, deliveries });
        true
    }

    /// Removes the least severe alert, if it is less severe than `severity`.
    fn make_room(&mut self, severity: Severity) -> bool {
        let least = self.alerts.iter().min_by_key(|(_, told)| told.alert.severity);
        let Some(least) = least.filter(|(_, told)| told.alert.severity < severity) else { return false };
        let key = *least.0;
        self.alerts.remove(&key).is_some()
    }

    /// The messages that are due at a sink, the worst first, up to [`AT_ONCE`].
    pub(super) fn due(&self, sink: &str, now: i64, origin: &Origin) -> Vec<Job> {
        let waiting = self.alerts.iter().filter_map(|(key, told)| {
            let delivery = told.deliveries.get(sink)?;
            let is_due = delivery.state == MemoryState::Waiting && delivery.next_at <= now;
            is_due.then_some((*key, told, delivery))
        });
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_by_key(|(_, told, _)| Reverse(told.alert.severity));
        let jobs = waiting.into_iter().take(AT_ONCE).map(|((rule, subject), told, delivery)| Job {
            key: Key::Memory(rule, subject),
            rows: Rows::Memory(rule, subject),
            attempts: delivery.attempts,
            written_at: delivery.written_at,
            message: origin.alert(&told.alert, Phase::Raised),
        });
        jobs.collect()
    }

    /// Notes the result of an attempt.
    pub(super) fn note(&mut self, key: (Rule, Pubkey), sink: &str, attempt: &DeliveryAttempt) {
        let told = self.alerts.get_mut(&key);
        let Some(delivery) = told.and_then(|told| told.deliveries.get_mut(sink)) else { return };
        delivery.attempts = delivery.attempts.saturating_add(1);
        match attempt {
            DeliveryAttempt::Delivered => delivery.state = MemoryState::Delivered,
            DeliveryAttempt::GivenUp { .. } => delivery.state = MemoryState::GivenUp,
            DeliveryAttempt::Retry { at, .. } => delivery.next_at = *at,
        }
    }

    /// The rules and subjects of all alerts.
    pub(super) fn keys(&self) -> HashSet<(Rule, Pubkey)> {
        self.alerts.keys().copied().collect()
    }

    /// All alerts, by rule and subject.
    pub(super) fn told(&self) -> BTreeMap<(Rule, Pubkey), Told> {
        self.alerts.clone()
    }

    /// Removes alerts that have rows now.
    pub(super) fn forget<'a>(&mut self, keys: impl IntoIterator<Item = &'a (Rule, Pubkey)>) {
        for key in keys {
            self.alerts.remove(key);
        }
    }

    /// The number of alerts.
    pub(super) fn len(&self) -> usize {
        self.alerts.len()
    }
}
