//! Random lives of loans with a holdback: after each step that lands, money and units add up, nobody is paid what it has not
//! earned, and the two bounds of a lock and of a full holdback hold.
//!
//! `HOLDBACK_SEQUENCES` raises the number of lives; a failure names the seed of its life and the steps taken.

mod checks;
mod play;

use {super::*, checks::Checks, play::Play};

/// Numbers out of a seed.
pub(super) struct Dice(u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20
    }

    /// A number below `most`, 0 where that is 0.
    pub fn below(&mut self, most: u64) -> u64 {
        self.roll().checked_rem(most).unwrap_or(0)
    }

    /// A part of `whole`: now and then one unit, all, or all but one.
    pub fn part_of(&mut self, whole: u64) -> u64 {
        match self.below(6) {
            0 => whole.min(1),
            1 => whole,
            2 => whole.saturating_sub(1),
            _ => self.below(whole.saturating_add(1)),
        }
    }
}

/// Terms of a seed: prices with and without a remainder, any lock, any holdback.
fn terms(dice: &mut Dice) -> Terms {
    let principal = [120 * USDC, 7_000_003, 999_999_999_989][dice.below(3) as usize];
    let units = [1_200_000, 999_983, 12, 70_000_019][dice.below(4) as usize];
    let unlocked_ahead = [1, units / 24 + 1, units / 12 + 1, units / 3][dice.below(4) as usize];
    let most = (u128::from(units - unlocked_ahead) * u128::from(principal) / u128::from(units)) as u64;
    let holdback = [most, most, most / 2, most / 4, most.min(1)][dice.below(5) as usize];
    let apr_bps = [0, 1_200, 10_000][dice.below(3) as usize];
    let holdback_apr_bps = if holdback == 0 { 0 } else { [0, apr_bps / 2, apr_bps][dice.below(3) as usize] };
    let unit_lifetime = [0, 400 * DAY as u32][dice.below(2) as usize];
    let late_fee = [0, principal / 1_000][dice.below(2) as usize];
    Terms {
        principal,
        units,
        unlocked_ahead,
        holdback,
        apr_bps,
        holdback_apr_bps,
        unit_lifetime,
        late_fee,
        max_units_per_second: 1_000,
        ..SEALED
    }
}

#[test]
fn no_sequence_of_actions_breaks_the_bounds_of_a_holdback() {
    let lives =
        std::env::var("HOLDBACK_SEQUENCES").ok().and_then(|most| most.parse().ok()).unwrap_or(4_000u64);
    let mut landed = std::collections::BTreeMap::<&str, u32>::new();
    for seed in 0..lives {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995);
        let mut play = Play::new(terms(&mut dice));
        let (mut checks, mut taken) = (Checks::new(&play), Vec::new());
        for _ in 0..80 {
            let mut next = play;
            let (name, done) = next.step(&mut dice);
            let Ok(changes) = done else { continue };
            taken.push(name);
            *landed.entry(name).or_default() += 1;
            if let Err(broken) = checks.verify(&play, &next, &changes) {
                panic!("seed {seed}: {broken} after {taken:?}\n{:#?}", next.credit.collateral);
            }
            play = next;
        }
    }
    for name in play::STEPS {
        assert!(landed.contains_key(name), "{name} never lands: {landed:?}");
    }
}
