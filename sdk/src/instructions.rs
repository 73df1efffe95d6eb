//! One builder per instruction. Amounts as in the program: micro-USDC, credit units, Unix seconds.

use {
    crate::addresses,
    anchor_lang::{InstructionData, ToAccountMetas, system_program},
    blockable_credits::{
        ID, accounts, instruction as data,
        instructions::{
            CapacityArgs, FreezeAmount, LotTerms, MarketArgs, OfferArgs, ReportersArgs, UnitAmount,
        },
        report::SignedReport,
        state::{FreezeReason, Party},
    },
    solana_sdk::{
        instruction::{AccountMeta, Instruction},
        pubkey::Pubkey,
    },
};

/// A market's account and its payment token, as instructions that move money name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketKeys {
    /// The market's account.
    pub market: Pubkey,
    /// The payment mint.
    pub mint: Pubkey,
    /// The mint's token program.
    pub token_program: Pubkey,
}

impl MarketKeys {
    /// An owner's associated account for the payment token.
    pub fn token_account(&self, owner: &Pubkey) -> Pubkey {
        addresses::associated_token(owner, &self.mint, &self.token_program)
    }
}

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn credit_vault(keys: &MarketKeys, credit: &Pubkey) -> accounts::CreditVault {
    accounts::CreditVault {
        market: keys.market,
        credit: *credit,
        mint: keys.mint,
        vault: addresses::vault(credit),
        token_program: keys.token_program,
    }
}

/// Creates a market. Signers: `payer` (rent), `admin`.
pub fn market_create(
    payer: &Pubkey,
    admin: &Pubkey,
    mint: &Pubkey,
    token_program: &Pubkey,
    treasury: &Pubkey,
    args: MarketArgs,
) -> Instruction {
    let accounts = accounts::MarketCreate {
        payer: *payer,
        admin: *admin,
        market: addresses::market(args.id),
        mint: *mint,
        treasury: *treasury,
        token_program: *token_program,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::MarketCreate { args })
}

/// Registers a provider. Signer: `authority`. `payout` is the token account that principal is paid to.
pub fn provider_register(
    market: &Pubkey,
    authority: &Pubkey,
    payout: &Pubkey,
    capacity: CapacityArgs,
    reporters: ReportersArgs,
) -> Instruction {
    let accounts = accounts::ProviderRegister {
        authority: *authority,
        market: *market,
        provider: addresses::provider(market, authority),
        payout: *payout,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::ProviderRegister { capacity, reporters })
}

fn provider_update(market: &Pubkey, authority: &Pubkey) -> accounts::ProviderUpdate {
    accounts::ProviderUpdate {
        authority: *authority,
        market: *market,
        provider: addresses::provider(market, authority),
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Replaces a provider's reporters and voids every older report. Signer: `authority`.
pub fn provider_set_reporters(market: &Pubkey, authority: &Pubkey, reporters: ReportersArgs) -> Instruction {
    build(provider_update(market, authority), data::ProviderSetReporters { reporters })
}

/// Sets what a provider commits to. Signer: `authority`.
pub fn provider_set_capacity(market: &Pubkey, authority: &Pubkey, capacity: CapacityArgs) -> Instruction {
    build(provider_update(market, authority), data::ProviderSetCapacity { capacity })
}

/// Offers a loan; the principal leaves `source` for the credit's vault. Signer: `lender`.
pub fn credit_offer(
    keys: &MarketKeys,
    lender: &Pubkey,
    borrower: &Pubkey,
    provider: &Pubkey,
    source: &Pubkey,
    args: OfferArgs,
) -> Instruction {
    let credit = addresses::credit(&keys.market, lender, borrower, args.nonce);
    let accounts = accounts::CreditOffer {
        lender: *lender,
        borrower: *borrower,
        market: keys.market,
        provider: *provider,
        credit,
        mint: keys.mint,
        vault: addresses::vault(&credit),
        source: *source,
        token_program: keys.token_program,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditOffer { args })
}

/// Accepts an offer by the hash of its terms. Signer: `borrower`.
pub fn credit_accept(
    market: &Pubkey,
    borrower: &Pubkey,
    credit: &Pubkey,
    terms_hash: [u8; 32],
) -> Instruction {
    let accounts = accounts::CreditAccept {
        borrower: *borrower,
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditAccept { terms_hash })
}

/// Issues the units; the principal goes to `payout`, the provider's own. Signer: `authority` of the provider.
pub fn credit_issue(keys: &MarketKeys, authority: &Pubkey, payout: &Pubkey, credit: &Pubkey) -> Instruction {
    let accounts = accounts::CreditIssue {
        credit_vault: credit_vault(keys, credit),
        authority: *authority,
        provider: addresses::provider(&keys.market, authority),
        payout: *payout,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditIssue {})
}

/// Withdraws an offer; the principal goes to `refund`, a token account of the lender. Signer: `party`.
pub fn credit_cancel_offer(
    keys: &MarketKeys,
    party: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    refund: &Pubkey,
) -> Instruction {
    let accounts = accounts::CreditCancelOffer {
        credit_vault: credit_vault(keys, credit),
        party: *party,
        lender: *lender,
        refund: *refund,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditCancelOffer {})
}

/// Pays up to `amount` micro-USDC of the debt from `source`. Signer: `payer`.
///
/// Follow it with [`vault_collect`] in the same transaction where the lender wants the cash at once.
pub fn credit_repay(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
    amount: u64,
) -> Instruction {
    let accounts = accounts::CreditRepay {
        credit_vault: credit_vault(keys, credit),
        payer: *payer,
        source: *source,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditRepay { amount })
}

/// Pays a party's whole claim out of a credit's vault to `destination`. Signer: `caller`, anyone.
pub fn vault_collect(
    keys: &MarketKeys,
    caller: &Pubkey,
    credit: &Pubkey,
    destination: &Pubkey,
    party: Party,
) -> Instruction {
    let accounts = accounts::VaultCollect {
        credit_vault: credit_vault(keys, credit),
        caller: *caller,
        destination: *destination,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::VaultCollect { party })
}

fn credit_mark(market: &Pubkey, credit: &Pubkey) -> accounts::CreditMark {
    accounts::CreditMark {
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Marks a credit delinquent. No signer beside the fee payer.
pub fn credit_mark_delinquent(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditMarkDelinquent {})
}

/// Marks a credit defaulted. No signer beside the fee payer.
pub fn credit_mark_defaulted(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditMarkDefaulted {})
}

/// Freezes a defaulted credit in full where its terms say so. No signer beside the fee payer.
pub fn credit_auto_freeze(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditAutoFreeze {})
}

fn credit_freezer(market: &Pubkey, authority: &Pubkey, credit: &Pubkey) -> accounts::CreditFreeze {
    accounts::CreditFreeze {
        authority: *authority,
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Freezes collateral. Signer: `authority`, the lender or the freeze authority.
pub fn credit_freeze(
    market: &Pubkey,
    authority: &Pubkey,
    credit: &Pubkey,
    amount: FreezeAmount,
    reason: FreezeReason,
) -> Instruction {
    build(credit_freezer(market, authority, credit), data::CreditFreeze { amount, reason })
}

/// Thaws collateral. Signer: `authority`, the lender or the freeze authority.
pub fn credit_thaw(market: &Pubkey, authority: &Pubkey, credit: &Pubkey, amount: UnitAmount) -> Instruction {
    build(credit_freezer(market, authority, credit), data::CreditThaw { amount })
}

/// Applies a quorum of signed reports to the credits of a chunk. No signer beside the fee payer.
pub fn usage_meter(
    market: &Pubkey,
    provider: &Pubkey,
    chunk: u32,
    reports: Vec<SignedReport>,
    credits: &[Pubkey],
) -> Instruction {
    let accounts = accounts::UsageMeter {
        market: *market,
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    let mut instruction = build(accounts, data::UsageMeter { chunk, reports });
    instruction.accounts.extend(credits.iter().map(|credit| AccountMeta::new(*credit, false)));
    instruction
}

/// Moves collateral into the lot numbered `lot_index`, the credit's `lots_opened`. Signer: `lender`.
pub fn credit_seize_to_pool(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    lot_index: u32,
    amount: UnitAmount,
    terms: LotTerms,
) -> Instruction {
    let accounts = accounts::CreditSeizeToPool {
        lender: *lender,
        market: *market,
        credit: *credit,
        lot: addresses::lot(credit, lot_index),
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditSeizeToPool { amount, terms })
}

/// Which lot to buy from: the credit it came from, its number, and who serves the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotKeys {
    /// The credit the units were seized from.
    pub credit: Pubkey,
    /// The lot's number.
    pub index: u32,
    /// The provider's account.
    pub provider: Pubkey,
}

/// Buys `units` at the current price, at most `max_price` micro-USDC per `PRICE_SCALE` units. Signer: `buyer`.
pub fn lot_buy(
    keys: &MarketKeys,
    buyer: &Pubkey,
    source: &Pubkey,
    lot: &LotKeys,
    units: u64,
    max_price: u64,
) -> Instruction {
    let accounts = accounts::LotBuy {
        credit_vault: credit_vault(keys, &lot.credit),
        buyer: *buyer,
        provider: lot.provider,
        lot: addresses::lot(&lot.credit, lot.index),
        buyer_credit: addresses::unrestricted_credit(&keys.market, &lot.provider, buyer),
        source: *source,
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::LotBuy { units, max_price })
}

/// Closes a lot; its rent goes back to `lender`, who opened it. Signer: `closer`.
pub fn lot_close(
    market: &Pubkey,
    closer: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    lot_index: u32,
) -> Instruction {
    let accounts = accounts::LotClose {
        closer: *closer,
        lender: *lender,
        market: *market,
        credit: *credit,
        lot: addresses::lot(credit, lot_index),
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::LotClose {})
}
