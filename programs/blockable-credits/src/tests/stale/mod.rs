//! Signatures that land late: between reading and landing others take one step, any two, or three of a seed. The signature
//! is refused then, or leaves its signer no worse off than it states.
//!
//! Each test prints its counts by signature. `STALE_SEQUENCES` and `STALE_SEED` choose the sequences of three.

mod cover;
mod others;
mod signed;
mod world;

use {
    others::Step,
    signed::Signed,
    std::{
        collections::BTreeMap,
        num::NonZero,
        str::FromStr,
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    },
};

/// Counts of the signatures that landed and that were refused.
#[derive(Clone, Copy, Debug, Default)]
struct Outcomes {
    landed: u32,
    refused: u32,
}

/// Lands each signature by `try_steps`, several at a time; `try_steps` is given the signature's place. Prints the counts, and
/// requires that each signature has both landed and been refused.
fn for_each_signature(steps: &str, try_steps: impl Fn(u64, &Signed) -> Outcomes + Sync) {
    let (signatures, next) = (signed::all(), AtomicUsize::new(0));
    let outcomes = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(signed) = signatures.get(place) else { break };
                    let tried = try_steps(place as u64, signed);
                    outcomes.lock().unwrap().insert(place, tried);
                }
            });
        }
    });
    for (place, Outcomes { landed, refused }) in outcomes.into_inner().unwrap() {
        let name = signatures[place].name();
        println!("{steps}: {landed:8} landed, {refused:8} refused: {name}");
        assert!(landed > 0 && refused > 0, "{name}: {landed} landed, {refused} refused");
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
    let steps = others::all();
    for_each_signature("one step", |_, signed| {
        let mut outcomes = Outcomes::default();
        for step in &steps {
            land(signed, &[step], &mut outcomes);
        }
        outcomes
    });
}

#[test]
fn no_two_steps_of_others_turn_a_signature_against_its_signer() {
    let steps = others::all();
    for_each_signature("two steps", |_, signed| {
        let mut outcomes = Outcomes::default();
        for first in &steps {
            for second in &steps {
                land(signed, &[first, second], &mut outcomes);
            }
        }
        outcomes
    });
}

#[test]
fn no_three_steps_of_others_turn_a_signature_against_its_signer() {
    let steps = others::all();
    let (sequences, seed): (u32, u64) =
        (chosen("STALE_SEQUENCES", 2_000), chosen("STALE_SEED", 11_400_714_819_323_198_485));
    println!(
        "{} steps of others, {sequences} sequences of three for each signature, seed {seed}",
        steps.len()
    );
    for_each_signature("three steps", |place, signed| {
        let mut state = seed.wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            steps[(state >> 33) as usize % steps.len()]
        };
        let mut outcomes = Outcomes::default();
        for _ in 0..sequences {
            land(signed, &[next(), next(), next()], &mut outcomes);
        }
        outcomes
    });
}
