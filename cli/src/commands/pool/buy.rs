//! `blockable pool buy`.

use {
    super::amount::{Purchase, PurchaseArgs},
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::carry_out,
        change::{After, Change, Effect, EffectLine, Line, MarketHead, Role, Step},
        commands::{
            act::{landed_words, load_own_key},
            money::{balance_after, require_money},
        },
        error::CliError,
        lookup::{CreditView, LotView, credit_if_any, lot},
        output::Answer,
        session::{MarketView, Session},
        views::{credit_json, expiry, lot_json},
    },
    blockable_sdk::{
        Pubkey, addresses,
        amounts::{Lamports, MicroUsd, Units},
        events::{self, CreditRecord, Event},
        instructions::lot_buy,
        program::{
            instructions::UnitBounds,
            state::{Credit, Lot},
            units::mul_div_ceil,
        },
    },
    blockable_service::{
        command::values::{address, money, units},
        text,
    },
    clap::Args,
    serde_json::json,
};

/// Buys units of a lot at its price now, into a credit of the buyer's own at the provider
///
/// Anyone may buy. The price only falls, and no more is paid than is shown. Without --at-least, --units buys all of them or none; the
/// other two take what is left.
#[derive(Args, Debug)]
pub(crate) struct BuyArgs {
    /// The lot's account
    #[arg(value_name = "LOT", value_parser = address)]
    lot: Pubkey,
    #[command(flatten)]
    amount: PurchaseArgs,
    /// Fewest units, if another buyer is faster; below that nothing is bought
    #[arg(long, value_name = "UNITS", value_parser = units)]
    at_least: Option<Units>,
    /// Highest price per million units; above it nothing is bought
    #[arg(long, value_name = "MONEY", value_parser = money)]
    max_price: Option<MicroUsd>,
    /// Token account that pays [default: the signer's own for the market's token]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    from: Option<Pubkey>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Buys. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &BuyArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, Some(&args.sign), None).await?;
    let (lot, market) = lot(&session, &args.lot).await?;
    let parties = load_own_key(&session, &args.sign, "buys")?;
    let purchase = args.amount.purchase(&lot, &market, &parties.signer)?;
    let bounds = bounds(args, &lot, &market, &purchase)?;
    let keys = market.keys();
    let source = args.from.unwrap_or_else(|| keys.token_account(&parties.signer));
    let balance = require_money(&session, &source, purchase.cost).await?;
    let lot_keys = lot.keys();
    let to = addresses::unrestricted_credit(
        &market.address,
        &lot_keys.provider,
        &parties.signer,
        lot_keys.units_expire_at,
    );
    let own = credit_if_any(&session, &to).await?;
    let rent = if own.is_some() { Lamports::ZERO } else { session.rent(Credit::SPACE).await? };
    let price = purchase.price.get();
    let instruction = lot_buy(&keys, &parties.signer, &parties.payer, &source, &lot_keys, bounds, price);
    let (lot, market) = (&lot, &market);
    let before = Before { lot, market, to, own: own.map(Box::new), source, balance };
    let (bought, cost) = (text::units(purchase.units), text::usd_owed(purchase.cost));
    let change = Change {
        title: format!("buy {bought} for {cost}"),
        market: MarketHead::from(market),
        role: Role::anyone("the buyer", parties.signer),
        facts: facts(lot, market, &purchase, bounds, &before),
        steps: vec![Step { instructions: vec![instruction], watched: vec![lot.address, to, source] }],
        effect: Box::new(|after| before.effect(after)),
        irreversible: "the purchase: nobody takes the units back".to_string(),
        rent,
        created: if before.own.is_none() { vec![("credit", to)] } else { Vec::new() },
        gate: None,
    };
    let use_them = format!("fetch the API key of {to} at the provider to use them");
    let buyer = parties.signer;
    let landed = |record: &CreditRecord| match &record.change {
        events::Change::Sold { buyer: by, units, cost, .. } if *by == buyer => Some(format!(
            "bought {} for {}; {use_them}",
            text::units(Units(*units)),
            text::usd_owed(MicroUsd(*cost))
        )),
        _ => None,
    };
    let done = |_: &Effect, events: &[Event]| {
        landed_words(events, &lot.credit.address, landed)
            .unwrap_or_else(|| format!("bought up to {bought} for at most {cost}; {use_them}"))
    };
    carry_out(&session, &args.sign, &parties, &change, done).await
}

/// The units within which the purchase is made. Errors: [`CliError::Usage`], [`CliError::Refused`] for a price above the highest.
fn bounds(
    args: &BuyArgs,
    lot: &LotView,
    market: &MarketView,
    purchase: &Purchase,
) -> Result<UnitBounds, CliError> {
    if let Some(highest) = args.max_price.filter(|highest| purchase.price > *highest) {
        return Err(CliError::Refused(format!(
            "the price is {} per million units, above {}; {}",
            text::usd_owed(purchase.price),
            text::usd_owed(highest),
            when_at(lot, market, highest)
        )));
    }
    let most = purchase.units.get();
    let usual = if args.amount.is_exact() { most } else { 1 };
    let least = args.at_least.map_or(usual, Units::get);
    if least > most {
        return Err(CliError::Usage(format!(
            "--at-least is {} and {} would be bought; name no more than that",
            text::units(Units(least)),
            text::units(purchase.units)
        )));
    }
    Ok(UnitBounds { least, most })
}

/// The time at which the price has fallen to a highest one, in words.
fn when_at(lot: &LotView, market: &MarketView, highest: MicroUsd) -> String {
    let Lot { start_price, floor_price, opened_at, window, .. } = lot.account;
    if highest.get() < floor_price {
        let floor = text::usd_owed(MicroUsd(floor_price));
        return format!("it falls to {floor} and no further; pass a higher --max-price");
    }
    let (fall, whole) = (start_price.saturating_sub(highest.get()), start_price.saturating_sub(floor_price));
    let seconds = mul_div_ceil(fall, window.into(), whole).unwrap_or(window.into());
    let at = opened_at.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
    format!("run this again at {}", text::time(market.chain_time_of(at)))
}

/// The accounts before a purchase.
struct Before<'a> {
    lot: &'a LotView,
    market: &'a MarketView,
    to: Pubkey,
    own: Option<Box<Credit>>,
    source: Pubkey,
    balance: MicroUsd,
}

impl Before<'_> {
    fn effect(&self, after: &After) -> Result<Effect, CliError> {
        let (lot, market) = (self.lot, self.market);
        let account: Lot = after.require(&lot.address)?;
        let own: Credit = after.require(&self.to)?;
        let units = |count: u64| text::units(Units(count));
        let open = self.own.as_ref().map_or(0, |own| own.collateral.available());
        let mut lines = vec![
            EffectLine::changed("left in the lot", units(lot.account.units_left), units(account.units_left)),
            EffectLine::changed("your open units", units(open), units(own.collateral.available())),
        ];
        if let Some(balance) = balance_after(after, &self.source) {
            let (before, after) = (text::usd_received(self.balance), text::usd_received(balance));
            lines.push(EffectLine::changed("your money", before, after));
        }
        let now = CreditView { address: self.to, account: own };
        // The debt behind the lot is as it was read; `pool list` shows it anew.
        let credit = CreditView { address: lot.credit.address, account: lot.credit.account };
        let later = LotView { address: lot.address, account, credit };
        let state = json!({"lot": lot_json(&later, market)?, "credit": credit_json(&now, market)});
        Ok(Effect { lines: lines.into_iter().flatten().collect(), state })
    }
}

fn facts(
    lot: &LotView,
    market: &MarketView,
    purchase: &Purchase,
    bounds: UnitBounds,
    before: &Before,
) -> Vec<Line> {
    let expire = expiry(lot, market).map_or("never".to_string(), text::time);
    let mut facts = vec![
        ("lot".to_string(), format!("{}, of credit {}", lot.address, lot.account.credit)),
        ("provider".to_string(), lot.account.provider.to_string()),
        ("price".to_string(), format!("{} per million units", text::usd_owed(purchase.price))),
        ("from".to_string(), before.source.to_string()),
        ("to credit".to_string(), before.to.to_string()),
        ("units expire".to_string(), expire),
    ];
    if bounds.least < bounds.most {
        facts.push(("at least".to_string(), text::units(Units(bounds.least))));
    }
    facts
}
