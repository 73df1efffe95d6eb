//! The borrowers' usage: a trace, cut into windows and mapped to units.

use {blockable_sdk::amounts::Units, blockable_testkit::trace::Request};

/// The usage of one borrower at the end of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Units used since the start.
    pub cumulative: Units,
    /// Units of the requests still running.
    pub in_flight: Units,
}

/// Maps one borrower's part of a trace to units, in windows of equal length.
///
/// Each request stands for as many as it takes for the whole part to use `total` units. The last request of a window
/// still runs at its end: it is in flight there and settles in the next.
pub(crate) fn windows(requests: &[Request], total: Units, count: usize) -> Vec<Usage> {
    let weight: u128 = requests.iter().map(|request| u128::from(request.weight())).sum();
    let span = requests.last().map_or(0, |last| last.at_ms) + 1;
    let units = |done: u128| Units((done * u128::from(total.get()) / weight.max(1)) as u64);
    let mut windows = Vec::with_capacity(count);
    let (mut next, mut admitted, mut settled) = (0, 0u128, 0u128);
    for window in 1..=count {
        let end = span * window as u64 / count as u64;
        while let Some(request) = requests.get(next).filter(|request| request.at_ms < end) {
            settled = admitted;
            admitted += u128::from(request.weight());
            next += 1;
        }
        let is_last = window == count;
        let done = if is_last { admitted } else { settled };
        windows
            .push(Usage { cumulative: units(done), in_flight: units(admitted).saturating_sub(units(done)) });
    }
    windows
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_testkit::trace::generate};

    #[test]
    fn windows_use_exactly_the_units_asked_for_and_lose_nothing_in_flight() {
        let requests = generate(7);
        let windows = windows(&requests, Units(1_000_003), 24);
        assert_eq!(windows.len(), 24);
        assert_eq!(windows[23], Usage { cumulative: Units(1_000_003), in_flight: Units::ZERO });
        assert!(windows[..23].iter().all(|usage| !usage.in_flight.is_zero()));
        for pair in windows.windows(2) {
            assert!(pair[1].cumulative >= pair[0].cumulative.saturating_add(pair[0].in_flight));
        }
    }
}
