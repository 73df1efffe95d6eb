use {
    super::{
        dice::Dice,
        lab::{Lab, REPORTERS, cast},
    },
    blockable_sdk::{
        Pubkey,
        program::{
            report::{CreditReading, ReportScope, SignedReport},
            state::{Credit, Provider},
        },
        reports::UsageReport,
    },
    solana_sdk::signer::Signer,
};

/// One metering as it is sent, or sent again.
#[derive(Clone, Debug)]
pub struct Meters {
    /// The market's place.
    pub market: usize,
    /// The provider.
    pub provider: Pubkey,
    /// The chunk.
    pub chunk: u32,
    /// The signed reports.
    pub reports: Vec<SignedReport>,
    /// The credits.
    pub credits: Vec<Pubkey>,
}

/// Reports on a credit and some of its neighbours, mostly honest.
///
/// `used` units are reported beyond what has been counted, and `in_flight` as running.
pub fn compose(
    lab: &Lab,
    market: usize,
    address: Pubkey,
    credit: &Credit,
    used: u64,
    in_flight: u64,
    dice: &mut Dice,
) -> Option<Meters> {
    let provider: Provider = lab.read(&credit.provider)?;
    let size = u32::from(provider.chunk_size.max(1));
    let chunk = credit.meter.index / size;
    let neighbours =
        lab.places.iter().map(|place| place.credit).chain(lab.grants.iter().map(|(_, key)| *key));
    let mut credits = vec![(address, *credit)];
    for key in neighbours.filter(|key| *key != address) {
        if credits.len() < 3
            && dice.one_in(2)
            && let Some(other) = lab.read::<Credit>(&key)
            && other.provider == credit.provider
            && other.meter.index / size == chunk
        {
            credits.push((key, other));
        }
    }
    let at = match dice.below(8) {
        0 => lab.now - dice.below(90) as i64,
        1 => lab.now + dice.below(70) as i64,
        2 => credit.meter.reported_at,
        3 if credit.meter.frozen_at_chain > 0 => credit.meter.frozen_at_chain.min(lab.now),
        _ => lab.now,
    };
    let epoch = if dice.one_in(24) { provider.epoch.wrapping_sub(1) } else { provider.epoch };
    let scoped = if dice.one_in(40) { chunk + 1 } else { chunk };
    let scope = ReportScope { market: credit.market, provider: credit.provider, epoch, chunk: scoped };
    let fewer = u8::from(dice.one_in(24));
    let wanted = if dice.one_in(4) { provider.reporter_count } else { provider.quorum.saturating_sub(fewer) };
    let mut reports = Vec::new();
    for reporter in 0..wanted {
        let mut report = UsageReport::new(scope, at - i64::from(reporter) * dice.below(3) as i64);
        for (index, (_, other)) in credits.iter().enumerate() {
            let extra = if index == 0 { used } else { dice.below(1_000) };
            let bit = other.meter.index % size;
            let cumulative = other.meter.cumulative.saturating_add(extra).saturating_sub(u64::from(reporter));
            if !dice.one_in(30) {
                report.set(bit, CreditReading { cumulative, in_flight }).ok()?;
            }
        }
        let named = provider.reporters[usize::from(reporter)].key;
        let key = cast().reporters.iter().find(|key| key.pubkey() == named);
        let forged = &cast().reporters[dice.below(u64::from(REPORTERS)) as usize];
        let key = if dice.one_in(40) { forged } else { key.unwrap_or(forged) };
        reports.push(report.sign(reporter, key).ok()?);
    }
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
    let mut listed: Vec<Pubkey> = credits.iter().map(|(key, _)| *key).collect();
    if dice.one_in(30) {
        listed.push(listed[0]);
    }
    if dice.one_in(30) {
        listed.push(cast().actors[0]);
    }
    Some(Meters { market, provider: credit.provider, chunk, reports, credits: listed })
}
