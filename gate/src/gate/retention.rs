//! Removes old records from the store, some at a time.

use {
    super::{Gate, now_us},
    crate::{
        notice,
        store::{StoreError, prune_answers, prune_totals, prune_usage},
        usage::DAY_US,
    },
    std::time::{Duration, Instant},
};

/// Pause after everything that was old has gone.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// Rows that one write removes: few enough that no settlement waits for them.
const ROWS: u32 = 500;

/// The time of the next removal. One write of few rows at a turn, until nothing old is left; then a pause.
#[derive(Default)]
pub(super) struct Retention {
    /// `None` while old rows may be left.
    next: Option<Instant>,
}

impl Retention {
    /// Removes some of what is old, where it is time to.
    pub(super) async fn prune(&mut self, gate: &Gate) {
        if self.next.is_some_and(|next| Instant::now() < next) {
            return;
        }
        match prune_some(gate).await {
            Ok(removed) if removed >= ROWS as usize => self.next = None,
            Ok(_) => self.next = Some(Instant::now() + PRUNE_EVERY),
            Err(StoreError::Closed) => {}
            Err(error) => {
                tracing::error!(%error, "old records could not be removed");
                self.next = Some(Instant::now() + PRUNE_EVERY);
            }
        }
    }
}

/// Removes up to [`ROWS`] rows of each kind. Returns the most that were removed of one.
async fn prune_some(gate: &Gate) -> Result<usize, StoreError> {
    let config = gate.config();
    let ago = |keep: Duration| now_us().saturating_sub(i64::try_from(keep.as_micros()).unwrap_or(i64::MAX));
    let (usage, totals, notices) =
        (ago(config.keep_usage), ago(config.keep_totals).div_euclid(DAY_US), ago(config.keep_notices));
    let answers = ago(config.keep_answers) / 1_000;
    gate.write(move |connection| {
        let answers = prune_answers(connection, answers, ROWS)?;
        let records = prune_usage(connection, usage, ROWS)?;
        let days = prune_totals(connection, totals, ROWS)?;
        let told = notice::prune(connection, notices / 1_000, ROWS)?;
        Ok(records.max(days).max(told).max(answers))
    })
    .await
}
