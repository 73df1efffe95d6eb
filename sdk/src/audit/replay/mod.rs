//! Rebuilds a credit from its events, by the program's own actions.

mod agreements;
mod begin;
mod enforcement;
mod money;
mod pauses;
mod redo;

pub use pauses::Pauses;
use {
    super::compare::{Difference, differences},
    crate::{addresses, events::CreditRecord},
    blockable_credits::{
        events::Change,
        state::{Credit, LoanParties, MarketClock},
    },
    bytemuck::bytes_of,
    redo::State,
    solana_pubkey::Pubkey,
};

/// Most states that may explain the same events; more than a handful never do.
const MOST_STATES: usize = 32;

/// The facts of a credit that none of its events carries. See [`NOT_REBUILT`](super::NOT_REBUILT).
#[derive(Clone, Copy)]
pub struct Origin {
    /// Those facts in an account that is else zero.
    template: Credit,
    /// Seconds for which the market had been paused at the first event.
    paused: i64,
}

impl Origin {
    /// The facts in a credit's account. `first_at` is the chain's Unix time of its first event.
    pub fn from_account(account: &Credit, first_at: i64) -> Origin {
        let mut template: Credit = bytemuck::Zeroable::zeroed();
        template.bump = account.bump;
        template.market = account.market;
        template.lender = account.address_lender();
        template.borrower = account.address_borrower();
        template.provider = account.provider;
        template.nonce = account.nonce;
        template.vault = account.vault;
        template.rent_payer = account.rent_payer;
        template.freeze_authority = account.freeze_authority;
        template.paused_at_offer = account.paused_at_offer;
        template.cross_credit = account.cross_credit;
        let mut paused = i64::try_from(account.paused_at_offer).unwrap_or(0);
        if account.is_unrestricted() {
            template.meter.index = account.meter.index;
            template.terms.max_units_per_second = account.terms.max_units_per_second;
            template.terms.longest_job = account.terms.longest_job;
            paused = first_at.saturating_sub(account.issued_at);
        }
        Origin { template, paused }
    }

    /// The facts in the instruction that made the offer, for a credit whose account is gone.
    pub fn from_offer(parties: &LoanParties, freeze_authority: Pubkey, rent_payer: Pubkey) -> Origin {
        let mut template: Credit = bytemuck::Zeroable::zeroed();
        template.market = parties.market;
        template.lender = parties.lender;
        template.borrower = parties.borrower;
        template.provider = parties.provider;
        template.nonce = parties.nonce;
        template.freeze_authority = freeze_authority;
        template.rent_payer = rent_payer;
        Origin { template, paused: 0 }
    }

    /// The same with the first freeze authority and the payer of the rent as the offer's instruction has them.
    pub fn with_offer(mut self, offer: &Origin) -> Origin {
        self.template.freeze_authority = offer.template.freeze_authority;
        self.template.rent_payer = offer.template.rent_payer;
        self
    }

    /// The market of the credit.
    pub fn market(&self) -> Pubkey {
        self.template.market
    }

    /// Returns true where the parties and the number are those in a credit's address, and the vault, if there is one, is its own.
    pub fn is_of(&self, credit: &Pubkey) -> bool {
        let of = &self.template;
        if of.vault != Pubkey::default() && of.vault != addresses::vault(credit) {
            return false;
        }
        addresses::credit(&of.market, &of.lender, &of.borrower, of.nonce) == *credit
    }
}

/// The reason for which an event cannot follow on those before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The parties given are not those of the credit's address.
    #[error(
        "the account's parties are not those of its address; the node's answer cannot be an account of the program"
    )]
    WrongParties,
    /// A record that is not the next one.
    #[error("record {expected} should come next and {found} came; apply the records in order")]
    OutOfOrder {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The program does not allow the change in that state.
    #[error("event {seq} ({kind}) cannot follow on those before it: {reason}")]
    Refused {
        /// Number of the record.
        seq: u64,
        /// Name of the change; see [`kind`](super::kind()).
        kind: &'static str,
        /// The program's refusal.
        reason: String,
    },
    /// The program allows the change, and its figures would be others.
    #[error(
        "event {seq} ({kind}) has other figures than the program would have recorded: {recorded}, and not {rebuilt}"
    )]
    Figures {
        /// Number of the record.
        seq: u64,
        /// Name of the change; see [`kind`](super::kind()).
        kind: &'static str,
        /// The first figure that differs, as recorded.
        recorded: String,
        /// The same figure as the events before it lead to.
        rebuilt: String,
    },
}

/// A credit that is rebuilt event by event.
///
/// Each event is done again on a copy by the program's own action, with the inputs that the event shows, and must come out as it
/// is recorded. Some inputs are not in the event: whether a report counted as from before a freeze, for example. Then all that
/// explain the event are followed, as `states`, until later events decide; there is nearly always one. It is owned by one
/// reader, holds no lock, and costs a few kilobytes however long the log is.
///
/// Events have the chain's time alone. Where the pauses of the market are not known, they are found by the debts that events carry.
#[derive(Clone)]
pub struct Replay {
    address: Pubkey,
    origin: Origin,
    pauses: Pauses,
    next: u64,
    states: Vec<State>,
}

impl Replay {
    /// A replay of the credit at an address, in a market with these pauses. Errors: [`ReplayError::WrongParties`].
    pub fn new(address: Pubkey, origin: Origin, pauses: Pauses) -> Result<Replay, ReplayError> {
        if !origin.is_of(&address) {
            return Err(ReplayError::WrongParties);
        }
        let states = vec![State::new(origin.paused)];
        Ok(Replay { address, origin, pauses, next: 0, states })
    }

    /// Redoes the next event. Errors: [`ReplayError`], with the replay as it was.
    pub fn apply(&mut self, record: &CreditRecord) -> Result<(), ReplayError> {
        if record.seq != self.next || record.credit != self.address {
            return Err(ReplayError::OutOfOrder { expected: self.next, found: record.seq });
        }
        let mut fault = None;
        let mut following = Vec::new();
        for state in &self.states {
            self.follow(&self.at_time(state, record.at), record, &mut following, &mut fault);
        }
        // A reading may count as from before a freeze by the market's clock: a pause makes that so for longer.
        let may_be_late = self.was_paused() && matches!(record.change, Change::Metered { .. });
        if (following.is_empty() && !self.pauses.is_exact()) || may_be_late {
            for state in &self.states {
                self.follow_paused(state, record, &mut following, &mut fault);
            }
        }
        if following.is_empty() {
            return Err(self.error(record, fault));
        }
        following.truncate(MOST_STATES);
        self.states = following;
        self.next = self.next.saturating_add(1);
        Ok(())
    }

    /// Adds the states after an event that are new; notes the first that comes out otherwise.
    fn follow(
        &self,
        state: &State,
        record: &CreditRecord,
        following: &mut Vec<State>,
        fault: &mut Option<Result<Change, String>>,
    ) {
        for attempt in state.redo(record, &self.origin) {
            match attempt {
                Ok((mut next, change)) if change == record.change => {
                    if next.record(record).is_err() {
                        continue;
                    }
                    let is_known = |other: &State| {
                        bytes_of(&other.credit) == bytes_of(&next.credit) && other.paused == next.paused
                    };
                    if !following.iter().any(is_known) {
                        following.push(next);
                    }
                }
                Ok((_, change)) => *fault = Some(Ok(change)),
                Err(refused) => {
                    fault.get_or_insert(Err(refused));
                }
            }
        }
    }

    fn error(&self, record: &CreditRecord, fault: Option<Result<Change, String>>) -> ReplayError {
        let (seq, kind) = (record.seq, super::kind(&record.change));
        match fault {
            Some(Ok(rebuilt)) => {
                let (recorded, rebuilt) = (format!("{:#?}", record.change), format!("{rebuilt:#?}"));
                let mut lines = recorded.lines().zip(rebuilt.lines());
                let (recorded, rebuilt) = lines.find(|(one, other)| one != other).unwrap_or_default();
                let trim = |line: &str| line.trim().trim_end_matches(',').to_string();
                ReplayError::Figures { seq, kind, recorded: trim(recorded), rebuilt: trim(rebuilt) }
            }
            Some(Err(reason)) => ReplayError::Refused { seq, kind, reason },
            None => ReplayError::Refused { seq, kind, reason: "the log cannot begin with it".to_string() },
        }
    }

    /// A replay of the same credit from the beginning.
    pub fn restart(&self) -> Replay {
        Replay { next: 0, states: vec![State::new(self.origin.paused)], ..self.clone() }
    }

    /// The credit's address.
    pub fn address(&self) -> Pubkey {
        self.address
    }

    /// The number of events redone.
    pub fn events(&self) -> u64 {
        self.next
    }

    /// The credit after the latest event, its debt as of the latest accrual. `None` before the first event.
    pub fn credit(&self) -> Option<&Credit> {
        self.states.first().filter(|_| self.next > 0).map(|state| &state.credit)
    }

    /// The credit at a Unix time of the chain after the latest event: its debt accrued until then. `None` before the first event,
    /// or where the debt does not fit 64 bits.
    pub fn credit_at(&self, chain_time: i64) -> Option<Credit> {
        let state = self.states.first().filter(|_| self.next > 0)?;
        let state = self.at_time(state, chain_time);
        let mut credit = state.credit;
        if credit.debt.total() > 0 {
            credit.accrue(state.clock(chain_time).market).ok()?;
        }
        Some(credit)
    }

    /// The fields in which an account differs from what the events lead to: none where they explain it.
    pub fn differences(&self, account: &Credit) -> Vec<Difference> {
        let of = |state: &State| differences(&state.credit, account, self.was_paused());
        self.states.iter().map(of).min_by_key(Vec::len).unwrap_or_default()
    }
}

impl State {
    /// Both clocks at a Unix time of the chain, of a market that is open.
    fn clock(&self, chain: i64) -> MarketClock {
        MarketClock { chain, market: chain.saturating_sub(self.paused), is_paused: false, is_halted: false }
    }
}
