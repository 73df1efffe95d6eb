//! `blockable-provider show`.

use {
    super::{
        chain::{
            ActError, ChainArgs, Session, nothing, provider_json, reporter_keys, settings_lines, waiting_text,
        },
        collect::{claims, total},
        issue::waiting,
    },
    blockable_provider::PriceList,
    blockable_sdk::{
        amounts::{MicroUsd, Units},
        program::state::Provider,
    },
    blockable_service::{command::Answer, hex, text},
    clap::Args,
    serde_json::json,
};

/// Shows the provider on the chain beside the server's file; signs nothing
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    chain: ChainArgs,
}

impl ShowArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

/// Shows the provider. Errors: [`ActError`].
pub(super) async fn run(args: &ShowArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let provider = session.provider().await?;
    let (waiting, claims) = (waiting(&session).await?, claims(&session).await?);
    let mut lines = vec![
        ("cluster".to_string(), session.nodes.cluster()),
        ("market".to_string(), format!("{} (admin {})", session.market_address(), session.market.admin)),
        ("provider".to_string(), session.provider_address().to_string()),
        ("authority".to_string(), provider.authority.to_string()),
        ("new loans".to_string(), suspension(&provider).to_string()),
        ("capacity".to_string(), text::units(Units(provider.capacity_units))),
        ("outstanding".to_string(), text::units(Units(provider.outstanding_units))),
    ];
    lines.extend(settings_lines(&provider.settings));
    if provider.change_ready_at != 0 {
        lines.push(("change that waits".to_string(), waiting_text(&session, &provider)));
    }
    lines.push(("offers to issue".to_string(), waiting.len().to_string()));
    let claim = text::usd_received(MicroUsd(total(&claims)));
    lines.push(("to collect".to_string(), format!("{claim} in {} credits", claims.len())));
    let findings = findings(&session, &provider).await?;
    if findings.is_empty() {
        lines.push(("file".to_string(), "the same prices and reporters as on the chain".to_string()));
    }
    lines.extend(findings.iter().map(|finding| ("attention".to_string(), finding.clone())));
    let mut state = provider_json(&session, &provider);
    state["offers_to_issue"] =
        json!(waiting.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>());
    state["claim"] = json!(total(&claims));
    state["findings"] = json!(findings);
    let mut answer = nothing(&session, "", state);
    answer.text =
        lines.iter().map(|(name, value)| format!("{name:18}  {value}")).collect::<Vec<_>>().join("\n");
    Ok(answer)
}

fn suspension(provider: &Provider) -> &'static str {
    let own = provider.suspended & Provider::SUSPENDED_BY_ITSELF != 0;
    match (own, provider.is_suspended_by_admin()) {
        (false, false) => "taken",
        (true, false) => "none: suspended by itself; `resume` lifts it",
        (false, true) => "none: suspended by the market's admin",
        (true, true) => "none: suspended by itself and by the market's admin",
    }
}

/// Where file and chain differ.
async fn findings(session: &Session, provider: &Provider) -> Result<Vec<String>, ActError> {
    let mut findings = Vec::new();
    let hash = PriceList::new(&session.config.models, &session.config.gpus).hash();
    if hash != provider.settings.price_list_hash {
        findings.push(format!("the file's price list is {}; run `prices`", hex::encode(hash)));
    }
    for key in reporter_keys(&session.config).await?.unwrap_or_default() {
        match provider.reporters().iter().find(|reporter| reporter.key == key) {
            None => findings.push(format!("the file's reporter {key} is not listed; run `reporters`")),
            Some(listed) if listed.expires_at <= session.now => {
                findings.push(format!("the reporter {key} has expired; run `reporters --renew`"));
            }
            Some(_) => {}
        }
    }
    Ok(findings)
}
