//! Keys that could not pay or sign, and why.

use {
    crate::plan::{Intent, Role},
    std::collections::BTreeMap,
};

/// The ways in which a key fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyFault {
    /// It cannot pay.
    CannotPay,
    /// It does not sign.
    DoesNotSign,
}

/// A change of the fault of a role's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyNote {
    pub role: Role,
    pub fault: KeyFault,
    /// The reason, for people; `None` where the key has not failed this time.
    pub reason: Option<String>,
}

/// The faults of the keys now. In memory alone: after a restart, a fault that is still there is found again.
#[derive(Default)]
pub(super) struct KeyFaults(BTreeMap<(Role, KeyFault), String>);

impl KeyFaults {
    /// Takes in what stages have found, in order.
    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = KeyNote>) {
        for KeyNote { role, fault, reason } in notes {
            match reason {
                Some(reason) => self.0.insert((role, fault), reason),
                None => self.0.remove(&(role, fault)),
            };
        }
    }

    /// Clears every fault of a role's key.
    pub(super) fn clear(&mut self, role: Role) {
        self.0.retain(|(of, _), _| *of != role);
    }

    /// Clears the faults of keys that no due intent needs: they hold nothing up.
    pub(super) fn keep_needed(&mut self, intents: &[Intent]) {
        for role in Role::ALL {
            if !intents.iter().any(|intent| intent.kind().role() == role) {
                self.clear(role);
            }
        }
    }

    /// Describes the fault of a role's key; `None` where it has none.
    pub(super) fn describe(&self, role: Role) -> Option<String> {
        let of_role = self.0.iter().filter(|((of, _), _)| *of == role);
        let reasons: Vec<&str> = of_role.map(|(_, reason)| reason.as_str()).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}
