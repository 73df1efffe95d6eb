//! Reads one endpoint as long as the keeper runs.

use {
    super::{
        Ingest,
        batch::Taken,
        endpoint::{Endpoint, SourceError},
        progress::EndpointProgress,
        rows,
        settings::{Mode, SourceSettings},
        validate::ReportRefusal,
    },
    blockable_sdk::reports::ReportRecord,
    blockable_service::{backoff::Backoff, hex, sse::SseEvent},
    fail::fail_point,
    sha2::{Digest, Sha256},
    std::{
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::time::{sleep, timeout},
};

/// One endpoint, and its progress.
pub(super) struct Source {
    ingest: Ingest,
    settings: SourceSettings,
    endpoint: Endpoint,
    cursor_name: String,
    /// The number of the last report that is stored; read from the store at first.
    cursor: Option<u64>,
    patience: Patience,
    progress: Arc<EndpointProgress>,
    /// True where the last pull has ended at its limit of pages.
    pub is_cut: bool,
}

/// Reads an endpoint again and again. Runs until it is dropped.
pub(super) async fn run(ingest: Ingest, settings: SourceSettings, progress: Arc<EndpointProgress>) {
    let mut pauses = Backoff::new(settings.every, settings.limits.pause_max);
    loop {
        match Source::new(&ingest, &settings, &progress) {
            Ok(mut source) => source.read_on(&mut pauses).await,
            Err(error) => failed(&settings, &progress, &error),
        }
        sleep(pauses.next_pause()).await;
    }
}

impl Source {
    /// An endpoint that has not been asked yet. Errors: [`SourceError::Client`].
    pub(super) fn new(
        ingest: &Ingest,
        settings: &SourceSettings,
        progress: &Arc<EndpointProgress>,
    ) -> Result<Source, SourceError> {
        // The name holds for as long as endpoint and provider are the same, and shows nothing of the URL.
        let hash = Sha256::digest(format!("{}|{}", settings.url, settings.provider));
        let name = format!("{:.32}", hex::encode(hash));
        Ok(Source {
            ingest: ingest.clone(),
            endpoint: Endpoint::new(settings)?,
            settings: settings.clone(),
            cursor_name: format!("source/{name}"),
            cursor: None,
            patience: Patience { most: settings.limits.wait_for_epoch, since: None },
            progress: progress.clone(),
            is_cut: false,
        })
    }

    async fn read_on(&mut self, pauses: &mut Backoff) {
        let (every, limits) = (self.settings.every, self.settings.limits);
        let mut stream_pauses = Backoff::new(every, limits.pause_max);
        let mut stream_at = Instant::now();
        loop {
            // A stream is opened where pulling has ended, so that a long way back goes in whole pages.
            let pulled = self.pull().await;
            let pause = match &pulled {
                Ok(_) => {
                    pauses.reset();
                    every
                }
                // Nothing is wrong with the endpoint, and no time is to be lost after a restart.
                Err(SourceError::NoChain) => {
                    self.progress.note_failure(&SourceError::NoChain.to_string());
                    let _ = timeout(every, self.ingest.wait_for_chain()).await;
                    continue;
                }
                Err(error) => {
                    failed(&self.settings, &self.progress, error);
                    pauses.next_pause()
                }
            };
            let streams =
                self.settings.mode == Mode::Stream && pulled.is_ok() && self.patience.since.is_none();
            if streams && Instant::now() >= stream_at {
                if let Err(error) = self.follow(&mut stream_pauses).await {
                    failed(&self.settings, &self.progress, &error);
                }
                stream_at = Instant::now() + stream_pauses.next_pause();
            }
            sleep(pause).await;
        }
    }

    /// Takes in all reports since the last time, up to a limit. Errors: [`SourceError`], with the pages before it stored.
    pub(super) async fn pull(&mut self) -> Result<Taken, SourceError> {
        self.ingest.require(&self.settings.provider)?;
        let mut all = Taken::default();
        self.is_cut = true;
        for _ in 0..self.settings.limits.pages {
            let cursor = self.cursor().await?;
            let page = self.endpoint.page(cursor).await?;
            self.progress.note_read();
            if page.next < cursor {
                tracing::warn!(
                    host = self.settings.host(),
                    "the numbers of reports start over; reading all of them"
                );
                self.cursor = Some(0);
                continue;
            }
            let count = page.reports.len().saturating_add(page.unreadable);
            let full = u32::try_from(count).is_ok_and(|count| count >= self.settings.limits.page);
            let provider = Some(self.settings.provider);
            let taken = self.ingest.take_from(provider, page.reports, page.unreadable).await?;
            let wait = self.patience.waits(&taken);
            all.absorb(taken);
            if wait {
                self.is_cut = false;
                break;
            }
            self.move_cursor(page.next).await?;
            if !full || page.next == cursor {
                self.is_cut = false;
                break;
            }
        }
        Ok(all)
    }

    /// Takes in reports as they are signed. Returns where some belong to an epoch that the chain does not show yet. Errors: [`SourceError`].
    async fn follow(&mut self, pauses: &mut Backoff) -> Result<(), SourceError> {
        let cursor = self.cursor().await?;
        let mut stream = self.endpoint.stream(cursor).await?;
        loop {
            let events = stream.next().await?;
            self.progress.note_read();
            let Some(last) = events.last().map(|event| event.id) else { continue };
            let (reports, unreadable) = read(&events);
            let provider = Some(self.settings.provider);
            let taken = self.ingest.take_from(provider, reports, unreadable).await?;
            if self.patience.waits(&taken) {
                return Ok(());
            }
            pauses.reset();
            if let Some(last) = last {
                // A lower number than before: the server has begun anew, and sends everything.
                self.move_cursor(last).await?;
            }
        }
    }

    async fn cursor(&mut self) -> Result<u64, SourceError> {
        if let Some(cursor) = self.cursor {
            return Ok(cursor);
        }
        let name = self.cursor_name.clone();
        let cursor = self.ingest.store().read(move |connection| rows::cursor(connection, &name)).await?;
        self.cursor = Some(cursor);
        Ok(cursor)
    }

    /// Moves the cursor. All reports up to `to` are stored.
    async fn move_cursor(&mut self, to: u64) -> Result<(), SourceError> {
        if self.cursor == Some(to) {
            return Ok(());
        }
        fail_point!("ingest-before-cursor", |_| std::process::abort());
        let name = self.cursor_name.clone();
        self.ingest.store().write(move |connection| rows::set_cursor(connection, &name, to)).await?;
        self.cursor = Some(to);
        Ok(())
    }
}

fn read(events: &[SseEvent]) -> (Vec<ReportRecord>, usize) {
    let reports: Vec<ReportRecord> =
        events.iter().filter_map(|event| serde_json::from_slice(event.data.as_deref()?).ok()).collect();
    let unreadable = events.len().saturating_sub(reports.len());
    (reports, unreadable)
}

fn failed(settings: &SourceSettings, progress: &EndpointProgress, error: &SourceError) {
    metrics::counter!("blockable_keeper_source_errors_total", "host" => settings.host()).increment(1);
    tracing::warn!(host = settings.host(), %error, "reports cannot be read; trying again");
    progress.note_failure(&error.to_string());
}

/// The time for which reports of an epoch that the chain does not show yet are read again.
struct Patience {
    most: Duration,
    /// The time since which there are such reports.
    since: Option<Instant>,
}

impl Patience {
    /// Decides whether to read the same reports again, once the chain may show more. An endpoint that sends such reports without
    /// end is waited for once, and then no longer holds up the others.
    fn waits(&mut self, taken: &Taken) -> bool {
        if taken.count(ReportRefusal::NewerEpoch) == 0 {
            self.since = None;
            return false;
        }
        self.since.get_or_insert_with(Instant::now).elapsed() < self.most
    }
}
