//! The borrower of a path: what it pays and when, and how it uses units before it stops.

use {
    super::{Course, Kind},
    crate::{
        YEAR_DAYS,
        random::{Random, Streams, between, exponential, uniform},
    },
};

/// Most instalments of a schedule.
pub(super) const MOST_INSTALMENTS: usize = 36;

/// The way a borrower in default uses units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// As planned, until it is stopped.
    Steady,
    /// As fast as it can from the missed payment on.
    Race,
    /// Less and less until the missed payment, nothing after it.
    Fade,
    /// As fast as it can from the first day; it never means to pay.
    Fraud,
}

/// The plans of a path's borrower, and the days on which its provider and the market fail it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The way units are used.
    pub behaviour: Behaviour,
    /// Instalments that are paid before the borrower stops.
    pub pays: usize,
    /// Days after its date at which each instalment is paid.
    pub days_late: [i64; MOST_INSTALMENTS],
    /// Day of the first missed payment.
    pub stops_on: i64,
    /// Day on which the provider goes dark.
    pub provider_fails_on: i64,
    /// True where the default falls into a crash.
    pub crash: bool,
}

impl Plan {
    /// A borrower that pays everything on its day.
    pub(super) fn paying() -> Plan {
        Plan {
            behaviour: Behaviour::Steady,
            pays: MOST_INSTALMENTS,
            days_late: [0; MOST_INSTALMENTS],
            stops_on: i64::MAX,
            provider_fails_on: i64::MAX,
            crash: false,
        }
    }

    /// Draws the people of a path.
    pub(super) fn draw(&mut self, kind: Kind, course: &Course, streams: &mut Streams) {
        let (count, assumptions) = (course.preset.instalments as usize, &course.assumptions);
        let random = &mut streams.borrower;
        // Drawn for each kind, so that kinds and presets leave the other draws where they are.
        let (timing, rounding, behaves) = (uniform(random), uniform(random), uniform(random));
        self.behaviour = behaviour(behaves, course);
        self.pays = MOST_INSTALMENTS;
        if kind == Kind::Default {
            // The share repaid in whole instalments, rounded at random so that its mean is kept; the last is never paid.
            let share = assumptions.default_timing.at(timing) * count as f64;
            let whole = share.floor() + f64::from(u8::from(rounding < share.fract()));
            self.pays = if self.behaviour == Behaviour::Fraud { 0 } else { (whole as usize).min(count - 1) };
        } else {
            self.behaviour = Behaviour::Steady;
        }
        for late in self.days_late.iter_mut().take(count) {
            *late = days_late(course, random);
        }
        self.stops_on = course.due.get(self.pays).copied().unwrap_or(i64::MAX);
        let rate = -(1.0 - assumptions.market.provider_failure).ln();
        let fails = exponential(&mut streams.price, rate) * YEAR_DAYS;
        let vanishes = uniform(&mut streams.price) * f64::from(course.preset.term_days());
        let day = if kind == Kind::Vanished { vanishes } else { fails };
        // A cast of a float saturates.
        self.provider_fails_on = day as i64;
        self.crash = uniform(&mut streams.price) < assumptions.market.crash_share;
    }
}

fn behaviour(draw: f64, course: &Course) -> Behaviour {
    let borrower = &course.assumptions.borrower;
    match draw {
        draw if draw < borrower.race => Behaviour::Race,
        draw if draw < borrower.race + borrower.fraud => Behaviour::Fraud,
        draw if draw < borrower.race + borrower.fraud + borrower.fade => Behaviour::Fade,
        _ => Behaviour::Steady,
    }
}

/// Whole days after its date at which a payment comes, rounded up: a payment within a day counts from the next.
fn days_late(course: &Course, random: &mut Random) -> i64 {
    let (borrower, simulator) = (&course.assumptions.borrower, &course.assumptions.simulator);
    let draw = uniform(random);
    if draw < borrower.on_time {
        return 0;
    }
    let ends = if draw < 1.0 - simulator.very_late { simulator.late_days } else { simulator.very_late_days };
    between(random, ends).ceil() as i64
}
