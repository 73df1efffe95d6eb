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
        state::{FreezeReason, Instalment, MarketSettings, Party, Terms},
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

/// Changes a market's settings: at once where that only tightens, else after its delay. Signer: `admin`.
pub fn market_propose_change(market: &Pubkey, admin: &Pubkey, settings: MarketSettings) -> Instruction {
    let accounts = accounts::MarketProposeChange {
        authority: *admin,
        market: *market,
        treasury: settings.treasury,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::MarketProposeChange { settings })
}

fn market_control(market: &Pubkey, authority: &Pubkey) -> accounts::MarketControl {
    accounts::MarketControl {
        authority: *authority,
        market: *market,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Applies the change that waits, once its delay has passed. Signer: `admin`.
pub fn market_apply_change(market: &Pubkey, admin: &Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketApplyChange {})
}

/// Drops the change that waits. Signer: `admin`.
pub fn market_cancel_change(market: &Pubkey, admin: &Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketCancelChange {})
}

/// Offers the admin's place to `to`; the zero key withdraws the offer. Signer: `admin`.
pub fn market_offer_admin(market: &Pubkey, admin: &Pubkey, to: Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketOfferAdmin { to })
}

/// Takes the admin's place. Signer: `new_admin`, to whom it was offered.
pub fn market_accept_admin(market: &Pubkey, new_admin: &Pubkey) -> Instruction {
    build(market_control(market, new_admin), data::MarketAcceptAdmin {})
}

/// Names the guardian. Signer: `admin`.
pub fn market_set_guardian(market: &Pubkey, admin: &Pubkey, to: Pubkey) -> Instruction {
    build(market_control(market, admin), data::MarketSetGuardian { to })
}

/// Pauses a market for `seconds`, at most six hours per UTC day. Signer: `authority`, the guardian or the admin.
pub fn market_pause(market: &Pubkey, authority: &Pubkey, seconds: u32) -> Instruction {
    build(market_control(market, authority), data::MarketPause { seconds })
}

/// Ends a pause. Signer: `authority`, the admin, or anyone once the pause has expired.
pub fn market_unpause(market: &Pubkey, authority: &Pubkey) -> Instruction {
    build(market_control(market, authority), data::MarketUnpause {})
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

fn provider_update(market: &Pubkey, authority: &Pubkey, provider: &Pubkey) -> accounts::ProviderUpdate {
    accounts::ProviderUpdate {
        authority: *authority,
        market: *market,
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Replaces a provider's reporters and voids every older report. Signer: `authority`.
pub fn provider_set_reporters(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    reporters: ReportersArgs,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderSetReporters { reporters })
}

/// Sets what a provider commits to. Signer: `authority`.
pub fn provider_set_capacity(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    capacity: CapacityArgs,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderSetCapacity { capacity })
}

/// Sets the token account that a provider's principal is paid to. Signer: `authority`.
pub fn provider_set_payout(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    payout: &Pubkey,
) -> Instruction {
    let accounts = accounts::ProviderSetPayout {
        authority: *authority,
        market: *market,
        provider: *provider,
        payout: *payout,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::ProviderSetPayout {})
}

/// Offers the authority's place to `to`; the zero key withdraws the offer. Signer: `authority`.
pub fn provider_offer_authority(
    market: &Pubkey,
    authority: &Pubkey,
    provider: &Pubkey,
    to: Pubkey,
) -> Instruction {
    build(provider_update(market, authority, provider), data::ProviderOfferAuthority { to })
}

/// Takes the authority's place; the provider keeps its address. Signer: `new_authority`, to whom it was offered.
pub fn provider_accept_authority(market: &Pubkey, new_authority: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, new_authority, provider), data::ProviderAcceptAuthority {})
}

/// Stops new credits of a provider. Signer: `signer`, its authority or the market's admin.
pub fn provider_suspend(market: &Pubkey, signer: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, signer, provider), data::ProviderSuspend {})
}

/// Lets a provider take new credits again. Signer: `signer`, who suspended it.
pub fn provider_resume(market: &Pubkey, signer: &Pubkey, provider: &Pubkey) -> Instruction {
    build(provider_update(market, signer, provider), data::ProviderResume {})
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
    build(credit_control(market, borrower, credit), data::CreditAccept { terms_hash })
}

/// Issues the units; the principal goes to `payout`, the provider's own. Signer: `authority` of the provider.
pub fn credit_issue(
    keys: &MarketKeys,
    authority: &Pubkey,
    provider: &Pubkey,
    payout: &Pubkey,
    credit: &Pubkey,
) -> Instruction {
    let accounts = accounts::CreditIssue {
        credit_vault: credit_vault(keys, credit),
        authority: *authority,
        provider: *provider,
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
    build(credit_repay_accounts(keys, payer, source, credit), data::CreditRepay { amount })
}

fn credit_repay_accounts(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
) -> accounts::CreditRepay {
    accounts::CreditRepay {
        credit_vault: credit_vault(keys, credit),
        payer: *payer,
        source: *source,
        event_authority: addresses::event_authority(),
        program: ID,
    }
}

/// Puts up to `amount` micro-USDC from `source` into the borrower's reserve. Signer: `payer`.
pub fn reserve_fund(
    keys: &MarketKeys,
    payer: &Pubkey,
    source: &Pubkey,
    credit: &Pubkey,
    amount: u64,
) -> Instruction {
    build(credit_repay_accounts(keys, payer, source, credit), data::ReserveFund { amount })
}

/// Pays what is in arrears from the borrower's reserve. No signer beside the fee payer.
pub fn reserve_draw(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::ReserveDraw {})
}

/// Applies the covenant on utilisation at the end of its window. No signer beside the fee payer.
pub fn covenant_apply(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CovenantApply {})
}

/// Puts new terms and a schedule counted from now in the place of the old ones. Signers: `lender`, `borrower`.
pub fn credit_restructure(
    market: &Pubkey,
    lender: &Pubkey,
    borrower: &Pubkey,
    credit: &Pubkey,
    terms: Terms,
    schedule: Vec<Instalment>,
) -> Instruction {
    let accounts = accounts::CreditRestructure {
        lender: *lender,
        borrower: *borrower,
        market: *market,
        credit: *credit,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditRestructure { terms, schedule })
}

/// Waives `amount` micro-USDC of late fees. Signer: `lender`.
pub fn credit_waive_fee(market: &Pubkey, lender: &Pubkey, credit: &Pubkey, amount: u64) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWaiveFee { amount })
}

/// Offers the loan to another lender; the zero key withdraws the offer. Signer: `lender`.
pub fn credit_offer_lender(market: &Pubkey, lender: &Pubkey, credit: &Pubkey, to: Pubkey) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditOfferLender { to })
}

/// Takes a loan over. Signer: `new_lender`, to whom it was offered.
///
/// What the seller was paid must have been collected: put [`vault_collect`] before it in the same transaction.
pub fn credit_accept_lender(market: &Pubkey, new_lender: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_control(market, new_lender, credit), data::CreditAcceptLender {})
}

/// Names the freeze authority, which may only freeze and thaw. Signer: `lender`.
pub fn credit_set_freeze_authority(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    to: Pubkey,
) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditSetFreezeAuthority { to })
}

/// Gives notice of default for a breach; `document` is the hash of what states it. Signer: `lender`.
pub fn credit_give_notice(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    document: [u8; 32],
) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditGiveNotice { document })
}

/// Withdraws the notice of default. Signer: `lender`.
pub fn credit_withdraw_notice(market: &Pubkey, lender: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWithdrawNotice {})
}

/// Gives up what is still owed. Signer: `lender`.
pub fn credit_write_off(market: &Pubkey, lender: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_control(market, lender, credit), data::CreditWriteOff {})
}

/// Expires unused units past their lifetime. No signer beside the fee payer.
pub fn credit_expire_units(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditExpireUnits {})
}

/// Moves a credit of an earlier version to this one. No signer beside the fee payer.
pub fn credit_migrate(market: &Pubkey, credit: &Pubkey) -> Instruction {
    build(credit_mark(market, credit), data::CreditMigrate {})
}

/// Removes a vault that owes nothing; its rent goes to `receiver`, who paid it, what else it holds to `treasury`.
/// No signer beside the fee payer.
pub fn vault_close(keys: &MarketKeys, credit: &Pubkey, receiver: &Pubkey, treasury: &Pubkey) -> Instruction {
    let accounts = accounts::VaultClose {
        credit_vault: credit_vault(keys, credit),
        receiver: *receiver,
        treasury: *treasury,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::VaultClose {})
}

/// Removes a credit that has ended; its rent goes to `receiver`, who paid it. Signer: `closer`, the borrower where units
/// are left.
pub fn credit_close(
    market: &Pubkey,
    closer: &Pubkey,
    receiver: &Pubkey,
    credit: &Pubkey,
    provider: &Pubkey,
) -> Instruction {
    let accounts = accounts::CreditClose {
        closer: *closer,
        receiver: *receiver,
        market: *market,
        credit: *credit,
        provider: *provider,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditClose {})
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

fn credit_control(market: &Pubkey, authority: &Pubkey, credit: &Pubkey) -> accounts::CreditControl {
    accounts::CreditControl {
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
    build(credit_control(market, authority, credit), data::CreditFreeze { amount, reason })
}

/// Thaws collateral. Signer: `authority`, the lender or the freeze authority.
pub fn credit_thaw(market: &Pubkey, authority: &Pubkey, credit: &Pubkey, amount: UnitAmount) -> Instruction {
    build(credit_control(market, authority, credit), data::CreditThaw { amount })
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

/// Which lot to buy from: the credit it came from, its number, who serves the units and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotKeys {
    /// The credit the units were seized from.
    pub credit: Pubkey,
    /// The lot's number.
    pub index: u32,
    /// The provider's account.
    pub provider: Pubkey,
    /// When the credit's units expire, in Unix seconds of market time; 0 for never.
    pub units_expire_at: i64,
}

/// Takes collateral over at what the loan paid for it. Signer: `lender`. `units_expire_at` as in [`LotKeys`].
pub fn credit_seize_to_lender(
    market: &Pubkey,
    lender: &Pubkey,
    credit: &Pubkey,
    provider: &Pubkey,
    units_expire_at: i64,
    amount: UnitAmount,
) -> Instruction {
    let accounts = accounts::CreditSeizeToLender {
        lender: *lender,
        market: *market,
        credit: *credit,
        provider: *provider,
        lender_credit: addresses::unrestricted_credit(market, provider, lender, units_expire_at),
        system_program: system_program::ID,
        event_authority: addresses::event_authority(),
        program: ID,
    };
    build(accounts, data::CreditSeizeToLender { amount })
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
        buyer_credit: addresses::unrestricted_credit(&keys.market, &lot.provider, buyer, lot.units_expire_at),
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
