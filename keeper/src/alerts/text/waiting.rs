//! Texts on acts and proposals of others: the payment token's issuer, the provider, the market's admin and guardian.

use {
    super::{Text, changes},
    crate::finding::{HandOver, OfferFault, SettingsChange, Waiting},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd},
        program::state::{MarketSettings, ProviderSettings},
    },
    blockable_service::text::{time, usd_owed, usd_received},
};

pub(super) fn vault_frozen(debt: MicroUsd, arrears: MicroUsd) -> Text {
    Text::new(
        format!(
            "The payment token's issuer has frozen the credit's vault; {} are owed, {} of them in arrears.",
            usd_owed(debt),
            usd_owed(arrears)
        ),
        "Nobody can pay, collect or buy from a lot. The program marks and seizes nothing meanwhile, and the keeper does not \
         try. Interest, late fees and graces run on.",
        "The lender should ask the issuer for the reason. Units can still be frozen, and lender and borrower can restructure \
         the loan; the lender can waive fees and write the debt off.",
    )
}

pub(super) fn offer_void(provider: &Pubkey, fault: OfferFault, principal: MicroUsd) -> Text {
    let reason = match fault {
        OfferFault::Reporters => {
            "its reporters, or those it has proposed, are not the ones that the terms name"
        }
        OfferFault::Rate => "its highest rate bound is now below that of the terms",
        OfferFault::LongestJob => "its longest job is now shorter than that of the terms",
    };
    Text::new(
        format!(
            "Provider {provider} cannot issue the credit, for which {} are in escrow: {reason}.",
            usd_received(principal)
        ),
        "The principal stays in escrow until the offer is withdrawn.",
        "The lender should read the provider's settings, withdraw the offer, and offer again on terms that fit them.",
    )
}

pub(super) fn borrower_hand_over(offer: &HandOver) -> Text {
    let HandOver { from, to, waiting } = offer;
    Text::new(
        format!("The place of borrower {from} is offered to {to}, who can take it {}.", window(waiting)),
        "The new borrower would owe the debt and use the units. Lender and borrower have both signed the offer.",
        "A lender or borrower that does not want it any more withdraws it before it is taken; each can do that alone.",
    )
}

pub(super) fn provider_change(provider: &Pubkey, change: &SettingsChange<ProviderSettings>) -> Text {
    let SettingsChange { from, to, waiting } = change;
    Text::new(
        format!(
            "Provider {provider} has proposed other settings, which it can apply {}: {}.",
            window(waiting),
            changes::of_provider(from, to).join("; ")
        ),
        "Loans keep the rate bound and the longest job of their terms. The reporters in force sign the use of all credits of \
         the provider. While other reporters wait, an open offer that does not name them cannot be issued.",
        format!(
            "A lender that does not trust the change should act before {}: freeze where the policy allows it, or ask the \
             market's admin to suspend the provider, which drops the change.",
            time(waiting.ready_at)
        ),
    )
}

pub(super) fn provider_hand_over(provider: &Pubkey, offer: &HandOver) -> Text {
    let HandOver { from, to, waiting } = offer;
    Text::new(
        format!(
            "The authority of provider {provider}, {from}, has offered its role to {to}, who can take it {}.",
            window(waiting)
        ),
        "The new authority would issue credits, be able to change the settings after their delay, and receive principal where \
         it changes the payout account.",
        "Ask the provider whether the offer is its own. If it is not, the provider or the market's admin should suspend the \
         provider, which drops the offer.",
    )
}

pub(super) fn provider_suspended(provider: &Pubkey, by_itself: bool, by_admin: bool) -> Text {
    let by = match (by_itself, by_admin) {
        (true, true) => "itself and the market's admin",
        (false, true) => "the market's admin",
        _ => "itself",
    };
    Text::new(
        format!("Provider {provider} is suspended by {by}."),
        "It issues no credits and can only tighten its settings. Its loans go on: jobs run, and reports count.",
        "A lender should ask the provider or the market's admin for the reason. Each can lift only its own suspension.",
    )
}

pub(super) fn market_halted(market: &Pubkey, since: ChainTime, ends_at: Option<ChainTime>) -> Text {
    let end = match ends_at {
        Some(at) => format!("its admin has lifted the halt from {} on", time(at)),
        None => "the halt has no end yet".to_string(),
    };
    Text::new(
        format!("Market {market} has been halted since {}; {end}.", time(since)),
        "Nobody can offer, accept or issue a loan, sell one, or buy from a lot of its own. Payments, freezes, marks, metering \
         and seizures go on, and so does the keeper.",
        "Ask the market's guardian or admin for the reason. Only the admin can lift a halt, and that takes the market's delay.",
    )
}

pub(super) fn market_change(market: &Pubkey, change: &SettingsChange<MarketSettings>) -> Text {
    let SettingsChange { from, to, waiting } = change;
    Text::new(
        format!(
            "The admin of market {market} has proposed other settings, which it can apply {}: {}.",
            window(waiting),
            changes::of_market(from, to).join("; ")
        ),
        "Loans keep their terms. The bounds on lots, the fee on sales and the treasury hold for existing loans too.",
        format!(
            "Whoever does not agree should act before {}, and can ask the guardian to halt the market.",
            time(waiting.ready_at)
        ),
    )
}

pub(super) fn market_hand_over(market: &Pubkey, offer: &HandOver) -> Text {
    let HandOver { from, to, waiting } = offer;
    Text::new(
        format!(
            "The admin of market {market}, {from}, has offered its role to {to}, who can take it {}.",
            window(waiting)
        ),
        "The new admin could change the market's settings after their delay, pause and halt it, and suspend providers.",
        "Ask the market's admin whether the offer is its own. If it is not, the guardian should halt the market.",
    )
}

fn window(waiting: &Waiting) -> String {
    format!("from {} until {}", time(waiting.ready_at), time(waiting.lapses_at))
}
