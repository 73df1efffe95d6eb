//! Explanations of what is due on a credit, and what is not.

use {
    super::*,
    crate::{
        api::Explanation,
        plan::{ActionState, ActionView, CreditPlan, explain},
        values::Time,
    },
};

fn explained(world: &World) -> CreditPlan {
    explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).unwrap()
}

fn explanation(world: &World) -> Explanation {
    Explanation::new(&world.snapshot, &world.shelf, &world.settings, &address(0), None).unwrap()
}

fn action(plan: &CreditPlan, kind: Kind) -> ActionView {
    plan.actions.iter().find(|action| action.kind == kind).unwrap().clone()
}

/// The reason for which an action does not apply.
fn why_not(plan: &CreditPlan, kind: Kind) -> String {
    let action = action(plan, kind);
    assert_eq!((action.state, &action.at), (ActionState::DoesNotApply, &None), "{action}");
    action.why.unwrap()
}

#[test]
fn a_credit_that_is_not_there_has_no_explanation() {
    let world = World::at(DUE);
    assert!(explain(&world.snapshot, &world.shelf, &world.settings, &address(0)).is_none());
    assert!(Explanation::new(&world.snapshot, &world.shelf, &world.settings, &address(0), None).is_none());
}

#[test]
fn every_action_says_when_or_why_not() {
    let plan = explained(&World::at(DUE + DAY).with(credit(0)));
    assert_eq!(plan.actions.len(), Kind::ALL.len());
    let at = DUE + DELINQUENCY_GRACE;
    assert_eq!(
        action(&plan, Kind::MarkDelinquent),
        ActionView::not_before(Kind::MarkDelinquent, ChainTime(at))
    );
    assert_eq!(why_not(&plan, Kind::MarkDefaulted), "its status, Active, does not allow it");
    assert!(plan.next.starts_with("mark_delinquent at 20"), "{}", plan.next);
}

#[test]
fn what_is_planned_is_what_is_explained() {
    let grace_ends = DUE + DELINQUENCY_GRACE;
    let mut world = World::at(grace_ends).with(credit(0));
    let intent = world.intent().unwrap();
    let expected = ActionView::due(Kind::MarkDelinquent, ChainTime(grace_ends), intent.reason.to_string());
    assert_eq!(action(&explained(&world), Kind::MarkDelinquent), expected);
    assert_eq!(explained(&world).next, format!("mark_delinquent now: {}", intent.reason));
    world.settings.backup_delay_seconds = 40;
    let expected = ActionView::left_to_others(Kind::MarkDelinquent, ChainTime(grace_ends + 40));
    assert_eq!(action(&explained(&world), Kind::MarkDelinquent), expected);
}

#[test]
fn lock_holdback_and_what_a_payment_opens_are_explained() {
    let at = DUE + DEFAULT_GRACE;
    let mut world = World::at(at).with(defaulted());
    world.change(0, |credit| {
        (credit.terms.holdback, credit.holdback_left) = (600 * USDC, 600 * USDC);
        credit.collateral.locked_at_issue = UNITS / 2;
    });
    let text = explanation(&world).to_string();
    for line in [
        "\nunits       500,000,000 units available, 1,000,000,000 units under lien, 0 units of it frozen, 500,000,000 units of \
         it locked\n            0 units released, 0 units cancelled\n",
        "\nholdback    $600.00 for 500,000,000 units; $0.00 earned and not collected; the lender may cancel from 2027-",
        "\npayment     $400.00 now would open 333,333,333 units, and $399.99 of the holdback for the provider; it cures\n",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let (shelf, settings) = (&world.shelf, &world.settings);
    let amount = Some(blockable_sdk::amounts::MicroUsd(3 * USDC));
    let asked = Explanation::new(&world.snapshot, shelf, settings, &address(0), amount).unwrap();
    assert!(asked.to_string().contains("\npayment     $3.00 now would open 2,500,000 units"), "{asked}");
    let none = explanation(&World::at(ISSUED).with(credit(0))).to_string();
    assert!(!none.contains("\nholdback "), "none was agreed: {none}");
}

#[test]
fn reports_are_listed_with_what_is_wrong_with_them() {
    let at = ISSUED + 60;
    let mut world = World::at(at).with(credit(0));
    world.hear(report(0, at, &[(0, 500)]));
    world.hear(report(1, at, &[(0, 501)]));
    world.hear(ReportRecord { epoch: EPOCH - 1, ..report(2, at, &[(0, 502)]) });
    let plan = explained(&world);
    let meter = action(&plan, Kind::Meter);
    assert_eq!((meter.state, meter.at), (ActionState::Due, Some(Time::from(ChainTime(at)))));
    let usage = plan.usage.as_ref().unwrap();
    assert_eq!(usage.quorum, 2);
    assert!(usage.agreement.starts_with("2 of 2 reporters agree on 500 units used"), "{}", usage.agreement);
    let reports: Vec<_> =
        usage.reports.iter().map(|report| (report.is_used, report.problem.is_some())).collect();
    assert_eq!(reports, [(true, false), (true, false), (false, true)]);
    let json = serde_json::to_value(explanation(&world)).unwrap();
    assert_eq!(
        (&json["meter"]["chunk"], &json["meter"]["bit"], &json["meter"]["cumulative"]),
        (&0.into(), &0.into(), &"0".into())
    );
    world.hear(report(1, at + 1, &[(0, 9_000)]));
    let plan = explained(&world);
    assert_eq!(
        why_not(&plan, Kind::Meter),
        "1 of 2 reporters agree on 500 units used at 2027-01-15 08:01 UTC, and 2 must; others are late"
    );
    let agrees: Vec<_> = plan.usage.unwrap().reports.iter().map(|report| report.agrees).collect();
    assert_eq!(agrees, [Some(true), Some(false), Some(true)]);
}

#[test]
fn it_reads_as_text_and_as_json() {
    let mut world = World::at(DUE + DAY).with(credit(0));
    world.hear(report(0, DUE + DAY, &[(0, 500)]));
    let explanation = explanation(&world);
    let text = explanation.to_string();
    for line in [
        "status      active, as of 2027-02-15 08:00 UTC (slot 1000)",
        "arrears     $400.00 since 2027-02-14 08:00 UTC; this keeper adds 0 seconds to each grace",
        "next due    $800.00 by 2027-03-16 08:00 UTC",
        "metered     0 units up to 2027-01-15 08:00 UTC; chunk 0, bit 0",
        "  mark_delinquent not before 2027-02-19 08:00 UTC",
        "  draw_reserve    no: the reserve is empty",
        "next        mark_delinquent at 2027-02-19 08:00 UTC at the earliest, if nothing changes until then",
    ] {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!((&json["status"], &json["credit"]), (&"active".into(), &address(0).to_string().into()));
    assert_eq!(json["debt"]["arrears"], "400000000");
    assert_eq!(json["debt"]["arrears_since"]["unix"], DUE);
    assert_eq!(json["next_payment"]["due_at"]["unix"], ISSUED + 60 * DAY);
    assert_eq!(json["next_payment"]["principal"], "800000000", "what is in arrears included");
    assert_eq!(json["plan"]["actions"][2]["kind"], "mark_delinquent");
    assert_eq!(json["plan"]["actions"][2]["state"], "not_before");
    assert_eq!(json["plan"]["actions"][2]["at"]["text"], "2027-02-19T08:00:00Z");
    assert_eq!(json["plan"]["usage"]["reports"][0]["cumulative"], "500");
}

#[test]
fn a_pause_and_a_switch_are_given_as_reasons() {
    let late = DUE + DELINQUENCY_GRACE;
    let mut world = World::at(late).with(credit(0));
    (world.snapshot.market.paused_at, world.snapshot.market.pause_expires_at) = (late, late + 1);
    assert!(explanation(&world).to_string().contains("the market is paused"));
    let plan = explained(&world);
    for kind in [Kind::MarkDelinquent, Kind::Meter] {
        assert_eq!(why_not(&plan, kind), "the market is paused");
    }
    world.settings.enabled.clear();
    let plan = explained(&world);
    assert!(plan.actions.iter().all(|action| action.to_string().contains("switched off")));
    assert_eq!(plan.next, "nothing, while nothing changes");
}
