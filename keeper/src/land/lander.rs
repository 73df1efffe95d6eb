//! One round of landing: due intents are selected, packed, simulated, priced, signed, written down and sent.

use {
    crate::{
        chain::{Node, Nodes, Snapshot},
        health::Beat,
        land::{
            ask::{latest_blockhash, recent_fees},
            error::LandError,
            fee::Pricing,
            flight::{Flights, Submission},
            hints::Hints,
            journal, lanes,
            pack::pack,
            select::{admit, select},
            send::{AT_ONCE, broadcast, write_ahead},
            settings::LandSettings,
            shared::Shared,
            sign::{Signing, sign},
            simulate::{RoundContext, simulate},
            track,
            version::VersionProbe,
        },
        plan::{Intent, Role},
        store::{Store, StoreError},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Lamports},
        keys::SigningKey,
    },
    fail::fail_point,
    futures_util::{StreamExt, stream},
    std::{
        collections::BTreeMap,
        sync::{Arc, Mutex, atomic::AtomicI64},
    },
    tokio::sync::watch,
};

/// The tally of a round's intents.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Landing {
    /// Transactions that were sent.
    pub transactions: usize,
    /// Intents that they carry.
    pub sent: usize,
    /// Waits for transactions in flight.
    pub busy: usize,
    /// Put aside after failures.
    pub aside: usize,
    /// Over the cap of a key's spending.
    pub unfunded: usize,
    /// Could not be tried now.
    pub untried: usize,
    /// No longer due.
    pub moot: usize,
    /// Cannot succeed.
    pub failed: usize,
}

/// Lands intents, and follows their transactions to their ends. Clones share one state.
///
/// [`Lander::land`] is the only place that signs and sends new transactions, and one round runs at a time. The tracker
/// ([`Lander::run`]) sends again, and records ends. What holds between the two: a transaction is in the store before it is sent;
/// work is signed anew only when its transaction is proven dead; a credit is in one transaction at a time. A crash at any point
/// leaves transactions that are open in the store, and [`Lander::open`] goes on with them.
#[derive(Clone)]
pub(crate) struct Lander {
    pub(super) shared: Arc<Shared>,
}

impl Lander {
    /// Takes up the transactions that the store has open. Errors: [`StoreError`].
    pub(crate) async fn open(
        nodes: Nodes,
        market: Pubkey,
        store: Store,
        settings: LandSettings,
        keys: BTreeMap<Role, SigningKey>,
    ) -> Result<Lander, StoreError> {
        let open = store.read(journal::open_flights).await?;
        let clock = open.iter().map(|flight| flight.written_at).max().unwrap_or_default();
        let mut flights = Flights::default();
        open.into_iter().for_each(|flight| flights.add(flight));
        let (hints, listener) = Hints::new();
        let shared = Shared {
            version: VersionProbe::new(settings.version),
            hints,
            listener: Mutex::new(Some(listener)),
            flights: Mutex::new(flights),
            costs: Mutex::default(),
            attempts: Mutex::default(),
            key_faults: Mutex::default(),
            clock: AtomicI64::new(clock.get()),
            nodes,
            market,
            store,
            settings,
            keys,
        };
        Ok(Lander { shared: Arc::new(shared) })
    }

    /// Counts the transactions in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.shared.flights().len()
    }

    /// The keys that pay.
    pub(crate) fn payers(&self) -> BTreeMap<Role, Pubkey> {
        self.shared.payers()
    }

    /// Follows transactions in flight until `stop` becomes true.
    pub(crate) async fn run(self, stop: watch::Receiver<bool>, beat: Beat) {
        track::run(self.shared, stop, beat).await;
    }

    /// Reads once the statuses of transactions in flight. Returns the number that is still in flight. Errors: [`StoreError`].
    pub(crate) async fn track(&self) -> Result<usize, StoreError> {
        track::track(&self.shared).await
    }

    /// Lands what can be landed now. The rest comes again with the next plan. Errors: [`LandError`], with nothing sent that is
    /// not written down.
    pub(crate) async fn land(&self, intents: Vec<Intent>, snapshot: &Snapshot) -> Result<Landing, LandError> {
        let shared = &*self.shared;
        shared.advance_clock(snapshot.clock);
        shared.keep_due(&intents);
        let now = shared.now();
        let blocked = lanes::refresh(&shared.store, &intents, now).await?;
        let selected = select(intents, &blocked, shared.flights().busy(snapshot.slot));
        let waiting =
            Landing { busy: selected.busy.len(), aside: selected.aside.len(), ..Landing::default() };
        if selected.chosen.is_empty() {
            return Ok(waiting);
        }

        let (usable, _) = shared.nodes.probe().await;
        let (market, payers) = (&shared.market, shared.payers());
        let version = shared.version.detect(&usable, &any_payer(&payers)).await?;
        let round = RoundContext { market, payers: &payers, version };
        let packed = pack(&selected.chosen, market, version);
        let admitted = admit(packed.batches, shared.room());

        let (known, unknown) = shared.costs().split(admitted.batches);
        let simulated = simulate(&usable, unknown, &round).await;
        shared.costs().learn(&simulated.ready);
        shared.key_faults().note(simulated.keys);
        let mut failed = simulated.failed;
        failed.extend(packed.unfit);
        let failures = failed.len();
        lanes::record_failures(&shared.store, failed, shared.settings.retry, now).await?;

        let mut ready = simulated.ready;
        ready.extend(known);
        let pricing = Pricing::new(recent_fees(&usable, &ready).await, &shared.settings);
        let blockhash = latest_blockhash(&usable).await?;
        let priced = pricing.price(ready, &shared.attempts());
        let left = left_to_spend(&shared.store, &shared.settings, now).await?;
        let signing = Signing { keys: &shared.keys, market, version, blockhash, slot: snapshot.slot, now };
        let signed = sign(priced, left, &signing).await;
        shared.key_faults().note(signed.keys);

        let written = write_ahead(&shared.store, signed.submissions).await?;
        self.send(&usable, &written).await;
        Ok(Landing {
            transactions: written.len(),
            sent: written.iter().map(|submission| submission.intents.len()).sum(),
            busy: waiting.busy.saturating_add(admitted.busy.len()),
            unfunded: signed.unfunded.len(),
            untried: simulated.untried.len().saturating_add(signed.unsigned.len()),
            moot: simulated.moot.len(),
            failed: failures,
            ..waiting
        })
    }

    /// Sends the recorded transactions, and has the tracker follow them.
    async fn send(&self, nodes: &[&Node], written: &[Submission]) {
        if written.is_empty() {
            return;
        }
        let shared = &*self.shared;
        written.iter().for_each(|submission| shared.flights().add(submission.flight.clone()));
        stream::iter(written)
            .for_each_concurrent(AT_ONCE, |Submission { flight, .. }| async move {
                broadcast(nodes, flight).await;
                shared.flights().note_sent(&flight.signature);
            })
            .await;
        written.iter().for_each(|submission| shared.hints.announce(submission.flight.signature));
        fail_point!("land-after-send", |_| std::process::abort());
        shared.hints.wake();
    }
}

/// The payer of a transaction that is only simulated.
pub(super) fn any_payer(payers: &BTreeMap<Role, Pubkey>) -> Pubkey {
    payers.values().next().copied().unwrap_or_default()
}

/// Reads what each role may still spend on the UTC day of `now`. Errors: [`StoreError`].
async fn left_to_spend(
    store: &Store,
    settings: &LandSettings,
    now: ChainTime,
) -> Result<BTreeMap<Role, Lamports>, StoreError> {
    let caps = settings.lamports_per_day.clone();
    let left = store.read(move |connection| {
        let left = |(role, cap): (Role, Lamports)| {
            Ok((role, cap.saturating_sub(journal::spent(connection, role, now)?)))
        };
        caps.into_iter().map(left).collect()
    });
    left.await
}
