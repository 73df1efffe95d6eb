//! Ends alerts on which a cycle has found nothing: nobody finds that a subject is well again once it is gone.

use {
    super::{AlertEnd, Rules, row_of},
    crate::{alerts::apply::OpenAlerts, finding::Rule},
    blockable_sdk::{Pubkey, amounts::ChainTime},
    std::collections::HashSet,
};

/// The subjects that one cycle has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subjects {
    /// The market's credits.
    pub(crate) credits: HashSet<Pubkey>,
    /// Those of them that can be metered.
    pub(crate) metered: HashSet<Pubkey>,
    /// Reporters that a provider lists.
    pub(crate) reporters: HashSet<Pubkey>,
    /// The keeper's own keys.
    pub(crate) keys: HashSet<Pubkey>,
    /// True while the market is paused.
    pub(crate) is_paused: bool,
}

/// The open alerts that end at `now` because their rule is switched off, or because the cycle has `found`
/// nothing on them and their subject is gone.
pub(in crate::alerts) fn ended(
    open: &OpenAlerts,
    found: &HashSet<(Rule, Pubkey)>,
    rules: &Rules,
    subjects: &Subjects,
    now: ChainTime,
) -> Vec<(Rule, Pubkey)> {
    let has_ended = |rule: Rule, subject: &Pubkey, raised_at: ChainTime| {
        let is_listed = subjects.reporters.contains(subject);
        match row_of(rule).end {
            AlertEnd::ByFinding => false,
            AlertEnd::AtOnce => true,
            AlertEnd::AtOnceUnlessPaused => !subjects.is_paused,
            AlertEnd::WithCredit => !subjects.credits.contains(subject),
            AlertEnd::WithMetering => !subjects.metered.contains(subject),
            AlertEnd::WithKey => !subjects.keys.contains(subject),
            AlertEnd::After(seconds) => now.seconds_since(raised_at) >= seconds,
            AlertEnd::WithReporter => !is_listed,
            AlertEnd::WithReporterOrAfter(seconds) => !is_listed || now.seconds_since(raised_at) >= seconds,
        }
    };
    let silent = open.iter().filter(|(about, _)| !found.contains(about));
    let over = silent.filter(|((rule, subject), alert)| {
        !rules.get(*rule).enabled || has_ended(*rule, subject, alert.raised_at)
    });
    over.map(|(about, _)| *about).collect()
}
