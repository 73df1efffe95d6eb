//! The market and its providers, with what waits.

use {
    super::*,
    blockable_sdk::program::state::{CHANGE_LIFETIME, MarketSettings, ProviderSettings, Reporter},
};

const HOUR: i64 = 3_600;

impl Api {
    /// Shows the market, its provider and credit 10 after a change of each.
    async fn show_changed(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut changed = Snapshot::clone(&snapshot(START + DAY, &credits()));
        change(&mut changed);
        self.shown.send_replace(Some(Arc::new(changed)));
    }
}

#[tokio::test]
async fn the_market_is_told_by_its_keys_and_what_waits() {
    let api = Api::new().await;
    let quiet = api.json("/v1/market").await;
    assert_eq!(quiet["as_of"]["market"], key(9).to_string());
    assert_eq!(
        (&quiet["proposed"], &quiet["pending_admin"], &quiet["halt"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(quiet["pause"]["longest_next_seconds"], 6 * HOUR, "the day has just begun");

    api.show_changed(|snapshot| {
        let market = &mut snapshot.market;
        (market.admin, market.guardian) = (key(30), key(31));
        let proposed = MarketSettings { redistribution_fee_bps: 300, ..market.settings() };
        market.set_proposal(&proposed, START + 3 * DAY);
        (market.pending_admin, market.pending_admin_ready_at) = (key(32), START + 4 * DAY);
        (market.halted_at, market.halt_lifts_at) = (START, START + 2 * DAY);
        market.begin_pause(START + DAY - HOUR, 5 * 3_600).unwrap();
    })
    .await;
    let market = api.json("/v1/market").await;
    assert_eq!(
        (&market["admin"], &market["guardian"]),
        (&key(30).to_string().into(), &key(31).to_string().into())
    );
    // An hour of the pause has passed; what is ready later is ready four hours later still.
    let later = 5 * HOUR;
    assert_eq!(market["proposed"]["settings"]["redistribution_fee_bps"], 300);
    assert_eq!(market["proposed"]["ready_at"]["unix"], START + 3 * DAY + later);
    assert_eq!(market["proposed"]["lapses_at"]["unix"], START + 3 * DAY + later + i64::from(CHANGE_LIFETIME));
    assert_eq!(market["proposed"]["has_lapsed"], false);
    assert_eq!(market["pending_admin"]["to"], key(32).to_string());
    assert_eq!(market["pending_admin"]["ready_at"]["unix"], START + 4 * DAY + later);
    assert_eq!(market["halt"]["since"]["unix"], START, "before the pause");
    assert_eq!(market["halt"]["ends_at"]["unix"], START + 2 * DAY + later);
    assert_eq!(market["pause"]["is_paused"], true);
    assert_eq!(market["pause"]["ends_at"]["unix"], START + DAY + 4 * HOUR);
    assert_eq!(market["pause"]["longest_next_seconds"], 6 * HOUR, "the hour was of the day before");
}

#[tokio::test]
async fn the_budget_of_pauses_is_that_of_the_program() {
    let api = Api::new().await;
    api.show_changed(|snapshot| {
        let market = &mut snapshot.market;
        market.begin_pause(START + DAY - 8 * HOUR, 6 * 3_600).unwrap();
        market.begin_pause(START + DAY, 2 * 3_600).unwrap();
        market.end_pause(START + DAY + HOUR).unwrap();
        snapshot.clock = ChainTime(START + DAY + HOUR);
    })
    .await;
    let market = api.json("/v1/market").await;
    assert_eq!(market["pause"]["is_paused"], false);
    assert_eq!(market["pause"]["paused_seconds"], 7 * HOUR);
    assert_eq!(market["pause"]["longest_next_seconds"], 5 * HOUR);
}

#[tokio::test]
async fn a_provider_is_told_by_its_settings_and_what_it_has_proposed() {
    let api = Api::new().await;
    api.show_changed(|snapshot| {
        let provider = snapshot.providers.get_mut(&key(3)).unwrap();
        let reporter = Reporter { key: key(50), expires_at: START };
        let settings = ProviderSettings::with_reporters(&[reporter], 1);
        provider.settings = ProviderSettings { max_units_per_second: 100, longest_job: 60, ..settings };
        provider.proposed = ProviderSettings { max_units_per_second: 200, ..provider.settings };
        provider.change_ready_at = START - 20 * DAY;
        (provider.pending_authority, provider.pending_authority_ready_at) = (key(51), START + 2 * DAY);
        (provider.suspended, provider.capacity_units) = (Provider::SUSPENDED_BY_ADMIN, u64::MAX);
        (provider.epoch, provider.cluster_tag) = (4, [7; 32]);
    })
    .await;
    let list = api.json("/v1/providers").await;
    assert_eq!(texts(&list["providers"], "provider"), addresses(&[3]));
    let provider = &list["providers"][0];
    assert_eq!(provider["settings"]["reporters"][0]["key"], key(50).to_string());
    assert_eq!(provider["settings"]["max_units_per_second"], "100");
    assert_eq!(provider["proposed"]["settings"]["max_units_per_second"], "200");
    assert_eq!(provider["proposed"]["has_lapsed"], true, "14 days are over");
    assert_eq!(provider["pending_authority"]["to"], key(51).to_string());
    assert_eq!(
        (&provider["suspended_by_admin"], &provider["suspended_by_itself"]),
        (&true.into(), &false.into())
    );
    assert_eq!((&provider["capacity"], &provider["epoch"]), (&u64::MAX.to_string().into(), &4.into()));
    assert_eq!(provider["cluster_tag"], "07".repeat(32));
}

#[tokio::test]
async fn a_credit_is_told_with_its_bounds_its_offer_and_a_vault_that_is_frozen() {
    let api = Api::new().await;
    api.show_changed(|snapshot| {
        let mut credit = *snapshot.credits[&key(11)];
        (credit.offer_slot, credit.rent_payer, credit.vault) = (77, key(60), key(61));
        (credit.pending_borrower, credit.pending_borrower_ready_at) = (key(62), START + 2 * DAY);
        (credit.terms.max_units_per_second, credit.terms.longest_job) = (1_000, 600);
        credit.original_lender = key(63);
        (credit.meter.promised, credit.meter.promised_at, credit.meter.lapsed) = (5, START, 6);
        snapshot.credits.insert(key(11), Arc::new(credit));
        snapshot.frozen_vaults = Arc::new([key(11)].into());
    })
    .await;
    let credit = api.json(&format!("/v1/credits/{}", key(11))).await;
    assert_eq!((&credit["offer_slot"], &credit["rent_payer"]), (&77.into(), &key(60).to_string().into()));
    assert_eq!(
        (&credit["vault"]["account"], &credit["vault"]["is_frozen"]),
        (&key(61).to_string().into(), &true.into())
    );
    assert_eq!(credit["terms"]["max_units_per_second"], "1000");
    assert_eq!(credit["terms"]["longest_job_seconds"], 600);
    let parties = &credit["parties"];
    assert_eq!(parties["pending_borrower"]["to"], key(62).to_string());
    assert_eq!(parties["pending_borrower"]["ready_at"]["unix"], START + 2 * DAY);
    assert_eq!(
        (&parties["first_lender"], &parties["first_borrower"]),
        (&key(63).to_string().into(), &parties["borrower"])
    );
    let freeze = &credit["freeze"];
    assert_eq!((&freeze["frozen_for_payment"], &freeze["frozen_for_other"]), (&"0".into(), &"300000".into()));
    assert_eq!((&freeze["promised"], &freeze["lapsed"]), (&"5".into(), &"6".into()));
    assert_eq!(freeze["promised_until"]["unix"], START + 7 * DAY);
    let causes = &credit["plan"]["causes"];
    assert_eq!(texts(causes, "rule"), ["vault_frozen", "borrower_hand_over"]);
    assert_eq!(texts(causes, "subject"), addresses(&[11, 11]));
}
