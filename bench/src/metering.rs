use {
    super::lab::Lab,
    blockable_sdk::{
        Pubkey, instructions,
        program::{instructions::FreezeAmount, report::SignedReport, state::FreezeReason},
    },
};

/// Credits in the chunk.
const CHUNK: u32 = 32;
/// Credits in a transaction, from one to the whole chunk. LiteSVM has no limit on a transaction's bytes.
const COUNTS: [usize; 5] = [1, 4, 10, 16, 32];
/// Seconds between two reports.
const INTERVAL: u32 = 60;

/// The rows of a number of reporters: a transaction, its fixed part, and what each credit adds.
struct Rows {
    reporters: u8,
    all: &'static str,
    fixed: &'static str,
    per_credit: &'static str,
}

const ROWS: [Rows; 2] = [
    Rows {
        reporters: 2,
        all: "usage_meter, 2 reporters",
        fixed: "usage_meter, 2 reporters: fixed",
        per_credit: "usage_meter, 2 reporters: per credit",
    },
    Rows {
        reporters: 3,
        all: "usage_meter, 3 reporters",
        fixed: "usage_meter, 3 reporters: fixed",
        per_credit: "usage_meter, 3 reporters: per credit",
    },
];

/// One way to meter the chunk.
struct Series {
    /// Units each credit uses per report.
    used: u64,
    /// Units that its jobs hold.
    in_flight: u64,
    /// The reports cover the whole chunk, though the transaction takes only some of its credits.
    whole_chunk: bool,
}

/// Use at rest, in stride, at its limits and beyond; then all of it again on frozen credits.
pub fn measure(lab: &mut Lab) {
    let credits: Vec<Pubkey> = (0..CHUNK)
        .map(|index| {
            let loan = lab.loan(1 + index).with(|terms| {
                // Every other loan has a lock.
                terms.unlocked_ahead = terms.units / (1 + u64::from(index % 2));
            });
            lab.world.active(&loan)
        })
        .collect();
    let mut total = 0;
    for round in 0..2 {
        for (used, in_flight, whole_chunk) in
            [(0, 0, false), (500, 40, false), (500, 40, true), (10_000_000, 5_000, false)]
        {
            let series = Series { used, in_flight, whole_chunk };
            for rows in &ROWS {
                run(lab, rows, &series, &credits, &mut total);
            }
        }
        if round == 0 {
            freeze(lab, &credits);
        }
    }
}

/// Meters every number of credits once, and splits what it took into the fixed part and the slope.
fn run(lab: &mut Lab, rows: &Rows, series: &Series, credits: &[Pubkey], total: &mut u64) {
    let mut points = Vec::new();
    for count in COUNTS {
        lab.world.pass(INTERVAL);
        *total += series.used;
        let spoken_of = if series.whole_chunk { CHUNK } else { count as u32 };
        let readings: Vec<(u32, u64, u64)> =
            (0..spoken_of).map(|bit| (bit, *total + u64::from(bit), series.in_flight)).collect();
        let reports: Vec<SignedReport> =
            (0..rows.reporters).map(|reporter| lab.world.report(reporter, &readings)).collect();
        // The last credit first: their order in a transaction is free.
        let metered: Vec<Pubkey> = credits[..count].iter().rev().copied().collect();
        let (market, provider) = (lab.world.keys.market, lab.world.provider);
        let meter = instructions::usage_meter(&market, &provider, 0, reports, &metered);
        points.push((count as f64, lab.measure(rows.all, meter, &[]) as f64));
    }
    let (fixed, slope) = line(&points);
    lab.figures.add(rows.fixed, fixed.ceil() as u64);
    lab.figures.add(rows.per_credit, slope.ceil() as u64);
}

/// Half of each credit, so that reports beyond what is available follow.
fn freeze(lab: &mut Lab, credits: &[Pubkey]) {
    for credit in credits {
        let freeze = lab.world.freeze(credit, FreezeAmount::Bps(9_999), FreezeReason::Risk);
        lab.world.sent(&[freeze], &["lender"]);
    }
}

/// The least-squares line through points: its value at zero and its slope.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let slope = covariance / variance;
    (y - slope * x, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_through_points_on_a_line_is_that_line() {
        let (fixed, slope) = line(&[(1.0, 53.0), (4.0, 62.0), (32.0, 146.0)]);
        assert!((fixed - 50.0).abs() < 1e-9 && (slope - 3.0).abs() < 1e-9, "{fixed} {slope}");
    }
}
