//! The signed freezes that are obeyed, and those that were. No I/O.

use {
    super::{
        records::Record,
        refused::OrderRefused,
        state::{KEEP, OrderState},
    },
    crate::NoticeKind,
    blockable_sdk::{Pubkey, Signature, amounts::Units},
    std::{
        collections::HashMap,
        time::{Duration, Instant},
    },
};

/// A signed freeze that is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObeyedOrder {
    /// The transaction.
    pub signature: Signature,
    /// The credit.
    pub credit: Pubkey,
    /// Units closed to new jobs in all.
    pub frozen: Units,
    /// The key that ordered it.
    pub by: Pubkey,
    /// The last block height at which it can land.
    pub last_valid_height: u64,
}

/// Orders for one credit that may end without landing within [`UNLANDED_WITHIN`]. Each is obeyed for a bounded time; an
/// unbounded number of them would be a freeze for ever that never reaches the chain.
const UNLANDED: usize = 3;
const UNLANDED_WITHIN: Duration = Duration::from_secs(600);

/// A signed freeze that is obeyed.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) record: Record,
    /// The time after which it is obeyed in no case.
    pub(super) deadline: Instant,
    /// Its record has been written, or could not be.
    recorded: bool,
    /// The slot it has landed in for good.
    pub(super) landed: Option<u64>,
    /// Its end, while that waits to be recorded: the gate obeys it no longer.
    pub(super) ended: Option<(OrderState, NoticeKind)>,
}

impl Open {
    fn obeyed(&self) -> ObeyedOrder {
        ObeyedOrder {
            signature: self.record.order.signature,
            credit: self.record.order.credit,
            frozen: self.record.frozen,
            by: self.record.order.by,
            last_valid_height: self.record.last_valid_height,
        }
    }
}

/// Most orders that are obeyed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) in_all: usize,
    pub(super) per_credit: usize,
}

pub(super) struct OpenOrders {
    limits: Limits,
    open: HashMap<Signature, Open>,
    closed: HashMap<Signature, (OrderState, Instant)>,
    /// Times at which orders ended without landing, by credit, since the last one that landed.
    unlanded: HashMap<Pubkey, Vec<Instant>>,
}

impl OpenOrders {
    pub(super) fn new(limits: Limits) -> OpenOrders {
        OpenOrders { limits, open: HashMap::new(), closed: HashMap::new(), unlanded: HashMap::new() }
    }

    /// The answer to an order that is open, `None` for one that was never taken. Errors: [`OrderRefused::Replayed`].
    pub(super) fn known(&self, signature: &Signature) -> Result<Option<ObeyedOrder>, OrderRefused> {
        if let Some((state, _)) = self.closed.get(signature) {
            return Err(OrderRefused::Replayed(*state));
        }
        match self.open.get(signature) {
            Some(Open { ended: Some((state, _)), .. }) => Err(OrderRefused::Replayed(*state)),
            open => Ok(open.map(Open::obeyed)),
        }
    }

    /// The state of an order, `None` where it is not known.
    pub(super) fn state(&self, signature: &Signature) -> Option<OrderState> {
        let closed = self.closed.get(signature).map(|(state, _)| *state);
        closed.or_else(|| {
            let open = self.open.get(signature)?;
            Some(open.ended.as_ref().map_or(OrderState::Open, |(state, _)| *state))
        })
    }

    /// Opens an order that is not known. Errors: [`OrderRefused::TooManyOpen`], [`OrderRefused::TooManyUnlanded`].
    pub(super) fn open(&mut self, record: Record, deadline: Instant) -> Result<ObeyedOrder, OrderRefused> {
        let unlanded = self
            .unlanded
            .get(&record.order.credit)
            .map_or(0, |ends| ends.iter().filter(|at| is_recent(at)).count());
        if unlanded >= UNLANDED {
            return Err(OrderRefused::TooManyUnlanded { unlanded });
        }
        if self.open.len() >= self.limits.in_all {
            return Err(OrderRefused::TooManyOpen { open: self.open.len() });
        }
        let here = self.of_credit(&record.order.credit);
        if here >= self.limits.per_credit {
            return Err(OrderRefused::TooManyOpen { open: here });
        }
        Ok(self.insert(record, deadline, false))
    }

    fn of_credit(&self, credit: &Pubkey) -> usize {
        self.open.values().filter(|open| open.record.order.credit == *credit).count()
    }

    /// Takes up an order that is recorded as open.
    pub(super) fn resume(&mut self, record: Record, deadline: Instant) {
        self.insert(record, deadline, true);
    }

    fn insert(&mut self, record: Record, deadline: Instant, recorded: bool) -> ObeyedOrder {
        let open = Open { record, deadline, recorded, landed: None, ended: None };
        let obeyed = open.obeyed();
        self.open.insert(obeyed.signature, open);
        obeyed
    }

    /// An order's record has been written, or could not be: from now on it is watched.
    pub(super) fn recorded(&mut self, signature: &Signature) {
        if let Some(open) = self.open.get_mut(signature) {
            open.recorded = true;
        }
    }

    /// An order has landed for good.
    pub(super) fn landed(&mut self, signature: &Signature, slot: u64) {
        if let Some(open) = self.open.get_mut(signature) {
            open.landed = Some(slot);
        }
    }

    /// An order has ended and its end could not be recorded yet.
    pub(super) fn end(&mut self, signature: &Signature, state: OrderState, kind: NoticeKind) {
        if let Some(open) = self.open.get_mut(signature) {
            open.ended = Some((state, kind));
        }
    }

    /// The orders to watch, by age. One whose record is being written is not among them: its end must not be written first.
    pub(super) fn watched(&self) -> Vec<Open> {
        let mut watched: Vec<Open> = self.open.values().filter(|open| open.recorded).cloned().collect();
        watched.sort_unstable_by_key(|open| open.deadline);
        watched
    }

    /// Closes an order, or remembers one that was closed before.
    pub(super) fn close(&mut self, signature: Signature, state: OrderState) {
        let credit = self.open.remove(&signature).map(|open| open.record.order.credit);
        match (credit, state) {
            (Some(credit), OrderState::Landed) => drop(self.unlanded.remove(&credit)),
            (Some(credit), _) => self.unlanded.entry(credit).or_default().push(Instant::now()),
            (None, _) => {}
        }
        self.closed.insert(signature, (state, Instant::now()));
    }

    /// Forgets orders that were closed long ago.
    pub(super) fn prune(&mut self) {
        self.closed.retain(|_, (_, at)| at.elapsed() < KEEP);
        self.unlanded.retain(|_, ends| ends.iter().any(is_recent));
    }
}

fn is_recent(at: &Instant) -> bool {
    at.elapsed() < UNLANDED_WITHIN
}
