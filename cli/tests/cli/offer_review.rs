//! `blockable credit offer`: the same offer again, its price, and the bounds of the simulator.

use crate::{
    offer::{DAY, base, offer, offered},
    world::world,
};

#[test]
fn an_offer_with_dates_is_the_same_one_a_second_later() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let rate = ["--units-per-second", "100", "--longest-job", "60s", "--terms", "prepaid"];
    let in_a_week = (world.chain_time().get() / i64::from(DAY) + 7) * i64::from(DAY);
    let in_a_week = jiff::Timestamp::from_second(in_a_week).unwrap().strftime("%Y-%m-%d").to_string();
    let file = folder.path().join("dates.csv").display().to_string();
    std::fs::write(&file, format!("due,principal\n{in_a_week},400usdc\n90d,800usdc\n")).unwrap();
    for dates in [
        vec!["--first-due", &in_a_week, "--every", "month", "--instalments", "3"],
        vec!["--first-due", "tomorrow", "--every", "30d", "--instalments", "4"],
        vec!["--first-due", &in_a_week, "--every", "30d", "--instalments", "5", "--schedule", "level"],
        vec!["--schedule-file", &file],
    ] {
        let flags = [&rate[..], &dates[..]].concat();
        let (address, ..) = offered(world, &flags);
        world.wait_until(world.chain_time().get() + 2);
        let again = offer(world, &flags).data();
        assert_eq!(again["changed"], false, "{dates:?}: {again}");
        assert_eq!(again["state"]["credit"], address.to_string(), "{dates:?}");
    }
    // Another date is another loan.
    let day = |date: &str| offered(world, &[&rate[..], &["--first-due", date, "--every", "30d"]].concat()).0;
    assert_ne!(day(&in_a_week), day("9d"));
}

#[test]
fn a_price_with_a_digit_too_many_is_warned_of() {
    let world = world();
    // A number of its own: another test makes the same offer.
    let near = offer(world, &["--nonce", "7000003", "--dry-run"]);
    assert!(near.stderr.contains("$5.00 per million units\n"), "{near:?}");
    assert!(near.warnings().is_empty(), "{near:?}");
    let mut far = base(world);
    (far[7], far[9]) = ("100000usdc".to_string(), "20,000,000units".to_string());
    let far: Vec<&str> = far.iter().map(String::as_str).chain(["--nonce", "7000003", "--dry-run"]).collect();
    let done = world.run_as("lender", &far);
    assert!(done.stderr.contains("$5,000.00 per million units\n"), "{done:?}");
    let warnings = done.warnings();
    assert!(
        warnings.iter().any(|warning| warning.contains("the provider's other loans of this market paid")),
        "{done:?}"
    );
    let price = &done.data()["state"]["price"];
    assert_eq!(price["price"], 5_000_000_000_u64);
    assert!(price["other_loans"].as_u64().unwrap() > 0, "{price}");
}

#[test]
fn terms_that_the_simulator_does_not_take_are_told_from_those_of_the_market() {
    let world = world();
    let seconds = ["--delinquent-after", "5s", "--default-after", "9s", "--dry-run"];
    let done = offer(world, &seconds);
    assert!(done.stderr.contains("nothing: the simulator has bounds of its own"), "{done:?}");
    assert!(done.stderr.contains("this market may take them"), "{done:?}");
}
