use {
    super::*,
    crate::{
        errors::BlockableError,
        state::{MAX_PAUSE_PER_DAY, Market},
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

    /// Returns true when a pause of `seconds` from `now` on would exceed the budget of a day.
    fn passes_budget(&self, now: i64, seconds: u32) -> bool {
        let mut with = Diary { pauses: self.pauses.clone() };
        with.pauses.push((now, now + i64::from(seconds), now + i64::from(seconds)));
        (now / DAY..=now / DAY + 1).any(|day| with.spent(day) > i64::from(MAX_PAUSE_PER_DAY))
    }

    fn expected(&self, now: i64, seconds: u32) -> Result<(), Error> {
        let refused = if seconds == 0 {
            BlockableError::AmountZero
        } else if self.is_paused(now) {
            BlockableError::AlreadyPaused
        } else if self.passes_budget(now, seconds) {
            BlockableError::PauseBudgetExceeded
        } else {
            return Ok(());
        };
        Err(refused.into())
    }
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
        3 => (0u32..12_000).prop_map(Step::Pause),
        1 => (12_000u32..30_000).prop_map(Step::Pause),
        2 => Just(Step::End),
    ];
    prop::collection::vec(step, 1..60)
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
        prop_assert_eq!(ended.paused_that_day, length);
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
        prop_assert_eq!(split.paused_that_day, whole.paused_that_day);
    }

    #[test]
    fn no_clock_makes_it_panic(numbers: [u64; 3], times: [i64; 4], days: [u32; 2], seconds: u32) {
        let mut market = Market {
            paused_seconds: numbers[0], paused_at: times[0], pause_expires_at: times[1],
            pause_day: days[0], paused_that_day: days[1], ..Market::zeroed()
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
    assert_eq!((market.paused_that_day, market.paused_day_after), (10, 21_590));
    assert_eq!(market.begin_pause(MIDNIGHT + 21_590, 11), Err(BlockableError::PauseBudgetExceeded.into()));
    market = Market::zeroed();
    market.begin_pause(MIDNIGHT - 10, 21_600).unwrap();
    market.begin_pause(MIDNIGHT + 21_590, 10).unwrap();
    assert_eq!(market.paused_seconds, 21_600);
    // Ended after midnight, it gives the rest back to the new day.
    market = Market::zeroed();
    market.begin_pause(MIDNIGHT - 10, 21_600).unwrap();
    market.end_pause(MIDNIGHT + 5).unwrap();
    assert_eq!((market.paused_seconds, market.paused_that_day, market.paused_day_after), (15, 10, 5));
    assert_eq!(market.begin_pause(MIDNIGHT + 5, 21_596), Err(BlockableError::PauseBudgetExceeded.into()));
    market.begin_pause(MIDNIGHT + 5, 21_595).unwrap();
}

#[test]
fn seconds_that_a_pause_did_not_use_are_given_back() {
    let mut market = Market::zeroed();
    market.begin_pause(MIDNIGHT, 20_000).unwrap();
    market.end_pause(MIDNIGHT + 600).unwrap();
    assert_eq!((market.paused_seconds, market.paused_that_day), (600, 600));
    market.begin_pause(MIDNIGHT + 600, 21_000).unwrap();
    assert_eq!(market.paused_that_day, 21_600);
    // Ended in the second it began: nothing was paused.
    let mut market = Market::zeroed();
    market.begin_pause(MIDNIGHT, 20_000).unwrap();
    market.end_pause(MIDNIGHT).unwrap();
    assert_eq!((market.paused_seconds, market.paused_that_day), (0, 0));
}

#[test]
fn ending_no_pause_changes_nothing() {
    let mut market = Market { paused_seconds: 5, pause_day: 3, paused_that_day: 7, ..Market::zeroed() };
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
