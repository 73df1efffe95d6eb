//! Instructions of the token programs that a payment token's users need: accounts, balances, and mints for tests.

use {
    anchor_spl::{
        associated_token::spl_associated_token_account::instruction::create_associated_token_account_idempotent,
        token_2022::spl_token_2022::{
            extension::StateWithExtensions,
            instruction,
            state::{Account, Mint},
        },
    },
    solana_instruction::{Instruction, error::InstructionError},
    solana_program_pack::Pack,
    solana_pubkey::Pubkey,
    solana_system_interface::instruction::create_account,
};

pub use anchor_spl::{token::ID as TOKEN_PROGRAM, token_2022::ID as TOKEN_2022_PROGRAM};

/// Creates an owner's associated token account where it is missing. Signer: `payer`.
pub fn create_associated(
    payer: &Pubkey,
    owner: &Pubkey,
    mint: &Pubkey,
    token_program: &Pubkey,
) -> Instruction {
    create_associated_token_account_idempotent(payer, owner, mint, token_program)
}

/// Creates a mint with an authority and no freeze authority. Signers: `payer`, `mint`. `rent` in lamports.
pub fn create_mint(
    payer: &Pubkey,
    mint: &Pubkey,
    authority: &Pubkey,
    decimals: u8,
    token_program: &Pubkey,
    rent: u64,
) -> Result<[Instruction; 2], InstructionError> {
    let initialize = instruction::initialize_mint2(token_program, mint, authority, None, decimals)
        .map_err(|_| InstructionError::IncorrectProgramId)?;
    Ok([create_account(payer, mint, rent, MINT_SPACE as u64, token_program), initialize])
}

/// Bytes of a mint without extensions.
pub const MINT_SPACE: usize = Mint::LEN;

/// Bytes of a token account without extensions.
pub const ACCOUNT_SPACE: usize = Account::LEN;

/// Mints tokens. Signer: `authority`. `amount` in the token's smallest unit.
pub fn mint_to(
    mint: &Pubkey,
    account: &Pubkey,
    authority: &Pubkey,
    amount: u64,
    token_program: &Pubkey,
) -> Result<Instruction, InstructionError> {
    instruction::mint_to(token_program, mint, account, authority, &[], amount)
        .map_err(|_| InstructionError::IncorrectProgramId)
}

/// Returns whether the mint's issuer has frozen a token account; `None` where the data is not of a token account.
pub fn is_frozen(data: &[u8]) -> Option<bool> {
    StateWithExtensions::<Account>::unpack(data).ok().map(|account| account.base.is_frozen())
}

/// Owner and mint in a token account's data; `None` where it is not a token account.
pub fn owner_and_mint(data: &[u8]) -> Option<(Pubkey, Pubkey)> {
    StateWithExtensions::<Account>::unpack(data).ok().map(|account| (account.base.owner, account.base.mint))
}

/// The balance in a token account's data, in the token's smallest unit; `None` where it is not a token account.
pub fn balance(data: &[u8]) -> Option<u64> {
    StateWithExtensions::<Account>::unpack(data).ok().map(|account| account.base.amount)
}
