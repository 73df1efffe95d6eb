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
    /// Units under the holdback that were cancelled: nobody was paid for them, and they cannot be used any more.
    pub cancelled: u64,
    /// Units released from the lien by repayment. Never falls.
    pub released: u64,
    /// Units that were locked at issue: those granted less those that the terms unlock ahead of payment. 0 for no lock.
    pub locked_at_issue: u64,
    /// Units of the lien that are frozen for a missed payment or a default. Payments of arrears lower this amount and leave
    /// the other two alone. The largest of the three is frozen.
    pub frozen_for_payment: u64,
    /// Units of the lien that are frozen for a breach or a risk.
    pub frozen_for_other: u64,
    /// Units of the lien that are frozen, in all, because another credit of the same parties is in default.
    pub frozen_for_cross: u64,
}

const _: () = assert!(size_of::<Collateral>() == 80);

impl Collateral {
    /// Units neither consumed, seized, expired nor cancelled.
    pub fn remaining(&self) -> u64 {
        self.granted
            .saturating_sub(self.consumed)
            .saturating_sub(self.seized)
            .saturating_sub(self.expired)
            .saturating_sub(self.cancelled)
    }

    /// Units that secure the debt. Use draws on released units first, so the lien keeps its size while it can;
    /// seized and cancelled units have left the lien, so they are not counted again.
    pub fn lien(&self) -> u64 {
        self.granted
            .saturating_sub(self.released)
            .saturating_sub(self.seized)
            .saturating_sub(self.cancelled)
            .min(self.remaining())
    }

    /// Units that payments have still to unlock, whether or not the lien has them: `granted - released - cancelled - ahead`.
    /// Seized units are not subtracted, or a seizure would unlock others.
    pub fn left_to_unlock(&self) -> u64 {
        self.locked_at_issue.saturating_sub(self.released).saturating_sub(self.cancelled)
    }

    /// Units of the lien that no payment has unlocked yet: no new job may draw on them. A lock is no freeze.
    pub fn locked(&self) -> u64 {
        self.left_to_unlock().min(self.lien())
    }

    /// Units of the lien beyond the locked ones, the most that can be frozen. A freeze of all of them leaves to use exactly
    /// what was repaid.
    pub fn freezable(&self) -> u64 {
        self.lien().saturating_sub(self.left_to_unlock())
    }

    /// Units beyond the locked ones that no new job may draw on: the largest of the amounts that are frozen.
    pub fn frozen(&self) -> u64 {
        self.frozen_for_payment.max(self.frozen_for_other).max(self.frozen_for_cross)
    }

    /// Units under lien that no new job may draw on: locked or frozen.
    pub fn held(&self) -> u64 {
        self.locked().saturating_add(self.frozen())
    }

    /// Units that new jobs may draw on.
    pub fn available(&self) -> u64 {
        self.remaining().saturating_sub(self.held())
    }

    /// Releases the lien in proportion to the principal repaid, rounded down; never takes a release back. Cancelled units
    /// are left out: the principal that they stood for was not repaid. Returns the units released by this call. Errors:
    /// [`Overflow`].
    pub fn release(&mut self, principal_repaid: u64, principal: u64) -> Result<u64, Overflow> {
        let units = sub(self.granted, self.cancelled)?;
        let released = mul_div_floor(units, principal_repaid, principal)?;
        self.release_to(released)
    }

    /// Releases and thaws everything, once nothing is owed. Returns the units released by this call. Errors: [`Overflow`].
    pub fn release_all(&mut self) -> Result<u64, Overflow> {
        self.release_to(sub(self.granted, self.cancelled)?)
    }

    fn release_to(&mut self, released: u64) -> Result<u64, Overflow> {
        let before = self.released;
        self.released = released.max(before);
        self.fit_frozen();
        sub(self.released, before)
    }

    /// Expires unused units. Running jobs keep the `held_by_jobs` units, of which `finishing` are locked or frozen. Returns the
    /// units expired. Errors: [`Overflow`] when fewer than `held_by_jobs` are left.
    pub fn expire(&mut self, held_by_jobs: u64, finishing: u64) -> Result<u64, Overflow> {
        let units = sub(self.remaining(), held_by_jobs)?;
        self.expired = add(self.expired, units)?;
        self.limit_frozen(finishing);
        self.fit_frozen();
        Ok(units)
    }

    /// Cancels locked units, which leave the credit and the lien. Errors: [`Overflow`] for more units than are locked.
    pub fn cancel(&mut self, units: u64) -> Result<(), Overflow> {
        sub(self.locked(), units)?;
        self.cancelled = add(self.cancelled, units)?;
        self.fit_frozen();
        Ok(())
    }

    /// Takes unsold units back from a lot while something is owed: they come back frozen for another reason than payment, so
    /// that no payment thaws them. Does nothing for 0 units. Errors: [`Overflow`] when fewer were seized.
    pub fn unseize_frozen(&mut self, units: u64) -> Result<(), Overflow> {
        if units == 0 {
            return Ok(());
        }
        self.unseize(units)?;
        self.frozen_for_other = add(self.frozen(), units)?.min(self.freezable());
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
    /// another kind is as large; `None`, with nothing changed, where this amount is as large already.
    pub fn freeze(&mut self, units: u64, reason: FreezeReason) -> Option<u64> {
        let before = self.frozen();
        let amount = match reason {
            FreezeReason::MissedPayment | FreezeReason::Default => &mut self.frozen_for_payment,
            FreezeReason::Breach | FreezeReason::Risk => &mut self.frozen_for_other,
            FreezeReason::CrossDefault => &mut self.frozen_for_cross,
        };
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
        self.frozen_for_cross = self.frozen_for_cross.min(most);
    }

    /// Lowers each frozen amount to what can be frozen, where that has become less.
    pub fn fit_frozen(&mut self) {
        self.limit_frozen(self.freezable());
    }
}
