//! What is said of a credit.

use {
    super::*,
    crate::plan::{Explanation, StandingView, explain},
};

fn explained(world: &World) -> Explanation {
    explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).unwrap()
}

fn standing(explanation: &Explanation, kind: Kind) -> &StandingView {
    &explanation.actions.iter().find(|action| action.kind == kind).unwrap().standing
}

#[test]
fn a_credit_that_is_not_there_has_no_explanation() {
    let world = World::at(DUE);
    assert!(explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).is_none());
}

#[test]
fn every_action_says_when_or_why_not() {
    let explanation = explained(&World::at(DUE + DAY).with(credit(0)));
    assert_eq!(explanation.actions.len(), Kind::ALL.len());
    assert_eq!(explanation.status, "active");
    assert_eq!((explanation.arrears, explanation.arrears_since), (400 * USDC, Some(DUE)));
    assert_eq!(explanation.next_due.as_ref().unwrap().at, ISSUED + 60 * DAY);
    assert_eq!(explanation.next_due.as_ref().unwrap().principal, 400 * USDC);
    let at = DUE + DELINQUENCY_GRACE;
    assert_eq!(*standing(&explanation, Kind::MarkDelinquent), StandingView::NotBefore { at });
    let StandingView::DoesNotApply { why } = standing(&explanation, Kind::MarkDefaulted) else { panic!() };
    assert_eq!(why, "its status, Active, does not allow it");
    assert!(explanation.next.starts_with("mark_delinquent at 20"), "{}", explanation.next);
}

#[test]
fn what_is_planned_is_what_is_explained() {
    let grace_ends = DUE + DELINQUENCY_GRACE;
    let mut world = World::at(grace_ends).with(credit(0));
    let intent = world.intent().unwrap();
    let expected = StandingView::Due { since: grace_ends, because: intent.reason.to_string() };
    assert_eq!(*standing(&explained(&world), Kind::MarkDelinquent), expected);
    assert_eq!(explained(&world).next, format!("mark_delinquent now: {}", intent.reason));
    world.settings.backup_delay_seconds = 40;
    let expected = StandingView::LeftToOthers { until: grace_ends + 40 };
    assert_eq!(*standing(&explained(&world), Kind::MarkDelinquent), expected);
}

#[test]
fn reports_are_listed_with_what_is_wrong_with_them() {
    let at = ISSUED + 60;
    let mut world = World::at(at).with(credit(0));
    world.hear(report(0, at, &[(0, 500)]));
    world.hear(report(1, at, &[(0, 501)]));
    world.hear(ReportRecord { epoch: EPOCH - 1, ..report(2, at, &[(0, 502)]) });
    let explanation = explained(&world);
    assert!(matches!(standing(&explanation, Kind::Meter), StandingView::Due { since, .. } if *since == at));
    let usage = explanation.usage.as_ref().unwrap();
    assert_eq!((usage.chunk, usage.bit, usage.quorum, usage.counted), (0, 0, 2, 0));
    assert!(usage.agreement.starts_with("2 of 2 reporters agree on 500 units used"), "{}", usage.agreement);
    let told: Vec<_> =
        usage.reports.iter().map(|report| (report.is_used, report.problem.is_some())).collect();
    assert_eq!(told, [(true, false), (true, false), (false, true)]);
    world.hear(report(1, at + 1, &[(0, 9_000)]));
    let explanation = explained(&world);
    let StandingView::DoesNotApply { why } = standing(&explanation, Kind::Meter) else { panic!() };
    assert_eq!(why, "1 of 2 reporters agree on 500 units used at 2027-01-15T08:01:00Z, and 2 must");
    let agrees: Vec<_> = explanation.usage.unwrap().reports.iter().map(|report| report.agrees).collect();
    assert_eq!(agrees, [Some(true), Some(false), Some(true)]);
}

#[test]
fn it_reads_as_text_and_as_json() {
    let mut world = World::at(DUE + DAY).with(credit(0));
    world.hear(report(0, DUE + DAY, &[(0, 500)]));
    let explanation = explained(&world);
    let text = explanation.to_string();
    for line in [
        "status      active, as of 2027-02-15T08:00:00Z (slot 1000)",
        "arrears     400.000000 USDC since 2027-02-14T08:00:00Z; graces are 0 s longer here",
        "  mark_delinquent not before 2027-02-19T08:00:00Z",
        "  draw_reserve    no: the reserve is empty",
        "next        mark_delinquent at 2027-02-19T08:00:00Z at the earliest, if nothing changes until then",
    ] {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["arrears"], "400000000");
    assert_eq!(json["credit"], address(0).to_string());
    assert_eq!(json["actions"][2]["kind"], "mark_delinquent");
    assert_eq!(json["actions"][2]["standing"], "not_before");
    assert_eq!(json["usage"]["reports"][0]["cumulative"], "500");
}

#[test]
fn a_pause_and_a_switch_are_given_as_reasons() {
    let late = DUE + DELINQUENCY_GRACE;
    let mut world = World::at(late).with(credit(0));
    (world.snapshot.market.paused_at, world.snapshot.market.pause_expires_at) = (late, late + 1);
    let explanation = explained(&world);
    assert!(explanation.is_paused);
    for kind in [Kind::MarkDelinquent, Kind::Meter] {
        let StandingView::DoesNotApply { why } = standing(&explanation, kind) else { panic!() };
        assert_eq!(why, "the market is paused");
    }
    world.settings.enabled.clear();
    let explanation = explained(&world);
    assert!(explanation.actions.iter().all(|action| action.standing.to_string().contains("switched off")));
    assert_eq!(explanation.next, "nothing, while nothing changes");
}
