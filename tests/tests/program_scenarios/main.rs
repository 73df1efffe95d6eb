//! Loans from beginning to end, with every amount worked out by hand.
//!
//! Unless a test says otherwise the loan is $100,000 at 12 % over five instalments of $20,000, 30 days apart, for
//! 1,000,000,000 units; a day's interest on the whole is 32,876,712.33 micro-USDC.

mod default;
mod delinquency;
mod drive;
mod holdback;
mod interest;
mod lifecycle;
mod lock;
mod pause;
mod quotes;
mod repayment;
mod standard;
mod walk;
mod walk_agreed;
mod walk_locked;

use {
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{FreezeAmount, UnitBounds},
            state::{FreezeReason, Party},
        },
    },
    blockable_testkit::{DAY, Landed, Parties, START, World},
};

/// Units of the loan.
const UNITS: u64 = 1_000_000_000;

/// The steps of scenarios, by name.
trait Steps {
    /// Sets the clock to a number of days after the world began, which is when loans are issued.
    fn day(&mut self, day: u32);
    /// Pays from a party's account.
    fn pay(&mut self, payer: &str, credit: &Pubkey, amount: u64) -> Landed;
    /// The lender freezes.
    fn freezes(&mut self, credit: &Pubkey, amount: FreezeAmount, reason: FreezeReason) -> Landed;
    /// Anyone marks the credit delinquent.
    fn marks_delinquent(&mut self, credit: &Pubkey) -> Landed;
    /// Anyone marks the credit defaulted.
    fn marks_defaulted(&mut self, credit: &Pubkey) -> Landed;
    /// The lender seizes the whole lien.
    fn seizes(&mut self, credit: &Pubkey) -> Landed;
    /// Two reporters agree on what the first credit has used.
    fn meters(&mut self, credit: &Pubkey, cumulative: u64);
    /// A stranger collects a party's claim into its associated account, the treasury or the payout account.
    fn collects(&mut self, credit: &Pubkey, party: Party);
}

impl Steps for World {
    fn day(&mut self, day: u32) {
        self.set_time(START + i64::from(day * DAY));
    }

    fn pay(&mut self, payer: &str, credit: &Pubkey, amount: u64) -> Landed {
        self.sent(&[self.repay(payer, credit, amount)], &[payer])
    }

    fn freezes(&mut self, credit: &Pubkey, amount: FreezeAmount, reason: FreezeReason) -> Landed {
        self.sent(&[self.freeze(credit, amount, reason)], &["lender"])
    }

    fn marks_delinquent(&mut self, credit: &Pubkey) -> Landed {
        self.sent(&[self.mark_delinquent(credit)], &[])
    }

    fn marks_defaulted(&mut self, credit: &Pubkey) -> Landed {
        self.sent(&[self.mark_defaulted(credit)], &[])
    }

    fn seizes(&mut self, credit: &Pubkey) -> Landed {
        self.sent(&[self.seize(credit, UnitBounds::ALL)], &["lender"])
    }

    fn meters(&mut self, credit: &Pubkey, cumulative: u64) {
        self.sent(&[self.meter(&[*credit], &[(0, cumulative, 0)])], &[]);
        assert_eq!(self.credit(credit).collateral.consumed, cumulative);
    }

    fn collects(&mut self, credit: &Pubkey, party: Party) {
        let to = |name| self.collect("stranger", credit, party, &self.token_account(name));
        let collect = match party {
            Party::Lender => to("lender"),
            Party::Borrower => to("borrower"),
            Party::Treasury => to("treasury"),
            Party::Provider => self.collect_earned("stranger", credit, 0),
        };
        self.sent(&[collect], &["stranger"]);
    }
}

/// The address of a party; the shorter name that scenarios use.
fn who(name: &str) -> Pubkey {
    Parties::address(name)
}
