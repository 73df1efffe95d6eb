//! The loans of the stories: presets of `blockable-economics` at a pace.

use {
    crate::{DemoError, pace::Pace},
    blockable_economics::{
        assumptions::Assumptions,
        preset::{Freezing, Preset},
    },
    blockable_sandbox::venue::LoanOffer,
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd, Units},
        program::state::{Instalment, Rider, Terms},
    },
    blockable_service::text,
};

/// The preset of the first story: the standard one with the reserve that is recommended for it.
pub(crate) const STANDARD: &str = "standard-reserve";
/// The standard preset without the reserve.
pub(crate) const WITHOUT_RESERVE: &str = "standard";
/// The preset of the second story: everything paid to the provider at issue, and nothing locked.
pub(crate) const PREPAID: &str = "prepaid-12";

/// The terms that one story is played on.
pub(crate) struct Loan {
    /// The name in the output.
    pub name: &'static str,
    /// The preset, in days.
    pub preset: Preset,
    /// The number in the credit's address.
    pub nonce: u64,
    /// The program's terms at the demo's pace, without the hash of the reporters.
    pub terms: Terms,
    /// The rider.
    pub rider: Rider,
    /// The instalments at the demo's pace.
    pub schedule: Vec<Instalment>,
}

impl Loan {
    /// Both loans of a demo. Errors: [`DemoError::Economics`].
    pub(crate) fn both(assumptions: &Assumptions, pace: Pace) -> Result<[Loan; 2], DemoError> {
        let loan = |name, preset, nonce| Loan::new(name, Preset::named(preset)?, nonce, assumptions, pace);
        Ok([loan("standard", STANDARD, 1)?, loan("prepaid", PREPAID, 2)?])
    }

    fn new(
        name: &'static str,
        preset: Preset,
        nonce: u64,
        assumptions: &Assumptions,
        pace: Pace,
    ) -> Result<Loan, DemoError> {
        let agreement = preset.agreement(preset.size(assumptions));
        let (terms, schedule) = (pace.terms(agreement.terms), pace.schedule(&agreement.schedule));
        Ok(Loan { name, preset, nonce, terms, rider: agreement.rider, schedule })
    }

    /// The offer of it, with a key that may freeze for the lender.
    pub(crate) fn offer(&self, freeze_authority: Pubkey) -> LoanOffer {
        LoanOffer {
            nonce: self.nonce,
            freeze_authority,
            terms: self.terms,
            rider: self.rider,
            schedule: self.schedule.clone(),
        }
    }

    /// Principal.
    pub(crate) fn principal(&self) -> MicroUsd {
        MicroUsd(self.terms.principal)
    }

    /// Units granted.
    pub(crate) fn units(&self) -> Units {
        Units(self.terms.units)
    }

    /// The terms that set the stories apart, for people, with the name that the simulator has for them.
    pub(crate) fn description(&self) -> String {
        // A cast of a float saturates.
        let share = |part: f64| text::percent(Bps((part * 10_000.0).round() as u64));
        let Preset { ahead, holdback, reserve, .. } = self.preset;
        let lock = match ahead {
            Some(ahead) => format!(
                "Units are locked until they are paid for, but for {} of an instalment.",
                share(ahead)
            ),
            None => "Nothing is locked.".to_string(),
        };
        let holdback = match holdback {
            0.0 => "The provider is paid for all units at issue, and so gives more of them.".to_string(),
            holdback => format!("{} of the price of the locked units stays in the vault.", share(holdback)),
        };
        let reserve = match reserve {
            0.0 => String::new(),
            reserve => format!(" The borrower's reserve is {} of an instalment.", share(reserve)),
        };
        format!("{lock} {holdback}{reserve} The simulator's name for these terms is {}.", self.preset.name)
    }

    /// True where the lender freezes everything at once, false where it begins with the share of the shortfall.
    pub(crate) fn freezes_in_full(&self) -> bool {
        self.preset.freeze == Freezing::Full
    }
}
