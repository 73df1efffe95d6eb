//! The part of a link that a wallet shows: title, description and buttons, from the accounts alone.

use {
    super::{
        act::Act,
        asked::{Asked, dollar_text, whole_debt},
        decide::decide,
        protocol::{ActionError, ActionLink, ActionLinks, ActionParameter, ShownAction},
        view::View,
        words,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
        names::status_byte_name,
        program::errors::BlockableError,
    },
    blockable_service::text,
};

/// A link, as its buttons name it.
pub(crate) struct LinkText<'a> {
    /// The URL at which wallets reach this keeper.
    pub(crate) public_url: &'a str,
    /// The act.
    pub(crate) act: Act,
    /// The address of the credit, or of the lot.
    pub(crate) address: Pubkey,
}

impl LinkText<'_> {
    /// The link without a query.
    pub(crate) fn url(&self) -> String {
        format!("{}/links/{}/{}", self.public_url, self.act.name(), self.address)
    }

    /// The link that says what it has shown.
    pub(crate) fn url_of(&self, asked: &Asked) -> String {
        format!("{}?{}", self.url(), asked.query())
    }
}

/// Shows a link. `asked` is what the link says itself; without it the link offers what the state of the accounts suggests.
pub(crate) fn show(link: &LinkText<'_>, asked: Option<Asked>, view: &View) -> ShownAction {
    let first = asked.or_else(|| Asked::first(link.act, view));
    // A link that asks for a share is open as long as any share can be frozen.
    let most = match (link.act, asked) {
        (Act::PartFreeze, None) => Asked::first(Act::Freeze, view),
        _ => first,
    };
    let decided = match &most {
        Some(asked) => decide(asked, view, &meant_for(link.act, view)),
        None => Err(nothing_to_do(link.act)),
    };
    let effect = decided.as_deref().ok().filter(|_| most == first);
    let label = label(link.act, first.as_ref());
    let actions = match (&first, asked) {
        (Some(first), None) => buttons(link, first, view, &label),
        (Some(first), Some(_)) => vec![button(link.url_of(first), &label)],
        (None, _) => Vec::new(),
    };
    let error = decided.as_ref().err().map(|error| ActionError { message: words::of_error(*error) });
    ShownAction {
        kind: "action",
        icon: format!("{}/links/icon.svg", link.public_url),
        title: title(link.act).to_string(),
        description: description(link, view, effect),
        label,
        disabled: error.is_some(),
        links: (error.is_none() && !actions.is_empty()).then_some(ActionLinks { actions }),
        error,
    }
}

/// The key that an act is meant for, to decide on it before a wallet has told its own.
fn meant_for(act: Act, view: &View) -> Pubkey {
    match act {
        Act::Freeze | Act::PartFreeze | Act::Thaw => view.credit.lender,
        Act::Repay | Act::Accept => view.credit.borrower,
        Act::Buy => Pubkey::default(),
    }
}

fn nothing_to_do(act: Act) -> BlockableError {
    match act {
        Act::Thaw => BlockableError::BeyondFrozen,
        Act::Repay => BlockableError::NothingOwed,
        Act::Buy => BlockableError::LotUnitsExceeded,
        Act::Freeze | Act::PartFreeze | Act::Accept => BlockableError::WrongStatus,
    }
}

fn title(act: Act) -> &'static str {
    match act {
        Act::Freeze => "Freeze the units of a loan",
        Act::PartFreeze => "Freeze a part of a loan's units",
        Act::Thaw => "Thaw the units of a loan",
        Act::Repay => "Repay a loan",
        Act::Buy => "Buy compute units",
        Act::Accept => "Accept a loan",
    }
}

fn label(act: Act, asked: Option<&Asked>) -> String {
    match (act, asked) {
        (_, Some(Asked::Repay { amount, .. })) => format!("Pay ${}", dollar_text(*amount)),
        (_, Some(Asked::Buy { amount, .. })) => format!("Buy {}", units(amount.most)),
        (_, Some(Asked::Thaw { bounds, .. })) => format!("Thaw {}", units(bounds.most)),
        (Act::PartFreeze, _) => "Freeze this part".to_string(),
        (Act::Freeze, _) => "Freeze all".to_string(),
        (Act::Thaw, _) => "Thaw".to_string(),
        (Act::Repay, _) => "Pay".to_string(),
        (Act::Buy, _) => "Buy".to_string(),
        (Act::Accept, _) => "Accept".to_string(),
    }
}

fn buttons(link: &LinkText<'_>, first: &Asked, view: &View, label: &str) -> Vec<ActionLink> {
    let mut buttons = vec![button(link.url_of(first), label)];
    match first {
        Asked::Freeze { offer, .. } if link.act == Act::PartFreeze => {
            let shares = [25u16, 50, 75].map(|percent| {
                button(
                    format!("{}?offer={offer}&percent={percent}", link.url()),
                    &format!("Freeze {percent} %"),
                )
            });
            let typed = format!("{}?offer={offer}&percent={{percent}}", link.url());
            buttons =
                shares.into_iter().chain([asking(typed, "Freeze", "percent", "Percent to freeze")]).collect();
        }
        Asked::Repay { amount, read, .. } => {
            if let Some(whole) = whole_debt(view).filter(|whole| whole != first) {
                buttons.push(button(link.url_of(&whole), "Pay all that is owed"));
            }
            let typed = Asked::Repay { amount: *amount, read: *read, must_cure: false };
            let typed =
                link.url_of(&typed).replace(&format!("amount={}", dollar_text(*amount)), "amount={amount}");
            buttons.push(asking(typed, "Pay", "amount", "Dollars to pay at most"));
        }
        Asked::Buy { max_price, .. } => {
            let typed = format!("{}?units={{units}}&max_price={max_price}", link.url());
            buttons.push(asking(typed, "Buy", "units", "Units to buy"));
        }
        Asked::Freeze { .. } | Asked::Thaw { .. } | Asked::Accept(_) => {}
    }
    buttons
}

fn button(href: String, label: &str) -> ActionLink {
    ActionLink { kind: "transaction", href, label: label.to_string(), parameters: Vec::new() }
}

fn asking(href: String, label: &str, name: &'static str, text: &str) -> ActionLink {
    let parameter = ActionParameter { kind: "number", name, label: text.to_string(), required: true };
    ActionLink { parameters: vec![parameter], ..button(href, label) }
}

/// The state of the loan, the effect, and who hears of it.
fn description(link: &LinkText<'_>, view: &View, effect: Option<&str>) -> String {
    let credit = &view.credit;
    let mut now = *credit;
    // A debt out of range is shown as of the last change.
    let _ = now.accrue(view.clock.market);
    let status = status_byte_name(credit.status);
    let collateral = &credit.collateral;
    let state = match link.act {
        Act::Accept => {
            let terms = &credit.terms;
            format!(
                "{} for {} at {} a year, in {} instalments. Compare the terms and their hash with your agreement before you sign.",
                dollars(terms.principal),
                units(terms.units),
                text::percent(blockable_sdk::amounts::Bps(u64::from(terms.apr_bps))),
                credit.instalment_count,
            )
        }
        Act::Buy => {
            let left = view.lot.as_ref().map_or(0, |(_, lot)| lot.units_left);
            format!("{} are left in this lot. Its price falls until it is sold.", units(left))
        }
        Act::Repay => format!(
            "The loan is {status}: {} is owed, {} of it is due now.",
            dollars(now.debt.total()),
            dollars(now.arrears())
        ),
        Act::Freeze | Act::PartFreeze | Act::Thaw => format!(
            "The loan is {status}: {} are frozen and {} are open to new work.",
            units(collateral.frozen()),
            units(collateral.available())
        ),
    };
    let hears = match link.act {
        Act::Freeze | Act::PartFreeze => {
            " Your wallet sends the freeze itself, so the provider hears of it by the chain, some seconds after you sign. The \
             lender's page tells the provider at once."
        }
        _ => "",
    };
    let effect = effect.map(|effect| format!(" {effect}")).unwrap_or_default();
    format!("Credit {}. {state}{effect}{hears}", view.credit_key)
}

fn units(count: u64) -> String {
    text::units(Units(count))
}

fn dollars(amount: u64) -> String {
    text::usd_owed(MicroUsd(amount))
}
