//! The worth of what the honest party is entitled to, at one moment.

use {
    super::{bounds::SignedTerms, party::Honest},
    crate::{book::CreditBook, lab::Lab},
    blockable_sdk::{
        Pubkey,
        program::{
            state::{Credit, Lot, Provider},
            transitions::Status,
        },
    },
    std::collections::BTreeMap,
};

/// The highest fee on a sale, in basis points: any market may take it after its delay.
pub(super) const MOST_FEE: i128 = 1_000;

/// A credit with its debt as of now, and its open lots.
#[derive(Clone)]
pub(super) struct LoanState {
    /// The account, its debt accrued.
    pub credit: Credit,
    /// Its open lots.
    pub lots: Vec<(Pubkey, Lot)>,
}

impl LoanState {
    /// Reads a credit; `lots` are the lots that it may have. `None` where there is none.
    pub(super) fn read(lab: &Lab, key: &Pubkey, lots: &[Pubkey]) -> Option<LoanState> {
        let mut credit: Credit = lab.read(key)?;
        let market = lab.read(&credit.market)?;
        credit.accrue(lab.market_time(&market)).ok()?;
        let open = lots.iter().filter_map(|key| Some((*key, lab.read::<Lot>(key)?)));
        Some(LoanState { credit, lots: open.collect() })
    }

    /// The status.
    pub(super) fn status(&self) -> Status {
        Status::from_byte(self.credit.status).unwrap_or(Status::Closed)
    }

    /// True for a loan of the honest party.
    pub(super) fn is_of(&self, lab: &Lab, honest: Honest) -> bool {
        let (credit, key) = (&self.credit, honest.key());
        match honest {
            Honest::Lender => credit.lender == key,
            Honest::Borrower => credit.borrower == key && !credit.is_unrestricted(),
            Honest::Provider => is_own(lab, &credit.provider) && !credit.is_unrestricted(),
        }
    }

    /// Units that lots have left.
    pub(super) fn unsold(&self) -> i128 {
        self.lots.iter().map(|(_, lot)| i128::from(lot.units_left)).sum()
    }

    /// Everything owed, in micro-USDC.
    pub(super) fn debt(&self) -> i128 {
        self.credit.debt.total().into()
    }

    /// The credit as the model reads it.
    pub(super) fn book(&self) -> CreditBook {
        CreditBook::read(&self.credit)
    }

    /// The worth of the loan to its lender: its claim, the escrow, and the lesser of debt and collateral.
    pub(super) fn for_lender(&self, signed: &SignedTerms) -> i128 {
        let claims = i128::from(self.credit.claims.lender) + i128::from(self.credit.claims.escrow);
        claims + self.debt().min(self.collateral(signed))
    }

    /// The worth of the collateral: the cash that covers units, the others of the lien at what the loan paid, and those in lots at
    /// the floor that the lender has signed.
    pub(super) fn collateral(&self, signed: &SignedTerms) -> i128 {
        let floor = |lot: &Lot| i128::from(lot.units_left) * i128::from(lot.floor_price) / 1_000_000;
        let lots: i128 = self.lots.iter().map(|(_, lot)| floor(lot)).sum();
        let book = self.book();
        let cash = if book.covered() > 0 { book.holdback } else { 0 };
        cash + signed.value(book.lien() - book.covered()) + lots * (10_000 - MOST_FEE) / 10_000
    }

    /// The worth of the loan to its provider: its claim, less the price of all units that it has served or must serve. Covered
    /// units, which can be cancelled for the money held back for them, are worth nothing to it.
    pub(super) fn for_provider(&self) -> i128 {
        let book = self.book();
        let served = book.granted - book.cancelled - book.expired - book.covered();
        book.provider_claim - SignedTerms::new(&self.credit.terms).value(served)
    }

    /// The worth of the loan to its borrower: its claim, its reserve and all units that are left, less the debt. Units count
    /// at the price in the terms that the borrower has signed.
    pub(super) fn for_borrower(&self, signed: Option<&SignedTerms>) -> i128 {
        let units = i128::from(self.credit.collateral.remaining()) + self.unsold();
        let cash = i128::from(self.credit.claims.borrower) + i128::from(self.credit.reserve_held);
        cash + signed.map_or(0, |signed| signed.value(units)) - self.debt()
    }
}

/// The possessions of the honest party that one transaction can change.
#[derive(Clone, Default)]
pub(super) struct Position {
    /// Its money in all markets, in micro-USDC.
    pub cash: i128,
    /// The loans that the transaction names.
    pub loans: BTreeMap<Pubkey, LoanState>,
    /// Units that its provider owes.
    pub outstanding: i128,
    /// Units used beyond those that its credits allowed.
    pub overrun: i128,
}

impl Position {
    /// The position before or after a transaction on `credits`.
    pub(super) fn read(
        lab: &Lab,
        honest: Honest,
        credits: &[Pubkey],
        lots: &BTreeMap<Pubkey, Vec<Pubkey>>,
    ) -> Position {
        let none = Vec::new();
        let loan = |key: &Pubkey| Some((*key, LoanState::read(lab, key, lots.get(key).unwrap_or(&none))?));
        let mut position =
            Position { loans: credits.iter().filter_map(loan).collect(), ..Position::default() };
        for keys in &lab.markets {
            let account = lab.svm.get_account(&keys.token_account(&honest.key()));
            position.cash += crate::model::balance(account.as_ref()).unwrap_or(0);
        }
        if honest == Honest::Provider {
            for (_, key) in own_providers(lab) {
                let provider = lab.read::<Provider>(&key);
                position.outstanding += provider.map_or(0, |provider| provider.outstanding_units.into());
            }
            let own = |loan: &&LoanState| is_own(lab, &loan.credit.provider);
            let overrun = |loan: &LoanState| i128::from(loan.credit.meter.overrun);
            position.overrun = position.loans.values().filter(own).map(overrun).sum();
        }
        position
    }
}

/// The providers that the honest provider's key signs for: the first of each market.
pub(super) fn own_providers(lab: &Lab) -> impl Iterator<Item = (usize, Pubkey)> + '_ {
    lab.providers.iter().take(2 * lab.markets.len()).step_by(2).copied()
}

/// True for a provider that the honest provider's key signs for.
pub(super) fn is_own(lab: &Lab, provider: &Pubkey) -> bool {
    own_providers(lab).any(|(_, key)| key == *provider)
}
