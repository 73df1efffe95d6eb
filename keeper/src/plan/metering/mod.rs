//! Plans metering: the credits of each chunk, and the reports they are metered by.

mod evaluate;
mod findings;
mod freezes;
pub(super) mod pace;

pub(super) use evaluate::{Verdict, evaluate};

use {
    crate::{
        ingest::Shelf,
        plan::{Intent, IntentAction, IntentId, Kind, Plan, Reason, now::Now, quorum},
    },
    blockable_sdk::{
        Pubkey,
        amounts::ChainTime,
        program::{
            state::{Credit, Provider},
            transitions::{self, Status},
        },
        reports::ReportRecord,
    },
    findings::Findings,
    std::{collections::BTreeMap, sync::Arc},
};

/// A credit in its place in reports.
#[derive(Clone, Copy)]
struct Member<'a> {
    bit: u32,
    address: &'a Pubkey,
    credit: &'a Credit,
}

/// A chunk of a provider's credits.
pub(super) struct Chunk<'a> {
    pub address: &'a Pubkey,
    pub provider: &'a Provider,
    pub number: u32,
    /// Time of a freeze that waits for the reports from before it; later ones are held back.
    pub until: Option<ChainTime>,
}

/// The reports on a chunk.
pub(super) struct Reports<'a> {
    /// All that count, one per reporter.
    pub counting: Vec<&'a Arc<ReportRecord>>,
    /// Those that the chunk is metered by.
    pub chosen: Vec<&'a Arc<ReportRecord>>,
}

/// Plans all metering, with findings about reports. Nothing while the market is paused.
pub(super) fn plan(now: &Now, shelf: &Shelf) -> Plan {
    if !may_meter(now) {
        return Plan::default();
    }
    let mut findings = Findings::default();
    let mut intents = Vec::new();
    for ((address, number), members) in members_by_chunk(now) {
        let Some(provider) = now.snapshot.providers.get(address) else { continue };
        for (until, members) in freezes::by_awaited_freeze(now, provider, members) {
            let chunk = Chunk { address, provider, number, until };
            plan_chunk(now, shelf, &chunk, &members, &mut findings, &mut intents);
        }
    }
    Plan { intents, findings: findings.into_findings() }
}

fn may_meter(now: &Now) -> bool {
    !now.clock.is_paused && now.settings.enabled.contains(&Kind::Meter)
}

/// The metering of one credit: its place in reports, and their effect on it.
pub(super) struct Inspection<'a> {
    pub chunk: Chunk<'a>,
    pub bit: u32,
    /// The reports that its chunk is metered by.
    pub reports: Vec<&'a Arc<ReportRecord>>,
    pub verdict: Verdict,
    /// The intent that names it.
    pub intent: Option<Intent>,
}

/// Plans the chunk of one credit, and keeps what concerns that credit. `None` for a credit that cannot be metered.
pub(super) fn inspect<'a>(
    now: &Now<'a>,
    shelf: &'a Shelf,
    address: &Pubkey,
    credit: &'a Credit,
) -> Option<Inspection<'a>> {
    let (number, bit) = place(now, credit)?;
    let (provider_key, provider) = now.snapshot.providers.get_key_value(&credit.provider)?;
    let members = members_by_chunk(now).remove(&(provider_key, number))?;
    let until = freezes::awaited_freeze(now, provider, credit);
    let members = freezes::by_awaited_freeze(now, provider, members).remove(&until)?;
    let chunk = Chunk { address: provider_key, provider, number, until };
    let (mut findings, mut intents) = (Findings::default(), Vec::new());
    let reports = chosen_reports(now, shelf, &chunk, &members, &mut findings);
    let verdict = evaluate(now, provider, &reports, bit, credit);
    if may_meter(now) {
        plan_chunk(now, shelf, &chunk, &members, &mut findings, &mut intents);
    }
    let intent = intents.into_iter().find(|intent| intent.credits().contains(address));
    Some(Inspection { chunk, bit, reports: reports.chosen, verdict, intent })
}

/// Groups the credits that can be metered by provider and chunk, in the order of their bits.
fn members_by_chunk<'a>(now: &Now<'a>) -> BTreeMap<(&'a Pubkey, u32), Vec<Member<'a>>> {
    let mut chunks: BTreeMap<(&Pubkey, u32), Vec<Member>> = BTreeMap::new();
    for (address, credit) in &now.snapshot.credits {
        let Some((chunk, bit)) = place(now, credit) else { continue };
        let member = Member { bit, address, credit };
        chunks.entry((&credit.provider, chunk)).or_default().push(member);
    }
    chunks.values_mut().for_each(|members| members.sort_by_key(|member| member.bit));
    chunks
}

/// Finds the chunk and bit of a credit that can be metered.
pub(super) fn place(now: &Now, credit: &Credit) -> Option<(u32, u32)> {
    let provider = now.snapshot.providers.get(&credit.provider)?;
    let status = Status::from_byte(credit.status)?;
    transitions::next(transitions::Action::Meter, status)?;
    let is_ours = credit.market == now.snapshot.market_key
        && provider.market == now.snapshot.market_key
        && credit.has_index == 1
        && credit.version <= Credit::VERSION;
    let size = u32::from(provider.settings.chunk_size);
    let place = (credit.meter.index.checked_div(size)?, credit.meter.index.checked_rem(size)?);
    is_ours.then_some(place)
}

fn plan_chunk(
    now: &Now,
    shelf: &Shelf,
    chunk: &Chunk,
    members: &[Member],
    findings: &mut Findings,
    intents: &mut Vec<Intent>,
) {
    let reports = chosen_reports(now, shelf, chunk, members, findings);
    // The first cycle plans before any endpoint is read. A provider without any report has silent reporters, a rule of its own.
    let is_read = shelf.of_provider(chunk.address).next().is_some();
    let mut metered = Vec::with_capacity(members.len());
    let mut due_at: Option<ChainTime> = None;
    for member in members {
        let credit = member.credit;
        let verdict = evaluate(now, chunk.provider, &reports, member.bit, credit);
        if chunk.until.is_some() && !matches!(verdict, Verdict::Meterable { .. }) {
            // The reports from before the freeze are still on their way.
            continue;
        }
        if is_read {
            findings.note_verdict(now, chunk, member.address, credit, &verdict);
        }
        let Verdict::Meterable { reading: _, is_changed, due_at: since } = verdict else { continue };
        let since = chunk.until.map_or(since, |until| since.min(until));
        // A reading that changes nothing moves the time alone, which matters to nobody where no unit is left.
        let counts = is_changed || chunk.until.is_some() || credit.collateral.remaining() > 0;
        if counts && since <= now.chain {
            due_at = Some(due_at.map_or(since, |due_at| due_at.min(since)));
        }
        if counts && may_go_along(now, credit, since, is_changed) {
            metered.push(*member);
        }
    }
    let Some(due_at) = due_at.filter(|due_at| now.is_mine(*due_at)) else { return };
    // At least one credit per transaction, or none would ever be metered.
    for credits in metered.chunks(now.settings.max_credits.max(1)) {
        intents.push(intent(chunk, &reports.chosen, credits, due_at));
    }
}

/// Returns whether a credit goes into a transaction that its chunk needs now: it is due itself, or its use has changed and half of its
/// time has passed. The fee is by transaction, so credits of a chunk come to be due together.
fn may_go_along(now: &Now, credit: &Credit, since: ChainTime, is_changed: bool) -> bool {
    let metered = ChainTime(credit.meter.reported_at);
    let half = since.seconds_since(metered) / 2;
    since <= now.chain || (is_changed && metered.plus_seconds(half) <= now.chain)
}

/// Collects the reports on a chunk, chooses those that it is metered by, and notes those that cannot be right.
fn chosen_reports<'a>(
    now: &Now,
    shelf: &'a Shelf,
    chunk: &Chunk,
    members: &[Member],
    findings: &mut Findings,
) -> Reports<'a> {
    let Chunk { address, provider, number, until } = *chunk;
    let counting = quorum::counting_reports(now, address, provider, number, until, shelf);
    for report in &counting {
        findings.note_report(now, report, members);
    }
    let credits: Vec<(u32, &Credit)> = members.iter().map(|member| (member.bit, member.credit)).collect();
    let chosen = quorum::choose(now.settings, chunk.provider, counting.clone(), &credits);
    Reports { counting, chosen }
}

/// Builds the intent. The same chunk, reports and credits in the same state give the same id.
fn intent(chunk: &Chunk, reports: &[&Arc<ReportRecord>], members: &[Member], due_at: ChainTime) -> Intent {
    let mut state: Vec<Vec<u8>> =
        vec![chunk.provider.epoch.to_le_bytes().to_vec(), chunk.number.to_le_bytes().to_vec()];
    state.extend(reports.iter().map(|report| report.digest().to_vec()));
    for member in members {
        let seq = member.credit.event_seq.to_le_bytes();
        state.push([member.address.as_ref(), &seq].concat());
    }
    let state: Vec<&[u8]> = state.iter().map(Vec::as_slice).collect();
    let newest = reports.iter().map(|report| ChainTime(report.reported_at)).max();
    let reason = Reason::ReportsToMeter {
        reports: reports.len(),
        until: newest.unwrap_or(due_at),
        credits: members.len(),
        chunk: chunk.number,
    };
    Intent {
        id: IntentId::from_parts(Kind::Meter, chunk.address, &state),
        action: IntentAction::Meter {
            provider: *chunk.address,
            chunk: chunk.number,
            reports: reports.iter().map(|report| Arc::clone(report)).collect(),
            credits: members.iter().map(|member| *member.address).collect(),
        },
        due_at,
        reason,
    }
}
