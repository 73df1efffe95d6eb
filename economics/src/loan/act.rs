//! The acts of a loan's life. Each is one instruction; [`Loan::carry_out`] names the function of the program for it.

use {
    super::{ADMIN, BORROWER, BUYER, CREDIT, ISSUED_AT, LENDER, LOT, Loan, MARKET_FEE_BPS, key},
    anchor_lang::prelude::Pubkey,
    blockable_credits::{
        actions::{CancelSigners, FreezeAmount, LoanRead, LotTerms, NewLot, Sale, UnitBounds},
        errors::BlockableError,
        metering::Reading,
        quorum::QuorumReading,
        state::{FreezeReason, Lot, MarketClock},
    },
    bytemuck::Zeroable,
};

/// One instruction on a loan, with its amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// `credit_repay`: the borrower pays up to so many micro-USDC.
    Pay(u64),
    /// `usage_meter`: a report of the units used since issue, and of those that running jobs hold, as of this second.
    Meter {
        /// Units used since issue.
        cumulative: u64,
        /// Units that running jobs hold.
        in_flight: u64,
    },
    /// `credit_mark_delinquent`.
    MarkDelinquent,
    /// `credit_mark_defaulted`.
    MarkDefaulted,
    /// `credit_freeze` by the lender.
    Freeze(FreezeAmount, FreezeReason),
    /// `credit_auto_freeze`.
    AutoFreeze,
    /// `credit_cancel_locked` by the lender, of everything that can be cancelled.
    Cancel,
    /// `credit_cancel_locked` by lender and borrower together, of everything that can be cancelled.
    CancelTogether,
    /// `provider_suspend` by the market's admin.
    SuspendProvider,
    /// `reserve_draw`.
    DrawReserve,
    /// `credit_seize_to_pool` of everything that can be seized.
    Seize(LotTerms),
    /// `lot_buy` of up to so many units by a third party.
    Buy(u64),
    /// `lot_close` by the lender.
    CloseLot,
    /// `credit_seize_to_lender` of everything that the debt pays for.
    TakeOver,
    /// `credit_write_off`.
    WriteOff,
    /// `credit_expire_units`.
    Expire,
}

type Done = anchor_lang::Result<()>;

impl Loan {
    /// Calls the program's function for an act. Errors: the program's own; the loan may then be half changed.
    pub(super) fn carry_out(&mut self, act: &Act, clock: &MarketClock) -> Done {
        match *act {
            Act::Pay(amount) => self.pay(amount, clock),
            Act::Meter { cumulative, in_flight } => self.meter(cumulative, in_flight, clock),
            Act::MarkDelinquent => self.credit.mark_delinquent(clock).map(drop),
            Act::MarkDefaulted => self.credit.mark_defaulted(clock).map(drop),
            Act::Freeze(amount, reason) => self.credit.freeze(&LENDER, amount, reason, None, clock).map(drop),
            Act::AutoFreeze => self.credit.auto_freeze(CREDIT, clock).map(drop),
            Act::Cancel => self.cancel(None, clock),
            Act::CancelTogether => self.cancel(Some(BORROWER), clock),
            Act::SuspendProvider => self.provider.suspend(&ADMIN, &self.market, clock),
            Act::DrawReserve => self.credit.draw_reserve(CREDIT, clock).map(drop),
            Act::Seize(terms) => self.seize(terms, clock),
            Act::Buy(units) => self.buy(units, clock),
            Act::CloseLot => self.close_lot(clock),
            Act::TakeOver => self.credit.take_over(key(111), UnitBounds::ALL, clock).map(drop),
            Act::WriteOff => {
                let slot = self.credit.offer_slot;
                self.credit.write_off(&LENDER, slot, u64::MAX, &mut self.provider, clock).map(drop)
            }
            Act::Expire => self.credit.expire_units(clock).map(drop),
        }
    }

    fn pay(&mut self, amount: u64, clock: &MarketClock) -> Done {
        let paid = self.credit.begin_payment(amount, clock)?;
        self.credit.receive_payment(BORROWER, paid).map(drop)
    }

    fn meter(&mut self, cumulative: u64, in_flight: u64, clock: &MarketClock) -> Done {
        let reading = Reading { cumulative, in_flight, reported_at: clock.chain };
        let quorum = QuorumReading { reading, latest_at: clock.chain };
        let skipped = self.credit.apply_reading(&quorum, ISSUED_AT - 1, clock).err();
        // A reading that is skipped is no error of the instruction; an act that asks for one is.
        skipped.map_or(Ok(()), |_| Err(BlockableError::WrongStatus.into()))
    }

    fn cancel(&mut self, borrower: Option<Pubkey>, clock: &MarketClock) -> Done {
        let read = LoanRead::from_credit(&self.credit)?;
        let signers = CancelSigners { signer: LENDER, borrower };
        let (provider, market) = (&mut self.provider, &self.market);
        self.credit.cancel_locked(signers, UnitBounds::ALL, read, provider, market, clock).map(drop)
    }

    fn seize(&mut self, terms: LotTerms, clock: &MarketClock) -> Done {
        let new = NewLot { key: LOT, bump: 255, credit: CREDIT, rent_payer: LENDER };
        self.lot = Lot::zeroed();
        self.credit.seize_to_lot(&mut self.lot, new, UnitBounds::ALL, terms, &self.market.bounds, clock)?;
        self.lot_is_open = true;
        Ok(())
    }

    fn buy(&mut self, units: u64, clock: &MarketClock) -> Done {
        let bounds = UnitBounds { least: 1, most: units };
        let quote = self.lot.quote(&self.credit, &BUYER, bounds, u64::MAX, clock)?;
        let sale = Sale { lot: LOT, buyer: BUYER, units: quote.units, cost: quote.cost };
        self.credit.sell(&mut self.lot, sale, MARKET_FEE_BPS, clock).map(drop)
    }

    fn close_lot(&mut self, clock: &MarketClock) -> Done {
        self.credit.close_lot(&self.lot, LOT, &LENDER, clock)?;
        self.lot_is_open = false;
        Ok(())
    }
}
