//! Texts on reporters and their reports.

use {
    super::Text,
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
    },
    blockable_service::text::{span, time, units},
};

pub(super) fn silent(reporter: &Pubkey, provider: &Pubkey, chunk: u32, seconds: i64) -> Text {
    Text::new(
        format!(
            "Reporter {reporter} of provider {provider} has not reported on chunk {chunk} for {}.",
            span(seconds)
        ),
        "The keeper meters without this reporter, and not at all where fewer reporters than the quorum are left. Nobody is \
         marked late because of it.",
        "Check that the provider's [[reporter]] endpoint can be reached, then ask the provider whether its reporter runs.",
    )
}

pub(super) fn disagree(agreeing: usize, reporting: usize, quorum: u8, largest: Units) -> Text {
    Text::new(
        format!("{agreeing} of {reporting} reporters agree on {} used, and {quorum} must.", units(largest)),
        "The credit is not metered until a quorum agrees; its use is counted later.",
        "Have the provider compare its reporters.",
    )
}

/// The next step after a fault that is proven.
const REPLACE: &str = "Have the provider replace its reporters without this key. The table evidence in the keeper's store has \
                       this report, and the first one or its digest.";

pub(super) fn equivocation(reporter: &Pubkey, provider: &Pubkey, chunk: u32, reported_at: ChainTime) -> Text {
    Text::new(
        format!(
            "Reporter {reporter} of provider {provider} has signed two different reports on chunk {chunk} for one instant, \
             {} (Unix time {}).",
            time(reported_at),
            reported_at.get()
        ),
        "At least one of them is false: somebody else has the key, or its owner forges reports.",
        REPLACE,
    )
}

pub(super) fn bad_reports(
    reporter: &Pubkey,
    provider: &Pubkey,
    chunk: u32,
    bit: u32,
    from: Units,
    to: Units,
) -> Text {
    Text::new(
        format!(
            "Reporter {reporter} of provider {provider} counts {} for credit {bit} of chunk {chunk} after it counted {}.",
            units(to),
            units(from)
        ),
        "The reporter has lost its records or counts wrongly. A count that goes back is not metered.",
        REPLACE,
    )
}

pub(super) fn below_chain(
    reporter: &Pubkey,
    chunk: u32,
    credit: &Pubkey,
    reported_at: ChainTime,
    on_chain: Units,
) -> Text {
    Text::new(
        format!(
            "Reporter {reporter} counts far less use for credit {credit} of chunk {chunk} than the {} on the chain: its report \
             of {}.",
            units(on_chain),
            time(reported_at)
        ),
        "Units used never become fewer, so the reporter has lost its records or reports a false count.",
        "Have the provider check the reporter, or replace its key.",
    )
}

pub(super) fn no_quorum(
    provider: &Pubkey,
    quorum: u8,
    chunk: u32,
    credit: &Pubkey,
    metered_to: ChainTime,
) -> Text {
    Text::new(
        format!(
            "Fewer than {quorum} reporters of provider {provider} report on credits in chunk {chunk}; credit {credit} is metered \
             up to {}.",
            time(metered_to)
        ),
        "These credits are not metered; their use is counted later.",
        "Check that the provider's reporters run, and that the keeper can read their [[reporter]] endpoints.",
    )
}
