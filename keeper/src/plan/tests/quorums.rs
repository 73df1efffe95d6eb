//! Tests of the reports that count, and of reporters that disagree.

use {
    super::*,
    crate::plan::{now::Now, quorum},
    blockable_sdk::{amounts::Units, program::metering::Reading},
};

const AT: i64 = ISSUED + 60;

/// Reports on credit 0 by reporters 0, 1, ..., all made at [`AT`].
fn said(cumulatives: &[u64]) -> World {
    let mut world = World::at(AT).with(credit(0));
    for (index, cumulative) in (0..).zip(cumulatives) {
        world.hear(report(index, AT, &[(0, *cumulative)]));
    }
    world
}

/// The units of credit 0 on the chain once the plan's reports are applied.
fn reading(world: &World) -> Option<Reading> {
    let intent = world.plan().intents.into_iter().next()?;
    let IntentAction::Meter { reports, .. } = &intent.action else { return None };
    let reports: Vec<_> = reports.iter().collect();
    let provider = &world.snapshot.providers[&provider_key()];
    let fresh = Credit { meter: Default::default(), ..credit(0) };
    quorum::consensus(&world.settings, provider, &reports, 0, &fresh).map(|consensus| consensus.reading)
}

#[test]
fn one_liar_among_three_changes_nothing() {
    for lies in [[500, 505, 60_000], [500, 505, 0], [60_000, 500, 505], [0, 500, 505]] {
        let world = said(&lies);
        let reading = reading(&world).unwrap().cumulative;
        assert!((500..=505).contains(&reading), "{lies:?} come to {reading}");
        assert_eq!(world.facts(Rule::ReportersDisagree), []);
        assert_eq!(world.over(Rule::ReportersDisagree), [address(0)]);
    }
}

#[test]
fn two_that_disagree_meter_nothing_and_are_reported() {
    let mut world = said(&[500, 900]);
    world.provider().settings.reporters[2].expires_at = AT;
    assert_eq!(world.kinds(), []);
    let fact = Fact::ReportersDisagree { agreeing: 1, reporting: 2, quorum: 2, units: Units(500) };
    let parties = Parties { lender: key(3), borrower: key(4) };
    assert_eq!(world.found(Rule::ReportersDisagree), [Finding::is(address(0), fact).between(parties)]);
}

/// Reporters answer at different moments: an alert on each moment in which the liar and one honest reporter have answered would be
/// raised and cleared again and again.
#[test]
fn two_that_disagree_are_no_dispute_while_a_third_is_late() {
    let mut world = said(&[500, 900]);
    assert_eq!(world.kinds(), []);
    assert_eq!(world.found(Rule::ReportersDisagree), [], "neither raised nor cleared");
    let mut answered = world.clone();
    answered.hear(report(2, AT, &[(0, 500)]));
    assert_eq!(answered.over(Rule::ReportersDisagree), [address(0)]);

    // The third has not reported for as long as a report counts.
    let last_waited = ISSUED + 300;
    for (at, disputes) in [(last_waited, 0), (last_waited + 1, 1)] {
        world.hear(report(0, at, &[(0, 500)]));
        world.hear(report(1, at, &[(0, 900)]));
        world = world.moved_to(at);
        assert_eq!(world.facts(Rule::ReportersDisagree).len(), disputes, "{} s", at - ISSUED);
    }
    world.provider().epoch_began_at = last_waited;
    assert_eq!(world.facts(Rule::ReportersDisagree), [], "new reporters have as long");
    world.hear(report(2, last_waited + 1, &[(0, 1_300)]));
    assert_eq!(world.facts(Rule::ReportersDisagree).len(), 1, "all three differ");
}

#[test]
fn a_quorum_that_late_reporters_cannot_complete_is_a_dispute_at_once() {
    let mut world = World::at(AT).with(credit(0));
    *world.provider() = provider(3, 5);
    for (index, cumulative) in [(0, 500), (1, 900), (2, 900)] {
        world.hear(report(index, AT, &[(0, cumulative)]));
    }
    assert_eq!(world.found(Rule::ReportersDisagree), [], "one of the two that are late would do");
    world.hear(report(3, AT, &[(0, 500)]));
    assert_eq!(world.found(Rule::ReportersDisagree), []);
    world.hear(report(4, AT, &[(0, 70_000)]));
    assert_eq!(world.facts(Rule::ReportersDisagree).len(), 1, "all five have reported");
}

/// Silence ends no dispute: an alert that ends with it would be raised anew by the next report.
#[test]
fn a_dispute_ends_when_a_quorum_agrees_again_and_not_while_reporters_are_silent() {
    let world = said(&[500, 90_000, 180_000]);
    assert_eq!(world.facts(Rule::ReportersDisagree).len(), 1);
    let silent = world.clone().moved_to(AT + 301);
    assert_eq!(silent.found(Rule::ReportersDisagree), []);
    let mut world = world.moved_to(AT + 10);
    world.hear(report(1, AT + 1, &[(0, 505)]));
    assert_eq!(world.over(Rule::ReportersDisagree), [address(0)]);
    // The two that agreed have been metered; one of them is late, and the third goes on to differ.
    world.change(0, |credit| (credit.meter.cumulative, credit.meter.reported_at) = (505, AT + 1));
    world.hear(report(0, AT + 2, &[(0, 510)]));
    assert_eq!(world.found(Rule::ReportersDisagree), [], "an agreement of the past says nothing");
    world.hear(report(2, AT + 2, &[(0, 190_000)]));
    assert_eq!(world.found(Rule::ReportersDisagree), []);
    world.hear(report(1, AT + 2, &[(0, 510)]));
    assert_eq!(world.over(Rule::ReportersDisagree), [address(0)]);
}

#[test]
fn a_credit_in_dispute_holds_no_other_up() {
    let mut world = World::at(AT).with(credit(0)).with(credit(1));
    world.hear(report(0, AT, &[(0, 500), (1, 70)]));
    world.hear(report(1, AT, &[(0, 900), (1, 70)]));
    assert_eq!(meterings(&world.plan()), [(vec![address(1)], vec![0, 1])]);
}

#[test]
fn readings_agree_within_units_growth_and_time() {
    let mut world = said(&[1_000, 1_020]);
    assert_eq!(world.kinds(), [Kind::Meter], "10 units and a hundredth of what was used");
    world.hear(report(1, AT + 1, &[(0, 1_021)]));
    assert_eq!(world.kinds(), [Kind::Meter], "a second explains what a second can use");
    let world = said(&[1_000, 1_021]);
    assert_eq!(world.kinds(), []);
    let mut world = said(&[1_000, 1_020]);
    world.change(0, |credit| credit.meter.cumulative = 500);
    assert_eq!(world.kinds(), [], "growth counts from what is on the chain");
}

#[test]
fn a_report_of_another_epoch_or_chunk_size_does_not_count() {
    for change in [
        |report: &mut ReportRecord| report.epoch -= 1,
        |report: &mut ReportRecord| report.chunk_size = 16,
        |report: &mut ReportRecord| report.market = key(77),
        |report: &mut ReportRecord| report.cluster_tag = [9; 32].into(),
        |report: &mut ReportRecord| report.reporter_index = 2,
        |report: &mut ReportRecord| report.bitmap = 0b11,
    ] {
        let mut world = said(&[500]);
        let mut other = report(1, AT, &[(0, 500)]);
        change(&mut other);
        world.hear(other);
        assert_eq!(world.kinds(), []);
        world.hear(report(2, AT, &[(0, 500)]));
        assert_eq!(meterings(&world.plan()), [(vec![address(0)], vec![0, 2])]);
    }
}

#[test]
fn a_reporter_that_is_gone_does_not_count() {
    let mut world = said(&[500, 500]);
    world.provider().settings.reporters[1].expires_at = AT + 1;
    assert_eq!(world.kinds(), [Kind::Meter]);
    world.provider().settings.reporters[1].expires_at = AT;
    assert_eq!(world.kinds(), [], "its key has expired at that second");
    let mut world = said(&[500, 500]);
    world.provider().settings.reporters[1].key = key(77);
    assert_eq!(world.kinds(), []);
}

#[test]
fn a_report_from_the_future_or_of_long_ago_does_not_count() {
    for (at, counts) in [(AT + 60, true), (AT + 61, false)] {
        let mut world = said(&[500]);
        world.hear(report(1, at, &[(0, 500)]));
        assert_eq!(world.kinds().len(), usize::from(counts), "{} s ahead", at - AT);
    }
    let late = AT + 300;
    let mut world = said(&[500]).moved_to(late);
    world.hear(report(1, late, &[(0, 500)]));
    assert_eq!(world.kinds(), [Kind::Meter], "as old as may be");
    assert_eq!(world.moved_to(late + 1).kinds(), []);
}

#[test]
fn too_few_reporters_are_reported_once_per_provider() {
    let mut world = said(&[500]).with(credit(1)).with(credit(40));
    let raised = world.found(Rule::NoQuorum);
    assert_eq!(raised.len(), 1);
    assert_eq!((raised[0].subject(), raised[0].parties()), (provider_key(), None));
    assert!(raised[0].fact().is_some());
    assert!(world.clone().moved_to(AT - 31).facts(Rule::NoQuorum).is_empty(), "not due yet");
    world = said(&[500, 500]);
    assert_eq!(world.over(Rule::NoQuorum).len(), 1);
}

#[test]
fn nothing_is_missing_before_the_first_report_is_read() {
    let mut world = World::at(AT).with(credit(0)).with(credit(1));
    assert!(world.found(Rule::NoQuorum).is_empty(), "neither raised nor cleared");
    world.hear(report(0, AT, &[(0, 500)]));
    assert_eq!(world.facts(Rule::NoQuorum).len(), 1);
}

#[test]
fn a_reporter_far_below_the_chain_is_reported() {
    let mut world = said(&[5_000, 5_000, 4_800]);
    world.change(0, |credit| credit.meter.cumulative = 4_900);
    let raised = world.facts(Rule::ReportsBelowChain);
    assert_eq!(raised.iter().map(|(reporter, _)| *reporter).collect::<Vec<_>>(), [reporter(2)]);
    assert!(world.found(Rule::ReportsBelowChain).iter().all(|finding| finding.parties().is_none()));
    assert_eq!(world.over(Rule::ReportsBelowChain).len(), 2);
    world.hear(report(2, AT + 1, &[(0, 4_845)]));
    assert!(world.facts(Rule::ReportsBelowChain).is_empty(), "within tolerance");
    let mut world = said(&[5_000, 5_000, 4_800]);
    world.change(0, |credit| (credit.meter.cumulative, credit.meter.reported_at) = (4_900, AT));
    assert!(world.facts(Rule::ReportsBelowChain).is_empty(), "a report as old as the chain's");
}

#[test]
fn the_freshest_reports_are_used_up_to_the_most() {
    let mut world = World::at(AT).with(credit(0));
    *world.provider() = provider(2, 5);
    for index in 0..5 {
        world.hear(report(index, AT - 10 + i64::from(index), &[(0, 500)]));
    }
    assert_eq!(meterings(&world.plan()), [(vec![address(0)], vec![2, 3, 4])]);
    world.provider().settings.quorum = 4;
    assert_eq!(meterings(&world.plan()), [(vec![address(0)], vec![1, 2, 3, 4])], "at least the quorum");
}

#[test]
fn a_liar_that_is_always_the_freshest_crowds_nobody_out() {
    let mut world = World::at(AT).with(credit(0));
    *world.provider() = provider(3, 5);
    for index in 0..4 {
        world.hear(report(index, AT - 10, &[(0, 500)]));
    }
    world.hear(report(4, AT, &[(0, 50_000)]));
    assert_eq!(meterings(&world.plan()), [(vec![address(0)], vec![0, 1, 2])]);
    assert_eq!(reading(&world).unwrap().cumulative, 500);
}

#[test]
fn reports_count_in_the_order_of_the_providers_list() {
    let world = said(&[1, 2, 3]);
    let now = Now::new(&world.snapshot, &world.settings).unwrap();
    let provider = &world.snapshot.providers[&provider_key()];
    let heard = quorum::counting_reports(&now, &provider_key(), provider, 0, None, &world.shelf);
    let order: Vec<_> = heard.iter().map(|report| report.reporter_index).collect();
    assert_eq!(order, [0, 1, 2]);
}
