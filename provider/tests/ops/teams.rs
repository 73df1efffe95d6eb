//! Teams that share a credit, each with a sub-key: none is in another's way, and none sees another's.

use {
    crate::{
        common::{Bench, chat_body, refused},
        keys::{call, json_of, make, sign_in, start},
    },
    reqwest::{Method, Response},
    serde_json::{Value, json},
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    },
};

async fn key_of(bench: &Bench, first: &str, name: &str) -> String {
    make(bench, first, name, json!({})).await["key"].as_str().unwrap().to_string()
}

/// Sends a request under a name of the caller's.
async fn named(bench: &Bench, key: &str, path: &str, body: &Value) -> Response {
    let request = bench.http.post(bench.url(path)).bearer_auth(key).header("idempotency-key", "one");
    request.json(body).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_key_sees_and_moves_its_own_leases_alone() {
    let (bench, borrower) = start().await;
    let first = sign_in(&bench, &borrower, false).await;
    let [red, blue] = [key_of(&bench, &first, "red").await, key_of(&bench, &first, "blue").await];
    let body = json!({"gpu": "h100"});
    let mut leases = Vec::new();
    for key in [&first, &red, &blue] {
        // The same name: each has its own lease under it.
        let opened = json_of(named(&bench, key, "/v1/leases", &body).await).await;
        leases.push(opened["id"].as_str().unwrap().to_string());
    }
    let again = named(&bench, &red, "/v1/leases", &body).await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(json_of(again).await["id"], leases[1].as_str());
    let seen = async |key: &str| {
        let listed = json_of(call(&bench, key, Method::GET, "/v1/leases", json!({})).await).await;
        let ids =
            listed["data"].as_array().unwrap().iter().map(|lease| lease["id"].as_str().unwrap().to_string());
        ids.collect::<Vec<_>>()
    };
    assert_eq!((seen(&red).await, seen(&blue).await.len()), (vec![leases[1].clone()], 1));
    assert_eq!(seen(&first).await.len(), 3);
    let held = bench.counted().1;
    for lease in [&leases[0], &leases[2]] {
        for (method, rest) in
            [(Method::GET, ""), (Method::POST, "/heartbeat"), (Method::POST, "/close"), (Method::DELETE, "")]
        {
            let path = format!("/v1/leases/{lease}{rest}");
            refused(call(&bench, &red, method, &path, json!({})).await, 404, "lease_not_found").await;
        }
    }
    assert_eq!(bench.counted().1, held);
    let ours = format!("/v1/leases/{}", leases[1]);
    let beat = call(&bench, &red, Method::POST, &format!("{ours}/heartbeat"), json!({})).await;
    assert_eq!(beat.status(), 200);
    // The first key sees and moves all of them.
    let closed = json_of(call(&bench, &first, Method::DELETE, &ours, json!({})).await).await;
    assert_eq!(closed["status"], "ended");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let later = json_of(call(&bench, &red, Method::GET, &ours, json!({})).await).await;
    assert_eq!(later["runs_until_ms"], closed["runs_until_ms"], "its end does not move");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_of_one_key_of_a_credit() {
    let (bench, borrower) = start().await;
    let first = sign_in(&bench, &borrower, false).await;
    let red = key_of(&bench, &first, "red").await;
    let body = |text: &str| chat_body(text, json!({"max_tokens": 5}));
    let is_again = |answer: &Response| answer.headers().contains_key("idempotent-replayed");
    for (key, text) in [(&first, "a"), (&red, "b"), (&key_of(&bench, &first, "blue").await, "a")] {
        let answer = named(&bench, key, "/v1/chat/completions", &body(text)).await;
        assert!(answer.status() == 200 && !is_again(&answer), "{text}");
    }
    assert!(is_again(&named(&bench, &red, "/v1/chat/completions", &body("b")).await));
    // A new text of a key knows what was asked by the one before.
    let replaced = call(&bench, &first, Method::POST, "/v1/keys/red/replace", json!({})).await;
    let red = json_of(replaced).await["key"].as_str().unwrap().to_string();
    assert!(is_again(&named(&bench, &red, "/v1/chat/completions", &body("b")).await));
    let first = sign_in(&bench, &borrower, true).await;
    assert!(is_again(&named(&bench, &first, "/v1/chat/completions", &body("a")).await));
    bench.stop().await;
}

/// A body that was begun before the revocation is no way around it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_while_a_body_comes_opens_nothing() {
    let (bench, borrower) = start().await;
    let first = sign_in(&bench, &borrower, false).await;
    let lease = json!({"gpu": "h100"});
    for (path, body) in
        [("/v1/chat/completions", chat_body("hello", json!({"max_tokens": 5}))), ("/v1/leases", lease)]
    {
        let name = format!("gone{}", body.to_string().len());
        let key = key_of(&bench, &first, &name).await;
        let text = body.to_string();
        let (begin, end) = text.split_at(text.len() / 2);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        let mut stream = TcpStream::connect(bench.server.addr()).await.unwrap();
        stream.write_all(format!("{head}{begin}").as_bytes()).await.unwrap();
        // Its place among the bodies that come is taken once its head was read.
        bench.until_figure("blockable_provider_bodies_coming 1").await;
        json_of(call(&bench, &first, Method::DELETE, &format!("/v1/keys/{name}"), json!({})).await).await;
        stream.write_all(end.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("invalid_api_key"), "{answer}");
    }
    assert_eq!(bench.counted(), (0, 0));
    bench.stop().await;
}
