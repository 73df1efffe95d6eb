//! Dangers of a loan that a command says before anything is signed: who serves the units.

use {
    crate::{
        run::Done,
        world::{World, world},
    },
    blockable_sdk::amounts::MicroUsd,
};

/// Makes an offer with a number of its own: the same one as another test's would be that one.
fn offer(world: &World, lender: &str, borrower: &str, nonce: &str) -> String {
    let (borrower, provider) = (world.party(borrower), world.venue().provider.to_string());
    let offer =
        ["credit", "offer", "--borrower", &borrower, "--provider", &provider, "--principal", "1200usdc"];
    let offer = [&offer[..], &["--units", "240000000", "--nonce", nonce]].concat();
    world.run_as(lender, &offer).data()["created"]["credit"].as_str().unwrap().to_string()
}

fn require_named(world: &World, done: &Done, names: &[&str]) {
    let (provider, account) = (world.venue().provider.to_string(), world.provider());
    let mut said = vec![provider, account.authority.to_string(), world.venue().keys.mint.to_string()];
    said.extend(account.settings.reporters().iter().map(|reporter| reporter.key.to_string()));
    said.extend(names.iter().map(ToString::to_string));
    for said in said {
        assert!(done.stderr.contains(&said), "{said}: {done:?}");
    }
}

fn require_warned(done: &Done, said: &str) {
    let warnings = done.warnings();
    assert!(warnings.iter().any(|warning| warning.starts_with(said)), "{done:?}");
    let is_loud =
        |line: &str| line.trim().strip_prefix("WARNING").is_some_and(|rest| rest.trim().starts_with(said));
    assert!(done.stderr.lines().any(is_loud), "{done:?}");
}

#[test]
fn the_borrower_reads_who_serves_the_units() {
    let world = world();
    let credit = offer(world, "lender", "borrower", "12000101");
    let accept = ["credit", "accept", &credit, "--dry-run"];
    let honest = world.run_as("borrower", &accept);
    require_named(world, &honest, &["its capacity", "must agree on the use"]);
    assert_eq!(honest.warnings(), Vec::<String>::new());
    // The provider lends, and its principal flows back to it.
    let provider = &world.venue().keyring.provider;
    world.block_on(world.venue().fund(&[(provider, MicroUsd(2_000_000_000))])).unwrap();
    let own = offer(world, "provider", "borrower", "12000102");
    let done = world.run_as("borrower", &["credit", "accept", &own, "--dry-run"]);
    require_warned(&done, "THE LENDER IS THE PROVIDER");
}

#[test]
fn the_buyer_of_a_loan_reads_its_terms_and_who_serves_the_units() {
    let world = world();
    let credit = world.loan_with(|offer| offer.rider.cross_default = 1).to_string();
    world.run_as("lender", &["credit", "assign", &credit, &world.party("buyer")]).data();
    let done = world.run_as("buyer", &["credit", "accept-assignment", &credit, "--dry-run"]);
    require_named(world, &done, &["terms hash", "instalments", "freezes", "cross-default", "at least $"]);
    assert!(!done.stderr.contains("offer ends"), "{done:?}");
    assert_eq!(done.warnings(), Vec::<String>::new());
    let own = offer(world, "lender", "provider", "12000103");
    world.run_as("provider", &["credit", "accept", &own]).data();
    world.issue_accepted(&own.parse().unwrap());
    world.run_as("lender", &["credit", "assign", &own, &world.party("buyer")]).data();
    let done = world.run_as("buyer", &["credit", "accept-assignment", &own, "--dry-run"]);
    require_warned(&done, "THE BORROWER IS THE PROVIDER");
}
