//! SIGHUP: the process takes models, prices and revoked keys of its file, or nothing.

use {
    super::setup::{PATIENCE, Setup},
    serde_json::{Value, json},
    std::{fs, time::Instant},
    tokio::time::{Duration, sleep},
};

/// A model that answers after two seconds.
const SLOW: &str = r#"
[[model]]
name = "slow"
upstream = "echo"
latency_ms = 2000
context_tokens = 4096
max_output_tokens = 256
units_per_1k_prompt = 1000
units_per_1k_generated = 1000
timeout_seconds = 10
"#;

async fn until(setup: &Setup, what: &str, done: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done().await {
        assert!(Instant::now() < deadline, "{what}:\n{}", setup.log());
        sleep(Duration::from_millis(10)).await;
    }
}

async fn metric(setup: &Setup, name: &str) -> Option<String> {
    let text = reqwest::get(format!("{}/metrics", setup.ops_url())).await.unwrap().text().await.unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_string())
}

async fn ask(setup: &Setup, key: &str, model: &str) -> (u16, Value) {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "a b"}], "max_tokens": 2});
    let request =
        reqwest::Client::new().post(format!("{}/v1/chat/completions", setup.url())).bearer_auth(key);
    let answer = request.json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_takes_the_file_or_nothing_and_ends_no_request() {
    let setup = Setup::new(2).await;
    let file = fs::read_to_string(setup.config()).unwrap();
    fs::write(setup.config(), format!("{file}{SLOW}")).unwrap();
    let (server, keys) = (setup.serve().await, setup.keys());

    // The file without the slow model, while a request to it runs.
    let running = ask(&setup, &keys[0], "slow");
    let reload = async {
        until(&setup, "the request does not run", async || {
            metric(&setup, "blockable_provider_requests_running ").await.is_some_and(|count| count == "1")
        })
        .await;
        let revoked = format!("\n[[revoked]]\ncredit = \"{}\"\nbelow = 1\n", setup.credits[0]);
        fs::write(setup.config(), format!("{file}{revoked}").replace("h100", "h200")).unwrap();
        server.signal("-HUP");
        until(&setup, "the file is not taken", async || {
            let taken = r#"blockable_provider_reloads_total{result="taken"} "#;
            metric(&setup, taken).await.is_some_and(|count| count == "1")
        })
        .await;
        assert_eq!(ask(&setup, &keys[1], "slow").await.0, 404, "it is no longer on offer");
        assert_eq!(ask(&setup, &keys[0], "echo").await.0, 401, "the key is revoked");
        assert_eq!(ask(&setup, &keys[1], "echo").await.0, 200);
    };
    let ((status, answer), ()) = futures_util::future::join(running, reload).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("a b")));
    assert!(setup.log().contains("[[gpu]]"), "it says what waits for a restart:\n{}", setup.log());

    // A wrong file: all of its mistakes are logged, and nothing of it is taken.
    let wrong = file.replace("context_tokens = 131072", "context_tokens = 0\ncontext = 1");
    fs::write(setup.config(), wrong).unwrap();
    server.signal("-HUP");
    until(&setup, "the file is not refused", async || {
        metric(&setup, "blockable_provider_reload_refused ").await.is_some_and(|refused| refused == "1")
    })
    .await;
    let log = setup.log();
    assert!(
        log.contains("model[0].context_tokens: 0 ") && log.contains("model[0].context: no such key"),
        "{log}"
    );
    assert_eq!(ask(&setup, &keys[0], "echo").await.0, 401, "the list of before is in force");
    assert_eq!(ask(&setup, &keys[1], "echo").await.0, 200);

    fs::write(setup.config(), &file).unwrap();
    server.signal("-HUP");
    until(&setup, "the file is not taken", async || {
        metric(&setup, "blockable_provider_reload_refused ").await.is_some_and(|refused| refused == "0")
    })
    .await;
    assert_eq!(ask(&setup, &keys[0], "echo").await.0, 200, "the file no longer revokes it");
    server.stop().await;
    setup.cluster.stop();
}
