//! Every address the program derives, from the seeds in the program itself, and those of other programs in its transactions.

use {
    anchor_spl::associated_token::get_associated_token_address_with_program_id,
    blockable_credits::{EVENT_AUTHORITY_AND_BUMP, ID, state::seeds},
    solana_pubkey::Pubkey,
};

/// The clock sysvar's account.
pub const CLOCK: Pubkey = solana_sdk_ids::sysvar::clock::ID;
/// The program that sets a transaction's compute budget.
pub const COMPUTE_BUDGET: Pubkey = solana_sdk_ids::compute_budget::ID;
/// The program of assertions, Lighthouse, that Phantom and Solflare add to what they sign on mainnet.
pub const LIGHTHOUSE: Pubkey = Pubkey::from_str_const("L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95");
/// The memo program.
pub const MEMO: Pubkey = Pubkey::from_str_const("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
/// The first memo program, which still runs.
pub const FIRST_MEMO: Pubkey = Pubkey::from_str_const("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo");

fn derive(parts: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(parts, &ID).0
}

/// The market with a number.
pub fn market(id: u64) -> Pubkey {
    derive(&[seeds::MARKET, &id.to_le_bytes()])
}

/// The provider account of an authority in a market.
pub fn provider(market: &Pubkey, authority: &Pubkey) -> Pubkey {
    derive(&[seeds::PROVIDER, market.as_ref(), authority.as_ref()])
}

/// The credit between a lender and a borrower.
pub fn credit(market: &Pubkey, lender: &Pubkey, borrower: &Pubkey, nonce: u64) -> Pubkey {
    derive(&[seeds::CREDIT, market.as_ref(), lender.as_ref(), borrower.as_ref(), &nonce.to_le_bytes()])
}

/// An owner's unrestricted credit at a provider: units bought from lots or taken over, that expire at one time (Unix
/// seconds of market time, 0 for never).
pub fn unrestricted_credit(
    market: &Pubkey,
    provider: &Pubkey,
    owner: &Pubkey,
    units_expire_at: i64,
) -> Pubkey {
    credit(market, provider, owner, u64::try_from(units_expire_at).unwrap_or(0))
}

/// The token account that holds a credit's escrow and claims.
pub fn vault(credit: &Pubkey) -> Pubkey {
    derive(&[seeds::VAULT, credit.as_ref()])
}

/// A lot of units seized from a credit; lots are numbered from 0.
pub fn lot(credit: &Pubkey, index: u32) -> Pubkey {
    derive(&[seeds::LOT, credit.as_ref(), &index.to_le_bytes()])
}

/// The address that signs the program's events.
pub fn event_authority() -> Pubkey {
    EVENT_AUTHORITY_AND_BUMP.0
}

/// An owner's associated token account.
pub fn associated_token(owner: &Pubkey, mint: &Pubkey, token_program: &Pubkey) -> Pubkey {
    get_associated_token_address_with_program_id(owner, mint, token_program)
}
