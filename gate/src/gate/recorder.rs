//! Records the notices of changes that the chain shows.

use {
    super::{Gate, GateCore, lock, now_ms},
    crate::{
        Notice, StoreError,
        notice::{ALL_SEEN, NoticedCredit, record_view},
        store::write_cursor,
    },
    blockable_sdk::Pubkey,
    std::{
        collections::BTreeSet,
        sync::{
            Mutex, Weak,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    },
    tokio::{
        sync::Notify,
        time::{sleep, timeout},
    },
};

/// Credits that one write records.
const CREDITS: usize = 100;
/// Interval of the search for units whose lifetime has passed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Pause after a write that failed.
const RETRY: Duration = Duration::from_secs(1);

/// The credits whose change is not recorded yet.
///
/// The ledger takes a view of the chain at once, and this task records it soon after, with the notices, in one commit. A crash
/// in between loses neither: the store has the view from before, and the next start finds the difference to the chain.
#[derive(Default)]
pub(super) struct Unrecorded {
    credits: Mutex<BTreeSet<Pubkey>>,
    /// Set once a reconcile has shown every credit.
    all_seen: AtomicBool,
    wake: Notify,
}

impl Unrecorded {
    /// Has a credit compared with its last recorded view.
    pub(super) fn add(&self, credit: Pubkey) {
        lock(&self.credits).insert(credit);
        self.wake.notify_one();
    }

    /// Notes that every credit of the chain has been shown.
    pub(super) fn note_all_seen(&self) {
        if !self.all_seen.swap(true, Ordering::AcqRel) {
            self.wake.notify_one();
        }
    }

    /// True once every credit of the chain has been shown.
    pub(super) fn has_seen_all(&self) -> bool {
        self.all_seen.load(Ordering::Acquire)
    }

    fn take(&self) -> Vec<Pubkey> {
        let mut credits = lock(&self.credits);
        let mut taken = Vec::new();
        while taken.len() < CREDITS
            && let Some(credit) = credits.pop_first()
        {
            taken.push(credit);
        }
        taken
    }
}

/// Records changes while the gate lives.
pub(super) async fn run(core: Weak<GateCore>) {
    let (mut all_seen, mut over) = (false, BTreeSet::new());
    loop {
        let Some(gate) = core.upgrade().map(|core| Gate { core }) else { return };
        find_over(&gate, &mut over);
        // Read first: all that was shown before it is recorded before the mark.
        let shown = gate.core.unrecorded.has_seen_all();
        match record_all(&gate).await {
            Ok(()) if shown && !all_seen => {
                let mark = gate.write(|connection| write_cursor(connection, ALL_SEEN, 1)).await;
                all_seen = mark.is_ok();
            }
            Ok(()) => {}
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, "notices of changes on the chain could not be recorded; trying again");
                drop(gate);
                sleep(RETRY).await;
                continue;
            }
        }
        // Nothing but the wake is kept while this waits: the gate's last user ends it.
        let unrecorded = gate.core.unrecorded.clone();
        drop(gate);
        let _ = timeout(LOOK_EVERY, unrecorded.wake.notified()).await;
    }
}

/// Records all changes. Errors: [`StoreError`]; those that are left are recorded later.
async fn record_all(gate: &Gate) -> Result<(), StoreError> {
    loop {
        let taken = gate.core.unrecorded.take();
        if taken.is_empty() {
            return Ok(());
        }
        if let Err(error) = record(gate, &taken).await {
            taken.into_iter().for_each(|credit| gate.core.unrecorded.add(credit));
            return Err(error);
        }
    }
}

async fn record(gate: &Gate, credits: &[Pubkey]) -> Result<(), StoreError> {
    let market_time = gate.chain_view().market_time();
    let views: Vec<(Pubkey, Option<NoticedCredit>)> = {
        let ledger = gate.ledger();
        let view = |address: &Pubkey| {
            (*address, ledger.credit(address).map(|credit| NoticedCredit::new(credit, market_time)))
        };
        credits.iter().map(view).collect()
    };
    let at_ms = now_ms();
    let notices = gate
        .write(move |connection| {
            let mut notices: Vec<Notice> = Vec::new();
            for (address, view) in &views {
                notices.extend(record_view(connection, address, view.as_ref(), at_ms)?);
            }
            Ok(notices)
        })
        .await?;
    if notices.is_empty() {
        return Ok(());
    }
    // A notice that was posted must not come again after a loss of power. The commit stands whether or not this works.
    let _ = gate.write_for_good(|_| Ok(())).await;
    for notice in notices {
        tracing::info!(credit = notice.credit, notice = notice.seq, kind = ?notice.kind, "the chain shows a change");
        // Nobody may be listening.
        let _ = gate.core.notices.send(notice);
    }
    Ok(())
}

/// Finds the credits whose units have reached the end of their lifetime since the last time. No event of the chain shows that.
fn find_over(gate: &Gate, over: &mut BTreeSet<(Pubkey, i64)>) {
    let Some(now) = gate.chain_view().market_time() else { return };
    let ended: Vec<(Pubkey, i64)> = gate
        .ledger()
        .credits()
        .filter(|(_, _, credit)| credit.require_unexpired(now.get()).is_err())
        .map(|(address, _, credit)| (address, credit.units_expire_at))
        .collect();
    for end in ended {
        if over.insert(end) {
            gate.core.unrecorded.add(end.0);
        }
    }
}
