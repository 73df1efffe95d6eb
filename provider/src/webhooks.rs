//! Posts notices about freezes to the parties' webhooks, in order, each until it is answered with success.

use {
    crate::{
        app::App,
        config::{Webhook, WebhookParty},
    },
    axum::http::header::CONTENT_TYPE,
    blockable_gate::Notice,
    blockable_service::{hex, secrets::SecretSourceError},
    hmac::{Hmac, Mac},
    secrecy::{ExposeSecret, SecretString},
    sha2::{Digest, Sha256},
    std::{
        sync::Arc,
        time::{Duration, SystemTime},
    },
    tokio::time::{sleep, timeout},
};

/// Time that a post may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two reads of the store without a signal of a new notice.
const POLL: Duration = Duration::from_secs(5);
/// First pause after a failed post; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two posts of a notice.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// Notices that are read from the store at once.
const PAGE: u32 = 100;

/// Delivers notices to one webhook.
///
/// Its place, the number of the last notice that is done with, is kept in the gate's store under `cursor`. It moves on only
/// once a notice was taken or given up. A place that cannot be recorded, as on a full disk, stays in `unrecorded` and is
/// recorded before the next post, so that the party does not get the notice again and again. A crash between the post and the
/// record posts the notice a second time, never not at all.
pub(crate) struct Sender {
    webhook: Webhook,
    secret: SecretString,
    cursor: String,
    /// The number of a notice that is done with, while that is not recorded.
    unrecorded: Option<u64>,
    http: reqwest::Client,
}

impl Sender {
    /// Reads a webhook's secret, and names its place in the store. Errors: [`SecretSourceError`].
    pub(crate) fn new(webhook: &Webhook, http: reqwest::Client) -> Result<Sender, SecretSourceError> {
        // The URL may hold a token, so its hash names the place, and logs have the host alone.
        let party = match webhook.party {
            WebhookParty::All => "all".to_string(),
            WebhookParty::Key(key) => key.to_string(),
        };
        let name = Sha256::digest(format!("{}|{party}", webhook.url));
        let cursor = format!("webhook/{}", hex::encode(&name[..16]));
        Ok(Sender {
            secret: webhook.secret.read()?,
            webhook: webhook.clone(),
            cursor,
            unrecorded: None,
            http,
        })
    }

    /// Posts notices while the server runs.
    pub(crate) async fn run(mut self, app: Arc<App>) {
        let (mut recorded, mut stopping) = (app.gate.subscribe_notices(), app.stopping.clone());
        loop {
            tokio::select! {
                () = self.catch_up(&app) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
            tokio::select! {
                // Signals that were missed cost nothing: notices are read from the store.
                _ = timeout(POLL, recorded.recv()) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    async fn catch_up(&mut self, app: &App) {
        if !self.record_place(app).await {
            return;
        }
        loop {
            let page = match self.page(app).await {
                Ok(page) if page.is_empty() => return,
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "notices could not be read; they are read again later");
                    return;
                }
            };
            for notice in page {
                if self.is_for(&notice) {
                    self.deliver(app, &notice).await;
                }
                self.unrecorded = Some(notice.seq);
                if !self.record_place(app).await {
                    return;
                }
            }
        }
    }

    /// Records the place that is not recorded. Returns false where it still is not: nothing is posted until it is.
    async fn record_place(&mut self, app: &App) -> bool {
        let Some(seq) = self.unrecorded else { return true };
        if let Err(error) = app.gate.set_cursor(&self.cursor, seq).await {
            tracing::error!(%error, "a webhook's place could not be recorded; later notices wait until it is");
            return false;
        }
        self.unrecorded = None;
        true
    }

    async fn page(&self, app: &App) -> Result<Vec<Notice>, blockable_gate::StoreError> {
        let after = app.gate.cursor(&self.cursor).await?;
        app.gate.notices_after(after, PAGE).await
    }

    fn is_for(&self, notice: &Notice) -> bool {
        match self.webhook.party {
            WebhookParty::All => true,
            WebhookParty::Key(key) => {
                let key = key.to_string();
                notice.lender == key || notice.borrower == key
            }
        }
    }

    /// Posts a notice until it is taken or given up.
    async fn deliver(&self, app: &App, notice: &Notice) {
        let mut pause = PAUSE;
        loop {
            let outcome = self.post(notice).await;
            let result = if outcome.is_ok() { "taken" } else { "failed" };
            app.metrics.count("blockable_provider_webhooks_total", "result", result);
            let Err(reason) = outcome else { return };
            if age(notice) > Duration::from_secs(self.webhook.give_up_hours * 3_600) {
                tracing::error!(host = self.host(), notice = notice.seq, reason, "a notice was given up");
                app.metrics.count("blockable_provider_webhooks_total", "result", "given_up");
                return;
            }
            tracing::warn!(
                host = self.host(),
                notice = notice.seq,
                reason,
                "a notice was not taken; trying again"
            );
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn post(&self, notice: &Notice) -> Result<(), String> {
        let body = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes())
            .map_err(|error| error.to_string())?;
        mac.update(&body);
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let post = self
            .http
            .post(&self.webhook.url)
            .timeout(TIMEOUT)
            .header(CONTENT_TYPE, "application/json")
            .header("x-blockable-signature", signature)
            .header("x-blockable-notice", notice.seq)
            .body(body);
        let answer = post.send().await.map_err(|error| error.without_url().to_string())?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answers {status}")),
        }
    }

    fn host(&self) -> String {
        let url = reqwest::Url::parse(&self.webhook.url).ok();
        url.and_then(|url| url.host_str().map(str::to_string)).unwrap_or_default()
    }
}

fn age(notice: &Notice) -> Duration {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let recorded = Duration::from_millis(u64::try_from(notice.at_ms).unwrap_or(0));
    since.saturating_sub(recorded)
}
