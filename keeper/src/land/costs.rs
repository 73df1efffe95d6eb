//! Compute units that metering of a chunk took in its simulation: the next one with as many credits and reports takes about the
//! same.
//!
//! A simulation costs its node as much as the transaction itself. So metering is simulated now and then, and whenever its
//! last transaction did not succeed; an action held against a borrower is simulated every time.

use {
    crate::{
        land::{pack::Batch, simulate::Ready},
        plan::{IntentAction, Role},
    },
    std::{
        collections::HashMap,
        hash::{DefaultHasher, Hash, Hasher},
    },
};

/// Transactions that a simulation serves for, at least; up to twice as many, so that not all are simulated in one cycle.
const USES: u32 = 10;

struct Known {
    compute_units: u64,
    uses_left: u32,
}

/// Most sizes of batches that are known: all are forgotten beyond that, which costs a simulation each.
const MOST: usize = 16_384;

/// Costs by lane and size. In memory alone: after a restart everything is simulated once.
#[derive(Default)]
pub(super) struct Costs {
    known: HashMap<String, Known>,
}

/// Names a batch's work and size; `None` for a batch that is simulated every time.
fn name(batch: &Batch) -> Option<String> {
    if batch.role != Role::Metering {
        return None;
    }
    let parts = batch.intents.iter().map(|intent| match &intent.action {
        IntentAction::Meter { reports, credits, .. } => {
            Some(format!("{}:{}:{}", intent.lane(), credits.len(), reports.len()))
        }
        _ => None,
    });
    parts.collect::<Option<Vec<String>>>().map(|parts| parts.join("|"))
}

impl Costs {
    /// Parts batches by whether a recent simulation serves for them, and uses it up by one where it does.
    pub(super) fn split(&mut self, batches: Vec<Batch>) -> (Vec<Ready>, Vec<Batch>) {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for batch in batches {
            match self.take(&batch) {
                Some(compute_units) => known.push(Ready { batch, compute_units }),
                None => unknown.push(batch),
            }
        }
        (known, unknown)
    }

    /// Uses a recent simulation of a batch once, and returns its compute units.
    fn take(&mut self, batch: &Batch) -> Option<u64> {
        let known = self.known.get_mut(&name(batch)?)?;
        known.uses_left = known.uses_left.checked_sub(1)?;
        Some(known.compute_units)
    }

    /// Remembers the compute units of simulated batches.
    pub(super) fn learn(&mut self, simulated: &[Ready]) {
        for ready in simulated {
            self.learn_one(&ready.batch, ready.compute_units);
        }
    }

    fn learn_one(&mut self, batch: &Batch, compute_units: u64) {
        let Some(name) = name(batch) else { return };
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let spread = u32::try_from(hasher.finish() % u64::from(USES)).unwrap_or(0);
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(name, Known { compute_units, uses_left: USES + spread });
    }

    /// Forgets a lane whose transaction did not succeed.
    pub(super) fn forget(&mut self, lane: &str) {
        let start = format!("{lane}:");
        self.known.retain(|name, _| !name.split('|').any(|part| part.starts_with(&start)));
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{
            land::tests::ground::{due, meter},
            plan::Kind,
        },
    };

    fn batch(chunk: u32, credits: u8) -> Batch {
        let numbers: Vec<u8> = (0..credits).collect();
        Batch { role: Role::Metering, intents: vec![meter(chunk, &numbers, 0)] }
    }

    #[test]
    fn a_simulation_serves_for_a_while_and_for_its_own_size_alone() {
        let mut costs = Costs::default();
        assert_eq!(costs.take(&batch(1, 3)), None);
        costs.learn_one(&batch(1, 3), 1_000);
        assert_eq!(costs.take(&batch(1, 3)), Some(1_000));
        assert_eq!((costs.take(&batch(1, 4)), costs.take(&batch(11, 3))), (None, None));
        let uses = 1 + std::iter::from_fn(|| costs.take(&batch(1, 3))).count();
        assert!((USES as usize..2 * USES as usize).contains(&uses), "{uses}");
    }

    #[test]
    fn a_failure_is_a_reason_to_simulate() {
        let mut costs = Costs::default();
        for chunk in [1, 11] {
            costs.learn_one(&batch(chunk, 3), 1_000);
        }
        costs.forget(&batch(1, 3).intents[0].lane());
        assert_eq!(costs.take(&batch(1, 3)), None);
        assert_eq!(costs.take(&batch(11, 3)), Some(1_000), "a longer name that begins the same");
    }

    #[test]
    fn what_is_held_against_a_borrower_is_simulated_every_time() {
        let batch = Batch { role: Role::Enforcement, intents: vec![due(Kind::MarkDefaulted, 0)] };
        let mut costs = Costs::default();
        costs.learn_one(&batch, 1_000);
        assert_eq!(costs.take(&batch), None);
    }
}
