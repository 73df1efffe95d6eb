//! GPUs for rent by the second. A lease holds the units of its next period in advance; each heartbeat settles the time that
//! has passed and holds the next period. Without a heartbeat the whole period counts as used and the lease ends.
//!
//! Leases are kept as the gate's holds and nowhere else: after a restart they are read from them.

mod lease;
mod routes;

pub(crate) use routes::routes;
use {
    crate::config::{GpuConfig, LeaseSettings},
    blockable_gate::{Gate, Hold, Refusal, StoreError, gate::now_ms},
    blockable_sdk::Pubkey,
    blockable_service::lock::lock,
    lease::{Period, Rented},
    std::{
        collections::HashMap,
        sync::{Arc, Mutex, MutexGuard},
        time::{Duration, Instant},
    },
};

/// How long a lease that has ended is still told of.
const KEEP_ENDED: Duration = Duration::from_secs(60);

/// Why a lease cannot be had or renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// No such GPU.
    #[error("there is no such GPU; GET /v1/leases lists those that there are")]
    UnknownGpu,
    /// All of them are rented.
    #[error("{free} GPUs of this kind are free; ask for fewer or try again later")]
    NoneFree {
        /// How many are free.
        free: u32,
    },
    /// As many leases as a credit may have.
    #[error("the credit has {0} leases, as many as it may; close one")]
    TooMany(usize),
    /// No such lease of this credit.
    #[error("the credit has no such lease; GET /v1/leases lists those that it has")]
    Unknown,
    /// It has ended.
    #[error("the lease has ended; open a new one")]
    Ended,
    /// The gate refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What can be told of a lease.
#[derive(Clone, Debug)]
pub(crate) struct LeaseView {
    rented: Rented,
    open: bool,
    held: u64,
    settled: u64,
    units_per_second: u64,
    left: Duration,
}

struct State {
    period: Period,
    /// When it was closed, where it was.
    closed: Option<Instant>,
    /// Units settled for the periods before, in this run of the server; once closed, for all.
    settled: u64,
}

impl State {
    fn new(period: Period) -> tokio::sync::Mutex<State> {
        tokio::sync::Mutex::new(State { period, closed: None, settled: 0 })
    }

    /// Whether it runs; the gate ends it by itself at its deadline.
    fn is_open(&self) -> bool {
        self.closed.is_none() && !self.period.left().is_zero()
    }

    /// How long ago it ended, `None` while it runs.
    fn ended_for(&self) -> Option<Duration> {
        match self.closed {
            Some(at) => Some(at.elapsed()),
            None => self.period.over_for(),
        }
    }
}

struct Lease {
    credit: Pubkey,
    rented: Rented,
    /// One change at a time: held across writes to the store.
    state: tokio::sync::Mutex<State>,
}

impl Lease {
    fn view(&self, state: &State) -> LeaseView {
        let (period, open) = (&state.period, state.is_open());
        let at_deadline = if open || state.closed.is_some() { 0 } else { period.hold.units };
        LeaseView {
            rented: self.rented.clone(),
            open,
            held: if open { period.hold.units } else { 0 },
            settled: state.settled.saturating_add(at_deadline),
            units_per_second: period.hold.units / period.length().as_secs().max(1),
            left: if open { period.left() } else { Duration::ZERO },
        }
    }
}

/// All leases of the provider.
pub(crate) struct Leases {
    gate: Gate,
    gpus: HashMap<String, GpuConfig>,
    settings: LeaseSettings,
    /// Those that are open, and those that ended not long ago.
    known: Mutex<HashMap<String, Arc<Lease>>>,
    opening: tokio::sync::Mutex<()>,
}

impl Leases {
    /// The leases that a gate's open holds are of.
    pub fn restore(gate: Gate, gpus: &[GpuConfig], settings: &LeaseSettings) -> Leases {
        let now = now_ms();
        let lease = |hold: Hold| {
            let rented = Rented::read(&hold.reference)?;
            let (id, credit) = (rented.id.clone(), hold.credit);
            let state = State::new(Period::restored(hold, now));
            Some((id, Arc::new(Lease { credit, rented, state })))
        };
        let known = gate.holds().into_iter().filter_map(lease).collect();
        let gpus = gpus.iter().map(|gpu| (gpu.name.clone(), gpu.clone())).collect();
        let (known, opening) = (Mutex::new(known), tokio::sync::Mutex::new(()));
        Leases { gate, gpus, settings: settings.clone(), known, opening }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<String, Arc<Lease>>> {
        lock(&self.known)
    }

    /// Opens a lease of `count` GPUs whose first period is of a length. Errors: [`LeaseError`].
    pub async fn open(
        &self,
        credit: Pubkey,
        gpu: &str,
        count: u32,
        length: Duration,
    ) -> Result<LeaseView, LeaseError> {
        let offer = self.gpus.get(gpu).ok_or(LeaseError::UnknownGpu)?;
        let id = format!("{:016x}", rand::random::<u64>());
        let rented = Rented { id: id.clone(), gpu: gpu.to_string(), count, opened_ms: now_ms() };
        let per_second = offer.units_per_second.saturating_mul(u64::from(count));
        let job = Period::job(&rented, per_second, length);
        // One at a time, so that no GPU is rented twice.
        let _opening = self.opening.lock().await;
        self.require_free(&credit, offer, count)?;
        let hold = self.gate.admit(&credit, job).await?;
        let state = State::new(Period::new(hold, Duration::ZERO));
        let lease = Arc::new(Lease { credit, rented, state });
        let view = lease.view(&*lease.state.lock().await);
        self.table().insert(id, lease);
        Ok(view)
    }

    fn require_free(&self, credit: &Pubkey, offer: &GpuConfig, count: u32) -> Result<(), LeaseError> {
        let (mut rented, mut open, mut known) = (0_u32, 0, 0);
        for lease in self.table().values() {
            let is_open = is_open(lease);
            known += usize::from(lease.credit == *credit);
            open += usize::from(lease.credit == *credit && is_open);
            if is_open && lease.rented.gpu == offer.name {
                rented = rented.saturating_add(lease.rented.count);
            }
        }
        let most = self.settings.leases_per_credit;
        // Those that have ended are still told of, and take room.
        if open >= most || known >= most.saturating_mul(16) {
            return Err(LeaseError::TooMany(most));
        }
        let free = offer.count.saturating_sub(rented);
        if count > free { Err(LeaseError::NoneFree { free }) } else { Ok(()) }
    }

    /// A lease of a credit. Errors: [`LeaseError::Unknown`].
    fn find(&self, credit: &Pubkey, id: &str) -> Result<Arc<Lease>, LeaseError> {
        let lease = self.table().get(id).cloned();
        lease.filter(|lease| lease.credit == *credit).ok_or(LeaseError::Unknown)
    }

    /// Settles what has passed and holds another period of a length, or of the same one.
    /// Errors: [`LeaseError`], with what can be told of the lease, which then runs to the end of what it holds.
    pub async fn heartbeat(
        &self,
        credit: &Pubkey,
        id: &str,
        length: Option<Duration>,
    ) -> Result<LeaseView, (LeaseError, Option<LeaseView>)> {
        let lease = self.find(credit, id).map_err(|error| (error, None))?;
        let mut state = lease.state.lock().await;
        let ended = |state: &State| (LeaseError::Ended, Some(lease.view(state)));
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
            // It has ended by its deadline, or the credit's units have: the hold knows.
            Err(Refusal::Expired) if state.period.left().is_zero() => Err(ended(&state)),
            Err(refusal) => Err((refusal.into(), Some(lease.view(&state)))),
        }
    }

    /// Ends a lease and settles what has passed. Ending it again changes nothing. Errors: [`LeaseError`].
    pub async fn close(&self, credit: &Pubkey, id: &str) -> Result<LeaseView, LeaseError> {
        let lease = self.find(credit, id)?;
        let mut state = lease.state.lock().await;
        if state.is_open() {
            let (used, _) = state.period.due();
            self.gate.settle(&state.period.hold, used).await?;
            state.settled = state.settled.saturating_add(used);
            state.closed = Some(Instant::now());
        }
        Ok(lease.view(&state))
    }

    /// What can be told of a lease. Errors: [`LeaseError::Unknown`].
    pub async fn get(&self, credit: &Pubkey, id: &str) -> Result<LeaseView, LeaseError> {
        let lease = self.find(credit, id)?;
        let state = lease.state.lock().await;
        Ok(lease.view(&state))
    }

    /// What can be told of a credit's leases, the oldest first.
    pub async fn list(&self, credit: &Pubkey) -> Vec<LeaseView> {
        let ours: Vec<_> = self.table().values().filter(|lease| lease.credit == *credit).cloned().collect();
        let mut views = Vec::with_capacity(ours.len());
        for lease in ours {
            let state = lease.state.lock().await;
            views.push(lease.view(&state));
        }
        views.sort_by_key(|view| view.rented.opened_ms);
        views
    }

    /// Leases that are open.
    pub fn count(&self) -> usize {
        self.table().values().filter(|lease| is_open(lease)).count()
    }

    /// Forgets leases that ended a while ago.
    pub fn forget_ended(&self) {
        self.table().retain(|_, lease| {
            let Ok(state) = lease.state.try_lock() else { return true };
            state.ended_for().is_none_or(|ended| ended < KEEP_ENDED)
        });
    }
}

/// Whether a lease holds its GPUs; one that is being changed does.
fn is_open(lease: &Lease) -> bool {
    lease.state.try_lock().map_or(true, |state| state.is_open())
}
