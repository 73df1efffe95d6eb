//! A round of landing that ends with the simulation: nothing is signed, recorded or sent.

use {
    crate::{
        land::{
            error::LandError,
            lander::{Lander, any_payer},
            lanes,
            left_out::LeftOut,
            pack::{Packed, Version, pack},
            simulate::{RoundContext, simulate},
        },
        plan::Intent,
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    serde::Serialize,
    std::collections::HashSet,
};

/// The outcome of a rehearsal.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    /// The version of transactions that the cluster accepts.
    pub version: String,
    /// Transactions that would be sent.
    pub transactions: Vec<Rehearsed>,
    /// Intents that are due, but that the finalized state of too few nodes calls for.
    pub held: Vec<IntentView>,
    /// Intents that are due, and wait after failures.
    pub aside: Vec<IntentView>,
    /// Intents that the simulation shows to be no longer due.
    pub moot: Vec<IntentView>,
    /// Intents that would fail.
    pub failed: Vec<IntentView>,
    /// Intents that could not be simulated.
    pub untried: Vec<IntentView>,
}

/// A transaction that would be sent.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsed {
    /// The role whose key would pay.
    pub role: String,
    /// Compute units that it took.
    pub compute_units: u64,
    /// The intents that it carries.
    pub intents: Vec<IntentView>,
}

/// An intent as text.
#[derive(Clone, Debug, Serialize)]
pub struct IntentView {
    /// Its kind.
    pub kind: String,
    /// The credit or provider.
    pub subject: String,
    /// The number of credits that it may change.
    pub credits: usize,
    /// The reason for which it is due, or is left out.
    pub reason: String,
}

impl IntentView {
    fn new(intent: &Intent, reason: &str) -> IntentView {
        IntentView {
            kind: intent.kind().to_string(),
            subject: intent.subject().to_string(),
            credits: intent.credits().len(),
            reason: reason.to_string(),
        }
    }

    fn list<'a>(left_out: impl IntoIterator<Item = &'a LeftOut>) -> Vec<IntentView> {
        left_out.into_iter().map(|out| IntentView::new(&out.intent, &out.reason)).collect()
    }
}

impl Lander {
    /// Packs and simulates the intents due at a time, and sends nothing. `held` has those that were not
    /// confirmed. Errors: [`LandError`].
    pub(crate) async fn rehearse(
        &self,
        intents: Vec<Intent>,
        held: Vec<LeftOut>,
        now: ChainTime,
    ) -> Result<Rehearsal, LandError> {
        let shared = &*self.shared;
        let blocked = shared.store.read(move |connection| lanes::blocked(connection, now)).await?;
        let (open, aside) = split_by_lane(intents, &blocked);
        let (usable, _) = shared.nodes.probe().await;
        let payers = shared.payers();
        let version = match open.is_empty() {
            true => Version::V0,
            false => shared.version.detect(&usable, &any_payer(&payers)).await?,
        };
        let Packed { batches, unfit } = pack(&open, &shared.market, version);
        let round = RoundContext { market: &shared.market, payers: &payers, version };
        let simulated = simulate(&usable, batches, &round).await;
        let rehearsed = simulated.ready.iter().map(|ready| Rehearsed {
            role: ready.batch.role.name().to_string(),
            compute_units: ready.compute_units,
            intents: ready
                .batch
                .intents
                .iter()
                .map(|intent| IntentView::new(intent, &intent.reason.to_string()))
                .collect(),
        });
        Ok(Rehearsal {
            version: format!("{version:?}").to_lowercase(),
            transactions: rehearsed.collect(),
            held: IntentView::list(&held),
            aside: IntentView::list(&LeftOut::all(
                aside,
                "it has failed; `quarantine list` shows the failure",
            )),
            moot: IntentView::list(&simulated.moot),
            failed: IntentView::list(simulated.failed.iter().chain(&unfit)),
            untried: IntentView::list(&simulated.untried),
        })
    }
}

/// Splits intents, and the credits within them, into those whose lanes are open and those whose lanes are blocked.
fn split_by_lane(intents: Vec<Intent>, blocked: &HashSet<String>) -> (Vec<Intent>, Vec<Intent>) {
    let (mut open, mut aside) = (Vec::new(), Vec::new());
    for intent in intents {
        let rest = lanes::unblocked_part(&intent, blocked);
        let is_open = |credit: &Pubkey| rest.as_ref().is_some_and(|rest| rest.credits().contains(credit));
        aside.extend(intent.without(is_open));
        open.extend(rest);
    }
    (open, aside)
}
