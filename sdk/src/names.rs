//! The program's enumerations in the words that JSON and texts have for them.

use blockable_credits::{
    state::{AutoFreeze, FreezePolicy, FreezeReason},
    transitions::Status,
};

/// The name of a status.
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Offered => "offered",
        Status::Accepted => "accepted",
        Status::Active => "active",
        Status::Delinquent => "delinquent",
        Status::Defaulted => "defaulted",
        Status::Seizing => "seizing",
        Status::Repaid => "repaid",
        Status::Closed => "closed",
    }
}

/// The name of a status by its byte in an account; `unknown` for one of a later version of the program.
pub fn status_byte_name(byte: u8) -> &'static str {
    Status::from_byte(byte).map_or("unknown", status_name)
}

/// The name of the reason of a freeze.
pub fn freeze_reason_name(reason: FreezeReason) -> &'static str {
    match reason {
        FreezeReason::MissedPayment => "missed_payment",
        FreezeReason::Default => "default",
        FreezeReason::Breach => "breach",
        FreezeReason::Risk => "risk",
        FreezeReason::CrossDefault => "cross_default",
    }
}

/// The name of the reason of a freeze by its byte in an account; `unknown` for one of a later version of the program.
pub fn freeze_reason_byte_name(byte: u8) -> &'static str {
    let reasons = [
        FreezeReason::MissedPayment,
        FreezeReason::Default,
        FreezeReason::Breach,
        FreezeReason::Risk,
        FreezeReason::CrossDefault,
    ];
    reasons.into_iter().find(|reason| *reason as u8 == byte).map_or("unknown", freeze_reason_name)
}

/// The name of the policy on the lender's freezes by its byte in the terms; `unknown` for one of a later version of the program.
pub fn freeze_policy_byte_name(byte: u8) -> &'static str {
    match FreezePolicy::from_byte(byte) {
        Some(FreezePolicy::AtWill) => "at_will",
        Some(FreezePolicy::OnDelinquency) => "on_delinquency",
        Some(FreezePolicy::OnDefault) => "on_default",
        None => "unknown",
    }
}

/// The name of the mark from which anyone may freeze by its byte in the terms; `unknown` for one of a later version of the program.
pub fn auto_freeze_byte_name(byte: u8) -> &'static str {
    match AutoFreeze::from_byte(byte) {
        Some(AutoFreeze::Never) => "never",
        Some(AutoFreeze::FromDelinquency) => "from_delinquency",
        Some(AutoFreeze::FromDefault) => "from_default",
        None => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_named_by_its_word_in_lower_case() {
        for status in Status::ALL {
            assert_eq!(status_name(status), format!("{status:?}").to_lowercase());
            assert_eq!(status_byte_name(status.byte()), status_name(status));
        }
        assert_eq!(status_byte_name(200), "unknown");
    }

    #[test]
    fn the_terms_on_freezes_are_named_by_their_bytes() {
        let names = |name: fn(u8) -> &'static str| {
            (0..=u8::MAX).map(name).filter(|name| *name != "unknown").collect::<Vec<_>>()
        };
        assert_eq!(names(freeze_policy_byte_name), ["at_will", "on_delinquency", "on_default"]);
        assert_eq!(names(auto_freeze_byte_name), ["never", "from_delinquency", "from_default"]);
    }

    #[test]
    fn a_reason_is_named_by_its_byte() {
        let names = (0..=u8::MAX).map(freeze_reason_byte_name).filter(|name| *name != "unknown");
        let all = ["missed_payment", "default", "breach", "risk", "cross_default"];
        assert_eq!(names.collect::<Vec<_>>(), all);
    }
}
