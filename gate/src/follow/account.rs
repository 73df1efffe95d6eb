//! Reads accounts as a node gives them.

use blockable_sdk::{PROGRAM_ID, Pubkey, accounts::BlockableAccount, program::state::Credit, rpc::UiAccount};

/// The account at a credit's address.
pub(super) enum FetchedCredit {
    /// The credit.
    Credit(Box<Credit>),
    /// Nothing, or nothing of this provider.
    Gone,
    /// Something of the program that this version cannot read.
    Unreadable,
}

impl FetchedCredit {
    /// Reads what a node gives for a credit of a provider in a market.
    pub(super) fn read(account: Option<&UiAccount>, market: &Pubkey, provider: &Pubkey) -> FetchedCredit {
        let Some(account) = account.filter(|account| is_ours(account)) else { return FetchedCredit::Gone };
        let Some(data) = account.data.decode() else { return FetchedCredit::Unreadable };
        if data.is_empty() {
            return FetchedCredit::Gone;
        }
        match Credit::decode(&data) {
            // An address can be used again, and then by another provider: the provider is no part of it.
            Ok(credit) if credit.provider != *provider || credit.market != *market => FetchedCredit::Gone,
            Ok(credit) => FetchedCredit::Credit(Box::new(credit)),
            Err(_) => FetchedCredit::Unreadable,
        }
    }
}

/// Reads an account of the program, `None` where it is no such account.
pub(super) fn read<T: BlockableAccount>(account: &UiAccount) -> Option<T> {
    is_ours(account).then(|| T::decode(&account.data.decode()?).ok())?
}

fn is_ours(account: &UiAccount) -> bool {
    account.lamports > 0 && account.owner.parse() == Ok(PROGRAM_ID)
}
