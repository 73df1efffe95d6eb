//! Values in JSON. Integers are text, because JavaScript reads numbers above 2^53 inexactly; a refusal is `!` and its name.

use {
    anchor_lang::error::Error,
    blockable_sdk::{
        Pubkey,
        program::{errors::BlockableError, units::Overflow},
    },
    serde_json::{Map, Value},
};

/// A value of the figures.
pub(crate) trait Figure {
    /// The value in JSON.
    fn json(&self) -> Value;
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Figure for $type {
            fn json(&self) -> Value {
                Value::String(self.to_string())
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, i64);

impl Figure for bool {
    fn json(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Figure for Pubkey {
    fn json(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Figure for Value {
    fn json(&self) -> Value {
        self.clone()
    }
}

impl<T: Figure> Figure for Result<T, Error> {
    fn json(&self) -> Value {
        match self {
            Ok(value) => value.json(),
            Err(Error::AnchorError(error)) => Value::String(format!("!{}", error.error_name)),
            Err(other) => Value::String(format!("!{other}")),
        }
    }
}

impl<T: Figure> Figure for Result<T, Overflow> {
    fn json(&self) -> Value {
        match self {
            Ok(value) => value.json(),
            Err(overflow) => Value::String(format!("!{}", BlockableError::from(*overflow).name_in_idl())),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An object of named figures.
pub(crate) fn object<const N: usize>(figures: [(&str, &dyn Figure); N]) -> Value {
    let entries = figures.into_iter().map(|(name, figure)| (name.to_string(), figure.json()));
    Value::Object(entries.collect::<Map<_, _>>())
}
