//! Keys that could not pay or sign, and why.

use {crate::plan::Role, std::collections::BTreeMap};

/// What a key may fail at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// It cannot pay.
    Pays,
    /// It does not sign.
    Signs,
}

/// All of them.
#[derive(Default)]
pub(super) struct Faults(BTreeMap<(Role, Fault), String>);

impl Faults {
    /// Notes what a role's key has failed at, in place of what it failed at the same before.
    pub fn set(&mut self, role: Role, fault: Fault, reason: String) {
        self.0.insert((role, fault), reason);
    }

    /// A role's key has not failed at it this time.
    pub fn clear(&mut self, role: Role, fault: Fault) {
        self.0.remove(&(role, fault));
    }

    /// Nothing is wrong with a role's key.
    pub fn clear_all(&mut self, role: Role) {
        self.0.retain(|(of, _), _| *of != role);
    }

    /// What is wrong with a role's key.
    pub fn of(&self, role: Role) -> Option<String> {
        let of_role = self.0.iter().filter(|((of, _), _)| *of == role);
        let reasons: Vec<&str> = of_role.map(|(_, reason)| reason.as_str()).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}
