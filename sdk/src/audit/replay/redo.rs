//! One state of a replay, and the actions that an event may stand for.

use {
    super::Origin,
    crate::{errors::refusal, events::CreditRecord},
    anchor_lang::error::Error,
    blockable_credits::{
        events::Change,
        state::{Credit, MarketClock},
    },
    bytemuck::Zeroable,
    solana_pubkey::Pubkey,
    std::collections::BTreeMap,
};

/// A state after an event with the change that the program would have recorded, or its refusal.
pub(super) type Attempt = Result<(State, Change), String>;

/// A credit as the events so far lead to it.
#[derive(Clone)]
pub(super) struct State {
    /// The credit.
    pub(super) credit: Credit,
    /// Seconds for which the market has been paused so far.
    pub(super) paused: i64,
    /// Market time at which each lot was opened.
    pub(super) lots: BTreeMap<Pubkey, i64>,
}

/// One event that is done again.
pub(super) struct Event<'a> {
    /// The credit's address.
    pub(super) key: Pubkey,
    /// Number of the record.
    pub(super) seq: u64,
    /// Both clocks at the event.
    pub(super) clock: MarketClock,
    /// The recorded change.
    pub(super) change: &'a Change,
    /// The facts that no event has.
    pub(super) origin: &'a Origin,
}

impl State {
    /// The state before the first event.
    pub(super) fn new(paused: i64) -> State {
        State { credit: Credit::zeroed(), paused, lots: BTreeMap::new() }
    }

    /// Does an event again, in every way that it may have come about.
    pub(super) fn redo(&self, record: &CreditRecord, origin: &Origin) -> Vec<Attempt> {
        let event = Event {
            key: record.credit,
            seq: record.seq,
            clock: self.clock(record.at),
            change: &record.change,
            origin,
        };
        let begins = matches!(record.change, Change::Offered { .. } | Change::Granted { .. });
        if record.seq == 0 && !begins {
            return Vec::new();
        }
        let attempts = self.redo_beginning(&event);
        let attempts = attempts.or_else(|| self.redo_money(&event));
        let attempts = attempts.or_else(|| self.redo_enforcement(&event));
        attempts.or_else(|| self.redo_agreement(&event)).unwrap_or_default()
    }

    /// Does an action on a copy.
    pub(super) fn attempt(&self, act: impl FnOnce(&mut State) -> Result<Change, Error>) -> Attempt {
        let mut next = self.clone();
        match act(&mut next) {
            Ok(change) => Ok((next, change)),
            Err(error) => Err(refusal(&error).map_or_else(|| error.to_string(), |error| error.to_string())),
        }
    }

    /// Does an action of the credit on a copy, as the only way that an event may have come about.
    pub(super) fn only(
        &self,
        act: impl FnOnce(&mut Credit) -> Result<Change, Error>,
    ) -> Option<Vec<Attempt>> {
        Some(vec![self.attempt(|state| act(&mut state.credit))])
    }

    /// A copy whose debt has been brought up to an event.
    pub(super) fn accrued(&self, clock: &MarketClock) -> Result<Credit, Error> {
        let mut credit = self.credit;
        credit.accrue(clock.market)?;
        Ok(credit)
    }

    /// Numbers the event and folds it into the hash chain. Errors: more than 2^64 events.
    pub(super) fn record(&mut self, record: &CreditRecord) -> Result<(), Error> {
        // The bytes to emit are of no use here.
        let _ = self.credit.record(record.credit, record.at, record.change.clone())?;
        Ok(())
    }
}
