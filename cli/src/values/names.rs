//! The program's enumerations in the words of flags and JSON.

use blockable_sdk::program::state::{AutoFreeze, FreezePolicy, FreezeReason};

/// The name of the reason of a freeze by its byte; `unknown` for one of a later version of the program.
pub(crate) fn reason_name(byte: u8) -> &'static str {
    let reasons = [
        (FreezeReason::MissedPayment, "missed_payment"),
        (FreezeReason::Default, "default"),
        (FreezeReason::Breach, "breach"),
        (FreezeReason::Risk, "risk"),
        (FreezeReason::CrossDefault, "cross_default"),
    ];
    reasons.into_iter().find(|(reason, _)| *reason as u8 == byte).map_or("unknown", |(_, name)| name)
}

/// The statuses from which the lender, and from which anyone, may freeze, in words.
pub(crate) fn policy_name(policy: u8, auto: u8) -> String {
    let policy = match FreezePolicy::from_byte(policy) {
        Some(FreezePolicy::AtWill) => "at will",
        Some(FreezePolicy::OnDelinquency) => "from delinquency",
        Some(FreezePolicy::OnDefault) => "from default",
        None => "by an unknown policy",
    };
    let auto = match AutoFreeze::from_byte(auto) {
        Some(AutoFreeze::Never) => "never",
        Some(AutoFreeze::FromDelinquency) => "from delinquency",
        Some(AutoFreeze::FromDefault) => "from default",
        None => "by an unknown rule",
    };
    format!("lender {policy}, anyone {auto}")
}
