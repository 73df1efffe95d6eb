//! Intents that a stage of landing takes out of its round.

use crate::plan::Intent;

/// An intent that does not go on to the next stage, and why.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    /// The intent.
    pub intent: Intent,
    /// The reason, for people.
    pub reason: String,
}

impl LeftOut {
    /// Leaves several intents out for the same reason.
    pub(crate) fn all(intents: impl IntoIterator<Item = Intent>, reason: &str) -> Vec<LeftOut> {
        intents.into_iter().map(|intent| LeftOut { intent, reason: reason.to_string() }).collect()
    }
}
