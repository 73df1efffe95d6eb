//! The signed freezes that are obeyed, and those that were. No I/O.

use {
    super::{
        records::OrderRecord,
        refused::OrderRefused,
        state::{OrderState, REMEMBER_FOR},
    },
    crate::NoticeKind,
    blockable_sdk::{Pubkey, Signature, amounts::Units},
    std::{
        collections::HashMap,
        time::{Duration, Instant},
    },
};

/// The answer to an order that is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObeyedOrder {
    /// The transaction.
    pub signature: Signature,
    /// The credit.
    pub credit: Pubkey,
    /// Total of units closed to new jobs.
    pub frozen: Units,
    /// The key that ordered it.
    pub by: Pubkey,
    /// The last block height at which it can land.
    pub last_valid_height: u64,
}

/// Orders for one credit that may end without landing within [`UNLANDED_WITHIN`]. Each is obeyed for a bounded time; an
/// unbounded number of them would be a freeze for ever that never reaches the chain.
const MAX_UNLANDED: usize = 3;
const UNLANDED_WITHIN: Duration = Duration::from_secs(600);
/// Most orders that are kept, those whose ends wait to be recorded among them, as a multiple of those that may be obeyed at
/// once: a store that stays full must not fill the memory.
const KEPT_FACTOR: usize = 4;

/// An order that is obeyed, or whose end waits to be recorded.
#[derive(Clone)]
pub(super) struct OpenOrder {
    pub(super) record: OrderRecord,
    /// The time after which it is obeyed in no case.
    pub(super) deadline: Instant,
    /// Its record has been written, or could not be.
    watched: bool,
    /// The slot it has landed in for good.
    pub(super) landed: Option<u64>,
    /// Its end, while that waits to be recorded: the gate obeys it no longer.
    pub(super) ended: Option<(OrderState, NoticeKind)>,
}

impl OpenOrder {
    fn answer(&self) -> ObeyedOrder {
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
pub(super) struct OpenLimits {
    pub(super) total: usize,
    pub(super) per_credit: usize,
}

/// The orders that are obeyed, and those that were obeyed lately.
///
/// Owned by [`super::desk::DeskCore`] behind a lock. An order stands in `open` from the moment that it is obeyed until its end
/// is recorded, then in `closed`, so that the same bytes are never obeyed a second time. An order whose end waits to be
/// recorded is obeyed no longer and counts against no limit of those that are, so that a full store refuses no freeze. Nothing
/// here is durable: after a crash it is filled from the records.
pub(super) struct OpenOrders {
    limits: OpenLimits,
    open: HashMap<Signature, OpenOrder>,
    closed: HashMap<Signature, (OrderState, Instant)>,
    /// Times at which orders ended without landing, by credit, since the last one that landed.
    unlanded: HashMap<Pubkey, Vec<Instant>>,
}

impl OpenOrders {
    pub(super) fn new(limits: OpenLimits) -> OpenOrders {
        OpenOrders { limits, open: HashMap::new(), closed: HashMap::new(), unlanded: HashMap::new() }
    }

    /// The answer to an order that is open, `None` for one that was never taken. Errors: [`OrderRefused::Replayed`].
    pub(super) fn answer_again(&self, signature: &Signature) -> Result<Option<ObeyedOrder>, OrderRefused> {
        if let Some((state, _)) = self.closed.get(signature) {
            return Err(OrderRefused::Replayed(*state));
        }
        match self.open.get(signature) {
            Some(OpenOrder { ended: Some((state, _)), .. }) => Err(OrderRefused::Replayed(*state)),
            open => Ok(open.map(OpenOrder::answer)),
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
    pub(super) fn open(
        &mut self,
        record: OrderRecord,
        deadline: Instant,
    ) -> Result<ObeyedOrder, OrderRefused> {
        let unlanded = self
            .unlanded
            .get(&record.order.credit)
            .map_or(0, |ends| ends.iter().filter(|at| is_recent(at)).count());
        if unlanded >= MAX_UNLANDED {
            return Err(OrderRefused::TooManyUnlanded { unlanded });
        }
        let (kept, obeyed) = (self.open.len(), self.obeyed().count());
        if obeyed >= self.limits.total || kept >= self.limits.total.saturating_mul(KEPT_FACTOR) {
            return Err(OrderRefused::TooManyOpen { open: obeyed });
        }
        let here = self.obeyed().filter(|open| open.record.order.credit == record.order.credit).count();
        if here >= self.limits.per_credit {
            return Err(OrderRefused::TooManyOpen { open: here });
        }
        Ok(self.insert(record, deadline, false))
    }

    /// The orders that are obeyed, without those whose ends wait to be recorded.
    fn obeyed(&self) -> impl Iterator<Item = &OpenOrder> {
        self.open.values().filter(|open| open.ended.is_none())
    }

    /// Takes up an order that is recorded as open.
    pub(super) fn resume(&mut self, record: OrderRecord, deadline: Instant) {
        self.insert(record, deadline, true);
    }

    fn insert(&mut self, record: OrderRecord, deadline: Instant, watched: bool) -> ObeyedOrder {
        let open = OpenOrder { record, deadline, watched, landed: None, ended: None };
        let obeyed = open.answer();
        self.open.insert(obeyed.signature, open);
        obeyed
    }

    /// Watches an order from now on: its record has been written, or could not be.
    pub(super) fn watch(&mut self, signature: &Signature) {
        if let Some(open) = self.open.get_mut(signature) {
            open.watched = true;
        }
    }

    /// Notes that an order has landed for good.
    pub(super) fn set_landed(&mut self, signature: &Signature, slot: u64) {
        if let Some(open) = self.open.get_mut(signature) {
            open.landed = Some(slot);
        }
    }

    /// Notes the end of an order that could not be recorded yet.
    pub(super) fn set_ended(&mut self, signature: &Signature, state: OrderState, kind: NoticeKind) {
        let Some(open) = self.open.get_mut(signature) else { return };
        let credit = open.record.order.credit;
        if open.ended.replace((state, kind)).is_none() {
            self.count_end(credit, state);
        }
    }

    /// Counts the end of an order once, at the time at which it has ended: its end may be recorded much later.
    fn count_end(&mut self, credit: Pubkey, state: OrderState) {
        match state {
            OrderState::Landed => drop(self.unlanded.remove(&credit)),
            _ => self.unlanded.entry(credit).or_default().push(Instant::now()),
        }
    }

    /// The orders to watch, by age. One whose record is being written is not among them: its end must not be written first.
    pub(super) fn watched(&self) -> Vec<OpenOrder> {
        let mut watched: Vec<OpenOrder> = self.open.values().filter(|open| open.watched).cloned().collect();
        watched.sort_unstable_by_key(|open| open.deadline);
        watched
    }

    /// Closes an order, or remembers one that was closed before.
    pub(super) fn close(&mut self, signature: Signature, state: OrderState) {
        if let Some(OpenOrder { record, ended: None, .. }) = self.open.remove(&signature) {
            self.count_end(record.order.credit, state);
        }
        self.closed.insert(signature, (state, Instant::now()));
    }

    /// Forgets orders that were closed long ago.
    pub(super) fn prune(&mut self) {
        self.closed.retain(|_, (_, at)| at.elapsed() < REMEMBER_FOR);
        self.unlanded.retain(|_, ends| ends.iter().any(is_recent));
    }
}

fn is_recent(at: &Instant) -> bool {
    at.elapsed() < UNLANDED_WITHIN
}
