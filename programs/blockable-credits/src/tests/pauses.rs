use {
    super::*,
    crate::{
        errors::BlockableError,
        state::{MAX_PAUSE_PER_30_DAYS, MAX_PAUSE_PER_DAY, Market},
        units::Overflow,
    },
    anchor_lang::prelude::Error,
};

const DAY: i64 = 86_400;
/// A midnight, UTC.
const MIDNIGHT: i64 = 20_000 * DAY;

/// Every pause as it was begun, kept as a list and counted anew each time.
#[derive(Default)]
struct Diary {
    /// Beginning, announced end, and end where that came earlier.
    pauses: Vec<(i64, i64, i64)>,
}

impl Diary {
    fn is_paused(&self, now: i64) -> bool {
        self.pauses.iter().any(|(begun, _, ended)| (*begun..*ended).contains(&now))
    }

    fn seconds_paused(&self, now: i64) -> i64 {
        self.pauses.iter().map(|(begun, _, ended)| now.min(*ended) - begun).sum()
    }

    /// The seconds of all pauses that fall on a day and count against its budget.
    fn spent(&self, day: i64) -> i64 {
        let (from, until) = (day * DAY, (day + 1) * DAY);
        self.pauses.iter().map(|(begun, _, ended)| (*ended.min(&until) - begun.max(&from)).max(0)).sum()
    }

    /// The diary with a pause of `seconds` from `now` on.
    fn with(&self, now: i64, seconds: u32) -> Diary {
        let until = now + i64::from(seconds);
        Diary { pauses: [&self.pauses[..], &[(now, until, until)]].concat() }
    }

    /// Returns true when a day has more than its budget.
    fn passes_day_budget(&self, today: i64) -> bool {
        (today..=today + 1).any(|day| self.spent(day) > i64::from(MAX_PAUSE_PER_DAY))
    }

    /// Returns true when 31 UTC days in a row have more than the budget of 30 days.
    fn passes_month_budget(&self, today: i64) -> bool {
        let spent = |last: i64| (last - 30..=last).map(|day| self.spent(day)).sum::<i64>();
        (today..=today + 1).any(|last| spent(last) > i64::from(MAX_PAUSE_PER_30_DAYS))
    }

    fn expected(&self, now: i64, seconds: u32) -> Result<(), Error> {
        let with = self.with(now, seconds);
        let refused = if seconds == 0 {
            BlockableError::AmountZero
        } else if self.is_paused(now) {
            BlockableError::AlreadyPaused
        } else if with.passes_day_budget(now / DAY) {
            BlockableError::PauseBudgetExceeded
        } else if with.passes_month_budget(now / DAY) {
            BlockableError::PauseMonthExceeded
        } else {
            return Ok(());
        };
        Err(refused.into())
    }

    /// The most seconds paused within any 30 days, looked for at each end of a pause.
    fn most_in_30_days(&self) -> i64 {
        let within = |from: i64| {
            let overlap = |(begun, _, ended): &(i64, i64, i64)| {
                (*ended.min(&(from + 30 * DAY)) - begun.max(&from)).max(0)
            };
            self.pauses.iter().map(overlap).sum::<i64>()
        };
        self.pauses
            .iter()
            .flat_map(|(begun, _, ended)| [*begun, ended - 30 * DAY])
            .map(within)
            .max()
            .unwrap_or(0)
    }
}

/// Seconds paused, or set aside, so many days after that of [`MIDNIGHT`].
fn spent(market: &Market, day: i64) -> u32 {
    market.paused_on((MIDNIGHT / DAY + day) as u32).into()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(i64),
    Pause(u32),
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0i64..20_000).prop_map(Step::Wait),
        1 => (20_000i64..100_000).prop_map(Step::Wait),
        1 => prop_oneof![Just(DAY), 1..40 * DAY].prop_map(Step::Wait),
        3 => (0u32..12_000).prop_map(Step::Pause),
        1 => (12_000u32..30_000).prop_map(Step::Pause),
        2 => Just(Step::End),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn any_sequence_of_pauses_is_counted_as_a_diary_counts_it(start in MIDNIGHT..MIDNIGHT + DAY, steps in steps()) {
        let (mut market, mut diary) = (Market::zeroed(), Diary::default());
        let (mut now, mut latest) = (start, i64::MIN);
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Pause(seconds) => {
                    let mut after = market;
                    let result = after.begin_pause(now, seconds);
                    prop_assert_eq!(&result, &diary.expected(now, seconds));
                    // What is refused changes nothing: the instruction fails.
                    if result.is_ok() {
                        market = after;
                        diary.pauses.push((now, now + i64::from(seconds), now + i64::from(seconds)));
                        prop_assert_eq!(market.pause_expires_at, now + i64::from(seconds));
                    }
                }
                Step::End => {
                    prop_assert_eq!(market.end_pause(now), Ok(()));
                    prop_assert_eq!((market.paused_at, market.pause_expires_at), (0, 0));
                    prop_assert_eq!(market.paused_seconds as i64, diary.seconds_paused(now));
                    if let Some((_, _, ended)) = diary.pauses.last_mut() {
                        *ended = now.min(*ended);
                    }
                }
            }
            prop_assert_eq!(market.is_paused(now), diary.is_paused(now));
            let market_time = market.market_time(now).unwrap();
            prop_assert_eq!(market_time, now - diary.seconds_paused(now));
            prop_assert!(market_time >= latest, "market time ran backwards");
            latest = market_time;
        }
        prop_assert!(diary.most_in_30_days() <= i64::from(MAX_PAUSE_PER_30_DAYS));
    }

    /// Ending what has expired, now or later or never, is the same to every clock.
    #[test]
    fn when_an_expired_pause_is_ended_makes_no_difference(length in 1u32..21_600, wait in 0i64..50_000, more in 0i64..50_000) {
        let mut open = Market::zeroed();
        open.begin_pause(MIDNIGHT, length).unwrap();
        let mut ended = open;
        let now = MIDNIGHT + i64::from(length) + wait;
        ended.end_pause(now).unwrap();
        prop_assert_eq!(ended.paused_seconds, u64::from(length));
        prop_assert_eq!(spent(&ended, 0), length);
        prop_assert_eq!(ended.market_time(now + more), open.market_time(now + more));
        ended.end_pause(now + more).unwrap();
        prop_assert_eq!(ended.paused_seconds, u64::from(length));
    }

    #[test]
    fn pausing_in_parts_is_pausing_once(parts in prop::collection::vec(1u32..4_000, 1..6)) {
        let (mut split, mut now) = (Market::zeroed(), MIDNIGHT);
        for part in &parts {
            split.begin_pause(now, *part).unwrap();
            now += i64::from(*part);
        }
        let mut whole = Market::zeroed();
        whole.begin_pause(MIDNIGHT, parts.iter().sum()).unwrap();
        prop_assert_eq!(split.market_time(now), whole.market_time(now));
        prop_assert_eq!(split.paused_on, whole.paused_on);
    }

    #[test]
    fn no_clock_makes_it_panic(numbers: [u64; 3], times: [i64; 4], days: [u32; 2], seconds: u32) {
        let mut market = Market {
            paused_seconds: numbers[0], paused_at: times[0], pause_expires_at: times[1],
            pause_day: days[0], paused_on: [days[1] as u16; 32], ..Market::zeroed()
        };
        let _ = market.market_time(times[2]);
        let _ = market.begin_pause(times[2], seconds);
        let _ = market.end_pause(times[3]);
    }
}

#[test]
fn the_budget_is_six_hours_for_pauses_that_begin_on_one_day() {
    let mut market = Market::zeroed();
    assert_eq!(market.begin_pause(MIDNIGHT, 21_601), Err(BlockableError::PauseBudgetExceeded.into()));
    market = Market::zeroed();
    market.begin_pause(MIDNIGHT, 21_600).unwrap();
    let next = MIDNIGHT + 21_600;
    assert_eq!(market.begin_pause(next - 1, 1), Err(BlockableError::AlreadyPaused.into()));
    assert_eq!(market.begin_pause(next, 1), Err(BlockableError::PauseBudgetExceeded.into()));
    assert_eq!(market.begin_pause(MIDNIGHT + DAY - 1, 1), Err(BlockableError::PauseBudgetExceeded.into()));
    market.begin_pause(MIDNIGHT + DAY, 21_600).unwrap();
}

/// Every second counts on its own day: no two pauses around midnight make a long one.
#[test]
fn a_pause_across_midnight_counts_on_both_days() {
    let mut market = Market::zeroed();
    market.begin_pause(MIDNIGHT - 10, 21_600).unwrap();
    assert_eq!((spent(&market, -1), spent(&market, 0)), (10, 21_590));
    assert_eq!(market.begin_pause(MIDNIGHT + 21_590, 11), Err(BlockableError::PauseBudgetExceeded.into()));
    market = Market::zeroed();
    market.begin_pause(MIDNIGHT - 10, 21_600).unwrap();
    market.begin_pause(MIDNIGHT + 21_590, 10).unwrap();
    assert_eq!(market.paused_seconds, 21_600);
    // Ended after midnight, it gives the rest back to the new day.
    market = Market::zeroed();
    market.begin_pause(MIDNIGHT - 10, 21_600).unwrap();
    market.end_pause(MIDNIGHT + 5).unwrap();
    assert_eq!((market.paused_seconds, spent(&market, -1), spent(&market, 0)), (15, 10, 5));
    assert_eq!(market.begin_pause(MIDNIGHT + 5, 21_596), Err(BlockableError::PauseBudgetExceeded.into()));
    market.begin_pause(MIDNIGHT + 5, 21_595).unwrap();
}

#[test]
fn seconds_that_a_pause_did_not_use_are_given_back() {
    let mut market = Market::zeroed();
    market.begin_pause(MIDNIGHT, 20_000).unwrap();
    market.end_pause(MIDNIGHT + 600).unwrap();
    assert_eq!((market.paused_seconds, spent(&market, 0)), (600, 600));
    market.begin_pause(MIDNIGHT + 600, 21_000).unwrap();
    assert_eq!(spent(&market, 0), 21_600);
    // Ended in the second it began: nothing was paused.
    let mut market = Market::zeroed();
    market.begin_pause(MIDNIGHT, 20_000).unwrap();
    market.end_pause(MIDNIGHT).unwrap();
    assert_eq!((market.paused_seconds, spent(&market, 0)), (0, 0));
}

#[test]
fn ending_no_pause_changes_nothing() {
    let mut market = Market { paused_seconds: 5, pause_day: 3, paused_on: [7; 32], ..Market::zeroed() };
    let before = market;
    market.end_pause(MIDNIGHT).unwrap();
    assert_eq!(bytemuck::bytes_of(&market), bytemuck::bytes_of(&before));
}

#[test]
fn what_does_not_fit_is_an_overflow() {
    assert_eq!(Market::zeroed().begin_pause(-DAY, 1), Err(Overflow.into()));
    assert_eq!(Market::zeroed().begin_pause(i64::MAX, 1), Err(Overflow.into()));
    let mut market =
        Market { paused_seconds: u64::MAX, paused_at: 1, pause_expires_at: 2, ..Market::zeroed() };
    assert_eq!(market.end_pause(3), Err(Overflow));
}

#[test]
fn a_pause_of_no_seconds_is_refused() {
    assert_eq!(Market::zeroed().begin_pause(MIDNIGHT, 0), Err(BlockableError::AmountZero.into()));
}

/// Six hours of pause a day eat a quarter of a lender's interest; with a budget for 30 days it is a thirtieth.
#[test]
fn the_budget_of_30_days_is_24_hours() {
    let mut market = Market::zeroed();
    let midnight = |day: i64| MIDNIGHT + day * DAY;
    for day in 0..4 {
        market.begin_pause(midnight(day), 21_600).unwrap();
    }
    for day in 4..=30 {
        let refused = Err(BlockableError::PauseMonthExceeded.into());
        assert_eq!({ market }.begin_pause(midnight(day), 1), refused, "day {day}");
    }
    assert_eq!(market.market_time(midnight(30)), Ok(midnight(30) - DAY));
    // On day 31 the first day is gone, and with it a quarter of the budget.
    assert_eq!({ market }.begin_pause(midnight(31), 21_601), Err(BlockableError::PauseBudgetExceeded.into()));
    market.begin_pause(midnight(31), 21_600).unwrap();
    assert_eq!({ market }.begin_pause(midnight(32) - 1, 1), Err(BlockableError::PauseBudgetExceeded.into()));
    market.begin_pause(midnight(32), 21_600).unwrap();
    // A year later all of it is back, at whatever place in the ring.
    market.begin_pause(midnight(400), 21_600).unwrap();
    assert_eq!(market.paused_on.iter().filter(|seconds| **seconds > 0).count(), 1);
}

/// Seconds that fall on the day after the latest pause count in the days that end with it.
#[test]
fn a_pause_across_midnight_keeps_the_budget_of_both_rows_of_days() {
    let mut market = Market::zeroed();
    let midnight = |day: i64| MIDNIGHT + day * DAY;
    for day in [0, 28, 29] {
        market.begin_pause(midnight(day), 21_600).unwrap();
    }
    market.begin_pause(midnight(30), 21_000).unwrap();
    // Days 0 to 30 have 600 seconds left, days 1 to 31 have 6 hours and 600 seconds.
    let across =
        |first: i64, second: u32| { market }.begin_pause(midnight(31) - first, first as u32 + second);
    assert_eq!(across(601, 0), Err(BlockableError::PauseBudgetExceeded.into()));
    assert_eq!(across(600, 21_000), Ok(()));
    market.begin_pause(midnight(30) + 21_000, 600).unwrap();
    assert_eq!({ market }.begin_pause(midnight(31) - 1, 1), Err(BlockableError::PauseBudgetExceeded.into()));
    market.begin_pause(midnight(31), 21_600).unwrap();
    assert_eq!({ market }.begin_pause(midnight(32), 1), Err(BlockableError::PauseMonthExceeded.into()));
}

#[test]
fn seconds_given_back_count_in_no_30_days() {
    let mut market = Market::zeroed();
    for day in 0..60 {
        let now = MIDNIGHT + day * DAY;
        market.begin_pause(now, 5_000).unwrap();
        market.end_pause(now + 2_700).unwrap();
    }
    assert_eq!(market.paused_seconds, 60 * 2_700);
    let now = MIDNIGHT + 60 * DAY;
    assert_eq!({ market }.begin_pause(now, 5_401), Err(BlockableError::PauseMonthExceeded.into()));
    market.begin_pause(now, 5_400).unwrap();
}
