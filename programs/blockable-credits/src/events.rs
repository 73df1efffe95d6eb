//! Events. Every change of a credit is a [`CreditRecord`]: numbered, folded into the credit's hash chain, and emitted
//! by a self-invocation, so that whoever replays the transactions can prove the log complete and in order.

use {
    crate::{
        errors::BlockableError,
        hash::sha256,
        metering::{Metered, Skip},
        state::{Credit, FreezeReason, Instalment, MarketSettings, Party, Rider, Terms},
        transitions::Status,
        units::add,
    },
    anchor_lang::{
        Event,
        event::EVENT_IX_TAG_LE,
        prelude::*,
        solana_program::{instruction::Instruction, program::invoke_signed},
    },
};

/// A market was created.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketCreated {
    /// The market's account.
    pub market: Pubkey,
    /// Who may change it.
    pub admin: Pubkey,
    /// Its payment mint.
    pub payment_mint: Pubkey,
    /// 1 for a test market.
    pub is_test: u8,
}

/// A market was changed.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketChanged {
    /// The market's account.
    pub market: Pubkey,
    /// The chain's Unix time.
    pub at: i64,
    /// What changed.
    pub change: MarketChange,
}

/// What happened to a market.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub enum MarketChange {
    /// A change waits.
    Proposed {
        /// The settings that wait.
        settings: MarketSettings,
        /// Market time from which they may be applied.
        ready_at: i64,
    },
    /// Settings came into force.
    Applied {
        /// The settings.
        settings: MarketSettings,
    },
    /// The change that waited was dropped.
    Cancelled,
    /// The admin's place was offered; to the zero key: the offer was withdrawn.
    AdminOffered {
        /// To whom.
        to: Pubkey,
    },
    /// Another admin took over.
    AdminChanged {
        /// The new admin.
        to: Pubkey,
    },
    /// Another guardian was named.
    GuardianSet {
        /// The new guardian.
        to: Pubkey,
    },
    /// The market was paused.
    Paused {
        /// Unix time at which the pause ends by itself.
        until: i64,
    },
    /// A pause ended.
    Unpaused {
        /// Seconds spent paused in all pauses so far.
        paused_seconds: u64,
    },
}

/// A provider was registered or changed; the account holds the new values.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderChanged {
    /// The provider's account.
    pub provider: Pubkey,
    /// Its reporters' epoch after the change.
    pub epoch: u32,
    /// Units it has committed.
    pub capacity_units: u64,
    /// Most units per second that one credit can use.
    pub max_units_per_second: u64,
    /// Who signs for it.
    pub authority: Pubkey,
    /// Offered the authority's place; zero when nobody is.
    pub pending_authority: Pubkey,
    /// Token account that principal is paid to.
    pub payout: Pubkey,
    /// The flags of its suspension; 0 while it takes new credits.
    pub suspended: u8,
}

/// One change of one credit.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditChanged {
    /// What is folded into the hash chain.
    pub record: CreditRecord,
}

/// The changes that one metering transaction made.
#[event]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkMetered {
    /// The provider whose reporters signed.
    pub provider: Pubkey,
    /// Epoch of the reporters.
    pub epoch: u32,
    /// The chunk reported on.
    pub chunk: u32,
    /// One record per credit that was metered.
    pub records: Vec<CreditRecord>,
    /// The credits left out, and why.
    pub skipped: Vec<SkippedCredit>,
}

/// A credit that a metering transaction left out.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct SkippedCredit {
    /// The account given.
    pub credit: Pubkey,
    /// Why it was left out.
    pub reason: Skip,
}

/// A numbered link in a credit's hash chain: `event_hash = sha256(event_hash | record)`, the record in Borsh.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct CreditRecord {
    /// The credit.
    pub credit: Pubkey,
    /// Number of the record, from 0.
    pub seq: u64,
    /// The chain's Unix time.
    pub at: i64,
    /// What happened.
    pub change: Change,
}

/// What happened to a credit. Money in micro-USDC, compute in credit units.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Offered; the principal is in escrow.
    Offered {
        /// What the borrower must accept.
        terms_hash: [u8; 32],
        /// The terms.
        terms: Terms,
        /// What was agreed beside the terms.
        rider: Rider,
        /// The schedule.
        schedule: Vec<Instalment>,
    },
    /// Accepted by the borrower.
    Accepted,
    /// Units went live and the principal went to the provider.
    Issued {
        /// Place in the provider's reports.
        index: u32,
        /// Market time that due dates count from.
        issued_at: i64,
    },
    /// Withdrawn before issue; the account is gone.
    Cancelled {
        /// Principal returned to the lender.
        refunded: u64,
    },
    /// A payment.
    Paid {
        /// Who paid; the credit itself for money drawn from its reserve.
        payer: Pubkey,
        /// Part that refilled the reserve.
        reserve: u64,
        /// Part that paid late fees.
        late_fees: u64,
        /// Part that paid interest.
        interest: u64,
        /// Part that paid principal.
        principal: u64,
        /// Units released from the lien.
        released: u64,
        /// Units thawed.
        thawed: u64,
        /// Debt after the payment.
        debt: u64,
        /// Status after the payment.
        status: Status,
    },
    /// Marked delinquent.
    MarkedDelinquent {
        /// Arrears at the mark.
        arrears: u64,
    },
    /// Marked defaulted.
    MarkedDefaulted {
        /// Arrears at the mark; paying them cures.
        arrears: u64,
        /// The whole debt at the mark.
        debt: u64,
    },
    /// Collateral was frozen.
    Frozen {
        /// Who froze it.
        by: Pubkey,
        /// Why.
        reason: FreezeReason,
        /// Units newly frozen.
        units: u64,
        /// Units frozen in all.
        frozen: u64,
    },
    /// Collateral was thawed by the lender or the freeze authority.
    Thawed {
        /// Who thawed it.
        by: Pubkey,
        /// Units thawed.
        units: u64,
        /// Units still frozen.
        frozen: u64,
    },
    /// Use was metered.
    Metered {
        /// Cumulative units counted.
        cumulative: u64,
        /// Units held by running jobs.
        in_flight: u64,
        /// Unix time of the reading.
        reported_at: i64,
        /// What the reading changed.
        metered: Metered,
    },
    /// Collateral was moved into a lot.
    Seized {
        /// The lot.
        lot: Pubkey,
        /// Units moved.
        units: u64,
        /// Price at the start, per `PRICE_SCALE` units.
        start_price: u64,
        /// Lowest price, per `PRICE_SCALE` units.
        floor_price: u64,
    },
    /// Units of a lot were sold.
    Sold {
        /// The lot.
        lot: Pubkey,
        /// Who bought.
        buyer: Pubkey,
        /// Units sold.
        units: u64,
        /// What the buyer paid.
        cost: u64,
        /// Redistribution fee.
        fee: u64,
        /// What went to the debt.
        recovered: u64,
        /// What went to the borrower.
        surplus: u64,
        /// Debt after the sale.
        debt: u64,
    },
    /// Units bought from a lot, or taken over by a lender, arrived in an unrestricted credit.
    Granted {
        /// The lot, or the credit they were taken from.
        from: Pubkey,
        /// Units that arrived.
        units: u64,
    },
    /// A lot was closed.
    LotClosed {
        /// The lot.
        lot: Pubkey,
        /// Units that came back unsold.
        returned: u64,
    },
    /// A party collected its claim from the vault.
    Collected {
        /// Whose claim.
        party: Party,
        /// Where it was paid.
        destination: Pubkey,
        /// How much.
        amount: u64,
    },
    /// Lender and borrower agreed on a new schedule.
    Restructured {
        /// The hash of what is agreed now.
        terms_hash: [u8; 32],
        /// The terms.
        terms: Terms,
        /// The schedule, counted from now.
        schedule: Vec<Instalment>,
    },
    /// Late fees were waived.
    FeeWaived {
        /// How much.
        amount: u64,
    },
    /// The loan was offered to another lender; to the zero key: the offer was withdrawn.
    LenderOffered {
        /// To whom.
        to: Pubkey,
    },
    /// Another lender took the loan over.
    LenderChanged {
        /// The new lender, who is the freeze authority as well.
        to: Pubkey,
    },
    /// Another freeze authority was named.
    FreezeAuthoritySet {
        /// The new one.
        to: Pubkey,
    },
    /// The lender gave notice of default for a breach; the cure period runs.
    NoticeGiven {
        /// Hash of the document that states the breach.
        document: [u8; 32],
        /// The whole debt.
        debt: u64,
    },
    /// The lender withdrew the notice.
    NoticeWithdrawn,
    /// The lender took collateral over.
    TakenOver {
        /// The unrestricted credit that the units went to.
        to: Pubkey,
        /// Units taken.
        units: u64,
        /// What they count for.
        value: u64,
        /// Debt after it.
        debt: u64,
    },
    /// The lender gave up what was still owed.
    WrittenOff {
        /// How much.
        debt: u64,
    },
    /// Unused units expired.
    Expired {
        /// How many.
        units: u64,
    },
    /// The covenant on utilisation was applied.
    CovenantApplied {
        /// Use as a share of the plan, in basis points.
        utilisation_bps: u64,
        /// The APR from now on, in basis points.
        apr_bps: u16,
        /// Principal that falls due with the next instalment on top.
        top_up: u64,
    },
    /// Cash was put into the borrower's reserve.
    ReserveFunded {
        /// Who paid.
        payer: Pubkey,
        /// How much.
        amount: u64,
        /// What the reserve holds.
        held: u64,
    },
    /// The vault was removed.
    VaultClosed {
        /// What it held beyond all claims, paid to the treasury.
        swept: u64,
    },
    /// The credit was removed.
    Closed {
        /// Units that the borrower gave up.
        given_up: u64,
    },
    /// The account was moved to another layout version.
    Migrated {
        /// From this version.
        from: u8,
    },
}

impl CreditRecord {
    /// The hash chain after this record. Errors: none in practice; Borsh's own.
    pub fn fold(&self, previous: &[u8; 32]) -> Result<[u8; 32]> {
        let mut bytes = Vec::with_capacity(192);
        self.serialize(&mut bytes)?;
        Ok(sha256(&[previous, &bytes]))
    }
}

impl Credit {
    /// Numbers a change, folds it into the hash chain and makes it ready to be emitted. Errors: more than 2^64 events.
    pub fn record(&mut self, credit: Pubkey, at: i64, change: Change) -> Result<Recorded> {
        let mut data = begin_event::<CreditChanged>(256);
        self.record_to(&mut data, credit, at, change)?;
        Ok(Recorded(data))
    }

    /// As [`Credit::record`], at the end of an event that is being written. The record is serialised once, for the chain
    /// and for the event.
    fn record_to(&mut self, event: &mut Vec<u8>, credit: Pubkey, at: i64, change: Change) -> Result<()> {
        let record = CreditRecord { credit, seq: self.event_seq, at, change };
        self.event_seq = add(self.event_seq, 1)?;
        let start = event.len();
        record.serialize(event)?;
        self.event_hash = sha256(&[&self.event_hash, event.get(start..).unwrap_or_default()]);
        Ok(())
    }
}

/// A change that is in a credit's books and waits to be emitted: a [`CreditChanged`] as bytes.
#[must_use = "every record must be emitted, or the log has a gap"]
pub struct Recorded(Vec<u8>);

impl Recorded {
    /// Emits the change.
    pub fn emit(self, event_authority: &AccountInfo) -> Result<()> {
        invoke_self(event_authority, self.0)
    }
}

/// Writes a [`ChunkMetered`] credit by credit.
pub struct ChunkLog {
    event: Vec<u8>,
    count_at: usize,
    count: u32,
    skipped: Vec<SkippedCredit>,
}

impl ChunkLog {
    /// The log of a chunk with about so many credits. Errors: none in practice; Borsh's own.
    pub fn new(provider: Pubkey, epoch: u32, chunk: u32, credits: usize) -> Result<ChunkLog> {
        let mut event = begin_event::<ChunkMetered>(credits.saturating_mul(136).saturating_add(128));
        (provider, epoch, chunk).serialize(&mut event)?;
        let count_at = event.len();
        0u32.serialize(&mut event)?;
        Ok(ChunkLog { event, count_at, count: 0, skipped: Vec::new() })
    }

    /// Records a change of one credit. Errors: more than 2^64 events.
    pub fn record(&mut self, credit: &mut Credit, key: Pubkey, at: i64, change: Change) -> Result<()> {
        self.count = self.count.saturating_add(1);
        credit.record_to(&mut self.event, key, at, change)
    }

    /// Notes a credit that was left out.
    pub fn skip(&mut self, credit: Pubkey, reason: Skip) {
        self.skipped.push(SkippedCredit { credit, reason });
    }

    /// Emits the event. Errors: none in practice; Borsh's own.
    pub fn emit(mut self, event_authority: &AccountInfo) -> Result<()> {
        let count = self.event.get_mut(self.count_at..).and_then(|rest| rest.first_chunk_mut::<4>());
        *count.ok_or(BlockableError::ArithmeticOverflow)? = self.count.to_le_bytes();
        self.skipped.serialize(&mut self.event)?;
        invoke_self(event_authority, self.event)
    }
}

/// Emits an event as `emit_cpi!` does, byte for byte.
pub fn emit<E: Event + AnchorSerialize + Discriminator>(
    event_authority: &AccountInfo,
    event: E,
) -> Result<()> {
    let mut data = begin_event::<E>(384);
    event.serialize(&mut data)?;
    invoke_self(event_authority, data)
}

/// The tag of events and the discriminator of one, with room for `capacity` bytes more.
fn begin_event<E: Discriminator>(capacity: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(capacity);
    data.extend_from_slice(EVENT_IX_TAG_LE);
    data.extend_from_slice(E::DISCRIMINATOR);
    data
}

#[inline(never)]
fn invoke_self(event_authority: &AccountInfo, data: Vec<u8>) -> Result<()> {
    let instruction = Instruction {
        program_id: crate::ID,
        accounts: vec![AccountMeta::new_readonly(*event_authority.key, true)],
        data,
    };
    let bump = [crate::EVENT_AUTHORITY_AND_BUMP.1];
    invoke_signed(&instruction, core::slice::from_ref(event_authority), &[&[b"__event_authority", &bump]])?;
    Ok(())
}
