//! What of all that is due goes now: what is urgent first, nothing twice, nothing that was put aside.

use {
    crate::{
        land::{
            lander::{Lander, Landing},
            lanes,
            pack::Batch,
        },
        plan::{Intent, Kind, Role},
        store::StoreError,
    },
    std::collections::{BTreeMap, HashSet},
};

impl Lander {
    /// What is neither in flight nor put aside, of what was planned on the state of a slot.
    pub(super) async fn select(
        &self,
        mut intents: Vec<Intent>,
        slot: u64,
        landing: &mut Landing,
    ) -> Result<Vec<Intent>, StoreError> {
        self.forget_what_is_not_due(&intents);
        // Metering names many credits and comes again and again: what is due on one of them would never get its turn.
        intents.sort_by_key(|intent| intent.kind() == Kind::Meter);
        let (intents, closed) = self.closed(intents).await?;
        let mut busy = self.inner.flights().busy(slot);
        let mut selected = Vec::with_capacity(intents.len());
        for intent in intents {
            let Some(intent) = lanes::open_part(intent, &closed) else {
                landing.aside += 1;
                continue;
            };
            if intent.credits().iter().any(|credit| busy.contains(credit)) {
                landing.busy += 1;
            } else {
                // Two intents on one credit would be planned on the same state, and the second would meet another.
                busy.extend(intent.credits());
                selected.push(intent);
            }
        }
        Ok(selected)
    }

    /// Forgets deaths of work that is not due any more, and the faults of keys that nothing waits for: they hold nothing up.
    fn forget_what_is_not_due(&self, intents: &[Intent]) {
        let mut deaths = self.inner.deaths();
        if !deaths.is_empty() {
            let due: HashSet<String> = intents.iter().map(Intent::lane).collect();
            deaths.retain(|lane, _| due.contains(lane));
        }
        for role in Role::ALL {
            if !intents.iter().any(|intent| intent.kind().role() == role) {
                self.inner.faults().clear_all(role);
            }
        }
    }

    /// The lanes that are closed, beside the intents as they were. Lanes of work that has not been due for long are forgotten.
    async fn closed(&self, intents: Vec<Intent>) -> Result<(Vec<Intent>, HashSet<String>), StoreError> {
        let now = self.inner.now();
        let read = move |connection: &rusqlite::Connection| {
            let idle = lanes::idle(connection, || intents.iter().flat_map(Intent::lanes).collect(), now)?;
            Ok((lanes::closed(connection, now)?, idle, intents))
        };
        let (closed, idle, intents) = self.inner.store.read(read).await?;
        if !idle.is_empty() {
            let forget = move |connection: &rusqlite::Transaction| {
                idle.iter().try_for_each(|lane| lanes::succeed(connection, lane, &[]))
            };
            self.inner.store.write(forget).await?;
        }
        Ok((intents, closed))
    }

    /// The batches that there is room for in flight. What one key pays for takes no room from what the other does.
    pub(super) fn within_room(&self, batches: Vec<Batch>, landing: &mut Landing) -> Vec<Batch> {
        let most = self.inner.settings.max_in_flight;
        let flights = self.inner.flights();
        let mut room: BTreeMap<Role, usize> =
            Role::ALL.into_iter().map(|role| (role, most.saturating_sub(flights.paid_by(role)))).collect();
        drop(flights);
        let has_room = |batch: &Batch| {
            let Some(left) = room.get_mut(&batch.role).filter(|left| **left > 0) else { return false };
            *left -= 1;
            true
        };
        let (now, later): (Vec<_>, Vec<_>) = batches.into_iter().partition(has_room);
        landing.busy += later.iter().map(|batch| batch.intents.len()).sum::<usize>();
        now
    }
}
