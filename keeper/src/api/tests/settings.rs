//! `[api]`.

use {
    super::*,
    blockable_service::{
        http::{AllowedOrigins, HttpSettings, TrustedProxies},
        settings::Reader,
    },
    std::path::Path,
};

fn read(text: &str) -> (ApiSettings, Vec<String>) {
    let mut reader = Reader::new(text).unwrap();
    let settings = ApiSettings::read(&mut reader);
    (settings, reader.finish())
}

#[test]
fn without_settings_this_machine_alone_may_read() {
    let (settings, mistakes) = read("");
    assert_eq!((settings, mistakes), (ApiSettings::default(), Vec::new()));
    assert_eq!(ApiSettings::default().listen.to_string(), "127.0.0.1:8420");
}

#[test]
fn every_key_is_read_and_paths_start_from_the_files_folder() {
    let text = "[api]\nlisten = \"0.0.0.0:9000\"\ntoken = { file = \"token\" }\nmax_connections = 3\nrequest_seconds = 7\n\
                url = \"https://keeper.example\"\norigins = [\"https://a.example\"]\ntrusted_proxies = [\"10.0.0.0/8\"]\n\
                requests_per_minute = 9\nmax_streams = 2";
    let (mut settings, mistakes) = read(text);
    assert_eq!(mistakes, Vec::<String>::new());
    settings.resolve(Path::new("/etc/keeper"));
    let expected = ApiSettings {
        listen: "0.0.0.0:9000".parse().unwrap(),
        token: Some(SecretSource::File("/etc/keeper/token".into())),
        url: Some("https://keeper.example".to_string()),
        http: HttpSettings {
            trusted_proxies: TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], Default::default()),
            allow_origins: AllowedOrigins::Listed(vec!["https://a.example".to_string()]),
        },
        requests_per_minute: 9,
        max_streams: 2,
        max_connections: 3,
        deadline: Duration::from_secs(7),
    };
    assert_eq!(settings, expected);
}

#[test]
fn mistakes_are_named() {
    let text = "[api]\nlisten = \"secret-place\"\nmax_connections = 0\nrequest_seconds = 500\nport = 1\n\
                url = \"keeper.example\"\norigins = [\"https://a.example/\"]\ntrusted_proxies = [\"x\"]";
    let (_, mistakes) = read(text);
    assert!(!mistakes.concat().contains("secret-place"), "{mistakes:?}");
    let named = [
        "api.listen",
        "api.max_connections",
        "api.request_seconds",
        "api.port",
        "api.url",
        "api.origins[0]",
        "api.trusted_proxies[0]",
    ];
    assert_eq!(mistakes.len(), named.len(), "{mistakes:?}");
    for name in named {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(name)), "{name}: {mistakes:?}");
    }
}
