//! `blockable reports submit`.

use {
    super::{
        chain::Chain,
        check::faults,
        plan::{ChunkPlan, CreditPlan, plan},
        source::SourceArgs,
        verify::describe,
    },
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::{carry_out, nothing},
        change::{After, Change, Effect, EffectLine, MarketHead, Role, Step},
        commands::act::load_own_key,
        error::CliError,
        lookup::CreditView,
        output::{Answer, warn},
        packing::fits,
        session::{self, Session},
        views::credit_json,
    },
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::{Lamports, Units},
        instructions::usage_meter,
        program::state::Credit,
        reports::ReportRecord,
    },
    blockable_service::text,
    clap::Args,
    serde_json::Value,
};

/// Counts the use that reports prove on the chain: anyone may, and a keeper does it by itself
///
/// Reports that are not valid are left out. Credits that others have metered meanwhile stay as they are. After a freeze the reports
/// from before it come first: later ones are left out for a minute.
#[derive(Args, Debug)]
pub(crate) struct SubmitArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Submits the reports. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &SubmitArgs) -> Result<Answer, CliError> {
    let records = args.source.read(&session::settings(global, None, args.source.gate.as_deref())?).await?;
    let session = Session::open(global, Some(&args.sign), args.source.gate.as_deref()).await?;
    let chain = Chain::read(&session, &records).await?;
    let valid = valid(&records, &chain);
    let plans = plan(&valid, &chain);
    let due: Vec<&CreditPlan> = plans.iter().flat_map(due).collect();
    if due.is_empty() {
        return nothing_due(&session, &chain, &records, &plans);
    }
    let parties = load_own_key(&session, &args.sign, "pays")?;
    let market = &chain.market;
    let mut steps = Vec::new();
    for chunk in &plans {
        steps.extend(steps_of(chunk, &market.address, &parties.payer)?);
    }
    let count = due.len();
    let noun = if count == 1 { "credit" } else { "credits" };
    let change = Change {
        title: format!("count the use of {count} {noun}"),
        market: MarketHead::from(market),
        role: Role::anyone("anyone", parties.signer),
        facts: facts(&plans),
        steps,
        effect: Box::new(|after| effect(&due, &chain, after)),
        irreversible: "the use that is counted: later reports go on from it".to_string(),
        rent: Lamports::ZERO,
        created: Vec::new(),
        gate: None,
    };
    carry_out(&session, &args.sign, &parties, &change, |_, _| format!("counted the use of {count} {noun}"))
        .await
}

/// The reports without a fault; the others are named on stderr.
fn valid<'a>(records: &'a [ReportRecord], chain: &Chain) -> Vec<&'a ReportRecord> {
    let mut valid = Vec::new();
    for (record, fault) in records.iter().zip(faults(records, chain)) {
        match fault {
            None => valid.push(record),
            Some(fault) => warn(&format!("a report is left out, {}", describe(record, &fault))),
        }
    }
    valid
}

/// The credits of which the use would change.
fn due(chunk: &ChunkPlan) -> impl Iterator<Item = &CreditPlan> {
    chunk.credits.iter().filter(|credit| {
        credit.after.as_ref().is_ok_and(|after| {
            let (before, after) = (&credit.before, after.as_ref());
            (before.meter.cumulative, before.meter.in_flight, before.collateral)
                != (after.meter.cumulative, after.meter.in_flight, after.collateral)
        })
    })
}

/// The end of a command that finds nothing to count. Errors: [`CliError::Refused`] where reports lack for it.
fn nothing_due(
    session: &Session,
    chain: &Chain,
    records: &[ReportRecord],
    plans: &[ChunkPlan],
) -> Result<Answer, CliError> {
    use super::plan::Unmetered;
    let credits = || plans.iter().flat_map(|chunk| &chunk.credits);
    let lacking = credits().find_map(|credit| match credit.after {
        Err(reason @ (Unmetered::NoQuorum { .. } | Unmetered::Paused | Unmetered::Refused)) => {
            Some((credit, reason))
        }
        _ => None,
    });
    if let Some((credit, reason)) = lacking {
        return Err(CliError::Refused(format!(
            "nothing can be counted by these {} reports: {} has {reason}; fetch others, or wait",
            records.len(),
            credit.address
        )));
    }
    let count = credits().count();
    let says = format!("the chain has the use of all {count} credits");
    Ok(nothing(session, &chain.market, &says, Value::Array(Vec::new())))
}

/// The transactions for a chunk: each with as many credits as fit. Errors: [`CliError::Carry`].
fn steps_of(chunk: &ChunkPlan, market: &Pubkey, payer: &Pubkey) -> Result<Vec<Step>, CliError> {
    let meter = |credits: &[Pubkey]| -> Instruction {
        usage_meter(market, &chunk.provider, chunk.chunk, chunk.reports.clone(), credits)
    };
    let mut parts: Vec<Vec<Pubkey>> = Vec::new();
    for credit in due(chunk) {
        if let Some(last) = parts.last_mut() {
            last.push(credit.address);
            if fits(&[meter(last)], payer)? {
                continue;
            }
            last.pop();
        }
        parts.push(vec![credit.address]);
    }
    let step = |credits: Vec<Pubkey>| Step { instructions: vec![meter(&credits)], watched: credits };
    Ok(parts.into_iter().map(step).collect())
}

fn facts(plans: &[ChunkPlan]) -> Vec<(String, String)> {
    let chunks = plans.iter().filter(|chunk| due(chunk).next().is_some());
    let fact = |chunk: &ChunkPlan| {
        let reports = chunk.reports.len();
        let value =
            format!("of {}, by {reports} reports of which {} must agree", chunk.provider, chunk.quorum);
        (format!("chunk {}", chunk.chunk), value)
    };
    chunks.map(fact).collect()
}

/// The use of each credit before and after.
fn effect(due: &[&CreditPlan], chain: &Chain, after: &After) -> Result<Effect, CliError> {
    let units = |credit: &Credit| format!("{} used", text::units(Units(credit.meter.cumulative)));
    let (mut lines, mut state) = (Vec::new(), Vec::new());
    for credit in due {
        let account: Credit = after.require(&credit.address)?;
        lines.extend(EffectLine::changed(credit.address.to_string(), units(&credit.before), units(&account)));
        state.push(credit_json(&CreditView { address: credit.address, account }, &chain.market));
    }
    Ok(Effect { lines, state: Value::Array(state) })
}
