//! One loan and its lot, changed by acts. An act is one instruction of the program with its amounts; carrying it out calls
//! the program's function for it and nothing else.

mod act;
mod begin;
mod snapshot;
#[cfg(test)]
mod tests;

use {
    crate::EconomicsError,
    anchor_lang::{error::Error, prelude::Pubkey},
    blockable_credits::state::{Credit, Lot, Market, MarketClock, Provider},
    bytemuck::Zeroable,
};

pub use {
    act::Act,
    begin::{Issue, MARKET_FEE_BPS, MIN_SUSPENSION_DAYS},
    snapshot::Snapshot,
};

/// Unix time, and market time, of every issue: no market of a simulation is ever paused.
pub const ISSUED_AT: i64 = 1_800_000_000;

const fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

const ADMIN: Pubkey = key(1);
const LENDER: Pubkey = key(2);
const BORROWER: Pubkey = key(3);
const OPERATOR: Pubkey = key(4);
const BUYER: Pubkey = key(5);
const MARKET: Pubkey = key(101);
const PROVIDER: Pubkey = key(102);
const CREDIT: Pubkey = key(103);
const LOT: Pubkey = key(104);
const TREASURY: Pubkey = key(105);
const VAULT: Pubkey = key(106);

/// A loan in memory, with the market and the provider that it has to itself.
///
/// One thread owns it. All four are the program's own accounts; they change by [`Loan::act`] and [`Loan::attempt`]
/// alone. After an error of `act` the loan may be half changed and must be dropped; `attempt` puts it back.
#[derive(Clone, Copy)]
pub struct Loan {
    /// The credit.
    pub credit: Credit,
    /// The lot that was opened last; zero before.
    pub lot: Lot,
    /// True while that lot is open.
    pub lot_is_open: bool,
    /// The provider.
    pub provider: Provider,
    /// The market.
    pub market: Market,
}

/// Both clocks of the market, `seconds` after issue.
pub fn clock(seconds: i64) -> MarketClock {
    let now = ISSUED_AT + seconds;
    MarketClock { chain: now, market: now, is_paused: false, is_halted: false }
}

/// Takes note of acts. The simulator takes none; a story keeps all.
pub trait Observer {
    /// Notes an act, carried out so many seconds after issue, and the loan after it.
    fn note(&mut self, seconds: i64, act: &Act, loan: &Loan);

    /// Notes an act that the program refused with an error, and the loan, which it left as it was. Most take no note of these.
    #[inline]
    fn note_refusal(&mut self, _seconds: i64, _act: &Act, _error: &Error, _loan: &Loan) {}
}

/// Notes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    #[inline]
    fn note(&mut self, _seconds: i64, _act: &Act, _loan: &Loan) {}
}

impl Loan {
    /// A loan without a lot around an issued credit.
    fn new(credit: Credit, provider: Provider, market: Market) -> Loan {
        Loan { credit, lot: Lot::zeroed(), lot_is_open: false, provider, market }
    }

    /// The credit with its debt as of so many seconds after issue. Errors: [`EconomicsError::Refused`].
    pub fn accrued(&self, seconds: i64) -> Result<Credit, EconomicsError> {
        let mut credit = self.credit;
        let refused = |error: Error| EconomicsError::refused("the accrual".to_string(), seconds, &error);
        credit.accrue(clock(seconds).market).map_err(refused)?;
        Ok(credit)
    }

    /// Carries an act out that must succeed, `seconds` after issue. Errors: [`EconomicsError::Refused`].
    pub fn act<O: Observer>(
        &mut self,
        seconds: i64,
        act: Act,
        observer: &mut O,
    ) -> Result<(), EconomicsError> {
        let refused = |error: Error| EconomicsError::refused(format!("{act:?}"), seconds, &error);
        self.carry_out(&act, &clock(seconds)).map_err(refused)?;
        observer.note(seconds, &act, self);
        Ok(())
    }

    /// Carries an act out where the program allows it. Returns false, with nothing changed, where it does not.
    pub fn attempt<O: Observer>(&mut self, seconds: i64, act: Act, observer: &mut O) -> bool {
        let before = *self;
        if let Err(error) = self.carry_out(&act, &clock(seconds)) {
            *self = before;
            observer.note_refusal(seconds, &act, &error, self);
            return false;
        }
        observer.note(seconds, &act, self);
        true
    }
}
