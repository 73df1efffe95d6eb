//! An invariant fuzzer: hostile and honest actors in several markets, whose every step is judged by an independent model.

mod action;
mod book;
mod build;
mod build_credit;
mod build_settings;
mod checks;
mod choose;
mod compute;
mod coverage;
mod dice;
mod episode;
mod judge;
mod judge_credit;
mod judge_recovery;
mod judge_settings;
mod lab;
mod meters;
mod model;
mod money;
mod ops;
mod probe;
mod run;
mod session;
mod terms;

pub use {
    action::{Amount, Attempt, By, Jump, Moment, Step, Twist},
    coverage::Coverage,
    episode::{Violation, play, replay, shrink},
    lab::Lab,
    model::Model,
    ops::Op,
    run::{Options, Report, run},
    session::Session,
};
