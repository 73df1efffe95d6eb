//! `blockable credit list`.

use {
    super::filter::condition,
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::{find, nearest},
        output::{Answer, warn},
        session::Session,
        table::table,
        views::{credit_columns, credit_json, credit_row},
    },
    blockable_sdk::{Pubkey, accounts::CreditFilter, program::state::Credit},
    clap::Args,
    serde_json::Value,
    std::collections::BTreeSet,
};

/// Lists credits: those of the market of the settings, or of all markets
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Credits for which this holds: lender=, borrower=, provider=, market=ADDRESS or status=STATUS; all of several must hold
    #[arg(short = 'w', long = "where", value_name = "NAME=VALUE", value_parser = condition)]
    conditions: Vec<CreditFilter>,
}

/// Lists the credits. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ListArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (credits, markets, unread) = find(&session, &args.conditions).await?;
    unread.iter().for_each(|(_, error)| warn(&error.to_string()));
    let (mut rows, mut data) = (Vec::new(), Vec::new());
    for credit in &credits {
        let Some(market) = markets.get(&credit.account.market) else { continue };
        rows.push(credit_row(credit, market));
        data.push(credit_json(credit, market));
    }
    if credits.is_empty() {
        return Ok(Answer { text: none_found(&session, &args.conditions).await?, data: Value::Array(data) });
    }
    let text = match rows.len() {
        1 => table(&credit_columns(), &rows) + "1 credit",
        count => table(&credit_columns(), &rows) + &format!("{count} credits"),
    };
    Ok(Answer { text, data: Value::Array(data) })
}

/// Words for an empty list: the market that it was limited to, and its origin. A party that is near a named one is warned of. Errors: a
/// market that is none.
async fn none_found(session: &Session, conditions: &[CreditFilter]) -> Result<String, CliError> {
    let named = conditions.iter().find_map(|condition| match condition {
        CreditFilter::Market(market) => Some((*market, "--where".to_string())),
        _ => None,
    });
    let of_settings =
        session.settings.market.as_ref().map(|market| (market.value, market.origin.to_string()));
    let market = named.or(of_settings);
    let of = match &market {
        Some((market, origin)) => {
            session.market(market).await?;
            format!(" of market {market} ({origin})")
        }
        None => String::new(),
    };
    let filters: Vec<CreditFilter> =
        market.map(|(market, _)| CreditFilter::Market(market)).into_iter().collect();
    // It is only a hint: a node that fails now has answered before.
    let all = session.client.credits(&filters).await.unwrap_or_default();
    for condition in conditions {
        if let Some((name, wanted, near)) = near_party(condition, all.iter().map(|(_, credit)| credit)) {
            warn(&format!("no credit there has the {name} {wanted}; did you mean {near}?"));
        }
    }
    let with = if conditions.is_empty() { "" } else { " for which all of that holds" };
    Ok(format!("no credits{of} on {}{with}", session.cluster()))
}

/// The party of some credits that is near the one that a condition names, where none of them has that one.
fn near_party<'a>(
    condition: &CreditFilter,
    credits: impl Iterator<Item = &'a Credit>,
) -> Option<(&'static str, Pubkey, String)> {
    let (name, wanted, party): (_, _, fn(&Credit) -> Pubkey) = match condition {
        CreditFilter::Lender(key) => ("lender", *key, |credit| credit.lender),
        CreditFilter::Borrower(key) => ("borrower", *key, |credit| credit.borrower),
        CreditFilter::Provider(key) => ("provider", *key, |credit| credit.provider),
        _ => return None,
    };
    let known: BTreeSet<Pubkey> = credits.map(party).collect();
    if known.contains(&wanted) {
        return None;
    }
    let near = nearest(&wanted.to_string(), known.iter().map(ToString::to_string))?;
    Some((name, wanted, near))
}
