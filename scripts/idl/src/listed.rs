//! The accounts of an instruction as the source lists them.

use {std::collections::BTreeSet, syn::Expr};

/// An account of an instruction as the source has it.
pub(crate) struct Account {
    /// The struct that it is a field of.
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) docs: Vec<String>,
    /// The type of its data, for example `Credit`; empty for an account without one.
    pub(crate) data: String,
    /// The expressions of its seeds, where it has some.
    pub(crate) seeds: Option<Vec<Expr>>,
}

/// The accounts of an instruction in their order, groups resolved, and the names of those groups.
#[derive(Default)]
pub(crate) struct Accounts {
    pub(crate) list: Vec<Account>,
    pub(crate) groups: BTreeSet<String>,
}
