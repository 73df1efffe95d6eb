//! A change that a command wants, as a review shows it: the shared frame's, with the errors of this command line.

use crate::error::CliError;
pub(crate) use blockable_service::command::{
    After, Effect, EffectLine, EffectOf, Line, MarketHead, Role, SendToGate, Step,
};

/// A change: everything that a review shows and a transaction needs. [`carry_out`](crate::carry_out::carry_out) does the rest.
pub(crate) type Change<'a> = blockable_service::command::Change<'a, CliError>;
