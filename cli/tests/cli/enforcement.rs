//! `blockable credit`: what the lender does when a loan goes wrong, and with its place.

use {
    crate::world::world,
    blockable_sandbox::loans::LoanName,
    blockable_sdk::{Keypair, Pubkey, Signer},
};

#[test]
fn a_notice_is_given_once_and_withdrawn() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let credit = world.loan_with(|offer| offer.rider.breach_notice = 1).to_string();
    let file = folder.path().join("breach.txt").display().to_string();
    std::fs::write(&file, "the covenant of section 4 was broken").unwrap();
    let notice = ["credit", "notice", &credit, "--document", &file];
    let missing = world.run_as("lender", &["credit", "notice", &credit, "--document", "nowhere.txt"]).error();
    assert_eq!(missing["code"], "not_found");
    let done = world.run_as("lender", &notice);
    let hash = "document        ";
    assert!(done.stderr.contains(hash) && done.stderr.contains("none -> given"), "{done:?}");
    assert_eq!(done.data()["state"]["status"], "defaulted");
    assert_eq!(world.run_as("lender", &notice).data()["changed"], false);
    let withdrawn = world.run_as("lender", &["credit", "notice", &credit, "--withdraw"]).data();
    assert_eq!(withdrawn["state"]["status"], "active");
    assert_eq!(world.run_as("lender", &["credit", "notice", &credit, "--withdraw"]).data()["changed"], false);
    let plain = world.loan().to_string();
    let error = world.run_as("lender", &["credit", "notice", &plain, "--document", &file]).error();
    assert!(error["message"].as_str().unwrap().contains("do not provide for a notice"), "{error}");
}

#[test]
fn a_loan_is_assigned_within_what_the_buyer_has_read() {
    let (world, credit) = (world(), world().loan());
    let (address, buyer) = (credit.to_string(), world.party("buyer"));
    world.run_as("borrower", &["credit", "repay", &address, "--amount", "500usdc"]).data();
    let nobody = world.run_as("buyer", &["credit", "accept-assignment", &address]).error();
    assert!(nobody["message"].as_str().unwrap().contains("is offered to nobody"), "{nobody}");
    let own = world.run_as("lender", &["credit", "assign", &address, &world.party("borrower")]).error();
    assert!(own["message"].as_str().unwrap().contains("nobody lends to itself"), "{own}");
    let assign = ["credit", "assign", &address, &buyer];
    assert_eq!(world.run_as("lender", &assign).data()["changed"], true);
    assert_eq!(world.run_as("lender", &assign).data()["changed"], false);
    let shown = world.run(&["credit", "show", &address]).stdout;
    assert!(shown.contains(&format!("offered to {buyer}, who takes it by")), "{shown}");
    let pending = || {
        world.run(&["credit", "show", &address, "--json", "pending_lender"]).data()["pending_lender"].clone()
    };
    assert_eq!(pending(), buyer);
    world.run_as("lender", &["credit", "assign", &address, "--withdraw"]).data();
    assert!(pending().is_null());
    assert_eq!(world.credit(&credit).pending_lender, Pubkey::default());
    world.run_as("lender", &assign).data();
    let done = world.run_as("buyer", &["credit", "accept-assignment", &address]);
    let again = world.run_as("buyer", &["credit", "accept-assignment", &address]).data();
    assert_eq!(again["changed"], false, "the place is taken");
    assert!(done.stderr.contains(&format!("$500.00 for {}", world.party("lender"))), "{done:?}");
    assert_eq!(done.data()["state"]["lender"], buyer);
    assert_eq!(world.credit(&credit).claims.lender, 0, "the seller has what was paid to it");
    assert_eq!(world.credit(&credit).freeze_authority.to_string(), buyer);
}

#[test]
fn another_freeze_authority_may_freeze() {
    let (world, credit) = (world(), world().loan().to_string());
    let keeper = world.party("keeper");
    let name = ["credit", "freeze-authority", &credit, &keeper];
    assert_eq!(world.run_as("lender", &name).data()["state"]["freeze_authority"], keeper);
    assert_eq!(world.run_as("lender", &name).data()["changed"], false);
    let old = world.run_as("freeze-authority", &["credit", "freeze", &credit, "--all"]).error();
    assert_eq!(old["code"], "refused");
    assert_eq!(world.run_as("keeper", &["credit", "freeze", &credit, "--all"]).data()["changed"], true);
}

#[test]
fn a_loan_is_frozen_while_another_of_the_borrower_is_in_default() {
    let world = world();
    let (credit, defaulted) =
        (world.loan_with(|offer| offer.rider.cross_default = 1), world.defaulted_loan());
    let (address, other) = (credit.to_string(), defaulted.to_string());
    let freeze = ["credit", "freeze", &address, "--all", "--reason", "cross-default", "--other", &other];
    let done = world.run_as("lender", &freeze);
    assert!(done.stderr.contains(&format!("rests on        {other}")), "{done:?}");
    let account = world.credit(&credit);
    assert_eq!(account.collateral.frozen_for_cross, account.collateral.freezable());
    assert_eq!(
        (account.cross_credit, &done.data()["state"][0]["frozen_for_payment"]),
        (defaulted, &0.into())
    );
    assert_eq!(world.run_as("lender", &freeze).data()["changed"], false);
    // Without a name it finds one by itself.
    let second = world.loan_with(|offer| offer.rider.cross_default = 1).to_string();
    let found = ["credit", "freeze", &second, "--share", "50%", "--reason", "cross-default"];
    assert_eq!(world.run_as("freeze-authority", &found).data()["changed"], true);
    let (plain, sound) = (world.loan().to_string(), world.loan().to_string());
    for (arguments, code, said) in [
        (vec![plain.as_str(), "--other", &other], "refused", "do not provide for cross-default"),
        (vec![second.as_str(), "--other", &sound], "refused", "rests on a loan in default of the same two"),
        (vec![second.as_str(), "--other", &second], "usage", "is the credit itself"),
    ] {
        let all = [&["credit", "freeze", "--all", "--reason", "cross-default"], &arguments[..]].concat();
        let error = world.run_as("lender", &all).error();
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

#[test]
fn a_mark_that_is_not_due_says_from_when_it_is() {
    let (world, sound) = (world(), world().loan().to_string());
    let late = world.loan_with(|offer| {
        offer.schedule[0].due_after = 1;
        let terms = &mut offer.terms;
        (terms.delinquency_grace, terms.default_grace) = (3_600, 7_200);
    });
    world.wait_until(world.credit(&late).issued_at + 2);
    let late = late.to_string();
    for (credit, said) in [
        (&sound, "is in arrears, so there is nothing to mark"),
        (&late, "and the mark of delinquency is due 60 minutes later, at "),
    ] {
        let error = world.run_as("buyer", &["credit", "mark", credit]).error();
        assert_eq!(error["code"], "refused", "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
    let defaulted = world.defaulted_loan().to_string();
    let again = world.run_as("buyer", &["credit", "mark", &defaulted]).data();
    assert_eq!((&again["changed"], &again["state"]["status"]), (&false.into(), &"defaulted".into()));
}

#[test]
fn collateral_is_taken_only_in_default() {
    let (world, credit) = (world(), world().loan().to_string());
    for (verb, said) in [
        ("seize", "is active with $0.00 in arrears; only collateral of a loan in default can be taken"),
        ("take-over", "only collateral of a loan in default can be taken"),
        (
            "cancel-locked",
            "only while the market's admin has suspended its provider for 60 seconds; it is not suspended by the admin",
        ),
    ] {
        let error = world.run_as("lender", &["credit", verb, &credit, "--all"]).error();
        assert_eq!(error["code"], "refused");
        let message = error["message"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(message.contains(said), "{verb}: {message}");
    }
}

#[test]
fn a_default_is_recovered_step_by_step() {
    let (world, credit) = (world(), world().defaulted_loan());
    let address = credit.to_string();
    let bad =
        world.run_as("lender", &["credit", "seize", &address, "--all", "--start-price", "400%"]).error();
    assert!(bad["message"].as_str().unwrap().contains("you named"), "{bad}");
    let many = world.run_as("lender", &["credit", "take-over", &address, "--units", "9,000,000,000"]).error();
    assert!(many["message"].as_str().unwrap().contains("fewer than 9,000,000,000 units"), "{many}");

    let few = world.run_as("lender", &["credit", "seize", &address, "--units", "1"]).error();
    assert!(few["message"].as_str().unwrap().contains("or more; name at least"), "{few}");
    assert_eq!(few["code"], "refused");
    let cancelled = world.run_as("lender", &["credit", "cancel-locked", &address, "--all"]).data();
    assert_eq!(cancelled["state"]["status"], "seizing");
    assert!(cancelled["state"]["cancelled"].as_u64().unwrap() > 0);
    let units = world.credit(&credit).collateral.lien() / 4;
    let taken =
        world.run_as("lender", &["credit", "take-over", &address, "--units", &units.to_string()]).data();
    assert_eq!(taken["state"]["seized"], units);
    let own = taken["created"]["credit"].as_str().map(str::to_string);
    let seized = world.run_as("lender", &["credit", "seize", &address, "--all", "--window", "1h"]).data();
    let lot: Pubkey = seized["created"]["lot"].as_str().unwrap().parse().unwrap();
    assert!(seized["rent_lamports"].as_u64().unwrap() > 0);
    assert!(world.lot(&lot).units_left > 0);
    let again = world.run_as("lender", &["credit", "seize", &address, "--all"]).error();
    assert!(again["message"].as_str().unwrap().contains("no units are seizable"), "{again}");
    let open = world.run_as("lender", &["credit", "write-off", &address]).error();
    assert!(open["message"].as_str().unwrap().contains("1 lot is open"), "{open}");
    assert!(open["message"].as_str().unwrap().contains("is at its lowest price"), "{open}");
    if let Some(own) = own {
        assert_eq!(world.run(&["credit", "show", &own, "--json", "is_loan"]).data()["is_loan"], false);
    }
}

#[test]
fn fees_are_waived_and_debts_written_off() {
    let (world, credit) = (world(), world().defaulted_loan());
    let address = credit.to_string();
    let fees = world.credit(&credit).debt.late_fees;
    assert!(fees > 0);
    let one = world.run_as("lender", &["credit", "waive", &address, "--amount", "1usdc"]).data();
    assert_eq!(one["state"]["late_fees"], fees - 1_000_000);
    world.run_as("lender", &["credit", "waive", &address]).data();
    assert_eq!(world.run_as("lender", &["credit", "waive", &address]).data()["changed"], false);
    let written = world.run_as("lender", &["credit", "write-off", &address]).data();
    assert_eq!((&written["state"]["status"], &written["state"]["debt"]), (&"repaid".into(), &0.into()));
    assert_eq!(world.run_as("lender", &["credit", "write-off", &address]).data()["changed"], false);
    // It is not shown as a loan that was paid.
    let shown = world.run(&["credit", "show", &address]).stdout;
    let line = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(line("health").ends_with("written off"), "{shown}");
    assert!(line("recovered").contains(" from the collateral"), "{shown}");
    assert!(line("given up").contains("at least $"), "{shown}");
    let listed = world.run(&["credit", "list", "--where", "status=repaid"]).stdout;
    assert!(
        listed.lines().any(|line| line.starts_with(&address) && line.contains("written off")),
        "{listed}"
    );
    let repaid = world.sandbox_loan(LoanName::Repaid).to_string();
    assert!(listed.lines().any(|line| line.starts_with(&repaid) && line.contains("repaid")), "{listed}");
}

#[test]
fn a_stranger_can_do_nothing() {
    let (world, credit, folder) =
        (world(), world().loan_with(|offer| offer.rider.breach_notice = 1), tempfile::tempdir().unwrap());
    let (key, file) = (Keypair::new(), folder.path().join("stranger.json").display().to_string());
    blockable_sdk::write_keypair_file(&key, &file).unwrap();
    let (address, before) = (credit.to_string(), world.credit(&credit).event_seq);
    for arguments in [
        vec!["freeze", &address, "--all"],
        vec!["assign", &address, &world.party("buyer")],
        vec!["freeze-authority", &address, &world.party("buyer")],
        vec!["notice", &address, "--document", &file],
    ] {
        let payer = world.key("keeper");
        let all =
            [&["credit"], &arguments[..], &["-k", &file, "--fee-payer", &payer, "-y", "--output", "json"]]
                .concat();
        let error = world.run(&all).error();
        assert_eq!(error["code"], "refused", "{error}");
        assert!(
            error["message"].as_str().unwrap().starts_with(&format!("{} (from {file}", key.pubkey())),
            "{error}"
        );
    }
    assert_eq!(world.credit(&credit).event_seq, before);
}
