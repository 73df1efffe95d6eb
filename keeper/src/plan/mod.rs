//! Works out what is due: a pure function of chain, reports and settings.
//!
//! | file | what |
//! |---|---|
//! | `settings` | what the operator sets |
//! | `now` | the clocks of a snapshot, and times between them |
//! | `credit` | what is due on one credit |
//! | `quorum` | which reports count, and whether they agree |
//! | `metering` | which credits of which chunks to meter |
//! | `explain` | why something is due on a credit, or is not |

mod because;
mod credit;
mod explain;
mod intent;
mod metering;
mod now;
mod quorum;
mod settings;
#[cfg(test)]
mod tests;

pub use {
    explain::{ActionView, Explanation, NextDue, ReportView, StandingView, UsageView},
    intent::{Action, Intent, IntentId, Kind, Role},
    settings::PlanSettings,
};

use {
    crate::{alert::Signal, chain::Snapshot, ingest::Shelf},
    blockable_sdk::{Pubkey, program::state::Credit},
    now::Now,
};

/// What is due, and what was noticed on the way.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What to do, the most urgent first. At most one [`Action::Credit`] per credit; metering may name it beside that.
    pub intents: Vec<Intent>,
    /// What was noticed about reports.
    pub signals: Vec<Signal>,
}

/// Works out all that is due. The same inputs give the same plan.
pub fn plan(snapshot: &Snapshot, shelf: &Shelf, settings: &PlanSettings) -> Plan {
    let Some(now) = Now::of(snapshot, settings) else { return Plan::default() };
    let mut plan = metering::plan(&now, shelf);
    let credits = snapshot.credits.iter();
    plan.intents.extend(credits.filter_map(|(address, credit)| credit::plan(&now, address, credit)));
    // Stable: what is as urgent and as old stays in the order of addresses.
    plan.intents.sort_by_key(|intent| (urgency(intent.kind()), intent.due_at));
    plan
}

/// The one thing due on a credit, metering apart.
pub fn plan_credit(
    snapshot: &Snapshot,
    address: &Pubkey,
    credit: &Credit,
    settings: &PlanSettings,
) -> Option<Intent> {
    credit::plan(&Now::of(snapshot, settings)?, address, credit)
}

/// Why something is due on a credit, or is not. `None` for a credit that the snapshot does not have.
pub fn explain(
    snapshot: &Snapshot,
    shelf: &Shelf,
    settings: &PlanSettings,
    address: &Pubkey,
) -> Option<Explanation> {
    let credit = snapshot.credits.get(address)?;
    Some(explain::explain(&Now::of(snapshot, settings)?, shelf, address, credit))
}

/// Place in the order of a plan: what stops collateral from being used up comes first.
fn urgency(kind: Kind) -> usize {
    let place = |other: &Kind| *other == kind;
    let credit_place = credit::PRECEDENCE.iter().position(place);
    match (kind, credit_place) {
        (Kind::AutoFreeze, _) => 0,
        (Kind::Meter, _) => 1,
        (_, place) => place.map_or(usize::MAX, |place| place.saturating_add(2)),
    }
}
