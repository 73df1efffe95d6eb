//! Amounts of the model, and those that an instruction names.

use {super::build::Args, blockable_sdk::program::instructions::UnitAmount};

/// The quotient rounded up; zero for a division by zero.
pub(super) fn div_up(a: i128, b: i128) -> i128 {
    if b == 0 { 0 } else { (a + b - 1) / b }
}

/// The units that the arguments name, `all` where they say so. Errors: they name none.
pub(super) fn units_of(args: &Args, all: i128) -> Result<i128, String> {
    match args {
        Args::Units(UnitAmount::All) | Args::Seize(UnitAmount::All, _) => Ok(all),
        Args::Units(UnitAmount::Units(units)) | Args::Seize(UnitAmount::Units(units), _) => {
            Ok((*units).into())
        }
        other => Err(format!("no units in {other:?}")),
    }
}
