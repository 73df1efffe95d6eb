//! The reasons for which no IDL is written.

use std::{io, path::PathBuf};

/// A reason for which no IDL was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdlError {
    #[error("usage: blockable-idl PROGRAM-FOLDER OUT-FILE")]
    Usage,
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, io::Error),
    #[error("cannot parse {0}: {1}")]
    Parse(PathBuf, syn::Error),
    #[error("cannot build the IDL: {0}")]
    Build(String),
    #[error("cannot write the IDL as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, io::Error),
    /// Something that the IDL needs and the source does not have.
    #[error("the source has no {0}")]
    Missing(String),
    /// Anchor's generator and the source do not agree.
    #[error("{0}: the generator's accounts are {1}, the source's {2}; mend scripts/idl/src/accounts.rs")]
    Accounts(String, String, String),
    #[error("{0}: two accounts would have the name {1} once the groups are flat; rename one")]
    SameName(String, String),
    #[error("{0}: cannot read the seed `{1}`; write it as a key, an argument or a field of an account")]
    Seed(String, String),
    #[error("the account {0}.{1} has no doc comment; write one at its field")]
    AccountDocs(String, String),
    #[error("the argument {0}.{1} has no docs; add the line \"- `{1}`: ...\" to the doc comment of {2}")]
    ArgumentDocs(String, String, String),
    #[error("the doc comment of {0} describes `{1}`, which is no argument of it")]
    NoArgument(String, String),
    #[error("the type {0} is serialised and not in the IDL; mend scripts/idl/src/types.rs")]
    Type(String),
    #[error("cannot compute the constant {0}: `{1}`; mend scripts/idl/src/constants.rs")]
    Constant(String, String),
}
