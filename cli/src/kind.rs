//! Kinds of accounts in words.

use blockable_sdk::{
    PROGRAM_ID, Pubkey,
    accounts::BlockableAccount,
    program::state::{Credit, Lot, Market, Provider},
    squads,
};

/// The kind of an account, with its article.
pub(crate) fn kind_of(owner: &Pubkey, data: &[u8]) -> String {
    let is_own = *owner == PROGRAM_ID;
    if is_own && Market::decode(data).is_ok() {
        "a market".to_string()
    } else if is_own && Credit::decode(data).is_ok() {
        "a credit".to_string()
    } else if is_own && Provider::decode(data).is_ok() {
        "a provider".to_string()
    } else if is_own && Lot::decode(data).is_ok() {
        "a lot".to_string()
    } else if blockable_sdk::tokens::balance(data).is_some() {
        "a token account".to_string()
    } else if *owner == squads::PROGRAM {
        "an account of the multisig program".to_string()
    } else if data.is_empty() {
        "a wallet".to_string()
    } else {
        format!("an account of the program {owner}")
    }
}
