//! Links that lie, that are late, that are malformed; hosts that lie; nodes that are silent.

use {
    super::{PUBLIC, Site, wallet::Manner},
    blockable_sdk::{
        Pubkey, TransactionError,
        errors::program_error,
        instructions,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, OfferRead},
            state::FreezeReason,
        },
    },
    blockable_testkit::{Cluster, Loan, Parties},
    rand::{Rng, SeedableRng, rngs::StdRng},
    reqwest::{Method, StatusCode, header},
    serde_json::json,
};

fn error_of(result: Result<(), TransactionError>) -> Option<BlockableError> {
    program_error(&result.unwrap_err()).map(|(_, error)| error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_which_offer_it_has_shown_and_signs_no_other() {
    let mut site = Site::new().await;
    blockable_testkit::Chain::fund(&site.cluster.chain.client, "borrower").await;
    let args = Loan::new(1).with(|terms| terms.offer_expires_at = 0).args;
    let credit = site.cluster.chain.credit_of(&args);
    let offer = site.cluster.chain.offer(args.clone());
    site.cluster.chain.send(&[offer], &["lender"]).await;
    let shown = site.button("accept", &credit).await;
    let (_, answer) = site.asked(&shown, "borrower").await;

    // The lender puts another offer in its place, at twice the rate.
    let (chain, lender) = (&mut site.cluster.chain, Parties::address("lender"));
    let slot = chain.credit(&credit).await.offer_slot;
    let refund = chain.wallet("lender");
    let cancel = instructions::credit_cancel_offer(&chain.keys, &lender, &lender, &credit, &refund, slot);
    chain.send(&[cancel], &["lender"]).await;
    let mut dearer = args;
    dearer.terms.apr_bps *= 2;
    let offer = chain.offer(dearer);
    chain.send(&[offer], &["lender"]).await;

    // Between GET and POST, and between POST and the signature.
    let told = site.refused(&shown, "borrower", StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(told.starts_with("The terms on the chain are not those that you agreed to."), "{told}");
    let late = site.signed(&answer, "borrower", Manner::Replacing).await;
    assert_eq!(error_of(late), Some(BlockableError::TermsHashMismatch));
    // The hash of the first terms with the slot of the second offer, the other way round, and without either.
    let read = OfferRead::from_credit(&site.cluster.chain.credit(&credit).await);
    let forged = shown.replace(&format!("offer={slot}"), &format!("offer={}", read.slot));
    site.refused(&forged, "borrower", StatusCode::UNPROCESSABLE_ENTITY).await;
    for open in [format!("accept/{credit}"), format!("accept/{credit}?offer={slot}")] {
        site.refused(&open, "borrower", StatusCode::BAD_REQUEST).await;
    }
    let zero = shown.replace(&format!("offer={slot}"), "offer=0");
    site.refused(&zero, "borrower", StatusCode::UNPROCESSABLE_ENTITY).await;
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_amount_that_a_link_shows_is_the_one_that_is_signed() {
    let mut site = Site::new().await;
    blockable_testkit::Chain::fund(&site.cluster.chain.client, "borrower").await;
    let credit = site.cluster.chain.active(Loan::new(1).with(|terms| terms.offer_expires_at = 0).args).await;
    let slot = site.cluster.chain.credit(&credit).await.offer_slot;
    let path = format!("repay/{credit}?offer={slot}&amount=250.75");
    let (_, shown) = site.shown(&path).await;
    assert_eq!(shown["label"], "Pay $250.75");
    assert_eq!(shown["links"]["actions"][0]["href"], format!("{PUBLIC}/links/{path}"));
    let before = site.cluster.chain.balance("borrower").await;
    let (_, answer) = site.asked(&path, "borrower").await;
    assert!(answer["message"].as_str().unwrap().starts_with("Pays $250.75, at most $250.75."), "{answer}");
    site.signed(&answer, "borrower", Manner::AsGiven).await.unwrap();
    assert_eq!(before - site.cluster.chain.balance("borrower").await, 250_750_000);
    // A payment that the link leaves open is none; neither is one that is said twice.
    let told = site.refused(&format!("repay/{credit}"), "borrower", StatusCode::BAD_REQUEST).await;
    assert!(told.contains("the signature is bound by it"), "{told}");
    let twice = format!("repay/{credit}?offer={slot}&amount=1&amount=9999");
    site.refused(&twice, "borrower", StatusCode::BAD_REQUEST).await;
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thaw_opens_no_more_than_was_shown_after_another_freeze() {
    let mut site = Site::new().await;
    let args = Loan::new(1).with(|terms| (terms.freeze_policy, terms.offer_expires_at) = (0, 0)).args;
    let credit = site.cluster.chain.active(args).await;
    let (market, lender) = (site.cluster.chain.keys.market, Parties::address("lender"));
    let freeze = |amount| instructions::credit_freeze(&market, &lender, &credit, amount, FreezeReason::Risk);
    site.cluster.chain.send(&[freeze(FreezeAmount::Units(1_000))], &["lender"]).await;
    let shown = site.button("thaw", &credit).await;
    site.cluster.chain.send(&[freeze(FreezeAmount::All)], &["lender"]).await;
    let (_, answer) = site.asked(&shown, "lender").await;
    site.signed(&answer, "lender", Manner::Replacing).await.unwrap();
    let frozen = site.cluster.chain.credit(&credit).await.collateral.frozen();
    assert_eq!(frozen, 1_000_000_000 - 1_000, "the link has shown 1,000 units");
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_with_the_blockhash_of_another_cluster_lands_nowhere() {
    let mut site = Site::new().await;
    let credit = site
        .cluster
        .chain
        .active(Loan::new(1).with(|terms| (terms.freeze_policy, terms.offer_expires_at) = (0, 0)).args)
        .await;
    let other = Site::new().await;
    let (_, answer) = site.asked(&format!("freeze/{credit}"), "lender").await;
    // The other cluster knows neither this blockhash nor, where a wallet replaces it, the credit.
    for manner in [Manner::AsGiven, Manner::Replacing] {
        assert!(other.signed(&answer, "lender", manner).await.is_err(), "{manner:?}");
    }
    let (status, _) = other.shown(&format!("freeze/{credit}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    other.cluster.stop();
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_and_headers_of_a_request_change_nothing_that_is_shown() {
    let mut site = Site::new().await;
    let credit = site.cluster.chain.active(Loan::new(1).with(|terms| terms.offer_expires_at = 0).args).await;
    let path = format!("{}/links/repay/{credit}", site.url);
    let plain = site.http.get(&path).send().await.unwrap().json::<serde_json::Value>().await.unwrap();
    let forged = site
        .http
        .get(&path)
        .header(header::HOST, "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::REFERER, "https://evil.example/");
    let answer = forged.send().await.unwrap();
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    assert!(answer.headers()["x-blockchain-ids"].to_str().unwrap().starts_with("solana:"));
    assert_eq!(answer.headers()["x-action-version"], "2.4");
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap(), plain);
    assert_eq!(plain["icon"], format!("{PUBLIC}/links/icon.svg"));
    let code =
        site.http.get(format!("{path}/qr.svg")).header(header::HOST, "evil.example").send().await.unwrap();
    assert_eq!(code.headers()[header::CONTENT_TYPE], "image/svg+xml");
    assert!(code.text().await.unwrap().contains("<svg"));

    for route in ["/actions.json", "/links/icon.svg", &format!("/links/freeze/{credit}")] {
        let asked = site.http.request(Method::OPTIONS, format!("{}{route}", site.url)).send().await.unwrap();
        assert_eq!(asked.status(), StatusCode::NO_CONTENT, "{route}");
        assert_eq!(asked.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], "GET, POST, OPTIONS");
    }
    let rules = site.http.get(format!("{}/actions.json", site.url)).send().await.unwrap();
    let rule = json!({ "pathPattern": "/links/**", "apiPath": "/links/**" });
    assert_eq!(rules.json::<serde_json::Value>().await.unwrap(), json!({ "rules": [rule] }));
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_are_no_credits_of_this_market_open_no_link() {
    let site = Site::new().await;
    let chain = &site.cluster.chain;
    let others =
        [chain.keys.market, chain.provider, chain.keys.mint, chain.wallet("lender"), Pubkey::default()];
    for act in ["freeze", "part-freeze", "thaw", "repay", "buy", "accept"] {
        for address in others.iter().chain([&Parties::address("lender")]) {
            let (status, body) = site.shown(&format!("{act}/{address}")).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{act} {address}: {body}");
        }
    }
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_node_is_told_within_its_deadline() {
    let cluster = Cluster::start().await;
    // A socket that takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let site = Site::reading(cluster, &url).await;
    let (status, body) = site.shown(&format!("freeze/{}", Pubkey::new_from_array([7; 32]))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["message"], "The keeper cannot read the chain now. Try again in some seconds.");
    assert!(!body.to_string().contains(&url), "{body}");
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_asks_too_often_is_told_to_wait_in_the_form_of_a_link() {
    let cluster = Cluster::start().await;
    let url = cluster.rpc_url();
    let site = Site::limited(cluster, &url, 3).await;
    let rules = format!("{}/actions.json", site.url);
    for _ in 0..3 {
        assert_eq!(site.http.get(&rules).send().await.unwrap().status(), StatusCode::OK);
    }
    let refused = site.http.get(&rules).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "three in a minute: {wait}");
    assert_eq!(refused.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "a page must be able to say so");
    let body: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(body["message"], format!("You ask too often. Try again in {wait} seconds."));
    let (status, _) = site.shown(&format!("freeze/{}", Pubkey::new_from_array([7; 32]))).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "before the chain is read");
    site.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_and_break_nothing() {
    let seed = std::env::var("BLOCKABLE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random::<u64>);
    println!("BLOCKABLE_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut site = Site::new().await;
    let credit = site.cluster.chain.active(Loan::new(1).with(|terms| terms.offer_expires_at = 0).args).await;
    let acts = ["freeze", "part-freeze", "thaw", "repay", "buy", "accept", "seize", "..", "%2e%2e", "FREEZE"];
    let names = [
        "offer",
        "units",
        "amount",
        "percent",
        "terms",
        "reason",
        "cure",
        "keep",
        "max_price",
        "after_seizure",
        "url",
        "",
    ];
    let values = [
        "",
        "-1",
        "0",
        "1e9",
        "18446744073709551616",
        "http://127.0.0.1:9/",
        "%00",
        "true",
        "💥",
        "..",
        "1.0000001",
    ];
    for _ in 0..400 {
        let act = acts[rng.random_range(0..acts.len())];
        let address = match rng.random_range(0..4) {
            0 => "not-base58".to_string(),
            1 => "1".repeat(rng.random_range(0..300)),
            2 => "http:%2F%2F127.0.0.1".to_string(),
            _ => credit.to_string(),
        };
        let pairs = (0..rng.random_range(1..4)).map(|_| {
            let name = names[rng.random_range(0..names.len())];
            format!("{name}={}", values[rng.random_range(0..values.len())])
        });
        let path = format!("{act}/{address}?{}&no_such=1", pairs.collect::<Vec<_>>().join("&"));
        let url = format!("{}/links/{path}", site.url);
        let request =
            if rng.random() { site.http.get(&url) } else { site.http.post(&url).body(body(&mut rng)) };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_client_error(), "{url}: {}", answer.status());
    }
    let accounts = ["", "null", "11111111111111111111111111111111", &credit.to_string(), &"9".repeat(44)];
    for account in accounts {
        let request = site.http.post(format!("{}/links/freeze/{credit}", site.url));
        let answer = request.json(&json!({ "account": account })).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{account}: {}", answer.status());
    }
    let (status, _) = site.shown(&format!("repay/{credit}")).await;
    assert_eq!(status, StatusCode::OK, "the site still serves");
    site.cluster.stop();
}

/// A body of random bytes, of JSON that is no address, or of too many bytes.
fn body(rng: &mut StdRng) -> Vec<u8> {
    match rng.random_range(0..4) {
        0 => (0..rng.random_range(0..200)).map(|_| rng.random()).collect(),
        1 => b"{\"account\": 7}".to_vec(),
        2 => vec![b'['; 3_000],
        _ => vec![b'x'; 10_000],
    }
}
