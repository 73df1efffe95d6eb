//! The units of a credit: which of them secure the debt, which are frozen, and which new jobs may use.

use {
    super::FreezeReason,
    crate::units::{Overflow, add, mul_div_floor, sub},
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// The units of a credit: granted, used, seized, expired, released and frozen. All amounts in credit units.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Collateral {
    /// Units granted in all.
    pub granted: u64,
    /// Units used, as metered. Never falls.
    pub consumed: u64,
    /// Units taken into lots or over by the lender, less those that lots have returned.
    pub seized: u64,
    /// Units that expired unused.
    pub expired: u64,
    /// Units released from the lien by repayment. Never falls.
    pub released: u64,
    /// Units of the lien that are frozen for a missed payment or a default. Payments of arrears lower this amount and leave
    /// `frozen_for_other` alone. The larger of the two is frozen.
    pub frozen_for_payment: u64,
    /// Units of the lien that are frozen for a breach or a risk.
    pub frozen_for_other: u64,
}

const _: () = assert!(size_of::<Collateral>() == 56);

impl Collateral {
    /// Units neither consumed, seized nor expired.
    pub fn remaining(&self) -> u64 {
        self.granted.saturating_sub(self.consumed).saturating_sub(self.seized).saturating_sub(self.expired)
    }

    /// Units that secure the debt. Use draws on released units first, so the lien keeps its size while it can;
    /// seized units have left the lien, so they are not counted again.
    pub fn lien(&self) -> u64 {
        self.granted.saturating_sub(self.released).saturating_sub(self.seized).min(self.remaining())
    }

    /// Units under lien that no new job may draw on: the larger of the two amounts that are frozen.
    pub fn frozen(&self) -> u64 {
        self.frozen_for_payment.max(self.frozen_for_other)
    }

    /// Units that new jobs may draw on.
    pub fn available(&self) -> u64 {
        self.remaining().saturating_sub(self.frozen())
    }

    /// Releases the lien in proportion to the principal repaid, rounded down; never takes a release back.
    /// Returns the units released by this call. Errors: [`Overflow`].
    pub fn release(&mut self, principal_repaid: u64, principal: u64) -> Result<u64, Overflow> {
        let released = mul_div_floor(self.granted, principal_repaid, principal)?;
        self.release_to(released)
    }

    /// Releases and thaws everything, once nothing is owed. Returns the units released by this call. Errors: [`Overflow`].
    pub fn release_all(&mut self) -> Result<u64, Overflow> {
        self.release_to(self.granted)
    }

    fn release_to(&mut self, released: u64) -> Result<u64, Overflow> {
        let before = self.released;
        self.released = released.max(before);
        self.fit_frozen();
        sub(self.released, before)
    }

    /// Expires unused units. Running jobs keep the `held` units, of which `held_frozen` are frozen. Returns the units expired.
    /// Errors: [`Overflow`] when fewer than `held` are left.
    pub fn expire(&mut self, held: u64, held_frozen: u64) -> Result<u64, Overflow> {
        let units = sub(self.remaining(), held)?;
        self.expired = add(self.expired, units)?;
        self.limit_frozen(held_frozen.min(self.lien()));
        Ok(units)
    }

    /// Takes unsold units back from a lot while something is owed: they come back frozen for another reason than payment, so
    /// that no payment thaws them. Does nothing for 0 units. Errors: [`Overflow`] when fewer were seized.
    pub fn unseize_frozen(&mut self, units: u64) -> Result<(), Overflow> {
        if units == 0 {
            return Ok(());
        }
        self.unseize(units)?;
        self.frozen_for_other = add(self.frozen(), units)?.min(self.lien());
        Ok(())
    }

    /// Takes unsold units back from a lot. Errors: [`Overflow`] when fewer were seized.
    pub fn unseize(&mut self, units: u64) -> Result<(), Overflow> {
        self.seized = sub(self.seized, units)?;
        Ok(())
    }

    /// Adds units to a credit without a lien. Errors: [`Overflow`].
    pub fn grant_unrestricted(&mut self, units: u64) -> Result<(), Overflow> {
        self.granted = add(self.granted, units)?;
        self.released = self.granted;
        Ok(())
    }

    /// Raises the frozen amount of the kind of `reason` to `units`. Returns the units newly frozen: zero where the amount of
    /// the other kind is as large; `None`, with nothing changed, where this amount is as large already.
    pub fn freeze(&mut self, units: u64, reason: FreezeReason) -> Option<u64> {
        let before = self.frozen();
        let amount =
            if reason.is_about_payment() { &mut self.frozen_for_payment } else { &mut self.frozen_for_other };
        if units <= *amount {
            return None;
        }
        *amount = units;
        Some(self.frozen().saturating_sub(before))
    }

    /// Lowers each frozen amount to `most` units.
    pub fn limit_frozen(&mut self, most: u64) {
        self.frozen_for_payment = self.frozen_for_payment.min(most);
        self.frozen_for_other = self.frozen_for_other.min(most);
    }

    /// Lowers each frozen amount to the lien where that has become smaller.
    pub fn fit_frozen(&mut self) {
        self.limit_frozen(self.lien());
    }
}
