//! One builder per instruction. Amounts as in the program: micro-USDC, credit units, Unix seconds.

mod ending;
mod enforcement;
mod market;
mod origination;
mod provider;
mod recovery;
mod servicing;
#[cfg(test)]
mod tests;

use {
    crate::addresses,
    anchor_lang::{InstructionData, ToAccountMetas},
    blockable_credits::{ID, accounts},
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};
pub use {ending::*, enforcement::*, market::*, origination::*, provider::*, recovery::*, servicing::*};

/// A market's account and its payment token, as instructions that move money name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketKeys {
    /// The market's account.
    pub market: Pubkey,
    /// The payment mint.
    pub mint: Pubkey,
    /// The mint's token program.
    pub token_program: Pubkey,
}

impl MarketKeys {
    /// An owner's associated account for the payment token.
    pub fn token_account(&self, owner: &Pubkey) -> Pubkey {
        addresses::associated_token(owner, &self.mint, &self.token_program)
    }
}

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn credit_vault(keys: &MarketKeys, credit: &Pubkey) -> accounts::CreditVault {
    accounts::CreditVault {
        market: keys.market,
        credit: *credit,
        mint: keys.mint,
        vault: addresses::vault(credit),
        token_program: keys.token_program,
    }
}

fn credit_upkeep(market: &Pubkey, credit: &Pubkey) -> accounts::CreditUpkeep {
    accounts::CreditUpkeep {
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

fn credit_mark_unpaid(market: &Pubkey, credit: &Pubkey) -> accounts::CreditMarkUnpaid {
    accounts::CreditMarkUnpaid {
        payable: payable_credit(market, credit),
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

fn payable_credit(market: &Pubkey, credit: &Pubkey) -> accounts::PayableCredit {
    accounts::PayableCredit { market: *market, credit: *credit, vault: addresses::vault(credit) }
}

fn credit_control(market: &Pubkey, authority: &Pubkey, credit: &Pubkey) -> accounts::CreditControl {
    accounts::CreditControl {
        authority: *authority,
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}
