//! `blockable credit`: an offer is accepted or withdrawn, a claim collected, a schedule shown.

use crate::world::world;

#[test]
fn an_offer_is_accepted_on_the_terms_that_are_shown() {
    let (world, credit) = (world(), world().offer(|_| ()));
    let address = credit.to_string();
    let hash = world.run(&["credit", "show", &address, "--json", "terms_hash"]).data()["terms_hash"].clone();
    let hash = hash.as_str().unwrap();
    let other =
        world.run_as("borrower", &["credit", "accept", &address, "--terms-hash", &"0".repeat(64)]).error();
    assert!(other["message"].as_str().unwrap().contains(hash), "{other}");
    let foreign = world.run_as("buyer", &["credit", "accept", &address]).error();
    assert!(foreign["message"].as_str().unwrap().contains("only the borrower can"), "{foreign}");
    let done = world.run_as("borrower", &["credit", "accept", &address, "--terms-hash", hash]);
    assert!(done.stderr.contains("36, the first of $333.34 after 10 minutes"), "{done:?}");
    assert_eq!(done.data()["state"]["status"], "accepted");
    assert_eq!(world.run_as("borrower", &["credit", "accept", &address]).data()["changed"], false);
    let withdrawn = world.run_as("borrower", &["credit", "cancel", &address]).data();
    assert_eq!((&withdrawn["changed"], &withdrawn["state"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(world.run(&["credit", "show", &address]).code, 4, "the account is gone");
    assert_eq!(world.run_as("borrower", &["credit", "cancel", &address]).data()["changed"], false);
    let never = blockable_sdk::Pubkey::new_unique().to_string();
    assert_eq!(world.run_as("borrower", &["credit", "cancel", &never]).code, 4, "it was never made");
}

#[test]
fn an_offer_that_has_expired_is_not_accepted_and_a_live_loan_is_not_cancelled() {
    let world = world();
    let now = world.chain_time().get();
    let old = world.offer(|offer| offer.terms.offer_expires_at = now + 2);
    world.wait_until(now + 4);
    let error = world.run_as("borrower", &["credit", "accept", &old.to_string()]).error();
    assert!(error["message"].as_str().unwrap().contains("has expired"), "{error}");
    assert_eq!(world.run_as("lender", &["credit", "cancel", &old.to_string()]).data()["changed"], true);
    let live = world.loan().to_string();
    let error = world.run_as("lender", &["credit", "cancel", &live]).error();
    assert!(error["message"].as_str().unwrap().contains("only before its units are issued"), "{error}");
}

#[test]
fn a_claim_is_paid_to_its_party_alone() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    assert_eq!(world.run_as("buyer", &["credit", "collect", &address]).data()["changed"], false);
    world.run_as("borrower", &["credit", "repay", &address, "--all"]).data();
    let earned = world.credit(&credit).claims.provider;
    assert!(earned > 0);
    world.run_as("buyer", &["credit", "collect", &address, "--for", "provider"]).data();
    let collected = world.run_as("buyer", &["credit", "collect", &address]).data();
    assert_eq!(collected["state"]["claims"]["lender"], 0);
    assert_eq!(world.credit(&credit).claims.provider, 0);
}

#[test]
fn a_schedule_shows_what_is_left() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    world.run_as("borrower", &["credit", "repay", &address, "--amount", "400usdc"]).data();
    let shown = world.run(&["credit", "schedule", &address]);
    assert!(shown.stdout.contains("NO.") && shown.stdout.contains("$333.34"), "{shown:?}");
    let data = world.run(&["credit", "schedule", &address, "--json", "number,principal,unpaid"]).data();
    let lines = data.as_array().unwrap();
    assert_eq!((lines.len(), &lines[0]["unpaid"]), (36, &0.into()));
    let unpaid: u64 = lines.iter().map(|line| line["unpaid"].as_u64().unwrap()).sum();
    assert_eq!(unpaid, world.credit(&credit).debt.principal);
}
