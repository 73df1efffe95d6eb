//! The cost of a loan to a borrower that pays on its days, by the program's own payments.

use crate::{
    DAY, EconomicsError, YEAR_DAYS,
    loan::{Act, Issue, Unobserved},
    preset::Agreement,
};

/// The cost of a loan to a borrower that pays on its days. All but the last are shares from 0 on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Internal rate of return a year on the principal: the principal less the reserve at issue, every payment at its due
    /// date, the reserve back at the end.
    pub apr_all_in: f64,
    /// The same on what is really paid out: the holdback comes in as it is earned by the provider, so that interest on
    /// money that still lies in the vault counts as a cost of the rest. At most 10, which stands for more as well.
    pub apr_on_paid_out: f64,
    /// Everything that is paid, in micro-USDC.
    pub paid: u64,
}

/// The highest rate that is looked for: 1,000 % a year.
const HIGHEST_RATE: f64 = 10.0;

impl Cost {
    /// The cost of a loan on an agreement. Errors: [`EconomicsError::Refused`].
    pub fn new(agreement: &Agreement) -> Result<Cost, EconomicsError> {
        let Issue { mut loan, paid_to_provider } = Issue::new(agreement)?;
        let reserve = loan.credit.reserve_held as f64;
        let mut on_principal = vec![(0.0, agreement.terms.principal as f64 - reserve)];
        let mut on_paid_out = vec![(0.0, paid_to_provider as f64 - reserve)];
        for instalment in &agreement.schedule {
            let before = loan.credit.claims;
            let seconds = i64::from(instalment.due_after);
            let arrears = loan.accrued(seconds)?.arrears();
            loan.act(seconds, Act::Pay(arrears), &mut Unobserved)?;
            let years = seconds as f64 / DAY as f64 / YEAR_DAYS;
            let paid = loan.credit.claims.lender.saturating_sub(before.lender) as f64;
            let earned = loan.credit.claims.provider.saturating_sub(before.provider) as f64;
            on_principal.push((years, -paid));
            on_paid_out.push((years, earned - paid));
        }
        for flows in [&mut on_principal, &mut on_paid_out] {
            if let Some(last) = flows.last_mut() {
                last.1 += loan.credit.claims.borrower as f64;
            }
        }
        Ok(Cost {
            apr_all_in: rate_of_return(&on_principal),
            apr_on_paid_out: rate_of_return(&on_paid_out),
            paid: loan.credit.claims.lender,
        })
    }
}

/// The yearly rate at which flows of (years, amount) are worth nothing, by bisection between 0 and [`HIGHEST_RATE`].
fn rate_of_return(flows: &[(f64, f64)]) -> f64 {
    let worth =
        |rate: f64| flows.iter().map(|(years, amount)| amount / (1.0 + rate).powf(*years)).sum::<f64>();
    let (mut low, mut high) = (0.0, HIGHEST_RATE);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        // Below its own rate a loan costs more than it brings: what is paid back is worth more than what was lent.
        if worth(middle) < 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}
