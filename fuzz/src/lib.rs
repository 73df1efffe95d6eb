//! An invariant fuzzer: hostile and honest actors in several markets, whose every step is verified by an independent model.

mod action;
mod amounts;
mod book;
mod build;
mod build_credit;
mod build_recovery;
mod build_settings;
mod checks;
mod choose;
mod compose;
mod compute;
mod coverage;
mod dice;
mod episode;
mod lab;
mod metering;
mod model;
mod money;
mod ops;
mod probe;
mod run;
mod session;
mod terms;
mod verify;
mod verify_agreement;
mod verify_credit;
mod verify_enforcement;
mod verify_origination;
mod verify_recovery;
mod verify_settings;

pub use {
    action::{Amount, Attempt, By, Jump, Moment, Step, Twist},
    coverage::Coverage,
    episode::{Violation, play, replay, shrink},
    lab::Lab,
    model::Model,
    ops::Op,
    run::{Options, RunResult, run},
    session::Session,
};
