use {
    super::{Printed, amount},
    crate::Played,
    blockable_sdk::{Pubkey, Signature, events::Change, program::state::Party},
    serde_json::Value,
};

/// Each story is told from offer to end, and the first shows all that the lock does.
pub(super) fn the_stories_have_their_steps(printed: &Printed) {
    let names = |story| {
        let steps = printed.story(story).filter(|step| step["step"] != "check");
        steps.map(|step| step["step"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(
        names("standard"),
        [
            "offer",
            "accept",
            "issue",
            "refuse",
            "repay",
            "admit",
            "repay",
            "replay",
            "race",
            "mark_delinquent",
            "freeze_all",
            "settle",
            "overrun",
            "mark_defaulted",
            "cancel",
            "draw_reserve",
            "seize",
            "buy",
            "buy",
            "close_lot",
            "collect",
        ]
    );
    assert_eq!(
        names("prepaid"),
        [
            "offer",
            "accept",
            "issue",
            "admit",
            "repay",
            "replay",
            "race",
            "mark_delinquent",
            "freeze_shortfall",
            "race",
            "mark_defaulted",
            "freeze_all",
            "settle",
            "seize",
            "buy",
            "buy",
            "close_lot",
            "collect",
        ]
    );
    let checks: Vec<_> = printed.0.iter().filter(|step| step["step"] == "check").collect();
    assert_eq!(checks.len(), 14);
    assert!(checks.iter().all(|check| check["holds"] == true));
    let days = |story| printed.story(story).filter_map(|step| step["day"].as_u64()).collect::<Vec<_>>();
    assert!(days("standard").is_sorted() && days("prepaid").is_sorted());
}

/// Every step that has a transaction says what the events of that transaction say.
pub(super) async fn each_amount_is_that_of_its_transaction(played: &Played, printed: &Printed) {
    let client = &played.cast.cluster.client;
    let mut compared = 0;
    for step in printed.0.iter().filter(|step| step["signature"].is_string()) {
        let signature: Signature = step["signature"].as_str().unwrap().parse().unwrap();
        let landed = client.landed(&signature).await.unwrap();
        assert_eq!(amount(step, "slot"), landed.slot);
        assert_eq!(step["compute_units"].as_u64(), landed.compute_units);
        let credits = played.outcomes.map(|outcome| outcome.credit);
        for record in landed.events.iter().flat_map(|event| event.records()) {
            if let Some(story) = credits.iter().position(|credit| *credit == record.credit) {
                assert_eq!(step["story"], played.loans[story].name);
                compared += compare(step, &credits[story], &record.change);
            }
        }
    }
    assert!(compared > 90, "only {compared} amounts were compared");
}

/// Compares the fields of a step that an event has too. Returns how many.
fn compare(step: &Value, credit: &Pubkey, change: &Change) -> usize {
    let fields = match change {
        Change::Paid { .. } => fields_of_payment(credit, change),
        Change::LockedCancelled { .. }
        | Change::Seized { .. }
        | Change::Sold { .. }
        | Change::WrittenOff { .. }
        | Change::Collected { .. } => fields_of_recovery(step, change),
        _ => fields_before_recovery(step, change),
    };
    for (field, expected) in &fields {
        assert_eq!(amount(step, field), *expected, "{field} of {step}");
    }
    fields.len()
}

fn fields_of_payment(credit: &Pubkey, change: &Change) -> Vec<(&'static str, u64)> {
    let Change::Paid {
        payer, late_fees, interest, principal, released, earned, unlocked, locked, debt, ..
    } = change
    else {
        return Vec::new();
    };
    let paid = late_fees + interest + principal;
    let mut fields = vec![("paid", paid), ("locked", *locked), ("owed", *debt)];
    if payer != credit {
        fields.extend([("late_fees", *late_fees), ("interest", *interest), ("principal", *principal)]);
        fields.extend([("released", *released), ("unlocked", *unlocked)]);
        fields.push(("earned_by_provider", *earned));
    }
    fields
}

fn fields_before_recovery(step: &Value, change: &Change) -> Vec<(&'static str, u64)> {
    match change {
        Change::Offered { terms, .. } => vec![("principal", terms.principal), ("units", terms.units)],
        Change::ReserveFunded { amount, held, .. } => vec![("reserve", *amount), ("reserve", *held)],
        Change::Issued { held_back, .. } => vec![("held_back", *held_back)],
        Change::MarkedDelinquent { arrears } => vec![("arrears", *arrears)],
        Change::MarkedDefaulted { arrears, debt } => {
            vec![("arrears", *arrears), ("debt", *debt), ("owed", *debt)]
        }
        Change::Frozen { frozen_for_payment, frozen_for_other, locked, .. } => {
            vec![("frozen", *frozen_for_payment.max(frozen_for_other)), ("locked", *locked)]
        }
        Change::Metered { in_flight, .. } if step["step"] == "admit" => vec![("in_flight", *in_flight)],
        _ => Vec::new(),
    }
}

fn fields_of_recovery(step: &Value, change: &Change) -> Vec<(&'static str, u64)> {
    match change {
        Change::LockedCancelled { units, paid, debt, .. } => {
            vec![("cancelled", *units), ("paid", *paid), ("owed", *debt)]
        }
        Change::Seized { units, start_price, floor_price, .. } => vec![
            ("seized", *units),
            ("start_price_per_million", *start_price),
            ("floor_price_per_million", *floor_price),
        ],
        Change::Sold { units, cost, fee, recovered, surplus, debt, .. } => vec![
            ("units", *units),
            ("cost", *cost),
            ("fee", *fee),
            ("recovered", *recovered),
            ("surplus", *surplus),
            ("owed", *debt),
        ],
        Change::WrittenOff { debt, .. } => vec![("written_off", *debt)],
        Change::Collected { party, amount, .. } => match (step["step"] == "collect", party) {
            (true, Party::Lender) => vec![("lender", *amount)],
            (true, Party::Treasury) => vec![("treasury", *amount)],
            (true, Party::Borrower) => vec![("borrower", *amount)],
            (true, Party::Provider) => vec![("provider", *amount)],
            (false, _) => vec![("paid", *amount)],
        },
        _ => Vec::new(),
    }
}

/// The last line has the stories' ends, the distribution and the freeze's latency.
pub(super) fn the_summary_is_the_last_line(played: &Played, printed: &Printed) {
    let summary = printed.0.last().unwrap();
    assert_eq!((&summary["step"], &summary["ok"]), (&Value::from("summary"), &Value::from(true)));
    assert_eq!(amount(summary, "freeze_ms"), played.outcomes[0].freeze_ms);
    for (index, (loan, outcome)) in played.loans.iter().zip(&played.outcomes).enumerate() {
        let story = &summary["stories"][index];
        assert_eq!(story["story"], loan.name);
        assert_eq!(amount(story, "debt_at_default"), outcome.debt.get());
        assert_eq!(amount(story, "recovered"), outcome.recovered().get());
        let marked = printed.step(loan.name, "mark_defaulted");
        assert_eq!(amount(marked, "debt"), outcome.debt.get());
    }
    let (distribution, found) = (&summary["distribution"], &played.distribution);
    assert_eq!((amount(distribution, "seed"), amount(distribution, "paths")), (7, 400));
    for (index, summary) in found.summaries.iter().enumerate() {
        let preset = &distribution["presets"][index];
        assert_eq!(preset["preset"], summary.preset.as_str());
        for (field, expected) in [
            ("mean", summary.recovery.value),
            ("p5", summary.quantiles.p5.value),
            ("p50", summary.quantiles.p50.value),
            ("p95", summary.quantiles.p95.value),
            ("never_left_the_vault", summary.sources.holdback),
            ("of_what_was_paid_out", summary.recovery_of_paid_out.value),
        ] {
            // Numbers are read back from decimals.
            assert!((preset[field].as_f64().unwrap() - expected).abs() < 1e-12, "{field} of {preset}");
        }
    }
    let command = distribution["command"].as_str().unwrap();
    assert!(command.ends_with("--paths 400 --seed 7"), "{command}");
}
