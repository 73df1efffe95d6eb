//! Answers across credits: orders and tables of credits, events, sums over time, lots.

use {
    super::*,
    crate::lots::LotBook,
    blockable_sdk::{events::Change, program::state::Lot},
};

/// The credits of a list, page after page.
async fn pages(api: &Api, query: &str) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), format!("/v1/credits?limit=2&{query}"));
    loop {
        let page = api.json(&path).await;
        found.extend(texts(&page["credits"], "credit"));
        let Some(next) = page["next"].as_str() else { return found };
        path = format!("/v1/credits?limit=2&{query}&after={next}");
    }
}

#[tokio::test]
async fn credits_come_in_each_order_and_every_page_goes_on_where_the_last_one_ended() {
    let api = Api::new().await;
    // 10 and 11 owe the same, 12 owes more interest, 13 has no debt and no due date.
    for (query, order) in [
        ("sort=address&order=desc", [13, 12, 11, 10]),
        ("sort=debt", [13, 10, 11, 12]),
        ("sort=debt&order=desc", [12, 10, 11, 13]),
        ("sort=health&order=desc", [12, 11, 10, 13]),
        ("sort=remaining&order=desc", [10, 11, 12, 13]),
        ("sort=coverage", [12, 10, 11, 13]),
        ("sort=coverage&order=desc", [10, 11, 12, 13]),
        ("sort=apr", [13, 10, 11, 12]),
    ] {
        assert_eq!(pages(&api, query).await, addresses(&order), "{query}");
    }
    let by_date = pages(&api, "sort=due").await;
    assert_eq!(by_date.last(), addresses(&[13]).last(), "what has no date comes last");
    assert_eq!(pages(&api, "sort=due&order=desc").await.last(), addresses(&[13]).last());
}

#[tokio::test]
async fn credits_are_found_by_health_due_date_and_the_beginning_of_an_address() {
    let api = Api::new().await;
    assert_eq!(pages(&api, "health=red").await, addresses(&[12]));
    assert_eq!(pages(&api, "health=amber").await, addresses(&[11]));
    let due = START + 30 * DAY;
    assert_eq!(pages(&api, &format!("lender={}&due_before={}", key(1), due)).await, Vec::<String>::new());
    assert_eq!(pages(&api, &format!("lender={}&due_before={}", key(1), due + 1)).await, addresses(&[10, 11]));
    let lender = key(5).to_string();
    assert_eq!(pages(&api, &format!("search={}", &lender[..20])).await, addresses(&[12]));
    assert_eq!(pages(&api, "search=zzz").await, Vec::<String>::new());
    let page = api.json("/v1/credits?limit=1&health=green").await;
    assert_eq!((page["count"].as_u64(), page["credits"].as_array().unwrap().len()), (Some(2), 1));
    for (path, names) in [
        ("/v1/credits?health=blue", "choose from green, amber, red"),
        ("/v1/credits?search=0", "characters of base58"),
        ("/v1/credits?sort=size", "unknown variant"),
        ("/v1/credits?order=up", "unknown variant"),
        ("/v1/credits?after=x", "`next` of the page before"),
        ("/v1/credits?format=xml", "unknown variant"),
        ("/v1/events?before=1", "`next` of the page before"),
        ("/v1/events?kind=Paid", "a kind of event"),
        ("/v1/lots?credit=x", "base58"),
        ("/v1/portfolio/history?resolution=7", "choose from 300"),
    ] {
        let (code, message) = api.refused(path, StatusCode::BAD_REQUEST).await;
        assert!(code == "bad_parameter" && message.contains(names), "{path}: {message}");
    }
}

#[tokio::test]
async fn a_table_has_a_line_for_each_credit_and_is_for_who_asks_for_it() {
    let api = Api::new().await;
    let response = api.get("/v1/credits?format=csv&sort=address").await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let vary: Vec<_> = response.headers().get_all("vary").iter().map(|vary| vary.to_str().unwrap()).collect();
    assert!(vary.join(",").contains("accept"), "a copy of one form is not taken for another");
    let text = response.text().await.unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        table.headers().unwrap().iter().take(5).collect::<Vec<_>>(),
        ["credit", "lender", "borrower", "provider", "status"]
    );
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| row[0].to_string()).collect::<Vec<_>>(), addresses(&[10, 11, 12, 13]));
    assert_eq!((&rows[2][4], &rows[2][6]), ("defaulted", "red"));
    assert_eq!(&rows[0][13], "2027-02-15T00:00:00Z");
    for cell in rows.iter().flat_map(csv::StringRecord::iter) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "a spreadsheet takes {cell} for a formula");
    }
    let by_accept = async |accept: &str| {
        let asked = api.http.get(format!("{}/v1/credits", api.url)).header("accept", accept);
        let kind = asked.send().await.unwrap().headers()["content-type"].to_str().unwrap().to_string();
        kind.split(';').next().unwrap().to_string()
    };
    assert_eq!(by_accept("text/csv").await, "text/csv");
    assert_eq!(by_accept("text/html, text/csv;q=0.9, application/json").await, "text/csv");
    assert_eq!(by_accept("application/json, text/csv").await, "application/json");
    assert_eq!(by_accept("*/*").await, "application/json");
}

#[tokio::test]
async fn events_come_newest_first_across_credits() {
    let api = Api::new().await;
    let marked = |arrears| ("marked_delinquent", Change::MarkedDelinquent { arrears });
    details::write(&api, key(10), vec![("accepted", Change::Accepted), marked(5)]).await;
    details::write(&api, key(12), vec![("accepted", Change::Accepted)]).await;
    let all = api.json("/v1/events?limit=200").await;
    let of = |page: &Value| -> Vec<(String, u64)> {
        let events = page["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| (event["credit"].as_str().unwrap().to_string(), event["seq"].as_u64().unwrap()))
            .collect()
    };
    assert_eq!(of(&all).len(), 3);
    let times: Vec<i64> =
        all["events"].as_array().unwrap().iter().map(|event| event["at"]["unix"].as_i64().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let (mut paged, mut path) = (Vec::new(), "/v1/events?limit=1".to_string());
    loop {
        let page = api.json(&path).await;
        paged.extend(of(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/events?limit=1&before={next}");
    }
    assert_eq!(paged, of(&all));
    assert_eq!(of(&api.json("/v1/events?kind=marked_delinquent").await), [(key(10).to_string(), 1)]);
    assert_eq!(of(&api.json(&format!("/v1/events?lender={}", key(5))).await), [(key(12).to_string(), 0)]);
    assert_eq!(of(&api.json(&format!("/v1/events?lender={}&kind=paid", key(5))).await), []);
}

#[tokio::test]
async fn sums_over_time_are_of_a_lender_or_of_the_market() {
    let api = Api::new().await;
    let history = async |query: &str| {
        let path = format!("/v1/portfolio/history?from={START}&resolution=86400{query}");
        api.json(&path).await["sums"].as_array().unwrap().clone()
    };
    let (market, lender) = (history("").await, history(&format!("&lender={}", key(1))).await);
    assert_eq!(
        (market.len(), market[0]["loans"].as_u64(), lender[0]["loans"].as_u64()),
        (1, Some(3), Some(2))
    );
    assert_eq!(
        (&market[0]["principal"], &lender[0]["principal"]),
        (&"36000000000".into(), &"24000000000".into())
    );
    assert_eq!(lender[0]["at"]["unix"], START + DAY);
    api.show(START + 2 * DAY, &credits()).await;
    assert_eq!(history("").await.len(), 2);
    assert_eq!(history(&format!("&lender={}", key(99))).await.len(), 0);
}

#[tokio::test]
async fn a_portfolio_is_spread_over_providers_borrowers_and_months() {
    let api = Api::new().await;
    let all = api.json("/v1/portfolio").await;
    assert_eq!(all["apr_bps"], 1_200);
    let exposure = &all["exposure"];
    assert_eq!(texts(&exposure["providers"], "party"), addresses(&[3]));
    assert_eq!(texts(&exposure["borrowers"], "party"), addresses(&[2, 6]), "the greatest first");
    assert_eq!(exposure["borrowers"][0]["loans"], 2);
    let months = texts(&exposure["maturities"], "month");
    assert!(months.len() == 2 && months.is_sorted(), "{months:?}");
}

#[tokio::test]
async fn lots_have_their_price_now() {
    let lot = |window| Lot {
        credit: key(12),
        lender: key(5),
        provider: key(3),
        units: 1_000_000,
        units_left: 500_000,
        start_price: 10_000_000,
        floor_price: 2_000_000,
        opened_at: START,
        window,
        ..Lot::zeroed()
    };
    let mut api = Api::empty(|_, _| {}).await;
    api.show(START + DAY, &credits()).await;
    assert_eq!(api.json("/v1/lots").await["slot"], Value::Null, "they have not been read yet");
    let lots = BTreeMap::from([(key(60), lot(2 * DAY as u32)), (key(61), lot(1))]);
    let (shown, book) = tokio::sync::watch::channel(None);
    api.state.lots = book;
    api.restart().await;
    shown.send_replace(Some(Arc::new(LotBook { slot: 76, lots })));
    let page = api.json("/v1/lots").await;
    let (half, over) = (&page["lots"][0], &page["lots"][1]);
    assert_eq!((&half["price"], &over["price"]), (&"6000000".into(), &"2000000".into()), "{page}");
    assert_eq!(half["cost"], (6 * 500_000 * 1_000_000 / half["price_units"].as_u64().unwrap()).to_string());
    assert_eq!(half["ends_at"]["unix"], START + 2 * DAY);
    let first = api.json("/v1/lots?limit=1").await;
    assert_eq!(first["next"], key(60).to_string());
    let rest = api.json(&format!("/v1/lots?limit=1&after={}", key(60))).await;
    assert_eq!((texts(&rest["lots"], "lot"), &rest["next"]), (addresses(&[61]), &Value::Null));
    assert_eq!(texts(&api.json(&format!("/v1/lots?lender={}", key(1))).await["lots"], "lot").len(), 0);
}

#[tokio::test]
async fn a_schedule_is_listed_and_takes_no_parameter() {
    let api = Api::new().await;
    let path = format!("/v1/credits/{}/schedule", key(12));
    let schedule = api.json(&path).await;
    let instalments = schedule["instalments"].as_array().unwrap();
    assert_eq!(instalments.len(), 12);
    assert_eq!(instalments.iter().filter(|line| line["state"] == "missed").count(), 2);
    assert_eq!(api.refused(&format!("{path}?a=1"), StatusCode::BAD_REQUEST).await.0, "bad_parameter");
    let none = format!("/v1/credits/{}/schedule", key(99));
    assert_eq!(api.refused(&none, StatusCode::NOT_FOUND).await.0, "unknown_credit");
}
