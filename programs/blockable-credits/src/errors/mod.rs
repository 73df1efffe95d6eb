//! Errors of the program, and the refusal that returns one.

use {
    crate::units::Overflow,
    anchor_lang::{error::AnchorError, prelude::*},
};

/// Declares the errors with their messages. Anchor's `#[error_code]` does the same and lists them in the IDL, but generates
/// code that makes a string of every name and message, 40 KB in the ELF: the program keeps two tables instead.
macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $message:literal,)*) => {
        /// A failure of the program; its message says what to do.
        #[cfg(feature = "idl-build")]
        #[error_code]
        #[derive(PartialEq, Eq, Hash, strum::FromRepr, strum::VariantArray)]
        pub enum BlockableError {
            $($(#[$doc])* #[msg($message)] $name,)*
        }

        /// A failure of the program; its message says what to do.
        #[cfg(not(feature = "idl-build"))]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::FromRepr, strum::VariantArray)]
        #[repr(u32)]
        pub enum BlockableError {
            $($(#[$doc])* $name,)*
        }

        pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];
        pub(super) const MESSAGES: &[&str] = &[$($message),*];
    };
}

mod list;

pub use list::BlockableError;
use list::{MESSAGES, NAMES};

/// Refuses with `error` unless `holds`. A function and not a macro: it keeps the program small.
pub fn ensure(holds: bool, error: BlockableError) -> Result<()> {
    if holds { Ok(()) } else { Err(error.into()) }
}

impl BlockableError {
    /// Finds the error with a custom program error code; `None` for a code that is not this program's.
    pub fn from_code(code: u32) -> Option<BlockableError> {
        BlockableError::from_repr(code.checked_sub(ERROR_CODE_OFFSET)?)
    }

    /// The custom program error code.
    pub fn code(self) -> u32 {
        ERROR_CODE_OFFSET.saturating_add(self as u32)
    }

    /// The error's name, as in the IDL.
    pub fn name_in_idl(self) -> &'static str {
        NAMES.get(self as usize).copied().unwrap_or_default()
    }

    /// The message: what failed, and what to do.
    pub fn message(self) -> &'static str {
        MESSAGES.get(self as usize).copied().unwrap_or_default()
    }
}

#[cfg(not(feature = "idl-build"))]
impl core::fmt::Display for BlockableError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.message())
    }
}

#[cfg(not(feature = "idl-build"))]
impl From<BlockableError> for Error {
    #[cold]
    #[inline(never)]
    fn from(error: BlockableError) -> Error {
        Error::from(AnchorError {
            error_name: error.name_in_idl().to_string(),
            error_code_number: error.code(),
            error_msg: error.message().to_string(),
            error_origin: None,
            compared_values: None,
        })
    }
}

impl From<Overflow> for BlockableError {
    fn from(_: Overflow) -> Self {
        BlockableError::ArithmeticOverflow
    }
}

impl From<Overflow> for Error {
    fn from(overflow: Overflow) -> Self {
        BlockableError::from(overflow).into()
    }
}
