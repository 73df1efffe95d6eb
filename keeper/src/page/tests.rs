//! The page: its settings, its files and headers, its export.

use {
    super::{
        PageDocument, PageSettings,
        export::{ExportError, export},
        files::{self, INDEX},
        headers, *,
    },
    blockable_sdk::{Hash, Pubkey},
    blockable_service::settings::Reader,
    std::fs,
};

fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

fn read(text: &str) -> (Option<PageSettings>, Vec<String>) {
    let mut reader = Reader::new(text).unwrap();
    let settings = PageSettings::read(&mut reader);
    (settings, reader.finish())
}

fn text() -> String {
    format!(
        "[page]\ncluster = \"localnet\"\nrpc = [{{ http = \"https://rpc.example/path;x?key=1\", ws = \"wss://ws.example:9\" }}, {{ http = \
         \"http://127.0.0.1:8899\" }}]\nexplorer = \"https://explorer.example/{{kind}}/{{id}}\"\nlinks = \"https://keeper.example\"\n\
         gates = {{ \"{}\" = \"https://gate.example/base\" }}\nunit_prices = {{ \"{}\" = \"0.125\" }}\n",
        key(3),
        key(4)
    )
}

fn settings() -> PageSettings {
    let (settings, mistakes) = read(&text());
    assert_eq!(mistakes, Vec::<String>::new());
    settings.unwrap()
}

#[test]
fn the_document_has_what_is_public_of_the_settings() {
    assert_eq!(read("").0, None, "no page without the section");
    let document = PageDocument::new(&settings(), key(9), Some(Hash::new_from_array([1; 32])), true);
    let expected = serde_json::json!({
        "schema": 1, "cluster": { "name": "localnet", "genesis": Hash::new_from_array([1; 32]).to_string() },
        "market": key(9).to_string(),
        "rpc": [
            { "http": "https://rpc.example/path;x?key=1", "ws": "wss://ws.example:9" }, { "http": "http://127.0.0.1:8899", "ws": null },
        ],
        "gates": { key(3).to_string(): "https://gate.example/base" }, "keeper": true,
        "explorer": "https://explorer.example/{kind}/{id}", "unit_prices": { key(4).to_string(): "0.125" },
        "links": "https://keeper.example",
    });
    assert_eq!(serde_json::to_value(document).unwrap(), expected);
    let known = PageSettings { cluster: settings::ClusterName::Devnet, ..settings() };
    let document = PageDocument::new(&known, key(9), Some(Hash::new_from_array([1; 32])), true);
    assert!(
        document.cluster.genesis.unwrap().starts_with("EtWTRABZ"),
        "a known cluster has a known first block"
    );
}

#[test]
fn mistakes_are_named() {
    let text = "[page]\ncluster = \"mainnet\"\nrpc = [{ http = \"ftp://x\" }, { http = \"https://u:p@x\" }]\nexplorer = \"https://x\"\n\
                gates = { \"me\" = \"https://x\" }\nunit_prices = { \"11111111111111111111111111111111\" = \"1.1234567\" }\nlinks = \"x\"";
    let (settings, mistakes) = read(text);
    assert_eq!(settings, None);
    let named = [
        "page.cluster",
        "page.rpc[0].http",
        "page.rpc[1].http",
        "page.explorer",
        "page.gates.me",
        "page.unit_prices.11111111111111111111111111111111",
        "page.links",
    ];
    assert_eq!(mistakes.len(), named.len(), "{mistakes:?}");
    for name in named {
        assert!(mistakes.iter().any(|mistake| mistake.starts_with(name)), "{name}: {mistakes:?}");
    }
    assert!(read("[page]\ncluster = \"devnet\"").1[0].starts_with("page.rpc: is missing"));
}

#[test]
fn the_policy_names_the_configured_hosts_and_no_other_and_allows_nothing_inline() {
    let policy = headers::content_policy(&settings(), false);
    let connect = policy.split("; ").find(|directive| directive.starts_with("connect-src")).unwrap();
    assert_eq!(
        connect,
        "connect-src 'self' http://127.0.0.1:8899 https://gate.example https://keeper.example https://rpc.example wss://ws.example:9"
    );
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("path"), "{policy}");
    assert!(!headers::content_policy(&settings(), true).contains("frame-ancestors"));
}

#[test]
fn the_page_itself_keeps_to_the_policy() {
    let files = files::read_all();
    for (name, file) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let text = String::from_utf8_lossy(file.bytes).to_lowercase();
        for script in text.split("<script").skip(1) {
            let (head, rest) = script.split_once('>').unwrap();
            assert!(head.contains("src=") && rest.starts_with("</script"), "{name} has an inline script");
        }
        assert!(!text.contains("<style") && !text.contains(" style="), "{name} has an inline style");
        assert!(!text.contains("://"), "{name} names another host");
    }
    assert!(files.contains_key(INDEX));
}

#[test]
fn a_path_is_the_name_of_a_file_or_a_view_and_nothing_else() {
    let page = Page::new(&settings());
    let browser = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html,*/*"))]);
    let status = |path: &str, headers: &HeaderMap| {
        page.answer(&Method::GET, path, headers).map(|response| response.status().as_u16())
    };
    for path in ["/", "/index.html", "/loan/abc", "/pool"] {
        assert_eq!(status(path, &browser), Some(200), "{path}");
    }
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/assets/none.js",
        "/v1/none",
        "/v1",
        "/index.html/",
        "index.html",
        "/INDEX.HTML",
        "/\\..\\x.y",
    ] {
        assert_eq!(status(path, &browser), None, "{path}");
    }
    assert_eq!(status("/loan/abc", &HeaderMap::new()), None, "a view is for who asks for a page");
    assert!(page.answer(&Method::POST, "/", &browser).is_none());
}

#[test]
fn a_copy_is_asked_for_again_by_its_tag() {
    let page = Page::new(&settings());
    let answer = |headers: &[(header::HeaderName, &str)]| {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        page.answer(&Method::GET, "/", &headers.collect()).unwrap()
    };
    let first = answer(&[]);
    assert_eq!(first.headers()["cache-control"], "no-cache");
    assert_eq!(first.headers()["x-content-type-options"], "nosniff");
    assert_eq!(first.headers()["cross-origin-opener-policy"], "same-origin");
    assert!(
        first.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("connect-src 'self' http://127")
    );
    let etag = first.headers()["etag"].to_str().unwrap().to_string();
    assert_eq!(answer(&[(header::IF_NONE_MATCH, &etag)]).status(), 304);
    assert_eq!(answer(&[(header::IF_NONE_MATCH, &format!("\"x\", W/{etag}"))]).status(), 304);
    assert_eq!(answer(&[(header::IF_NONE_MATCH, "\"x\"")]).status(), 200);
    for coding in ["gzip", "br, GZIP;q=0.5"] {
        let gzip = answer(&[(header::ACCEPT_ENCODING, coding)]);
        let is_long = files::read_all()[INDEX].gzip.is_some();
        assert_eq!(gzip.headers().contains_key("content-encoding"), is_long, "{coding}");
        assert_eq!(gzip.headers()["etag"] != etag.as_str(), is_long, "each form has a tag of its own");
    }
    assert!(!answer(&[(header::ACCEPT_ENCODING, "gzip;q=0")]).headers().contains_key("content-encoding"));
}

#[test]
fn an_export_has_every_file_the_settings_and_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("site");
    let document = PageDocument::new(&settings(), key(9), None, false);
    let written = export(&target, &settings(), &document).unwrap();
    assert_eq!(written, files::read_all().len() + 3);
    for name in files::read_all().keys() {
        assert!(target.join(name).is_file(), "{name}");
    }
    let read = |name: &str| fs::read_to_string(target.join(name)).unwrap();
    let settings: serde_json::Value = serde_json::from_str(&read("page.json")).unwrap();
    assert_eq!((&settings["keeper"], &settings["market"]), (&false.into(), &key(9).to_string().into()));
    let index = read(INDEX);
    assert!(index.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'"), "{index}");
    assert!(read("_headers").contains("frame-ancestors 'none'"));
    let again = export(&target, &super::tests::settings(), &document);
    assert!(matches!(again, Err(ExportError::NotEmpty(_))), "nothing is overwritten");
}
