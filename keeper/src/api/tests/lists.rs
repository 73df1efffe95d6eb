//! Portfolio, credits and alerts: sums, filters and pages.

use super::*;

#[tokio::test]
async fn a_portfolio_is_summed_up_over_loans() {
    let api = Api::new().await;
    let all = api.json("/v1/portfolio").await;
    assert_eq!(all["credits"], 3, "units without a loan are none");
    assert_eq!(all["by_status"]["active"], 2);
    assert_eq!(all["by_status"]["defaulted"], 1);
    assert_eq!(all["by_health"], serde_json::json!({ "green": 1, "amber": 1, "red": 1 }));
    assert_eq!(all["principal"], "36000000000", "amounts are text");
    assert_eq!(all["lien_value"], "36000000000");
    assert_eq!(all["as_of"]["slot"], 77);
    let clock = serde_json::json!({ "text": "2027-01-17T00:00:00Z", "unix": START + DAY });
    assert_eq!(all["as_of"]["clock"], clock);
    assert_eq!(texts(&all["worst"], "credit"), addresses(&[12, 11]), "red before amber");
    let first = &all["next_payments"][0];
    assert!(first["payment"]["due_at"]["unix"].as_i64() > Some(START), "{first}");
    let due: Vec<i64> = all["next_payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|next| next["payment"]["due_at"]["unix"].as_i64().unwrap())
        .collect();
    assert!(due.len() == 3 && due.is_sorted());

    let lent = api.json(&format!("/v1/portfolio?lender={}", key(1))).await;
    assert_eq!((&lent["credits"], &lent["principal"]), (&2.into(), &"24000000000".into()));
    assert_eq!(lent["arrears"], "0");
    assert!(lent["coverage_bps"].as_u64() < Some(10_000), "a day's interest is owed as well");
    let none = api.json(&format!("/v1/portfolio?borrower={}", key(99))).await;
    assert_eq!((&none["credits"], &none["coverage_bps"]), (&0.into(), &Value::Null));
}

#[tokio::test]
async fn collateral_beyond_the_debt_of_one_loan_does_not_cover_another() {
    let api = Api::empty(|_, _| {}).await;
    let rich = with(|credit| credit.debt.principal = 1_000 * USDC);
    let poor = with(|credit| credit.collateral.consumed = 1_200_000);
    api.show(START, &BTreeMap::from([(key(20), rich), (key(21), poor)])).await;
    let all = api.json("/v1/portfolio").await;
    assert_eq!(all["coverage_bps"], 769, "1,000 of 13,000");
    assert_eq!(all["lien_value"], "12000000000");
}

#[tokio::test]
async fn credits_are_paged_by_address() {
    let api = Api::new().await;
    let mut seen = Vec::new();
    let mut path = "/v1/credits?limit=3".to_string();
    loop {
        let page = api.json(&path).await;
        seen.push(texts(&page["credits"], "credit"));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/credits?limit=3&after={next}");
    }
    assert_eq!(seen, [addresses(&[10, 11, 12]), addresses(&[13])]);
    let whole = api.json("/v1/credits?limit=4").await;
    assert_eq!(whole["next"], Value::Null, "a page that is just full is the last");
}

#[tokio::test]
async fn credits_are_filtered() {
    let api = Api::new().await;
    let of = |query: String| {
        let api = &api;
        async move { texts(&api.json(&format!("/v1/credits?{query}")).await["credits"], "credit") }
    };
    assert_eq!(of(format!("lender={}", key(1))).await, addresses(&[10, 11]));
    assert_eq!(of(format!("borrower={}", key(2))).await, addresses(&[10, 11, 13]));
    assert_eq!(of(format!("provider={}", key(3))).await, addresses(&[10, 11, 12, 13]));
    assert_eq!(of(format!("provider={}", key(2))).await, Vec::<String>::new());
    assert_eq!(of("status=defaulted".to_string()).await, addresses(&[12]));
    assert_eq!(of(format!("status=active&lender={}", key(5))).await, Vec::<String>::new());

    let line = &api.json("/v1/credits?limit=1").await["credits"][0];
    assert_eq!(line["health"]["colour"], "green");
    assert_eq!(line["is_loan"], true);
    assert_eq!(line["next_payment"]["principal"], "1000000000");
    assert_eq!(line["next_payment"]["due_at"]["unix"], START + 30 * DAY);
    assert_eq!(line["coverage"]["lien_value"], "12000000000");
    assert_eq!(line["burn"]["exhausted_at"], Value::Null);
}

#[tokio::test]
async fn wrong_parameters_are_refused_with_the_next_step() {
    let api = Api::new().await;
    let address = key(10);
    for (path, names) in [
        ("/v1/credits?lender=me", "lender: `me` is not an address; write it in base58"),
        ("/v1/credits?lender=", "base58"),
        ("/v1/credits?lendr=x", "unknown field `lendr`"),
        ("/v1/credits?status=late", "choose from offered, accepted, active"),
        ("/v1/credits?limit=0", "limit: `0` is not a whole number from 1 to 1000"),
        ("/v1/credits?limit=1001", "from 1 to 1000"),
        ("/v1/alerts?limit=201", "from 1 to 200"),
        ("/v1/credits?limit=1&limit=2", "duplicate field `limit`"),
        ("/v1/portfolio?status=active", "unknown field `status`"),
        ("/v1/alerts?open=yes", "write true or false"),
        ("/v1/alerts?before=-1", "use `next` of the page before"),
        (
            &format!("/v1/credits/{address}?payment=0"),
            "payment: `0` is not a payment; write whole micro-USDC",
        ),
        (&format!("/v1/credits/{address}?payment=1.5"), "write whole micro-USDC from 1"),
        (&format!("/v1/credits/{address}?pay=1"), "unknown field `pay`"),
        ("/v1/credits/nobody", "`nobody` is not an address"),
        ("/v1/credits/%FF", "UTF-8"),
        (&format!("/v1/credits/{address}/series?resolution=60"), "choose from 300, 3600 and 86400"),
        (&format!("/v1/credits/{address}/series?from=soon"), "write Unix seconds, or RFC 3339"),
        (&format!("/v1/credits/{address}/series?from=9&until=9"), "exchange or correct them"),
        (&format!("/v1/credits/{address}/series?from=0"), "shorten the span"),
        (&format!("/v1/credits/{address}/events?after=1.5"), "a whole number"),
    ] {
        let (code, message) = api.refused(path, StatusCode::BAD_REQUEST).await;
        assert_eq!(code, "bad_parameter", "{path}");
        assert!(message.contains(names), "{path}: {message}");
    }
}

#[tokio::test]
async fn alerts_are_filtered_and_paged_newest_first() {
    let api = Api::empty(|_, _| {}).await;
    let (lien, lien_value, debt) = (Units(10), MicroUsd(7), MicroUsd(10));
    let coverage = Fact::Coverage { coverage: Bps(7_000), lien, lien_value, debt };
    let funds = Fact::Funds { role: "metering", lamports: Lamports(5), fault: None };
    let findings =
        vec![on_credit(key(10), frozen()), on_credit(key(10), coverage), Finding::is(key(8), funds)];
    api.state.alerts.apply(findings, ChainTime(START)).await.unwrap();
    api.state.alerts.apply(vec![Finding::over(Rule::Frozen, key(10))], ChainTime(START + 60)).await.unwrap();

    let first = api.json("/v1/alerts?limit=2").await;
    assert_eq!(texts(&first["alerts"], "rule"), ["funds", "coverage"], "also before the market was read");
    let next = first["next"].as_i64().unwrap();
    let second = api.json(&format!("/v1/alerts?limit=2&before={next}")).await;
    assert_eq!(texts(&second["alerts"], "rule"), ["frozen"]);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(second["alerts"][0]["cleared_at"]["unix"], START + 60);
    assert_eq!(second["alerts"][0]["happened"], "5 units of a lien of 10 units are frozen.");
    assert!(
        second["alerts"][0]["next_step"].as_str().unwrap().starts_with("The borrower should ask the lender")
    );

    let rules = |query: String| {
        let api = &api;
        async move { texts(&api.json(&format!("/v1/alerts?{query}")).await["alerts"], "rule") }
    };
    assert_eq!(rules("open=true".to_string()).await, ["funds", "coverage"]);
    assert_eq!(rules("open=false".to_string()).await, ["frozen"]);
    assert_eq!(rules(format!("credit={}&open=true", key(10))).await, ["coverage"]);
    assert_eq!(rules(format!("party={}", key(2))).await, ["coverage", "frozen"]);
    assert_eq!(rules(format!("party={}", key(3))).await, Vec::<String>::new());
}
