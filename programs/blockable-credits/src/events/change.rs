//! The changes of a credit.

use {
    crate::{
        metering::Metered,
        state::{FreezeReason, Instalment, Party, Rider, Terms},
        transitions::Status,
    },
    anchor_lang::prelude::*,
};

/// A change of a credit. Money in micro-USDC, compute in credit units.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Offered; the principal is in escrow.
    Offered {
        /// The hash that the borrower must accept.
        terms_hash: [u8; 32],
        /// The slot of the offer.
        slot: u64,
        /// The terms.
        terms: Terms,
        /// The optional terms.
        rider: Rider,
        /// The schedule.
        schedule: Vec<Instalment>,
    },
    /// Accepted by the borrower.
    Accepted,
    /// Units went live and the principal went to the provider, less the holdback.
    Issued {
        /// Index in the provider's reports.
        index: u32,
        /// Market time that due dates count from.
        issued_at: i64,
        /// Part of the principal that stays in the vault.
        held_back: u64,
    },
    /// Withdrawn before issue; the account is gone, unless the borrower's reserve or the lender's principal is left to
    /// collect.
    Cancelled {
        /// Principal returned to the lender; 0 where it became the lender's claim.
        refunded: u64,
    },
    /// A payment.
    Paid {
        /// The payer; the credit itself for money drawn from its reserve.
        payer: Pubkey,
        /// Part that refilled the reserve.
        reserve: u64,
        /// Part that paid late fees.
        late_fees: u64,
        /// Part that paid interest.
        interest: u64,
        /// Part that paid principal.
        principal: u64,
        /// Units released from the lien.
        released: u64,
        /// Part of the holdback that the provider has earned.
        earned: u64,
        /// Units thawed.
        thawed: u64,
        /// Units unlocked.
        unlocked: u64,
        /// Units still frozen for a missed payment or a default; the largest of the three amounts is frozen.
        frozen_for_payment: u64,
        /// Units still frozen for a breach or a risk.
        frozen_for_other: u64,
        /// Units still frozen for cross-default.
        frozen_for_cross: u64,
        /// Units still locked.
        locked: u64,
        /// Debt after the payment.
        debt: u64,
        /// Status after the payment.
        status: Status,
    },
    /// Marked delinquent.
    MarkedDelinquent {
        /// Arrears at the mark.
        arrears: u64,
    },
    /// Marked defaulted.
    MarkedDefaulted {
        /// Arrears at the mark; paying them cures.
        arrears: u64,
        /// The whole debt at the mark.
        debt: u64,
    },
    /// Collateral was frozen.
    Frozen {
        /// The key that froze it.
        by: Pubkey,
        /// The reason.
        reason: FreezeReason,
        /// Units newly frozen; 0 where the amount of another kind of reason is as large.
        units: u64,
        /// Total frozen for a missed payment or a default; the largest of the three totals is frozen.
        frozen_for_payment: u64,
        /// Total frozen for a breach or a risk.
        frozen_for_other: u64,
        /// Units frozen in all for cross-default.
        frozen_for_cross: u64,
        /// Units locked, which a freeze comes on top of.
        locked: u64,
    },
    /// Collateral was thawed by the lender or the freeze authority, or because a cross-default is over.
    Thawed {
        /// The key that thawed it; the other credit where its default is over.
        by: Pubkey,
        /// Units thawed.
        units: u64,
        /// Units still frozen for a missed payment or a default; the largest of the three amounts is frozen.
        frozen_for_payment: u64,
        /// Units still frozen for a breach or a risk.
        frozen_for_other: u64,
        /// Units still frozen for cross-default.
        frozen_for_cross: u64,
        /// Units locked.
        locked: u64,
    },
    /// Use was metered.
    Metered {
        /// Cumulative units counted.
        cumulative: u64,
        /// Units held by running jobs.
        in_flight: u64,
        /// Unix time of the reading.
        reported_at: i64,
        /// The effect of the reading.
        metered: Metered,
    },
    /// Collateral was moved into a lot.
    Seized {
        /// The lot.
        lot: Pubkey,
        /// Units moved.
        units: u64,
        /// Price at the start, per `PRICE_SCALE` units.
        start_price: u64,
        /// Lowest price, per `PRICE_SCALE` units.
        floor_price: u64,
    },
    /// Units of a lot were sold.
    Sold {
        /// The lot.
        lot: Pubkey,
        /// The buyer.
        buyer: Pubkey,
        /// Units sold.
        units: u64,
        /// Price paid by the buyer.
        cost: u64,
        /// Redistribution fee.
        fee: u64,
        /// Part that went to the debt.
        recovered: u64,
        /// Part that went to the borrower.
        surplus: u64,
        /// Part of the holdback that the provider has earned: its rest, where the sale ends the debt.
        earned: u64,
        /// Debt after the sale.
        debt: u64,
    },
    /// Units bought from a lot, or taken over by a lender, arrived in an unrestricted credit.
    Granted {
        /// The lot, or the credit they were taken from.
        from: Pubkey,
        /// Units that arrived.
        units: u64,
    },
    /// A lot was closed.
    LotClosed {
        /// The lot.
        lot: Pubkey,
        /// Units that came back unsold.
        returned: u64,
    },
    /// A party collected its claim from the vault.
    Collected {
        /// The party.
        party: Party,
        /// The token account it was paid to.
        destination: Pubkey,
        /// The claim.
        amount: u64,
    },
    /// Lender and borrower agreed on a new schedule.
    Restructured {
        /// Hash of the new agreement.
        terms_hash: [u8; 32],
        /// The terms.
        terms: Terms,
        /// The schedule, counted from now.
        schedule: Vec<Instalment>,
    },
    /// Late fees were waived. Where nothing is owed any more, the loan has ended.
    FeeWaived {
        /// The fees.
        amount: u64,
        /// Part of the holdback that the provider has earned by it.
        earned: u64,
        /// Debt afterwards.
        debt: u64,
    },
    /// The loan was offered to another lender; to the zero key: the offer was withdrawn.
    LenderOffered {
        /// The key it was offered to.
        to: Pubkey,
    },
    /// Another lender took the loan over.
    LenderChanged {
        /// The new lender, who is the freeze authority as well.
        to: Pubkey,
    },
    /// The borrower's place was offered to another key; to the zero key: the offer was withdrawn.
    BorrowerOffered {
        /// The key it was offered to.
        to: Pubkey,
        /// Market time from which that key may take it.
        ready_at: i64,
    },
    /// Another key took the borrower's place.
    BorrowerChanged {
        /// The new borrower.
        to: Pubkey,
    },
    /// Another freeze authority was named.
    FreezeAuthoritySet {
        /// The new one.
        to: Pubkey,
    },
    /// The lender gave notice of default for a breach; the cure period runs.
    NoticeGiven {
        /// Hash of the document that states the breach.
        document: [u8; 32],
        /// The whole debt.
        debt: u64,
    },
    /// The lender withdrew the notice.
    NoticeWithdrawn,
    /// The lender took collateral over.
    TakenOver {
        /// The unrestricted credit that the units went to.
        to: Pubkey,
        /// Units taken.
        units: u64,
        /// Debt that they paid.
        value: u64,
        /// Part of the holdback that the provider has earned: for covered units, and its rest where the debt ends.
        earned: u64,
        /// Debt after it.
        debt: u64,
    },
    /// Units under the holdback were cancelled, and the money that was held back for them paid the debt.
    LockedCancelled {
        /// The lender, or anyone once that was open.
        by: Pubkey,
        /// Units cancelled.
        units: u64,
        /// Money that was held back for them.
        paid: u64,
        /// Part that paid principal, off the last instalments.
        principal: u64,
        /// Part that paid interest.
        interest: u64,
        /// Part that paid late fees.
        late_fees: u64,
        /// Part that went to the borrower.
        surplus: u64,
        /// Part of the holdback that the provider has earned: its rest, where the debt ends.
        earned: u64,
        /// Debt after it.
        debt: u64,
        /// Status after it.
        status: Status,
    },
    /// The lender gave up the rest of the debt, after units under the holdback were cancelled.
    WrittenOff {
        /// The debt given up.
        debt: u64,
        /// Units cancelled.
        cancelled: u64,
        /// Money that was held back for them; what exceeded the debt went to the borrower.
        paid: u64,
        /// Part of the holdback that the provider has earned: its rest, where the cancel paid the whole debt.
        earned: u64,
    },
    /// Unused units expired.
    Expired {
        /// The units.
        units: u64,
        /// Holdback that was given back: it paid the debt, and what exceeded that went to the borrower.
        paid: u64,
        /// Debt after it.
        debt: u64,
    },
    /// The covenant on utilisation was applied.
    CovenantApplied {
        /// Use as a share of the plan, in basis points.
        utilisation_bps: u64,
        /// The APR from now on, in basis points.
        apr_bps: u16,
        /// Principal that falls due earlier than before, with the first instalment that is at least the delinquency grace
        /// away.
        top_up: u64,
        /// Due date of that instalment in market time; 0 for no top-up.
        due_at: i64,
    },
    /// Cash was put into the borrower's reserve.
    ReserveFunded {
        /// The payer.
        payer: Pubkey,
        /// The payment.
        amount: u64,
        /// The reserve after it.
        held: u64,
        /// Units thawed, because the reserve is full again.
        thawed: u64,
    },
    /// The vault was removed.
    VaultClosed {
        /// Money beyond all claims, paid to the treasury.
        swept: u64,
    },
    /// The credit was removed.
    Closed {
        /// Units that the borrower gave up.
        given_up: u64,
    },
}
