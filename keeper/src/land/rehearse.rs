//! What would be sent, simulated and not sent.

use {
    crate::{
        land::{
            confirm::Held,
            lander::{LandError, Lander},
            lanes,
            pack::{UNFIT, Version, pack},
        },
        plan::Intent,
    },
    blockable_sdk::Pubkey,
    serde::Serialize,
    std::collections::HashSet,
};

/// What would be sent now.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    /// The format that the cluster takes.
    pub version: String,
    /// Transactions that would be sent.
    pub transactions: Vec<Rehearsed>,
    /// Due, and not called for by finalized state of enough nodes.
    pub held: Vec<Said>,
    /// Due, and put aside after failures.
    pub aside: Vec<Said>,
    /// No longer due.
    pub moot: Vec<Said>,
    /// Would fail.
    pub failed: Vec<Said>,
    /// Could not be simulated.
    pub untried: Vec<Said>,
}

/// One transaction.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsed {
    /// Whose key would pay.
    pub role: String,
    /// Compute units it took.
    pub compute_units: u64,
    /// What it carries.
    pub intents: Vec<Said>,
}

/// An intent in words.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// Its kind.
    pub kind: String,
    /// The credit or provider.
    pub subject: String,
    /// Credits that it may change.
    pub credits: usize,
    /// Why, or why not.
    pub because: String,
}

impl Said {
    fn of(intent: &Intent, because: &str) -> Said {
        Said {
            kind: intent.kind().to_string(),
            subject: intent.subject().to_string(),
            credits: intent.credits().len(),
            because: because.to_string(),
        }
    }

    fn all(intents: &[(Intent, String)]) -> Vec<Said> {
        intents.iter().map(|(intent, reason)| Said::of(intent, reason)).collect()
    }
}

impl Lander {
    /// Packs and simulates what is due at a Unix time, and sends nothing. Errors: [`LandError`].
    pub async fn rehearse(
        &self,
        intents: Vec<Intent>,
        held: Vec<Held>,
        now: i64,
    ) -> Result<Rehearsal, LandError> {
        let closed = self.inner.store.read(move |connection| lanes::closed(connection, now)).await?;
        let (intents, aside) = parted(intents, &closed);
        let (sound, _) = self.inner.nodes.look().await;
        let version = if intents.is_empty() { Version::V0 } else { self.version(&sound).await? };
        let (batches, unfit) = pack(&intents, &self.inner.market, version);
        let prepared = self.simulate(&sound, batches, version).await;
        let mut failed = Said::all(&prepared.failed);
        failed.extend(unfit.iter().map(|intent| Said::of(intent, UNFIT)));
        let rehearsed = prepared.ready.iter().map(|ready| Rehearsed {
            role: ready.batch.role.name().to_string(),
            compute_units: ready.units,
            intents: ready.batch.intents.iter().map(|intent| Said::of(intent, &intent.because)).collect(),
        });
        Ok(Rehearsal {
            version: format!("{version:?}").to_lowercase(),
            transactions: rehearsed.collect(),
            held: held.iter().map(|held| Said::of(&held.intent, &held.reason)).collect(),
            aside: aside
                .iter()
                .map(|intent| Said::of(intent, "it has failed; `quarantine list` says why"))
                .collect(),
            moot: Said::all(&prepared.moot),
            failed,
            untried: Said::all(&prepared.untried),
        })
    }
}

/// What is in none of these lanes, and what is.
fn parted(intents: Vec<Intent>, closed: &HashSet<String>) -> (Vec<Intent>, Vec<Intent>) {
    let (mut open, mut aside) = (Vec::new(), Vec::new());
    for intent in intents {
        let part = lanes::open_part(intent.clone(), closed);
        let is_open = |credit: &Pubkey| part.as_ref().is_some_and(|part| part.credits().contains(credit));
        aside.extend(intent.without(is_open));
        open.extend(part);
    }
    (open, aside)
}
