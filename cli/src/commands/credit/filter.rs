//! Conditions on credits: `--where borrower=ADDRESS`.

use {
    crate::lookup::nearest,
    blockable_sdk::{accounts::CreditFilter, names::status_byte_name, program::transitions::Status},
    blockable_service::address::{AddressError, address},
};

/// The names of conditions.
const NAMES: [&str; 5] = ["lender", "borrower", "provider", "market", "status"];

/// A reason for which a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConditionError {
    /// It has no sign.
    #[error("is no condition; write NAME=VALUE, such as borrower=ADDRESS or status=delinquent")]
    Form,
    /// The name is unknown.
    #[error("has no known name; write lender, borrower, provider, market or status{0}")]
    Name(String),
    /// The value is no address.
    #[error("{0}")]
    Address(AddressError),
    /// The value is no status.
    #[error(
        "has no status behind the sign; write offered, accepted, active, delinquent, defaulted, seizing, repaid or closed"
    )]
    Status,
}

/// Reads a condition. Errors: [`ConditionError`].
pub(super) fn condition(text: &str) -> Result<CreditFilter, ConditionError> {
    let (name, value) = text.split_once('=').ok_or(ConditionError::Form)?;
    let address = || address(value).map_err(ConditionError::Address);
    match name {
        "lender" => Ok(CreditFilter::Lender(address()?)),
        "borrower" => Ok(CreditFilter::Borrower(address()?)),
        "provider" => Ok(CreditFilter::Provider(address()?)),
        "market" => Ok(CreditFilter::Market(address()?)),
        "status" => {
            let status = Status::ALL.into_iter().find(|status| status_byte_name(status.byte()) == value);
            status.map(CreditFilter::Status).ok_or(ConditionError::Status)
        }
        name => {
            let near = nearest(name, NAMES.iter());
            Err(ConditionError::Name(near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::Pubkey};

    #[test]
    fn conditions_are_read_or_refused() {
        let key = Pubkey::new_unique();
        assert_eq!(condition(&format!("borrower={key}")), Ok(CreditFilter::Borrower(key)));
        assert_eq!(condition("status=delinquent"), Ok(CreditFilter::Status(Status::Delinquent)));
        assert_eq!(condition("borrower"), Err(ConditionError::Form));
        assert_eq!(condition("borrower=me"), Err(ConditionError::Address(AddressError::Length)));
        assert_eq!(condition("status=late"), Err(ConditionError::Status));
        assert_eq!(condition("borower=x"), Err(ConditionError::Name("; did you mean borrower?".to_string())));
    }
}
