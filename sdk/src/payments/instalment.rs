//! The next instalment.

use {
    super::{PaymentError, PaymentQuote, quote_payment, refused},
    crate::amounts::{MarketTime, MicroUsd},
    blockable_credits::state::{Credit, MarketClock},
};

/// The payment that falls due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextInstalment {
    /// Its due date.
    pub due_at: MarketTime,
    /// Its payment on that date. It pays all that is due by then: also what is in arrears now.
    pub quote: PaymentQuote,
}

/// Finds the next date after `clock` at which something falls due, and quotes the payment of all that is due by then. `None`
/// where nothing more falls due. An instalment that is paid ahead is passed over.
///
/// Errors: [`PaymentError`].
pub fn next_instalment(credit: &Credit, clock: &MarketClock) -> Result<Option<NextInstalment>, PaymentError> {
    let out_of_range = |_| PaymentError::OutOfRange;
    let mut then = *credit;
    then.accrue(clock.market).map_err(refused)?;
    loop {
        let next = usize::from(then.debt.instalments_billed);
        let Some(due_at) = then.schedule().due_date(next).map_err(out_of_range)? else { return Ok(None) };
        then.accrue(due_at).map_err(refused)?;
        let due = then.arrears();
        if due > 0 {
            let later = due_at.saturating_sub(clock.market);
            let on_date = MarketClock { chain: clock.chain.saturating_add(later), market: due_at, ..*clock };
            let quote = quote_payment(&then, &on_date, MicroUsd(due))?;
            return Ok(Some(NextInstalment { due_at: MarketTime(due_at), quote }));
        }
        if usize::from(then.debt.instalments_billed) <= next {
            return Ok(None);
        }
    }
}
