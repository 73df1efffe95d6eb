//! The steps that other parties can take between a signer's reading and the landing of its signature.

mod loans;
mod offers;
mod recovery;
mod roles;

use super::world::{Done, World};

/// A step of somebody else.
pub(super) struct Step {
    pub name: &'static str,
    /// The instructions that it lands, by their names in the IDL.
    pub lands: &'static [&'static str],
    pub take: fn(&mut World) -> Done,
}

const fn step(name: &'static str, lands: &'static [&'static str], take: fn(&mut World) -> Done) -> Step {
    Step { name, lands, take }
}

/// Every step.
pub(super) fn all() -> Vec<&'static Step> {
    [offers::STEPS, loans::STEPS, recovery::STEPS, roles::STEPS].into_iter().flatten().collect()
}
