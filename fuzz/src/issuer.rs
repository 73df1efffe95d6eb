//! The mint's issuer freezes vaults and thaws them.

use {
    super::{lab::Lab, session::Session},
    blockable_sdk::{Pubkey, addresses},
};

/// Offset of a token account's state, 1 for one that is open.
const STATE: usize = 108;
const OPEN: u8 = 1;
const FROZEN: u8 = 2;

impl Lab {
    /// Returns true for a loan whose vault is frozen.
    pub fn has_frozen_vault(&self, on: u8) -> bool {
        let vault = self.svm.get_account(&addresses::vault(&self.address(on).1));
        vault.is_some_and(|vault| vault.data.get(STATE) == Some(&FROZEN))
    }

    /// Sets the state of a vault as the mint's freeze authority can. Returns false where there is no such vault.
    fn set_state(&mut self, vault: &Pubkey, state: u8) -> bool {
        let Some(mut account) = self.svm.get_account(vault) else { return false };
        let Some(byte) = account.data.get_mut(STATE) else { return false };
        *byte = state;
        self.svm.set_account(*vault, account).is_ok()
    }
}

impl Session {
    /// Freezes the vault of the loan at a place, or thaws it where it is frozen.
    pub(super) fn freeze_vault(&mut self, on: u8) {
        let vault = addresses::vault(&self.lab.address(on).1);
        if self.model.frozen_vaults.contains(&vault) {
            self.lab.set_state(&vault, OPEN);
            self.model.frozen_vaults.remove(&vault);
        } else if self.lab.set_state(&vault, FROZEN) {
            self.model.frozen_vaults.insert(vault);
        }
    }
}
