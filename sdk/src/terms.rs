//! The terms of a loan as its account has them.

use blockable_credits::state::{Credit, Instalment, LoanParties, terms_hash};

/// The instalments of a credit's schedule, in their order.
///
/// ```
/// use blockable_sdk::{program::state::{Credit, Instalment}, terms};
///
/// let mut credit: Credit = bytemuck::Zeroable::zeroed();
/// credit.instalment_count = 1;
/// (credit.due_after[0], credit.principal_due[0]) = (86_400, 1_000_000);
/// assert_eq!(terms::instalments(&credit), [Instalment { due_after: 86_400, principal: 1_000_000 }]);
/// ```
pub fn instalments(credit: &Credit) -> Vec<Instalment> {
    let lines = credit.due_after.iter().zip(&credit.principal_due).take(credit.instalment_count.into());
    lines.map(|(due_after, principal)| Instalment { due_after: *due_after, principal: *principal }).collect()
}

/// The hash of the agreement in an account, computed anew from its terms; `None` where it cannot be. A party signs an offer only
/// where it is the hash that the account states.
pub fn agreed_hash(credit: &Credit) -> Option<[u8; 32]> {
    let parties = LoanParties {
        market: credit.market,
        lender: credit.address_lender(),
        borrower: credit.address_borrower(),
        provider: credit.provider,
        nonce: credit.nonce,
    };
    terms_hash(&parties, &credit.terms, &credit.rider, &instalments(credit)).ok()
}
