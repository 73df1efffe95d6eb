use {
    super::{Config, ConfigError, Endpoint, MediaUrls, RevokedKeys, UpstreamConfig},
    blockable_service::secrets::SecretSource,
    std::path::Path,
};

const EXAMPLE: &str = include_str!("../../provider.example.toml");

fn mistakes(text: &str) -> Vec<String> {
    match Config::FILE.parse(text, Path::new("/etc/blockable"), "provider.toml") {
        Err(ConfigError::Mistakes { mistakes, .. }) => mistakes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_is_a_configuration() {
    let config = Config::FILE.parse(EXAMPLE, Path::new("/etc/blockable"), "provider.toml").unwrap();
    assert_eq!(config.secret_file, Path::new("/etc/blockable/secret"));
    assert_eq!(config.gate.store, Path::new("/etc/blockable/gate.db"));
    assert_eq!(config.key_changes_file, Path::new("/etc/blockable/gate.key-changes"));
    assert!(!config.models.is_empty() && !config.gpus.is_empty());
}

#[test]
fn every_mistake_is_listed_at_once() {
    let found = mistakes(
        r#"
        listen = ["127.0.0.1"]
        typo = 1
        [chain]
        rpc_url = "ftp://node"
        ws_url = "ws://node"
        market = "not base58"
        provider = "11111111111111111111111111111111"
        [gate]
        store = "gate.db"
        unknown = 1
        [[model]]
        name = "a"
        upstream = "echo"
        context_tokens = 1
        [[gpu]]
        name = "h100"
        units_per_second = -1
        count = 1
        "#,
    );
    let text = ConfigError::Mistakes {
        path: "p.toml".to_string(),
        mistakes: found.clone(),
        example: "provider.example.toml",
    }
    .to_string();
    assert!(text.starts_with("p.toml:\n  ") && text.lines().count() == found.len() + 2, "{text}");
    let has =
        |start: &str| assert!(found.iter().any(|mistake| mistake.starts_with(start)), "{start}: {found:?}");
    for start in [
        "listen: ",
        "typo: no such key",
        "secret_file: is missing",
        "chain.rpc_url: is no such URL",
        "chain.market: is no address",
        "gate.unknown: no such key",
        "model[0].max_output_tokens: is missing",
        "gpu[0].units_per_second: has an impossible value; write a number from 1",
    ] {
        has(start);
    }
}

#[test]
fn values_that_cannot_be_are_listed_with_their_place() {
    let wrong = EXAMPLE
        .replace("context_tokens = 131072", "context_tokens = 0")
        .replace("rpc_url = \"http://127.0.0.1:8899\"", "rpc_url = \"http://user:pw@node\"")
        .replace("name = \"h100\"", "name = \"h/100\"");
    let found = mistakes(&wrong);
    assert!(
        found.iter().any(|mistake| mistake.starts_with("model[0].context_tokens: 0 is not from 1")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|mistake| mistake.starts_with("chain.rpc_url: must not hold a user")
                && !mistake.contains("pw")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|mistake| mistake.starts_with("gpu[0].name: has other characters")),
        "{found:?}"
    );
}

#[test]
fn the_least_fitted_answer_is_no_longer_than_the_longest_one() {
    let with = |key: &str| EXAMPLE.replace("min_fitted_tokens = 256\n", key);
    let read = |text: &str| Config::FILE.parse(text, Path::new("/etc/blockable"), "provider.toml").unwrap();
    let model = read(&with("limit_parameter = \"max_completion_tokens\"\n")).models.remove(0);
    assert_eq!((model.min_fitted_tokens, model.limit_parameter.name()), (256, "max_completion_tokens"));
    let short = with("").replace("max_output_tokens = 16384", "max_output_tokens = 100");
    assert_eq!(read(&short).models[0].min_fitted_tokens, 100);
    for (wrong, start) in [
        ("min_fitted_tokens = 16385\n", "model[0].min_fitted_tokens: 16385 is not from 1"),
        ("limit_parameter = \"max\"\n", "model[0].limit_parameter: "),
    ] {
        let found = mistakes(&with(wrong));
        assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
    }
}

#[test]
fn an_upstream_that_is_no_url_is_told_of_echo() {
    let found = mistakes("[[model]]\nname = \"a\"\nupstream = \"ecoh\"");
    let of_upstream: Vec<_> = found.iter().filter(|mistake| mistake.contains(".upstream: ")).collect();
    let expected = "model[0].upstream: is no URL; write http://HOST..., https://HOST... or \"echo\"";
    assert_eq!(of_upstream, [expected]);
}

#[test]
fn a_model_has_one_upstream_or_a_list_of_them() {
    let read = |upstream: &str| {
        let text =
            EXAMPLE.replace("upstream = \"echo\"\n", "").replace("# GPUs for rent by the second.", upstream);
        Config::FILE.parse(&text, Path::new("/etc/blockable"), "provider.toml")
    };
    let two = "[[model.upstream]]\nurl = \"http://10.0.0.7:8000/v1/\"\nkey = { file = \"key\" }\nmodel = \"org/m\"\n\
               [[model.upstream]]\nname = \"rack-2\"\nurl = \"https://x/v1\"\nweight = 3\nconnections = 7\n\
               probe_url = \"https://x/health\"\n";
    let upstreams = read(two).unwrap().models.remove(0).upstreams;
    let first = UpstreamConfig {
        model: Some("org/m".to_string()),
        key: Some(SecretSource::File("/etc/blockable/key".into())),
        ..UpstreamConfig::at("http://10.0.0.7:8000/v1")
    };
    let second = UpstreamConfig {
        name: "rack-2".to_string(),
        weight: 3,
        connections: 7,
        probe_url: Some("https://x/health".to_string()),
        ..UpstreamConfig::at("https://x/v1")
    };
    assert_eq!(upstreams, [first, second]);
    let wrong = "[[model.upstream]]\nname = \"http://x\"\nurl = \"http://user:pw@x/v1\"\nweight = 0\n\
                 [[model.upstream]]\nname = \"a\"\nurl = \"http://x\"\n\
                 [[model.upstream]]\nname = \"a\"\nurl = \"x\"\nprobe = 1\n";
    let Err(ConfigError::Mistakes { mistakes: found, .. }) = read(wrong) else { panic!("it has mistakes") };
    for start in [
        "model[0].upstream[0].name: may have letters",
        "model[0].upstream[0].url: must not hold a user",
        "model[0].upstream[0].weight: 0 is not from 1",
        "model[0].upstream[2].url: ",
        "model[0].upstream[2].probe: no such key",
    ] {
        assert!(found.iter().any(|mistake| mistake.starts_with(start)), "{start}: {found:?}");
    }
    let none = mistakes("[[model]]\nname = \"a\"\nupstream = []");
    assert!(none.contains(&"model[0].upstream: is empty; name at least one server".to_string()), "{none:?}");
    let twice = two.replace(
        "https://x/v1\"",
        "https://x/v1\"\n[[model.upstream]]\nname = \"rack-2\"\nurl = \"http://y\"",
    );
    let Err(ConfigError::Mistakes { mistakes: found, .. }) = read(&twice) else { panic!("it has mistakes") };
    assert!(found.iter().any(|mistake| mistake.starts_with("model[0].upstream[2].name: is used twice")));
}

#[test]
fn mistakes_between_keys_are_named_too() {
    let twice = "name = \"h100\"\nunits_per_second = 1\ncount = 1\n[[gpu]]\nname = \"h100\"";
    let wrong = EXAMPLE.replace("name = \"h100\"", twice).replace(
        "\nheartbeat_seconds = 60\nmax_heartbeat_seconds = 3600\n",
        "\nheartbeat_seconds = 61\nmax_heartbeat_seconds = 60\n",
    );
    let found = mistakes(&wrong);
    for start in ["gpu[1].name: is used twice", "leases.heartbeat_seconds: 61 is above"] {
        assert!(found.iter().any(|mistake| mistake.starts_with(start)), "{start}: {found:?}");
    }
    let nothing = "listen = [\"127.0.0.1:0\"]\nsecret_file = \"s\"";
    let found = mistakes(nothing);
    assert!(
        found.iter().any(|mistake| mistake.starts_with("model: is missing, and there is no")),
        "{found:?}"
    );
}

#[test]
fn a_connection_may_be_idle_for_longer_than_a_model_may_take() {
    let found = mistakes(&EXAMPLE.replace("\nidle_seconds = 900\n", "\nidle_seconds = 600\n"));
    assert_eq!(
        found,
        ["limits.idle_seconds: 600 is not above the longest model.timeout_seconds, 600; raise it"]
    );
}

/// Every section either counts at once or is named, so that no change is lost in silence.
#[test]
fn sections_that_wait_for_a_restart_are_named() {
    let read = |text: &str| Config::FILE.parse(text, Path::new("/etc/blockable"), "provider.toml").unwrap();
    let running = read(EXAMPLE);
    for (from, to, named) in [
        ("127.0.0.1:8080", "127.0.0.1:8081", "listen"),
        ("\"secret\"", "\"other\"", "secret_file"),
        ("# key_changes_file", "key_changes_file", "key_changes_file"),
        ("shutdown_timeout_seconds = 30", "shutdown_timeout_seconds = 31", "shutdown_timeout_seconds"),
        ("127.0.0.1:9090", "127.0.0.1:9091", "[ops]"),
        ("allow_origins = []", "allow_origins = [\"*\"]", "[http]"),
        ("http://127.0.0.1:8899", "http://127.0.0.1:8898", "[chain]"),
        ("usage_days = 90", "usage_days = 91", "[gate]"),
        ("requests = 1024", "requests = 1025", "[limits]"),
        ("probe_seconds = 10", "probe_seconds = 11", "[upstreams]"),
        ("count = 8", "count = 9", "[[gpu]]"),
        ("leases_per_credit = 64", "leases_per_credit = 65", "[leases]"),
        ("keep_hours = 24", "keep_hours = 25", "[idempotency]"),
        ("burst = 500", "burst = 501", "[freezes]"),
        ("# [admin]\n# token", "[admin]\ntoken", "[admin]"),
    ] {
        let changed = EXAMPLE.replacen(from, to, 1);
        assert_ne!(changed, EXAMPLE, "{from}");
        assert_eq!(running.waiting_for_restart(&read(&changed)), [named]);
    }
    let key = "[reporter]\n[[reporter.key]]\nkind = \"file\"\npath = \"k.json\"\n";
    let webhook = "[[webhook]]\nurl = \"https://x/\"\nparty = \"all\"\nsecret = { file = \"s\" }\n";
    let more = format!("{EXAMPLE}\n{key}{webhook}");
    assert_eq!(running.waiting_for_restart(&read(&more)), ["[reporter]", "[[webhook]]"]);
    let at_once = EXAMPLE
        .replace("units_per_second = 25", "units_per_second = 26")
        .replace("units_per_1k_prompt = 100\n", "units_per_1k_prompt = 101\nlatency_ms = 1\n")
        + "\n[[revoked]]\ncredit = \"11111111111111111111111111111111\"\nbelow = 1\n";
    assert!(running.waiting_for_restart(&read(&at_once)).is_empty());
}

#[test]
fn an_entry_revokes_generations_or_a_name() {
    let with =
        |keys: &str| format!("{EXAMPLE}\n[[revoked]]\ncredit = \"11111111111111111111111111111111\"\n{keys}");
    let read = |keys: &str| {
        let config = Config::FILE.parse(&with(keys), Path::new("/etc/blockable"), "provider.toml");
        config.unwrap().revoked.remove(0).keys
    };
    assert_eq!(read("below = 3"), RevokedKeys::Below(3));
    assert_eq!(read("name = \"team\""), RevokedKeys::Named("team".to_string()));
    let both = mistakes(&with("below = 3\nname = \"team\""));
    assert!(
        both.iter().any(|mistake| mistake.starts_with("revoked[0].name: is set beside `below`")),
        "{both:?}"
    );
    assert_eq!(mistakes(&with("")), ["revoked[0].below: is missing; add it"]);
}

#[test]
fn a_model_names_its_endpoints_or_has_the_usual_ones() {
    let with = |keys: &str| EXAMPLE.replacen("upstream = \"echo\"\n", keys, 1);
    let read = |text: &str| Config::FILE.parse(text, Path::new("/etc/blockable"), "provider.toml").unwrap();
    let endpoints = |keys: &str| read(&with(keys)).models.remove(0).endpoints;
    assert_eq!(endpoints("upstream = \"echo\"\n"), Endpoint::ALL);
    assert_eq!(endpoints("upstream = \"http://gpu/v1\"\n"), Endpoint::USUAL);
    let named = "upstream = \"http://gpu/v1\"\nendpoints = [\"embeddings\", \"messages\"]\ntokenize = true\n";
    assert_eq!(endpoints(named), [Endpoint::Embeddings, Endpoint::Messages]);
    assert!(read(&with(named)).models[0].tokenize);
    assert!(
        read(&with(named)).models[0].cache_salt,
        "vLLM, which counts, keeps credits apart in its cache as well"
    );
    assert!(!read(&with(&format!("{named}cache_salt = false\n"))).models[0].cache_salt);
    assert!(
        !read(&with("upstream = \"http://gpu/v1\"\n")).models[0].cache_salt,
        "others refuse what they do not know"
    );
    assert_eq!(read(&with(named)).models[0].media_urls, MediaUrls::Data);
    for (wrong, start) in [
        ("upstream = \"echo\"\nendpoints = []\n", "model[0].endpoints: is empty"),
        ("upstream = \"echo\"\nendpoints = [\"chats\"]\n", "model[0].endpoints: "),
        ("upstream = \"echo\"\nmedia_urls = \"file\"\n", "model[0].media_urls: "),
        ("upstream = \"echo\"\ntokenize = true\n", "model[0].tokenize: is for servers"),
    ] {
        let found = mistakes(&with(wrong));
        assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
    }
}
