//! Tests of the texts of alerts.

use {
    super::*,
    crate::{
        alerts::Text,
        finding::{
            AdverseAct, CovenantUse, FailingLane, HandOver, Loss, NextMark, OfferFault, PaymentAmounts,
            SettingsChange, Waiting,
        },
    },
    blockable_sdk::program::state::{Market, MarketSettings, ProviderSettings, Reporter, TermBounds},
    bytemuck::Zeroable,
};

/// One fact of each kind, each beyond its thresholds.
pub(super) fn facts() -> Vec<Fact> {
    [
        units_facts(),
        debt_facts(),
        waiting_facts(),
        rights_facts(),
        halt_facts(),
        reporter_facts(),
        keeper_facts(),
        loss_facts(),
    ]
    .concat()
}

const UNITS: Units = Units(1_500);
const DOLLARS: MicroUsd = MicroUsd(12_000_000);
const TIME: ChainTime = ChainTime(NOW);

/// Facts on the units of a credit.
fn units_facts() -> Vec<Fact> {
    let covenant = CovenantUse { used: Bps(100), threshold: Bps(6_000), seconds: 86_400, window: 864_000 };
    vec![
        Fact::BurnRate { ratio: 2.5, rate: 1.0, long_rate: 0.4, usable: UNITS, exhausted_at: Some(TIME) },
        Fact::Exhaustion {
            seconds_left: 60,
            exhausted_at: Some(TIME),
            usable: UNITS,
            granted: UNITS,
            rate: 1.0,
            debt: DOLLARS,
        },
        Fact::Idle { seconds: 864_000, used_at: TIME, reported_at: None },
        Fact::ProviderSwitch { seconds: 864_000, credit: key(7), provider: key(3) },
        Fact::Coverage { coverage: Bps(7_000), lien: UNITS, lien_value: MicroUsd(8_400_000), debt: DOLLARS },
        Fact::Frozen { frozen: UNITS, lien: UNITS, available: Units::ZERO, arrears: DOLLARS },
        Fact::CovenantLow(covenant),
        Fact::CovenantHigh(covenant),
        Fact::Overrun { recent: UNITS, total: UNITS },
    ]
}

/// Facts on losses.
fn loss_facts() -> Vec<Fact> {
    let loss = Loss { since: TIME, until: TIME.plus_seconds(900), reason: "one: it answers 403".to_string() };
    vec![
        Fact::ChainLost(loss.clone()),
        Fact::StoreLost(loss.clone()),
        Fact::ReportersLost(loss.clone()),
        Fact::Unwatched(loss),
        Fact::ActAhead {
            act: AdverseAct::MarkDelinquent,
            at: TIME.plus_seconds(86_400),
            seconds_left: 86_400,
            arrears: DOLLARS,
        },
    ]
}

#[test]
fn a_borrower_is_told_the_act_the_amount_and_the_time_that_is_left() {
    let text = |act| {
        let fact = Fact::ActAhead { act, at: ChainTime(NOW), seconds_left: 200_000, arrears: DOLLARS };
        Text::from_fact(&key(7), &fact)
    };
    assert_eq!(
        text(AdverseAct::MarkDefaulted).happened,
        "In 2 days, from 2027-01-15 08:00 UTC on, the credit can be marked defaulted: $12.00 are in arrears."
    );
    for act in [AdverseAct::MarkDelinquent, AdverseAct::MarkDefaulted, AdverseAct::Seize] {
        assert!(text(act).next_step.contains("pay $12.00 before 2027-01-15 08:00 UTC"), "{act:?}");
    }
}

/// Facts on payments.
fn debt_facts() -> Vec<Fact> {
    let amounts = PaymentAmounts {
        amount: DOLLARS,
        principal: MicroUsd(10_000_000),
        interest: MicroUsd(1_000_000),
        late_fees: MicroUsd(1_000_000),
        reserve: DOLLARS,
    };
    let next_mark = Some(NextMark::Defaulted(TIME));
    vec![
        Fact::PaymentDue { seconds_left: 60, due_at: TIME, due_market_time: MarketTime(NOW), amounts },
        Fact::PaymentMissed { missed: 2, arrears: DOLLARS, since: Some(TIME), next_mark },
        Fact::Delinquent { arrears: DOLLARS, default_from: Some(TIME) },
        Fact::Defaulted {
            debt: DOLLARS,
            arrears: DOLLARS,
            cure_ends_at: Some(TIME),
            lien: UNITS,
            covered: UNITS,
        },
    ]
}

/// The time in which something that is ready at [`NOW`] can come into force.
const WAITING: Waiting =
    Waiting { ready_at: TIME, lapses_at: ChainTime(NOW + 86_400), ready_market_time: MarketTime(NOW) };

/// Settings of a provider with one reporter, and with another and a second one.
fn provider_settings() -> [ProviderSettings; 2] {
    let reporter = |number| Reporter { key: key(number), expires_at: NOW };
    let one = ProviderSettings::with_reporters(&[reporter(2)], 1);
    let two = ProviderSettings::with_reporters(&[reporter(2), reporter(4)], 1);
    [one, ProviderSettings { max_units_per_second: 7, ..two }]
}

/// Settings of a market, and others.
fn market_settings() -> [MarketSettings; 2] {
    let settings = Market::zeroed().settings();
    let bounds = TermBounds { max_principal: 5_000_000, ..settings.bounds };
    [settings, MarketSettings { redistribution_fee_bps: 150, bounds, ..settings }]
}

/// Facts on what others have proposed or offered.
fn waiting_facts() -> Vec<Fact> {
    let offer = HandOver { from: key(2), to: key(4), waiting: WAITING };
    let [from, to] = provider_settings();
    let provider = SettingsChange { from, to, waiting: WAITING };
    let [from, to] = market_settings();
    let market = SettingsChange { from, to, waiting: WAITING };
    vec![
        Fact::BorrowerHandOver(offer),
        Fact::ProviderChangeProposed(Box::new(provider)),
        Fact::ProviderHandOver(offer),
        Fact::MarketChangeProposed(Box::new(market)),
        Fact::MarketHandOver(offer),
    ]
}

/// Facts on rights that a party has.
fn rights_facts() -> Vec<Fact> {
    vec![
        Fact::LenderCancel { units: UNITS, pays: DOLLARS, anybody_from: TIME },
        Fact::JointCancel { provider: key(3), since: TIME, units: UNITS, pays: DOLLARS },
        Fact::CrossDefault { other: key(7), freezable: UNITS },
        Fact::ReserveShort { held: MicroUsd::ZERO, agreed: DOLLARS, since: TIME, freezable: UNITS },
    ]
}

/// Facts on what is stopped.
fn halt_facts() -> Vec<Fact> {
    let void = |fault| Fact::OfferVoid { provider: key(3), fault, principal: DOLLARS };
    let halted = |ends_at| Fact::MarketHalted { since: TIME, since_market_time: MarketTime(NOW), ends_at };
    vec![
        Fact::VaultFrozen { debt: DOLLARS, arrears: DOLLARS },
        void(OfferFault::Reporters),
        void(OfferFault::Rate),
        void(OfferFault::LongestJob),
        Fact::ProviderSuspended { by_itself: true, by_admin: false },
        Fact::ProviderSuspended { by_itself: true, by_admin: true },
        halted(None),
        halted(Some(TIME)),
    ]
}

/// Facts on reporters and their reports.
fn reporter_facts() -> Vec<Fact> {
    let (provider, credit, chunk) = (key(3), key(7), 4);
    vec![
        Fact::ReporterSilent { provider, chunk, seconds: 130 },
        Fact::ReportersDisagree { agreeing: 1, reporting: 2, quorum: 2, units: UNITS },
        Fact::Equivocation { provider, chunk, reported_at: TIME },
        Fact::BadReports { provider, chunk, bit: 1, from: Units(20), to: Units(19) },
        Fact::ReportsBelowChain { chunk, credit, reported_at: TIME, on_chain: UNITS },
        Fact::NoQuorum { quorum: 2, chunk, credit, metered_to: TIME },
    ]
}

/// Facts on the keeper, its nodes and its log.
fn keeper_facts() -> Vec<Fact> {
    let (role, lamports, node) = ("metering", Lamports(5_000), "one".to_string());
    let lane =
        FailingLane { lane: "expire_units/7".to_string(), failures: 5, reason: "it fails".to_string() };
    vec![
        Fact::Funds { role, lamports, fault: None },
        Fact::Funds { role, lamports, fault: Some("it does not sign".to_string()) },
        Fact::Quarantine { lanes: vec![lane] },
        Fact::Rpc { cycles: 3, reasons: vec!["one: it lags".to_string()] },
        Fact::Stall { seconds: 600 },
        Fact::LogMismatch { node: node.clone(), records: 4 },
        Fact::RecordsLost { node, credits: 1, examples: vec![(key(7), "it is gone".to_string())] },
    ]
}

#[test]
fn every_rule_says_what_happened_what_it_means_and_what_to_do_in_whole_sentences() {
    for rule in Rule::ALL {
        assert!(facts().iter().any(|fact| fact.rule() == rule), "{rule} has no fact");
    }
    for fact in facts() {
        let rule = fact.rule();
        assert_eq!(evaluated(Finding::is(key(7), fact.clone()), &Rules::default()).0, Level::Raise, "{rule}");
        let Text { happened, meaning, next_step } = Text::from_fact(&key(7), &fact);
        for text in [happened, meaning, next_step] {
            let begin = text.chars().next().unwrap();
            assert!(begin.is_uppercase() || begin.is_numeric() || begin == '$', "{rule}: `{text}`");
            assert!(text.len() > 20 && text.ends_with('.') && !text.contains("  "), "{rule}: `{text}`");
        }
    }
}

#[test]
fn a_text_names_its_amounts_times_and_keys() {
    let happened = |fact| Text::from_fact(&key(2), &fact).happened;
    let (provider, reporter) = (key(3), key(2));
    let bad = Fact::BadReports { provider, chunk: 0, bit: 1, from: Units(20), to: Units(19) };
    assert_eq!(
        happened(bad),
        format!(
            "Reporter {reporter} of provider {provider} counts 19 units for credit 1 of chunk 0 after it counted 20 units."
        )
    );
    let silent = Fact::ReporterSilent { provider, chunk: 1, seconds: 130 };
    assert!(happened(silent).ends_with("has not reported on chunk 1 for 2 minutes."));
    let equivocation = Fact::Equivocation { provider, chunk: 0, reported_at: ChainTime(NOW) };
    assert!(
        happened(equivocation).ends_with("for one instant, 2027-01-15 08:00 UTC (Unix time 1800000000).")
    );
}

#[test]
fn a_proposal_is_told_by_the_settings_that_it_changes() {
    let happened = |fact| Text::from_fact(&key(3), &fact).happened;
    let [from, to] = provider_settings();
    let change =
        |from, to| Fact::ProviderChangeProposed(Box::new(SettingsChange { from, to, waiting: WAITING }));
    let expected = format!(
        "Provider {} has proposed other settings, which it can apply from 2027-01-15 08:00 UTC until 2027-01-16 08:00 UTC: \
         reporters from 1, of which 1 must agree to 2, 1 of them new, of which 1 must agree; most units per second of a new \
         loan from 0 units to 7 units.",
        key(3)
    );
    assert_eq!(happened(change(from, to)), expected);
    let mut renewed = from;
    renewed.reporters[0].expires_at += 1;
    assert!(
        happened(change(from, renewed)).ends_with(": another order or other expiry dates of the reporters.")
    );
    let [from, to] = market_settings();
    let market = Fact::MarketChangeProposed(Box::new(SettingsChange { from, to, waiting: WAITING }));
    let ends = ": fee on sales from 0 % to 1.5 %; largest principal from $0.00 to $5.00.";
    assert!(happened(market.clone()).ends_with(ends), "{}", happened(market));
}
