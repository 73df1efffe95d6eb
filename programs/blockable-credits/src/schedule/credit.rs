//! The schedule and the debt of a credit account.

use {
    super::{PayInKind, Schedule, accrue},
    crate::state::Credit,
    anchor_lang::Result,
};

impl Credit {
    /// The repayment schedule, counted from issue or from the latest restructuring.
    pub fn schedule(&self) -> Schedule<'_> {
        let count = usize::from(self.instalment_count);
        Schedule {
            start: if self.restructured_at == 0 { self.issued_at } else { self.restructured_at },
            due_after: self.due_after.get(..count).unwrap_or(&[]),
            principal: self.principal_due.get(..count).unwrap_or(&[]),
            capitalised: self.capitalised,
            pay_in_kind: PayInKind {
                share_bps: self.rider.pay_in_kind_bps,
                unused: self.collateral.remaining(),
                granted: self.collateral.granted,
            },
        }
    }

    /// Brings the debt up to a market time; see [`accrue`]. Errors: [`Overflow`](crate::units::Overflow).
    pub fn accrue(&mut self, market_time: i64) -> Result<()> {
        let mut debt = self.debt;
        let terms = self.terms_in_force();
        let capitalised = accrue(&mut debt, &terms, self.schedule(), market_time)?;
        self.capitalised = capitalised;
        self.debt = debt;
        Ok(())
    }

    /// The sum that must be paid now to be current, in micro-USDC, as of the last accrual.
    pub fn arrears(&self) -> u64 {
        self.schedule().arrears(&self.debt)
    }
}
