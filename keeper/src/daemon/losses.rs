//! Notes what the keeper is without: the chain, its store, its reporters. By the clock of its machine, as the chain's may stand still.
//!
//! The time of the last good cycle is in the store. So the first good cycle after a loss, and after a process that was dead, finds for
//! how long nobody watched.

use {
    crate::{
        chain::Snapshot,
        finding::{Fact, Finding, Loss, Rule},
        store::{Store, StoreError},
    },
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::{state::Credit, transitions::Status},
    },
    rusqlite::{Connection, OptionalExtension},
    std::{collections::BTreeSet, time::Duration},
};

/// The place of the time of the last good cycle among the cursors.
const WATCHED: &str = "watched/at";
/// Seconds between two writings of it. A shorter gap tells nobody anything.
const WRITE_EVERY: i64 = 20;
/// Least gap that can be a time without a watch, as a multiple of the pause between two cycles.
const GAP_CYCLES: u32 = 6;

/// The losses of a keeper that stays. Times are by the machine's clock.
pub(super) struct Losses {
    /// The time of the last good cycle; `None` before the first of this store.
    watched_at: Option<ChainTime>,
    /// The time of the last good cycle as it is written.
    written_at: Option<ChainTime>,
    chain: Option<Lost>,
    store: Option<Lost>,
    reporters: Option<Lost>,
    /// Least gap that can be a time without a watch, in seconds.
    gap: i64,
    /// True once a cycle was good in this process.
    has_watched: bool,
    /// True while reports are read.
    are_read: bool,
}

/// A loss that lasts, or that the next good cycle ends.
#[derive(Clone, Debug)]
struct Lost {
    since: ChainTime,
    reason: String,
}

impl Lost {
    fn until(&self, until: ChainTime) -> Loss {
        Loss { since: self.since, until, reason: self.reason.clone() }
    }
}

impl Losses {
    /// Reads the time of the last good cycle. Cycles begin `every` so often. Errors: [`StoreError`].
    pub(super) async fn open(store: &Store, every: Duration) -> Result<Losses, StoreError> {
        let watched_at = store.read(read).await?;
        let gap = every.saturating_mul(GAP_CYCLES).as_secs().max(1);
        Ok(Losses {
            watched_at,
            written_at: watched_at,
            chain: None,
            store: None,
            reporters: None,
            gap: i64::try_from(gap).unwrap_or(i64::MAX),
            has_watched: false,
            are_read: true,
        })
    }

    /// Notes that no node can be used. Returns the finding.
    pub(super) fn no_chain(&mut self, market: Pubkey, now: ChainTime, reason: &str) -> Finding {
        let lost = note(&mut self.chain, now, reason);
        Finding::is(market, Fact::ChainLost(lost.until(now)))
    }

    /// Notes that the store cannot be written. Returns the beginning of that.
    pub(super) fn no_store(&mut self, now: ChainTime, reason: &str) -> ChainTime {
        note(&mut self.store, now, reason).since
    }

    /// Notes the state of the endpoints of reports. Returns the finding.
    pub(super) fn reporters(
        &mut self,
        market: Pubkey,
        now: ChainTime,
        state: &Result<(), String>,
    ) -> Finding {
        self.are_read = state.is_ok();
        match state {
            Ok(()) => Finding::over(Rule::ReportersLost, market),
            Err(reason) => {
                let lost = note(&mut self.reporters, now, reason);
                Finding::is(market, Fact::ReportersLost(lost.until(now)))
            }
        }
    }

    /// The findings that a good cycle ends losses by, and the time that is over in which nobody watched, or no use was metered. Changes
    /// nothing: [`Losses::end`] does, once the alerts are stored.
    pub(super) fn over(&self, market: Pubkey, now: ChainTime) -> (Vec<Finding>, Option<Loss>) {
        let over = [Rule::ChainLost, Rule::StoreLost].map(|rule| Finding::over(rule, market));
        // A time without a watch was one without reports as well.
        (over.to_vec(), self.unwatched(now).or_else(|| self.unmetered(now)))
    }

    fn unwatched(&self, now: ChainTime) -> Option<Loss> {
        let since = self.watched_at.filter(|since| now.seconds_since(*since) >= self.gap)?;
        let reason = match (&self.chain, &self.store) {
            (_, Some(store)) => store.reason.clone(),
            (Some(chain), None) => format!("no node could be used: {}", chain.reason),
            (None, None) if self.has_watched => "its cycles took too long".to_string(),
            (None, None) => "it was not running".to_string(),
        };
        Some(Loss { since, until: now, reason })
    }

    fn unmetered(&self, now: ChainTime) -> Option<Loss> {
        let lost = self.reporters.as_ref().filter(|_| self.are_read)?;
        let reason = format!("no use was metered, as no report could be read ({})", lost.reason);
        Some(Loss { reason, ..lost.until(now) })
    }

    /// Notes a good cycle, whose alerts are stored.
    pub(super) fn end(&mut self, now: ChainTime) {
        (self.watched_at, self.has_watched) = (Some(now), true);
        (self.chain, self.store) = (None, None);
        if self.are_read {
            self.reporters = None;
        }
    }

    /// Writes the time of the last good cycle, if the written one is old. It must not be written before the alerts on the time without
    /// a watch are. Errors: [`StoreError`].
    pub(super) async fn write(&mut self, store: &Store) -> Result<(), StoreError> {
        let Some(at) = self.watched_at else { return Ok(()) };
        if self.written_at.is_some_and(|written| (0..WRITE_EVERY).contains(&at.seconds_since(written))) {
            return Ok(());
        }
        let sql =
            "INSERT INTO cursors VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        store.write(move |tx| Ok(tx.execute(sql, rusqlite::params![WATCHED, at.get()])?)).await?;
        self.written_at = Some(at);
        Ok(())
    }
}

fn note<'a>(lost: &'a mut Option<Lost>, now: ChainTime, reason: &str) -> &'a Lost {
    let lost = lost.get_or_insert_with(|| Lost { since: now, reason: String::new() });
    lost.reason = reason.to_string();
    lost
}

fn read(connection: &Connection) -> Result<Option<ChainTime>, StoreError> {
    let sql = "SELECT value FROM cursors WHERE name = ?1";
    let value = connection.query_row(sql, [WATCHED], |row| row.get(0)).optional()?;
    Ok(value.map(ChainTime))
}

/// The findings that lenders are told of a time without a watch by.
pub(super) fn to_lenders(snapshot: &Snapshot, loss: &Loss) -> Vec<Finding> {
    let lenders: BTreeSet<Pubkey> =
        snapshot.credits.values().filter(|credit| is_lent(credit)).map(|credit| credit.lender).collect();
    lenders.into_iter().map(|lender| Finding::is(lender, Fact::Unwatched(loss.clone()))).collect()
}

/// Tests whether a lender has money in a credit.
fn is_lent(credit: &Credit) -> bool {
    let is_open = matches!(
        credit.status(),
        Ok(Status::Active | Status::Delinquent | Status::Defaulted | Status::Seizing)
    );
    is_open && credit.lender != Pubkey::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKET: Pubkey = Pubkey::new_from_array([1; 32]);

    async fn opened(folder: &std::path::Path) -> (Store, Losses) {
        let store = Store::open(folder).unwrap();
        let losses = Losses::open(&store, Duration::from_secs(10)).await.unwrap();
        (store, losses)
    }

    fn at(seconds: i64) -> ChainTime {
        ChainTime(1_800_000_000 + seconds)
    }

    /// A good cycle whose alerts are stored.
    fn good(losses: &mut Losses, now: ChainTime) -> Option<Loss> {
        let over = losses.over(MARKET, now).1;
        losses.end(now);
        over
    }

    #[tokio::test]
    async fn a_time_in_which_the_keeper_was_dead_is_found_once_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut losses) = opened(folder.path()).await;
        assert_eq!(good(&mut losses, at(0)), None, "the first cycle of all");
        losses.write(&store).await.unwrap();
        assert_eq!(good(&mut losses, at(59)), None);
        losses.write(&store).await.unwrap();
        drop((store, losses));
        let (store, mut losses) = opened(folder.path()).await;
        let loss = losses.over(MARKET, at(1_000)).1.unwrap();
        assert_eq!((loss.since, loss.until, loss.seconds()), (at(59), at(1_000), 941));
        assert_eq!(loss.reason, "it was not running");
        assert_eq!(good(&mut losses, at(1_001)).unwrap().since, at(59), "until the alerts on it are stored");
        losses.write(&store).await.unwrap();
        assert_eq!(good(&mut losses, at(1_010)), None);
    }

    #[tokio::test]
    async fn a_loss_lasts_from_its_first_cycle_to_the_next_good_one() {
        let folder = tempfile::tempdir().unwrap();
        let (_store, mut losses) = opened(folder.path()).await;
        good(&mut losses, at(0));
        for second in [5, 70] {
            let Some(Fact::ChainLost(loss)) = losses.no_chain(MARKET, at(second), "403").fact().cloned()
            else {
                panic!("another fact")
            };
            assert_eq!(loss.seconds(), second - 5);
        }
        let (over, unwatched) = losses.over(MARKET, at(80));
        assert!(over.contains(&Finding::over(Rule::ChainLost, MARKET)));
        let unwatched = unwatched.unwrap();
        assert_eq!((unwatched.since, unwatched.until), (at(0), at(80)));
        assert_eq!(unwatched.reason, "no node could be used: 403");
        losses.end(at(80));

        assert_eq!(losses.no_store(at(90), "full"), at(90));
        assert_eq!(losses.no_store(at(160), "full"), at(90));
        assert_eq!(good(&mut losses, at(170)).unwrap().reason, "full");
    }

    #[tokio::test]
    async fn reporters_are_lost_until_one_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (_store, mut losses) = opened(folder.path()).await;
        let gone = Err("refused".to_string());
        losses.reporters(MARKET, at(0), &gone);
        let finding = losses.reporters(MARKET, at(130), &gone);
        let Some(Fact::ReportersLost(loss)) = finding.fact() else { panic!("{finding:?}") };
        assert_eq!((loss.seconds(), losses.over(MARKET, at(130)).1), (130, None));
        let finding = losses.reporters(MARKET, at(140), &Ok(()));
        assert_eq!(finding, Finding::over(Rule::ReportersLost, MARKET));
        assert!(good(&mut losses, at(140)).unwrap().reason.contains("no use was metered"), "told afterwards");
        assert_eq!(good(&mut losses, at(150)), None);
    }
}
