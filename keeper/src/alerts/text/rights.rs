//! Texts on rights that a party has now: cancels of units under the holdback, freezes.

use {
    super::Text,
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd, Units},
    },
    blockable_service::text::{time, units, usd_received},
};

pub(super) fn lender_cancel(covered: Units, pays: MicroUsd, anybody_from: ChainTime) -> Text {
    Text::new(
        format!(
            "The cure period has passed, and the lender may cancel {} for the {} that was held back for them.",
            units(covered),
            usd_received(pays)
        ),
        format!(
            "The money becomes the lender's claim and lowers the debt; no buyer is needed. Anybody may cancel them from {} on, and \
             interest on the holdback ends then.",
            time(anybody_from)
        ),
        "The lender should cancel, and seize the rest of the lien. A first cancel ends the borrower's right to cure.",
    )
}

pub(super) fn joint_cancel(provider: &Pubkey, since: ChainTime, covered: Units, pays: MicroUsd) -> Text {
    Text::new(
        format!(
            "The market's admin has had provider {provider} suspended since {}; lender and borrower may cancel {} together.",
            time(since),
            units(covered)
        ),
        format!(
            "{} that was held back for them would go to the lender and lower the debt, and the last instalments with it.",
            usd_received(pays)
        ),
        "Lender and borrower should agree whether they leave the provider. Both sign; neither can do it alone.",
    )
}

pub(super) fn cross_default(other: &Pubkey, freezable: Units) -> Text {
    Text::new(
        format!("Credit {other} of the same lender and borrower is in default or being seized."),
        format!("The terms let the lender freeze the {} of this credit that are open.", units(freezable)),
        "The lender should decide whether to freeze. No payment on this credit thaws such a freeze; the end of the other default \
         does.",
    )
}

pub(super) fn reserve_short(held: MicroUsd, agreed: MicroUsd, since: ChainTime, freezable: Units) -> Text {
    Text::new(
        format!(
            "The reserve holds {} of the {} agreed since {}, longer than the delinquency grace.",
            usd_received(held),
            usd_received(agreed),
            time(since)
        ),
        format!(
            "Until it is full the lender may freeze the {} that are open, whatever the policy.",
            units(freezable)
        ),
        "The borrower should fill the reserve. The lender should freeze for a risk or a breach: for a reason about payment the \
         program refuses it.",
    )
}
