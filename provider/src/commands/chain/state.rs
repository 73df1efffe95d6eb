//! A provider as text and as data.

use {
    super::{ActError, Session, change::waiting},
    blockable_sdk::{
        amounts::{ChainTime, MarketTime, Units},
        delays::Waiting,
        program::state::{Provider, ProviderSettings, Reporter},
    },
    blockable_service::{
        command::{After, Effect, EffectLine},
        hex, text,
    },
    serde_json::{Value, json},
};

/// The state of a provider, as data.
pub(crate) fn provider_json(session: &Session, provider: &Provider) -> Value {
    let free = provider.capacity_units.saturating_sub(provider.outstanding_units);
    let change = (provider.change_ready_at != 0).then(|| {
        json!({
            "settings": settings_json(&provider.proposed),
            "ready_at": session.chain_time_of(provider.change_ready_at),
            "ready_at_market": provider.change_ready_at,
            "has_lapsed": matches!(waiting(session, provider), Waiting::Lapsed(_)),
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
        "waiting_change": change,
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

/// The effect of a change on the provider's account: each figure that differs, with the one before. Errors: [`ActError::Carry`].
pub(crate) fn provider_effect(
    session: &Session,
    before: &Provider,
    after: &After,
) -> Result<Effect, ActError> {
    let after: Provider = after.require(&session.provider_address())?;
    let units = |provider: &Provider| text::units(Units(provider.capacity_units));
    let waiting = |provider: &Provider| waiting_text(session, provider);
    let suspended = |provider: &Provider| suspension(provider).to_string();
    let figures = [
        EffectLine::changed("capacity", units(before), units(&after)),
        EffectLine::changed("suspended", suspended(before), suspended(&after)),
        EffectLine::changed("change that waits", waiting(before), waiting(&after)),
    ];
    let lines = figures.into_iter().flatten().chain(differences(&before.settings, &after.settings));
    Ok(Effect { lines: lines.collect(), state: provider_json(session, &after) })
}

/// The parties that have suspended a provider, in words.
fn suspension(provider: &Provider) -> &'static str {
    match (provider.suspended & Provider::SUSPENDED_BY_ITSELF != 0, provider.is_suspended_by_admin()) {
        (false, false) => "no",
        (true, false) => "by itself",
        (false, true) => "by the market's admin",
        (true, true) => "by itself and by the market's admin",
    }
}

/// The change that waits, in words.
pub(crate) fn waiting_text(session: &Session, provider: &Provider) -> String {
    let at = |market_time: MarketTime| text::time(ChainTime(session.chain_time_of(market_time.get())));
    let change = || words(&differences(&provider.settings, &provider.proposed));
    match waiting(session, provider) {
        Waiting::None => "none".to_string(),
        Waiting::Until(from) => format!("{}, from {}", change(), at(from)),
        Waiting::Ready { through, .. } => format!("{}, until {}", change(), at(through)),
        Waiting::Lapsed(since) => format!("{}, lapsed at {}", change(), at(since)),
    }
}

/// Differences of settings in one line.
pub(super) fn words(lines: &[EffectLine]) -> String {
    let one = |line: &EffectLine| format!("{}: {} -> {}", line.name, line.before, line.after);
    lines.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The settings that differ, each as before and after.
pub(super) fn differences(before: &ProviderSettings, after: &ProviderSettings) -> Vec<EffectLine> {
    let mut lines = Vec::new();
    let mut line = |name: &str, before: String, after: String| {
        lines.extend(EffectLine::changed(name, before, after));
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
