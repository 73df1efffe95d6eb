//! Compares a report with the latest one of its reporter on its chunk. Pure.

use {
    super::validate::Verified,
    blockable_sdk::{amounts::Units, reports::ReportRecord},
};

/// A verified report as compared with the latest one of its reporter on its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// It replaces the latest one.
    Newer,
    /// It is older than the latest one.
    Older,
    /// It is the latest one.
    Same,
    /// It is another report for the latest one's instant.
    Conflicting,
    /// Of the two, the report for the later instant counts less use.
    Regressed(Fall),
}

/// A count of use that went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fall {
    /// The credit's bit in the chunk.
    pub bit: u32,
    /// Units at the earlier instant.
    pub from: Units,
    /// Units at the later one.
    pub to: Units,
}

/// Compares a verified report with the latest of its reporter on its chunk.
pub(super) fn compare(latest: Option<&ReportRecord>, report: &Verified) -> Comparison {
    let record = &report.record;
    let Some(latest) = latest else { return Comparison::Newer };
    if latest.epoch != record.epoch {
        // Counts of another epoch begin anew: its credits may be at other bits.
        return if record.epoch > latest.epoch { Comparison::Newer } else { Comparison::Older };
    }
    if latest.reported_at == record.reported_at {
        return if latest.digest() == report.digest { Comparison::Same } else { Comparison::Conflicting };
    }
    let newer = record.reported_at > latest.reported_at;
    let (earlier, later) = if newer { (latest, &**record) } else { (&**record, latest) };
    match fall(earlier, later) {
        Some(fall) => Comparison::Regressed(fall),
        None if newer => Comparison::Newer,
        None => Comparison::Older,
    }
}

fn fall(earlier: &ReportRecord, later: &ReportRecord) -> Option<Fall> {
    // A report has at most 32 readings.
    earlier.readings.iter().find_map(|before| {
        let after = later.readings.iter().find(|after| after.bit == before.bit)?;
        let (bit, from, to) = (before.bit, Units(before.cumulative), Units(after.cumulative));
        (to < from).then_some(Fall { bit, from, to })
    })
}
