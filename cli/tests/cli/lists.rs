//! `blockable credit list` and `show`: the market that is named, and what an offer owes.

use {crate::world::world, blockable_sandbox::loans::LoanName};

#[test]
fn the_market_that_is_named_is_the_credits_and_an_empty_list_says_which_it_was() {
    let (world, credit) = (world(), world().sandbox_loan(LoanName::Healthy).to_string());
    let message = |done: crate::run::Done| done.error()["message"].as_str().unwrap().to_string();
    let (market, wallet) = (world.market(), world.party("lender"));
    let show = |market: &str| world.run(&["credit", "show", &credit, "--market", market, "--output", "json"]);
    assert_eq!(show(&market).data()["credit"], credit);
    let error = message(show(&wallet));
    assert!(error.contains("and no market; check --market"), "{error}");
    let repay = ["credit", "repay", &credit, "--amount", "1usdc", "--market", &wallet];
    assert!(message(world.run_as("borrower", &repay)).contains("and no market; check --market"));
    let none = world.run(&["credit", "list", "--where", &format!("borrower={}", world.party("keeper"))]);
    assert!(
        none.stdout.contains(&format!("no credits of market {market} (environment BLOCKABLE_MARKET)")),
        "{none:?}"
    );
    // A wrong letter in a party.
    let mut typed = world.party("borrower");
    let last = if typed.pop() == Some('2') { '3' } else { '2' };
    typed.push(last);
    if typed.parse::<blockable_sdk::Pubkey>().is_ok() {
        let near =
            world.run(&["credit", "list", "--where", &format!("borrower={typed}"), "--output", "json"]);
        let warnings = near.warnings();
        assert!(warnings[0].contains(&format!("did you mean {}?", world.party("borrower"))), "{near:?}");
    }
}

#[test]
fn an_offer_is_listed_with_its_principal_and_owes_nothing() {
    let (world, offered) = (world(), world().sandbox_loan(LoanName::Offered));
    let (address, principal) = (offered.to_string(), world.credit(&offered).terms.principal);
    let shown = world.run(&["credit", "show", &address]).stdout;
    assert!(shown.lines().any(|line| line.starts_with("offered ") && line.contains(" for ")), "{shown}");
    assert!(!shown.lines().any(|line| line.starts_with("lent ")), "{shown}");
    let listed = world.run(&["credit", "list", "--where", "status=offered"]).stdout;
    let row = listed.lines().find(|line| line.starts_with(&address)).unwrap();
    let principal = blockable_service::text::usd_owed(blockable_sdk::amounts::MicroUsd(principal));
    assert!(row.contains(&principal) && !row.contains("$0.00"), "{row}");
}
