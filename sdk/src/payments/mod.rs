//! Quotes of payments: the units that a payment opens, and the least payment that opens a number of units.
//!
//! A quote is the program's own payment, made on a copy of the credit. There is no second arithmetic: what
//! [`quote_payment`] says is what `credit_repay` does at the same market time.
//!
//! Interest grows until a payment lands, and comes before principal. So quote for the time at which the payment can land at the
//! latest: pass a [`MarketClock`] that is a minute or two ahead of the market's, for example
//! `market.clock_at(chain_now + 120)`. Whatever is not needed then goes to the same debt.
//!
//! ```
//! use blockable_sdk::{
//!     amounts::{MicroUsd, Units},
//!     payments::{PaymentError, least_payment_to_open, quote_payment},
//!     program::state::{Credit, MarketClock},
//! };
//!
//! /// The text of a refusal for want of open units.
//! fn offer_to_open(credit: &Credit, clock: &MarketClock, units: Units) -> Result<String, PaymentError> {
//!     let Some(quote) = least_payment_to_open(credit, clock, units)? else {
//!         return Ok("no payment opens as many units".to_string());
//!     };
//!     Ok(format!("pay {} micro-USDC to open {} units", quote.paid.get(), quote.opened().get()))
//! }
//!
//! let clock = MarketClock { chain: 0, market: 0, is_paused: false, is_halted: false };
//! let nothing_owed: Credit = bytemuck::Zeroable::zeroed();
//! assert_eq!(quote_payment(&nothing_owed, &clock, MicroUsd(1)), Err(PaymentError::NothingOwed));
//! assert_eq!(offer_to_open(&nothing_owed, &clock, Units(1)), Err(PaymentError::NothingOwed));
//! ```

mod instalment;

pub use instalment::{NextInstalment, next_instalment};
use {
    crate::{
        amounts::{MicroUsd, Units},
        errors::refusal,
    },
    blockable_credits::{
        errors::BlockableError,
        events::Change,
        state::{Credit, MarketClock},
        transitions::Status,
    },
    solana_pubkey::Pubkey,
};

/// Reasons for which a payment cannot be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// A payment of nothing.
    #[error("a payment of 0 is refused; name an amount of at least one micro-USDC")]
    Zero,
    /// The status has no debt.
    #[error("nothing is owed on the credit; there is nothing to pay")]
    NothingOwed,
    /// An account that the program could not pay into either.
    #[error(
        "the amounts of the credit are out of range, and the program would refuse a payment; check the address"
    )]
    OutOfRange,
}

/// The effect of a payment at one market time. A payment of more than the debt pays the debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentQuote {
    /// The sum that is paid, at most the whole debt.
    pub paid: MicroUsd,
    /// Part of it that refills the borrower's reserve.
    pub to_reserve: MicroUsd,
    /// Part of it that pays late fees.
    pub late_fees: MicroUsd,
    /// Part of it that pays interest.
    pub interest: MicroUsd,
    /// Part of it that pays principal.
    pub principal: MicroUsd,
    /// Units that it releases from the lien.
    pub released: Units,
    /// Units that it unlocks.
    pub unlocked: Units,
    /// Units that it thaws.
    pub thawed: Units,
    /// Money under the holdback that the provider earns by it.
    pub provider_earns: MicroUsd,
    /// Arrears before it.
    pub arrears_before: MicroUsd,
    /// Arrears that are left.
    pub arrears_left: MicroUsd,
    /// Debt that is left.
    pub debt_left: MicroUsd,
    /// Status before it.
    pub status_before: Status,
    /// Status after it.
    pub status_after: Status,
    /// Units that new jobs may draw on afterwards, by what is on the chain. Use that is not metered yet comes off them.
    pub available_after: Units,
}

impl PaymentQuote {
    /// Units that new jobs may draw on more than before: those unlocked and those thawed.
    pub fn opened(&self) -> Units {
        self.unlocked.saturating_add(self.thawed)
    }

    /// True where the payment ends a delinquency or a default.
    pub fn cures(&self) -> bool {
        matches!(self.status_before, Status::Delinquent | Status::Defaulted)
            && matches!(self.status_after, Status::Active | Status::Repaid)
    }

    /// True where nothing is owed afterwards.
    pub fn pays_off(&self) -> bool {
        self.status_after == Status::Repaid
    }
}

/// Quotes a payment of up to `amount` at the market time of `clock`. Payments are taken while the market is paused, too; a vault
/// that the token's issuer has frozen takes none, which the credit does not show.
///
/// Errors: [`PaymentError`].
pub fn quote_payment(
    credit: &Credit,
    clock: &MarketClock,
    amount: MicroUsd,
) -> Result<PaymentQuote, PaymentError> {
    let mut copy = *credit;
    let status_before = copy.status().map_err(refused)?;
    let paid = copy.begin_payment(amount.get(), clock).map_err(refused)?;
    let arrears_before = copy.arrears();
    // The payer is recorded and changes nothing.
    let change = copy.receive_payment(Pubkey::default(), paid).map_err(refused)?;
    let Change::Paid { reserve, late_fees, interest, principal, released, earned, thawed, unlocked, .. } =
        change
    else {
        return Err(PaymentError::OutOfRange);
    };
    Ok(PaymentQuote {
        paid: MicroUsd(paid),
        to_reserve: MicroUsd(reserve),
        late_fees: MicroUsd(late_fees),
        interest: MicroUsd(interest),
        principal: MicroUsd(principal),
        released: Units(released),
        unlocked: Units(unlocked),
        thawed: Units(thawed),
        provider_earns: MicroUsd(earned),
        arrears_before: MicroUsd(arrears_before),
        arrears_left: MicroUsd(copy.arrears()),
        debt_left: MicroUsd(copy.debt.total()),
        status_before,
        status_after: copy.status().map_err(refused)?,
        available_after: Units(copy.collateral.available()),
    })
}

/// Finds the least payment that opens at least `units` at the market time of `clock`. `None` where even the whole debt opens
/// fewer. For 0 units it is the least payment there is.
///
/// A larger payment never opens fewer units, so the sum is found by halving: 64 payments on copies at most, some microseconds.
///
/// Errors: [`PaymentError`].
pub fn least_payment_to_open(
    credit: &Credit,
    clock: &MarketClock,
    units: Units,
) -> Result<Option<PaymentQuote>, PaymentError> {
    least_payment(credit, clock, |quote| quote.opened() >= units)
}

/// Finds the least payment that ends a delinquency or a default: the arrears, and under a notice of default the whole debt. `None`
/// for a loan that is in neither, so also after the first seizure, when nothing cures any more.
///
/// Errors: [`PaymentError`].
pub fn least_payment_to_cure(
    credit: &Credit,
    clock: &MarketClock,
) -> Result<Option<PaymentQuote>, PaymentError> {
    least_payment(credit, clock, PaymentQuote::cures)
}

/// Finds the least payment for which `is_enough` holds, which must hold for each larger one as well.
fn least_payment(
    credit: &Credit,
    clock: &MarketClock,
    is_enough: impl Fn(&PaymentQuote) -> bool,
) -> Result<Option<PaymentQuote>, PaymentError> {
    let mut found = quote_payment(credit, clock, MicroUsd::MAX)?;
    if !is_enough(&found) {
        return Ok(None);
    }
    let mut too_little = MicroUsd::ZERO;
    while found.paid.saturating_sub(too_little) > MicroUsd(1) {
        let half = found.paid.saturating_sub(too_little).get() / 2;
        let quote = quote_payment(credit, clock, too_little.saturating_add(MicroUsd(half)))?;
        if is_enough(&quote) {
            found = quote;
        } else {
            too_little = quote.paid;
        }
    }
    Ok(Some(found))
}

/// The reason that an error of the program stands for.
fn refused(error: anchor_lang::error::Error) -> PaymentError {
    match refusal(&error) {
        Some(BlockableError::AmountZero) => PaymentError::Zero,
        Some(BlockableError::NothingOwed) => PaymentError::NothingOwed,
        _ => PaymentError::OutOfRange,
    }
}

#[cfg(test)]
mod tests;
