//! The instructions that people sign, each with the state that its signer has read and a test that the result is no worse.

mod freezes;
mod holdbacks;
mod loans;
mod markets;
mod offers;
mod providers;
mod recovery;

use {super::world::World, bytemuck::Pod};

/// The result of a signature: true when the signer is no worse off than it states. Errors: the refusal.
type Landed = anchor_lang::Result<bool>;

/// A signature, and the state that its signer has read.
pub(super) struct Signed {
    /// The instruction, by its name in the IDL.
    pub instruction: &'static str,
    /// A text that tells it apart from others of the same instruction.
    pub case: &'static str,
    pub read: World,
    /// Lands the signature on a later state.
    pub late: Box<dyn Fn(World) -> Landed + Send + Sync>,
}

impl Signed {
    /// The instruction with the case.
    pub fn name(&self) -> String {
        format!("{} {}", self.instruction, self.case).trim_end().to_owned()
    }
}

/// Every instruction that a person signs relying on a state of the accounts.
pub(super) fn all() -> Vec<Signed> {
    let of_loans = [offers::all, loans::all, freezes::all, recovery::all, holdbacks::all];
    let parts = of_loans.into_iter().chain([markets::all, providers::all]);
    parts.flat_map(|part| part()).collect()
}

/// A signature on any state.
fn signed(
    instruction: &'static str,
    case: &'static str,
    read: World,
    late: impl Fn(&mut World) -> Landed + Send + Sync + 'static,
) -> Signed {
    Signed { instruction, case, read, late: Box::new(move |mut world| late(&mut world)) }
}

/// A signature on a credit, which is refused where there is none.
fn on_credit(
    instruction: &'static str,
    case: &'static str,
    read: World,
    late: impl Fn(&mut World) -> Landed + Send + Sync + 'static,
) -> Signed {
    signed(instruction, case, read, move |world| {
        world.exists()?;
        late(world)
    })
}

/// Returns true where two accounts are equal in every byte.
fn equal<T: Pod>(one: &T, other: &T) -> bool {
    bytemuck::bytes_of(one) == bytemuck::bytes_of(other)
}
