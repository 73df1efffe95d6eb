//! `blockable pool list`.

use {
    super::filter::condition,
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::find_lots,
        output::Answer,
        session::Session,
        table::table,
        views::{lot_columns, lot_json, lot_row},
    },
    blockable_sdk::accounts::LotFilter,
    clap::Args,
    serde_json::Value,
};

/// Lists lots of seized units that are for sale: units left, price now, floor
///
/// They are those of the market of the settings, or of all markets. Prices are per million units and fall until the time that is shown.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Lots for which this holds: provider=, lender= or credit=ADDRESS; all of several must hold
    #[arg(short = 'w', long = "where", value_name = "NAME=ADDRESS", value_parser = condition)]
    conditions: Vec<LotFilter>,
    /// Lots as well from which nothing can be bought now
    #[arg(long)]
    all: bool,
}

/// Lists the lots, the cheapest first. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ListArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let (lots, markets) = find_lots(&session, &args.conditions).await?;
    let mut shown = Vec::new();
    for lot in &lots {
        let Some(market) = markets.get(&lot.account.market) else { continue };
        if args.all || lot.not_for_sale(market).is_none() {
            shown.push((lot.price(market)?, lot_row(lot, market)?, lot_json(lot, market)?));
        }
    }
    shown.sort_by_key(|(price, ..)| *price);
    let (rows, data): (Vec<Vec<String>>, Vec<Value>) =
        shown.into_iter().map(|(_, row, data)| (row, data)).unzip();
    let text = match rows.len() {
        0 => format!("nothing is for sale on {}", session.cluster()),
        1 => table(&lot_columns(), &rows) + "1 lot",
        count => table(&lot_columns(), &rows) + &format!("{count} lots"),
    };
    Ok(Answer { text, data: Value::Array(data) })
}
