//! Composes usage reports on credits, mostly honest ones.

use {
    super::{
        dice::Dice,
        lab::{Lab, REPORTERS, cast},
        metering::Meters,
    },
    blockable_sdk::{
        Pubkey,
        program::{
            report::{CreditReading, ReportScope, SignedReport},
            state::{Credit, Provider},
        },
        reports::UsageReport,
    },
    solana_sdk::{signature::Keypair, signer::Signer},
};

/// A credit with its address.
type Entry = (Pubkey, Credit);

/// Use to be reported on the first credit.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Units used since the last metering.
    pub used: u64,
    /// Units that running jobs hold.
    pub in_flight: u64,
}

/// Composes the reports of a quorum on a credit and up to two neighbours in its chunk, rarely with a flaw. Returns `None` where
/// the provider's account cannot be read.
pub fn compose(lab: &Lab, market: usize, first: &Entry, usage: Use, dice: &mut Dice) -> Option<Meters> {
    let (_, credit) = first;
    let provider: Provider = lab.read(&credit.provider)?;
    let size = u32::from(provider.settings.chunk_size.max(1));
    let chunk = credit.meter.index / size;
    let credits = with_neighbours(lab, first, size, dice);
    let at = reported_at(lab, credit, dice);
    let epoch = if dice.one_in(24) { provider.epoch.wrapping_sub(1) } else { provider.epoch };
    let signed_chunk = if dice.one_in(40) { chunk + 1 } else { chunk };
    let scope = ReportScope { epoch, ..ReportScope::new(&provider, credit.provider, signed_chunk) };
    let scope = if dice.one_in(60) { ReportScope { cluster_tag: [9; 32], ..scope } } else { scope };
    let fewer = u8::from(dice.one_in(24));
    let wanted = if dice.one_in(4) {
        provider.settings.reporter_count
    } else {
        provider.settings.quorum.saturating_sub(fewer)
    };
    let mut reports = Vec::new();
    for reporter in 0..wanted {
        let report = UsageReport::new(scope, at - i64::from(reporter) * dice.below(3) as i64);
        let report = with_readings(report, reporter, &credits, size, usage, dice)?;
        reports.push(report.sign(reporter, &key_of(&provider, reporter, dice)).ok()?);
    }
    spoil(&mut reports, dice);
    let credits = listed(&credits, dice);
    Some(Meters { market, provider: credit.provider, chunk, reports, credits })
}

/// The first credit, and up to two others of its chunk.
fn with_neighbours(lab: &Lab, first: &Entry, size: u32, dice: &mut Dice) -> Vec<Entry> {
    let (address, credit) = first;
    let known = lab.places.iter().map(|place| place.credit).chain(lab.grants.iter().map(|(_, key)| *key));
    let mut credits = vec![*first];
    for key in known.filter(|key| key != address) {
        if credits.len() < 3
            && dice.one_in(2)
            && let Some(other) = lab.read::<Credit>(&key)
            && other.provider == credit.provider
            && other.meter.index / size == credit.meter.index / size
        {
            credits.push((key, other));
        }
    }
    credits
}

/// The time that the reports name, mostly now.
fn reported_at(lab: &Lab, credit: &Credit, dice: &mut Dice) -> i64 {
    match dice.below(8) {
        0 => lab.now - dice.below(90) as i64,
        1 => lab.now + dice.below(70) as i64,
        2 => credit.meter.reported_at,
        3 if credit.meter.frozen_at_chain > 0 => credit.meter.frozen_at_chain.min(lab.now),
        _ => lab.now,
    }
}

/// Adds a reporter's readings of the credits to a report, rarely without one of them.
fn with_readings(
    mut report: UsageReport,
    reporter: u8,
    credits: &[Entry],
    size: u32,
    usage: Use,
    dice: &mut Dice,
) -> Option<UsageReport> {
    for (index, (_, credit)) in credits.iter().enumerate() {
        let extra = if index == 0 { usage.used } else { dice.below(1_000) };
        let cumulative = credit.meter.cumulative.saturating_add(extra).saturating_sub(u64::from(reporter));
        if !dice.one_in(30) {
            let reading = CreditReading { cumulative, in_flight: usage.in_flight };
            report.set(credit.meter.index % size, reading).ok()?;
        }
    }
    Some(report)
}

/// The key that the provider lists for a reporter, rarely another one.
fn key_of(provider: &Provider, reporter: u8, dice: &mut Dice) -> Keypair {
    let named = provider.settings.reporters[usize::from(reporter)].key;
    let key = cast().reporters.iter().find(|key| key.pubkey() == named);
    let forged = &cast().reporters[dice.below(u64::from(REPORTERS)) as usize];
    let key = if dice.one_in(40) { forged } else { key.unwrap_or(forged) };
    key.insecure_clone()
}

/// Rarely changes the first report after its signature.
fn spoil(reports: &mut [SignedReport], dice: &mut Dice) {
    if dice.one_in(40)
        && let Some(report) = reports.first_mut()
    {
        match dice.below(4) {
            0 => report.signature[0] ^= 1,
            1 => report.readings.push(CreditReading::default()),
            2 => report.reporter = 7,
            _ => report.reported_at += 1,
        }
    }
}

/// The credits that the instruction names, rarely with one twice or with an address that is no credit.
fn listed(credits: &[Entry], dice: &mut Dice) -> Vec<Pubkey> {
    let mut listed: Vec<Pubkey> = credits.iter().map(|(key, _)| *key).collect();
    if dice.one_in(30) {
        listed.push(listed[0]);
    }
    if dice.one_in(30) {
        listed.push(cast().actors[0]);
    }
    listed
}
