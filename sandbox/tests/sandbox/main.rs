//! The sandbox as a library: what it promises is there, it refuses what is wrong before it does anything, and it goes on from what
//! was kept.

// Tests may end by a panic, wait for the clock and need no deadline.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod given;
mod kept;
mod outage;
mod played;

use {
    blockable_sandbox::{Options, Ports, Sandbox, loans::LoanName},
    blockable_sdk::{
        Keypair, Pubkey, Signer, addresses, instructions,
        program::{
            instructions::{OfferRead, UnitBounds},
            transitions::Status,
        },
        read_keypair_file,
    },
    blockable_testkit::free_ports,
    played::{COST, Played, WORDS, refusal},
    reqwest::StatusCode,
    serde_json::{Value, json},
    std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, time::Duration},
};

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_it_promises_is_there_and_nothing_is_left() {
    let first = free_ports(6);
    let options = Options {
        ports: Ports::From(first),
        late_after: Duration::from_secs(2),
        paid_every: Duration::from_secs(8),
        ..Options::default()
    };
    let played = Played::start(options).await;
    loans_are_in_all_states(&played).await;
    parties_have_keys_and_money(&played).await;
    a_request_is_answered_and_charged(&played).await;
    the_keeper_marks_and_freezes_the_late_loan(&played).await;
    instalments_are_paid(&played).await;
    only_the_story_is_alerted(&played).await;
    anyone_may_act(&played).await;
    the_keepers_page_alone_may_call_the_gate(&played).await;
    a_second_one_is_refused(first).await;
    let folder = played.facts().folder.clone();
    assert!(folder.exists());
    played.sandbox.stop().await.unwrap();
    assert!(!folder.exists(), "{} is left", folder.display());
    for port in first..first + 6 {
        TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
    }
}

async fn loans_are_in_all_states(played: &Played) {
    let status = async |name| Status::from_byte(played.credit(name).await.status).unwrap();
    assert_eq!(status(LoanName::Healthy).await, Status::Active);
    assert_eq!(status(LoanName::Repaid).await, Status::Repaid);
    assert_eq!(status(LoanName::Offered).await, Status::Offered);
    assert_eq!(status(LoanName::ForSale).await, Status::Seizing);
    let frozen = played.credit(LoanName::Frozen).await;
    assert_eq!(frozen.collateral.frozen(), frozen.terms.unlocked_ahead, "all that was open");
    let (answer, body) = played.chat(LoanName::Frozen).await;
    assert_eq!((answer, &body["error"]["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("credit_frozen")));
    let lot: Pubkey = played.loan(LoanName::ForSale).lot.as_ref().unwrap().parse().unwrap();
    assert!(played.sandbox.venue().client.lot(&lot).await.unwrap().units > 0);
    let document: Value = serde_json::from_str(&played.facts().json()).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["credits"].as_array().unwrap().len(), LoanName::ALL.len());
    assert_eq!(document["credits"][0]["name"], "healthy");
}

async fn parties_have_keys_and_money(played: &Played) {
    let rpc = played.sandbox.venue().client.rpc();
    for (name, party) in &played.facts().parties {
        let key = read_keypair_file(&party.key_file).unwrap();
        assert_eq!(key.pubkey().to_string(), party.address, "{name}");
        assert_eq!(fs::metadata(&party.key_file).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        assert!(rpc.get_balance(&key.pubkey()).await.unwrap() > 0, "{name} has no SOL");
    }
    for name in ["lender", "borrower", "buyer", "provider", "guardian", "admin", "freeze-authority"] {
        assert!(played.wallet(name).await > 100_000_000_000, "{name}");
    }
}

async fn a_request_is_answered_and_charged(played: &Played) {
    let before = played.available(LoanName::Healthy).await;
    let (status, body) = played.chat(LoanName::Healthy).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["choices"][0]["message"]["content"], WORDS);
    assert_eq!(body["usage"]["total_tokens"], 10);
    assert_eq!(played.available(LoanName::Healthy).await, before - COST);
    let is_metered =
        async |played: &Played| played.credit(LoanName::Healthy).await.collateral.consumed == COST;
    played.until("the metering on the chain", is_metered).await;
}

async fn the_keeper_marks_and_freezes_the_late_loan(played: &Played) {
    let path = format!("/v1/credits/{}", played.loan(LoanName::Late).address);
    let is_frozen = async |played: &Played| {
        let credit = played.keeper(&path).await;
        credit["status"] == "delinquent"
            && credit["units"]["frozen"].as_str().is_some_and(|units| units != "0")
    };
    played.until("the freeze of the late loan", is_frozen).await;
    let late = played.credit(LoanName::Late).await;
    assert_eq!(late.status, Status::Delinquent.byte());
    assert_eq!(late.collateral.frozen(), late.terms.unlocked_ahead);
    let (status, body) = played.chat(LoanName::Late).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("credit_frozen")));
    let alerts = played.keeper("/v1/alerts").await;
    let of_late = |alert: &&Value| alert["subject"] == played.loan(LoanName::Late).address.as_str();
    let rules: Vec<&Value> =
        alerts["alerts"].as_array().unwrap().iter().filter(of_late).map(|alert| &alert["rule"]).collect();
    assert!(rules.contains(&&json!("delinquent")), "{rules:?}");
}

async fn instalments_are_paid(played: &Played) {
    let two_are_paid = async |played: &Played| {
        let credit = played.credit(LoanName::Paying).await;
        credit.status == Status::Active.byte()
            && credit.debt.principal <= credit.terms.principal - 2 * credit.terms.principal / 36
    };
    played.until("the payment of two instalments", two_are_paid).await;
    let debt = played.credit(LoanName::Paying).await.debt;
    assert_eq!((debt.late_fees, debt.interest_due, debt.arrears_since), (0, 0, 0), "paid before it was due");
}

/// Nobody has done anything but use units: each alert, also one that has ended, is one that the page tells of.
async fn only_the_story_is_alerted(played: &Played) {
    let alerts = played.keeper("/v1/alerts?limit=200").await;
    for alert in alerts["alerts"].as_array().unwrap() {
        let rule = alert["rule"].as_str().unwrap();
        let loan =
            LoanName::ALL.into_iter().find(|name| alert["subject"] == played.loan(*name).address.as_str());
        let is_told = match loan {
            Some(LoanName::Late) => true,
            Some(LoanName::Frozen) => matches!(rule, "frozen" | "payment_due"),
            Some(LoanName::Healthy | LoanName::Paying) => rule == "payment_due",
            Some(LoanName::ForSale) => true,
            _ => false,
        };
        assert!(is_told, "{loan:?}: {alert:#}");
    }
}

/// The borrower accepts the offer, and the buyer buys from the lot: by their keys from the files.
async fn anyone_may_act(played: &Played) {
    let venue = played.sandbox.venue();
    let key = |name: &str| -> Keypair { read_keypair_file(&played.facts().parties[name].key_file).unwrap() };
    let (borrower, buyer, offered) = (key("borrower"), key("buyer"), played.address(LoanName::Offered));
    let read = OfferRead::from_credit(&venue.credit(&offered).await.unwrap());
    let accept = instructions::credit_accept(&venue.keys.market, &borrower.pubkey(), &offered, read);
    venue.send(&[accept], &[&borrower]).await.unwrap();
    assert_eq!(played.credit(LoanName::Offered).await.status, Status::Accepted.byte());
    let credit = played.address(LoanName::ForSale);
    let lot = instructions::LotKeys { credit, index: 0, provider: venue.provider, units_expire_at: 0 };
    let (owner, source) = (buyer.pubkey(), venue.wallet(&buyer));
    let some = UnitBounds::exactly(1_000_000);
    let buy = instructions::lot_buy(&venue.keys, &owner, &owner, &source, &lot, some, u64::MAX);
    let before = venue.client.lot(&addresses::lot(&credit, 0)).await.unwrap().units_left;
    venue.send(&[buy], &[&buyer]).await.unwrap();
    assert_eq!(venue.client.lot(&addresses::lot(&credit, 0)).await.unwrap().units_left, before - 1_000_000);
}

/// A browser asks the provider's server before a page of another origin shows it a freeze.
async fn the_keepers_page_alone_may_call_the_gate(played: &Played) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v1/freezes", played.facts().provider_url);
    let page = played.facts().keeper_url.as_str();
    for (origin, allowed) in [(page, Some(page)), ("http://127.0.0.1:1", None)] {
        let question = http
            .request(reqwest::Method::OPTIONS, &url)
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let answer = question.send().await.unwrap();
        let given = answer.headers().get("access-control-allow-origin");
        assert_eq!(given.map(|value| value.to_str().unwrap()), allowed, "{origin}");
    }
}

async fn a_second_one_is_refused(first: u16) {
    for overlapping in [first, first - 1, first + 5] {
        let options = Options { ports: Ports::From(overlapping), ..Options::default() };
        let refused = refusal(Sandbox::start(options).await);
        assert!(refused.contains("cannot listen at 127.0.0.1:"), "{refused}");
        assert!(refused.ends_with("stop it, or choose other ports"), "{refused}");
    }
    for port in [0, 65_531, u16::MAX] {
        let options = Options { ports: Ports::From(port), ..Options::default() };
        let refused = refusal(Sandbox::start(options).await);
        assert!(
            refused.contains(&format!("port {port} is out of range; choose one from 1 to 65530")),
            "{refused}"
        );
    }
}
