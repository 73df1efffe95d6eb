//! A running sandbox as a test uses it.

use {
    blockable_sandbox::{
        Description, Options, Sandbox, SandboxError, description::CreditDescription, loans::LoanName,
    },
    blockable_sdk::{Pubkey, tokens},
    reqwest::StatusCode,
    serde_json::{Value, json},
    std::time::{Duration, Instant},
};

/// Longest wait for what the sandbox does by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Five words, which the echo model repeats: ten tokens, at 1 and 4 units each.
pub(crate) const WORDS: &str = "freeze me if you can";
pub(crate) const COST: u64 = 25;

/// A running sandbox with a client.
pub(crate) struct Played {
    pub(crate) sandbox: Sandbox,
    http: reqwest::Client,
}

impl Played {
    pub(crate) async fn start(options: Options) -> Played {
        let sandbox = Sandbox::start(options).await.unwrap();
        Played { sandbox, http: reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap() }
    }

    pub(crate) fn facts(&self) -> &Description {
        self.sandbox.description()
    }

    pub(crate) fn loan(&self, name: LoanName) -> &CreditDescription {
        self.facts().loan(name).unwrap()
    }

    pub(crate) fn address(&self, name: LoanName) -> Pubkey {
        self.loan(name).address.parse().unwrap()
    }

    pub(crate) async fn credit(&self, name: LoanName) -> blockable_sdk::program::state::Credit {
        self.sandbox.venue().credit(&self.address(name)).await.unwrap()
    }

    /// Sends a chat with a loan's API key.
    pub(crate) async fn chat(&self, name: LoanName) -> (StatusCode, Value) {
        let model = &self.facts().models[0];
        let body = json!({"model": model, "messages": [{"role": "user", "content": WORDS}]});
        let url = format!("{}/chat/completions", self.facts().base_url);
        let request = self.http.post(url).bearer_auth(&self.loan(name).api_key).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The units that a loan's key may use now.
    pub(crate) async fn available(&self, name: LoanName) -> u64 {
        let loan = self.loan(name);
        let url = format!("{}/v1/credits/{}", self.facts().provider_url, loan.address);
        let answer = self.http.get(url).bearer_auth(&loan.api_key).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["room"]["available"].as_u64().unwrap()
    }

    pub(crate) async fn keeper(&self, path: &str) -> Value {
        let token = std::fs::read_to_string(&self.facts().keeper_token_file).unwrap();
        let url = format!("{}{path}", self.facts().keeper_url);
        let answer = self.http.get(url).bearer_auth(token.trim()).send().await.unwrap();
        answer.json().await.unwrap()
    }

    pub(crate) async fn wallet(&self, party: &str) -> u64 {
        let account: Pubkey = self.facts().parties[party].token_account.parse().unwrap();
        let account = self.sandbox.venue().client.rpc().get_account(&account).await.unwrap();
        tokens::balance(&account.data).unwrap()
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn(&Played) -> bool) {
        let began = Instant::now();
        while !holds(self).await {
            assert!(began.elapsed() < PATIENCE, "{what} does not happen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(crate) fn refusal(started: Result<Sandbox, SandboxError>) -> String {
    started.err().expect("a refusal").to_string()
}
