//! The places where something else must come of a trial than the rule for its kind says, and all that is accepted.

use {
    super::{
        mutation::Mutation::{self, *},
        table::{
            Expected::{self, Code, Error, Harmless, Runtime},
            code,
        },
    },
    blockable_sdk::program::errors::BlockableError,
    solana_sdk::instruction::InstructionError,
};

/// One row: instructions, the account, the mutations, what must come of them.
pub type Row = (&'static [&'static str], &'static str, &'static [Mutation], Expected);

/// Instructions that name a market alone.
const OF_MARKETS: &[&str] = &[
    "market_propose_change",
    "market_apply_change",
    "market_cancel_change",
    "market_offer_admin",
    "market_accept_admin",
    "market_pause",
    "market_unpause",
    "market_halt",
    "market_lift_halt",
];
/// Those of the admin alone.
const BY_THE_ADMIN: &[&str] = &[
    "market_propose_change",
    "market_apply_change",
    "market_cancel_change",
    "market_offer_admin",
    "market_lift_halt",
];
/// Those of a provider's authority.
const BY_THE_PROVIDER: &[&str] = &[
    "provider_propose_change",
    "provider_apply_change",
    "provider_cancel_change",
    "provider_set_capacity",
    "provider_offer_authority",
    "provider_suspend",
    "provider_resume",
];
/// Instructions by which anyone does something to a credit.
const BY_ANYONE: &[&str] = &[
    "reserve_draw",
    "covenant_apply",
    "credit_mark_delinquent",
    "credit_mark_defaulted",
    "credit_auto_freeze",
    "credit_expire_units",
    "credit_thaw_cross",
    "credit_cancel_locked",
];
/// Instructions by which a party does something to a credit.
const BY_A_PARTY: &[&str] = &[
    "credit_accept",
    "credit_restructure",
    "credit_waive_fee",
    "credit_offer_lender",
    "credit_accept_lender",
    "credit_set_freeze_authority",
    "credit_give_notice",
    "credit_withdraw_notice",
    "credit_freeze",
    "credit_thaw",
    "credit_seize_to_lender",
    "credit_write_off",
    "credit_close",
];
/// Instructions of the lender's that name neither the vault nor an account derived from the credit's address.
const BY_THE_LENDER: &[&str] = &[
    "credit_restructure",
    "credit_waive_fee",
    "credit_offer_lender",
    "credit_set_freeze_authority",
    "credit_withdraw_notice",
    "credit_seize_to_lender",
    "credit_write_off",
];
/// Instructions that name a credit with its vault.
const WITH_A_VAULT: &[&str] = &[
    "credit_issue",
    "credit_cancel_offer",
    "credit_repay",
    "reserve_fund",
    "lot_buy",
    "vault_close",
    "vault_collect",
];

/// Those that pay into the vault alone.
const PAYING_IN: &[&str] = &["credit_repay", "reserve_fund"];
/// Those that pay out of the vault or remove it, by the credit's signature.
const PAYING_OUT: &[&str] = &["credit_issue", "credit_cancel_offer", "vault_close", "vault_collect"];
/// Instructions that only look at the vault of a credit.
const BESIDE_A_VAULT: &[&str] = &[
    "credit_mark_delinquent",
    "credit_mark_defaulted",
    "credit_give_notice",
    "credit_seize_to_pool",
    "credit_seize_to_lender",
    "credit_cancel_locked",
];

/// Instructions with a key that pays for accounts and may be any.
pub const WITH_A_RENT_PAYER: &[&str] =
    &["credit_offer", "credit_seize_to_pool", "credit_seize_to_lender", "lot_buy"];

const ONLY_THE_PROGRAM_MAKES_THEM: &str =
    "accounts of this type are made by the program alone, at their own addresses: there are no copies";
const ANY_CREDIT: &str = "anyone may do this to any credit that is in the state for it";
const OF_ANY_MARKET: &str = "the default of a credit counts in whatever market it is";
const CLOSED_CREDIT: &str =
    "an account of another program at the address of a credit means that the credit is closed";
const ANY_OF_ONES_OWN: &str = "any token account of the owner's own will do";
const ONES_OWN_CHOICE: &str = "who signs chooses where it is paid";
const NO_SUCH_ACCOUNT: &str =
    "no token program gives its accounts away, and none owns accounts of the other's mints";
const FIXED_MINT: &str = "the mint is fixed by its address, and no token program gives its mints away";
const NOTHING_TO_SWEEP: &str = "nothing is swept, so that nothing is paid to it; its address is checked";
const ANYONE_PAYS: &str = "anyone may pay for a market, its admin as well";
const ANYONE_CREATES: &str = "anyone may be the admin of a new market, by signing";
const ANYONE_PAYS_RENT: &str = "anyone may pay the rent, the lender or the buyer as well";
const ANYONE_COLLECTS: &str = "anyone may have a claim paid, to its party alone";
const MADE_AGAIN: &str = "what is gone is created again, at the only address it can have";
pub const NAMES_ITSELF: &str =
    "the program's address stands in the place of an account that is not given, so that it finds itself";
pub const LAMPORTS_STOP_NOTHING: &str =
    "lamports at an address do not keep the account from being created there";

pub const ROWS: &[Row] = &[
    // Signers and wallets.
    (&["market_create", "provider_register"], "rent_payer", &[SignedByAnother, Twice], Harmless(ANYONE_PAYS)),
    (&["market_create"], "admin", &[SignedByAnother, Twice], Harmless(ANYONE_CREATES)),
    (BY_THE_ADMIN, "authority", &[SignedByAnother], Error(BlockableError::NotAdmin)),
    (&["market_pause", "market_halt"], "authority", &[SignedByAnother], Error(BlockableError::NotGuardian)),
    (&["market_unpause"], "authority", &[SignedByAnother], Error(BlockableError::PauseRunning)),
    (
        &["market_accept_admin", "provider_accept_authority", "credit_accept_lender"],
        "authority",
        &[SignedByAnother],
        Error(BlockableError::NotOffered),
    ),
    (BY_THE_PROVIDER, "authority", &[SignedByAnother], Error(BlockableError::NotProvider)),
    (&["credit_issue"], "authority", &[SignedByAnother], Error(BlockableError::NotProvider)),
    (&["credit_accept"], "authority", &[SignedByAnother], Error(BlockableError::NotBorrower)),
    (&["credit_restructure"], "borrower", &[SignedByAnother], Error(BlockableError::NotBorrower)),
    (&["credit_freeze", "credit_thaw"], "authority", &[SignedByAnother], Error(BlockableError::NotFreezer)),
    (&["credit_cancel_offer"], "party", &[SignedByAnother], Error(BlockableError::NotParty)),
    (&["credit_close"], "closer", &[SignedByAnother], Error(BlockableError::UnitsLeft)),
    (&["lot_close"], "closer", &[SignedByAnother], Error(BlockableError::LotNotYours)),
    (&["vault_collect"], "caller", &[SignedByAnother], Harmless(ANYONE_COLLECTS)),
    (
        &["credit_repay", "reserve_fund"],
        "payer",
        &[SignedByAnother],
        Error(BlockableError::TokenAccountOwner),
    ),
    (&["credit_offer"], "borrower", &[OfAnotherOwner, Twice], Code(code::CONSTRAINT_SEEDS)),
    (&["credit_offer"], "lender", &[SignedByAnother, Twice], Code(code::CONSTRAINT_SEEDS)),
    (&["provider_register"], "authority", &[SignedByAnother], Code(code::CONSTRAINT_SEEDS)),
    (&["credit_seize_to_lender"], "lender", &[SignedByAnother], Code(code::CONSTRAINT_SEEDS)),
    (&["credit_restructure"], "borrower", &[Twice], Error(BlockableError::NotBorrower)),
    (&["credit_restructure"], "lender", &[Twice], Error(BlockableError::NotLender)),
    (&["credit_close"], "closer", &[Twice], Error(BlockableError::UnitsLeft)),
    (&["credit_close"], "receiver", &[Twice], Error(BlockableError::ReceiverMismatch)),
    (WITH_A_RENT_PAYER, "rent_payer", &[SignedByAnother, Twice], Harmless(ANYONE_PAYS_RENT)),
    (&["credit_seize_to_pool"], "lender", &[Twice], Error(BlockableError::NotLender)),
    (&["credit_accept_borrower"], "authority", &[SignedByAnother], Error(BlockableError::NotOffered)),
    (&["credit_withdraw_borrower"], "authority", &[SignedByAnother], Error(BlockableError::NotParty)),
    (&["credit_offer_borrower"], "borrower", &[SignedByAnother, Twice], Error(BlockableError::NotBorrower)),
    (&["credit_offer_borrower"], "lender", &[Twice], Error(BlockableError::NotLender)),
    (&["credit_cancel_locked"], "signer", &[SignedByAnother], Error(BlockableError::CancelNotOpen)),
    (
        &["credit_cancel_locked+borrower"],
        "signer",
        &[SignedByAnother, Twice],
        Error(BlockableError::NotLender),
    ),
    (
        &["credit_cancel_locked+borrower"],
        "borrower",
        &[SignedByAnother, Twice],
        Error(BlockableError::NotBorrower),
    ),
    (
        &["credit_restructure+provider+provider_authority"],
        "provider_authority",
        &[SignedByAnother, Twice],
        Error(BlockableError::NotProvider),
    ),
    // Markets.
    (OF_MARKETS, "market", &[Elsewhere], Harmless(ONLY_THE_PROGRAM_MAKES_THEM)),
    (BY_THE_ADMIN, "market", &[OfAnotherMarket], Error(BlockableError::NotAdmin)),
    (&["market_accept_admin"], "market", &[OfAnotherMarket], Error(BlockableError::NotOffered)),
    (&["market_pause", "market_halt"], "market", &[OfAnotherMarket], Error(BlockableError::NotGuardian)),
    (&["market_unpause"], "market", &[OfAnotherMarket], Error(BlockableError::PauseRunning)),
    (
        &["provider_register", "credit_offer", "credit_seize_to_lender"],
        "market",
        &[Elsewhere, OfAnotherMarket],
        Code(code::CONSTRAINT_SEEDS),
    ),
    // Providers.
    (BY_THE_PROVIDER, "provider", &[Elsewhere], Harmless(ONLY_THE_PROGRAM_MAKES_THEM)),
    (
        &["credit_offer", "provider_accept_authority"],
        "provider",
        &[Elsewhere],
        Harmless(ONLY_THE_PROGRAM_MAKES_THEM),
    ),
    (&["usage_meter"], "provider", &[Elsewhere], Error(BlockableError::ReportSignatureInvalid)),
    (
        &[
            "credit_issue",
            "credit_close",
            "credit_write_off",
            "credit_cancel_locked",
            "vault_collect+provider",
            "credit_restructure+provider+provider_authority",
        ],
        "provider",
        &[Elsewhere, OfAnotherMarket],
        Error(BlockableError::ProviderMismatch),
    ),
    (
        &["lot_buy", "credit_seize_to_lender"],
        "provider",
        &[Elsewhere, OfAnotherMarket],
        Code(code::CONSTRAINT_SEEDS),
    ),
    // Credits.
    (BY_ANYONE, "credit", &[Elsewhere], Harmless(ONLY_THE_PROGRAM_MAKES_THEM)),
    (BY_A_PARTY, "credit", &[Elsewhere], Harmless(ONLY_THE_PROGRAM_MAKES_THEM)),
    (
        &["credit_mark_delinquent", "credit_mark_defaulted", "credit_give_notice", "credit_cancel_locked"],
        "credit",
        &[OfAnotherCredit],
        Error(BlockableError::VaultMismatch),
    ),
    (WITH_A_VAULT, "credit", &[OfAnotherCredit], Error(BlockableError::VaultMismatch)),
    (PAYING_IN, "credit", &[Elsewhere], Harmless(ONLY_THE_PROGRAM_MAKES_THEM)),
    (PAYING_OUT, "credit", &[Elsewhere], Runtime(InstructionError::PrivilegeEscalation)),
    (&["lot_buy"], "credit", &[Elsewhere], Error(BlockableError::LotMismatch)),
    (
        &["reserve_draw", "covenant_apply", "credit_auto_freeze", "credit_expire_units", "credit_thaw_cross"],
        "credit",
        &[OfAnotherCredit],
        Harmless(ANY_CREDIT),
    ),
    (BY_THE_LENDER, "credit", &[OfAnotherCredit], Error(BlockableError::NotLender)),
    (&["credit_accept"], "credit", &[OfAnotherCredit], Error(BlockableError::NotBorrower)),
    (&["credit_accept_lender"], "credit", &[OfAnotherCredit], Error(BlockableError::NotOffered)),
    (&["credit_freeze", "credit_thaw"], "credit", &[OfAnotherCredit], Error(BlockableError::NotFreezer)),
    (&["credit_close"], "credit", &[OfAnotherCredit], Error(BlockableError::UnitsLeft)),
    (
        &["credit_accept_borrower"],
        "credit",
        &[Elsewhere, OfAnotherCredit],
        Harmless(ONLY_THE_PROGRAM_MAKES_THEM),
    ),
    (
        &["credit_offer_borrower", "credit_withdraw_borrower"],
        "credit",
        &[Elsewhere],
        Harmless(ONLY_THE_PROGRAM_MAKES_THEM),
    ),
    (&["credit_offer_borrower"], "credit", &[OfAnotherCredit], Error(BlockableError::NotLender)),
    (&["credit_withdraw_borrower"], "credit", &[OfAnotherCredit], Error(BlockableError::NotParty)),
    (&["credit_seize_to_pool"], "credit", &[OfAnotherMarket], Code(code::CONSTRAINT_SEEDS)),
    (&["lot_close"], "credit", &[Elsewhere, OfAnotherCredit], Error(BlockableError::LotMismatch)),
    (&["lot_buy"], "buyer_credit", &[Occupied], Code(code::OWNED_BY_WRONG_PROGRAM)),
    (&["credit_seize_to_lender"], "lender_credit", &[Occupied], Code(code::OWNED_BY_WRONG_PROGRAM)),
    (&["lot_buy"], "buyer_credit", &[Halved], Code(code::CONSTRAINT_SPACE)),
    (&["credit_seize_to_lender"], "lender_credit", &[Halved], Code(code::CONSTRAINT_SPACE)),
    (&["lot_buy"], "buyer_credit", &[OfAnotherMarket], Code(code::CONSTRAINT_SEEDS)),
    (&["credit_seize_to_lender"], "lender_credit", &[OfAnotherMarket], Code(code::CONSTRAINT_SEEDS)),
    (&["lot_buy"], "buyer_credit", &[Closed], Harmless(MADE_AGAIN)),
    (&["credit_seize_to_lender"], "lender_credit", &[Closed], Harmless(MADE_AGAIN)),
    (
        &["credit_freeze+other", "credit_thaw_cross"],
        "credit",
        &[Twice],
        Error(BlockableError::CrossCreditMismatch),
    ),
    (&["credit_freeze+other"], "other", &[Twice], Error(BlockableError::CrossCreditMismatch)),
    (&["credit_freeze+other"], "other", &[Elsewhere], Harmless(ONLY_THE_PROGRAM_MAKES_THEM)),
    (&["credit_freeze+other"], "other", &[OfAnotherMarket], Harmless(OF_ANY_MARKET)),
    (&["credit_freeze+other"], "other", &[OfAnotherCredit], Error(BlockableError::CrossCreditSound)),
    (
        &["credit_thaw_cross"],
        "other",
        &[Elsewhere, OfAnotherMarket, OfAnotherCredit, Twice],
        Error(BlockableError::CrossCreditMismatch),
    ),
    (&["credit_thaw_cross"], "other", &[Closed, WrongOwner], Harmless(CLOSED_CREDIT)),
    // Lots.
    (&["lot_buy", "lot_close"], "lot", &[Elsewhere], Harmless(ONLY_THE_PROGRAM_MAKES_THEM)),
    // Mints.
    (WITH_A_VAULT, "mint", &[OtherTokenProgram], Harmless(FIXED_MINT)),
    (&["credit_offer"], "mint", &[OtherTokenProgram], Runtime(InstructionError::IncorrectProgramId)),
    (&["market_create"], "mint", &[OtherTokenProgram], Error(BlockableError::TokenProgramMismatch)),
    (&["market_create"], "mint", &[Elsewhere], Error(BlockableError::TokenAccountMint)),
    (&["lot_close"], "rent_payer", &[OfAnotherOwner, Twice], Error(BlockableError::ReceiverMismatch)),
    // Token accounts.
    (
        &["credit_offer", "credit_repay", "reserve_fund", "lot_buy"],
        "source",
        &[Elsewhere],
        Harmless(ANY_OF_ONES_OWN),
    ),
    (&["credit_offer"], "source", &[Twice], Code(code::NOT_INITIALIZED)),
    (&["credit_cancel_offer"], "refund", &[Elsewhere], Harmless(ANY_OF_ONES_OWN)),
    // Only an accepted offer's principal may stay in the vault.
    (&["credit_cancel_offer"], "refund", &[Twice], Error(BlockableError::WrongStatus)),
    (&["credit_cancel_offer"], "refund", &[OfAnotherOwner], Error(BlockableError::DestinationNotAllowed)),
    (
        &["vault_collect"],
        "destination",
        &[Elsewhere, OfAnotherOwner],
        Error(BlockableError::DestinationNotAllowed),
    ),
    (
        &["vault_collect+provider"],
        "destination",
        &[OfAnotherMarket],
        Error(BlockableError::DestinationNotAllowed),
    ),
    (
        &["credit_issue"],
        "payout",
        &[Elsewhere, OfAnotherMarket, OfAnotherOwner],
        Error(BlockableError::PayoutMismatch),
    ),
    (
        &["provider_register", "provider_propose_change"],
        "payout",
        &[Elsewhere, OfAnotherOwner],
        Error(BlockableError::PayoutMismatch),
    ),
    (
        &["provider_register", "provider_propose_change"],
        "payout",
        &[OtherTokenProgram],
        Harmless(NO_SUCH_ACCOUNT),
    ),
    (&["market_create"], "treasury", &[Elsewhere, OfAnotherOwner], Harmless(ONES_OWN_CHOICE)),
    (
        &["market_create", "market_propose_change"],
        "treasury",
        &[OtherTokenProgram],
        Harmless(NO_SUCH_ACCOUNT),
    ),
    (
        &["market_propose_change"],
        "treasury",
        &[Elsewhere, OfAnotherOwner],
        Error(BlockableError::TreasuryMismatch),
    ),
    (
        &["vault_close"],
        "treasury",
        &[Elsewhere, OfAnotherMarket, OfAnotherOwner],
        Error(BlockableError::TreasuryMismatch),
    ),
    (&["vault_close"], "treasury", &[OtherTokenProgram], Harmless(NOTHING_TO_SWEEP)),
    (&["vault_close"], "vault", &[OtherTokenProgram], Runtime(InstructionError::ExternalAccountLamportSpend)),
    (
        WITH_A_VAULT,
        "vault",
        &[Elsewhere, OfAnotherMarket, OfAnotherOwner, OfAnotherCredit, Twice],
        Error(BlockableError::VaultMismatch),
    ),
    (
        BESIDE_A_VAULT,
        "vault",
        &[Elsewhere, OfAnotherMarket, OfAnotherOwner, OfAnotherCredit],
        Error(BlockableError::VaultMismatch),
    ),
    (BESIDE_A_VAULT, "vault", &[OtherTokenProgram], Harmless(NO_SUCH_ACCOUNT)),
    // Programs.
    (&["credit_offer"], "token_program", &[Replaced], Runtime(InstructionError::IncorrectProgramId)),
];
