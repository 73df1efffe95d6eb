//! Chooses what goes now of all that is due: nothing twice, nothing that waits after a failure, no more than there is room for.

use {
    crate::{
        land::{lanes, pack::Batch},
        plan::{Intent, Kind, Role},
    },
    blockable_sdk::Pubkey,
    std::collections::{BTreeMap, HashSet},
};

/// The due intents, parted.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// They go on, in order.
    pub chosen: Vec<Intent>,
    /// They wait: a transaction in flight, or an intent before them, may change the same credit.
    pub busy: Vec<Intent>,
    /// They wait: their lanes have failed.
    pub aside: Vec<Intent>,
}

/// Chooses intents whose lanes are not blocked and whose credits nothing else is about to change. `busy` are the credits that
/// transactions in flight may change.
pub(super) fn select(
    mut intents: Vec<Intent>,
    blocked: &HashSet<String>,
    mut busy: HashSet<Pubkey>,
) -> Selected {
    let mut selected = Selected::default();
    // Metering names many credits and comes again and again: an action on one of them would never get its turn.
    intents.sort_by_key(|intent| intent.kind() == Kind::Meter);
    for intent in intents {
        let Some(part) = lanes::unblocked_part(&intent, blocked) else {
            selected.aside.push(intent);
            continue;
        };
        if part.credits().iter().any(|credit| busy.contains(credit)) {
            selected.busy.push(part);
        } else {
            // Two intents on one credit would be planned on the same state, and the second would meet another.
            busy.extend(part.credits());
            selected.chosen.push(part);
        }
    }
    selected
}

/// Batches, parted by the room that is left in flight.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// There is room for them.
    pub batches: Vec<Batch>,
    /// The intents of those that wait.
    pub busy: Vec<Intent>,
}

/// Admits the batches that there is room for. `room` is the number of further transactions by role, so that one key's work
/// takes no room from the other's.
pub(super) fn admit(batches: Vec<Batch>, mut room: BTreeMap<Role, usize>) -> Admitted {
    let mut admitted = Admitted::default();
    for batch in batches {
        match room.get_mut(&batch.role).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                admitted.batches.push(batch);
            }
            None => admitted.busy.extend(batch.intents),
        }
    }
    admitted
}
