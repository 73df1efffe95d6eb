//! Alerts whose subject is gone: nobody says that it is well again, so its absence must.

use {
    crate::{
        alert::{Level, Open, Rule, Signal, Standing},
        chain::Snapshot,
    },
    blockable_sdk::{
        Pubkey,
        program::transitions::{Action, next},
    },
    std::collections::{BTreeSet, HashSet},
};

/// Seconds for which a reporter's fault stays open that is still registered: a later one is told anew.
const FAULT_STANDS: i64 = 7 * 86_400;

/// Signals that clear open alerts on which nothing has been said this time, where that means that they are over. `payers` are
/// the keeper's own keys.
pub(super) fn ended(
    open: &Open,
    signals: &[Signal],
    snapshot: &Snapshot,
    payers: &BTreeSet<Pubkey>,
) -> Vec<Signal> {
    let said: HashSet<(Rule, Pubkey)> = signals.iter().map(|signal| (signal.rule, signal.subject)).collect();
    let over = |((rule, subject), standing): (&(Rule, Pubkey), &Standing)| {
        if said.contains(&(*rule, *subject)) {
            return None;
        }
        why(*rule, subject, standing, snapshot, payers).map(|happened| Signal {
            rule: *rule,
            subject: *subject,
            level: Level::Clear,
            severity: standing.severity,
            parties: None,
            happened: happened.to_string(),
            means: "there is nothing left of it to watch".to_string(),
            next: "nothing".to_string(),
        })
    };
    open.iter().filter_map(over).collect()
}

/// Why silence on an alert means its end; `None` where it does not.
fn why(
    rule: Rule,
    subject: &Pubkey,
    standing: &Standing,
    snapshot: &Snapshot,
    payers: &BTreeSet<Pubkey>,
) -> Option<&'static str> {
    match rule {
        Rule::Quarantine => Some("its work has succeeded, is no longer due or was taken out of quarantine"),
        Rule::Funds if !payers.contains(subject) => Some("the keeper does not use this key any more"),
        Rule::Equivocation | Rule::BadReports | Rule::ReportsBelowChain
            if !is_reporter(snapshot, subject) =>
        {
            Some("no provider has this reporter any more")
        }
        Rule::Equivocation | Rule::BadReports
            if snapshot.clock.get().saturating_sub(standing.raised_at) >= FAULT_STANDS =>
        {
            Some("it was told a week ago; the next fault is told anew")
        }
        Rule::ReportersDisagree if !is_metered(snapshot, subject) => {
            Some("the credit is not metered any more")
        }
        // While paused nothing is metered, and so nothing is said of quorums.
        Rule::NoQuorum if !snapshot.is_paused() => Some("the provider has no credits that are metered"),
        _ => None,
    }
}

fn is_reporter(snapshot: &Snapshot, key: &Pubkey) -> bool {
    snapshot.providers.values().any(|provider| {
        let count = usize::from(provider.reporter_count);
        provider.reporters.iter().take(count).any(|reporter| reporter.key == *key)
    })
}

fn is_metered(snapshot: &Snapshot, address: &Pubkey) -> bool {
    let status = snapshot.credits.get(address).and_then(|credit| credit.status().ok());
    status.is_some_and(|status| next(Action::Meter, status).is_some())
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::alert::Severity,
        blockable_sdk::amounts::ChainTime,
        blockable_sdk::program::{
            state::{Credit, Market, Provider, Reporter},
            transitions::Status,
        },
        bytemuck::Zeroable,
        std::{collections::BTreeMap, sync::Arc},
    };

    const NOW: i64 = 1_800_000_000;

    fn key(number: u8) -> Pubkey {
        Pubkey::new_from_array([number; 32])
    }

    /// A market with one provider, whose only reporter is 2, and one active credit, 3.
    fn snapshot() -> Snapshot {
        let mut provider = Provider::zeroed();
        provider.reporter_count = 1;
        provider.reporters[0] = Reporter { key: key(2), expires_at: i64::MAX };
        let mut credit = Credit::zeroed();
        credit.status = Status::Active.byte();
        Snapshot {
            slot: 1,
            clock: ChainTime(NOW),
            market_key: key(9),
            market: Market::zeroed(),
            providers: BTreeMap::from([(key(1), provider)]),
            credits: BTreeMap::from([(key(3), Arc::new(credit))]),
            stalls: Default::default(),
        }
    }

    fn cleared(snapshot: &Snapshot, rule: Rule, subject: u8, raised_at: i64) -> bool {
        let standing = Standing { id: 1, severity: Severity::Warning, raised_at };
        let open = Open::from([((rule, key(subject)), standing)]);
        let signals = ended(&open, &[], snapshot, &BTreeSet::from([key(7)]));
        assert!(signals.iter().all(|signal| signal.level == Level::Clear && signal.rule == rule));
        let said = raise(rule, subject);
        assert!(ended(&open, &[said], snapshot, &BTreeSet::new()).is_empty(), "what is said of it counts");
        signals.len() == 1
    }

    fn raise(rule: Rule, subject: u8) -> Signal {
        Signal {
            rule,
            subject: key(subject),
            level: Level::Raise,
            severity: Severity::Warning,
            parties: None,
            happened: String::new(),
            means: String::new(),
            next: String::new(),
        }
    }

    #[test]
    fn faults_of_a_reporter_end_with_its_registration_or_a_week_later() {
        let snapshot = snapshot();
        for rule in [Rule::Equivocation, Rule::BadReports] {
            assert!(!cleared(&snapshot, rule, 2, NOW - FAULT_STANDS + 1));
            assert!(cleared(&snapshot, rule, 2, NOW - FAULT_STANDS));
            assert!(cleared(&snapshot, rule, 8, NOW), "replaced");
        }
        assert!(!cleared(&snapshot, Rule::ReportsBelowChain, 2, 0));
        assert!(cleared(&snapshot, Rule::ReportsBelowChain, 8, NOW));
    }

    #[test]
    fn what_has_no_subject_any_more_has_ended() {
        let mut snapshot = snapshot();
        assert!(!cleared(&snapshot, Rule::ReportersDisagree, 3, NOW));
        assert!(cleared(&snapshot, Rule::ReportersDisagree, 4, NOW));
        assert!(!cleared(&snapshot, Rule::Funds, 7, NOW) && cleared(&snapshot, Rule::Funds, 8, NOW));
        assert!(cleared(&snapshot, Rule::Quarantine, 3, NOW));
        assert!(cleared(&snapshot, Rule::NoQuorum, 1, NOW));
        (snapshot.market.paused_at, snapshot.market.pause_expires_at) = (NOW - 1, NOW + 60);
        assert!(!cleared(&snapshot, Rule::NoQuorum, 1, NOW), "nothing is metered while paused");
    }

    #[test]
    fn silence_on_a_loan_is_not_its_end() {
        for rule in [Rule::Coverage, Rule::PaymentMissed, Rule::Rpc, Rule::Stall, Rule::ReporterSilent] {
            assert!(!cleared(&snapshot(), rule, 3, 0));
        }
    }
}
