//! Transfers of the payment token; each is checked by the change of the vault's balance.

use {
    crate::{
        errors::{BlockableError, ensure},
        state::{Credit, seeds},
        units::sub,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::{self, Mint, TokenAccount, TokenInterface, TransferChecked},
};

/// The program and the mint of the payment token, which every transfer needs.
pub struct TokenContext<'a, 'info> {
    /// SPL Token or Token-2022.
    pub program: &'a Interface<'info, TokenInterface>,
    /// The payment mint.
    pub mint: &'a InterfaceAccount<'info, Mint>,
}

impl<'info> TokenContext<'_, 'info> {
    /// Pays `amount` (micro-USDC) into a vault. Errors: [`BlockableError::TransferMismatch`], the token program's own.
    pub fn pay_in(
        &self,
        from: &InterfaceAccount<'info, TokenAccount>,
        vault: &mut InterfaceAccount<'info, TokenAccount>,
        authority: &AccountInfo<'info>,
        amount: u64,
    ) -> Result<()> {
        let before = vault.amount;
        self.transfer(from.to_account_info(), vault.to_account_info(), authority.clone(), amount, &[])?;
        vault.reload()?;
        ensure(sub(vault.amount, before) == Ok(amount), BlockableError::TransferMismatch)?;
        Ok(())
    }

    /// Pays `amount` (micro-USDC) out of a vault; the credit signs. Errors: [`BlockableError::TransferMismatch`],
    /// the token program's own.
    pub fn pay_out(
        &self,
        vault: &mut InterfaceAccount<'info, TokenAccount>,
        to: &InterfaceAccount<'info, TokenAccount>,
        credit: &AccountInfo<'info>,
        signer: &CreditSigner,
        amount: u64,
    ) -> Result<()> {
        let before = vault.amount;
        let (from, to) = (vault.to_account_info(), to.to_account_info());
        self.transfer(from, to, credit.clone(), amount, &[&signer.seeds()])?;
        vault.reload()?;
        ensure(sub(before, vault.amount) == Ok(amount), BlockableError::TransferMismatch)?;
        Ok(())
    }

    fn transfer(
        &self,
        from: AccountInfo<'info>,
        to: AccountInfo<'info>,
        authority: AccountInfo<'info>,
        amount: u64,
        signer: &[&[&[u8]]],
    ) -> Result<()> {
        let accounts = TransferChecked { from, mint: self.mint.to_account_info(), to, authority };
        let context = CpiContext::new_with_signer(self.program.key(), accounts, signer);
        token_interface::transfer_checked(context, amount, self.mint.decimals)
    }
}

/// The seeds with which a credit signs for its vault.
pub struct CreditSigner {
    market: Pubkey,
    lender: Pubkey,
    borrower: Pubkey,
    nonce: [u8; 8],
    bump: [u8; 1],
}

impl CreditSigner {
    /// Reads the seeds of a credit.
    pub fn new(credit: &Credit) -> CreditSigner {
        CreditSigner {
            market: credit.market,
            lender: credit.address_lender(),
            borrower: credit.address_borrower(),
            nonce: credit.nonce.to_le_bytes(),
            bump: [credit.bump],
        }
    }

    /// The seeds, bump last.
    pub fn seeds(&self) -> [&[u8]; 6] {
        [
            seeds::CREDIT,
            self.market.as_ref(),
            self.lender.as_ref(),
            self.borrower.as_ref(),
            &self.nonce,
            &self.bump,
        ]
    }
}
