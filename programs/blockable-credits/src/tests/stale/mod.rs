//! Signatures that land late: between reading and landing others take one step, any two, or three of a seed. The signature
//! is refused then, or leaves its signer no worse off than it states.

mod others;
mod signed;
mod world;

use {
    others::{STEPS, Step},
    signed::Signed,
};

/// Counts of the signatures that landed and that were refused.
#[derive(Clone, Copy, Debug, Default)]
struct Outcomes {
    landed: u32,
    refused: u32,
}

/// Lands a signature after the steps that are possible, of which there is at least one.
fn land(signed: &Signed, steps: &[&(&str, Step)], outcomes: &mut Outcomes) {
    let mut world = signed.read;
    let mut taken = Vec::new();
    for (name, step) in steps {
        let mut next = world;
        if step(&mut next).is_ok() {
            (world, taken) = (next, [taken, vec![*name]].concat());
        }
    }
    match (signed.late)(world) {
        Ok(no_worse) => {
            assert!(no_worse, "{} lands worse than stated after {taken:?}", signed.name);
            outcomes.landed += 1;
        }
        Err(_) => outcomes.refused += 1,
    }
}

#[test]
fn every_signature_lands_where_nothing_changes() {
    for signed in signed::all() {
        assert_eq!((signed.late)(signed.read), Ok(true), "{}", signed.name);
    }
}

#[test]
fn no_step_of_others_turns_a_signature_against_its_signer() {
    for signed in signed::all() {
        let mut outcomes = Outcomes::default();
        for step in STEPS {
            land(&signed, &[step], &mut outcomes);
        }
        assert!(outcomes.landed > 0 && outcomes.refused > 0, "{}: {outcomes:?}", signed.name);
    }
}

#[test]
fn no_two_steps_of_others_turn_a_signature_against_its_signer() {
    for signed in signed::all() {
        let mut outcomes = Outcomes::default();
        for first in STEPS {
            for second in STEPS {
                land(&signed, &[first, second], &mut outcomes);
            }
        }
        assert!(outcomes.landed > 0 && outcomes.refused > 0, "{}: {outcomes:?}", signed.name);
    }
}

/// `STALE_SEQUENCES` raises the number of sequences for each signature.
#[test]
fn no_three_steps_of_others_turn_a_signature_against_its_signer() {
    let sequences =
        std::env::var("STALE_SEQUENCES").ok().and_then(|most| most.parse().ok()).unwrap_or(2_000u32);
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        &STEPS[(seed >> 33) as usize % STEPS.len()]
    };
    for signed in signed::all() {
        let mut outcomes = Outcomes::default();
        for _ in 0..sequences {
            land(&signed, &[next(), next(), next()], &mut outcomes);
        }
        assert!(outcomes.landed > 0 && outcomes.refused > 0, "{}: {outcomes:?}", signed.name);
    }
}
