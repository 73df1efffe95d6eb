//! Units that were seized from a loan.

use crate::{amounts::Units, events::Change};

/// Units that were seized until a time, by their place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeizedUnits {
    /// Those that are for sale in lots.
    pub in_lots: Units,
    /// Those that were sold from lots.
    pub sold: Units,
    /// Those that the lender took over.
    pub taken_over: Units,
}

impl SeizedUnits {
    /// Counts a change of the credit.
    pub(super) fn count(&mut self, change: &Change) {
        match change {
            Change::Seized { units, .. } => self.in_lots = self.in_lots.saturating_add(Units(*units)),
            Change::Sold { units, .. } => {
                self.in_lots = self.in_lots.saturating_sub(Units(*units));
                self.sold = self.sold.saturating_add(Units(*units));
            }
            Change::LotClosed { returned, .. } => {
                self.in_lots = self.in_lots.saturating_sub(Units(*returned));
            }
            Change::TakenOver { units, .. } => {
                self.taken_over = self.taken_over.saturating_add(Units(*units))
            }
            _ => {}
        }
    }
}
