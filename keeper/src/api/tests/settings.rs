//! `[api]`.

use {
    super::*,
    blockable_service::{secrets::SecretSource, settings::Reader},
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
    let text = "[api]\nlisten = \"0.0.0.0:9000\"\ntoken = { file = \"token\" }\nmax_connections = 3\nrequest_seconds = 7";
    let (mut settings, mistakes) = read(text);
    assert_eq!(mistakes, Vec::<String>::new());
    settings.resolve(Path::new("/etc/keeper"));
    let expected = ApiSettings {
        listen: "0.0.0.0:9000".parse().unwrap(),
        token: Some(SecretSource::File("/etc/keeper/token".into())),
        max_connections: 3,
        deadline: Duration::from_secs(7),
    };
    assert_eq!(settings, expected);
}

#[test]
fn other_machines_need_a_token() {
    for listen in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"] {
        let (_, mistakes) = read(&format!("[api]\nlisten = \"{listen}\""));
        assert_eq!(mistakes.len(), 1, "{listen}");
        assert!(mistakes[0].starts_with("api.token: is missing"), "{mistakes:?}");
    }
    let (_, mistakes) = read("[api]\nlisten = \"0.0.0.0:1\"\ntoken = \"hush\"");
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].starts_with("api.token: is none of those known"), "{mistakes:?}");
    for listen in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert_eq!(read(&format!("[api]\nlisten = \"{listen}\"")).1, Vec::<String>::new(), "{listen}");
    }
}

#[test]
fn mistakes_are_named() {
    let text = "[api]\nlisten = \"localhost\"\nmax_connections = 0\nrequest_seconds = 500\nport = 1";
    let (_, mistakes) = read(text);
    assert!(!mistakes.concat().contains("localhost"), "{mistakes:?}");
    let named = ["api.listen", "api.max_connections", "api.request_seconds", "api.port"];
    assert_eq!(mistakes.len(), named.len(), "{mistakes:?}");
    for name in named {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(name)), "{name}: {mistakes:?}");
    }
}
