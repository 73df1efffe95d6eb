//! The one reading of a credit that a quorum of reports gives.

use crate::{metering::Reading, state::MAX_REPORTERS};

/// The reading of one credit in a quorum of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumReading {
    /// The reading to apply.
    pub reading: Reading,
    /// Unix time of the latest of the reports; the reading counts as from before a freeze only where this is.
    pub latest_at: i64,
}

/// The lower median: with an even number of values the smaller middle one. `None` for no value.
///
/// Counts instead of sorting: for eight values or fewer that costs less on chain.
pub fn lower_median<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let middle = values.len().checked_sub(1)?.checked_div(2)?;
    values.iter().copied().find(|value| {
        let below = values.iter().filter(|other| *other < value).count();
        let up_to = values.iter().filter(|other| *other <= value).count();
        below <= middle && middle < up_to
    })
}

/// Chooses one reporter's whole reading: that with the lower median of use. Where use is equal, the earlier reading counts,
/// then the one whose report stands first. Times and units of different reporters are not mixed. Two rules bound a reporter
/// that lies about its units in flight or its time, which the median of use does not cover:
///
/// - The chosen use and units in flight together count at most up to the lower median of that sum.
/// - The reading is from before a freeze only where all are; see [`QuorumReading::latest_at`].
///
/// `readings` are in the order of the reports, at most [`MAX_REPORTERS`]. `None` for no reading, or too many.
pub fn quorum_reading(readings: &[Reading]) -> Option<QuorumReading> {
    let place = place_of_median(readings, |reading| (reading.cumulative, reading.reported_at))?;
    let chosen = *readings.get(place)?;
    let claimed = |reading: &Reading| reading.cumulative.saturating_add(reading.in_flight);
    let most = claimed(readings.get(place_of_median(readings, |reading| (claimed(reading), 0))?)?);
    let in_flight = chosen.in_flight.min(most.saturating_sub(chosen.cumulative));
    let latest_at = readings.iter().map(|reading| reading.reported_at).max()?;
    Some(QuorumReading { reading: Reading { in_flight, ..chosen }, latest_at })
}

/// The place of the reading with the lower median of a key; among equal keys the earlier place is the smaller.
fn place_of_median(readings: &[Reading], key: impl Fn(&Reading) -> (u64, i64)) -> Option<usize> {
    let mut keys = [((0u64, 0i64), 0usize); MAX_REPORTERS];
    for (place, reading) in readings.iter().enumerate() {
        *keys.get_mut(place)? = (key(reading), place);
    }
    lower_median(keys.get(..readings.len())?).map(|(_, place)| place)
}
