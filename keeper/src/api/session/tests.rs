//! Sign-in over a socket, what it opens, and what it must not.

use {
    super::*,
    crate::{
        api::tests::{Api, START, credits, key, on_credit},
        finding::Fact,
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{
        Keypair, Signer,
        amounts::{ChainTime, MicroUsd, Units},
        transactions,
    },
    blockable_service::sign_in::SignInScope,
    reqwest::{Method, StatusCode},
    serde_json::{Value, json},
};

const NOW: i64 = 1_800_000_000_000;

fn parties() -> (Keypair, Keypair) {
    (Keypair::new_from_array([41; 32]), Keypair::new_from_array([42; 32]))
}

/// A server whose credit 10 has a lender and a borrower that can sign, and which knows its cluster.
async fn served(change: impl FnOnce(&mut crate::api::ApiSettings, &tempfile::TempDir)) -> Api {
    let api = Api::empty(change).await;
    let (lender, borrower) = parties();
    let mut credits = credits();
    let credit = credits.get_mut(&key(10)).unwrap();
    (credit.lender, credit.borrower) = (lender.pubkey(), borrower.pubkey());
    api.show(START, &credits).await;
    for node in api.state.nodes.all() {
        node.know_genesis(Hash::new_from_array([7; 32]));
    }
    api
}

/// A request to a route of sessions, without the operator's token.
async fn ask(
    api: &Api,
    method: Method,
    path: &str,
    token: Option<&str>,
    origin: Option<&str>,
    body: Option<&Value>,
) -> (StatusCode, Value) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut asked = http.request(method, format!("{}{path}", api.url));
    if let Some(token) = token {
        asked = asked.header("authorization", format!("Bearer {token}"));
    }
    if let Some(origin) = origin {
        asked = asked.header("origin", origin);
    }
    if let Some(body) = body {
        asked = asked.json(body);
    }
    let response = asked.send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

async fn challenge(api: &Api, wallet: &Keypair) -> Value {
    let body = json!({ "wallet": wallet.pubkey().to_string() });
    let (status, answer) = ask(api, Method::POST, "/v1/sessions/challenge", None, None, Some(&body)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn signed(wallet: &Keypair, challenge: &Value) -> Value {
    let signature = wallet.sign_message(challenge["message"].as_str().unwrap().as_bytes()).to_string();
    json!({ "wallet": wallet.pubkey().to_string(), "challenge": challenge["challenge"], "signature": signature })
}

async fn begin(api: &Api, body: &Value) -> (StatusCode, Value) {
    ask(api, Method::POST, "/v1/sessions", None, None, Some(body)).await
}

async fn sign_in(api: &Api, wallet: &Keypair) -> String {
    let (status, answer) = begin(api, &signed(wallet, &challenge(api, wallet).await)).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["token"].as_str().unwrap().to_string()
}

async fn get(api: &Api, path: &str, token: &str) -> (StatusCode, Value) {
    ask(api, Method::GET, path, Some(token), None, None).await
}

fn frozen() -> Fact {
    let (frozen, lien, available) = (Units(5), Units(10), Units(5));
    Fact::Frozen { frozen, lien, available, arrears: MicroUsd(0) }
}

#[tokio::test]
async fn a_wallet_signs_in_by_message_or_transaction_and_each_challenge_is_good_once() {
    let api = served(|_, _| {}).await;
    let (lender, _) = parties();
    let first = challenge(&api, &lender).await;
    let text = first["message"].as_str().unwrap();
    let host = api.url.trim_start_matches("http://");
    let market = key(9);
    assert!(text.starts_with(&format!(
        "{host} wants you to sign in with your Solana account:\n{}\n",
        lender.pubkey()
    )));
    for named in [
        format!("URI: {}", api.url),
        format!("urn:blockable:market:{market}"),
        "Chain ID: solana:".to_string(),
    ] {
        assert!(text.contains(&named), "{named} is not in {text}");
    }
    let body = signed(&lender, &first);
    assert_eq!(begin(&api, &body).await.0, StatusCode::CREATED);
    let (status, refused) = begin(&api, &body).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::UNAUTHORIZED, &"sign_in_refused".into()));

    let second = challenge(&api, &lender).await;
    let bytes = STANDARD.decode(second["transaction"].as_str().unwrap()).unwrap();
    let mut transaction = transactions::decode(&bytes).unwrap();
    transaction.signatures[0] = lender.sign_message(&transaction.message.serialize());
    let proof = STANDARD.encode(transactions::encode(&transaction));
    let body = json!({ "wallet": lender.pubkey().to_string(), "challenge": second["challenge"], "transaction": proof });
    assert_eq!(begin(&api, &body).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_party_sees_the_alerts_and_deliveries_of_its_own_loans_alone() {
    let api = served(|_, _| {}).await;
    let (lender, borrower) = parties();
    let parties = crate::finding::Parties { lender: lender.pubkey(), borrower: borrower.pubkey() };
    let own = crate::finding::Finding::is(key(10), frozen()).between(parties);
    let funds = Fact::Funds { role: "metering", lamports: blockable_sdk::amounts::Lamports(5), fault: None };
    let of_operator = crate::finding::Finding::is(key(8), funds);
    api.state
        .alerts
        .apply(vec![own, on_credit(key(11), frozen()), of_operator], ChainTime(START))
        .await
        .unwrap();
    let write = |tx: &rusqlite::Transaction| {
        let sql = "INSERT INTO outbox (alert, sink, phase, state, attempts, next_at, written_at)
                   SELECT id, 'webhook/operator', 'raised', 'waiting', 2, 5, 5 FROM alerts";
        Ok(tx.execute(sql, [])?)
    };
    api.state.store.write(write).await.unwrap();
    for wallet in [&lender, &borrower] {
        let token = sign_in(&api, wallet).await;
        let (status, page) = get(&api, "/v1/alerts", &token).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let alerts = page["alerts"].as_array().unwrap();
        assert_eq!(alerts.len(), 1, "{page}");
        assert_eq!(alerts[0]["subject"], key(10).to_string());
        assert_eq!(alerts[0]["deliveries"], json!([]), "the operator's sinks are not for a party");
        let others = get(&api, &format!("/v1/alerts?party={}", key(1)), &token).await.1;
        assert_eq!(others["alerts"], json!([]));
        let by_subject = get(&api, &format!("/v1/alerts?credit={}", key(11)), &token).await.1;
        assert_eq!(by_subject["alerts"], json!([]));
        let seen = get(&api, &format!("/v1/credits/{}", key(10)), &token).await.1;
        assert_eq!(seen["alerts"].as_array().unwrap().len(), 1);
        let not_seen = get(&api, &format!("/v1/credits/{}", key(11)), &token).await.1;
        assert_eq!(not_seen["alerts"], Value::Null);
        let (status, refused) = get(&api, "/v1/keeper", &token).await;
        assert_eq!((status, &refused["error"]["code"]), (StatusCode::FORBIDDEN, &"forbidden".into()));
        let settings = get(&api, "/v1/settings", &token).await.1;
        assert_eq!(settings, json!({ "sinks": [], "keeper": null }));
    }
    let all = api.json("/v1/alerts").await;
    assert_eq!(all["alerts"].as_array().unwrap().len(), 3, "the operator sees all");
    assert_eq!(all["alerts"][0]["deliveries"][0]["sink"], "webhook/operator");
    assert!(api.json("/v1/settings").await["keeper"]["actions"].as_array().unwrap().len() > 5);
}

#[tokio::test]
async fn a_session_is_refreshed_with_a_new_token_and_ended() {
    let api = served(|_, _| {}).await;
    let (lender, _) = parties();
    let token = sign_in(&api, &lender).await;
    let (_, holder) = get(&api, "/v1/sessions", &token).await;
    assert_eq!(
        (&holder["wallet"], &holder["is_operator"]),
        (&lender.pubkey().to_string().into(), &false.into())
    );
    let (status, next) = ask(&api, Method::POST, "/v1/sessions/refresh", Some(&token), None, None).await;
    assert_eq!(status, StatusCode::OK, "{next}");
    let next = next["token"].as_str().unwrap();
    assert_eq!(get(&api, "/v1/alerts", &token).await.0, StatusCode::UNAUTHORIZED, "the old token is void");
    assert_eq!(get(&api, "/v1/alerts", next).await.0, StatusCode::OK);
    let end = ask(&api, Method::DELETE, "/v1/sessions", Some(next), None, None).await;
    assert_eq!(end.0, StatusCode::NO_CONTENT);
    assert_eq!(get(&api, "/v1/alerts", next).await.0, StatusCode::UNAUTHORIZED);
    for (method, path) in [(Method::DELETE, "/v1/sessions"), (Method::POST, "/v1/sessions/refresh")] {
        let refused = api.http.request(method, format!("{}{path}", api.url)).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "the operator's token is no session");
    }
    assert_eq!(
        api.json("/v1/sessions").await,
        json!({ "wallet": null, "is_operator": true, "ends_at": null })
    );
}

#[tokio::test]
async fn a_page_of_another_site_gets_no_challenge_whatever_it_says() {
    let listed = "https://lender.example";
    let api = served(|settings, _| {
        settings.url = Some("https://keeper.example".to_string());
        settings.http.allow_origins =
            blockable_service::http::AllowedOrigins::Listed(vec![listed.to_string()]);
    })
    .await;
    let (lender, _) = parties();
    let body = json!({ "wallet": lender.pubkey().to_string() });
    let at = |origin: &'static str| {
        let (api, body) = (&api, &body);
        async move { ask(api, Method::POST, "/v1/sessions/challenge", None, Some(origin), Some(body)).await }
    };
    for (origin, domain) in [(listed, "lender.example"), ("https://keeper.example", "keeper.example")] {
        let (status, answer) = at(origin).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let text = answer["message"].as_str().unwrap();
        assert!(
            text.starts_with(&format!("{domain} wants")) && text.contains("URI: https://keeper.example"),
            "{text}"
        );
    }
    for origin in
        ["https://evil.example", "null", "https://lender.example.evil.example", "http://lender.example", ""]
    {
        let (status, answer) = at(origin).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::FORBIDDEN, &"origin_not_allowed".into()),
            "{origin}"
        );
    }
    // A signature that a wallet gave to one page is worth nothing at another.
    let (_, of_listed) = at(listed).await;
    let body = signed(&lender, &of_listed);
    let elsewhere =
        ask(&api, Method::POST, "/v1/sessions", None, Some("https://keeper.example"), Some(&body)).await;
    assert_eq!(elsewhere.0, StatusCode::UNAUTHORIZED);
    let here = ask(&api, Method::POST, "/v1/sessions", None, Some(listed), Some(&body)).await;
    assert_eq!(here.0, StatusCode::CREATED);
    let rebound = api.http.post(format!("{}/v1/sessions/challenge", api.url)).header("host", "evil.example");
    let rebound = rebound.json(&json!({ "wallet": lender.pubkey().to_string() })).send().await.unwrap();
    assert_eq!(rebound.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn every_site_may_read_where_all_may_and_still_not_sign_in() {
    let api =
        served(|settings, _| settings.http.allow_origins = blockable_service::http::AllowedOrigins::Any)
            .await;
    let body = json!({ "wallet": parties().0.pubkey().to_string() });
    let refused =
        ask(&api, Method::POST, "/v1/sessions/challenge", None, Some("https://evil.example"), Some(&body))
            .await;
    assert_eq!(refused.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn wrong_bodies_are_refused_with_the_next_step() {
    let api = served(|_, _| {}).await;
    let post = |kind: &'static str, body: String| {
        let asked = api.http.post(format!("{}/v1/sessions", api.url)).header("content-type", kind).body(body);
        async move {
            let response = asked.send().await.unwrap();
            let status = response.status();
            (
                status,
                response.json::<Value>().await.unwrap()["error"]["message"].as_str().unwrap().to_string(),
            )
        }
    };
    let wallet = key(1);
    for (kind, body, status, says) in [
        ("text/plain", "{}".to_string(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "application/json"),
        ("application/json", "{".to_string(), StatusCode::BAD_REQUEST, "the body is wrong"),
        ("application/json", "{}".to_string(), StatusCode::BAD_REQUEST, "missing field `wallet`"),
        (
            "application/json",
            format!("{{\"wallet\":\"{wallet}\",\"challenge\":\"x\"}}"),
            StatusCode::BAD_REQUEST,
            "either",
        ),
        (
            "application/json",
            format!("{{\"wallet\":\"{wallet}\",\"challenge\":\"x\",\"host\":\"y\"}}"),
            StatusCode::BAD_REQUEST,
            "unknown field",
        ),
        ("application/json", "[".repeat(8_000), StatusCode::BAD_REQUEST, "the body is wrong"),
        ("application/json", "[".repeat(20_000), StatusCode::PAYLOAD_TOO_LARGE, "too long"),
    ] {
        let (found, message) = post(kind, body.clone()).await;
        assert_eq!(found, status, "{kind} {body:.40}: {message}");
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn tokens_end_and_the_book_is_bounded_in_all_for_a_wallet_and_for_strangers() {
    let sessions = Sessions::default();
    let wallet = |number: u32| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Pubkey::new_from_array(bytes)
    };
    let open = sessions.open(wallet(1), true, NOW).unwrap();
    let quarter = 15 * 60_000;
    assert!(sessions.find(&open.token, NOW + quarter - 1).is_some());
    assert!(sessions.find(&open.token, NOW + quarter).is_none());
    assert!(sessions.refresh(&open.token, NOW + quarter).is_none(), "what has ended is not refreshed");
    let mut token = open.token;
    let mut now = NOW;
    while now < NOW + 12 * 3_600_000 {
        let next = sessions.refresh(&token, now).unwrap();
        assert!(sessions.find(&token, now).is_none() && next.session.ends_ms <= NOW + 12 * 3_600_000);
        (token, now) = (next.token, now + quarter - 1);
    }
    assert!(sessions.refresh(&token, now).is_none(), "a session ends for good");

    let tokens: Vec<String> =
        (0..20).map(|at| sessions.open(wallet(2), true, NOW + at).unwrap().token).collect();
    let good = tokens.iter().filter(|token| sessions.find(token, NOW + 30).is_some()).count();
    assert_eq!(good, 8);
    assert!(sessions.find(&tokens[19], NOW + 30).is_some(), "the first gives way");
    let strangers =
        (100..3_000).filter(|number| sessions.open(wallet(*number), false, NOW + 30).is_ok()).count();
    assert_eq!(strangers, 1_000);
    assert!(sessions.open(wallet(3), true, NOW + 30).is_ok(), "strangers do not shut parties out");
    assert!(lock(&sessions.book).len() < 1_100);
    assert!(sessions.open(wallet(4), false, NOW + quarter + 31).is_ok(), "ended sessions make room");
    assert!(lock(&sessions.book).len() <= 2);
}

#[test]
fn the_text_names_all_that_the_signature_is_good_for() {
    let ours = PartyScope {
        domain: "lender.example".to_string(),
        keeper: "https://keeper.example".to_string(),
        genesis: Hash::new_from_array([1; 32]),
        market: key(9),
        wallet: key(1),
    };
    let text = |scope: &PartyScope| scope.message("abc", Timestamp::UNIX_EPOCH);
    for theirs in [
        PartyScope { domain: "evil.example".to_string(), ..ours.clone() },
        PartyScope { keeper: "https://evil.example".to_string(), ..ours.clone() },
        PartyScope { genesis: Hash::new_from_array([2; 32]), ..ours.clone() },
        PartyScope { market: key(8), ..ours.clone() },
        PartyScope { wallet: key(2), ..ours.clone() },
    ] {
        assert_ne!(text(&theirs), text(&ours), "{theirs:?}");
        let (desk, wallet) = (SignIns::new(), Keypair::new());
        let [ours, theirs] =
            [ours.clone(), theirs].map(|scope| PartyScope { wallet: wallet.pubkey(), ..scope });
        if ours == theirs {
            continue;
        }
        let challenge = desk.challenge(&ours, NOW);
        let signature =
            wallet.sign_message(blockable_service::sign_in::message(&ours, &challenge).as_bytes());
        let proof = blockable_service::sign_in::Proof::Message(signature);
        assert!(desk.verify(&ours, &challenge.text, &proof, NOW).is_ok());
        assert!(desk.verify(&theirs, &challenge.text, &proof, NOW).is_err(), "{theirs:?}");
    }
}
