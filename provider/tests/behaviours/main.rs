//! Upstreams that misbehave by script: the exact charge of each behaviour, and the answer that the client gets.
//!
//! Each case is a row: the upstream's acts, the request, the units that it costs, and parts of the answer. All cases of a group run
//! at once, each on a credit of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod breaks;
mod case;
mod classes;
mod clients;
#[path = "../common/mod.rs"]
mod common;
mod embeddings;
mod errors;
mod framing;
mod messages;
mod numbers;
mod places;
mod responses;
mod run;
#[path = "../common/script.rs"]
mod script;
mod silence;
mod stops;
mod upstream;
mod whole;

/// Fewest behaviours that are covered.
const LEAST: usize = 200;

#[test]
fn enough_behaviours_are_covered_and_each_has_a_name_of_its_own() {
    let groups = [
        places::cases(),
        framing::cases(),
        numbers::cases(),
        errors::cases(),
        breaks::cases(),
        whole::cases(),
        classes::cases(),
        clients::cases(),
        messages::cases(),
        responses::cases(),
        embeddings::cases(),
    ];
    let names: Vec<&str> = groups.iter().flatten().map(|case| case.name).collect();
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    println!("{} behaviours", names.len());
    assert!(different.len() >= LEAST && different.len() == names.len(), "{}", names.len());
}
