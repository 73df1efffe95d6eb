//! The keeper's own work, health, metrics and description.

use {
    super::*,
    crate::{
        api::{ApiSettings, access::Access, openapi::openapi, other_routes, v1_routes},
        land::lanes,
        store::StoreError,
    },
    blockable_sdk::events::Change,
    blockable_testkit::openapi::{Description, Members},
    std::collections::BTreeSet,
};

/// Writes three intents, an open transaction, its cost, a lane in quarantine and one that is tried again.
fn write_work(tx: &rusqlite::Transaction) -> Result<(), StoreError> {
    let intent = |id: u8, state: &str, at: i64| {
        let row = rusqlite::params![[id; 32], "meter", [3u8; 32], "why", state, 1, at, at];
        tx.execute("INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)", row)
    };
    intent(1, "open", START - 9 * DAY)?;
    intent(2, "done", START - 60)?;
    intent(3, "done", START - 2 * DAY)?;
    let row = rusqlite::params![[6u8; 64], START - 30, START.div_euclid(DAY)];
    let sql = "INSERT INTO transactions VALUES (?1, 'metering', x'00', 900, 5000, 1, 'open', NULL, 70, ?2, ?3, NULL)";
    tx.execute(sql, row)?;
    let row = rusqlite::params![[6u8; 64], [1u8; 32]];
    tx.execute("INSERT INTO carried VALUES (?, 0, ?, 'meter/x/0')", row)?;
    tx.execute("INSERT INTO spending VALUES ('metering', ?, 5000)", [START.div_euclid(DAY)])?;
    let fail =
        |lane: (&str, &str, &Pubkey)| lanes::fail(tx, lane, "no", Duration::from_secs(30), ChainTime(START));
    for _ in 0..5 {
        fail(("meter/x/0", "meter", &key(3)))?;
    }
    fail(("expire_units/y", "expire_units", &key(4)))?;
    Ok(())
}

#[tokio::test]
async fn the_work_of_the_keeper_is_described() {
    let api = Api::empty(|_, _| {}).await;
    let before = api.json("/v1/keeper").await;
    assert_eq!((&before["market"], &before["as_of"]), (&key(9).to_string().into(), &Value::Null));
    assert_eq!(before["is_ready"], false);

    api.show(START, &credits()).await;
    api.state.store.write(write_work).await.unwrap();
    api.state.nodes.all()[0].note_slot(77);
    let keeper = api.json("/v1/keeper").await;
    assert_eq!(keeper["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&keeper["as_of"]["slot"], &keeper["is_ready"]), (&77.into(), &true.into()));
    assert_eq!(keeper["intents"], serde_json::json!({ "open": 1, "done": 1 }), "ended ones of a day alone");
    assert_eq!(keeper["transactions"], serde_json::json!({ "open": 1 }));
    let open = &keeper["open_transactions"][0];
    assert_eq!(
        (&open["role"], &open["lamports"], &open["intents"]),
        (&"metering".into(), &"5000".into(), &1.into())
    );
    assert_eq!(texts(&keeper["spending"], "role"), ["metering", "enforcement"]);
    assert_eq!(texts(&keeper["spending"], "lamports"), ["5000", "0"]);
    assert_eq!(keeper["spending"][0]["lamports_per_day"], "5000000");
    assert_eq!(texts(&keeper["quarantined"], "lane"), ["meter/x/0"]);
    assert_eq!(keeper["retrying"], 1);
    assert_eq!(keeper["stalls"][0]["lost_seconds"], 90);
    let (near, far) = (&keeper["nodes"][0], &keeper["nodes"][1]);
    assert_eq!((&near["name"], &near["slot"], &near["behind"]), (&"near".into(), &77.into(), &0.into()));
    assert_eq!((&far["slot"], &far["behind"]), (&Value::Null, &77.into()), "it has not answered yet");
}

#[tokio::test]
async fn before_the_market_was_read_routes_that_need_it_are_refused_for_now() {
    let api = Api::empty(|_, _| {}).await;
    let credit = format!("/v1/credits/{}", key(10));
    for path in
        ["/v1/portfolio", "/v1/credits", &credit, &format!("{credit}/series"), &format!("{credit}/events")]
    {
        let response = api.get(path).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(response.headers()["retry-after"], "5", "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "not_read_yet");
    }
}

#[tokio::test]
async fn the_description_has_every_route_that_is_served_and_no_other() {
    let api = Api::empty(|_, _| {}).await;
    let document = api.json("/openapi.json").await;
    assert_eq!(document, serde_json::to_value(openapi()).unwrap());
    let described: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let access = Arc::new(Access::open(&ApiSettings::default(), "127.0.0.1:1".parse().unwrap()).unwrap());
    let served = v1_routes(&access).into_iter().chain(other_routes()).map(|(path, ..)| path.to_string());
    let apart = ["/v1/stream", "/livez", "/readyz", "/metrics"].map(str::to_string);
    let links = crate::links::PATHS.map(str::to_string);
    assert_eq!(described, served.chain(apart).chain(links).collect());
    for path in ["/v1/alerts", "/v1/keeper"] {
        assert_eq!(document["paths"][path]["get"]["security"][0]["token"], serde_json::json!([]), "{path}");
    }
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let parameters = document["paths"]["/v1/credits"]["get"]["parameters"].as_array().unwrap();
    assert_eq!(parameters.len(), 12);
    assert!(parameters.iter().all(|parameter| parameter["in"] == "query" && parameter["required"] == false));
    assert!(parameters.iter().all(|parameter| parameter["description"].is_string()));
}

#[test]
fn every_type_that_the_description_refers_to_is_in_it() {
    let description = Description(serde_json::to_value(openapi()).unwrap());
    assert!(description.references().len() > 30);
    assert_eq!(description.dangling(), Vec::<String>::new());
    let document = description.0;
    for name in ["UsdAmount", "UnitCount", "LamportAmount", "Address"] {
        assert_eq!(document["components"]["schemas"][name]["type"], "string", "{name}");
    }
}

#[tokio::test]
async fn answers_are_as_they_are_described() {
    let api = Api::new().await;
    api.state.alerts.apply(vec![on_credit(key(11), frozen())], ChainTime(START)).await.unwrap();
    details::write(&api, key(10), vec![("marked_delinquent", Change::MarkedDelinquent { arrears: 5 })]).await;
    let description = Description(api.json("/openapi.json").await);
    for (path, asked) in [
        ("/v1/portfolio", "/v1/portfolio".to_string()),
        ("/v1/credits", "/v1/credits".to_string()),
        ("/v1/credits/{address}", format!("/v1/credits/{}", key(11))),
        ("/v1/credits/{address}", format!("/v1/credits/{}", key(12))),
        ("/v1/credits/{address}", format!("/v1/credits/{}", key(10))),
        ("/v1/credits/{address}/events", format!("/v1/credits/{}/events", key(10))),
        ("/v1/credits/{address}/series", format!("/v1/credits/{}/series", key(10))),
        ("/v1/alerts", "/v1/alerts".to_string()),
        ("/v1/keeper", "/v1/keeper".to_string()),
    ] {
        let schema = description.answer(path, "get", 200, "application/json").unwrap();
        description
            .check(schema, &api.json(&asked).await, Members::All)
            .unwrap_or_else(|fault| panic!("{path}: {fault}"));
    }
    let document = &description.0;
    for status in ["400", "401", "404", "429", "503"] {
        let answer = &document["paths"]["/v1/credits/{address}"]["get"]["responses"][status];
        let schema = &answer["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/ErrorBody", "{status}");
    }
    assert!(document["components"]["schemas"]["ErrorBody"].is_object());
}
