//! The hash of an agreement, which both parties sign.

use {
    crate::{
        hash::sha256,
        state::{Credit, Instalment, Rider, Terms},
    },
    anchor_lang::prelude::*,
};

/// First bytes of every agreement, so that its hash serves no other purpose.
pub const TERMS_DOMAIN: &[u8] = b"blockable/terms/v2";

/// The parties of a loan and the nonce that sets it apart from their other loans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanParties {
    /// The market's account.
    pub market: Pubkey,
    /// The lender that made the offer.
    pub lender: Pubkey,
    /// The borrower that the offer named.
    pub borrower: Pubkey,
    /// The provider's account.
    pub provider: Pubkey,
    /// The number in the credit's address.
    pub nonce: u64,
}

impl Credit {
    /// The parties as the terms hash has them: neither an assignment of the loan nor another key of the borrower changes
    /// them.
    pub fn parties(&self) -> LoanParties {
        LoanParties {
            market: self.market,
            lender: self.address_lender(),
            borrower: self.address_borrower(),
            provider: self.provider,
            nonce: self.nonce,
        }
    }
}

/// Hashes the agreement of both sides: `sha256("blockable/terms/v2" | market | lender | borrower | provider | nonce |
/// terms | rider | schedule)`, the last three in Borsh. Errors: none in practice; Borsh's own.
pub fn terms_hash(
    parties: &LoanParties,
    terms: &Terms,
    rider: &Rider,
    schedule: &[Instalment],
) -> Result<[u8; 32]> {
    let mut agreed = Vec::with_capacity(640);
    terms.serialize(&mut agreed)?;
    rider.serialize(&mut agreed)?;
    schedule.serialize(&mut agreed)?;
    let parts: [&[u8]; 7] = [
        TERMS_DOMAIN,
        parties.market.as_ref(),
        parties.lender.as_ref(),
        parties.borrower.as_ref(),
        parties.provider.as_ref(),
        &parties.nonce.to_le_bytes(),
        &agreed,
    ];
    Ok(sha256(&parts))
}
