use {
    blockable_sdk::{
        Pubkey,
        program::{
            state::{Credit, Lot, Market, MarketSettings, Provider, Rider, Terms},
            transitions::Status,
        },
    },
    std::collections::BTreeMap,
};

/// Parts of a micro-USDC in which interest is counted: basis points times seconds per year.
pub const PARTS: i128 = 10_000 * 31_536_000;

macro_rules! book {
    ($(#[$doc:meta])* $name:ident { $($number:ident),* ; $($field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[allow(missing_docs)]
        pub struct $name { $(pub $number: i128,)* $(pub $field: $kind,)* }

        impl $name {
            /// Describes the first difference from an account on chain; `None` where they are equal.
            pub fn difference(&self, chain: &$name) -> Option<String> {
                $(if self.$number != chain.$number {
                    let name = stringify!($number);
                    return Some(format!("{name} should be {}, is {}", self.$number, chain.$number));
                })*
                $(if self.$field != chain.$field {
                    let name = stringify!($field);
                    return Some(format!("{name} should be {:?}, is {:?}", self.$field, chain.$field));
                })*
                None
            }
        }
    };
}

/// Interest billed and unpaid, by due date, oldest first: the model's own, of which the chain keeps the sum alone.
#[derive(Clone, Debug, Default)]
pub struct Bills(pub Vec<(i128, i128)>);

impl PartialEq for Bills {
    fn eq(&self, _: &Bills) -> bool {
        true
    }
}

book! {
    /// A credit as the model keeps it.
    CreditBook {
        version, status, blockable, freeze_reason,
        principal, schedule_paid, interest_due, interest_parts, late_fees, accrued_at, arrears_since,
        billed, late_checked, capitalised, apr,
        granted, consumed, seized, expired, released, frozen_for_payment, frozen_for_other,
        cumulative, in_flight, overrun, promised, lapsed, promised_at, frozen_before, frozen_at_chain, reported_at, index, has_index,
        escrow, lender_claim, borrower_claim, treasury_claim, reserve,
        principal_repaid, recovered, start, issued_at, defaulted_at, frozen_at_market, units_expire_at, paused_at_offer,
        covenant_at, covenant_consumed, began_frozen, lots_opened, lots_open, restructurings, notice, vault_closed, nonce ;
        due_after: Vec<u32>, principal_due: Vec<u64>, terms: Terms, rider: Rider, terms_hash: [u8; 32],
        lender: Pubkey, borrower: Pubkey, provider: Pubkey, market: Pubkey,
        freeze_authority: Pubkey, pending_lender: Pubkey, original_lender: Pubkey, bills: Bills,
    }
}

book! {
    /// A lot as the model keeps it.
    LotBook {
        index, units, units_left, start_price, floor_price, proceeds, opened_at, window ;
        credit: Pubkey, market: Pubkey, provider: Pubkey, lender: Pubkey,
    }
}

book! {
    /// A provider as the model keeps it.
    ProviderBook {
        quorum, chunk_size, suspended, epoch, next_index, capacity, outstanding, rate, closed_overrun ;
        market: Pubkey, authority: Pubkey, payout: Pubkey, pending: Pubkey, reporters: Vec<(Pubkey, i64)>,
    }
}

book! {
    /// A market as the model keeps it.
    MarketBook {
        is_test, paused_seconds, paused_at, pause_expires_at, change_ready_at,
        pause_day, halted_at, halt_lifts_at, pending_ready_at ;
        paused_on: BTreeMap<i128, i128>, settings: MarketSettings, proposed: Option<MarketSettings>,
        admin: Pubkey, pending: Pubkey, mint: Pubkey, token_program: Pubkey,
    }
}

impl CreditBook {
    /// Reads an account.
    pub fn read(credit: &Credit) -> CreditBook {
        let (debt, units, meter) = (&credit.debt, &credit.collateral, &credit.meter);
        let count = usize::from(credit.instalment_count);
        CreditBook {
            version: credit.version.into(),
            status: credit.status.into(),
            blockable: credit.blockable.into(),
            freeze_reason: credit.freeze_reason.into(),
            principal: debt.principal.into(),
            schedule_paid: debt.schedule_paid.into(),
            interest_due: debt.interest_due.into(),
            interest_parts: i128::from(debt.interest_accrued) * PARTS + i128::from(debt.interest_remainder),
            late_fees: debt.late_fees.into(),
            accrued_at: debt.accrued_at.into(),
            arrears_since: debt.arrears_since.into(),
            billed: debt.instalments_billed.into(),
            late_checked: debt.instalments_late_checked.into(),
            capitalised: credit.capitalised.into(),
            apr: if credit.rider.covenant_window > 0 {
                credit.covenant.apr_bps
            } else {
                credit.terms.apr_bps
            }
            .into(),
            granted: units.granted.into(),
            consumed: units.consumed.into(),
            seized: units.seized.into(),
            expired: units.expired.into(),
            released: units.released.into(),
            frozen_for_payment: units.frozen_for_payment.into(),
            frozen_for_other: units.frozen_for_other.into(),
            cumulative: meter.cumulative.into(),
            in_flight: meter.in_flight.into(),
            overrun: meter.overrun.into(),
            promised: meter.promised.into(),
            lapsed: meter.lapsed.into(),
            promised_at: meter.promised_at.into(),
            frozen_before: meter.frozen_before.into(),
            frozen_at_chain: meter.frozen_at_chain.into(),
            reported_at: meter.reported_at.into(),
            index: meter.index.into(),
            has_index: credit.has_index.into(),
            escrow: credit.claims.escrow.into(),
            lender_claim: credit.claims.lender.into(),
            borrower_claim: credit.claims.borrower.into(),
            treasury_claim: credit.claims.treasury.into(),
            reserve: credit.reserve_held.into(),
            principal_repaid: credit.principal_repaid.into(),
            recovered: credit.recovered.into(),
            start: if credit.restructured_at == 0 { credit.issued_at } else { credit.restructured_at }.into(),
            issued_at: credit.issued_at.into(),
            defaulted_at: credit.defaulted_at.into(),
            frozen_at_market: credit.frozen_at_market.into(),
            units_expire_at: credit.units_expire_at.into(),
            paused_at_offer: credit.paused_at_offer.into(),
            covenant_at: credit.covenant.measured_at.into(),
            covenant_consumed: credit.covenant.consumed.into(),
            began_frozen: credit.covenant.began_frozen.into(),
            lots_opened: credit.lots_opened.into(),
            lots_open: credit.lots_open.into(),
            restructurings: credit.restructurings.into(),
            notice: credit.notice_given.into(),
            vault_closed: credit.vault_closed.into(),
            nonce: credit.nonce.into(),
            due_after: credit.due_after[..count].to_vec(),
            principal_due: credit.principal_due[..count].to_vec(),
            terms: credit.terms,
            rider: credit.rider,
            terms_hash: credit.terms_hash,
            lender: credit.lender,
            borrower: credit.borrower,
            provider: credit.provider,
            market: credit.market,
            freeze_authority: credit.freeze_authority,
            pending_lender: credit.pending_lender,
            original_lender: credit.original_lender,
            bills: Bills::default(),
        }
    }

    /// The status, `None` for a byte that no status has.
    pub fn status(&self) -> Option<Status> {
        u8::try_from(self.status).ok().and_then(Status::from_byte)
    }

    /// Describes the state of the loan.
    pub fn describe(&self) -> String {
        let status = self.status();
        format!("{status:?}, {} instalments billed, {} owed", self.billed, self.debt())
    }

    /// Sets the status.
    pub fn set_status(&mut self, status: Status) {
        self.status = status.byte().into();
        let secured = [Status::Active, Status::Delinquent, Status::Defaulted, Status::Seizing];
        self.blockable = secured.contains(&status).into();
    }

    /// True where something can be owed.
    pub fn is_secured(&self) -> bool {
        self.blockable == 1
    }

    /// The party that paid the rent of the account.
    pub fn rent_payer(&self) -> Pubkey {
        if self.lender == self.provider {
            self.borrower
        } else if self.original_lender == Pubkey::default() {
            self.lender
        } else {
            self.original_lender
        }
    }

    /// Everything that the vault must hold.
    pub fn owed_from_vault(&self) -> i128 {
        self.escrow + self.lender_claim + self.borrower_claim + self.treasury_claim + self.reserve
    }
}

impl LotBook {
    /// Reads an account.
    pub fn read(lot: &Lot) -> LotBook {
        LotBook {
            index: lot.index.into(),
            units: lot.units.into(),
            units_left: lot.units_left.into(),
            start_price: lot.start_price.into(),
            floor_price: lot.floor_price.into(),
            proceeds: lot.proceeds.into(),
            opened_at: lot.opened_at.into(),
            window: lot.window.into(),
            credit: lot.credit,
            market: lot.market,
            provider: lot.provider,
            lender: lot.lender,
        }
    }

    /// The price of a million units at a market time: a straight line, its fall rounded down.
    pub fn price(&self, now: i128) -> i128 {
        let passed = (now - self.opened_at).max(0);
        if passed >= self.window {
            return self.floor_price;
        }
        self.start_price - (self.start_price - self.floor_price) * passed / self.window
    }
}

impl ProviderBook {
    /// Reads an account.
    pub fn read(provider: &Provider) -> ProviderBook {
        let count = usize::from(provider.reporter_count);
        ProviderBook {
            quorum: provider.quorum.into(),
            chunk_size: provider.chunk_size.into(),
            suspended: provider.suspended.into(),
            epoch: provider.epoch.into(),
            next_index: provider.next_index.into(),
            capacity: provider.capacity_units.into(),
            outstanding: provider.outstanding_units.into(),
            rate: provider.max_units_per_second.into(),
            closed_overrun: provider.closed_overrun.into(),
            market: provider.market,
            authority: provider.authority,
            payout: provider.payout,
            pending: provider.pending_authority,
            reporters: provider.reporters[..count].iter().map(|r| (r.key, r.expires_at)).collect(),
        }
    }
}

impl MarketBook {
    /// Reads an account.
    pub fn read(market: &Market) -> MarketBook {
        MarketBook {
            is_test: market.is_test.into(),
            paused_seconds: market.paused_seconds.into(),
            paused_at: market.paused_at.into(),
            pause_expires_at: market.pause_expires_at.into(),
            change_ready_at: market.change_ready_at.into(),
            pause_day: market.pause_day.into(),
            halted_at: market.halted_at.into(),
            halt_lifts_at: market.halt_lifts_at.into(),
            pending_ready_at: market.pending_admin_ready_at.into(),
            paused_on: paused_on(market),
            settings: market.settings(),
            proposed: (market.change_ready_at != 0).then(|| market.proposed_settings()),
            admin: market.admin,
            pending: market.pending_admin,
            mint: market.payment_mint,
            token_program: market.token_program,
        }
    }

    /// True while new business is stopped, at a market time.
    pub fn is_halted(&self, time: i128) -> bool {
        self.halted_at != 0 && (self.halt_lifts_at == 0 || time < self.halt_lifts_at)
    }

    /// True during a pause.
    pub fn is_paused(&self, now: i128) -> bool {
        self.paused_at != 0 && now < self.pause_expires_at
    }

    /// Seconds spent in pauses up to now.
    pub fn paused(&self, now: i128) -> i128 {
        let running = if self.paused_at == 0 { 0 } else { now.min(self.pause_expires_at) - self.paused_at };
        self.paused_seconds + running.max(0)
    }

    /// Market time: the chain's, less what was spent in pauses.
    pub fn time(&self, now: i128) -> i128 {
        now - self.paused(now)
    }
}

/// The days on which a market was paused, with the seconds: those that it remembers.
fn paused_on(market: &Market) -> BTreeMap<i128, i128> {
    let today = i64::from(market.pause_day);
    (today - 30..=today + 1)
        .filter_map(|day| Some((day, u32::try_from(day).ok()?)))
        .map(|(day, number)| (day.into(), market.paused_on(number).into()))
        .filter(|(_, seconds)| *seconds > 0)
        .collect()
}
