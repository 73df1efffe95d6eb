//! Conditions on lots: `--where provider=ADDRESS`.

use {
    crate::lookup::nearest,
    blockable_sdk::{Pubkey, accounts::LotFilter},
    blockable_service::command::values::{AddressError, address},
};

/// The names of conditions.
const NAMES: [&str; 3] = ["provider", "lender", "credit"];

/// A reason for which a text is no condition on lots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LotConditionError {
    /// It has no sign.
    #[error("is no condition; write NAME=ADDRESS, such as provider=ADDRESS")]
    Form,
    /// The name is unknown.
    #[error("has no known name; write provider, lender or credit{0}")]
    Name(String),
    /// The value is no address.
    #[error("{0}")]
    Address(AddressError),
}

/// Reads a condition on lots. Errors: [`LotConditionError`].
pub(super) fn condition(text: &str) -> Result<LotFilter, LotConditionError> {
    let (name, value) = text.split_once('=').ok_or(LotConditionError::Form)?;
    let filter: fn(Pubkey) -> LotFilter = match name {
        "provider" => LotFilter::Provider,
        "lender" => LotFilter::Lender,
        "credit" => LotFilter::Credit,
        name => {
            let near = nearest(name, NAMES.iter());
            return Err(LotConditionError::Name(
                near.map(|near| format!("; did you mean {near}?")).unwrap_or_default(),
            ));
        }
    };
    address(value).map(filter).map_err(LotConditionError::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_lots_are_read_or_refused() {
        let key = Pubkey::new_unique();
        assert_eq!(condition(&format!("provider={key}")), Ok(LotFilter::Provider(key)));
        assert_eq!(condition(&format!("credit={key}")), Ok(LotFilter::Credit(key)));
        assert_eq!(condition("lender"), Err(LotConditionError::Form));
        assert_eq!(condition("lender=me"), Err(LotConditionError::Address(AddressError::Length)));
        assert_eq!(condition("lendr=x"), Err(LotConditionError::Name("; did you mean lender?".to_string())));
    }
}
