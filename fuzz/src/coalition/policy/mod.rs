//! The fixed policy of the honest party, by which it signs on a loan that it has read.

mod borrower;
mod lender;
mod provider;

use {
    super::{bounds::SignedTerms, party::Honest},
    crate::{
        book::CreditBook,
        build::{Args, Call},
        dice::Dice,
        lab::Lab,
        ops::Op,
    },
    blockable_sdk::{
        Pubkey,
        instructions::MarketKeys,
        program::{
            instructions::{LotTerms, UnitBounds},
            state::Credit,
            transitions::Status,
        },
    },
    solana_sdk::instruction::Instruction,
};

/// The purpose of a signature, as the signer has read it.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// A loan of its own on these terms.
    Offer(SignedTerms),
    /// A loan taken on these terms.
    Accept(SignedTerms),
    /// Units owed for the principal of these terms.
    Issue(SignedTerms),
    /// A loan bought on these terms.
    Buy(SignedTerms),
    /// Collateral frozen for a risk.
    Freeze,
    /// Collateral frozen for the default of another credit, which anybody may thaw once that is over.
    FreezeForAnother,
    /// The rest of a debt given up, at most an amount in micro-USDC.
    WriteOff(u64),
    /// Collateral moved into a lot, within bounds.
    Seize(UnitBounds, LotTerms),
    /// Use reported, with the units that had been seized or had expired when the reported units were used.
    Report(i128),
    /// Anything that costs its signer nothing.
    Other,
}

/// A transaction that the honest party has signed and that has not landed.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// The place of the loan.
    pub on: u8,
    /// The instruction on the loan.
    pub call: Call,
    /// Instructions of the same transaction that come before it.
    pub before: Vec<Instruction>,
    /// The purpose.
    pub purpose: Purpose,
}

/// A loan as the honest party reads it.
struct LoanAsRead<'a> {
    lab: &'a Lab,
    on: u8,
    market: usize,
    keys: MarketKeys,
    address: Pubkey,
    /// The account, its debt accrued up to now.
    credit: Credit,
    status: Status,
    dice: Dice,
}

impl LoanAsRead<'_> {
    fn pending(&self, op: Op, ix: Instruction, args: Args, purpose: Purpose) -> Option<Pending> {
        let call = Call { op, ix, args, market: self.market, honest: true };
        Some(Pending { on: self.on, call, before: Vec::new(), purpose })
    }

    /// The credit as the model reads it.
    fn book(&self) -> CreditBook {
        CreditBook::read(&self.credit)
    }

    fn debt(&self) -> u64 {
        self.credit.debt.total()
    }
}

/// Reads the loan at a place and signs by the policy; `None` where the policy signs nothing.
pub(super) fn sign(lab: &Lab, honest: Honest, on: u8, seed: u64) -> Option<Pending> {
    let mut dice = Dice::new(seed);
    dice.roll();
    let (market, address) = lab.address(on);
    let Some(mut credit) = lab.credit(on) else {
        return if honest == Honest::Lender { lender::offer(lab, on, &mut dice) } else { None };
    };
    credit.accrue(lab.market_time(&lab.market(market))).ok()?;
    let status = Status::from_byte(credit.status)?;
    let keys = lab.markets[market];
    let reading = LoanAsRead { lab, on, market, keys, address, credit, status, dice };
    match honest {
        Honest::Lender => reading.sign_as_lender(),
        Honest::Borrower => reading.sign_as_borrower(),
        Honest::Provider => reading.sign_as_provider(),
    }
}
