//! The sandbox as a library: what it promises is there, it refuses what is wrong before it does anything, and it goes on from what
//! was kept.

// Tests may end by a panic, wait for the clock and need no deadline.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use {
    blockable_sandbox::{
        Description, Options, Ports, Sandbox, SandboxError, Upstream, description::CreditDescription,
        loans::LoanName,
    },
    blockable_sdk::{
        Keypair, Pubkey, Signer, addresses, instructions,
        program::{
            instructions::{FreezeAmount, OfferRead, UnitBounds},
            state::FreezeReason,
            transitions::Status,
        },
        read_keypair_file, tokens,
    },
    blockable_testkit::{
        elf_path,
        http::{Reply, Server},
    },
    reqwest::StatusCode,
    serde_json::{Value, json},
    std::{
        fs,
        net::TcpListener,
        os::unix::fs::PermissionsExt,
        path::Path,
        time::{Duration, Instant},
    },
};

/// Longest wait for what the sandbox does by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Five words, which the echo model repeats: ten tokens, at 1 and 4 units each.
const WORDS: &str = "freeze me if you can";
const COST: u64 = 25;

/// A running sandbox with a client.
struct Played {
    sandbox: Sandbox,
    http: reqwest::Client,
}

impl Played {
    async fn start(options: Options) -> Played {
        let sandbox = Sandbox::start(options).await.unwrap();
        Played { sandbox, http: reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap() }
    }

    fn facts(&self) -> &Description {
        self.sandbox.description()
    }

    fn loan(&self, name: LoanName) -> &CreditDescription {
        self.facts().credits.iter().find(|credit| credit.name == name).unwrap()
    }

    fn address(&self, name: LoanName) -> Pubkey {
        self.loan(name).address.parse().unwrap()
    }

    async fn credit(&self, name: LoanName) -> blockable_sdk::program::state::Credit {
        self.sandbox.venue().credit(&self.address(name)).await.unwrap()
    }

    /// Sends a chat with a loan's API key.
    async fn chat(&self, name: LoanName) -> (StatusCode, Value) {
        let model = &self.facts().models[0];
        let body = json!({"model": model, "messages": [{"role": "user", "content": WORDS}]});
        let url = format!("{}/chat/completions", self.facts().base_url);
        let request = self.http.post(url).bearer_auth(&self.loan(name).api_key).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The units that a loan's key may use now.
    async fn available(&self, name: LoanName) -> u64 {
        let loan = self.loan(name);
        let url = format!("{}/v1/credits/{}", self.facts().provider_url, loan.address);
        let answer = self.http.get(url).bearer_auth(&loan.api_key).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["room"]["available"].as_u64().unwrap()
    }

    async fn keeper(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.facts().keeper_url)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn wallet(&self, party: &str) -> u64 {
        let account: Pubkey = self.facts().parties[party].token_account.parse().unwrap();
        let account = self.sandbox.venue().client.rpc().get_account(&account).await.unwrap();
        tokens::balance(&account.data).unwrap()
    }

    /// Waits until something holds.
    async fn until(&self, what: &str, holds: impl AsyncFn(&Played) -> bool) {
        let began = Instant::now();
        while !holds(self).await {
            assert!(began.elapsed() < PATIENCE, "{what} does not happen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The first of five free ports.
fn five_free_ports() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let from = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (from..50_000).step_by(5).find(|first| (*first..first + 5).all(|port| is_free(&port))).unwrap()
}

fn refusal(started: Result<Sandbox, SandboxError>) -> String {
    started.err().expect("a refusal").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_it_promises_is_there_and_nothing_is_left() {
    let first = five_free_ports();
    let options = Options {
        ports: Ports::From(first),
        late_after: Duration::from_secs(2),
        paid_every: Duration::from_secs(3),
        ..Options::default()
    };
    let played = Played::start(options).await;
    loans_are_in_all_states(&played).await;
    parties_have_keys_and_money(&played).await;
    a_request_is_answered_and_charged(&played).await;
    the_keeper_marks_and_freezes_the_late_loan(&played).await;
    instalments_are_paid(&played).await;
    anyone_may_act(&played).await;
    a_second_one_is_refused(first).await;
    let folder = played.facts().folder.clone();
    assert!(folder.exists());
    played.sandbox.stop().await.unwrap();
    assert!(!folder.exists(), "{} is left", folder.display());
    for port in first..first + 5 {
        TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
    }
}

async fn loans_are_in_all_states(played: &Played) {
    let status = async |name| Status::from_byte(played.credit(name).await.status).unwrap();
    assert_eq!(status(LoanName::Healthy).await, Status::Active);
    assert_eq!(status(LoanName::Repaid).await, Status::Repaid);
    assert_eq!(status(LoanName::Offered).await, Status::Offered);
    assert_eq!(status(LoanName::ForSale).await, Status::Seizing);
    let frozen = played.credit(LoanName::Frozen).await;
    assert_eq!(frozen.collateral.frozen(), frozen.terms.unlocked_ahead, "all that was open");
    let (answer, body) = played.chat(LoanName::Frozen).await;
    assert_eq!((answer, &body["error"]["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("credit_frozen")));
    let lot: Pubkey = played.loan(LoanName::ForSale).lot.as_ref().unwrap().parse().unwrap();
    assert!(played.sandbox.venue().client.lot(&lot).await.unwrap().units > 0);
    let document: Value = serde_json::from_str(&played.facts().json()).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["credits"].as_array().unwrap().len(), LoanName::ALL.len());
    assert_eq!(document["credits"][0]["name"], "healthy");
}

async fn parties_have_keys_and_money(played: &Played) {
    let rpc = played.sandbox.venue().client.rpc();
    for (name, party) in &played.facts().parties {
        let key = read_keypair_file(&party.key_file).unwrap();
        assert_eq!(key.pubkey().to_string(), party.address, "{name}");
        assert_eq!(fs::metadata(&party.key_file).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        assert!(rpc.get_balance(&key.pubkey()).await.unwrap() > 0, "{name} has no SOL");
    }
    for name in ["lender", "borrower", "buyer", "provider", "guardian", "admin", "freeze-authority"] {
        assert!(played.wallet(name).await > 100_000_000_000, "{name}");
    }
}

async fn a_request_is_answered_and_charged(played: &Played) {
    let before = played.available(LoanName::Healthy).await;
    let (status, body) = played.chat(LoanName::Healthy).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["choices"][0]["message"]["content"], WORDS);
    assert_eq!(body["usage"]["total_tokens"], 10);
    assert_eq!(played.available(LoanName::Healthy).await, before - COST);
    let is_metered =
        async |played: &Played| played.credit(LoanName::Healthy).await.collateral.consumed == COST;
    played.until("the metering on the chain", is_metered).await;
}

async fn the_keeper_marks_and_freezes_the_late_loan(played: &Played) {
    let path = format!("/v1/credits/{}", played.loan(LoanName::Late).address);
    let is_frozen = async |played: &Played| {
        let credit = played.keeper(&path).await;
        credit["status"] == "delinquent"
            && credit["units"]["frozen"].as_str().is_some_and(|units| units != "0")
    };
    played.until("the freeze of the late loan", is_frozen).await;
    let late = played.credit(LoanName::Late).await;
    assert_eq!(late.status, Status::Delinquent.byte());
    assert_eq!(late.collateral.frozen(), late.terms.unlocked_ahead);
    let (status, body) = played.chat(LoanName::Late).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("credit_frozen")));
    let alerts = played.keeper("/v1/alerts").await;
    let of_late = |alert: &&Value| alert["subject"] == played.loan(LoanName::Late).address.as_str();
    let rules: Vec<&Value> =
        alerts["alerts"].as_array().unwrap().iter().filter(of_late).map(|alert| &alert["rule"]).collect();
    assert!(rules.contains(&&json!("delinquent")), "{rules:?}");
}

async fn instalments_are_paid(played: &Played) {
    let two_are_paid = async |played: &Played| {
        let credit = played.credit(LoanName::Paying).await;
        credit.status == Status::Active.byte()
            && credit.debt.principal <= credit.terms.principal - 2 * credit.terms.principal / 36
    };
    played.until("the payment of two instalments", two_are_paid).await;
}

/// The borrower accepts the offer, and the buyer buys from the lot: by their keys from the files.
async fn anyone_may_act(played: &Played) {
    let venue = played.sandbox.venue();
    let key = |name: &str| -> Keypair { read_keypair_file(&played.facts().parties[name].key_file).unwrap() };
    let (borrower, buyer, offered) = (key("borrower"), key("buyer"), played.address(LoanName::Offered));
    let read = OfferRead::from_credit(&venue.credit(&offered).await.unwrap());
    let accept = instructions::credit_accept(&venue.keys.market, &borrower.pubkey(), &offered, read);
    venue.send(&[accept], &[&borrower]).await.unwrap();
    assert_eq!(played.credit(LoanName::Offered).await.status, Status::Accepted.byte());
    let credit = played.address(LoanName::ForSale);
    let lot = instructions::LotKeys { credit, index: 0, provider: venue.provider, units_expire_at: 0 };
    let (owner, source) = (buyer.pubkey(), venue.wallet(&buyer));
    let some = UnitBounds::exactly(1_000_000);
    let buy = instructions::lot_buy(&venue.keys, &owner, &owner, &source, &lot, some, u64::MAX);
    let before = venue.client.lot(&addresses::lot(&credit, 0)).await.unwrap().units_left;
    venue.send(&[buy], &[&buyer]).await.unwrap();
    assert_eq!(venue.client.lot(&addresses::lot(&credit, 0)).await.unwrap().units_left, before - 1_000_000);
}

async fn a_second_one_is_refused(first: u16) {
    for overlapping in [first, first - 1, first + 4] {
        let options = Options { ports: Ports::From(overlapping), ..Options::default() };
        let refused = refusal(Sandbox::start(options).await);
        assert!(refused.contains("cannot listen at 127.0.0.1:") && refused.contains("--port N"), "{refused}");
    }
    for port in [0, 65_532, u16::MAX] {
        let options = Options { ports: Ports::From(port), ..Options::default() };
        let refused = refusal(Sandbox::start(options).await);
        assert!(
            refused.contains(&format!("--port {port} is out of range; name one from 1 to 65531")),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_one_goes_on_from_its_folder() {
    let place = tempfile::tempdir().unwrap();
    let keep = place.path().join("new/kept");
    let options = || Options { keep: Some(keep.clone()), ..Options::default() };
    let played = Played::start(options()).await;
    let paying = played.address(LoanName::Paying);
    freeze(&played, LoanName::Healthy).await;
    // Not metered on the chain before the end.
    assert_eq!(played.chat(LoanName::Paying).await.0, StatusCode::OK);
    let busy = refusal(Sandbox::start(options()).await);
    assert!(busy.contains("is in use by another sandbox; stop that one"), "{busy}");
    let before = state(&played, &paying).await;
    let document = played.facts().json();
    played.sandbox.stop().await.unwrap();

    let again = Played::start(options()).await;
    let after = state(&again, &paying).await;
    assert_eq!(before.0, after.0, "balances and the loan");
    assert!(after.1 >= before.1 && after.2 >= before.2, "clock and slot never go back");
    assert!(after.3 >= before.3, "the chain's transactions are still served");
    let same = |text: &str, field: &str| serde_json::from_str::<Value>(text).unwrap()[field].clone();
    for field in ["market", "mint", "provider", "parties"] {
        assert_eq!(same(&document, field), same(&again.facts().json(), field), "{field}");
    }
    let (status, body) = again.chat(LoanName::Healthy).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("credit_frozen")));
    let is_metered =
        async |played: &Played| played.credit(LoanName::Paying).await.collateral.consumed == COST;
    again.until("the metering of what was used before", is_metered).await;
    assert_eq!(again.chat(LoanName::Paying).await.0, StatusCode::OK);
    again.sandbox.stop().await.unwrap();
    other_folders_are_refused(place.path(), &keep).await;
}

async fn freeze(played: &Played, name: LoanName) {
    let (venue, key) = (played.sandbox.venue(), &played.sandbox.venue().keyring.freeze_authority);
    let (all, risk) = (FreezeAmount::All, FreezeReason::Risk);
    let (market, credit) = (&venue.keys.market, played.address(name));
    let freeze = instructions::credit_freeze(market, &key.pubkey(), &credit, all, risk);
    venue.send(&[freeze], &[key]).await.unwrap();
}

/// Balances and a loan's state, the clock, the slot, and the number of the loan's transactions.
async fn state(played: &Played, credit: &Pubkey) -> (Vec<u64>, i64, u64, usize) {
    let mut sums = Vec::new();
    for party in ["lender", "borrower", "buyer", "provider", "treasury"] {
        sums.push(played.wallet(party).await);
    }
    let client = &played.sandbox.venue().client;
    let loan = client.credit(credit).await.unwrap();
    sums.extend([loan.debt.principal, loan.collateral.granted]);
    let signatures = client.rpc().get_signatures_for_address(credit).await.unwrap();
    let (now, slot) = (client.chain_time().await.unwrap(), client.rpc().get_slot().await.unwrap());
    (sums, now, slot, signatures.len())
}

async fn other_folders_are_refused(place: &Path, kept: &Path) {
    let start = async |keep: &Path| {
        refusal(Sandbox::start(Options { keep: Some(keep.to_path_buf()), ..Options::default() }).await)
    };
    let marker = kept.join("sandbox.json");
    let text = fs::read_to_string(&marker).unwrap();
    for other in [
        text.replace("\"version\":1", "\"version\":99"),
        "{}".to_string(),
        text.replace("\"program\":\"", "\"program\":\"0"),
    ] {
        fs::write(&marker, other).unwrap();
        let refused = start(kept).await;
        assert!(refused.contains("was kept by another version of the sandbox"), "{refused}");
    }
    fs::remove_file(&marker).unwrap();
    let foreign = start(kept).await;
    assert!(foreign.contains("holds files that are no sandbox's and are left alone"), "{foreign}");
    assert!(kept.join("keys/lender.json").exists());
    let file = place.join("file");
    fs::write(&file, "").unwrap();
    let refused = start(&file).await;
    assert!(refused.contains("not a directory; name a folder"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_a_folder_are_loaded_and_an_upstream_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let address = Keypair::new().pubkey();
    fs::copy(elf_path(), folder.path().join(format!("{address}.so"))).unwrap();
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    let model = json!({"id": "llama", "max_model_len": 2_048});
    let answer = json!({
        "id": "1", "object": "chat.completion", "created": 0, "model": "llama",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8},
    });
    let upstream = Server::start(move |request| {
        let is_list = request.head.starts_with("GET /v1/models ");
        Reply::Body(if is_list { json!({"data": [model]}) } else { answer.clone() }.to_string())
    });
    let url = Upstream::parse_url(&format!("{}/v1", upstream.url())).unwrap();
    let options = Options {
        programs: Some(folder.path().to_path_buf()),
        upstream: Some(Upstream { url, key_variable: None }),
        ..Options::default()
    };
    let played = Played::start(options.clone()).await;
    let rpc = played.sandbox.venue().client.rpc();
    assert!(rpc.get_account(&address).await.unwrap().executable);
    assert!(played.facts().programs.contains(&address.to_string()), "{:?}", played.facts().programs);
    for built_in in &played.facts().programs {
        assert!(rpc.get_account(&built_in.parse().unwrap()).await.unwrap().executable, "{built_in}");
    }
    assert_eq!(played.facts().models, ["llama"]);
    let before = played.available(LoanName::Healthy).await;
    let (status, body) = played.chat(LoanName::Healthy).await;
    assert_eq!((status, &body["choices"][0]["message"]["content"]), (StatusCode::OK, &json!("yes")));
    assert_eq!(played.available(LoanName::Healthy).await, before - 7 - 4);
    played.sandbox.stop().await.unwrap();

    fs::write(folder.path().join("lighthouse.so"), "").unwrap();
    let refused = refusal(Sandbox::start(options).await);
    assert!(refused.starts_with("lighthouse.so is not named by an address"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_cannot_be_used_is_refused_with_the_next_step() {
    let start = async |url: &str, key_variable: Option<&str>| {
        let upstream =
            Upstream { url: Upstream::parse_url(url).unwrap(), key_variable: key_variable.map(String::from) };
        refusal(Sandbox::start(Options { upstream: Some(upstream), ..Options::default() }).await)
    };
    let unreachable = start("http://127.0.0.1:1/v1", None).await;
    assert!(unreachable.contains("it cannot be reached; start it, or leave --upstream out"), "{unreachable}");
    let replies = [
        (
            Reply::Status("404 Not Found".into(), "no".into()),
            "answers HTTP 404; give the base URL up to and with /v1",
        ),
        (Reply::Status("401 Unauthorized".into(), "no".into()), "it wants an API key (HTTP 401)"),
        (Reply::Body("{}".into()), "does not list models"),
        (Reply::Body(json!({"data": []}).to_string()), "it has no model"),
        (Reply::Status("307 Temporary Redirect".into(), "no".into()), "redirects (HTTP 307)"),
        (
            Reply::Body(format!("{}{}", " ".repeat(1_000_001), json!({"data": [{"id": "a"}]}))),
            "more than 1 MB",
        ),
    ];
    for (reply, expected) in replies {
        let server = Server::start(move |_| reply.clone());
        let refused = start(&format!("{}/v1/", server.url()), None).await;
        assert!(refused.contains(expected), "{refused}");
    }
    let no_key = start("http://127.0.0.1:1/v1", Some("BLOCKABLE_NO_SUCH_VARIABLE")).await;
    assert!(no_key.contains("BLOCKABLE_NO_SUCH_VARIABLE is not set"), "{no_key}");
    for wrong in [
        "",
        "127.0.0.1:8000",
        "ftp://host/v1",
        "http://",
        "http://host/v1?key=1",
        "http://a:b@host/v1",
        "http://host/v1#a",
    ] {
        assert!(Upstream::parse_url(wrong).is_err(), "{wrong}");
    }
}
