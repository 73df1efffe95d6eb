//! State that rounds of landing and the tracker share.

use {
    crate::{
        chain::Nodes,
        land::{
            attempts::Attempts,
            costs::Costs,
            flight::Flights,
            hints::{Hints, Listener},
            key_faults::KeyFaults,
            settings::LandSettings,
            version::VersionProbe,
        },
        plan::{Intent, Role},
        store::Store,
    },
    blockable_sdk::{Pubkey, amounts::ChainTime, keys::SigningKey},
    blockable_service::lock::lock,
    std::{
        collections::BTreeMap,
        sync::{
            Mutex, MutexGuard,
            atomic::{AtomicI64, Ordering},
        },
    },
};

/// One per process, held by [`Lander`](crate::land::Lander) and its tracker. Every field with state has a lock of its own that is
/// held for a few lines and never over an await, so their order does not matter.
///
/// The store is ahead of `flights`: a transaction is written down before it is added, and its end before it is removed. A crash
/// between the two leaves a transaction that the next process finds open in the store. Costs, attempts and key faults are lost
/// with the process, which costs a few simulations and lower fees.
pub(super) struct Shared {
    pub nodes: Nodes,
    pub market: Pubkey,
    pub store: Store,
    pub settings: LandSettings,
    pub keys: BTreeMap<Role, SigningKey>,
    pub version: VersionProbe,
    pub hints: Hints,
    /// Taken by the tracker when it starts.
    pub listener: Mutex<Option<Listener>>,
    pub flights: Mutex<Flights>,
    pub costs: Mutex<Costs>,
    pub attempts: Mutex<Attempts>,
    pub key_faults: Mutex<KeyFaults>,
    /// The chain's clock as last seen, in Unix seconds; never goes back.
    pub clock: AtomicI64,
}

impl Shared {
    pub(super) fn flights(&self) -> MutexGuard<'_, Flights> {
        lock(&self.flights)
    }

    pub(super) fn costs(&self) -> MutexGuard<'_, Costs> {
        lock(&self.costs)
    }

    pub(super) fn attempts(&self) -> MutexGuard<'_, Attempts> {
        lock(&self.attempts)
    }

    pub(super) fn key_faults(&self) -> MutexGuard<'_, KeyFaults> {
        lock(&self.key_faults)
    }

    /// Takes the listener's end of the hints; `None` where it was taken before.
    pub(super) fn take_listener(&self) -> Option<Listener> {
        lock(&self.listener).take()
    }

    /// The chain's clock as last seen.
    pub(super) fn now(&self) -> ChainTime {
        ChainTime(self.clock.load(Ordering::Relaxed))
    }

    /// Moves the clock forward to a time that was seen.
    pub(super) fn advance_clock(&self, seen: ChainTime) {
        self.clock.fetch_max(seen.get(), Ordering::Relaxed);
    }

    /// Forgets failures of work that is not due any more: they hold nothing up.
    pub(super) fn keep_due(&self, intents: &[Intent]) {
        self.attempts().keep_due(intents);
        self.key_faults().keep_needed(intents);
    }

    /// The number of further transactions that each role may have in flight.
    pub(super) fn room(&self) -> BTreeMap<Role, usize> {
        let flights = self.flights();
        let room = |role| (role, self.settings.max_in_flight.saturating_sub(flights.paid_by(role)));
        Role::ALL.map(room).into()
    }

    /// The keys that pay.
    pub(super) fn payers(&self) -> BTreeMap<Role, Pubkey> {
        self.keys.iter().map(|(role, key)| (*role, key.public_key())).collect()
    }
}
