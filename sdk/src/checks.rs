//! Checks the arguments of an instruction before it is built: the program's own action decides, on a copy of the accounts.
//!
//! A check needs no node and no key. What passes it is refused on chain only where the accounts or the clock have changed meanwhile, or
//! where money or an account is missing. The accounts are those that were read; the clock is the market's
//! ([`Market::clock_at`](blockable_credits::state::Market::clock_at)).
//!
//! ```
//! use blockable_sdk::{
//!     checks,
//!     program::{errors::BlockableError, instructions::FreezeAmount, state::{Credit, FreezeReason, MarketClock}},
//! };
//!
//! # fn example(credit: &Credit, clock: &MarketClock) {
//! match checks::freeze(credit, &credit.lender, FreezeAmount::All, FreezeReason::MissedPayment, clock) {
//!     Ok(checked) => println!("{} units would be frozen", checked.after.collateral.frozen()),
//!     Err(BlockableError::FreezePolicyForbids) => println!("the loan is not delinquent yet"),
//!     Err(other) => println!("{other}"),
//! }
//! # }
//! ```

use {
    crate::{amounts::MicroUsd, errors::refusal},
    anchor_lang::error::Error,
    blockable_credits::{
        actions::{FreezeAmount, LotTerms, NewLot, OfferArgs, OfferRead, ThawBounds, UnitBounds},
        errors::BlockableError,
        events::Change,
        state::{Credit, FreezeReason, Instalment, Lot, Market, MarketClock, Provider},
    },
    bytemuck::Zeroable,
    solana_pubkey::Pubkey,
};

/// The effect of an instruction that passed its check.
#[derive(Clone)]
pub struct Checked {
    /// The credit after it.
    pub after: Credit,
    /// The change that would be recorded.
    pub change: Change,
}

/// Checks an offer against its market and its provider. Returns its instalments one by one. Errors: the program's refusal.
pub fn offer(
    args: &OfferArgs,
    market: &Market,
    provider: &Provider,
    clock: &MarketClock,
) -> Result<Vec<Instalment>, BlockableError> {
    args.validate(market, provider, clock).map_err(refused)
}

/// Checks an acceptance of the offer that was read. Errors: the program's refusal.
pub fn accept(
    credit: &Credit,
    signer: &Pubkey,
    read: OfferRead,
    clock: &MarketClock,
) -> Result<Checked, BlockableError> {
    on_copy(credit, |credit| credit.accept(signer, read, clock))
}

/// Checks a payment of up to `amount` from a party's own account. Errors: the program's refusal.
pub fn repay(
    credit: &Credit,
    payer: &Pubkey,
    amount: MicroUsd,
    clock: &MarketClock,
) -> Result<Checked, BlockableError> {
    on_copy(credit, |credit| {
        let paid = credit.begin_payment(amount.get(), clock)?;
        credit.receive_payment(*payer, paid)
    })
}

/// Checks a freeze for any reason but cross-default, which rests on another credit. Errors: the program's refusal.
pub fn freeze(
    credit: &Credit,
    signer: &Pubkey,
    amount: FreezeAmount,
    reason: FreezeReason,
    clock: &MarketClock,
) -> Result<Checked, BlockableError> {
    on_copy(credit, |credit| credit.freeze(signer, amount, reason, None, clock))
}

/// Checks a thaw. Errors: the program's refusal.
pub fn thaw(credit: &Credit, signer: &Pubkey, bounds: ThawBounds) -> Result<Checked, BlockableError> {
    on_copy(credit, |credit| credit.thaw(signer, bounds))
}

/// Checks a seizure into a lot, as its lender would sign it. Errors: the program's refusal.
pub fn seize_to_lot(
    credit: &Credit,
    amount: UnitBounds,
    terms: LotTerms,
    market: &Market,
    clock: &MarketClock,
) -> Result<Checked, BlockableError> {
    let nobody = Pubkey::default();
    let new = NewLot { key: nobody, bump: 0, credit: nobody, rent_payer: nobody };
    on_copy(credit, |credit| {
        credit.seize_to_lot(&mut Lot::zeroed(), new, amount, terms, &market.bounds, clock)
    })
}

fn on_copy(
    credit: &Credit,
    act: impl FnOnce(&mut Credit) -> Result<Change, Error>,
) -> Result<Checked, BlockableError> {
    let mut after = *credit;
    let change = act(&mut after).map_err(refused)?;
    Ok(Checked { after, change })
}

/// The program's own error; arithmetic that leaves 64 bits for any other, which its functions do not return.
fn refused(error: Error) -> BlockableError {
    refusal(&error).unwrap_or(BlockableError::ArithmeticOverflow)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_credits::{
            state::{Debt, FreezePolicy},
            transitions::Status,
        },
    };

    fn loan() -> (Credit, MarketClock) {
        let mut credit = Credit::zeroed();
        credit.lender = Pubkey::new_unique();
        credit.borrower = Pubkey::new_unique();
        credit.status = Status::Active.byte();
        credit.terms.principal = 1_000;
        credit.terms.units = 100;
        credit.collateral.granted = 100;
        credit.debt = Debt { principal: 1_000, ..Debt::default() };
        credit.set_schedule(&[Instalment { due_after: 1_000, principal: 1_000 }]).unwrap();
        let clock = MarketClock { chain: 10, market: 10, is_paused: false, is_halted: false };
        (credit, clock)
    }

    #[test]
    fn a_check_says_what_the_program_would() {
        let (mut credit, clock) = loan();
        let freeze_all = |credit: &Credit, signer: &Pubkey| {
            freeze(credit, signer, FreezeAmount::All, FreezeReason::Risk, &clock).map(|checked| checked.after)
        };
        assert_eq!(freeze_all(&credit, &credit.borrower).err(), Some(BlockableError::NotFreezer));
        credit.terms.freeze_policy = FreezePolicy::OnDelinquency as u8;
        assert_eq!(freeze_all(&credit, &credit.lender).err(), Some(BlockableError::FreezePolicyForbids));
        credit.terms.freeze_policy = FreezePolicy::AtWill as u8;
        let frozen = freeze_all(&credit, &credit.lender).unwrap();
        assert_eq!((frozen.collateral.frozen(), credit.collateral.frozen()), (100, 0));
        let none = ThawBounds { most: 0, keep: 0 };
        assert_eq!(thaw(&frozen, &frozen.lender, none).err(), Some(BlockableError::AmountZero));
        assert_eq!(thaw(&frozen, &frozen.lender, ThawBounds::ALL).unwrap().after.collateral.frozen(), 0);
    }

    #[test]
    fn a_payment_and_an_acceptance_are_checked() {
        let (credit, clock) = loan();
        let paid = repay(&credit, &credit.borrower, MicroUsd(400), &clock).unwrap();
        assert_eq!((paid.after.debt.principal, paid.after.collateral.released), (600, 40));
        let nothing = repay(&credit, &credit.borrower, MicroUsd::ZERO, &clock);
        assert_eq!(nothing.err(), Some(BlockableError::AmountZero));
        let read = OfferRead::from_credit(&credit);
        assert_eq!(accept(&credit, &credit.borrower, read, &clock).err(), Some(BlockableError::WrongStatus));
        assert_eq!(accept(&credit, &credit.lender, read, &clock).err(), Some(BlockableError::NotBorrower));
    }
}
