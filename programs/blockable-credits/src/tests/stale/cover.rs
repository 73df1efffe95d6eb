//! The lists of signatures and of steps are complete: both are compared with the instructions of the IDL.

use {
    super::{others, signed},
    serde_json::Value,
    std::collections::BTreeSet,
};

/// The instructions that a person signs without relying on anything that others can change.
const RELY_ON_NOTHING: [(&str, &str); 2] = [
    ("market_create", "the address is new: somebody who takes the number first makes it fail"),
    ("provider_register", "the address is new, and nobody but its authority can register there"),
];

/// The instructions that change no state on which signers of others rely.
const NO_STEPS: [(&str, &str); 2] =
    [("market_create", "another market"), ("provider_register", "another provider")];

type Names = BTreeSet<String>;

/// The names of the instructions: those that somebody signs, and all.
fn instructions() -> (Names, Names) {
    let idl = include_str!("../../../../../app-idl/blockable_credits.json");
    let idl: Value = serde_json::from_str(idl).unwrap();
    let of = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let signs = |instruction: &&Value| {
        let mut accounts = instruction["accounts"].as_array().unwrap().iter();
        accounts.any(|account| account["signer"] == Value::Bool(true))
    };
    let all = idl["instructions"].as_array().unwrap();
    (all.iter().filter(signs).map(of).collect(), all.iter().map(of).collect())
}

/// Requires every name to be in one of two lists, and none in both.
fn complete(names: &Names, covered: impl Iterator<Item = &'static str>, left_out: &[(&str, &str)]) {
    let covered: Names = covered.map(str::to_owned).collect();
    let left_out: Names = left_out.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(covered.intersection(&left_out).collect::<Vec<_>>(), [""; 0], "in both lists");
    let listed: Names = covered.union(&left_out).cloned().collect();
    assert_eq!(names.difference(&listed).collect::<Vec<_>>(), [""; 0], "in neither list");
    assert_eq!(listed.difference(names).collect::<Vec<_>>(), [""; 0], "no such instruction");
}

#[test]
fn every_instruction_that_a_person_signs_is_tested_or_left_out_for_a_reason() {
    let signatures = signed::all();
    complete(&instructions().0, signatures.iter().map(|signed| signed.instruction), &RELY_ON_NOTHING);
}

#[test]
fn every_instruction_is_a_step_of_others_or_left_out_for_a_reason() {
    let lands = others::all().into_iter().flat_map(|step| step.lands).copied();
    complete(&instructions().1, lands, &NO_STEPS);
}

/// Every step must be possible before some signature: one that is never possible would test nothing.
#[test]
fn every_step_of_others_is_possible_before_some_signature() {
    let (steps, signatures) = (others::all(), signed::all());
    let lands = |step: &others::Step, mut world| (step.take)(&mut world).is_ok();
    let possible = |step: &&&others::Step| {
        let after = |first: &&others::Step, mut world| (first.take)(&mut world).is_ok() && lands(step, world);
        signatures
            .iter()
            .any(|signed| lands(step, signed.read) || steps.iter().any(|first| after(first, signed.read)))
    };
    let never: Vec<_> = steps.iter().filter(|step| !possible(step)).map(|step| step.name).collect();
    assert_eq!(never, [""; 0]);
}
