//! Posts notices to the parties' webhooks, in order, each until it is answered with success.

use {
    crate::{
        app::App,
        config::{Webhook, WebhookParty},
        serve_error::ServeError,
    },
    axum::http::header::CONTENT_TYPE,
    blockable_gate::{Notice, gate::now_ms},
    blockable_service::{
        backoff::Backoff,
        hex,
        webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookKey, signatures},
    },
    sha2::{Digest, Sha256},
    std::{sync::Arc, time::Duration},
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
    /// The key that notices are signed with, and the one of a change.
    keys: Vec<WebhookKey>,
    cursor: String,
    /// The number of a notice that is done with, while that is not recorded.
    unrecorded: Option<u64>,
    http: reqwest::Client,
}

impl Sender {
    /// Reads a webhook's secrets, and names its place in the store. Errors: they cannot be read, or have another form.
    pub(crate) fn new(webhook: &Webhook, http: reqwest::Client) -> Result<Sender, ServeError> {
        // The URL may hold a token, so its hash names the place, and logs have the host alone.
        let party = match webhook.party {
            WebhookParty::All => "all".to_string(),
            WebhookParty::Key(key) => key.to_string(),
        };
        let name = Sha256::digest(format!("{}|{party}", webhook.url));
        let cursor = format!("webhook/{}", hex::encode(&name[..16]));
        let mut keys = Vec::new();
        for secret in std::iter::once(&webhook.secret).chain(&webhook.other_secret) {
            let key = WebhookKey::parse(&secret.read()?);
            keys.push(key.ok_or_else(|| ServeError::WebhookSecret { host: host(&webhook.url) })?);
        }
        Ok(Sender { webhook: webhook.clone(), keys, cursor, unrecorded: None, http })
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
            app.metrics.count("blockable_provider_webhooks_total", "result", "unrecorded");
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
        let mut pauses = Backoff::new(PAUSE, PAUSE_MAX);
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
            sleep(pauses.next_pause()).await;
        }
    }

    async fn post(&self, notice: &Notice) -> Result<(), String> {
        let body = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
        // The same for each attempt, and for no other notice, also of an earlier store with the same numbers.
        let id = format!("{}-{}", notice.at_ms, notice.seq);
        let timestamp = now_ms() / 1_000;
        let post = self
            .http
            .post(&self.webhook.url)
            .timeout(TIMEOUT)
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, signatures(&self.keys, &id, timestamp, &body))
            .header(TIMESTAMP_HEADER, timestamp)
            .header(ID_HEADER, id)
            .body(body);
        let answer = post.send().await.map_err(|error| error.without_url().to_string())?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answers {status}")),
        }
    }

    fn host(&self) -> String {
        host(&self.webhook.url)
    }
}

/// The host of a URL: its path may hold a token, which no log shows.
fn host(url: &str) -> String {
    let url = reqwest::Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(str::to_string)).unwrap_or_default()
}

fn age(notice: &Notice) -> Duration {
    Duration::from_millis(u64::try_from(now_ms().saturating_sub(notice.at_ms)).unwrap_or(0))
}
