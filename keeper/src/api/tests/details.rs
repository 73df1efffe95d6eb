//! One credit: its parts, its series and its events.

use {
    super::*,
    crate::store::addresses,
    blockable_sdk::{
        events::{Change, CreditRecord, encode_record},
        program::{
            metering::Metered,
            state::{FreezeReason, Rider},
        },
    },
};

#[tokio::test]
async fn a_credit_is_described_in_full() {
    let api = Api::new().await;
    api.state.alerts.apply(vec![on_credit(key(11), frozen())], ChainTime(START)).await.unwrap();
    let credit = api.json(&format!("/v1/credits/{}", key(11))).await;
    assert_eq!(credit["status"], "active");
    assert_eq!(credit["health"]["colour"], "amber");
    assert_eq!(credit["parties"]["lender"], key(1).to_string());
    assert_eq!(credit["parties"]["pending_lender"], Value::Null);
    assert_eq!(credit["terms"]["freeze_policy"], "on_delinquency");
    assert_eq!((&credit["rider"]["reserve"], &credit["beside"]), (&"0".into(), &Value::Null));
    assert_eq!(credit["issued_at"]["unix"], START);
    assert_eq!(credit["debt"]["principal"], "12000000000");
    assert_eq!(credit["debt"]["interest_not_due"], "3945206", "12,000 at 12 % for a day, rounded up");
    assert_eq!(credit["units"]["available"], "900000");
    assert_eq!(credit["freeze"]["frozen"], "300000");
    assert_eq!(credit["freeze"]["reason"], "risk");
    assert_eq!(credit["freeze"]["freezable"], "900000");
    assert_eq!(credit["freeze"]["may_freeze"], false, "the policy waits for delinquency");
    assert_eq!(credit["covenant"], Value::Null);
    assert_eq!(credit["schedule"].as_array().unwrap().len(), 12);
    assert_eq!(credit["schedule"][0]["due_at"]["unix"], START + 30 * DAY);
    assert_eq!(credit["schedule"][0]["state"], "upcoming");
    assert_eq!(texts(&credit["alerts"], "rule"), ["frozen"]);
    assert!(credit["plan"]["next"].as_str().unwrap().starts_with("mark_delinquent at "), "{credit}");
    let marks = &credit["plan"]["actions"];
    assert!(texts(marks, "kind").contains(&"auto_freeze".to_string()));
    assert_eq!((&credit["meter"]["chunk"], &credit["plan"]["usage"]), (&Value::Null, &Value::Null));

    let reported = api.json(&format!("/v1/credits/{}", key(10))).await;
    assert_eq!((&reported["meter"]["chunk"], &reported["meter"]["bit"]), (&2.into(), &3.into()));
    assert_eq!(reported["plan"]["usage"]["quorum"], 2);
    assert_eq!(reported["alerts"], serde_json::json!([]));
}

/// A loan of 12,000 USDC for 1,200,000 units, of which 600,000 are locked and held back for at $0.01; 100,000 are frozen.
fn held_back() -> Credit {
    with(|credit| {
        credit.terms.holdback = 6_000 * USDC;
        credit.collateral.locked_at_issue = 600_000;
        credit.collateral.frozen_for_payment = 100_000;
        (credit.holdback_left, credit.claims.provider) = (5_999 * USDC, USDC);
        credit.status = Status::Delinquent.byte();
    })
}

#[tokio::test]
async fn a_credit_shows_what_is_locked_held_back_and_opened_by_a_payment() {
    let api = Api::empty(|_, _| {}).await;
    api.show(START + 31 * DAY, &BTreeMap::from([(key(10), held_back())])).await;
    let path = format!("/v1/credits/{}", key(10));
    let credit = api.json(&path).await;
    let (units, holdback) = (&credit["units"], &credit["holdback"]);
    assert_eq!(
        (&units["locked"], &units["frozen"], &units["available"]),
        (&"600000".into(), &"100000".into(), &"500000".into())
    );
    assert_eq!((&holdback["agreed"], &holdback["left"]), (&"6000000000".into(), &"5999000000".into()));
    assert_eq!((&holdback["covered"], &holdback["provider_claim"]), (&"599900".into(), &"1000000".into()));
    assert_eq!(holdback["lender_cancels_from"], Value::Null, "it is not in default");
    assert!(holdback["anybody_cancels_from"]["unix"].as_i64().unwrap() > START + 360 * DAY);

    // Without an amount: the payment that makes the loan current.
    assert_eq!(credit["payment"]["paid"], credit["debt"]["arrears"]);
    assert_eq!((&credit["payment"]["cures"], &credit["payment"]["thaws"]), (&true.into(), &"100000".into()));
    let part = api.json(&format!("{path}?payment=500000000")).await;
    let snapshot = api.state.snapshot.borrow().clone().unwrap();
    let clock = snapshot.market.clock_at(snapshot.clock.get()).unwrap();
    let mut paid = held_back();
    paid.begin_payment(500 * USDC, &clock).unwrap();
    let change = paid.receive_payment(key(2), 500 * USDC).unwrap();
    let Change::Paid { unlocked, thawed, earned, .. } = change else { panic!("no payment") };
    let payment = &part["payment"];
    assert_eq!(payment["unlocks"], unlocked.to_string());
    assert_eq!(payment["thaws"], thawed.to_string());
    assert_eq!(payment["opens"], (unlocked + thawed).to_string());
    assert_eq!(payment["provider_earns"], earned.to_string());
    assert_eq!(payment["available_after"], paid.collateral.available().to_string());
    assert!(unlocked > 30_000 && thawed > 30_000 && earned > 300 * USDC, "{part}");
    assert_eq!((&payment["cures"], &payment["status_after"]), (&false.into(), &"delinquent".into()));
    let line = &api.json("/v1/credits").await["credits"][0];
    assert_eq!((&line["locked"], &line["held_back"]), (&"600000".into(), &"5999000000".into()));
}

#[tokio::test]
async fn each_instalment_has_its_state() {
    let api = Api::empty(|_, _| {}).await;
    let paying = with(|credit| {
        // The first two are past, and one of them was paid.
        credit.debt.schedule_paid = 1_000 * USDC;
        credit.debt.principal = 11_000 * USDC;
        credit.debt.instalments_billed = 1;
        credit.debt.accrued_at = START + 30 * DAY;
    });
    let ahead = with(|credit| {
        credit.debt.schedule_paid = 3_000 * USDC;
        credit.debt.principal = 9_000 * USDC;
    });
    let repaid = with(|credit| {
        credit.status = Status::Repaid.byte();
        (credit.debt.principal, credit.debt.schedule_paid) = (0, 12_000 * USDC);
        credit.debt.instalments_billed = 2;
    });
    let written_off = with(|credit| {
        credit.status = Status::Closed.byte();
        (credit.debt.principal, credit.debt.schedule_paid) = (0, 1_000 * USDC);
        credit.debt.instalments_billed = 2;
    });
    let offered = with(|credit| {
        credit.status = Status::Offered.byte();
        (credit.issued_at, credit.debt.principal, credit.debt.accrued_at) = (0, 0, 0);
    });
    let all = [(20, paying), (21, ahead), (22, repaid), (23, written_off), (24, offered)];
    api.show(START + 61 * DAY, &all.map(|(number, credit)| (key(number), credit)).into()).await;
    let states = |number: u8| {
        let api = &api;
        async move {
            let credit = api.json(&format!("/v1/credits/{}", key(number))).await;
            texts(&credit["schedule"], "state")[..4].to_vec()
        }
    };
    assert_eq!(states(20).await, ["paid", "missed", "upcoming", "upcoming"]);
    assert_eq!(states(21).await[2..], ["ahead", "upcoming"]);
    assert_eq!(states(22).await, ["paid"; 4]);
    assert_eq!(states(23).await, ["paid", "not_owed", "not_owed", "not_owed"]);
    assert_eq!(states(24).await, ["upcoming"; 4]);
    let offered = api.json(&format!("/v1/credits/{}", key(24))).await;
    assert_eq!(offered["schedule"][0]["due_at"], Value::Null, "dates count from issue");
    assert_eq!(offered["issued_at"], Value::Null);
}

#[tokio::test]
async fn an_unknown_credit_is_not_found() {
    let api = Api::new().await;
    for rest in ["", "/series", "/events"] {
        let (code, _) = api.refused(&format!("/v1/credits/{}{rest}", key(99)), StatusCode::NOT_FOUND).await;
        assert_eq!(code, "unknown_credit", "{rest}");
    }
}

#[tokio::test]
async fn series_are_of_a_span_and_a_resolution() {
    let api = Api::empty(|_, _| {}).await;
    for (after, consumed) in [(0, 5), (300, 7), (4_000, 9)] {
        let used = with(|credit| credit.collateral.consumed = consumed);
        api.show(START + after, &BTreeMap::from([(key(10), used)])).await;
    }
    let path = format!("/v1/credits/{}/series", key(10));
    let consumed = |series: &Value| texts(&series["samples"], "consumed");
    let hourly = api.json(&path).await;
    assert_eq!(consumed(&hourly), ["7", "9"]);
    assert_eq!(hourly["resolution"], 3_600);
    assert_eq!(hourly["samples"][0]["status"], "active");
    assert_eq!(hourly["samples"][0]["at"]["text"], "2027-01-16T00:00:00Z");
    let fine = api.json(&format!("{path}?resolution=300&until=2027-01-16T01:00:00Z")).await;
    assert_eq!(consumed(&fine), ["5", "7"]);
    let later = api.json(&format!("{path}?resolution=300&from={}", START + 300)).await;
    assert_eq!(consumed(&later), ["7", "9"]);
    assert_eq!(api.json(&format!("{path}?resolution=86400")).await["samples"].as_array().unwrap().len(), 1);
}

pub(super) async fn write(api: &Api, credit: Pubkey, changes: Vec<(&'static str, Change)>) {
    let records = changes.into_iter().zip(0u64..).map(|((kind, change), seq)| {
        let record = CreditRecord { credit, seq, at: START, change };
        (seq, kind, encode_record(&record).unwrap())
    });
    let records: Vec<_> = records.collect();
    let insert = move |tx: &rusqlite::Transaction| {
        let credit = addresses::number(tx, &credit)?;
        tx.execute("INSERT OR IGNORE INTO logs VALUES (?, 0, 0)", [credit])?;
        for (seq, kind, record) in records {
            let row =
                rusqlite::params![credit, seq.cast_signed(), START, kind, record, [7u8; 32], [8u8; 64], 55];
            tx.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)?;
        }
        Ok(())
    };
    api.state.store.write(insert).await.unwrap();
}

#[tokio::test]
async fn events_have_their_changes_also_of_a_credit_that_was_removed() {
    let api = Api::empty(|_, _| {}).await;
    let loan = credit();
    let schedule = vec![Instalment { due_after: 60, principal: 5 }];
    let changes = vec![
        (
            "offered",
            Change::Offered {
                terms_hash: [1; 32],
                slot: 9,
                terms: loan.terms,
                rider: Rider::default(),
                schedule,
            },
        ),
        ("accepted", Change::Accepted),
        (
            "frozen",
            Change::Frozen {
                by: key(1),
                reason: FreezeReason::Breach,
                units: u64::MAX,
                frozen_for_payment: 0,
                frozen_for_other: 4,
                frozen_for_cross: 0,
                locked: 7,
            },
        ),
        (
            "metered",
            Change::Metered {
                cumulative: 9,
                in_flight: 1,
                reported_at: START,
                metered: Metered { consumed: 2, overrun: 3, deferred: 0 },
            },
        ),
    ];
    write(&api, key(10), changes).await;
    let path = format!("/v1/credits/{}/events", key(10));
    let first = api.json(&format!("{path}?limit=3")).await;
    assert_eq!(texts(&first["events"], "kind"), ["offered", "accepted", "frozen"]);
    assert_eq!(first["next"], 2);
    let offered = &first["events"][0];
    assert_eq!(offered["change"]["terms"]["principal"], "12000000000");
    assert_eq!(offered["change"]["schedule"][0]["principal"], "5");
    assert_eq!(offered["hash"], "07".repeat(32));
    // The record begins with the credit, as everybody folds it into the hash.
    let record = offered["record"].as_str().expect("the record's bytes");
    assert!(record.starts_with(&blockable_service::hex::encode(key(10))), "{record}");
    assert_eq!((&offered["seq"], &offered["slot"]), (&0.into(), &55.into()));
    assert_eq!(first["events"][2]["change"]["units"], u64::MAX.to_string());
    assert_eq!(first["events"][2]["change"]["reason"], "breach");
    let rest = api.json(&format!("{path}?after=2")).await;
    assert_eq!(texts(&rest["events"], "kind"), ["metered"]);
    assert_eq!(rest["events"][0]["change"]["overrun"], "3");
    assert_eq!(rest["next"], Value::Null);
    let beyond = api.json(&format!("{path}?after=9")).await;
    assert_eq!(beyond["events"], serde_json::json!([]), "an empty page of a credit that is known");
}

#[tokio::test]
async fn an_event_of_a_later_program_is_listed_without_its_fields() {
    let api = Api::new().await;
    write(&api, key(10), vec![("accepted", Change::Accepted)]).await;
    let garble = |tx: &rusqlite::Transaction| Ok(tx.execute("UPDATE events SET record = x'FF'", [])?);
    api.state.store.write(garble).await.unwrap();
    let page = api.json(&format!("/v1/credits/{}/events", key(10))).await;
    assert_eq!(
        (&page["events"][0]["kind"], &page["events"][0]["change"]),
        (&"accepted".into(), &Value::Null)
    );
}
