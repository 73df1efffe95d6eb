//! The token, and the bounds on requests and connections.

use {
    super::*,
    crate::api::ApiServerError,
    blockable_service::secrets::SecretSource,
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::timeout,
    },
};

fn token(settings: &mut ApiSettings, folder: &TempDir, text: &str) {
    let path = folder.path().join("token");
    std::fs::write(&path, text).unwrap();
    settings.token = Some(SecretSource::File(path));
}

#[tokio::test]
async fn the_token_opens_v1_and_nothing_else_needs_it() {
    let api = Api::empty(|settings, folder| token(settings, folder, TOKEN)).await;
    api.show(START, &credits()).await;
    for path in ["/livez", "/readyz", "/openapi.json"] {
        assert_eq!(api.get(path).await.status(), StatusCode::OK, "{path}");
    }
    assert_eq!(api.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    let credit = format!("/v1/credits/{}", key(10));
    for path in ["/v1/portfolio", "/v1/credits", &credit, "/v1/alerts", "/v1/keeper", "/v1/credits?limit=x"] {
        let response = api.get(path).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let of = |header: String| {
            let asked = api.http.get(format!("{}{path}", api.url)).header("authorization", header);
            async move { asked.send().await.unwrap().status() }
        };
        for wrong in
            [format!("Bearer {TOKEN}x"), format!("Basic {TOKEN}"), TOKEN.to_string(), "Bearer ".to_string()]
        {
            assert_eq!(of(wrong).await, StatusCode::UNAUTHORIZED, "{path}");
        }
        assert_ne!(of(format!("bearer {TOKEN}")).await, StatusCode::UNAUTHORIZED, "{path}");
    }
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
    for path in ["/", "/v1", "/v1/credit", "/v2/credits"] {
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
    let ruin = |tx: &rusqlite::Transaction| Ok(tx.execute_batch("DROP TABLE events")?);
    api.state.store.write(ruin).await.unwrap();
    let path = format!("/v1/credits/{}/events", key(10));
    let (code, message) = api.refused(&path, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(code, "store");
    assert!(!message.contains("events"), "{message}");
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
    assert_eq!(api.get("/livez").await.status(), StatusCode::OK, "health does not wait for the store");
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
    let request = b"GET /livez HTTP/1.1\r\nhost: keeper\r\n\r\n";
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
    assert_eq!(api.get("/livez").await.status(), StatusCode::OK, "the handle may go");
    api.stop.send_replace(true);
    timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}
