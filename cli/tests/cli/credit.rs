//! `blockable credit`: list, show, repay, freeze, thaw.

use {
    crate::world::world,
    blockable_sandbox::loans::LoanName,
    blockable_sdk::{
        Pubkey,
        program::state::{FreezePolicy, Instalment},
    },
    blockable_testkit::http::{Reply, Server},
    serde_json::Value,
    std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    },
};

#[test]
fn credits_are_listed_by_conditions() {
    let world = world();
    let offered = world.sandbox_loan(LoanName::Offered).to_string();
    let repaid = world.sandbox_loan(LoanName::Repaid).to_string();
    let by_status = world.run(&["credit", "list", "--where", "status=repaid", "--output", "json"]).data();
    let addresses: Vec<&Value> =
        by_status.as_array().unwrap().iter().map(|credit| &credit["credit"]).collect();
    assert!(
        addresses.contains(&&repaid.clone().into()) && !addresses.contains(&&offered.into()),
        "{by_status}"
    );
    let all = world.run(&["credit", "list", "-w", &format!("lender={}", world.party("lender"))]);
    assert!(all.stdout.starts_with("CREDIT") && all.stdout.contains(&repaid), "{all:?}");
    // Other tests assign loans to the buyer.
    let none = world.run(&["credit", "list", "-w", &format!("lender={}", world.party("keeper"))]);
    assert!(none.stdout.starts_with("no credits of market "), "{none:?}");
    assert!(none.stdout.contains(" on a cluster of its own"), "{none:?}");
    let none = world.run(&[
        "credit",
        "list",
        "-w",
        &format!("lender={}", world.party("keeper")),
        "--output",
        "json",
    ]);
    assert_eq!(none.data(), Value::Array(Vec::new()));
    let fields = world.run(&["credit", "list", "-w", "status=repaid", "--json", "credit,status"]).data();
    assert_eq!(fields[0].as_object().unwrap().len(), 2);
}

#[test]
fn a_credit_is_shown_with_its_figures() {
    let (world, credit) = (world(), world().sandbox_loan(LoanName::Healthy).to_string());
    let shown = world.run(&["credit", "show", &credit]);
    assert!(shown.stdout.contains("$12,000.00 for 2,400,000,000 units"), "{shown:?}");
    let data = world.run(&["credit", "show", &credit, "--output", "json"]).data();
    assert_eq!((&data["lender"], &data["status"]), (&world.party("lender").into(), &"active".into()));
    let account = world.credit(&credit.parse().unwrap());
    assert_eq!(data["granted"], account.collateral.granted);
    assert_eq!(data["offer_slot"], account.offer_slot);
    let error = world.run(&["credit", "show", &credit, "--json", "debt,colour"]).error();
    assert!(error["message"].as_str().unwrap().contains("there is no field \"colour\""), "{error}");
}

#[test]
fn an_address_that_is_no_credit_says_what_is_there_or_near() {
    let (world, credit) = (world(), world().sandbox_loan(LoanName::Healthy).to_string());
    for (address, said) in [
        (world.market(), "is a market and no credit"),
        (world.venue().provider.to_string(), "is a provider and no credit"),
        (world.party("lender"), "is a wallet and no credit"),
        (Pubkey::new_unique().to_string(), "there is no credit at"),
    ] {
        let done = world.run(&["credit", "show", &address]);
        assert_eq!(done.code, 4, "{done:?}");
        assert!(done.stderr.contains(said), "{done:?}");
    }
    // Two letters changed places.
    let mut letters: Vec<char> = credit.chars().collect();
    let at = (10..40).find(|at| letters[*at] != letters[*at + 1]).unwrap();
    letters.swap(at, at + 1);
    let typed: String = letters.into_iter().collect();
    let done = world.run(&["credit", "show", &typed]);
    assert!(done.code == 4 && done.stderr.contains(&format!("did you mean {credit}?")), "{done:?}");
}

#[test]
fn a_freeze_closes_what_its_review_shows_and_a_second_one_changes_nothing() {
    let (world, credit) = (world(), world().loan());
    let (address, freezable) = (credit.to_string(), world.credit(&credit).collateral.freezable());
    let quarter = freezable.div_ceil(4);
    let done = world.run_as("lender", &["credit", "freeze", &address, "--share", "25%"]);
    let data = done.data();
    assert!(done.stderr.contains("frozen"), "{done:?}");
    assert_eq!((&data["changed"], &data["state"][0]["frozen"]), (&true.into(), &quarter.into()), "{data}");
    assert_eq!(data["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(world.credit(&credit).collateral.frozen(), quarter);
    let events = world.credit(&credit).event_seq;
    let again =
        world.run_as("freeze-authority", &["credit", "freeze", &address, "--units", "5 units"]).data();
    assert_eq!((&again["changed"], &again["signatures"]), (&false.into(), &Value::Array(Vec::new())));
    let all = world
        .run_as("freeze-authority", &["credit", "freeze", &address, "--all", "--reason", "breach"])
        .data();
    assert_eq!(all["state"][0]["frozen"], freezable);
    let account = world.credit(&credit);
    assert_eq!(
        (account.event_seq, account.collateral.available()),
        (events + 1, account.collateral.remaining() - account.collateral.locked() - freezable)
    );
}

#[test]
fn several_loans_are_frozen_in_as_few_transactions_as_fit() {
    let world = world();
    let loans = [world.loan(), world.loan(), world.loan()];
    let names: Vec<String> = loans.iter().map(ToString::to_string).collect();
    let mut arguments = vec!["credit", "freeze", "--units", "1000"];
    arguments.extend(names.iter().map(String::as_str));
    let data = world.run_as("lender", &arguments).data();
    assert_eq!(data["signatures"].as_array().unwrap().len(), 1, "{data}");
    for loan in &loans {
        assert_eq!(world.credit(loan).collateral.frozen(), 1_000);
    }
    let done = world.run(&[
        "credit",
        "freeze",
        "--all",
        "-w",
        &format!("borrower={}", world.party("buyer")),
        "--dry-run",
    ]);
    assert!(done.code == 4 && done.stderr.contains("no live loan fulfils the conditions"), "{done:?}");
}

#[test]
fn the_provider_obeys_a_freeze_before_it_lands() {
    let (world, loans) = (world(), [world().loan(), world().loan()]);
    let names: Vec<String> = loans.iter().map(ToString::to_string).collect();
    let gate = world.gate();
    let done = world.run_as("lender", &["credit", "freeze", &names[0], &names[1], "--all", "--gate", &gate]);
    let data = done.data();
    assert_eq!(data["signatures"].as_array().unwrap().len(), 2, "one freeze a transaction: {data}");
    for (loan, answer) in loans.iter().zip(data["gate"].as_array().unwrap()) {
        assert_eq!(
            (&answer["obeyed"], &answer["error"]),
            (&true.into(), &serde_json::Value::Null),
            "{answer}"
        );
        // A server that has seen it on the chain by then has nothing to count.
        let frozen = world.credit(loan).collateral.frozen();
        assert!(answer["frozen"].as_u64().is_none_or(|counted| counted >= frozen), "{answer}");
        // Which of the two is first decides the machine's load; both are measured from the signature.
        assert!(
            answer["after_ms"].as_u64().is_some() && data["landed_after_ms"].as_u64().is_some(),
            "{data}"
        );
    }
    assert!(
        done.stderr.contains("note: the provider obeys after ") && done.stderr.contains(" ms: "),
        "{done:?}"
    );
    let is_named = |line: &str| line.trim().starts_with("handed to ") && line.ends_with(&gate);
    assert!(done.stderr.lines().any(is_named), "{done:?}");
    // Without its server the freeze lands all the same. A provider may be named with its server.
    let loan = world.loan();
    let named = format!("{}=http://127.0.0.1:1", world.venue().provider);
    let done = world.run_as("lender", &["credit", "freeze", &loan.to_string(), "--all", "--gate", &named]);
    assert!(done.stderr.contains("the provider has not obeyed yet (it cannot be reached)"), "{done:?}");
    assert_eq!(done.data()["gate"][0]["obeyed"], false);
    assert!(done.stderr.contains("handed to       http://127.0.0.1:1\n"), "{done:?}");
    assert!(world.credit(&loan).collateral.frozen() > 0);
}

/// The freeze lands before the server has the order.
#[test]
fn a_server_that_sees_the_freeze_on_the_chain_obeys_it() {
    let (world, loan) = (world(), world().loan().to_string());
    let refusal =
        serde_json::json!({"error": {"code": "already_frozen", "message": "as much is frozen"}}).to_string();
    let server = Server::start(move |_| Reply::Status("403 Forbidden".into(), refusal.clone()));
    let done = world.run_as("lender", &["credit", "freeze", &loan, "--all", "--gate", &server.url()]);
    let answer = done.data()["gate"][0].clone();
    assert_eq!(
        (&answer["obeyed"], &answer["frozen"], &answer["error"]),
        (&true.into(), &Value::Null, &Value::Null),
        "{answer}"
    );
    assert!(done.stderr.contains("it has seen the freeze on the chain"), "{done:?}");
}

/// A server that answers nothing before it has three orders: it has the last as soon as the first, whatever lands when.
#[test]
fn the_provider_has_all_orders_of_a_freeze_at_once() {
    let (world, listener) = (world(), TcpListener::bind("127.0.0.1:0").unwrap());
    let gate = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let accepted = || listener.accept().unwrap().0;
        let mut all: Vec<TcpStream> = (0..3).map(|_| accepted()).collect();
        // A connection with an answer may serve the next order as well: no answer before each has its own.
        all.iter_mut().for_each(read_request);
        for connection in &mut all {
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"frozen\":100000000}";
            connection.write_all(answer.as_bytes()).unwrap();
        }
    });
    let names = [(); 3].map(|()| world.loan().to_string());
    let freeze = ["credit", "freeze", &names[0], &names[1], &names[2], "--all", "--gate", &gate];
    let data = world.run_as("lender", &freeze).data();
    let obeyed = data["gate"].as_array().unwrap().iter().all(|answer| answer["obeyed"] == true);
    assert!(obeyed && data["signatures"].as_array().unwrap().len() == 3, "{data}");
    server.join().unwrap();
}

/// Reads a request with its body.
fn read_request(connection: &mut TcpStream) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let count = connection.read(&mut buffer).unwrap();
        assert!(count > 0, "the connection ended within a request");
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.unwrap().parse::<usize>().unwrap() {
            return;
        }
    }
}

#[test]
fn a_freeze_that_the_terms_forbid_says_so_with_the_numbers() {
    let world = world();
    let late = world.loan_with(|offer| {
        offer.terms.freeze_policy = FreezePolicy::OnDefault as u8;
        offer.terms.auto_freeze = 0;
    });
    for (credit, amount, said) in [
        (
            late,
            "--all",
            "freezes are by lender from default, anyone never, and it is active with $0.00 in arrears",
        ),
        (world.sandbox_loan(LoanName::Offered), "--all", "is offered and secures no debt"),
        (world.sandbox_loan(LoanName::Repaid), "--all", "is repaid and secures no debt"),
        (world.loan(), "--shortfall", "has no shortfall: of its debt of $12,000."),
    ] {
        let error = world.run_as("lender", &["credit", "freeze", &credit.to_string(), amount]).error();
        assert_eq!(error["code"], "refused", "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
    let credit = world.loan().to_string();
    let error = world.run_as("borrower", &["credit", "freeze", &credit, "--all"]).error();
    let said = format!("only the lender or the freeze authority can, {}", world.party("lender"));
    assert!(error["message"].as_str().unwrap().contains(&said), "{error}");
}

#[test]
fn a_shortfall_explains_its_arithmetic() {
    let world = world();
    let credit = world.loan_with(|offer| offer.schedule[0].due_after = 1);
    let due = world.credit(&credit).issued_at + 2;
    world.wait_until(due);
    let done = world.run_as("lender", &["credit", "freeze", &credit.to_string(), "--shortfall"]);
    let (data, account) = (done.data(), world.credit(&credit));
    assert!(done.stderr.contains("arrears $333.34 of debt $12,000."), "{done:?}");
    assert!(
        done.stderr.contains("that can be frozen is") && done.stderr.contains("(rounded up)"),
        "{done:?}"
    );
    assert_eq!(data["state"][0]["frozen"], account.collateral.frozen());
    assert!(account.collateral.frozen_for_payment > 0);
    // Its payment thaws it.
    let paid = world.run_as("borrower", &["credit", "repay", &credit.to_string(), "--amount", "$340"]).data();
    assert_eq!((&paid["state"]["arrears"], &paid["state"]["frozen"]), (&0.into(), &0.into()), "{paid}");
}

#[test]
fn a_thaw_opens_no_more_than_it_shows() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    world.run_as("lender", &["credit", "freeze", &address, "--units", "1000000"]).data();
    let part = world.run_as("freeze-authority", &["credit", "thaw", &address, "--units", "400,000"]).data();
    assert_eq!(part["state"]["frozen"], 600_000);
    let error = world.run_as("lender", &["credit", "thaw", &address, "--units", "600001"]).error();
    assert!(
        error["message"].as_str().unwrap().contains("has 600,000 units frozen, fewer than 600,001 units"),
        "{error}"
    );
    let half = world.run_as("lender", &["credit", "thaw", &address, "--share", "50%"]).data();
    assert_eq!(half["state"]["frozen"], 300_000);
    world.run_as("lender", &["credit", "thaw", &address, "--all"]).data();
    let again = world.run_as("lender", &["credit", "thaw", &address, "--all"]).data();
    assert_eq!(again["changed"], false);
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}

#[test]
fn a_payment_is_quoted_paid_and_read_again() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    let before = world.credit(&credit);
    let done = world.run_as("borrower", &["credit", "repay", &address, "--amount", "1000usdc"]);
    let (data, after) = (done.data(), world.credit(&credit));
    assert!(done.stderr.contains("goes to") && done.stderr.contains("cost"), "{done:?}");
    assert_eq!(after.claims.lender, 1_000_000_000);
    assert_eq!(data["state"]["locked"], after.collateral.locked());
    assert!(after.collateral.locked() < before.collateral.locked());
    let next = world.run_as("buyer", &["credit", "repay", &address, "--next"]).data();
    assert_eq!(next["changed"], true, "anyone may pay");
    let all = world.run_as("borrower", &["credit", "repay", &address, "--all"]).data();
    assert_eq!((&all["state"]["status"], &all["state"]["debt"]), (&"repaid".into(), &0.into()));
    let again = world.run_as("borrower", &["credit", "repay", &address, "--all"]).data();
    assert_eq!(again["changed"], false);
}

/// The next instalment falls due within the two minutes in which the payment may land.
#[test]
fn a_cure_pays_what_is_due_and_names_what_falls_due_meanwhile() {
    let world = world();
    let credit = world.loan_with(|offer| {
        let part = |due_after, principal| Instalment { due_after, principal };
        offer.schedule = vec![part(1, 4_000_000_000), part(115, 4_000_000_000), part(86_400, 4_000_000_000)];
        (offer.terms.delinquency_grace, offer.terms.default_grace) = (1, 3_600);
    });
    let (address, issued_at) = (credit.to_string(), world.credit(&credit).issued_at);
    world.wait_until(issued_at + 3);
    // The keeper may have been faster.
    world.run_as("buyer", &["credit", "mark", &address]);
    let due = world.credit(&credit);
    let done = world.run_as("borrower", &["credit", "repay", &address, "--cure"]);
    // The instalment, and the fee for its delay.
    let said = "$4,006.67 that fall due within 2 minutes; from then on this payment is refused, and nothing is paid: run it again";
    assert!(done.stderr.contains(said), "{done:?}");
    let (data, after) = (done.data(), world.credit(&credit));
    assert_eq!(
        (&data["state"]["status"], &data["state"]["arrears"]),
        (&"active".into(), &0.into()),
        "{data}"
    );
    assert_eq!(after.principal_repaid, 4_000_000_000, "and no part of the next");
    assert_eq!(after.claims.lender, due.arrears().max(4_000_000_000), "{:?}", due.debt);
    let help = world.run(&["credit", "repay", "--help"]).stdout;
    assert!(help.contains("Pays what is due now"), "{help}");
}

#[test]
fn a_payment_that_cannot_be_made_says_why() {
    let (world, credit) = (world(), world().loan().to_string());
    let guardian = world.wallet("guardian");
    for (party, arguments, code, said) in [
        ("keeper", vec!["--all"], "not_found", "there is no token account"),
        ("borrower", vec!["--cure"], "refused", "is active and no payment cures that"),
        ("borrower", vec!["--all", "--from", &world.market()], "not_found", "there is no token account"),
    ] {
        let error = world.run_as(party, &[&["credit", "repay", &credit], &arguments[..]].concat()).error();
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
    assert_eq!(world.wallet("guardian"), guardian);
}

#[test]
fn a_review_reads_like_this() {
    let (world, credit) = (world(), world().loan());
    let address = credit.to_string();
    let done = world.run(&["credit", "freeze", &address, "--share", "50%", "--dry-run"]);
    let text =
        world.stable(&done.stderr).replace(&address, "<CREDIT>").replace(&world.genesis(), "<GENESIS>");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("credit_freeze_review", text));
}
