//! A provider as text and as data.

use {
    super::{key_json, time_json},
    crate::{lookup::ProviderView, session::MarketView, table::Column},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, Units},
        program::state::{Provider, ProviderSettings},
    },
    blockable_service::{hex, text},
    serde_json::{Value, json},
};

/// The columns of a list of providers.
pub(crate) fn provider_columns() -> [Column; 7] {
    [
        Column::Address("PROVIDER"),
        Column::Text("STATE"),
        Column::Figure("CAPACITY"),
        Column::Figure("FREE"),
        Column::Figure("REPORTERS"),
        Column::Figure("QUORUM"),
        Column::Text("CHANGE FROM"),
    ]
}

/// A provider as a row of a list.
pub(crate) fn provider_row(provider: &ProviderView, market: &MarketView) -> Vec<String> {
    let account = &provider.account;
    let change = match account.change_ready_at {
        0 => "-".to_string(),
        at => text::time(market.chain_time_of(at)),
    };
    vec![
        provider.address.to_string(),
        state(account).to_string(),
        text::thousands(account.capacity_units),
        text::thousands(provider.free_units()),
        account.settings.reporter_count.to_string(),
        account.settings.quorum.to_string(),
        change,
    ]
}

/// The state in words: open, or suspended, and by whom.
fn state(account: &Provider) -> &'static str {
    let by_itself = account.suspended & Provider::SUSPENDED_BY_ITSELF != 0;
    match (by_itself, account.is_suspended_by_admin()) {
        (false, false) => "open",
        (true, false) => "suspended by itself",
        (false, true) => "suspended by the admin",
        (true, true) => "suspended by both",
    }
}

/// The lines of a provider for people.
pub(crate) fn provider_lines(provider: &ProviderView, market: &MarketView) -> Vec<(String, String)> {
    let account = &provider.account;
    let units = |count: u64| text::units(Units(count));
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    line("provider", provider.address.to_string());
    line("state", since(account, market));
    line("market", market.address.to_string());
    line("authority", account.authority.to_string());
    line(
        "capacity",
        format!(
            "{}, of which {} are owed and {} free for new loans",
            units(account.capacity_units),
            units(account.outstanding_units),
            units(provider.free_units())
        ),
    );
    if account.closed_overrun > 0 {
        line("overrun", format!("{} of ended credits, at its own loss", units(account.closed_overrun)));
    }
    lines.extend(settings_lines(&account.settings, market));
    let began = text::time(ChainTime(account.epoch_began_at));
    lines.push(("epoch".to_string(), format!("{}, since {began}", account.epoch)));
    lines.push(("reporters hash".to_string(), hex::encode(account.reporters_hash())));
    lines.extend(waiting_lines(account, market));
    lines
}

fn since(account: &Provider, market: &MarketView) -> String {
    match account.admin_suspended_at {
        0 => state(account).to_string(),
        at => format!("{} since {}", state(account), text::time(market.chain_time_of(at))),
    }
}

/// The settings in force that loans depend on.
fn settings_lines(settings: &ProviderSettings, market: &MarketView) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_string(), value));
    let jobs = text::span(settings.longest_job.into());
    let rate = text::units(Units(settings.max_units_per_second));
    line("bounds of loans", format!("{rate} a second, jobs of {jobs} at most"));
    line("paid to", settings.payout.to_string());
    line("price list", price_list(settings));
    line(
        "reports",
        format!(
            "of {} of {} reporters, chunks of {} credits",
            settings.quorum, settings.reporter_count, settings.chunk_size
        ),
    );
    for (place, reporter) in settings.reporters().iter().enumerate() {
        let at = text::time(ChainTime(reporter.expires_at));
        let end = match reporter.expires_at {
            i64::MAX => "never expires".to_string(),
            expired if expired <= market.clock.chain => format!("EXPIRED {at}"),
            _ => format!("expires {at}"),
        };
        line(&format!("reporter {place}"), format!("{}, {end}", reporter.key));
    }
    lines
}

fn price_list(settings: &ProviderSettings) -> String {
    match settings.price_list_hash {
        hash if hash == [0; 32] => "none published".to_string(),
        hash => hex::encode(hash),
    }
}

/// The change that waits, line by line, and the offer of the authority's place.
fn waiting_lines(account: &Provider, market: &MarketView) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    if account.change_ready_at != 0 {
        let at = text::time(market.chain_time_of(account.change_ready_at));
        lines.push(("waiting change".to_string(), format!("can be applied from {at}")));
        let now = settings_lines(&account.settings, market);
        let later = settings_lines(&account.proposed, market);
        for (name, value) in &later {
            if !now.contains(&(name.clone(), value.clone())) {
                lines.push((format!("  {name}"), value.clone()));
            }
        }
        for (name, _) in now.iter().filter(|(name, _)| !later.iter().any(|(known, _)| known == name)) {
            lines.push((format!("  {name}"), "removed".to_string()));
        }
    }
    if account.pending_authority != Pubkey::default() {
        let at = text::time(market.chain_time_of(account.pending_authority_ready_at));
        let to = account.pending_authority;
        lines.push(("authority offered".to_string(), format!("to {to}, who may take it from {at}")));
    }
    lines
}

/// The state of a provider as data.
pub(crate) fn provider_json(provider: &ProviderView, market: &MarketView) -> Value {
    let account = &provider.account;
    let market_time = |at: i64| match at {
        0 => Value::Null,
        at => time_json(market.chain_time_of(at)),
    };
    let proposed = (account.change_ready_at != 0).then(|| settings_json(&account.proposed, market));
    json!({
        "provider": provider.address.to_string(),
        "market": market.address.to_string(),
        "authority": account.authority.to_string(),
        "state": state(account),
        "is_suspended": account.suspended != 0,
        "admin_suspended_at": market_time(account.admin_suspended_at),
        "capacity_units": account.capacity_units,
        "outstanding_units": account.outstanding_units,
        "free_units": provider.free_units(),
        "closed_overrun_units": account.closed_overrun,
        "credits_issued": account.next_index,
        "epoch": account.epoch,
        "epoch_began_at": time_json(ChainTime(account.epoch_began_at)),
        "cluster_tag": Pubkey::from(account.cluster_tag).to_string(),
        "reporters_hash": hex::encode(account.reporters_hash()),
        "settings": settings_json(&account.settings, market),
        "proposed": proposed,
        "change_ready_at": market_time(account.change_ready_at),
        "pending_authority": key_json(account.pending_authority),
        "pending_authority_ready_at": market_time(account.pending_authority_ready_at),
    })
}

fn settings_json(settings: &ProviderSettings, market: &MarketView) -> Value {
    let reporters = settings.reporters().iter().map(|reporter| {
        json!({
            "key": reporter.key.to_string(),
            "expires_at": time_json(ChainTime(reporter.expires_at)),
            "is_expired": reporter.expires_at <= market.clock.chain,
        })
    });
    let has_prices = settings.price_list_hash != [0; 32];
    json!({
        "reporters": reporters.collect::<Vec<_>>(),
        "quorum": settings.quorum,
        "chunk_size": settings.chunk_size,
        "payout": settings.payout.to_string(),
        "price_list_hash": has_prices.then(|| hex::encode(settings.price_list_hash)),
        "max_units_per_second": settings.max_units_per_second,
        "longest_job_seconds": settings.longest_job,
    })
}
