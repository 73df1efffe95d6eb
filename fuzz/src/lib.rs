//! An invariant fuzzer: hostile and honest actors in several markets, whose every step is verified by an independent model.

mod action;
mod amounts;
mod book;
mod build;
mod checks;
mod choose;
mod coalition;
mod compose;
mod compute;
mod coverage;
mod dice;
mod episode;
mod holdback;
mod issuer;
mod lab;
mod metering;
mod model;
mod moments;
mod money;
mod ops;
mod probe;
mod run;
mod session;
mod terms;
mod verify;

pub use {
    action::{Amount, Attempt, By, Flaw, Jump, Moment, Step},
    coalition::{CoalitionResult, Honest, Known, Move, known, play_moves, run_coalitions},
    coverage::Coverage,
    episode::{Violation, play, replay, shrink},
    lab::Lab,
    model::Model,
    ops::Op,
    run::{Options, RunResult, run},
    session::Session,
};
