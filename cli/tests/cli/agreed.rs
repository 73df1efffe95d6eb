//! `blockable credit`: what both parties agree on after the issue, and the end of a loan.

use {
    crate::world::world,
    blockable_sdk::{Pubkey, terms::instalments},
    serde_json::Value,
};

const DAY: u32 = 86_400;

#[test]
fn a_loan_is_restructured_by_both_parties() {
    let (world, credit) = (world(), world().loan());
    let (address, borrower, provider) = (credit.to_string(), world.key("borrower"), world.key("provider"));
    let schedule =
        ["--instalments", "6", "--every", "30d", "--apr", "9%", "--holdback-apr", "4%", "--cure", "3d"];
    let base = [&["credit", "restructure", &address], &schedule[..]].concat();
    let alone = world.run_as("lender", &base);
    assert!(alone.message().contains("must sign as well; name its key by --borrower-keypair"), "{alone:?}");
    let foreign = [&base[..], &["--borrower-keypair", &provider]].concat();
    let foreign = world.run_as("lender", &foreign);
    assert!(foreign.message().contains("the key of --borrower-keypair is"), "{foreign:?}");
    let dry = [&base[..], &["--borrower-keypair", &provider, "--dry-run"]].concat();
    assert!(world.run_as("lender", &dry).message().contains("the key of --borrower-keypair is"));
    let both = [&base[..], &["--borrower-keypair", &borrower]].concat();
    // What is held back would wait for months longer.
    let held = world.run_as("lender", &both);
    assert!(held.message().contains("name its key by --provider-keypair"), "{held:?}");
    let all = [&both[..], &["--provider-keypair", &provider]].concat();
    let done = world.run_as("lender", &all);
    let first = done.stderr.lines().next().unwrap();
    assert!(
        first.contains(&format!(", also {}, also {}", world.party("borrower"), world.party("provider"))),
        "{first}"
    );
    assert!(done.stderr.contains("agrees that what is held back waits for longer"), "{done:?}");
    assert_eq!(done.data()["changed"], true);
    let account = world.credit(&credit);
    assert_eq!((account.terms.apr_bps, account.terms.cure_period, account.restructurings), (900, 3 * DAY, 1));
    assert_eq!(account.terms.holdback_apr_bps, 400);
    let dates: Vec<u32> = instalments(&account).iter().map(|part| part.due_after / DAY).collect();
    assert_eq!(dates, [30, 60, 90, 120, 150, 180]);
    assert_eq!(world.run_as("lender", &all).data()["changed"], false, "the same again is the first one");
    assert_eq!(world.credit(&credit).restructurings, 1);
    let bare = world.run_as("lender", &["credit", "restructure", &address, "--apr", "8%"]).error();
    assert_eq!(bare["code"], "usage");
    let high = world.run_as("lender", &[&base[..], &["--late-fee", "9000usdc"]].concat());
    assert!(high.message().contains("the late fee is $9,000.00, more than"), "{high:?}");
    let repaid = world.sandbox_loan(blockable_sandbox::loans::LoanName::Repaid).to_string();
    let ended = world.run_as("lender", &["credit", "restructure", &repaid, "--instalments", "2"]);
    assert!(ended.message().contains("is repaid; only a live loan"), "{ended:?}");
}

#[test]
fn a_reserve_is_filled_and_drawn() {
    let world = world();
    let credit = world.offer(|offer| {
        offer.rider.reserve = 500_000_000;
        offer.schedule[0].due_after = 2;
        (offer.terms.delinquency_grace, offer.terms.default_grace) = (300, 600);
    });
    let address = credit.to_string();
    assert_eq!(
        world.run_as("borrower", &["credit", "accept", &address]).data()["state"]["status"],
        "accepted"
    );
    let part = world.run_as("borrower", &["credit", "reserve", &address, "--amount", "100usdc"]).data();
    assert_eq!(part["state"]["reserve"], 100_000_000);
    let done = world.run_as("buyer", &["credit", "reserve", &address, "--fill"]);
    assert!(done.stderr.contains("pay $400.00 into the reserve"), "anyone may: {done:?}");
    assert_eq!(done.data()["state"]["reserve"], 500_000_000);
    assert_eq!(world.run_as("borrower", &["credit", "reserve", &address, "--fill"]).data()["changed"], false);
    world.issue_accepted(&credit);
    world.wait_until(world.credit(&credit).issued_at + 3);
    let drawn = world.run_as("keeper", &["credit", "reserve", &address, "--draw"]);
    // The keeper may have been faster.
    if drawn.data()["changed"] == true {
        assert!(drawn.stderr.contains("arrears"), "{drawn:?}");
    }
    assert!(world.credit(&credit).reserve_held < 500_000_000);
    assert_eq!(world.credit(&credit).arrears(), 0);
    assert_eq!(world.run_as("buyer", &["credit", "reserve", &address, "--draw"]).data()["changed"], false);
    let none = world.loan().to_string();
    let error = world.run_as("borrower", &["credit", "reserve", &none, "--fill"]);
    assert!(error.message().contains("ask for no reserve"), "{error:?}");
    let poor = world.run_as("keeper", &["credit", "reserve", &address, "--fill"]).error();
    assert_eq!(poor["code"], "not_found", "it has no money: {poor}");
}

#[test]
fn the_borrowers_place_is_offered_withdrawn_and_waits() {
    let (world, credit) = (world(), world().loan());
    let (address, borrower, buyer) = (credit.to_string(), world.key("borrower"), world.party("buyer"));
    let nobody = world.run_as("buyer", &["credit", "borrower-key", &address, "--accept"]);
    assert!(nobody.message().contains("is offered to nobody"), "{nobody:?}");
    let own = ["credit", "borrower-key", &address, &world.party("lender"), "--borrower-keypair", &borrower];
    let own = world.run_as("lender", &own);
    assert!(own.message().contains("nobody lends to itself"), "{own:?}");
    let offer = ["credit", "borrower-key", &address, &buyer, "--borrower-keypair", &borrower];
    let done = world.run_as("lender", &offer);
    assert_eq!(done.data()["changed"], true, "{done:?}");
    assert_eq!(world.credit(&credit).pending_borrower.to_string(), buyer);
    assert_eq!(world.run_as("lender", &offer).data()["changed"], false);
    let shown = world.run(&["credit", "show", &address, "--output", "json"]).data();
    assert_eq!(
        (&shown["pending_borrower"], &shown["pending_lender"]),
        (&buyer.clone().into(), &serde_json::Value::Null)
    );
    assert!(world.run(&["credit", "show", &address]).stdout.contains("borrower's place"));
    let early = world.run_as("buyer", &["credit", "borrower-key", &address, "--accept"]);
    assert!(early.message().contains("the borrower's place can be taken from"), "{early:?}");
    world.run_as("borrower", &["credit", "borrower-key", &address, "--withdraw"]).data();
    assert_eq!(world.credit(&credit).pending_borrower, Pubkey::default());
    let again = world.run_as("borrower", &["credit", "borrower-key", &address, "--withdraw"]).data();
    assert_eq!(again["changed"], false);
}

#[test]
fn a_loan_that_has_ended_is_closed() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    let live = world.run_as("borrower", &["credit", "close", &address]);
    assert!(live.message().contains("only a loan that owes nothing is closed"), "{live:?}");
    world.run_as("borrower", &["credit", "repay", &address, "--all"]).data();
    let claims = world.run_as("borrower", &["credit", "close", &address]);
    assert!(
        claims.message().contains("for the lender") && claims.message().contains("credit collect"),
        "{claims:?}"
    );
    for party in ["lender", "provider"] {
        world.run_as("buyer", &["credit", "collect", &address, "--for", party]).data();
    }
    let left = world.credit(&credit).collateral.remaining();
    assert!(left > 0);
    let units = world.run_as("borrower", &["credit", "close", &address]);
    assert!(units.message().contains(&format!("it closes the account by --give-up {left}")), "{units:?}");
    let give_up = left.to_string();
    let close = ["credit", "close", &address, "--give-up", &give_up];
    let stranger = world.run_as("buyer", &close);
    assert!(stranger.message().contains("only the borrower can"), "{stranger:?}");
    let closed = world.run_as("borrower", &close).data();
    assert_eq!((&closed["changed"], &closed["state"]), (&true.into(), &Value::Null));
    assert_eq!(world.run(&["credit", "show", &address]).code, 4, "the account is gone");
}
