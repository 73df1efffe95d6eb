use {
    super::Loan,
    serde::{Deserialize, Serialize},
};

/// The amounts of a loan after an act: what a replay on a chain must show to the micro-USDC and to the unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The status, as its byte.
    pub status: u8,
    /// Principal owed, in micro-USDC.
    pub principal: u64,
    /// Interest billed and unpaid, in micro-USDC.
    pub interest_due: u64,
    /// Interest accrued and not billed, whole micro-USDC.
    pub interest_accrued: u64,
    /// Late fees unpaid, in micro-USDC.
    pub late_fees: u64,
    /// Units consumed.
    pub consumed: u64,
    /// Units released.
    pub released: u64,
    /// Units locked.
    pub locked: u64,
    /// Units frozen.
    pub frozen: u64,
    /// Units that new jobs may draw on.
    pub available: u64,
    /// Units in lots or taken over.
    pub seized: u64,
    /// Units cancelled.
    pub cancelled: u64,
    /// Units used beyond what the credit allowed.
    pub overrun: u64,
    /// The lender's claim, in micro-USDC.
    pub lender: u64,
    /// The borrower's claim, in micro-USDC.
    pub borrower: u64,
    /// The treasury's claim, in micro-USDC.
    pub treasury: u64,
    /// The provider's claim, in micro-USDC.
    pub provider: u64,
    /// The reserve, in micro-USDC.
    pub reserve: u64,
    /// What is still held back, in micro-USDC.
    pub holdback: u64,
    /// Units left in the open lot.
    pub in_lot: u64,
}

impl Loan {
    /// The amounts as they are.
    pub fn snapshot(&self) -> Snapshot {
        let credit = &self.credit;
        let (debt, collateral) = (credit.debt, credit.collateral);
        Snapshot {
            status: credit.status,
            principal: debt.principal,
            interest_due: debt.interest_due,
            interest_accrued: debt.interest_accrued,
            late_fees: debt.late_fees,
            consumed: collateral.consumed,
            released: collateral.released,
            locked: collateral.locked(),
            frozen: collateral.frozen(),
            available: collateral.available(),
            seized: collateral.seized,
            cancelled: collateral.cancelled,
            overrun: credit.meter.overrun,
            lender: credit.claims.lender,
            borrower: credit.claims.borrower,
            treasury: credit.claims.treasury,
            provider: credit.claims.provider,
            reserve: credit.reserve_held,
            holdback: credit.holdback_left,
            in_lot: if self.lot_is_open { self.lot.units_left } else { 0 },
        }
    }
}
