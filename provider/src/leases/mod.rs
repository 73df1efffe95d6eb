//! GPUs for rent by the second.
//!
//! A lease holds the units of one period in advance. Each heartbeat settles the time that has passed and holds another
//! period. Without a heartbeat the whole period counts as used and the lease ends.

mod lease;

pub(crate) use lease::Rented;
use {
    crate::{
        config::{GpuConfig, LeaseSettings},
        keys::Caller,
    },
    blockable_gate::{Gate, Hold, JobFigures, Refusal, StoreError, gate::now_ms},
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_service::{hex, lock::lock},
    lease::Period,
    sha2::{Digest, Sha256},
    std::{
        collections::HashMap,
        sync::{Arc, Mutex, MutexGuard},
        time::{Duration, Instant},
    },
};

/// Time for which a lease that has ended is still shown.
const KEEP_ENDED: Duration = Duration::from_secs(60);
/// Leases of one key that have ended and are still shown, for each that its credit may have open.
const ENDED_PER_OPEN: usize = 16;

/// The end of a lease in the usage log, where a request ends it.
const CLOSED: JobFigures = JobFigures::without_tokens("closed");

/// A reason for which a lease cannot be opened, renewed or closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// The provider has no GPU of this name.
    #[error("the provider has no such GPU; GET /v1/leases lists those on offer")]
    UnknownGpu,
    /// Too few GPUs of this kind are free.
    #[error("only {free} GPUs of this kind are free; ask for fewer or try again later")]
    NoneFree {
        /// Number of free GPUs.
        free: u32,
    },
    /// The credit has as many leases as it may.
    #[error("the credit may have {0} leases and has as many; close one")]
    TooMany(usize),
    /// The key has opened and closed too many within a moment.
    #[error(
        "the key has {0} leases that have just ended; keep one open for longer, or try again in a minute"
    )]
    TooManyEnded(usize),
    /// The caller has no lease of this name.
    #[error("the key has no such lease; GET /v1/leases lists those that it has")]
    Unknown,
    /// The request's key was sent with other GPUs before.
    #[error("this `Idempotency-Key` was sent for other GPUs; make a key for each lease")]
    KeyReused,
    /// The lease has ended.
    #[error("the lease has ended; open a new one")]
    Ended,
    /// The gate refuses the hold.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The gate's store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lease as its renter sees it.
#[derive(Clone, Debug)]
pub(crate) struct LeaseView {
    /// The GPUs that it rents.
    pub rented: Rented,
    /// True until it is closed or its period passes without a heartbeat.
    pub open: bool,
    /// Units held for the current period; none once it has ended.
    pub held: Units,
    /// Units settled so far, in this run of the server.
    pub settled: Units,
    /// Price of all its GPUs per second.
    pub units_per_second: Units,
    /// The end of the current period, or of the lease where that is over, in milliseconds since 1970.
    pub runs_until_ms: i64,
}

struct LeaseState {
    period: Period,
    /// Time at which a request closed it, by both clocks; the second is in milliseconds since 1970.
    closed: Option<(Instant, i64)>,
    /// Units settled for the periods before, in this run of the server; once closed, for all.
    settled: Units,
}

impl LeaseState {
    fn new(period: Period) -> tokio::sync::Mutex<LeaseState> {
        tokio::sync::Mutex::new(LeaseState { period, closed: None, settled: Units::ZERO })
    }

    /// True while it runs. The gate ends it by itself at its deadline.
    fn is_open(&self) -> bool {
        self.closed.is_none() && !self.period.left().is_zero()
    }

    /// Time since its end, `None` while it runs.
    fn ended_for(&self) -> Option<Duration> {
        match self.closed {
            Some((at, _)) => Some(at.elapsed()),
            None => self.period.ended_for(),
        }
    }
}

struct Lease {
    credit: Pubkey,
    /// The key that opened it, as the usage log names it.
    api_key: String,
    rented: Rented,
    /// One change at a time: held across writes to the store.
    state: tokio::sync::Mutex<LeaseState>,
}

impl Lease {
    /// True for who may see and change it: the credit's first key, and the sub-key that opened it.
    fn is_open_to(&self, caller: &Caller) -> bool {
        self.credit == caller.credit && (caller.sub_key.is_none() || self.api_key == caller.api_key)
    }

    fn view(&self, state: &LeaseState) -> LeaseView {
        let (period, open) = (&state.period, state.is_open());
        let at_deadline = if open || state.closed.is_some() { Units::ZERO } else { period.units() };
        LeaseView {
            rented: self.rented.clone(),
            open,
            held: if open { period.units() } else { Units::ZERO },
            settled: state.settled.saturating_add(at_deadline),
            units_per_second: period.units_per_second(),
            runs_until_ms: match (open, state.closed) {
                (true, _) => {
                    let left = i64::try_from(period.left().as_millis()).unwrap_or(i64::MAX);
                    now_ms().saturating_add(left)
                }
                (false, Some((_, closed_ms))) => closed_ms,
                (false, None) => period.hold.deadline_ms,
            },
        }
    }
}

/// All leases of the provider.
///
/// The gate's holds are the only record of a lease: the reference of a hold names the lease and its GPUs. A change is made
/// in the gate first, which returns once it is recorded, and only then in `known`; so a crash loses no change that was
/// answered. After a restart [`Leases::restore`] reads the open holds; leases that ended before it are no longer shown.
///
/// Locks: `opening` is held from the count of free GPUs to the new lease, so that no GPU is rented twice. A lease's state is
/// held across its writes, so that heartbeats of one lease follow each other. `known` is never held across an `await`.
pub(crate) struct Leases {
    gate: Gate,
    gpus: HashMap<String, GpuConfig>,
    settings: LeaseSettings,
    /// Open leases, and those that ended less than [`KEEP_ENDED`] ago, by name.
    known: Mutex<HashMap<String, Arc<Lease>>>,
    opening: tokio::sync::Mutex<()>,
}

impl Leases {
    /// Reads the leases from the gate's open holds.
    pub(crate) fn restore(gate: Gate, gpus: &[GpuConfig], settings: &LeaseSettings) -> Leases {
        let now = now_ms();
        let lease = |hold: Hold| {
            let rented = Rented::from_reference(&hold.reference)?;
            let (id, credit, api_key) = (rented.id.clone(), hold.credit, hold.labels.api_key.clone());
            let state = LeaseState::new(Period::restored(hold, now));
            Some((id, Arc::new(Lease { credit, api_key, rented, state })))
        };
        let known = gate.holds().into_iter().filter_map(lease).collect();
        let gpus = gpus.iter().map(|gpu| (gpu.name.clone(), gpu.clone())).collect();
        let (known, opening) = (Mutex::new(known), tokio::sync::Mutex::new(()));
        Leases { gate, gpus, settings: settings.clone(), known, opening }
    }

    /// True for a GPU that is on offer.
    pub(crate) fn offers(&self, gpu: &str) -> bool {
        self.gpus.contains_key(gpu)
    }

    fn table(&self) -> MutexGuard<'_, HashMap<String, Arc<Lease>>> {
        lock(&self.known)
    }

    /// Opens a lease of `count` GPUs at a price per second of each, whose first period is of a length. A request with a `key` that
    /// comes again gets its lease, for as long as that is shown; the second value is true then. Errors: [`LeaseError`].
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        gpu: &str,
        count: u32,
        price: Units,
        length: Duration,
        key: Option<&str>,
    ) -> Result<(LeaseView, bool), LeaseError> {
        let offer = self.gpus.get(gpu).ok_or(LeaseError::UnknownGpu)?;
        let random = || format!("{:016x}", rand::random::<u64>());
        let id = key.map_or_else(random, |key| id_of_key(caller, key));
        let rented = Rented { id: id.clone(), gpu: gpu.to_string(), count, opened_ms: now_ms() };
        let per_second = all_gpus(price, count);
        let (credit, job) = (caller.credit, Period::job(&rented, per_second, length, &caller.api_key));
        // One at a time, so that no GPU is rented twice.
        let _opening = self.opening.lock().await;
        let known = self.table().get(&id).cloned();
        if let Some(lease) = known {
            let is_same = (lease.rented.gpu.as_str(), lease.rented.count) == (gpu, count);
            return if is_same {
                Ok((lease.view(&*lease.state.lock().await), true))
            } else {
                Err(LeaseError::KeyReused)
            };
        }
        self.require_free(caller, offer, count)?;
        let hold = self.gate.admit(&credit, job).await?;
        let state = LeaseState::new(Period::new(hold, Duration::ZERO));
        let lease = Arc::new(Lease { credit, api_key: caller.api_key.clone(), rented, state });
        let view = lease.view(&*lease.state.lock().await);
        self.table().insert(id, lease);
        Ok((view, false))
    }

    fn require_free(&self, caller: &Caller, offer: &GpuConfig, count: u32) -> Result<(), LeaseError> {
        let (mut rented, mut open, mut ended) = (0_u32, 0, 0);
        for lease in self.table().values() {
            let (is_open, is_ours) = (is_open(lease), lease.credit == caller.credit);
            open += usize::from(is_ours && is_open);
            ended += usize::from(is_ours && !is_open && lease.api_key == caller.api_key);
            if is_open && lease.rented.gpu == offer.name {
                rented = rented.saturating_add(lease.rented.count);
            }
        }
        let most = self.settings.leases_per_credit;
        if open >= most {
            return Err(LeaseError::TooMany(most));
        }
        // They are still shown, and take room. Each key has its own, so that none shuts out the others.
        if ended >= most.saturating_mul(ENDED_PER_OPEN) {
            return Err(LeaseError::TooManyEnded(ended));
        }
        let free = offer.count.saturating_sub(rented);
        if count > free { Err(LeaseError::NoneFree { free }) } else { Ok(()) }
    }

    /// A lease that a caller may use. Errors: [`LeaseError::Unknown`].
    fn find(&self, caller: &Caller, id: &str) -> Result<Arc<Lease>, LeaseError> {
        let lease = self.table().get(id).cloned();
        lease.filter(|lease| lease.is_open_to(caller)).ok_or(LeaseError::Unknown)
    }

    /// Settles the time that has passed and holds another period, of a new length or of the same one.
    /// Errors: [`LeaseError`] with the lease, which then runs to the end of the period that it holds.
    pub(crate) async fn heartbeat(
        &self,
        caller: &Caller,
        id: &str,
        length: Option<Duration>,
    ) -> Result<LeaseView, (LeaseError, Option<LeaseView>)> {
        let lease = self.find(caller, id).map_err(|error| (error, None))?;
        let mut state = lease.state.lock().await;
        let ended = |state: &LeaseState| (LeaseError::Ended, Some(lease.view(state)));
        if !state.is_open() {
            return Err(ended(&state));
        }
        let length = length.unwrap_or(state.period.length());
        let (used, paid) = state.period.due();
        let job = state.period.next_job(&lease.rented, length);
        match self.gate.renew(&state.period.hold, used, job).await {
            Ok(hold) => {
                state.period = Period::new(hold, paid);
                state.settled = state.settled.saturating_add(used);
                Ok(lease.view(&state))
            }
            // Either the period has passed, or the credit's units have expired; only the first ends the lease.
            Err(Refusal::Expired) if state.period.left().is_zero() => Err(ended(&state)),
            Err(refusal) => Err((refusal.into(), Some(lease.view(&state)))),
        }
    }

    /// Ends a lease and settles the time that has passed. Ending it again changes nothing. Errors: [`LeaseError`].
    pub(crate) async fn close(&self, caller: &Caller, id: &str) -> Result<LeaseView, LeaseError> {
        let lease = self.find(caller, id)?;
        let mut state = lease.state.lock().await;
        if state.is_open() {
            let (used, _) = state.period.due();
            self.gate.settle_with(&state.period.hold, used, CLOSED).await?;
            state.settled = state.settled.saturating_add(used);
            state.closed = Some((Instant::now(), now_ms()));
        }
        Ok(lease.view(&state))
    }

    /// A lease that a caller may see. Errors: [`LeaseError::Unknown`].
    pub(crate) async fn get(&self, caller: &Caller, id: &str) -> Result<LeaseView, LeaseError> {
        let lease = self.find(caller, id)?;
        let state = lease.state.lock().await;
        Ok(lease.view(&state))
    }

    /// The leases that a caller may see, the oldest first.
    pub(crate) async fn list(&self, caller: &Caller) -> Vec<LeaseView> {
        let ours: Vec<_> = self.table().values().filter(|lease| lease.is_open_to(caller)).cloned().collect();
        let mut views = Vec::with_capacity(ours.len());
        for lease in ours {
            let state = lease.state.lock().await;
            views.push(lease.view(&state));
        }
        views.sort_by_key(|view| view.rented.opened_ms);
        views
    }

    /// Number of open leases.
    pub(crate) fn count(&self) -> usize {
        self.table().values().filter(|lease| is_open(lease)).count()
    }

    /// Drops leases that ended more than [`KEEP_ENDED`] ago.
    pub(crate) fn drop_ended(&self) {
        self.table().retain(|_, lease| {
            let Ok(state) = lease.state.try_lock() else { return true };
            state.ended_for().is_none_or(|ended| ended < KEEP_ENDED)
        });
    }
}

/// The name of the lease that a request with a key opens. It is in the reference of the lease's holds, so that it outlasts a
/// restart.
fn id_of_key(caller: &Caller, key: &str) -> String {
    let hash = Sha256::new()
        .chain_update(b"blockable/lease-key/v1")
        .chain_update(caller.credit)
        .chain_update(caller.name_space())
        .chain_update([0])
        .chain_update(key)
        .finalize();
    hex::encode(hash.get(..8).unwrap_or_default())
}

/// The price of several GPUs per second, by that of one.
pub(crate) fn all_gpus(price: Units, count: u32) -> Units {
    Units(price.get().saturating_mul(u64::from(count)))
}

/// True while a lease holds its GPUs. A lease that is being changed counts as open.
fn is_open(lease: &Lease) -> bool {
    lease.state.try_lock().map_or(true, |state| state.is_open())
}
