//! Loans driven at random from a seed, as hostile callers might.

use {
    blockable_sdk::{
        Instruction, Pubkey,
        program::{
            errors::BlockableError,
            instructions::{ThawBounds, UnitBounds},
            state::Party,
            transitions::Status,
        },
    },
    blockable_testkit::{Loan, World},
    std::collections::BTreeSet,
};

/// The progress of a loan at the start of its walk.
pub(crate) type Begin = fn(&mut World, &Loan) -> Pubkey;
/// An instruction and its signers.
pub(crate) type Step = (Instruction, Vec<&'static str>);

/// A generator of numbers that look random (xorshift), so that a walk needs nothing but its seed.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of a walk.
    pub(crate) fn seeded(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    /// A number up to `most` of any magnitude: tiny, moderate and the limit itself are all likely.
    pub(crate) fn amount(&mut self, most: u64) -> u64 {
        match self.below(6) {
            0 => most,
            1 => 1,
            2 => self.below(1_000),
            3 => most.saturating_add(1),
            _ => self.below(most),
        }
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A kind of walk: what the dice choose, and what must always hold.
pub(crate) struct Walk {
    /// Loans per beginning.
    pub walks: u64,
    /// Steps with each loan.
    pub steps: usize,
    /// A loan on terms that the dice choose.
    pub loan: fn(&mut Dice) -> Loan,
    /// Lets some time pass.
    pub wait: fn(&mut Dice, &mut World),
    /// Chooses one step.
    pub attempt: fn(&mut Dice, &World, &Pubkey) -> Step,
    /// Custom errors of other programs that may refuse a step.
    pub foreign: &'static [u32],
    /// Asserts what holds of the loan after every step; `at` says where the walk is.
    pub check: fn(&World, &Pubkey, &str),
}

impl Walk {
    /// Drives several loans from one beginning, which must between them reach the statuses that lie beyond it.
    #[track_caller]
    pub(crate) fn from(&self, begin: Begin, beyond: &[Status]) {
        let reached: BTreeSet<_> = (1..=self.walks).flat_map(|seed| self.drive(seed, begin)).collect();
        assert!(
            beyond.iter().all(|status| reached.contains(status)),
            "the walks see too little: {reached:?}"
        );
    }

    /// Drives one loan, until it is closed if it is; returns the statuses it reached.
    fn drive(&self, seed: u64, begin: Begin) -> BTreeSet<Status> {
        let mut dice = Dice::seeded(seed);
        let mut world = World::new();
        let credit = begin(&mut world, &(self.loan)(&mut dice));
        let (start, mut reached) = (total(&world, &credit), BTreeSet::new());
        for step in 0..self.steps {
            let at = format!("seed {seed} step {step}");
            (self.wait)(&mut dice, &mut world);
            let (instruction, signers) = (self.attempt)(&mut dice, &world, &credit);
            if let Err(refused) = world.send(&[instruction], &signers) {
                let known =
                    refused.program_error().is_some_and(|error| error != BlockableError::ArithmeticOverflow);
                let foreign = refused.code().is_some_and(|code| self.foreign.contains(&code));
                assert!(known || foreign, "{at}: {refused:#?}");
            }
            assert_eq!(total(&world, &credit), start, "{at}: money was made or lost");
            if world.lamports(&credit) == 0 {
                break;
            }
            (self.check)(&world, &credit, &at);
            reached.insert(world.credit(&credit).status().expect("a known status"));
        }
        reached
    }
}

/// The money of all parties and of the credit's vault.
fn total(world: &World, credit: &Pubkey) -> u64 {
    let money = world.money(credit);
    let parties = money.lender + money.borrower + money.provider + money.buyer + money.stranger;
    parties + money.treasury + money.vault
}

/// So many units; all of them for none.
pub(crate) fn amount(units: u64) -> UnitBounds {
    if units == 0 { UnitBounds::ALL } else { UnitBounds::exactly(units) }
}

/// A thaw of so many units; of all for none.
pub(crate) fn thawed(units: u64) -> ThawBounds {
    if units == 0 { ThawBounds::ALL } else { ThawBounds { most: units, keep: 0 } }
}

/// A stranger collects the claim of one of the parties; `lender` is the lender's name.
pub(crate) fn collect(dice: &mut Dice, world: &World, credit: &Pubkey, lender: &'static str) -> Step {
    let claims = [(Party::Lender, lender), (Party::Borrower, "borrower"), (Party::Treasury, "treasury")];
    let (party, name) = dice.pick(&claims);
    (world.collect("stranger", credit, party, &world.token_account(name)), vec!["stranger"])
}
