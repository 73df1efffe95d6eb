//! A market as text and as data.

use {
    super::{key_json, time_json},
    crate::session::MarketView,
    blockable_sdk::{
        amounts::{Bps, ChainTime, MarketTime, MicroUsd},
        delays::Waiting,
        program::state::{MAX_PRINCIPAL, TermBounds},
    },
    blockable_service::text,
    serde_json::{Value, json},
};

/// The lines of a market for people.
pub(crate) fn market_lines(market: &MarketView) -> Vec<(String, String)> {
    let (account, clock) = (&market.account, &market.clock);
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    let span = |seconds: u32| text::span(seconds.into());
    let share = |bps: u16| text::percent(Bps(bps.into()));
    line("market", format!("{} (id {})", market.address, account.id));
    line("admin", account.admin.to_string());
    line("guardian", account.guardian.to_string());
    line("kind", if account.is_test == 1 { "test: bounds may be loose" } else { "production" }.to_string());
    line("state", state(market));
    line(
        "clock",
        format!(
            "{}, {} spent paused",
            text::time(ChainTime(clock.chain)),
            span_of(clock.chain, clock.market)
        ),
    );
    line(
        "payment token",
        format!("{}, {} decimals, of {}", account.payment_mint, account.decimals, account.token_program),
    );
    line("treasury", account.treasury.to_string());
    line("fee on sales", share(account.redistribution_fee_bps));
    line(
        "delay of changes",
        format!("{}, of a provider's {}", span(account.change_delay), span(account.provider_delay)),
    );
    lines.extend(bound_lines(&account.bounds));
    lines.extend(waiting_lines(market));
    lines
}

/// The bounds on the terms of loans.
fn bound_lines(bounds: &TermBounds) -> Vec<(String, String)> {
    let span = |seconds: u32| text::span(seconds.into());
    let share = |bps: u16| text::percent(Bps(bps.into()));
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    line(
        "principal",
        format!(
            "{} to {}",
            text::usd_owed(MicroUsd(bounds.min_principal)),
            most_principal(bounds.max_principal)
        ),
    );
    line(
        "instalments",
        format!(
            "at least {} apart, over at most {}",
            span(bounds.min_instalment_interval),
            span(bounds.max_term)
        ),
    );
    line(
        "graces",
        format!(
            "delinquent after {} or more, default after {} or more, cure {} or more",
            span(bounds.min_delinquency_grace),
            span(bounds.min_default_grace),
            span(bounds.min_cure_period)
        ),
    );
    line("interest", format!("at most {} a year", share(bounds.max_apr_bps)));
    line("late fee", format!("at most {} of an instalment", share(bounds.max_late_fee_bps)));
    line("sale of a lot", format!("{} to {}", span(bounds.min_lot_window), span(bounds.max_lot_window)));
    line(
        "price of a lot",
        format!(
            "starts at {} to {} of the loan's, ends at {} or more",
            share(bounds.min_start_price_bps),
            share(bounds.max_start_price_bps),
            share(bounds.min_floor_price_bps)
        ),
    );
    lines
}

/// The change that waits, and the offer of the admin's place.
fn waiting_lines(market: &MarketView) -> Vec<(String, String)> {
    let account = &market.account;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    let at = |time: MarketTime| text::time(market.chain_time_of(time.get()));
    let when = |waiting: Waiting| match waiting {
        Waiting::None => None,
        Waiting::Until(from) => Some(format!("from {}", at(from))),
        Waiting::Ready { through, .. } => Some(format!("now, until {}", at(through))),
        Waiting::Lapsed(through) => Some(format!("no more, since {}", at(through))),
    };
    if let Some(when) = when(Waiting::market_change(account, market.now())) {
        line("waiting change", format!("can be applied {when}"));
    }
    if let Some(when) = when(Waiting::market_admin(account, market.now())) {
        line("admin offered", format!("to {}, who may take it {when}", account.pending_admin));
    }
    lines
}

/// A pause and a halt may be in force together, and each refuses other acts.
fn state(market: &MarketView) -> String {
    let until = text::time(ChainTime(market.account.pause_expires_at));
    let pause = market.clock.is_paused.then(|| format!("paused until {until}"));
    let halt = market.clock.is_halted.then(|| match market.account.halt_lifts_at {
        0 => "halted: no new loans".to_string(),
        at => format!("halted: no new loans until {}", text::time(market.chain_time_of(at))),
    });
    let all: Vec<String> = pause.into_iter().chain(halt).collect();
    if all.is_empty() { "open".to_string() } else { all.join("; ") }
}

fn span_of(chain: i64, market: i64) -> String {
    text::span(chain.saturating_sub(market))
}

fn most_principal(amount: u64) -> String {
    if amount >= MAX_PRINCIPAL { "unlimited".to_string() } else { text::usd_received(MicroUsd(amount)) }
}

/// The state of a market as data.
pub(crate) fn market_json(market: &MarketView) -> Value {
    let account = &market.account;
    let bounds = &account.bounds;
    json!({
        "market": market.address.to_string(),
        "id": account.id,
        "admin": account.admin.to_string(),
        "guardian": account.guardian.to_string(),
        "is_test": account.is_test == 1,
        "is_paused": market.clock.is_paused,
        "is_halted": market.clock.is_halted,
        "chain_time": time_json(ChainTime(market.clock.chain)),
        "market_time": market.clock.market,
        "payment_mint": account.payment_mint.to_string(),
        "token_program": account.token_program.to_string(),
        "decimals": account.decimals,
        "treasury": account.treasury.to_string(),
        "redistribution_fee_bps": account.redistribution_fee_bps,
        "change_delay_seconds": account.change_delay,
        "provider_delay_seconds": account.provider_delay,
        "min_suspension_seconds": account.min_suspension,
        "bounds": {
            "min_principal": bounds.min_principal,
            "max_principal": bounds.max_principal,
            "min_instalment_interval": bounds.min_instalment_interval,
            "max_term": bounds.max_term,
            "min_delinquency_grace": bounds.min_delinquency_grace,
            "min_default_grace": bounds.min_default_grace,
            "min_cure_period": bounds.min_cure_period,
            "min_lot_window": bounds.min_lot_window,
            "max_lot_window": bounds.max_lot_window,
            "max_apr_bps": bounds.max_apr_bps,
            "max_late_fee_bps": bounds.max_late_fee_bps,
            "min_start_price_bps": bounds.min_start_price_bps,
            "max_start_price_bps": bounds.max_start_price_bps,
            "min_floor_price_bps": bounds.min_floor_price_bps,
        },
        "change_ready_at": time_json(ready_at(market, market.account.change_ready_at)),
        "halt_lifts_at": time_json(ready_at(market, market.account.halt_lifts_at)),
        "pause_expires_at": time_json(ChainTime(account.pause_expires_at)),
        "pending_admin": key_json(account.pending_admin),
        "pending_admin_ready_at": time_json(ready_at(market, market.account.pending_admin_ready_at)),
    })
}

fn ready_at(market: &MarketView, market_time: i64) -> ChainTime {
    match market_time {
        0 => ChainTime(0),
        at => market.chain_time_of(at),
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{
            Pubkey,
            program::state::{Market, MarketClock},
        },
        bytemuck::Zeroable,
    };

    #[test]
    fn a_halt_hides_no_pause() {
        for (is_halted, is_paused, shown) in [
            (false, false, "open"),
            (true, false, "halted: no new loans"),
            (false, true, "paused until 1970-01-02 00:00 UTC"),
            (true, true, "paused until 1970-01-02 00:00 UTC; halted: no new loans"),
        ] {
            let account = Market { pause_expires_at: 86_400, ..Market::zeroed() };
            let clock = MarketClock { chain: 0, market: 0, is_paused, is_halted };
            assert_eq!(state(&MarketView { address: Pubkey::default(), account, clock }), shown);
        }
    }
}
