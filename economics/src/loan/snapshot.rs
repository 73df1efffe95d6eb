use {
    super::Loan,
    blockable_credits::state::{Credit, Lot, Provider},
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
    /// Principal repaid before the first seizure, in micro-USDC.
    pub repaid: u64,
    /// Recovered, in micro-USDC.
    pub recovered: u64,
    /// Units granted.
    pub granted: u64,
    /// Units consumed.
    pub consumed: u64,
    /// Units released.
    pub released: u64,
    /// Units under the lien.
    pub lien: u64,
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
    /// Units expired.
    pub expired: u64,
    /// Units that running jobs hold.
    pub in_flight: u64,
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
    /// Principal that is still held back, in micro-USDC.
    pub holdback: u64,
    /// Units left in the open lot.
    pub in_lot: u64,
    /// Units that the provider has granted and not got back, in credits and lots.
    pub outstanding: u64,
}

impl Snapshot {
    /// The amounts in the accounts of a loan, with its lot where one is open.
    pub fn new(credit: &Credit, lot: Option<&Lot>, provider: &Provider) -> Snapshot {
        let (debt, collateral) = (credit.debt, credit.collateral);
        Snapshot {
            status: credit.status,
            principal: debt.principal,
            interest_due: debt.interest_due,
            interest_accrued: debt.interest_accrued,
            late_fees: debt.late_fees,
            repaid: credit.principal_repaid,
            recovered: credit.recovered,
            granted: collateral.granted,
            consumed: collateral.consumed,
            released: collateral.released,
            lien: collateral.lien(),
            locked: collateral.locked(),
            frozen: collateral.frozen(),
            available: collateral.available(),
            seized: collateral.seized,
            cancelled: collateral.cancelled,
            expired: collateral.expired,
            in_flight: credit.meter.in_flight,
            overrun: credit.meter.overrun,
            lender: credit.claims.lender,
            borrower: credit.claims.borrower,
            treasury: credit.claims.treasury,
            provider: credit.claims.provider,
            reserve: credit.reserve_held,
            holdback: credit.holdback_left,
            in_lot: lot.map_or(0, |lot| lot.units_left),
            outstanding: provider.outstanding_units,
        }
    }
}

impl Loan {
    /// The amounts as they are.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(&self.credit, self.open_lot(), &self.provider)
    }

    /// The lot that was opened last, while it is open.
    pub fn open_lot(&self) -> Option<&Lot> {
        self.lot_is_open.then_some(&self.lot)
    }
}
