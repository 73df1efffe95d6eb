//! Audits of the sandbox's loans: verified, exported, summed up.

use {crate::world::world, blockable_sandbox::loans::LoanName, blockable_sdk::Signer, serde_json::Value};

fn month_of(time: i64) -> String {
    jiff::Timestamp::from_second(time).unwrap().strftime("%Y-%m").to_string()
}

#[test]
fn every_loan_of_the_sandbox_is_proven_from_its_events() {
    let world = world();
    for name in [LoanName::Healthy, LoanName::Late, LoanName::ForSale, LoanName::Repaid] {
        let credit = world.sandbox_loan(name).to_string();
        let data = world.run(&["audit", "verify", &credit, "--output", "json"]).data();
        assert_eq!(data["complete"], true);
        assert!(data["events"].as_u64().unwrap() >= 3, "{data}");
        let text = world.run(&["audit", "verify", &credit]);
        assert!(text.stdout.contains("complete, ") && text.stdout.contains("field by field"), "{text:?}");
    }
    let (wallet, credit) = (world.party("lender"), world.sandbox_loan(LoanName::Repaid).to_string());
    let near = (b'2'..=b'9').find_map(|last| {
        let typed = format!("{}{}", &credit[..credit.len() - 1], char::from(last));
        typed.parse::<blockable_sdk::Pubkey>().ok().map(|_| typed).filter(|typed| *typed != credit)
    });
    let month = month_of(world.chain_time().get());
    for command in [&["verify"][..], &["export"], &["statement", "--month", &month]] {
        let run = |address: &str| {
            world.run(&[&["audit"], command, &[address, "--output", "json"]].concat()).error()
        };
        let error = run(&wallet);
        assert_eq!(error["code"], "not_found", "{error}");
        assert!(
            error["message"].as_str().unwrap().contains("and no credit; `blockable credit list`"),
            "{error}"
        );
        let error = run(near.as_ref().unwrap());
        assert!(error["message"].as_str().unwrap().contains(&format!("did you mean {credit}?")), "{error}");
    }
    let field = world.run(&["credit", "show", &credit, "--json", "stauts"]).error();
    assert!(field["message"].as_str().unwrap().contains("did you mean status? there are: "), "{field}");
}

#[test]
fn events_and_use_are_exported_with_the_state_after_each() {
    let world = world();
    let credit = world.loan().to_string();
    assert_eq!(world.run_as("lender", &["credit", "freeze", &credit, "--share", "25%"]).code, 0);
    assert_eq!(world.run_as("borrower", &["credit", "repay", &credit, "--amount", "5usdc"]).code, 0);
    let data = world.run(&["audit", "export", &credit, "--output", "json"]).data();
    let rows = data["rows"].as_array().unwrap();
    let kinds: Vec<&str> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["offered", "accepted", "issued", "frozen", "paid"]);
    let account = world.credit(&credit.parse().unwrap());
    assert_eq!(rows[4]["frozen"], account.collateral.frozen());
    assert_eq!(rows[4]["money"], 5_000_000);
    assert_eq!(rows[4]["lender_claim"], account.claims.lender);
    let csv = world.run(&["audit", "export", &credit]);
    assert_eq!((csv.code, csv.stdout.lines().count()), (0, 6), "{csv:?}");
    assert!(csv.stdout.starts_with("event,time,unix,slot,transaction,kind,"), "{csv:?}");
    assert!(csv.stdout.lines().last().unwrap().contains(",paid,"), "{csv:?}");
    let focus = world.run(&["audit", "export", &credit, "--focus", "--output", "json"]).data();
    let charges = focus["rows"].as_array().unwrap();
    assert_eq!(charges[0]["ChargeCategory"], "Purchase");
    assert_eq!(charges[0]["BilledCost"], format!("{}.000000", account.terms.principal / 1_000_000));
}

#[test]
fn a_file_is_written_once() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let credit = world.sandbox_loan(LoanName::Healthy).to_string();
    let path = folder.path().join("events.csv").display().to_string();
    let arguments = ["audit", "export", credit.as_str(), "--file", path.as_str(), "--output", "json"];
    assert_eq!(world.run(&arguments).data()["file"], path);
    assert!(std::fs::read_to_string(&path).unwrap().contains(",offered,"));
    let again = world.run(&arguments);
    assert_eq!((again.code, again.error()["code"].clone()), (3, Value::from("refused")));
}

#[test]
fn a_statement_adds_up_in_every_form() {
    let world = world();
    let credits = [LoanName::Healthy, LoanName::Late].map(|name| world.sandbox_loan(name).to_string());
    let month = month_of(world.chain_time().get());
    let base = ["audit", "statement", credits[0].as_str(), credits[1].as_str(), "--month", month.as_str()];
    let data = world.run(&[&base[..], &["--output", "json"]].concat()).data();
    for (statement, credit) in data["statements"].as_array().unwrap().iter().zip(&credits) {
        assert_eq!(statement["credit"], *credit);
        let part = |name: &str| statement[name]["total"].as_u64().unwrap();
        let sum = part("opening") + part("disbursed") + part("accrued");
        let less = part("received") + part("recovered") + part("forgiven");
        assert_eq!(sum - less, part("closing"), "{statement}");
        let account = world.credit(&credit.parse().unwrap());
        // A second or two of interest lies between.
        assert!(account.debt.total().abs_diff(part("closing")) < 10_000_000, "{statement}");
    }
    for (form, begins) in [("text", "Statement for "), ("csv", "credit,row,"), ("html", "<!doctype html>")] {
        let done = world.run(&[&base[..], &["--as", form]].concat());
        assert!(done.code == 0 && done.stdout.starts_with(begins), "{form}: {done:?}");
        assert!(
            done.stdout.contains("closing balance") && done.stdout.contains(&credits[1]),
            "{form}: {done:?}"
        );
    }
    let future = world.run(&["audit", "statement", &credits[0], "--month", "2199-01", "--output", "json"]);
    assert_eq!((future.code, future.error()["code"].clone()), (2, Value::from("usage")));
}

#[test]
fn a_statement_names_the_lender_of_each_time() {
    let (world, credit) = (world(), world().loan().to_string());
    let folder = tempfile::tempdir().unwrap();
    let (key, file) = world.newcomer(folder.path());
    let (lender, buyer) = (world.party("lender"), key.pubkey().to_string());
    world.run_as("borrower", &["credit", "repay", &credit, "--amount", "500usdc"]).data();
    world.run_as("lender", &["credit", "assign", &credit, &buyer]).data();
    world.run_by(&file, &["credit", "accept-assignment", &credit]).data();
    let month = month_of(world.chain_time().get());
    let base = ["audit", "statement", credit.as_str(), "--month", month.as_str()];
    let data = world.run(&[&base[..], &["--output", "json"]].concat()).data();
    let statement = &data["statements"][0];
    let lenders = statement["lenders"].as_array().unwrap();
    let names: Vec<&str> = lenders.iter().map(|of| of["lender"].as_str().unwrap()).collect();
    assert_eq!(names, [lender.as_str(), buyer.as_str()]);
    assert_eq!((&lenders[0]["collected"], &lenders[1]["collected"]), (&500_000_000.into(), &0.into()));
    assert_eq!(
        (&lenders[0]["disbursed"], &lenders[1]["disbursed"]),
        (&statement["disbursed"]["total"], &0.into())
    );
    let events = statement["events"].as_array().unwrap();
    let changed = events.iter().find(|event| event["kind"] == "lender_changed").unwrap();
    assert_eq!(changed["lenders"], serde_json::json!({"from": lender, "to": buyer}));
    let text = world.run(&base).stdout;
    assert!(text.contains(&format!("lender changed from {lender} to {buyer}")), "{text}");
    assert!(text.contains(&format!("$500.000000 by {lender}")), "{text}");
    assert!(text.contains(&format!("{lender} until ")) && text.contains(", which disbursed $"), "{text}");
}
