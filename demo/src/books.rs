//! The books of a story: every micro-USDC and every unit of it, by the ledger and not by what was printed.
//!
//! The ledger is the credit's event log, which hashes to what the account says, and the balances of the token accounts.

use {
    crate::{
        DemoError,
        cast::{Cast, Wallets},
        loan::Loan,
        narrator::Narrator,
        story::Outcome,
    },
    blockable_sdk::{
        Pubkey, Signer, addresses,
        amounts::{MicroUsd, Units},
        events::{self, Change},
        program::state::Credit,
    },
};

/// Money and units of one loan, added up from its event log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// Principal that stayed in the vault at issue.
    pub held_back: MicroUsd,
    /// Cash that the borrower paid for late fees, interest and principal.
    pub repaid: MicroUsd,
    /// Cash that the borrower put into its reserve.
    pub funded: MicroUsd,
    /// Cash of the reserve that paid the debt.
    pub drawn: MicroUsd,
    /// Cash of cancelled units that paid the debt.
    pub cancelled: MicroUsd,
    /// Cash that buyers paid.
    pub sold_for: MicroUsd,
    /// Fees on it.
    pub fees: MicroUsd,
    /// Part of it that paid the debt.
    pub recovered: MicroUsd,
    /// Cash from cancels and sales beyond the debt.
    pub surplus: MicroUsd,
    /// Part of the holdback that the provider has earned.
    pub earned: MicroUsd,
    /// Debt that was given up.
    pub written_off: MicroUsd,
    /// Units that buyers got.
    pub sold: Units,
    /// Units that were cancelled.
    pub units_cancelled: Units,
}

impl Ledger {
    /// Adds up the events of a credit. Errors: [`DemoError::Log`] where they do not hash to the account's event hash.
    pub(crate) fn new(cast: &Cast, address: &Pubkey, credit: &Credit) -> Result<Ledger, DemoError> {
        let records = cast.records(address);
        events::verify_log(address, &records, &credit.event_hash)?;
        let mut ledger = Ledger::default();
        for record in &records {
            ledger.add(address, &record.change);
        }
        Ok(ledger)
    }

    fn add(&mut self, credit: &Pubkey, change: &Change) {
        let sum = |into: &mut MicroUsd, amounts: &[u64]| {
            *into = into.saturating_add(amounts.iter().map(|amount| MicroUsd(*amount)).sum());
        };
        match change {
            Change::Issued { held_back, .. } => sum(&mut self.held_back, &[*held_back]),
            Change::Paid { payer, reserve, late_fees, interest, principal, earned, .. } => {
                let paid = if payer == credit { &mut self.drawn } else { &mut self.repaid };
                sum(paid, &[*late_fees, *interest, *principal]);
                sum(&mut self.funded, &[*reserve]);
                sum(&mut self.earned, &[*earned]);
            }
            Change::ReserveFunded { amount, .. } => sum(&mut self.funded, &[*amount]),
            Change::LockedCancelled { units, late_fees, interest, principal, surplus, earned, .. } => {
                sum(&mut self.cancelled, &[*late_fees, *interest, *principal]);
                sum(&mut self.surplus, &[*surplus]);
                sum(&mut self.earned, &[*earned]);
                self.units_cancelled = self.units_cancelled.saturating_add(Units(*units));
            }
            Change::Sold { units, cost, fee, recovered, surplus, earned, .. } => {
                sum(&mut self.sold_for, &[*cost]);
                sum(&mut self.fees, &[*fee]);
                sum(&mut self.recovered, &[*recovered]);
                sum(&mut self.surplus, &[*surplus]);
                sum(&mut self.earned, &[*earned]);
                self.sold = self.sold.saturating_add(Units(*units));
            }
            Change::WrittenOff { debt, earned, .. } => {
                sum(&mut self.written_off, &[*debt]);
                sum(&mut self.earned, &[*earned]);
            }
            _ => {}
        }
    }

    /// The parties' balances after the loan, from those before it.
    pub(crate) fn settle(&self, before: &Wallets, principal: MicroUsd) -> Wallets {
        let sum = |amounts: &[MicroUsd]| amounts.iter().copied().sum::<MicroUsd>();
        let reserve_left = self.funded.saturating_sub(self.drawn);
        Wallets {
            lender: sum(&[before.lender, self.repaid, self.drawn, self.cancelled, self.recovered])
                .saturating_sub(principal),
            borrower: sum(&[before.borrower, self.surplus, reserve_left])
                .saturating_sub(sum(&[self.repaid, self.funded])),
            provider: sum(&[before.provider, principal, self.earned]).saturating_sub(self.held_back),
            buyer: before.buyer.saturating_sub(self.sold_for),
            treasury: before.treasury.saturating_add(self.fees),
        }
    }
}

/// Checks the books of a story. Returns true where every check held. Errors: [`DemoError`].
pub(crate) async fn check(
    cast: &Cast,
    narrator: &Narrator,
    loan: &Loan,
    outcome: &Outcome,
    bought_before: Units,
) -> Result<bool, DemoError> {
    let credit = cast.credit(&outcome.credit).await?;
    let ledger = Ledger::new(cast, &outcome.credit, &credit)?;
    let units = &credit.collateral;
    let gone = units.consumed + units.seized + units.expired + units.cancelled;
    let vault = cast.balance(&addresses::vault(&outcome.credit)).await?;
    let bought = bought(cast).await?.saturating_sub(bought_before);
    let told = [outcome.from_holdback, outcome.from_reserve, outcome.from_sales];
    let checks = [
        ("the event log hashes to the credit's event hash", true),
        ("granted = used + sold + cancelled + left", units.granted == gone + units.remaining()),
        ("the buyer holds every unit that was sold", bought == ledger.sold && bought.get() == units.seized),
        ("recovered = cancelled + reserve + sales, by the event log", {
            told == [ledger.cancelled, ledger.drawn, ledger.recovered]
        }),
        ("each party's wallet holds what the event log says", {
            outcome.after == ledger.settle(&outcome.before, loan.principal())
        }),
        ("nothing is owed from the vault, and it is empty", {
            credit.claims == Default::default() && vault.is_zero()
        }),
        ("no micro-USDC is lost: the wallets hold together what they held before", {
            outcome.after.total() == outcome.before.total()
        }),
    ];
    for (name, holds) in checks {
        narrator.check(name, holds);
    }
    let ok = checks.iter().all(|(_, holds)| *holds);
    if ok {
        narrator.paragraph(
            "The books hold: event log, units, wallets and vault account for every unit and every micro-USDC.",
        );
    }
    Ok(ok)
}

/// Units that the buyer has bought so far; zero before it has a credit.
pub(crate) async fn bought(cast: &Cast) -> Result<Units, DemoError> {
    let buyer = cast.venue.keyring.buyer.pubkey();
    let address = addresses::unrestricted_credit(&cast.venue.keys.market, &cast.venue.provider, &buyer, 0);
    let rpc = cast.cluster.client.rpc();
    let found = rpc.get_account_with_commitment(&address, rpc.commitment()).await;
    match found.map_err(|error| DemoError::Client(error.into()))?.value {
        None => Ok(Units::ZERO),
        Some(_) => Ok(Units(cast.credit(&address).await?.collateral.granted)),
    }
}
