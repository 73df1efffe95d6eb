//! The account of a loan over a period, computed from its events.

use {
    super::{Found, Replay, ReplayError, SeizedUnits, kind, money_moved},
    crate::amounts::{ChainTime, MicroUsd, Units},
    blockable_credits::{
        events::Change,
        state::{Credit, Party},
    },
    solana_pubkey::Pubkey,
    solana_signature::Signature,
};

/// Parts of a debt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Principal.
    pub principal: MicroUsd,
    /// Interest, billed or not, a fraction of a micro-USDC counted as one.
    pub interest: MicroUsd,
    /// Late fees.
    pub late_fees: MicroUsd,
}

impl Balance {
    /// The debt of a credit.
    pub fn from_debt(credit: &Credit) -> Balance {
        let debt = &credit.debt;
        Balance {
            principal: MicroUsd(debt.principal),
            interest: MicroUsd(debt.interest_due.saturating_add(debt.interest_not_due())),
            late_fees: MicroUsd(debt.late_fees),
        }
    }

    /// The sum of all parts.
    pub fn total(&self) -> MicroUsd {
        self.principal.saturating_add(self.interest).saturating_add(self.late_fees)
    }

    fn plus(self, other: Balance) -> Balance {
        self.each(other, MicroUsd::saturating_add)
    }

    /// The excess of this balance over another one, part by part.
    fn beyond(self, other: Balance) -> Balance {
        self.each(other, MicroUsd::saturating_sub)
    }

    fn each(self, other: Balance, of: impl Fn(MicroUsd, MicroUsd) -> MicroUsd) -> Balance {
        Balance {
            principal: of(self.principal, other.principal),
            interest: of(self.interest, other.interest),
            late_fees: of(self.late_fees, other.late_fees),
        }
    }

    /// At most `amount`, from the principal first, then interest, then late fees.
    fn first(self, amount: MicroUsd) -> Balance {
        let principal = self.principal.min(amount);
        let left = amount.saturating_sub(principal);
        let interest = self.interest.min(left);
        let late_fees = self.late_fees.min(left.saturating_sub(interest));
        Balance { principal, interest, late_fees }
    }
}

/// An event in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Number of the event.
    pub seq: u64,
    /// The chain's time.
    pub at: ChainTime,
    /// Name of the change; see [`kind`].
    pub kind: &'static str,
    /// The transaction.
    pub signature: Signature,
    /// Debt that came by the event.
    pub added: Balance,
    /// Debt that went by it.
    pub settled: Balance,
    /// The debt after it.
    pub balance: Balance,
    /// Money that it moves into the vault or out of it; see [`money_moved`].
    pub moved: Option<MicroUsd>,
}

/// The account of a loan over a period.
#[derive(Clone)]
pub struct Statement {
    /// The credit.
    pub credit: Pubkey,
    /// Beginning of the period.
    pub from: ChainTime,
    /// End of the period, which it does not contain.
    pub to: ChainTime,
    /// The debt as the period begins.
    pub opening: Balance,
    /// Principal paid out to the provider, or held back for it, in the period.
    pub disbursed: Balance,
    /// Interest and late fees that accrued; principal for coupons that were added to it.
    pub accrued: Balance,
    /// Coupons that left the interest for the principal.
    pub capitalised: MicroUsd,
    /// Debt that payments have paid, those from the reserve included.
    pub received: Balance,
    /// Debt that collateral and holdback have paid: sales, takeovers, cancels, expiry.
    pub recovered: Balance,
    /// Debt that the lender gave up.
    pub forgiven: Balance,
    /// The debt as the period ends.
    pub closing: Balance,
    /// Money that the lender collected.
    pub collected: MicroUsd,
    /// Units that were used.
    pub used: Units,
    /// Units used beyond those that the credit allowed: the provider's loss.
    pub overrun: Units,
    /// Units that were seized until the period ends.
    pub seized: SeizedUnits,
    /// Units that the borrower gave up by closing the account; `None` while it is there.
    pub given_up: Option<Units>,
    /// The credit as the period begins; `None` before its offer.
    pub before: Option<Credit>,
    /// The credit as the period ends; `None` before its offer.
    pub after: Option<Credit>,
    /// The events, in order.
    pub lines: Vec<StatementLine>,
}

impl Statement {
    /// Computes the account of a period from a log from its first record on. `replay` has redone nothing yet; see
    /// [`Replay::restart`]. Errors: [`ReplayError`].
    pub fn compute(
        mut replay: Replay,
        log: &[Found],
        from: ChainTime,
        to: ChainTime,
    ) -> Result<Statement, ReplayError> {
        let mut rest = log.iter().peekable();
        let (mut seized, mut given_up) = (SeizedUnits::default(), None);
        while let Some(found) = rest.next_if(|found| found.record.at < from.get()) {
            replay.apply(&found.record)?;
            seized.count(&found.record.change);
            given_up = given_up.or(units_given_up(&found.record.change));
        }
        let before = replay.credit_at(from.get());
        let mut statement =
            Statement { seized, given_up, ..Statement::begin(replay.address(), from, to, before) };
        let mut state = before;
        while let Some(found) = rest.next_if(|found| found.record.at < to.get()) {
            let accrued = replay.credit_at(found.record.at);
            statement.accrue(state.as_ref(), accrued.as_ref());
            replay.apply(&found.record)?;
            // Few events bring the debt up to their time.
            state = replay.credit_at(found.record.at);
            statement.add(found, accrued.as_ref(), state.as_ref());
        }
        let after = replay.credit_at(to.get());
        statement.accrue(state.as_ref(), after.as_ref());
        statement.close(after);
        Ok(statement)
    }

    fn begin(credit: Pubkey, from: ChainTime, to: ChainTime, before: Option<Credit>) -> Statement {
        let opening = debt(before.as_ref());
        Statement {
            credit,
            from,
            to,
            opening,
            disbursed: Balance::default(),
            accrued: Balance::default(),
            capitalised: MicroUsd::ZERO,
            received: Balance::default(),
            recovered: Balance::default(),
            forgiven: Balance::default(),
            closing: opening,
            collected: MicroUsd::ZERO,
            used: Units::ZERO,
            overrun: Units::ZERO,
            seized: SeizedUnits::default(),
            given_up: None,
            before,
            after: None,
            lines: Vec::new(),
        }
    }

    /// Adds what accrued between two views of the credit.
    fn accrue(&mut self, from: Option<&Credit>, to: Option<&Credit>) {
        let (from, to) = (debt(from), debt(to));
        let grown = to.beyond(from);
        // Interest that has become principal has accrued as interest before.
        let moved = from.interest.saturating_sub(to.interest);
        self.capitalised = self.capitalised.saturating_add(grown.principal);
        let interest = grown.interest.saturating_add(grown.principal.saturating_sub(moved));
        self.accrued = self.accrued.plus(Balance { principal: MicroUsd::ZERO, interest, ..grown });
    }

    fn add(&mut self, found: &Found, before: Option<&Credit>, after: Option<&Credit>) {
        let (was, is) = (debt(before), debt(after));
        let (added, settled) = (is.beyond(was), was.beyond(is));
        match &found.record.change {
            Change::Issued { .. } => self.disbursed = self.disbursed.plus(added),
            Change::Paid { .. } => self.received = self.received.plus(settled),
            Change::FeeWaived { .. } => self.forgiven = self.forgiven.plus(settled),
            Change::WrittenOff { debt, .. } => {
                let paid = settled.first(settled.total().saturating_sub(MicroUsd(*debt)));
                self.recovered = self.recovered.plus(paid);
                self.forgiven = self.forgiven.plus(settled.beyond(paid));
            }
            Change::Collected { party: Party::Lender, amount, .. } => {
                self.collected = self.collected.saturating_add(MicroUsd(*amount));
            }
            Change::Metered { metered, .. } => {
                self.used = self.used.saturating_add(Units(metered.consumed));
                self.overrun = self.overrun.saturating_add(Units(metered.overrun));
            }
            _ => self.recovered = self.recovered.plus(settled),
        }
        self.seized.count(&found.record.change);
        self.given_up = self.given_up.or(units_given_up(&found.record.change));
        self.lines.push(StatementLine {
            seq: found.record.seq,
            at: ChainTime(found.record.at),
            kind: kind(&found.record.change),
            signature: found.signature,
            added,
            settled,
            balance: is,
            moved: after.and_then(|after| money_moved(&found.record, after)),
        });
    }

    fn close(&mut self, after: Option<Credit>) {
        self.closing = debt(after.as_ref());
        self.after = after;
    }

    /// Units that new jobs may draw on as the period ends: none before the offer, and none of an account that is closed.
    pub fn open_to_use(&self) -> Units {
        let open = self.after.as_ref().filter(|_| self.given_up.is_none());
        open.map_or(Units::ZERO, |credit| Units(credit.collateral.available()))
    }

    /// The closing balance as the parts of the statement add up to it: opening, disbursed and accrued, less received, recovered and
    /// forgiven. It is the closing balance.
    pub fn footing(&self) -> Balance {
        let mut sum = self.opening.plus(self.disbursed).plus(self.accrued);
        sum.principal = sum.principal.saturating_add(self.capitalised);
        sum.interest = sum.interest.saturating_sub(self.capitalised);
        sum.beyond(self.received).beyond(self.recovered).beyond(self.forgiven)
    }
}

fn units_given_up(change: &Change) -> Option<Units> {
    match change {
        Change::Closed { given_up } => Some(Units(*given_up)),
        _ => None,
    }
}

fn debt(credit: Option<&Credit>) -> Balance {
    credit.map(Balance::from_debt).unwrap_or_default()
}
