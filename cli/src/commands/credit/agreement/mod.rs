//! The agreement of a loan from flags: terms, rider and schedule.

mod conditions;
mod csv;
mod dates;
mod expectation;
mod grant;
mod parsers;
mod refusal;
mod rider;
mod schedule;

pub(super) use {
    conditions::ConditionArgs,
    dates::UsualDates,
    expectation::Forecast,
    grant::{GrantArgs, TermsName},
    parsers::{Expiry, expiry},
    refusal::require_taken,
    rider::RiderArgs,
    schedule::{PlannedSchedule, ScheduleArgs},
};
