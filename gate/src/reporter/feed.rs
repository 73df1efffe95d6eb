//! Reports as a listener gets them: those it has missed, then those that come.

use {
    crate::reporter::{MAX_PAGE, Reporters, round::SharedReport},
    blockable_sdk::reports::ReportRecord,
    futures_util::{Stream, stream},
    std::{
        collections::VecDeque,
        sync::{Arc, atomic::Ordering},
    },
    tokio::sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
};

/// The reports after a number, in order, none left out.
pub struct Feed {
    reporters: Reporters,
    live: broadcast::Receiver<SharedReport>,
    stopped: watch::Receiver<bool>,
    /// The number of the last report that was given.
    position: u64,
    /// Read from the store and not given yet.
    page: VecDeque<ReportRecord>,
    /// True while the store holds reports that the live channel will not bring.
    behind: bool,
}

impl Feed {
    pub(super) fn new(reporters: Reporters, after: Option<u64>) -> Feed {
        // Listen first: what is signed from here on comes live, what was before is in the store.
        let live = reporters.subscribe();
        let stopped = reporters.core.stopped.subscribe();
        let last = reporters.core.last_seq.load(Ordering::Acquire);
        // A number beyond the last one is of a store that is gone: from the beginning.
        let position = after.map_or(last, |after| if after > last { 0 } else { after });
        Feed { reporters, live, stopped, position, page: VecDeque::new(), behind: after.is_some() }
    }

    /// The next report; waits for it. `None` once the reporter has stopped, or the store fails: the client comes back with
    /// the last number it has.
    pub async fn next(&mut self) -> Option<Arc<ReportRecord>> {
        loop {
            if let Some(record) = self.page.pop_front() {
                self.position = record.seq;
                return Some(Arc::new(record));
            }
            if self.behind {
                let page = self.reporters.after(self.position, MAX_PAGE).await.ok()?;
                self.behind = page.reports.len() == MAX_PAGE as usize;
                self.page = page.reports.into();
                continue;
            }
            let received = tokio::select! {
                biased;
                received = self.live.recv() => received,
                // Only after all that was signed before the end.
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
            };
            match received {
                Ok(record) if record.seq > self.position => {
                    self.position = record.seq;
                    return Some(record);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Arc<ReportRecord>> + Send + use<> {
        stream::unfold(self, |mut feed| async move { feed.next().await.map(|record| (record, feed)) })
    }
}
