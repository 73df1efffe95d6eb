//! API keys over HTTP: sign-in with a wallet, sub-keys, their bounds, and their end.

use {
    crate::common::{Bench, chat_body, config, credit, ours, refused},
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_provider::config::{Revoked, RevokedKeys},
    blockable_sdk::{Keypair, Pubkey, Signer, VersionedTransaction, transactions},
    reqwest::{Method, Response},
    serde_json::{Value, json},
    std::time::{SystemTime, UNIX_EPOCH},
};

/// A server whose credit [`ours`] has been handed to a borrower whose key the test has.
pub(super) async fn start() -> (Bench, Keypair) {
    let (bench, borrower) = (Bench::start(|_| {}).await, Keypair::new());
    hand_over(&bench, &borrower.pubkey(), 1);
    (bench, borrower)
}

pub(super) fn hand_over(bench: &Bench, borrower: &Pubkey, seq: u64) {
    let mut next = credit(0);
    (next.original_borrower, next.borrower, next.event_seq) = (next.borrower, *borrower, seq);
    bench.server.gate().observe_credit(ours(), 10 + seq, Some(&next));
}

pub(super) async fn json_of(response: Response) -> Value {
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{status} {body}");
    body
}

async fn challenge(bench: &Bench, replace: bool) -> Value {
    let path = format!("/v1/keys/sign-in?credit={}&replace={replace}", ours());
    json_of(bench.http.get(bench.url(&path)).send().await.unwrap()).await
}

pub(super) async fn sign_in(bench: &Bench, borrower: &Keypair, replace: bool) -> String {
    let challenge = challenge(bench, replace).await;
    let signature = borrower.sign_message(challenge["message"].as_str().unwrap().as_bytes()).to_string();
    let request = json!({"credit": ours().to_string(), "challenge": challenge["challenge"], "replace": replace, "signature": signature});
    let answer = json_of(bench.http.post(bench.url("/v1/keys")).json(&request).send().await.unwrap()).await;
    answer["key"].as_str().unwrap().to_string()
}

pub(super) async fn call(bench: &Bench, key: &str, method: Method, path: &str, body: Value) -> Response {
    bench.http.request(method, bench.url(path)).bearer_auth(key).json(&body).send().await.unwrap()
}

pub(super) async fn make(bench: &Bench, key: &str, name: &str, body: Value) -> Value {
    json_of(call(bench, key, Method::PUT, &format!("/v1/keys/{name}"), body).await).await
}

pub(super) async fn chat(bench: &Bench, key: &str, more: Value) -> Response {
    call(bench, key, Method::POST, "/v1/chat/completions", chat_body("hello", more)).await
}

fn units(response: &Response) -> u64 {
    response.headers()["x-blockable-units"].to_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_borrower_signs_in_by_message_or_transaction_and_each_challenge_is_good_once() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    assert_eq!(chat(&bench, &key, json!({"max_tokens": 5})).await.status(), 200);

    let challenge = challenge(&bench, false).await;
    let bytes = STANDARD.decode(challenge["transaction"].as_str().unwrap()).unwrap();
    let mut transaction: VersionedTransaction = transactions::decode(&bytes).unwrap();
    transaction.signatures[0] = borrower.sign_message(&transaction.message.serialize());
    let signed = STANDARD.encode(transactions::encode(&transaction));
    let request =
        json!({"credit": ours().to_string(), "challenge": challenge["challenge"], "transaction": signed});
    let post = async || bench.http.post(bench.url("/v1/keys")).json(&request).send().await.unwrap();
    assert_eq!(json_of(post().await).await["key"].as_str(), Some(key.as_str()), "the same key");
    refused(post().await, 401, "sign_in_refused").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_borrower_of_today_gets_a_key() {
    let (bench, borrower) = start().await;
    let old_key = sign_in(&bench, &borrower, false).await;
    let pending = challenge(&bench, false).await;
    let successor = Keypair::new();
    hand_over(&bench, &successor.pubkey(), 2);
    let signature = borrower.sign_message(pending["message"].as_str().unwrap().as_bytes()).to_string();
    let request =
        json!({"credit": ours().to_string(), "challenge": pending["challenge"], "signature": signature});
    let answer = bench.http.post(bench.url("/v1/keys")).json(&request).send().await.unwrap();
    refused(answer, 401, "sign_in_refused").await;
    refused(chat(&bench, &old_key, json!({})).await, 401, "invalid_api_key").await;
    let key = sign_in(&bench, &successor, false).await;
    assert_eq!(chat(&bench, &key, json!({"max_tokens": 5})).await.status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sign_ins_say_what_is_wrong() {
    let (bench, borrower) = start().await;
    let good = challenge(&bench, false).await;
    let signature = borrower.sign_message(good["message"].as_str().unwrap().as_bytes()).to_string();
    let whole = json!({"credit": ours().to_string(), "challenge": good["challenge"], "signature": signature});
    let with = |key: &str, value: Value| {
        let mut body = whole.clone();
        body[key] = value;
        body
    };
    for (body, status, code) in [
        (with("signature", json!("abc")), 400, "invalid_parameter"),
        (with("transaction", json!("!")), 400, "invalid_parameter"),
        (with("signature", Value::Null), 400, "invalid_parameter"),
        (with("other", json!(1)), 400, "invalid_json"),
        (with("credit", json!("nobody")), 400, "invalid_parameter"),
        (with("credit", json!(Pubkey::new_unique().to_string())), 404, "credit_not_found"),
        (with("challenge", json!("1-2-3")), 401, "sign_in_refused"),
        (with("replace", json!(true)), 401, "sign_in_refused"),
        (with("signature", json!(Keypair::new().sign_message(b"x").to_string())), 401, "sign_in_refused"),
    ] {
        let answer = bench.http.post(bench.url("/v1/keys")).json(&body).send().await.unwrap();
        refused(answer, status, code).await;
    }
    for query in ["", "?credit=x", "?credit=x&replace=maybe"] {
        let answer = bench.http.get(bench.url(&format!("/v1/keys/sign-in{query}"))).send().await.unwrap();
        refused(answer, 400, "invalid_parameter").await;
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_key_uses_its_budget_and_no_more_also_after_a_restart() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    let team = make(&bench, &key, "team_a", json!({"budget": {"units": 400}})).await;
    let team = team["key"].as_str().unwrap().to_string();
    let served = chat(&bench, &team, json!({"max_tokens": 10})).await;
    assert_eq!(served.status(), 200);
    let first = units(&served);
    assert!(first > 0 && first <= 400, "{first}");
    // Without a limit it gets an answer as long as the budget pays for, and never a unit more.
    let mut used = first;
    for _ in 0..400 {
        let served = chat(&bench, &team, json!({"max_tokens": 3})).await;
        if served.status() != 200 {
            let body = refused(served, 402, "key_budget_exhausted").await;
            assert_eq!(body["budget"]["used"], used);
            break;
        }
        used += units(&served);
        assert!(used <= 400, "{used}");
    }
    let shown = json_of(call(&bench, &key, Method::GET, "/v1/keys/team_a", json!({})).await).await;
    assert_eq!((shown["used_units"].as_u64(), shown["held_units"].as_u64()), (Some(used), Some(0)));
    assert!(shown["key"].is_null(), "the text is shown to whoever makes it");
    // The refusal names the largest limit that the budget pays for, and that one is served.
    let small = make(&bench, &key, "team_b", json!({"budget": {"units": 300}})).await;
    let small = small["key"].as_str().unwrap().to_string();
    let body =
        refused(chat(&bench, &small, json!({"max_tokens": 1_000})).await, 402, "key_budget_exhausted").await;
    let fits = body["fits"]["max_tokens"].as_u64().unwrap();
    assert_eq!(body["error"]["param"], "max_tokens");
    assert!(body["error"]["message"].as_str().unwrap().ends_with(&format!("fits now is {fits}")), "{body}");
    let more = chat(&bench, &small, json!({"max_tokens": fits + 1})).await;
    refused(more, 402, "key_budget_exhausted").await;
    assert_eq!(chat(&bench, &small, json!({"max_tokens": fits})).await.status(), 200);
    // The first key and other sub-keys go on.
    assert_eq!(chat(&bench, &key, json!({"max_tokens": 10})).await.status(), 200);
    let answer = call(&bench, &team, Method::POST, "/v1/leases", json!({"gpu": "h100"})).await;
    refused(answer, 403, "key_not_allowed").await;
    let lease = call(&bench, &key, Method::POST, "/v1/leases", json!({"gpu": "h100"})).await;
    let lease: Value = lease.json().await.unwrap();
    let place = format!("/v1/leases/{}", lease["id"].as_str().unwrap());
    for (method, path) in [(Method::POST, "/heartbeat"), (Method::POST, "/close"), (Method::DELETE, "")] {
        let answer = call(&bench, &team, method, &format!("{place}{path}"), json!({})).await;
        refused(answer, 403, "key_not_allowed").await;
    }
    assert_eq!(call(&bench, &key, Method::DELETE, &place, json!({})).await.status(), 200);

    let bench = Bench::start_in(bench.stop().await, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    refused(chat(&bench, &team, json!({"max_tokens": 10})).await, 402, "key_budget_exhausted").await;
    make(&bench, &key, "team_a", json!({"budget": {"units": used + 400}})).await;
    assert_eq!(chat(&bench, &team, json!({"max_tokens": 10})).await.status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_key_ends_when_it_is_revoked_replaced_or_over_without_a_restart() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    let text = |made: &Value| made["key"].as_str().unwrap().to_string();
    let [one, two] = [("one", json!({})), ("two", json!({"requests_per_minute": 1_000}))];
    let (one, two) =
        (text(&make(&bench, &key, one.0, one.1).await), text(&make(&bench, &key, two.0, two.1).await));
    let works = async |key: &str| chat(&bench, key, json!({"max_tokens": 2})).await.status() == 200;
    assert!(works(&one).await && works(&two).await);

    json_of(call(&bench, &key, Method::DELETE, "/v1/keys/one", json!({})).await).await;
    json_of(call(&bench, &key, Method::DELETE, "/v1/keys/one", json!({})).await).await;
    assert!(!works(&one).await && works(&two).await);
    refused(call(&bench, &key, Method::PUT, "/v1/keys/one", json!({})).await, 409, "key_revoked").await;

    let next = json_of(call(&bench, &key, Method::POST, "/v1/keys/two/replace", json!({})).await).await;
    assert!(!works(&two).await && works(&text(&next)).await);

    // All of them, by the wallet. What is void says so, and keeps its bounds with its next text.
    let fresh = sign_in(&bench, &borrower, true).await;
    assert!(works(&fresh).await && !works(&key).await && !works(&text(&next)).await);
    let valid = async || {
        let shown = json_of(call(&bench, &fresh, Method::GET, "/v1/keys/two", json!({})).await).await;
        (shown["valid"].as_bool().unwrap(), shown["revoked"].as_bool().unwrap())
    };
    assert_eq!(valid().await, (false, false));
    let again = make(&bench, &fresh, "two", json!({})).await;
    assert_eq!((&again["requests_per_minute"], valid().await), (&json!(1_000), (true, false)));
    assert!(works(&text(&again)).await);
    let listed = json_of(call(&bench, &fresh, Method::GET, "/v1/keys", json!({})).await).await;
    let seen = listed["data"].as_array().unwrap().iter();
    let seen: Vec<_> = seen.map(|key| (&key["name"], &key["revoked"], &key["valid"])).collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(seen, [(&json!("one"), &yes, &no), (&json!("two"), &no, &yes)]);
    assert_eq!(listed["generation"], 1);

    let bench = Bench::start_in(bench.stop().await, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    let works = async |key: &str| chat(&bench, key, json!({"max_tokens": 2})).await.status() == 200;
    assert!(works(&fresh).await && !works(&key).await && !works(&one).await, "and after a restart");
    bench.stop().await;
}

/// Whoever changes one bound must not lift the others: a team's budget would be gone without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_bound_that_is_left_out_stays_and_null_removes_it() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    let members = ["budget", "requests_per_minute", "units_per_minute", "expires_at"];
    let put = async |body: Value| {
        let made = make(&bench, &key, "team", body).await;
        assert!(made["key"].is_string());
        members.map(|member| made[member].clone())
    };
    let end = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap() + 9_000;
    let budget = |units: u64, period: &str| json!({"units": units, "period": period});
    let all = [budget(500, "month"), json!(5), json!(9), json!(end)];
    let mut whole = Value::Null;
    members.iter().zip(&all).for_each(|(member, value)| whole[member] = value.clone());
    let [first, second] = [put(whole).await, put(json!({})).await];
    assert_eq!((&first, &second), (&all, &all));
    let empty = bench.http.put(bench.url("/v1/keys/team")).bearer_auth(&key).send().await.unwrap();
    assert_eq!(json_of(empty).await["budget"], all[0], "no body changes nothing");
    assert_eq!(
        put(json!({"requests_per_minute": 6})).await,
        [&all[0], &json!(6), &all[2], &all[3]].map(Value::clone)
    );
    // A budget's own members stay in the same way.
    assert_eq!(put(json!({"budget": {"units": 700}})).await[0], budget(700, "month"));
    assert_eq!(put(json!({"budget": {"units": 700, "period": "day"}})).await[0], budget(700, "day"));
    let [budget, requests, units, ends] = put(json!({"budget": null, "units_per_minute": null})).await;
    assert_eq!((budget, requests, units, ends), (Value::Null, json!(6), Value::Null, json!(end)));
    let year = put(json!({"expires_at": null})).await[3].as_i64().unwrap() - end;
    assert!((360 * 86_400..366 * 86_400).contains(&year), "{year}");
    let bench = Bench::start_in(bench.stop().await, |_| {}).await;
    hand_over(&bench, &borrower.pubkey(), 1);
    let kept = make(&bench, &key, "team", json!({})).await;
    assert_eq!((&kept["budget"], &kept["requests_per_minute"]), (&Value::Null, &json!(6)));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_key_manages_no_keys_and_wrong_settings_are_refused() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    let made = make(&bench, &key, "app", json!({"requests_per_minute": 1})).await;
    let app = made["key"].as_str().unwrap();
    for (method, path) in
        [(Method::GET, "/v1/keys"), (Method::PUT, "/v1/keys/more"), (Method::DELETE, "/v1/keys/app")]
    {
        refused(call(&bench, app, method, path, json!({})).await, 403, "key_not_allowed").await;
    }
    assert_eq!(chat(&bench, app, json!({"max_tokens": 2})).await.status(), 200);
    let limited = chat(&bench, app, json!({"max_tokens": 2})).await;
    assert!(
        limited.headers()["retry-after"].to_str().unwrap().parse::<u32>().is_ok_and(|seconds| seconds <= 60)
    );
    refused(limited, 429, "key_rate_limited").await;
    for (name, body, code) in [
        ("Team", json!({}), "invalid_parameter"),
        ("1a", json!({}), "invalid_parameter"),
        ("a.b", json!({}), "invalid_parameter"),
        ("a", json!({"budget": 5}), "invalid_json"),
        ("a", json!({"budget": {"units": 5, "period": "week"}}), "invalid_json"),
        ("a", json!({"expires_at": 5}), "invalid_parameter"),
        ("a", json!({"expires_at": 99_999_999_999_u64}), "invalid_parameter"),
        ("a", json!({"requests_per_minute": -1}), "invalid_json"),
        ("a", json!({"else": 1}), "invalid_json"),
    ] {
        refused(call(&bench, &key, Method::PUT, &format!("/v1/keys/{name}"), body).await, 400, code).await;
    }
    refused(call(&bench, &key, Method::GET, "/v1/keys/nobody", json!({})).await, 404, "key_not_found").await;
    bench.stop().await;
}

/// A team's key must not show what the others of its credit do.
#[tokio::test(flavor = "multi_thread")]
async fn a_sub_key_sees_its_own_records_of_the_usage_log_alone() {
    let (bench, borrower) = start().await;
    let first = sign_in(&bench, &borrower, false).await;
    let team = make(&bench, &first, "team", json!({})).await["key"].as_str().unwrap().to_string();
    for key in [&first, &team, &first] {
        assert_eq!(chat(&bench, key, json!({"max_tokens": 3})).await.status(), 200);
    }
    bench.used().await;
    let names = async |key: &str, path: &str| {
        let log = json_of(call(&bench, key, Method::GET, path, json!({})).await).await;
        let data = log["data"].as_array().unwrap().clone();
        data.iter().map(|entry| entry["api_key"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&team, "/v1/usage").await, ["team"]);
    assert_eq!(names(&team, "/v1/usage?api_key=0").await, ["team"], "whatever it asks for");
    assert_eq!(names(&team, "/v1/usage/totals").await, ["team"]);
    assert_eq!(names(&first, "/v1/usage").await.len(), 3);
    assert_eq!(names(&first, "/v1/usage?api_key=team").await, ["team"]);
    assert_eq!(names(&first, "/v1/usage/totals").await.len(), 2);
    bench.stop().await;
}

/// A borrower that takes another's place sees nothing of what that one did.
#[tokio::test(flavor = "multi_thread")]
async fn the_usage_log_begins_anew_with_the_place_of_a_borrower() {
    let (bench, first) = start().await;
    let old = sign_in(&bench, &first, false).await;
    assert_eq!(chat(&bench, &old, json!({"max_tokens": 3})).await.status(), 200);
    bench.used().await;
    let records = async |key: &str| {
        let log = json_of(call(&bench, key, Method::GET, "/v1/usage", json!({})).await).await;
        log["data"].as_array().unwrap().len()
    };
    assert_eq!(records(&old).await, 1);
    let second = Keypair::new();
    hand_over(&bench, &second.pubkey(), 2);
    let seconds = second.pubkey().to_string();
    let noticed = async || {
        let notices = bench.server.gate().notices_after(0, 9).await.unwrap();
        notices.iter().any(|notice| notice.borrower == seconds)
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !noticed().await {
        assert!(std::time::Instant::now() < deadline, "no notice of the second borrower");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let new = sign_in(&bench, &second, false).await;
    assert_eq!(records(&new).await, 0);
    assert_eq!(chat(&bench, &new, json!({"max_tokens": 3})).await.status(), 200);
    assert_eq!(records(&new).await, 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_file_revokes_end_when_it_is_read_anew() {
    let (bench, borrower) = start().await;
    let key = sign_in(&bench, &borrower, false).await;
    let text = |made: Value| made["key"].as_str().unwrap().to_string();
    let one = text(make(&bench, &key, "one", json!({})).await);
    let two = text(make(&bench, &key, "two", json!({})).await);
    let works = async |key: &str| chat(&bench, key, json!({"max_tokens": 2})).await.status() == 200;
    let mut file = config(bench.folder.path());
    file.revoked.push(Revoked { credit: ours(), keys: RevokedKeys::Named("one".to_string()) });
    bench.server.reload(&file).await.unwrap();
    assert!(!works(&one).await && works(&two).await && works(&key).await);
    let shown = json_of(call(&bench, &key, Method::GET, "/v1/keys/one", json!({})).await).await;
    assert_eq!(shown["revoked"], true);
    for (method, path) in [(Method::PUT, "/v1/keys/one"), (Method::POST, "/v1/keys/one/replace")] {
        refused(call(&bench, &key, method, path, json!({})).await, 409, "key_revoked").await;
    }
    file.revoked.push(Revoked { credit: ours(), keys: RevokedKeys::Below(1) });
    bench.server.reload(&file).await.unwrap();
    assert!(!works(&two).await && !works(&key).await, "of the generation");
    let next = sign_in(&bench, &borrower, false).await;
    assert!(works(&next).await, "a sign-in gives one of the next");
    bench.stop().await;
}
