//! Tests of the API, over a socket of this machine.

mod access;
mod credit_health;
mod details;
mod feed;
mod fuzz;
mod lists;
mod market;
mod operations;
mod ops_files;
mod settings;

use {
    super::{ApiServer, ApiSettings, ApiState, stream::Hub},
    crate::{
        alerts::{self, Alerts},
        chain::{Node, Nodes, Snapshot, Stall, Stalls},
        finding::{Fact, Finding, Parties, Rule},
        health::Health,
        ingest::Ingest,
        plan::{PlanSettings, Role},
        store::Store,
        watch::{self, Watch},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, Lamports, MicroUsd, Units},
        program::{
            state::{Collateral, Credit, Instalment, Market, Provider},
            transitions::Status,
        },
    },
    blockable_service::secrets::SecretSource,
    bytemuck::Zeroable,
    reqwest::StatusCode,
    serde_json::Value,
    std::{collections::BTreeMap, sync::Arc, time::Duration},
    tempfile::TempDir,
    tokio::sync::watch::Sender,
};

const DAY: i64 = 86_400;
/// Issue of the loans of these tests: 2027-01-16T00:00:00Z.
pub(crate) const START: i64 = 1_800_057_600;
const USDC: u64 = 1_000_000;
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

pub(crate) fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

/// $12,000 for 1,200,000 units at 12 %, repaid in 12 instalments 30 days apart.
fn credit() -> Credit {
    let mut credit = Credit::zeroed();
    credit.version = Credit::VERSION;
    credit.status = Status::Active.byte();
    (credit.lender, credit.borrower, credit.provider) = (key(1), key(2), key(3));
    (credit.freeze_authority, credit.market) = (key(4), key(9));
    credit.terms.principal = 12_000 * USDC;
    credit.terms.units = 1_200_000;
    credit.terms.apr_bps = 1_200;
    credit.terms.late_fee = 10 * USDC;
    credit.terms.delinquency_grace = 5 * DAY as u32;
    credit.terms.default_grace = 10 * DAY as u32;
    credit.terms.cure_period = 7 * DAY as u32;
    credit.terms.freeze_policy = 1;
    credit.collateral = Collateral { granted: 1_200_000, ..Collateral::default() };
    credit.issued_at = START;
    credit.debt.principal = credit.terms.principal;
    credit.debt.accrued_at = START;
    let instalment =
        |number: u32| Instalment { due_after: number * 30 * DAY as u32, principal: 1_000 * USDC };
    credit.set_schedule(&(1..=12).map(instalment).collect::<Vec<_>>()).unwrap();
    credit
}

fn with(change: impl FnOnce(&mut Credit)) -> Credit {
    let mut credit = credit();
    change(&mut credit);
    credit
}

/// Credits 10 to 13: as agreed; frozen in part; of another lender and defaulted; units without a loan.
pub(crate) fn credits() -> BTreeMap<Pubkey, Credit> {
    let frozen = with(|credit| {
        credit.collateral.frozen_for_other = 300_000;
        credit.freeze_reason = 3;
        credit.meter.frozen_at_chain = START + DAY;
    });
    let defaulted = with(|credit| {
        (credit.lender, credit.borrower) = (key(5), key(6));
        credit.status = Status::Defaulted.byte();
        credit.issued_at = START - 60 * DAY;
        credit.debt.accrued_at = credit.issued_at;
        credit.defaulted_at = START - 20 * DAY;
    });
    let units = with(|credit| {
        *credit = Credit { lender: credit.provider, ..Credit::zeroed() };
        (credit.provider, credit.borrower, credit.status) = (key(3), key(2), Status::Repaid.byte());
        credit.collateral = Collateral { granted: 500, released: 500, ..Collateral::default() };
    });
    let reported = with(|credit| (credit.has_index, credit.meter.index) = (1, 23));
    BTreeMap::from([(key(10), reported), (key(11), frozen), (key(12), defaulted), (key(13), units)])
}

pub(crate) fn snapshot(clock: i64, credits: &BTreeMap<Pubkey, Credit>) -> Arc<Snapshot> {
    let mut provider = Provider::zeroed();
    provider.market = key(9);
    (provider.settings.chunk_size, provider.settings.quorum) = (10, 2);
    Arc::new(Snapshot {
        slot: 77,
        clock: ChainTime(clock),
        market_key: key(9),
        market: Market::zeroed(),
        providers: BTreeMap::from([(key(3), provider)]),
        credits: credits.iter().map(|(key, credit)| (*key, Arc::new(*credit))).collect(),
        frozen_vaults: Arc::default(),
        cross_credits: Arc::default(),
        stalls: Stalls(vec![Stall { from: ChainTime(START - 100), until: ChainTime(START), lost: 90 }]),
    })
}

fn node(name: &str) -> Node {
    let url = "http://127.0.0.1:9".to_string().into();
    Node::new(name.to_string(), &url, None, Duration::from_secs(1))
}

/// A client that shows a token with every request.
fn client(token: Option<&str>) -> reqwest::Client {
    let token = token.map(|token| format!("Bearer {token}").parse().unwrap());
    let headers = token.map(|token| (reqwest::header::AUTHORIZATION, token)).into_iter().collect();
    reqwest::Client::builder().default_headers(headers).no_proxy().build().unwrap()
}

/// A server with a store of its own.
pub(crate) struct Api {
    server: Option<ApiServer>,
    pub(crate) url: String,
    /// Shows the operator's token.
    pub(crate) http: reqwest::Client,
    pub(crate) state: ApiState,
    shown: Sender<Option<Arc<Snapshot>>>,
    stop: Sender<bool>,
    folder: TempDir,
}

impl Api {
    /// A server that has not read the market.
    pub(crate) async fn empty(change: impl FnOnce(&mut ApiSettings, &TempDir)) -> Api {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (shown, snapshot) = tokio::sync::watch::channel(None);
        let state = ApiState {
            market: key(9),
            snapshot,
            watch: Arc::new(Watch::open(store.clone(), watch::WatchSettings::default()).await.unwrap()),
            alerts: Alerts::open(store.clone(), key(9), &alerts::AlertSettings::default()).await.unwrap(),
            ingest: Ingest::open(store.clone(), key(9)).await.unwrap(),
            nodes: Nodes::new(["near", "far"].map(node).into(), 30),
            store,
            health: Health::default(),
            page: None,
            lots: tokio::sync::watch::channel(None).1,
            hub: Hub::new(),
            plan: PlanSettings::default(),
            lamports_per_day: BTreeMap::from([(Role::Metering, Lamports(5_000_000))]),
            quarantine_after: 5,
        };
        let path = folder.path().join("token");
        blockable_service::private_file::replace(&path, TOKEN.as_bytes()).unwrap();
        let token = Some(SecretSource::File(path));
        let listen = "127.0.0.1:0".parse().unwrap();
        let mut settings = ApiSettings { listen, token, ..ApiSettings::default() };
        change(&mut settings, &folder);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let server = ApiServer::start(&settings, state.clone(), stopped).await.unwrap();
        let url = format!("http://{}", server.addr());
        let http = client(Some(TOKEN));
        Api { server: Some(server), url, http, state, shown, stop, folder }
    }

    /// A server that has read the market as it was a day after the loans began.
    pub(crate) async fn new() -> Api {
        let api = Api::empty(|_, _| {}).await;
        api.show(START + DAY, &credits()).await;
        api
    }

    /// Serves the state anew, at another port.
    async fn restart(&mut self) {
        let settings = ApiSettings { listen: "127.0.0.1:0".parse().unwrap(), ..ApiSettings::default() };
        let server = ApiServer::start(&settings, self.state.clone(), self.stop.subscribe()).await.unwrap();
        self.url = format!("http://{}", server.addr());
        self.http = client(None);
        self.server = Some(server);
    }

    pub(crate) async fn show(&self, clock: i64, credits: &BTreeMap<Pubkey, Credit>) {
        let snapshot = snapshot(clock, credits);
        self.state.watch.observe(&snapshot).await.unwrap();
        self.shown.send_replace(Some(snapshot));
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// The body of an answer of 200.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The code and message of a refusal.
    pub(crate) async fn refused(&self, path: &str, status: StatusCode) -> (String, String) {
        let response = self.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        let body: Value = response.json().await.unwrap();
        let text = |name: &str| body["error"][name].as_str().unwrap().to_string();
        (text("code"), text("message"))
    }
}

/// A fact on a credit of lender 1 and borrower 2.
pub(crate) fn on_credit(subject: Pubkey, fact: Fact) -> Finding {
    Finding::is(subject, fact).between(Parties { lender: key(1), borrower: key(2) })
}

fn frozen() -> Fact {
    let (frozen, lien, available, arrears) = (Units(5), Units(10), Units(5), MicroUsd(0));
    Fact::Frozen { frozen, lien, available, arrears }
}

/// The texts of a list in an answer, by the name of their field.
fn texts(list: &Value, name: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry[name].as_str().unwrap().to_string()).collect()
}

fn addresses(numbers: &[u8]) -> Vec<String> {
    numbers.iter().map(|number| key(*number).to_string()).collect()
}
