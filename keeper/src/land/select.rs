//! Chooses the due intents that are sent now: none twice, none that waits after a failure, no more than there is room for.

use {
    crate::{
        land::{lanes, pack::Batch},
        plan::{Intent, Kind, Role},
    },
    blockable_sdk::Pubkey,
    std::collections::{BTreeMap, HashSet},
};

/// The due intents, split by their next step.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// Intents that are sent now, in order.
    pub chosen: Vec<Intent>,
    /// Intents that wait because a transaction in flight, or a chosen intent, may change the same credit.
    pub busy: Vec<Intent>,
    /// Intents that wait because their lanes have failed.
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
            // A second intent on the credit was planned on a state that the first one changes.
            busy.extend(part.credits());
            selected.chosen.push(part);
        }
    }
    selected
}

/// Batches, split by the room that is left in flight.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// Batches that there is room for.
    pub batches: Vec<Batch>,
    /// The intents of the batches that wait.
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
