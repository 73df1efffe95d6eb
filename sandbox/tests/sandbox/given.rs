//! Programs and upstreams that a user gives.

use {
    crate::played::{Played, refusal},
    blockable_sandbox::{Options, Sandbox, Upstream, loans::LoanName},
    blockable_sdk::{Keypair, Signer},
    blockable_testkit::{
        elf_path,
        http::{Reply, Server},
    },
    reqwest::StatusCode,
    serde_json::json,
    std::fs,
};

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_a_folder_are_loaded_and_an_upstream_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let address = Keypair::new().pubkey();
    fs::copy(elf_path(), folder.path().join(format!("{address}.so"))).unwrap();
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    let model = json!({"id": "llama", "max_model_len": 20_480});
    let answer = json!({
        "id": "1", "object": "chat.completion", "created": 0, "model": "llama",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 9_000, "total_tokens": 9_007},
    });
    // A variable that every process has.
    let (variable, key) = ("HOME".to_string(), std::env::var("HOME").unwrap());
    let authorization = format!("authorization: Bearer {key}\r\n");
    let upstream = Server::start(move |request| {
        if !request.head.to_lowercase().contains(&authorization.to_lowercase()) {
            return Reply::Status("401 Unauthorized".into(), "{}".into());
        }
        let is_list = request.head.starts_with("GET /v1/models ");
        Reply::Body(if is_list { json!({"data": [model]}) } else { answer.clone() }.to_string())
    });
    let url = Upstream::parse_url(&format!("{}/v1", upstream.url())).unwrap();
    let options = Options {
        programs: Some(folder.path().to_path_buf()),
        upstream: Some(Upstream { url, key_variable: Some(variable) }),
        ..Options::default()
    };
    let played = Played::start(options.clone()).await;
    let rpc = played.sandbox.venue().client.rpc();
    assert!(rpc.get_account(&address).await.unwrap().executable);
    assert!(played.facts().programs.contains(&address.to_string()), "{:?}", played.facts().programs);
    for built_in in &played.facts().programs {
        assert!(rpc.get_account(&built_in.parse().unwrap()).await.unwrap().executable, "{built_in}");
    }
    assert_eq!(played.facts().models, ["llama"]);
    let before = played.available(LoanName::Healthy).await;
    let (status, body) = played.chat(LoanName::Healthy).await;
    assert_eq!((status, &body["choices"][0]["message"]["content"]), (StatusCode::OK, &json!("yes")));
    assert_eq!(played.available(LoanName::Healthy).await, before - 7 - 36_000);
    played.sandbox.stop().await.unwrap();

    let of_folder = async |folder: &std::path::Path| {
        let programs = Some(folder.to_path_buf());
        refusal(Sandbox::start(Options { programs, ..Options::default() }).await)
    };
    let file = folder.path().join(format!("{}.so", Keypair::new().pubkey()));
    fs::write(&file, "no program").unwrap();
    let expected =
        format!("{} is no program for Solana; replace it by a built one, or remove it", file.display());
    assert_eq!(of_folder(folder.path()).await, expected);
    fs::rename(file, folder.path().join("lighthouse.so")).unwrap();
    let refused = of_folder(folder.path()).await;
    assert!(refused.starts_with("lighthouse.so is not named by an address"), "{refused}");
    let refused = of_folder(&folder.path().join("none")).await;
    assert!(
        refused.starts_with("cannot read")
            && refused.ends_with("name a folder of programs that you may read"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_cannot_be_used_is_refused_with_the_next_step() {
    let start = async |url: &str, key_variable: Option<&str>| {
        let upstream =
            Upstream { url: Upstream::parse_url(url).unwrap(), key_variable: key_variable.map(String::from) };
        refusal(Sandbox::start(Options { upstream: Some(upstream), ..Options::default() }).await)
    };
    let unreachable = start("http://127.0.0.1:1/v1", None).await;
    assert!(
        unreachable.contains("it cannot be reached; start it, or name none for the echo model"),
        "{unreachable}"
    );
    let replies = [
        (
            Reply::Status("404 Not Found".into(), "no".into()),
            "(HTTP 404) is refused; give the base URL up to and with /v1",
        ),
        (
            Reply::Status("401 Unauthorized".into(), "no".into()),
            "it wants an API key (HTTP 401); name the variable",
        ),
        (Reply::Body("{}".into()), "does not list models"),
        (Reply::Body(json!({"data": []}).to_string()), "it has no model"),
        (Reply::Status("307 Temporary Redirect".into(), "no".into()), "(HTTP 307) redirects"),
        (
            Reply::Body(format!("{}{}", " ".repeat(1_000_001), json!({"data": [{"id": "a"}]}))),
            "more than 1 MB",
        ),
    ];
    for (reply, expected) in replies {
        let server = Server::start(move |_| reply.clone());
        let refused = start(&format!("{}/v1/", server.url()), None).await;
        assert!(refused.contains(expected), "{refused}");
    }
    let no_key = start("http://127.0.0.1:1/v1", Some("BLOCKABLE_NO_SUCH_VARIABLE")).await;
    assert!(no_key.contains("BLOCKABLE_NO_SUCH_VARIABLE is not set"), "{no_key}");
    for wrong in [
        "",
        "127.0.0.1:8000",
        "ftp://host/v1",
        "http://",
        "http://host/v1?key=1",
        "http://a:b@host/v1",
        "http://host/v1#a",
    ] {
        assert!(Upstream::parse_url(wrong).is_err(), "{wrong}");
    }
}
