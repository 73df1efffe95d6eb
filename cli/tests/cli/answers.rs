//! Reviews, answers and statements against the chain.

use {
    crate::world::{World, world},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd, Units},
        terms::default_from,
    },
    blockable_service::text,
};

/// The value of a line of a review or a table.
fn line<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| {
        let rest = line.trim_start().strip_prefix(name)?;
        rest.starts_with("  ").then(|| rest.trim())
    };
    text.lines().find_map(value)
}

/// Makes a loan in default, cancels its units under the holdback, and puts others up for sale; the loan and the lot.
fn lot_of(world: &World, units: &[&str]) -> (Pubkey, String) {
    let credit = world.defaulted_loan();
    let address = credit.to_string();
    world.run_as("lender", &["credit", "cancel-locked", &address, "--all"]).data();
    let seize = [&["credit", "seize", &address, "--window", "1h"], units].concat();
    let seized = world.run_as("lender", &seize).data();
    (credit, seized["created"]["lot"].as_str().unwrap().to_string())
}

#[test]
fn time_alone_is_no_effect_of_an_act() {
    let (world, credit) = (world(), world().unpaid_loan());
    let (address, keeper) = (credit.to_string(), world.party("keeper"));
    assert_eq!(world.credit(&credit).debt.late_fees, 20_000_000);
    let named = world.run_as("lender", &["credit", "freeze-authority", &address, &keeper]);
    for figure in ["debt", "late fees", "arrears", "principal owed"] {
        assert_eq!(line(&named.stderr, figure), None, "{named:?}");
    }
    let data = named.data();
    assert_eq!(data["state"]["late_fees"], 20_000_000, "the answer has the debt as it is now");
    let lines = data["effect"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[0]["name"]), (1, &"freeze authority".into()), "{data}");
}

#[test]
fn the_split_of_a_payment_is_the_one_that_its_effect_shows() {
    let world = world();
    // A late fee can begin while the transaction is valid.
    let credit = world.loan_with(|offer| {
        offer.schedule[0].due_after = 1;
        (offer.terms.delinquency_grace, offer.terms.default_grace) = (60, 3_600);
        offer.terms.late_fee = 20_000_000;
    });
    world.wait_until(world.credit(&credit).issued_at + 2);
    let address = credit.to_string();
    let repay = ["credit", "repay", &address, "--amount", "250usdc"];
    let done = world.run_as("borrower", &repay);
    let goes = line(&done.stderr, "goes to").unwrap();
    assert!(!goes.contains("late fees"), "{done:?}");
    let late = line(&done.stderr, "if it lands late").unwrap();
    assert!(late.starts_with("at most $20.00 of it to late fees"), "{done:?}");
    assert_eq!(done.data()["state"]["late_fees"], 0);
    let text = world.run(&[&repay[..], &["-k", &world.key("borrower"), "--yes"]].concat());
    assert!(text.stdout.starts_with(&format!("paid $250.00 on {address}\n")), "{text:?}");
}

#[test]
fn an_answer_has_the_amounts_that_landed() {
    let world = world();
    let credit = world.defaulted_loan();
    let address = credit.to_string();
    let lender = world.key("lender");
    let cancel = ["credit", "cancel-locked", &address, "--all", "-k", &lender, "--yes"];
    let cancelled = world.run(&cancel);
    let account = world.credit(&credit);
    let (units, claim) = (account.collateral.cancelled, account.claims.lender);
    let expected =
        format!("cancelled {} for {}; ", text::units(Units(units)), text::usd_received(MicroUsd(claim)));
    assert!(cancelled.stdout.starts_with(&expected), "{expected}: {cancelled:?}");
    let none = world.run_as("lender", &["credit", "cancel-locked", &address, "--all"]).message();
    assert!(none.contains("no units are covered by the holdback: nothing is held back for them"), "{none}");
    let seize = ["credit", "seize", &address, "--window", "1h", "--units", "1,000,000,000"];
    let seized = world.run(&[&seize[..], &["-k", &lender, "--yes"]].concat());
    assert!(seized.stdout.starts_with("1,000,000,000 units are for sale in lot "), "{seized:?}");
    let lot = line(&seized.stdout, "lot").unwrap().to_string();
    let buyer = world.key("buyer");
    let buy = ["pool", "buy", &lot, "--units", "10,000,000", "-k", &buyer, "--yes"];
    let before = world.wallet("buyer");
    let bought = world.run(&buy);
    let paid = before - world.wallet("buyer");
    let cents = paid.div_ceil(10_000);
    let expected = format!("bought 10,000,000 units for ${}.{:02}; fetch", cents / 100, cents % 100);
    assert!(bought.stdout.starts_with(&expected), "{expected}: {bought:?}");
    let claim = world.credit(&credit).claims.lender / 10_000;
    let collected = world.run(&["credit", "collect", &address, "-k", &buyer, "--yes"]);
    let dollars = format!("{}.{:02}", blockable_service::text::thousands(claim / 100), claim % 100);
    assert!(collected.stdout.starts_with(&format!("paid ${dollars} to ")), "{dollars}: {collected:?}");
    let effect = line(&collected.stderr, "lender collects").unwrap();
    assert_eq!(effect, format!("${dollars} -> $0.00"), "{collected:?}");
}

#[test]
fn a_statement_has_what_is_in_lots() {
    let world = world();
    let (credit, lot) = lot_of(world, &["--units", "1,000,000,000"]);
    for _ in 0..2 {
        let buy = ["pool", "buy", &lot, "--units", "10,000,000"];
        assert_eq!(world.run_as("buyer", &buy).data()["changed"], true);
    }
    let address = credit.to_string();
    world.run_as("buyer", &["credit", "collect", &address]).data();
    let month = blockable_service::text::time(world.chain_time())[..7].to_string();
    let command = ["audit", "statement", &address, "--month", &month];
    let data = world.run(&[&command[..], &["--output", "json"]].concat()).data();
    let statement = &data["statements"][0];
    assert_eq!(
        (&statement["in_lots"], &statement["sold"]),
        (&980_000_000.into(), &20_000_000.into()),
        "{statement}"
    );
    assert!(statement["given_up"].is_null());
    let collected =
        statement["events"].as_array().unwrap().iter().find(|event| event["kind"] == "collected").unwrap();
    assert_eq!(collected["moved"], statement["collected"], "{collected}");
    let text = world.run(&command).stdout;
    assert_eq!(line(&text, "for sale in lots"), Some("980,000,000 units"), "{text}");
}

#[test]
fn a_statement_has_what_the_borrower_gave_up() {
    let (world, ended) = (world(), world().loan());
    let address = ended.to_string();
    let month = blockable_service::text::time(world.chain_time())[..7].to_string();
    world.run_as("borrower", &["credit", "repay", &address, "--all"]).data();
    for party in ["lender", "provider"] {
        world.run_as("buyer", &["credit", "collect", &address, "--for", party]).data();
    }
    let left = world.credit(&ended).collateral.remaining().to_string();
    let close = ["credit", "close", &address, "--give-up", &left];
    let closed = world.run_as("borrower", &close);
    let lost = line(&closed.stderr, "you lose").unwrap();
    assert!(lost.contains(" units, for which the loan paid $"), "{closed:?}");
    assert_eq!(closed.data()["changed"], true);
    let data = world.run(&["audit", "statement", &address, "--month", &month, "--output", "json"]).data();
    let statement = &data["statements"][0];
    assert_eq!(
        (statement["open_to_use"].as_u64(), statement["given_up"].to_string()),
        (Some(0), left),
        "{statement}"
    );
}

#[test]
fn an_acceptance_names_the_reserve_that_the_issue_waits_for() {
    let world = world();
    let address = world.offer(|offer| offer.rider.reserve = 500_000_000).to_string();
    let accepted = world.run(&["credit", "accept", &address, "-k", &world.key("borrower"), "--yes"]);
    let first = accepted.stdout.lines().next().unwrap();
    assert!(first.contains(&format!("`blockable credit reserve {address} --fill`")), "{accepted:?}");
    assert!(first.contains("once the reserve of $500.00 is full"), "{accepted:?}");
}

#[test]
fn a_freeze_of_several_leaves_none_out_that_may_be_frozen() {
    let world = world();
    let (own, late) = (
        world.loan(),
        world.loan_with(|offer| {
            // Nobody before the mark of default.
            (offer.terms.freeze_policy, offer.terms.auto_freeze) = (2, 2);
        }),
    );
    let (own_name, late_name) = (own.to_string(), late.to_string());
    let frozen = world.run_as("lender", &["credit", "freeze", &late_name, &own_name, "--units", "1000"]);
    let data = frozen.data_of(8);
    assert_eq!(data["not_frozen"][0]["credit"], late_name, "{data}");
    assert!(data["not_frozen"][0]["reason"].as_str().unwrap().contains("do not let you freeze it now"));
    assert_eq!((world.credit(&own).collateral.frozen(), world.credit(&late).collateral.frozen()), (1_000, 0));
    assert!(frozen.warnings().iter().any(|warning| warning.contains(&late_name)), "{frozen:?}");
    // One of another lender holds up none of the signer's own.
    let foreign = world.loan();
    let (foreign_name, buyer) = (foreign.to_string(), world.party("buyer"));
    world.run_as("lender", &["credit", "assign", &foreign_name, &buyer]).data();
    world.run_as("buyer", &["credit", "accept-assignment", &foreign_name]).data();
    let both = ["credit", "freeze", &foreign_name, &own_name, "--units", "2000"];
    let data = world.run_as("lender", &both).data_of(8);
    assert_eq!(data["not_frozen"][0]["credit"], foreign_name, "{data}");
    assert_eq!(
        (world.credit(&own).collateral.frozen(), world.credit(&foreign).collateral.frozen()),
        (2_000, 0)
    );
    let none = world.run_as("lender", &["credit", "freeze", &late_name, "--units", "1000"]);
    assert_eq!(none.error()["code"], "refused");
    let none = world.run_as("lender", &["credit", "freeze", &foreign_name, "--units", "1000"]);
    let needed = format!("only the lender or the freeze authority can, {buyer}");
    assert!(none.message().contains(&needed), "{none:?}");
}

#[test]
fn a_credit_has_its_terms_and_the_times_of_the_next_steps() {
    let world = world();
    let offer = world.offer(|offer| offer.terms.offer_expires_at = i64::MAX / 1_000_000_000);
    let shown = world.run(&["credit", "show", &offer.to_string()]).stdout;
    for name in ["agreed principal", "rate bound", "instalments", "late fee", "graces", "offer ends"] {
        assert!(line(&shown, name).is_some(), "{name}: {shown}");
    }
    let next = line(&shown, "next payment").unwrap();
    assert!(
        next.starts_with("$333.34 of principal and the interest until then, 10 minutes after"),
        "{shown}"
    );
    let defaulted = world.defaulted_loan();
    let data = world.run(&["credit", "show", &defaulted.to_string(), "--output", "json"]).data();
    let account = world.credit(&defaulted);
    assert_eq!(data["terms"]["cure_period_seconds"], account.terms.cure_period);
    assert_eq!(data["terms"]["units"], account.terms.units);
    assert_eq!((&data["terms"]["freeze_policy"], &data["rider"]["reserve"]), (&"at_will".into(), &0.into()));
    assert!(data["possible_from"]["seizure"]["unix"].as_i64().unwrap() <= world.chain_time().get());
    let shown = world.run(&["credit", "show", &defaulted.to_string()]).stdout;
    assert_eq!(line(&shown, "seizure from"), Some("now"), "{shown}");
    let unpaid = world.unpaid_loan();
    let shown = world.run(&["credit", "show", &unpaid.to_string()]).stdout;
    assert!(line(&shown, "default from").unwrap().ends_with(" UTC"), "{shown}");
    // Due times of an offer stay apart.
    let offer = world.offer(|offer| {
        for (place, part) in (0..).zip(&mut offer.schedule) {
            part.due_after = 7_200 + place * 61;
        }
    });
    let schedule = world.run(&["credit", "schedule", &offer.to_string()]).stdout;
    assert!(schedule.contains("2 hours 1 minute 1 second after issue"), "{schedule}");
}

#[test]
fn a_borrower_reads_every_instalment_that_is_not_like_the_others() {
    let world = world();
    let offer = world.offer(|offer| {
        // With a lock each part is at least half of an even share.
        offer.schedule[0].principal -= 100_000_000;
        offer.schedule[1].principal += 100_000_000;
    });
    let address = offer.to_string();
    let review = world.run(&["credit", "accept", &address, "--dry-run"]).stderr;
    assert!(review.contains("no. 2: $433.34 after "), "{review}");
    let shown = world.run(&["credit", "show", &address]).stdout;
    assert!(shown.contains("no. 2: $433.34 after "), "{shown}");
}

#[test]
fn what_an_enforcement_costs_is_said_before_it() {
    let (world, sound) = (world(), world().loan().to_string());
    let refused = world.run_as("lender", &["credit", "write-off", &sound]).message();
    assert!(refused.contains("is active, and only a loan in default is written off"), "{refused}");
    let unpaid = world.unpaid_loan();
    let market = world.block_on(world.venue().client.market(&world.venue().keys.market)).unwrap();
    let clock = market.clock_at(world.chain_time().get()).unwrap();
    let from = default_from(&world.credit(&unpaid)).unwrap().get() - clock.market + clock.chain;
    let from = text::time(ChainTime(from));
    let refused = world.run_as("lender", &["credit", "write-off", &unpaid.to_string()]).message();
    assert!(refused.contains(&format!("it can be from {from}, once")), "{from}: {refused}");
    let defaulted = world.defaulted_loan();
    let address = defaulted.to_string();
    let covered = world.credit(&defaulted).cancellable().unwrap();
    assert!(covered > 0);
    for (act, said) in
        [(&["take-over", &address, "--all"][..], "in cash"), (&["write-off", &address], "worth $")]
    {
        let done = world.run(&[&["credit"], act, &["--dry-run", "--output", "json"]].concat());
        let warning = line(&done.stderr, "WARNING").unwrap();
        assert!(warning.contains("`blockable credit ") && warning.contains(said), "{done:?}");
        assert_eq!(done.warnings(), [warning], "a program reads it too");
    }
    let off = world.run(&["credit", "write-off", &address, "--dry-run"]).stderr;
    // The headline is the loss, without what the same transaction recovers.
    let account = world.credit(&defaulted);
    let price = account.value_paid(covered).unwrap();
    let title = off.lines().find(|line| line.starts_with("write off ")).unwrap();
    assert!(
        title.contains(" that are owed, ") && title.contains(" come back from the holdback first"),
        "{off}"
    );
    let lost: f64 = title.split(['$', ':']).nth(1).unwrap().replace(',', "").parse().unwrap();
    let expected = (account.debt.total() - price) as f64 / 1e6;
    assert!((lost - expected).abs() < 1.0, "{title}: {expected}");
    assert!(line(&off, "at most").unwrap().contains("it fails rather than give up more"), "{off}");
    assert!(line(&off, "cancels first").unwrap().contains(" of the holdback"), "{off}");
    world.run_as("lender", &["credit", "take-over", &address, "--units", "1,000,000,000"]).data();
    let again = world.run(&["credit", "take-over", &address, "--units", "1,000,000", "--dry-run"]).stderr;
    assert!(!again.contains("when the lot is closed"), "there is no lot: {again}");
}

#[test]
fn an_offer_is_made_to_a_key_and_begins_before_it_ends() {
    let (world, credit) = (world(), world().loan().to_string());
    let provider = world.venue().provider.to_string();
    let offer = |borrower: &str, more: &[&str]| {
        let base =
            ["credit", "offer", "--borrower", borrower, "--provider", &provider, "--principal", "1200usdc"];
        world.run_as("lender", &[&base[..], &["--units", "240,000,000units"], more].concat())
    };
    for (borrower, kind) in [(&credit, "a credit"), (&world.market(), "a market"), (&provider, "a provider")]
    {
        let refused = offer(borrower, &[]).message();
        assert!(refused.contains(&format!("is {kind}, which no key can sign for")), "{refused}");
    }
    let wallet = offer(&world.token_account("borrower"), &[]).message();
    assert!(
        wallet.contains("is a token account, which no key can sign for; name the borrower's key"),
        "{wallet}"
    );
    let late = ["--counted-from", "20d", "--expires", "7d"];
    let refused = offer(&world.party("borrower"), &late).message();
    assert!(refused.contains("after the offer ends at") && refused.contains("--expires"), "{refused}");
}
