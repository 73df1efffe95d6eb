use {
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::LoanRead,
            state::{
                Credit, Debt, Lot, Market, MarketSettings, Party, Provider, ProviderSettings, Rider, Terms,
            },
            transitions::Status,
        },
    },
    std::collections::BTreeMap,
};

/// Parts of a micro-USDC in which interest is counted: basis points times seconds per year.
pub const PARTS: i128 = 10_000 * 31_536_000;

/// Defines a book: its numbers, its other fields, and where an account keeps each of them. `same` numbers have the name that
/// they have in a part of the account.
macro_rules! book {
    (
        $(#[$doc:meta])* $name:ident, read from $account:ident: $chain:ty;
        same { $($part:expr => { $($same:ident),* $(,)? })* }
        numbers { $($number:ident: $amount:expr,)* }
        fields { $($field:ident: $kind:ty = $value:expr,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[allow(missing_docs)]
        pub struct $name { $($(pub $same: i128,)*)* $(pub $number: i128,)* $(pub $field: $kind,)* }

        impl $name {
            /// Reads an account.
            pub fn read($account: &$chain) -> $name {
                $name {
                    $($($same: i128::from($part.$same),)*)*
                    $($number: i128::from($amount),)*
                    $($field: $value,)*
                }
            }

            /// Describes the first difference from an account on chain; `None` where they are equal.
            pub fn difference(&self, chain: &$name) -> Option<String> {
                let numbers = [
                    $($((stringify!($same), self.$same, chain.$same),)*)*
                    $((stringify!($number), self.$number, chain.$number),)*
                ];
                let differs = |(_, here, there): &&(&str, i128, i128)| here != there;
                if let Some((name, here, there)) = numbers.iter().find(differs) {
                    return Some(format!("{name} should be {here}, is {there}"));
                }
                $(if self.$field != chain.$field {
                    let name = stringify!($field);
                    return Some(format!("{name} should be {:?}, is {:?}", self.$field, chain.$field));
                })*
                None
            }
        }
    };
}

/// Interest billed and unpaid: the model's own, of which the chain keeps the sum alone.
#[derive(Clone, Debug, Default)]
pub struct Bills {
    /// Amounts by due date, oldest first.
    pub unpaid: Vec<(i128, i128)>,
    /// True where some were billed on more principal than is left: a cancel has paid principal before them.
    pub are_of_more: bool,
}

impl PartialEq for Bills {
    fn eq(&self, _: &Bills) -> bool {
        true
    }
}

book! {
    /// A credit as the model keeps it.
    CreditBook, read from credit: Credit;
    same {
        credit => {
            version, status, blockable, freeze_reason, capitalised, has_index, principal_repaid, recovered,
            issued_at, defaulted_at, frozen_at_market, units_expire_at, paused_at_offer, lots_opened,
            lots_open, restructurings, vault_closed, nonce, offer_slot,
            pending_borrower_ready_at, reserve_drawn_at,
        }
        credit.debt => { principal, schedule_paid, interest_due, late_fees, accrued_at, arrears_since }
        credit.collateral => {
            granted, consumed, seized, expired, cancelled, released, locked_at_issue, frozen_for_payment,
            frozen_for_other, frozen_for_cross,
        }
        credit.meter => {
            cumulative, in_flight, overrun, promised, lapsed, promised_at, closed_before, frozen_at_chain,
            reported_at, index,
        }
        credit.earlier_freeze => { at_chain, at_market }
        credit.claims => { escrow }
        credit.covenant => { began_frozen }
    }
    numbers {
        interest_parts: interest_parts(&credit.debt),
        billed: credit.debt.instalments_billed,
        late_checked: credit.debt.instalments_late_checked,
        apr: if credit.rider.covenant_window > 0 { credit.covenant.apr_bps } else { credit.terms.apr_bps },
        earlier_closed: credit.earlier_freeze.closed_before,
        lender_claim: credit.claims.lender,
        borrower_claim: credit.claims.borrower,
        treasury_claim: credit.claims.treasury,
        provider_claim: credit.claims.provider,
        holdback: credit.holdback_left,
        reserve: credit.reserve_held,
        start: if credit.restructured_at == 0 { credit.issued_at } else { credit.restructured_at },
        covenant_at: credit.covenant.measured_at,
        covenant_consumed: credit.covenant.consumed,
        notice: credit.notice_given,
    }
    fields {
        due_after: Vec<u32> = credit.due_after[..usize::from(credit.instalment_count)].to_vec(),
        principal_due: Vec<u64> = credit.principal_due[..usize::from(credit.instalment_count)].to_vec(),
        terms: Terms = credit.terms,
        rider: Rider = credit.rider,
        terms_hash: [u8; 32] = credit.terms_hash,
        lender: Pubkey = credit.lender,
        borrower: Pubkey = credit.borrower,
        provider: Pubkey = credit.provider,
        market: Pubkey = credit.market,
        freeze_authority: Pubkey = credit.freeze_authority,
        pending_lender: Pubkey = credit.pending_lender,
        original_lender: Pubkey = credit.original_lender,
        pending_borrower: Pubkey = credit.pending_borrower,
        original_borrower: Pubkey = credit.original_borrower,
        rent_payer: Pubkey = credit.rent_payer,
        vault: Pubkey = credit.vault,
        cross_credit: Pubkey = credit.cross_credit,
        bills: Bills = Bills::default(),
    }
}

book! {
    /// A lot as the model keeps it.
    LotBook, read from lot: Lot;
    same {
        lot => { index, units, units_left, start_price, floor_price, proceeds, opened_at, window }
    }
    numbers {}
    fields {
        credit: Pubkey = lot.credit,
        market: Pubkey = lot.market,
        provider: Pubkey = lot.provider,
        lender: Pubkey = lot.lender,
        rent_payer: Pubkey = lot.rent_payer,
    }
}

book! {
    /// A provider as the model keeps it.
    ProviderBook, read from provider: Provider;
    same {
        provider => { suspended, admin_suspended_at, epoch, epoch_began_at, next_index, closed_overrun, change_ready_at }
    }
    numbers {
        capacity: provider.capacity_units,
        outstanding: provider.outstanding_units,
        pending_ready_at: provider.pending_authority_ready_at,
    }
    fields {
        market: Pubkey = provider.market,
        authority: Pubkey = provider.authority,
        pending: Pubkey = provider.pending_authority,
        cluster_tag: [u8; 32] = provider.cluster_tag,
        settings: ProviderSettings = provider.settings,
        proposed: Option<ProviderSettings> = (provider.change_ready_at != 0).then_some(provider.proposed),
    }
}

book! {
    /// A market as the model keeps it.
    MarketBook, read from market: Market;
    same {
        market => {
            is_test, paused_seconds, paused_at, pause_expires_at, change_ready_at, pause_day, halted_at, halt_lifts_at,
        }
    }
    numbers {
        pending_ready_at: market.pending_admin_ready_at,
    }
    fields {
        paused_on: BTreeMap<i128, i128> = paused_on(market),
        settings: MarketSettings = market.settings(),
        proposed: Option<MarketSettings> = (market.change_ready_at != 0).then(|| market.proposed_settings()),
        admin: Pubkey = market.admin,
        pending: Pubkey = market.pending_admin,
        mint: Pubkey = market.payment_mint,
        token_program: Pubkey = market.token_program,
    }
}

fn interest_parts(debt: &Debt) -> i128 {
    i128::from(debt.interest_accrued) * PARTS + i128::from(debt.interest_remainder)
}

impl ProviderBook {
    /// Hash of the reporters that a loan issued now is metered by, those of a change that waits included.
    pub fn reporters_hash(&self) -> [u8; 32] {
        let hash = |settings: &ProviderSettings| {
            let keys = settings.reporters[..usize::from(settings.reporter_count)].iter();
            let mut bytes = b"blockable/reporters/v1".to_vec();
            bytes.push(settings.quorum);
            bytes.extend(keys.flat_map(|reporter| reporter.key.to_bytes()));
            bytes
        };
        let in_force = hash_of(&hash(&self.settings));
        match self.proposed.map(|proposed| hash_of(&hash(&proposed))) {
            Some(waiting) if waiting != in_force => {
                hash_of(&[b"blockable/reporters/v1".as_slice(), &in_force, &waiting].concat())
            }
            _ => in_force,
        }
    }
}

fn hash_of(bytes: &[u8]) -> [u8; 32] {
    solana_sdk::hash::hash(bytes).to_bytes()
}

impl CreditBook {
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

    /// True for the loan that a signer has read, in no worse status.
    pub fn meets(&self, read: &LoanRead) -> bool {
        let status = self.status().is_some_and(|status| !status.is_secured() || status <= read.worst_status);
        self.offer_slot == i128::from(read.offer_slot) && status
    }

    /// The claim of a party.
    pub fn claim(&self, party: Party) -> i128 {
        match party {
            Party::Lender => self.lender_claim,
            Party::Borrower => self.borrower_claim,
            Party::Treasury => self.treasury_claim,
            Party::Provider => self.provider_claim,
        }
    }

    /// Everything that the vault must hold.
    pub fn owed_from_vault(&self) -> i128 {
        let claims = self.lender_claim + self.borrower_claim + self.treasury_claim + self.provider_claim;
        self.escrow + claims + self.reserve + self.holdback
    }
}

impl LotBook {
    /// The price of a million units at a market time: a straight line, its fall rounded down.
    pub fn price(&self, now: i128) -> i128 {
        let passed = (now - self.opened_at).max(0);
        if passed >= self.window {
            return self.floor_price;
        }
        self.start_price - (self.start_price - self.floor_price) * passed / self.window
    }
}

impl MarketBook {
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
