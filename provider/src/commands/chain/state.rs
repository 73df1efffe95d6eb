//! A provider as text and as data.

use {
    super::Session,
    blockable_sdk::{
        amounts::{ChainTime, Units},
        program::state::{Provider, ProviderSettings, Reporter},
    },
    blockable_service::{hex, text},
    serde_json::{Value, json},
};

/// The state of a provider, as data.
pub(crate) fn provider_json(session: &Session, provider: &Provider) -> Value {
    let free = provider.capacity_units.saturating_sub(provider.outstanding_units);
    let waiting = (provider.change_ready_at != 0).then(|| {
        json!({
            "settings": settings_json(&provider.proposed),
            "ready_at": session.chain_time_of(provider.change_ready_at),
            "ready_at_market": provider.change_ready_at,
        })
    });
    json!({
        "provider": session.provider_address().to_string(),
        "authority": provider.authority.to_string(),
        "suspended_by_itself": provider.suspended & Provider::SUSPENDED_BY_ITSELF != 0,
        "suspended_by_admin": provider.is_suspended_by_admin(),
        "capacity_units": provider.capacity_units,
        "outstanding_units": provider.outstanding_units,
        "free_units": free,
        "epoch": provider.epoch,
        "settings": settings_json(&provider.settings),
        "waiting_change": waiting,
    })
}

fn settings_json(settings: &ProviderSettings) -> Value {
    let reporter =
        |reporter: &Reporter| json!({"key": reporter.key.to_string(), "expires_at": reporter.expires_at});
    json!({
        "reporters": settings.reporters().iter().map(reporter).collect::<Vec<_>>(),
        "quorum": settings.quorum,
        "chunk_size": settings.chunk_size,
        "payout": settings.payout.to_string(),
        "price_list_hash": hex::encode(settings.price_list_hash),
        "max_units_per_second": settings.max_units_per_second,
        "longest_job_seconds": settings.longest_job,
    })
}

/// The lines of settings for people.
pub(crate) fn settings_lines(settings: &ProviderSettings) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| lines.push((name.to_string(), text));
    for reporter in settings.reporters() {
        line("reporter", format!("{}, until {}", reporter.key, expiry(reporter.expires_at)));
    }
    line("quorum", format!("{} of {}", settings.quorum, settings.reporter_count));
    line("credits a report", settings.chunk_size.to_string());
    line("payout account", settings.payout.to_string());
    line("price list", price_list(&settings.price_list_hash));
    line("rate bound", format!("{} a second", text::units(Units(settings.max_units_per_second))));
    line("longest job", text::span(settings.longest_job.into()));
    lines
}

/// The settings that differ, each as before and after.
pub(super) fn differences(before: &ProviderSettings, after: &ProviderSettings) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, before: String, after: String| {
        if before != after {
            lines.push((name.to_string(), format!("{before} -> {after}")));
        }
    };
    line("reporters", reporters(before), reporters(after));
    line("quorum", before.quorum.to_string(), after.quorum.to_string());
    line("credits a report", before.chunk_size.to_string(), after.chunk_size.to_string());
    line("payout account", before.payout.to_string(), after.payout.to_string());
    line("price list", price_list(&before.price_list_hash), price_list(&after.price_list_hash));
    let rate = |settings: &ProviderSettings| {
        format!("{} a second", text::units(Units(settings.max_units_per_second)))
    };
    line("rate bound", rate(before), rate(after));
    let job = |settings: &ProviderSettings| text::span(settings.longest_job.into());
    line("longest job", job(before), job(after));
    lines
}

fn reporters(settings: &ProviderSettings) -> String {
    let one = |reporter: &Reporter| format!("{} until {}", reporter.key, expiry(reporter.expires_at));
    settings.reporters().iter().map(one).collect::<Vec<_>>().join(", ")
}

fn expiry(at: i64) -> String {
    if at == i64::MAX { "ever".to_string() } else { text::time(ChainTime(at)) }
}

fn price_list(hash: &[u8; 32]) -> String {
    if *hash == [0; 32] { "none".to_string() } else { hex::encode(hash) }
}
