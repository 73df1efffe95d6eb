//! The token, and the bounds on requests and connections.

use {
    super::*,
    crate::api::ApiServerError,
    blockable_service::http::{AllowedOrigins, TrustedProxies},
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::timeout,
    },
};

fn token(settings: &mut ApiSettings, folder: &TempDir, text: &str) {
    let path = folder.path().join("token");
    blockable_service::private_file::replace(&path, text.as_bytes()).unwrap();
    settings.token = Some(SecretSource::File(path));
}

#[tokio::test]
async fn chain_data_is_public_and_the_rest_needs_a_token() {
    let api = Api::new().await;
    let public = client(None);
    let status = |http: &reqwest::Client, path: &str, header: Option<String>| {
        let asked = http.get(format!("{}{path}", api.url));
        let asked = match header {
            Some(header) => asked.header("authorization", header),
            None => asked,
        };
        async move { asked.send().await.unwrap() }
    };
    let credit = format!("/v1/credits/{}", key(10));
    for path in ["/openapi.json", "/v1/portfolio", "/v1/credits", &credit, "/v1/market", "/v1/providers"] {
        let response = status(&public, path, None).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(response.headers()["cache-control"].to_str().unwrap().ends_with("no-cache"), "{path}");
    }
    let seen = async |http: &reqwest::Client| -> Value {
        http.get(format!("{}{credit}", api.url)).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(seen(&public).await["alerts"], Value::Null, "alerts are for the parties");
    assert_eq!(seen(&api.http).await["alerts"], serde_json::json!([]));
    for path in ["/v1/alerts", "/v1/keeper", "/v1/sessions"] {
        let response = status(&public, path, None).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.headers()["cache-control"], "no-store");
        for wrong in
            [format!("Bearer {TOKEN}x"), format!("Basic {TOKEN}"), TOKEN.to_string(), "Bearer ".to_string()]
        {
            assert_eq!(status(&public, path, Some(wrong)).await.status(), StatusCode::UNAUTHORIZED, "{path}");
        }
        let right = status(&public, path, Some(format!("bearer {TOKEN}"))).await;
        assert_eq!(right.status(), StatusCode::OK, "{path}");
    }
    let wrong = status(&public, &credit, Some("Bearer x".to_string())).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED, "a party learns that its session has ended");
}

#[tokio::test]
async fn without_a_token_in_the_settings_nobody_is_the_operator() {
    let api = Api::empty(|settings, _| settings.token = None).await;
    api.show(START, &credits()).await;
    for path in ["/v1/alerts", "/v1/keeper"] {
        assert_eq!(api.refused(path, StatusCode::UNAUTHORIZED).await.0, "unauthorised", "{path}");
    }
    assert_eq!(api.get("/v1/credits").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_to_wait_and_no_other_is() {
    let api = Api::empty(|settings, _| {
        settings.requests_per_minute = 5;
        settings.http.trusted_proxies =
            TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()], Default::default());
    })
    .await;
    let public = client(None);
    let get_of = |path: &'static str, from: &'static str| {
        let asked = public.get(format!("{}{path}", api.url)).header("x-forwarded-for", from);
        async move { asked.send().await.unwrap() }
    };
    let get = |from| get_of("/openapi.json", from);
    for _ in 0..5 {
        assert_eq!(get("10.0.0.1").await.status(), StatusCode::OK);
    }
    let refused = get("10.0.0.1").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=13).contains(&wait), "{wait}");
    let link = get_of("/actions.json", "10.0.0.1").await;
    assert_eq!(link.status(), StatusCode::TOO_MANY_REQUESTS, "wallet links count as well");
    assert_eq!(get("10.0.0.2").await.status(), StatusCode::OK);
    assert_eq!(get_of("/actions.json", "10.0.0.2").await.status(), StatusCode::OK);
    for _ in 0..20 {
        assert_eq!(api.get("/openapi.json").await.status(), StatusCode::OK, "the operator is not limited");
    }
}

#[tokio::test]
async fn pages_of_listed_sites_may_read_and_no_others() {
    let site = "https://lender.example".to_string();
    let api =
        Api::empty(|settings, _| settings.http.allow_origins = AllowedOrigins::Listed(vec![site.clone()]))
            .await;
    api.show(START, &credits()).await;
    let public = client(None);
    let allowed = async |origin: &str| {
        let asked = public.get(format!("{}/v1/credits", api.url)).header("origin", origin);
        let response = asked.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let varies =
            response.headers().get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("origin"));
        assert!(varies, "a copy for one site is not given to another");
        response
            .headers()
            .get("access-control-allow-origin")
            .map(|origin| origin.to_str().unwrap().to_string())
    };
    assert_eq!(allowed(&site).await, Some(site.clone()));
    assert_eq!(allowed("https://evil.example").await, None);
    assert_eq!(allowed("null").await, None);
    let asked = public.request(reqwest::Method::OPTIONS, format!("{}/v1/alerts", api.url));
    let asked = asked.header("origin", &site).header("access-control-request-method", "GET");
    let answer = asked.header("access-control-request-headers", "authorization").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["access-control-allow-origin"], site.as_str());
    assert!(!answer.headers().contains_key("access-control-allow-credentials"), "tokens are no cookies");
}

#[tokio::test]
async fn a_copy_that_is_right_is_not_sent_again() {
    let api = Api::new().await;
    let first = api.get("/v1/credits").await;
    let etag = first.headers()["etag"].to_str().unwrap().to_string();
    let again = async |etag: &str| {
        let asked = api.http.get(format!("{}/v1/credits", api.url)).header("if-none-match", etag);
        let response = asked.send().await.unwrap();
        (response.status(), response.bytes().await.unwrap().len())
    };
    assert_eq!(again(&etag).await, (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again("\"other\"").await.0, StatusCode::OK);
    api.show(START + 2 * DAY, &credits()).await;
    assert_eq!(again(&etag).await.0, StatusCode::OK, "interest has accrued");
    let own = api.get(&format!("/v1/credits/{}", key(10))).await;
    assert_eq!(own.headers()["cache-control"], "private, no-cache");
    let vary: Vec<_> = own.headers().get_all("vary").iter().map(|vary| vary.to_str().unwrap()).collect();
    assert!(vary.contains(&"authorization"), "{vary:?}");
}

#[tokio::test]
async fn a_token_that_can_be_guessed_or_is_missing_is_refused_at_start() {
    let api = Api::empty(|_, _| {}).await;
    let mut settings = ApiSettings { listen: "127.0.0.1:0".parse().unwrap(), ..ApiSettings::default() };
    token(&mut settings, &api.folder, "secret");
    let start = || ApiServer::start(&settings, api.state.clone(), api.stop.subscribe());
    let Err(short) = start().await else { panic!("a short token was taken") };
    assert!(matches!(short, ApiServerError::ShortToken { found: 6, least: 16 }));
    assert!(!short.to_string().contains("secret"));
    std::fs::remove_file(api.folder.path().join("token")).unwrap();
    assert!(matches!(start().await, Err(ApiServerError::Token(_))));
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_names_it() {
    let api = Api::empty(|_, _| {}).await;
    let listen = api.server.as_ref().unwrap().addr();
    let settings = ApiSettings { listen, ..ApiSettings::default() };
    let Err(error) = ApiServer::start(&settings, api.state.clone(), api.stop.subscribe()).await else {
        panic!("one address was taken twice")
    };
    assert!(error.to_string().contains(&listen.to_string()), "{error}");
}

#[tokio::test]
async fn paths_and_methods_that_no_route_has_are_refused() {
    let api = Api::new().await;
    for path in ["/", "/v1", "/v1/credit", "/v2/credits", "/livez"] {
        assert_eq!(api.refused(path, StatusCode::NOT_FOUND).await.0, "no_such_path", "{path}");
    }
    let posted = api.http.post(format!("{}/v1/credits", api.url)).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    let body: Value = posted.json().await.unwrap();
    assert_eq!(body["error"]["code"], "method_not_allowed");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_an_error_without_details() {
    let api = Api::new().await;
    let ruin = |tx: &rusqlite::Transaction| Ok(tx.execute_batch("DROP TABLE logs")?);
    api.state.store.write(ruin).await.unwrap();
    let path = format!("/v1/credits/{}/events", key(10));
    let (code, message) = api.refused(&path, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(code, "store");
    assert!(!message.contains("logs"), "{message}");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_ended() {
    let api = Api::empty(|settings, _| settings.deadline = Duration::from_millis(50)).await;
    let (held, release) = std::sync::mpsc::channel::<()>();
    let (taken, is_taken) = tokio::sync::oneshot::channel();
    let store = api.state.store.clone();
    let holding = tokio::spawn(async move {
        let hold = move |_: &rusqlite::Connection| {
            let _ = taken.send(());
            let _ = release.recv();
            Ok(())
        };
        store.read(hold).await.unwrap();
    });
    is_taken.await.unwrap();
    assert_eq!(api.refused("/v1/alerts", StatusCode::SERVICE_UNAVAILABLE).await.0, "deadline");
    drop(held);
    holding.await.unwrap();
}

#[tokio::test]
async fn idle_connections_shut_nobody_out() {
    let api = Api::empty(|settings, _| settings.max_connections = 4).await;
    let addr = api.server.as_ref().unwrap().addr();
    let mut silent = Vec::new();
    for _ in 0..32 {
        silent.push(TcpStream::connect(addr).await.unwrap());
    }
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: keeper\r\n\r\n";
    let mut answer = [0; 12];
    let mut kept = Vec::new();
    for _ in 0..8 {
        let mut client = TcpStream::connect(addr).await.unwrap();
        client.write_all(request).await.unwrap();
        timeout(Duration::from_secs(10), client.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        kept.push(client);
    }
    let ended = async { while matches!(silent[0].read(&mut answer).await, Ok(bytes) if bytes > 0) {} };
    timeout(Duration::from_secs(10), ended).await.expect("the oldest has given way");
    let ended = async { while matches!(kept[0].read(&mut answer).await, Ok(bytes) if bytes > 0) {} };
    timeout(Duration::from_secs(10), ended).await.expect("so has one that was served and kept open");
}

#[tokio::test]
async fn the_server_outlives_its_handle_and_ends_with_the_keeper() {
    let mut api = Api::new().await;
    let server = api.server.take().unwrap();
    let (addr, task) = (server.addr(), server.into_task());
    assert_eq!(api.get("/openapi.json").await.status(), StatusCode::OK, "the handle may go");
    api.stop.send_replace(true);
    timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}
