//! Alerts on which a cycle has found nothing.

use {
    super::*,
    crate::alerts::{AlertFilter, Subjects, rules::RuleSettings},
    std::collections::HashSet,
};

const WEEK: i64 = 7 * 86_400;

/// A credit, 3, that can be metered, a reporter, 2, and a key of the keeper's, 6.
fn subjects() -> Subjects {
    Subjects {
        credits: HashSet::from([key(3)]),
        metered: HashSet::from([key(3)]),
        reporters: HashSet::from([key(2)]),
        keys: HashSet::from([key(6)]),
        is_paused: false,
    }
}

/// A fact that raises the alert of a rule.
pub(super) fn fact(rule: Rule) -> Fact {
    super::text::facts().into_iter().find(|fact| fact.rule() == rule).unwrap()
}

/// Tests whether an alert that was raised at [`NOW`] ends in a cycle that has found nothing, `after` seconds later.
async fn ends_after(after: i64, subjects: Subjects, rule: Rule, subject: u8) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let case = Case::open(folder.path(), Vec::new()).await;
    let finding = Finding::is(key(subject), fact(rule));
    assert_eq!(
        case.alerts.apply(vec![finding.clone()], ChainTime(NOW)).await.unwrap().raised.len(),
        1,
        "{rule}"
    );
    let found = case.alerts.apply_cycle(vec![finding], Subjects::default(), ChainTime(NOW)).await.unwrap();
    assert!(found.cleared.is_empty(), "what is found counts");
    let changes = case.alerts.apply_cycle(Vec::new(), subjects, ChainTime(NOW + after)).await.unwrap();
    assert!(changes.raised.is_empty());
    changes.cleared.len() == 1
}

async fn ends(rule: Rule, subject: u8) -> bool {
    ends_after(1, subjects(), rule, subject).await
}

#[tokio::test]
async fn faults_of_a_reporter_end_with_its_registration_or_a_week_later() {
    for rule in [Rule::Equivocation, Rule::BadReports] {
        assert!(!ends_after(WEEK - 1, subjects(), rule, 2).await);
        assert!(ends_after(WEEK, subjects(), rule, 2).await);
        assert!(ends(rule, 8).await, "replaced");
    }
    assert!(!ends_after(10 * WEEK, subjects(), Rule::ReportsBelowChain, 2).await);
    assert!(ends(Rule::ReportsBelowChain, 8).await);
}

#[tokio::test]
async fn alerts_end_with_their_subject() {
    assert!(!ends(Rule::ReportersDisagree, 3).await);
    assert!(ends(Rule::ReportersDisagree, 4).await);
    assert!(!ends(Rule::Funds, 6).await && ends(Rule::Funds, 8).await);
    assert!(ends(Rule::Quarantine, 3).await);
    for rule in [
        Rule::VaultFrozen,
        Rule::OfferVoid,
        Rule::BorrowerHandOver,
        Rule::MarketHalted,
        Rule::LenderCancel,
        Rule::JointCancel,
        Rule::CrossDefault,
        Rule::ReserveShort,
    ] {
        assert!(ends(rule, 3).await, "{rule} is found in every cycle while it lasts");
    }
    assert!(ends(Rule::ReporterSilent, 2).await, "nobody waits for its reports");
    assert!(ends(Rule::NoQuorum, 1).await);
    let paused = Subjects { is_paused: true, ..subjects() };
    assert!(!ends_after(1, paused, Rule::NoQuorum, 1).await, "nothing is metered while paused");
}

#[tokio::test]
async fn alerts_on_a_loan_end_with_its_account_and_not_before() {
    for rule in [
        Rule::BurnRate,
        Rule::Exhaustion,
        Rule::Idle,
        Rule::ProviderSwitch,
        Rule::Coverage,
        Rule::PaymentDue,
        Rule::PaymentMissed,
        Rule::ActAhead,
        Rule::Delinquent,
        Rule::Defaulted,
        Rule::Frozen,
        Rule::CovenantLow,
        Rule::CovenantHigh,
        Rule::Overrun,
    ] {
        assert!(!ends(rule, 3).await, "{rule}");
        assert!(ends(rule, 4).await, "{rule}");
    }
}

#[tokio::test]
async fn silence_on_nodes_stalls_and_logs_is_not_their_end() {
    for rule in
        [Rule::Rpc, Rule::Stall, Rule::ChainLost, Rule::StoreLost, Rule::ReportersLost, Rule::LogMismatch]
    {
        assert!(!ends(rule, 9).await, "{rule}");
    }
}

#[tokio::test]
async fn alerts_of_a_rule_that_is_switched_off_end() {
    let folder = tempfile::tempdir().unwrap();
    let case = Case::open(folder.path(), Vec::new()).await;
    let finding = Finding::is(key(2), fact(Rule::Equivocation));
    case.alerts.apply(vec![finding], ChainTime(NOW)).await.unwrap();
    let mut rules = Rules::default();
    rules.set(Rule::Equivocation, RuleSettings { enabled: false, ..rules.get(Rule::Equivocation) });
    let settings = AlertSettings { rules, ..AlertSettings::default() };
    let parts = (Vec::new(), Vec::new());
    let alerts = Alerts::with(case.store.clone(), MARKET, &settings, parts, Box::new(|| NOW)).await.unwrap();
    let changes = alerts.apply_cycle(Vec::new(), subjects(), ChainTime(NOW + 1)).await.unwrap();
    assert_eq!(changes.cleared.len(), 1);
    let open = alerts.list(AlertFilter { open: Some(true), ..AlertFilter::default() }).await.unwrap();
    assert_eq!(open, []);
}
