//! `blockable credit freeze` of several loans: nothing that one of them becomes holds up the others.

use {
    crate::{
        node::Node,
        run::Done,
        world::{World, world},
    },
    blockable_sdk::{Pubkey, amounts::MicroUsd},
    blockable_testkit::http::{Reply, Server, forward},
    serde_json::{Value, json},
    std::{
        sync::atomic::{AtomicBool, Ordering},
        thread,
        time::Duration,
    },
};

/// Loans that take two transactions.
const SEVERAL: usize = 9;

fn loans(world: &World, count: usize) -> Vec<Pubkey> {
    (0..count).map(|_| world.loan()).collect()
}

/// The first loan is paid off by its borrower, and the last one is frozen by somebody else.
fn change(world: &World, loans: &[Pubkey]) {
    world.block_on(world.venue().repay(&loans[0], MicroUsd::MAX)).unwrap();
    let last = loans.last().unwrap().to_string();
    assert_eq!(world.run_as("freeze-authority", &["credit", "freeze", &last, "--all"]).code, 0);
}

/// Freezes loans over a node that changes two of them at its first answer to a method.
fn freeze_while_changing(world: &'static World, loans: &[Pubkey], method: &'static str) -> Done {
    let (is_done, changed, behind) = (AtomicBool::new(false), loans.to_vec(), world.url());
    let node = Node::before(&world.url(), move |request, answer| {
        if request["method"] != method || is_done.swap(true, Ordering::Relaxed) {
            return Some(answer);
        }
        change(world, &changed);
        // A simulation is to be that of the chain as it is now; what signs is not.
        if method == "simulateTransaction" { forward(&behind, request) } else { Some(answer) }
    });
    let (url, names) = (node.url(), loans.iter().map(ToString::to_string).collect::<Vec<_>>());
    let mut freeze = vec!["credit", "freeze", "--all", "-u", &url];
    freeze.extend(names.iter().map(String::as_str));
    world.run_as("lender", &freeze)
}

fn require_all_frozen_but_the_first(world: &World, loans: &[Pubkey], done: &Done) {
    let data = done.data_of(8);
    for loan in &loans[1..] {
        let collateral = world.credit(loan).collateral;
        assert!(collateral.frozen() > 0 && collateral.frozen() == collateral.freezable(), "{loan}: {done:?}");
    }
    let left = data["not_frozen"].as_array().unwrap();
    assert_eq!((left.len(), &left[0]["credit"]), (1, &loans[0].to_string().into()), "{data}");
    let reason = left[0]["reason"].as_str().unwrap();
    assert!(reason.contains("is repaid and secures no debt"), "{reason}");
    assert!(done.warnings().iter().any(|warning| warning == reason), "{done:?}");
    assert_eq!(data["changed"], true);
    let frozen = |state: &&Value| state["frozen"].as_u64() > Some(0);
    assert_eq!(
        data["state"].as_array().unwrap().iter().filter(frozen).count(),
        loans.len() - 1 - hidden(&data, loans)
    );
}

/// One that is frozen before the review is in no state of the answer.
fn hidden(data: &Value, loans: &[Pubkey]) -> usize {
    let last = loans.last().unwrap().to_string();
    let has = data["state"].as_array().unwrap().iter().any(|state| state["credit"] == last);
    usize::from(!has)
}

#[test]
fn a_loan_that_changes_after_the_review_holds_up_no_other() {
    let world = world();
    let loans = loans(world, SEVERAL);
    // The first blockhash is asked for once the review was confirmed.
    let done = freeze_while_changing(world, &loans, "getLatestBlockhash");
    require_all_frozen_but_the_first(world, &loans, &done);
    assert!(done.stderr.contains("the credits are read again, and the others go on"), "{done:?}");
    let fee = done.data_of(8)["fee_lamports"].as_u64().unwrap();
    assert!(fee >= 5_000 * 8, "two transactions and those of six loans: {fee}");
}

#[test]
fn a_loan_that_changes_before_the_review_holds_up_no_other() {
    let world = world();
    let loans = loans(world, SEVERAL);
    let done = freeze_while_changing(world, &loans, "simulateTransaction");
    require_all_frozen_but_the_first(world, &loans, &done);
    assert_eq!(done.data_of(8)["signatures"].as_array().unwrap().len(), 1, "seven fit into one transaction");
}

#[test]
fn loans_that_change_before_and_after_the_review_hold_up_no_other() {
    let world = world();
    let loans = loans(world, 3);
    let [simulated, signed] = [const { AtomicBool::new(false) }; 2];
    let (behind, paid) = (world.url(), loans.clone());
    let node = Node::before(&world.url(), move |request, answer| {
        let pay = |loan: &Pubkey| world.block_on(world.venue().repay(loan, MicroUsd::MAX)).unwrap();
        match request["method"].as_str().unwrap() {
            "simulateTransaction" if !simulated.swap(true, Ordering::Relaxed) => {
                pay(&paid[0]);
                forward(&behind, request)
            }
            "getLatestBlockhash" if !signed.swap(true, Ordering::Relaxed) => {
                pay(&paid[1]);
                Some(answer)
            }
            _ => Some(answer),
        }
    });
    let (url, names) = (node.url(), loans.iter().map(ToString::to_string).collect::<Vec<_>>());
    let freeze = ["credit", "freeze", &names[0], &names[1], &names[2], "--all", "-u", &url];
    let data = world.run_as("lender", &freeze).data_of(8);
    let left: Vec<&Value> =
        data["not_frozen"].as_array().unwrap().iter().map(|left| &left["credit"]).collect();
    assert_eq!(left, [&names[0], &names[1]], "{data}");
    assert!(world.credit(&loans[2]).collateral.frozen() > 0);
}

#[test]
fn a_loan_that_is_paid_off_meanwhile_alone_is_refused() {
    let world = world();
    let loan = world.loan();
    let (is_done, behind) = (AtomicBool::new(false), loan);
    let node = Node::before(&world.url(), move |request, answer| {
        if request["method"] == "getLatestBlockhash" && !is_done.swap(true, Ordering::Relaxed) {
            world.block_on(world.venue().repay(&behind, MicroUsd::MAX)).unwrap();
        }
        Some(answer)
    });
    let done = world.run_as("lender", &["credit", "freeze", &loan.to_string(), "--all", "-u", &node.url()]);
    assert_eq!((done.code, &done.error()["code"]), (3, &"refused".into()), "{done:?}");
    assert!(done.error()["message"].as_str().unwrap().contains("is repaid and secures no debt"), "{done:?}");
}

#[test]
fn a_loan_that_is_named_twice_is_frozen_once() {
    let (world, gate) = (world(), world().gate());
    for more in [&[][..], &["--gate", &gate]] {
        let loan = world.loan().to_string();
        let data =
            world.run_as("lender", &[&["credit", "freeze", &loan, &loan, "--all"], more].concat()).data();
        assert_eq!(data["signatures"].as_array().unwrap().len(), 1, "{data}");
        assert_eq!(data["state"].as_array().unwrap().len(), 1, "{data}");
    }
}

#[test]
fn a_loan_that_is_not_there_holds_up_no_other() {
    let world = world();
    let (loan, gone, other) = (world.loan(), Pubkey::new_unique().to_string(), world.party("lender"));
    let name = loan.to_string();
    let freeze = ["credit", "freeze", &gone, &name, &other, "--all"];
    let done = world.run_as("lender", &freeze);
    let data = done.data_of(8);
    let left: Vec<&Value> =
        data["not_frozen"].as_array().unwrap().iter().map(|left| &left["credit"]).collect();
    assert_eq!(left, [&gone, &other], "{data}");
    assert!(data["not_frozen"][0]["reason"].as_str().unwrap().contains("there is no credit at"), "{data}");
    assert!(world.credit(&loan).collateral.frozen() > 0);
    // A second run changes nothing, and is not taken for one that has frozen all.
    let again = world.run_as("lender", &freeze);
    assert_eq!(again.data_of(8)["changed"], false);
    let text = world.run(&[&freeze[..], &["-k", &world.key("lender"), "--yes"]].concat());
    assert_eq!(text.code, 8, "{text:?}");
    assert!(text.stdout.contains("as much is frozen already, and the rest cannot be frozen"), "{text:?}");
    let none = world.run_as("lender", &["credit", "freeze", &gone, &other, "--all"]);
    assert_eq!((none.code, &none.error()["code"]), (4, &"not_found".into()), "{none:?}");
}

/// A stranger's small loan to the same borrower must not take the place of the lender that asks.
#[test]
fn the_lender_of_loans_of_several_is_not_guessed() {
    let world = world();
    let (own, foreign) = (world.loan().to_string(), world.loan().to_string());
    let buyer = world.party("buyer");
    world.run_as("lender", &["credit", "assign", &foreign, &buyer]).data();
    world.run_as("buyer", &["credit", "accept-assignment", &foreign]).data();
    for (first, second) in [(&own, &foreign), (&foreign, &own)] {
        let freeze = ["credit", "freeze", first, second, "--all", "--no-send", "--output", "json"];
        let error = world.run(&freeze).error();
        assert_eq!(error["code"], "usage", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&buyer) && message.contains("by --keypair"), "{message}");
        let named = world.run(&[&freeze[..], &["-k", &world.party("lender")]].concat()).data_of(8);
        assert_eq!(
            (&named["signer"], &named["not_frozen"][0]["credit"]),
            (&world.party("lender").into(), &foreign.as_str().into())
        );
    }
    assert_eq!(world.run(&["credit", "freeze", &own, "--all", "--no-send"]).code, 0, "its lender is known");
}

/// The answer waits for no gate longer than seconds after the landing, and its time is not that of the landing.
#[test]
fn a_slow_gate_is_not_counted_into_the_landing() {
    let (world, credit) = (world(), world().loan().to_string());
    let gate = Server::start(|_| {
        thread::sleep(Duration::from_secs(30));
        Reply::Body("{}".to_string())
    });
    let data = world.run_as("lender", &["credit", "freeze", &credit, "--all", "--gate", &gate.url()]).data();
    let (landed, answered) = (&data["landed_after_ms"], &data["gate"][0]);
    assert_eq!(
        (&answered["obeyed"], &answered["error"]),
        (&false.into(), &"no answer in time".into()),
        "{data}"
    );
    assert!(landed.as_u64() < answered["after_ms"].as_u64(), "{data}");
}

/// A node whose lists have some loans alone.
fn node_that_lists(world: &World, loans: &[Pubkey]) -> Node {
    let listed: Vec<String> = loans.iter().map(ToString::to_string).collect();
    Node::before(&world.url(), move |request, mut answer| {
        if request["method"] == "getProgramAccounts" {
            let accounts = answer["result"].as_array_mut().unwrap();
            accounts.retain(|account| listed.iter().any(|loan| account["pubkey"] == loan.as_str()));
        }
        Some(answer)
    })
}

/// The node that is named first leaves a loan out of its lists, beside an honest one.
#[test]
fn a_node_that_hides_a_loan_keeps_it_from_no_freeze() {
    let (world, loans) = (world(), loans(world(), 2));
    // The world's other loans are those of other tests.
    let (liar, honest) = (node_that_lists(world, &loans[..1]), node_that_lists(world, &loans));
    let (liar, honest) = (liar.url(), honest.url());
    let condition = format!("borrower={}", world.party("borrower"));
    let freeze = ["credit", "freeze", "--units", "7", "-w", &condition, "-u", &liar, "-u", &honest];
    let done = world.run_as("lender", &freeze);
    let frozen = loans.iter().map(|loan| world.credit(loan).collateral.frozen()).collect::<Vec<_>>();
    assert_eq!((frozen, done.code), (vec![7, 7], 0), "{done:?}");
    let hidden = loans[1].to_string();
    assert!(done.warnings().iter().any(|warning| warning.starts_with(&hidden)), "{done:?}");
}

/// The node that is named first shows a loan as it was while all of it was frozen, beside an honest one.
#[test]
fn a_node_that_shows_units_as_frozen_keeps_them_from_no_freeze() {
    let (world, loan) = (world(), world().loan());
    let name = loan.to_string();
    let read = |loan: &str| json!({"jsonrpc": "2.0", "id": 1, "method": "getAccountInfo", "params": [loan, {"encoding": "base64"}]});
    assert_eq!(world.run_as("lender", &["credit", "freeze", &name, "--all"]).code, 0);
    let shown = forward(&world.url(), &read(&name)).unwrap()["result"]["value"].clone();
    assert_eq!(world.run_as("lender", &["credit", "thaw", &name, "--all"]).code, 0);
    let (by_liar, is_shown) = (name.clone(), shown.clone());
    let liar = Node::before(&world.url(), move |request, mut answer| {
        if request["method"] == "getAccountInfo" && request["params"][0] == by_liar.as_str() {
            answer["result"]["value"] = is_shown.clone();
        }
        Some(answer)
    });
    let (liar, honest) = (liar.url(), world.url());
    let freeze = ["credit", "freeze", &name, "--all", "-u", &liar, "-u", &honest];
    let done = world.run_as("lender", &freeze);
    let collateral = world.credit(&loan).collateral;
    assert!(collateral.frozen() > 0 && collateral.frozen() == collateral.freezable(), "{done:?}");
    assert_eq!(done.data()["changed"], true, "{done:?}");
}
