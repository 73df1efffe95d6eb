//! Signatures that land late: between reading and landing others take one step, any two, or three of a seed. The signature
//! is refused then, or leaves its signer no worse off than it states.
//!
//! Each test prints its counts by signature. `STALE_SEQUENCES` and `STALE_SEED` choose the sequences of three.

mod cover;
mod others;
mod signed;
mod world;

use {others::Step, signed::Signed, std::str::FromStr};

/// Counts of the signatures that landed and that were refused.
#[derive(Clone, Copy, Debug, Default)]
struct Outcomes {
    landed: u32,
    refused: u32,
}

impl Outcomes {
    /// Prints the counts of a signature, and requires that it has both landed and been refused.
    fn finish(&self, signed: &Signed, steps: &str) {
        let (name, Outcomes { landed, refused }) = (signed.name(), *self);
        println!("{steps}: {landed:8} landed, {refused:8} refused: {name}");
        assert!(landed > 0 && refused > 0, "{name}: {self:?}");
    }
}

/// The number in the environment variable `name`, or `default`.
fn chosen<Number: FromStr>(name: &str, default: Number) -> Number {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

/// Lands a signature after the steps that are possible, of which there is at least one.
fn land(signed: &Signed, steps: &[&Step], outcomes: &mut Outcomes) {
    let mut world = signed.read;
    let mut taken = Vec::new();
    for step in steps {
        let mut next = world;
        if (step.take)(&mut next).is_ok() {
            world = next;
            taken.push(step.name);
        }
    }
    match (signed.late)(world) {
        Ok(no_worse) => {
            assert!(no_worse, "{} lands worse than stated after {taken:?}", signed.name());
            outcomes.landed += 1;
        }
        Err(_) => outcomes.refused += 1,
    }
}

#[test]
fn every_signature_lands_where_nothing_changes() {
    for signed in signed::all() {
        assert_eq!((signed.late)(signed.read), Ok(true), "{}", signed.name());
    }
}

#[test]
fn no_step_of_others_turns_a_signature_against_its_signer() {
    for signed in signed::all() {
        let mut outcomes = Outcomes::default();
        for step in others::all() {
            land(&signed, &[step], &mut outcomes);
        }
        outcomes.finish(&signed, "one step");
    }
}

#[test]
fn no_two_steps_of_others_turn_a_signature_against_its_signer() {
    let steps = others::all();
    for signed in signed::all() {
        let mut outcomes = Outcomes::default();
        for first in &steps {
            for second in &steps {
                land(&signed, &[first, second], &mut outcomes);
            }
        }
        outcomes.finish(&signed, "two steps");
    }
}

#[test]
fn no_three_steps_of_others_turn_a_signature_against_its_signer() {
    let steps = others::all();
    let (sequences, seed) =
        (chosen("STALE_SEQUENCES", 2_000), chosen("STALE_SEED", 11_400_714_819_323_198_485));
    println!(
        "{} steps of others, {sequences} sequences of three for each signature, seed {seed}",
        steps.len()
    );
    let mut state: u64 = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        steps[(state >> 33) as usize % steps.len()]
    };
    for signed in signed::all() {
        let mut outcomes = Outcomes::default();
        for _ in 0u32..sequences {
            land(&signed, &[next(), next(), next()], &mut outcomes);
        }
        outcomes.finish(&signed, "three steps");
    }
}
