//! Every refusal of the program: per instruction, a transaction that goes through, and what makes it fail.
//!
//! A case is a test and a line of the table at once, so a table that is complete means tests that are.

mod agreements;
mod attempt;
mod cross_default;
mod enforcement;
mod fees;
mod framework;
mod holdback;
mod holdback_agreed;
mod housekeeping;
mod late;
mod lock;
mod market;
mod market_changes;
mod market_delay;
mod market_pausing;
mod market_roles;
mod matrix;
mod metering;
mod notice;
mod origination;
mod provider_roles;
mod providers;
mod recovery;
mod reserve;
mod servicing;
mod takeover;

use {
    attempt::Case,
    blockable_sdk::program::errors::BlockableError,
    std::{collections::BTreeSet, fs, path::Path},
    strum::VariantArray,
};

fn cases() -> impl Iterator<Item = &'static Case> {
    let modules = [
        market::CASES,
        market_changes::CASES,
        market_roles::CASES,
        providers::CASES,
        provider_roles::CASES,
        origination::CASES,
        servicing::CASES,
        reserve::CASES,
        agreements::CASES,
        enforcement::CASES,
        notice::CASES,
        metering::CASES,
        recovery::CASES,
        takeover::CASES,
        lock::CASES,
        holdback::CASES,
        holdback_agreed::CASES,
        cross_default::CASES,
        housekeeping::CASES,
        late::CASES,
    ];
    modules.into_iter().flatten()
}

/// The program's source files, with their text.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs/blockable-credits/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the program's sources are here") {
            let path = entry.expect("a folder entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(&path).expect("a source file is text")));
            }
        }
    }
    files
}

#[test]
fn every_error_of_the_program_is_provoked() {
    for error in BlockableError::VARIANTS {
        let provoked = cases().any(|case| case.error == *error);
        assert!(provoked, "{error:?} is never provoked");
    }
}

#[test]
fn every_instruction_has_its_refusals() {
    let (_, lib) = sources().into_iter().find(|(name, _)| name == "lib.rs").expect("lib.rs is here");
    let declared = lib.lines().filter_map(|line| line.strip_prefix("    pub fn "));
    let declared: BTreeSet<_> =
        declared.map(|line| line.split(['(', '<']).next().unwrap_or(line).to_string()).collect();
    let covered: BTreeSet<_> = cases().map(|case| case.instruction.to_string()).collect();
    assert_eq!(covered, declared);
}
