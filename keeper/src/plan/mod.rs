//! Plans the due actions: a pure function of chain, reports and settings.
//!
//! | module | contents |
//! |---|---|
//! | `settings` | `[metering]`, `[enforcement]`, `[backup]` |
//! | `now` | the clocks of a snapshot, and conversions between them |
//! | `credit` | the one thing that is due on a credit, without metering |
//! | `causes` | acts and proposals of issuer, provider and market that affect a credit |
//! | `rights` | rights that a party has now and nobody exercises for it |
//! | `quorum` | the reports that count, and whether they agree |
//! | `metering` | the credits of each chunk that are metered now |
//! | `reason` | reasons for which intents are due, and their text |
//! | `explain` | a credit's actions, with the reason for which each is due or the obstacle for which it is not |

mod causes;
mod credit;
mod explain;
mod intent;
mod metering;
mod now;
mod quorum;
mod reason;
mod rights;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use explain::CreditPlan;
#[cfg(test)]
use explain::{ActionState, ActionView};
pub use {
    intent::{Intent, IntentAction},
    settings::PlanSettings,
};
pub(crate) use {
    intent::{IntentId, Kind, Role},
    reason::Reason,
};

use {
    crate::{chain::Snapshot, finding::Finding, ingest::Shelf},
    blockable_sdk::{Pubkey, program::state::Credit},
    now::Now,
};

/// Due intents, and findings about reports and about acts and proposals of others.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The intents, the most urgent first. At most one [`IntentAction::Credit`] per credit; metering may name the same credit.
    pub intents: Vec<Intent>,
    /// Findings.
    pub findings: Vec<Finding>,
}

/// Plans all that is due. The same inputs give the same plan.
pub fn plan(snapshot: &Snapshot, shelf: &Shelf, settings: &PlanSettings) -> Plan {
    let Some(now) = Now::new(snapshot, settings) else { return Plan::default() };
    let mut plan = metering::plan(&now, shelf);
    plan.findings.extend(causes::findings(&now));
    plan.findings.extend(rights::findings(&now));
    let credits = snapshot.credits.iter();
    plan.intents.extend(credits.filter_map(|(address, credit)| credit::plan(&now, address, credit)));
    // Stable: intents of equal urgency and age stay in the order of addresses.
    plan.intents.sort_by_key(|intent| (urgency(intent.kind()), intent.due_at));
    plan
}

/// Plans the one thing that is due on a credit, without metering.
pub(crate) fn plan_credit(
    snapshot: &Snapshot,
    address: &Pubkey,
    credit: &Credit,
    settings: &PlanSettings,
) -> Option<Intent> {
    credit::plan(&Now::new(snapshot, settings)?, address, credit)
}

/// Explains for every action on a credit why it is due or is not. `None` for a credit that the snapshot does not have, and for
/// a market whose clock is out of range.
pub(crate) fn explain(
    snapshot: &Snapshot,
    shelf: &Shelf,
    settings: &PlanSettings,
    address: &Pubkey,
) -> Option<CreditPlan> {
    let credit = snapshot.credits.get(address)?;
    Some(explain::explain(&Now::new(snapshot, settings)?, shelf, address, credit))
}

/// The place of a kind in the order of a plan: what stops collateral from being used up comes first.
fn urgency(kind: Kind) -> usize {
    let place = |other: &Kind| *other == kind;
    let credit_place = credit::PRECEDENCE.iter().position(place);
    match (kind, credit_place) {
        (Kind::AutoFreeze, _) => 0,
        (Kind::Meter, _) => 1,
        (_, place) => place.map_or(usize::MAX, |place| place.saturating_add(2)),
    }
}
