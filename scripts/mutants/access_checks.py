"""The access checks of the program, each as a mutant: what to change so that the check is gone.

Read by ./access. Every entry says which instructions lose the check.
"""
from dataclasses import dataclass

VAULT = ["credit_cancel_offer", "credit_issue", "credit_repay", "reserve_fund", "vault_collect", "lot_buy", "vault_close"]
CONTROL = ["credit_accept", "credit_waive_fee", "credit_offer_lender", "credit_accept_lender",
           "credit_set_freeze_authority", "credit_withdraw_notice", "credit_thaw", "credit_withdraw_borrower",
           "credit_accept_borrower"]
BY_LENDER = ["credit_waive_fee", "credit_offer_lender", "credit_set_freeze_authority", "credit_give_notice",
             "credit_withdraw_notice", "credit_write_off"]
MARK = ["reserve_draw", "covenant_apply", "credit_auto_freeze", "credit_expire_units"]
MARK_UNPAID = ["credit_mark_delinquent", "credit_mark_defaulted"]
PAYABLE = MARK_UNPAID + ["credit_give_notice"]
BY_ADMIN = ["market_apply_change", "market_cancel_change", "market_offer_admin", "market_lift_halt"]
MARKET = BY_ADMIN + ["market_accept_admin", "market_pause", "market_unpause", "market_halt"]
WHILE_PAUSED = ["credit_repay", "credit_freeze", "credit_thaw", "credit_thaw_cross", "credit_auto_freeze", "market_create",
                "market_pause", "market_unpause", "market_halt"]
# New business, which a halt stops. Of lenders that buy from lots only those of their own.
WHILE_OPEN = ["credit_offer", "credit_accept", "credit_issue", "credit_offer_lender", "credit_accept_lender", "lot_buy"]
BY_AUTHORITY = ["provider_apply_change", "provider_cancel_change", "provider_set_capacity", "provider_offer_authority"]
UPDATE = BY_AUTHORITY + ["provider_accept_authority", "provider_suspend", "provider_resume"]
REPAY = ["credit_repay", "reserve_fund"]

# Where each group of accounts is declared, and the instructions that name it.
STRUCTS = {
    "CreditVault": ("accounts", VAULT),
    "CreditControl": ("accounts", CONTROL),
    "CreditUpkeep": ("accounts", MARK),
    "CreditMarkUnpaid": ("accounts", MARK_UNPAID),
    "PayableCredit": ("accounts", PAYABLE),
    "CreditFreeze": ("credit_freeze", ["credit_freeze"]),
    "CreditThawCross": ("credit_thaw_cross", ["credit_thaw_cross"]),
    "CreditCancelLocked": ("credit_cancel_locked", ["credit_cancel_locked"]),
    "CreditWriteOff": ("credit_write_off", ["credit_write_off"]),
    "CreditGiveNotice": ("credit_notice", ["credit_give_notice"]),
    "CreditCancelOffer": ("credit_cancel_offer", ["credit_cancel_offer"]),
    "CreditClose": ("credit_close", ["credit_close"]),
    "CreditIssue": ("credit_issue", ["credit_issue"]),
    "CreditOffer": ("credit_offer", ["credit_offer"]),
    "CreditRepay": ("credit_repay", REPAY),
    "CreditRestructure": ("credit_restructure", ["credit_restructure"]),
    "CreditOfferBorrower": ("credit_hand_over", ["credit_offer_borrower"]),
    "CreditSeizeToLender": ("credit_seize_to_lender", ["credit_seize_to_lender"]),
    "CreditSeizeToPool": ("credit_seize_to_pool", ["credit_seize_to_pool"]),
    "LotBuy": ("lot_buy", ["lot_buy"]),
    "LotClose": ("lot_close", ["lot_close"]),
    "MarketControl": ("market_admin", MARKET),
    "MarketCreate": ("market_create", ["market_create"]),
    "MarketProposeChange": ("market_change", ["market_propose_change"]),
    "ProviderRegister": ("provider_register", ["provider_register"]),
    "ProviderProposeChange": ("provider_change", ["provider_propose_change"]),
    "ProviderUpdate": ("provider_set_capacity", UPDATE),
    "UsageMeter": ("usage_meter", ["usage_meter"]),
    "VaultClose": ("vault_close", ["vault_close"]),
    "VaultCollect": ("vault_collect", ["vault_collect"]),
}


@dataclass
class Mutant:
    """One check taken away."""
    file: str
    place: str
    check: str
    old: str
    new: str
    instructions: list
    struct: str = ""
    # Whether what lacks it is left out instead of refused, which other tests than the refusals show.
    left_out: bool = False


def in_struct(struct, check, old, new):
    """A change within the declaration of a group of accounts."""
    file, instructions = STRUCTS[struct]
    return Mutant(f"instructions/{file}.rs", struct, check, old, new, instructions, struct)


def unsigned(struct, field):
    """The key need not sign any more."""
    new = f"/// CHECK: none\n    pub {field}: UncheckedAccount<'info>"
    return in_struct(struct, f"`{field}` signs", f"pub {field}: Signer<'info>", new)


def optional_unsigned(struct, field):
    """The key that need not be given need not sign either, where it is."""
    new = f"/// CHECK: none\n    pub {field}: Option<UncheckedAccount<'info>>"
    return in_struct(struct, f"`{field}` signs", f"pub {field}: Option<Signer<'info>>", new)


def any_program(struct, field, kind):
    """Any program is taken in the place of one."""
    new = f"/// CHECK: none\n    pub {field}: UncheckedAccount<'info>"
    return in_struct(struct, f"`{field}` is that program", f"pub {field}: {kind}", new)


def unrelated(struct, clause):
    """A clause of an account's constraints is gone."""
    return in_struct(struct, f"`{clause.split(' @')[0]}`", clause, "")


def any_event_authority(struct):
    """The account that signs events is not looked at."""
    return in_struct(struct, "event authority", "#[event_cpi]", "")


def handler(file, place, check, old, new, instructions):
    """A check in a handler is gone."""
    return Mutant(f"instructions/{file}.rs", place, check, old, new, instructions)


def action(file, place, check, old, new, instructions):
    """A check in an action is gone."""
    return Mutant(f"actions/{file}.rs", place, check, old, new, instructions)


def of_credit(file, place, check, old, new):
    """A check of a credit that is to be metered is gone."""
    return Mutant(file, place, check, old, new, ["usage_meter"], left_out=True)


SYSTEM = "Program<'info, System>"
OF_MARKET = "has_one = market @ BlockableError::MarketMismatch"
OF_CREDIT = "has_one = vault @ BlockableError::VaultMismatch"
NOT_FROZEN = "constraint = !vault.is_frozen() @ BlockableError::VaultFrozen"

MUTANTS = [
    # Groups that several instructions name.
    unrelated("CreditVault", OF_MARKET),
    unrelated("CreditVault", "address = market.load()?.payment_mint @ BlockableError::MintMismatch"),
    unrelated("CreditVault", OF_CREDIT),
    unrelated("CreditVault", "address = market.load()?.token_program @ BlockableError::TokenProgramMismatch"),
    handler("accounts", "require_owned", "token account's mint", "ensure(account.mint == self.mint.key(), BlockableError::TokenAccountMint)?;\n        ensure(account.owner", "ensure(account.owner", ["lot_buy"] + REPAY),
    handler("accounts", "require_owned", "token account's owner", "ensure(account.owner == *owner, BlockableError::TokenAccountOwner)?;", "let _ = owner;", ["lot_buy"] + REPAY),
    unsigned("CreditControl", "authority"),
    unrelated("CreditControl", OF_MARKET),
    action("begin", "begin_by_lender", "the lender", "self.require_lender(signer)?;", "let _ = signer;", BY_LENDER),
    unrelated("CreditUpkeep", OF_MARKET),
    unrelated("PayableCredit", OF_MARKET),
    unrelated("PayableCredit", OF_CREDIT),
    unrelated("PayableCredit", NOT_FROZEN),
    # Origination.
    unsigned("CreditOffer", "lender"),
    unsigned("CreditOffer", "rent_payer"),
    unrelated("CreditOffer", "constraint = borrower.key() != lender.key() @ BlockableError::SelfLoan"),
    unrelated("CreditOffer", OF_MARKET),
    unrelated("CreditOffer", "address = market.load()?.payment_mint @ BlockableError::MintMismatch"),
    unrelated("CreditOffer", "constraint = source.mint == mint.key() @ BlockableError::TokenAccountMint"),
    unrelated("CreditOffer", "constraint = source.owner == lender.key() @ BlockableError::TokenAccountOwner"),
    unrelated("CreditOffer", "address = market.load()?.token_program @ BlockableError::TokenProgramMismatch"),
    any_program("CreditOffer", "system_program", SYSTEM),
    action("offer", "accept", "the borrower", "ensure(self.borrower == *signer, BlockableError::NotBorrower)?;", "let _ = signer;", ["credit_accept"]),
    action("offer", "OfferRead::require", "the terms hash", "ensure(credit.terms_hash == self.terms_hash, BlockableError::TermsHashMismatch)?;", "", ["credit_accept", "credit_issue"]),
    unsigned("CreditIssue", "authority"),
    unrelated("CreditIssue", "constraint = credit_vault.credit.load()?.provider == provider.key() @ BlockableError::ProviderMismatch"),
    unrelated("CreditIssue", "has_one = authority @ BlockableError::NotProvider"),
    unrelated("CreditIssue", "constraint = provider.load()?.settings.payout == payout.key() @ BlockableError::PayoutMismatch"),
    unsigned("CreditCancelOffer", "party"),
    unrelated("CreditCancelOffer", "constraint = credit_vault.credit.load()?.rent_payer == receiver.key() @ BlockableError::ReceiverMismatch"),
    action("cancel", "cancel", "a party", "ensure(by_lender || by_borrower, BlockableError::NotParty)?;", "let _ = by_lender || by_borrower;", ["credit_cancel_offer"]),
    action("cancel", "cancel", "the borrower only once it has accepted", " && status == Status::Accepted;", " && status != Status::Closed;", ["credit_cancel_offer"]),
    handler("credit_cancel_offer", "handle", "the lender's token account", "accounts.credit_vault.require_payable(&accounts.refund, &lender, accounts.party.key)?;", "let _ = lender;", ["credit_cancel_offer"]),
    # Servicing.
    unsigned("CreditRepay", "payer"),
    handler("accounts", "pay_in", "the payer's token account", "self.require_owned(from, payer.key)?;", "", ["lot_buy"] + REPAY),
    unsigned("CreditRestructure", "lender"),
    unsigned("CreditRestructure", "borrower"),
    unrelated("CreditRestructure", OF_MARKET),
    unrelated("CreditRestructure", "has_one = lender @ BlockableError::NotLender"),
    unrelated("CreditRestructure", "has_one = borrower @ BlockableError::NotBorrower"),
    optional_unsigned("CreditRestructure", "provider_authority"),
    handler("credit_restructure", "provider_has_signed", "the credit's provider", "ensure(provider.key() == credit.provider, BlockableError::ProviderMismatch)?;", "", ["credit_restructure"]),
    handler("credit_restructure", "provider_has_signed", "its authority", "provider.load()?.require_authority(authority.key)?;", "let _ = authority;", ["credit_restructure"]),
    action("restructure", "require_holdback_waits_no_longer", "no longer wait without the provider", "now < self.cancel_opens_at() && would_open <= opens", "now < self.cancel_opens_at() && (would_open <= opens || true)", ["credit_restructure"]),
    action("restructure", "require_holdback_waits_no_longer", "no wait after anybody may cancel", "now < self.cancel_opens_at() && would_open <= opens", "(now < self.cancel_opens_at() || true) && would_open <= opens", ["credit_restructure"]),
    unsigned("CreditOfferBorrower", "lender"),
    unsigned("CreditOfferBorrower", "borrower"),
    unrelated("CreditOfferBorrower", OF_MARKET),
    unrelated("CreditOfferBorrower", "has_one = lender @ BlockableError::NotLender"),
    unrelated("CreditOfferBorrower", "has_one = borrower @ BlockableError::NotBorrower"),
    action("hand_over", "withdraw_borrower", "a party", "ensure(*signer == self.lender || *signer == self.borrower, BlockableError::NotParty)?;", "let _ = signer;", ["credit_withdraw_borrower"]),
    action("hand_over", "accept_borrower", "the key it was offered to", "ensure(self.pending_borrower == *signer, BlockableError::NotOffered)?;", "", ["credit_accept_borrower"]),
    action("assign", "offer_lender", "not the borrower", "ensure(to != self.borrower, BlockableError::SelfLoan)?;", "", ["credit_offer_lender"]),
    action("assign", "accept_lender", "the key it was offered to", "ensure(self.pending_lender == *signer, BlockableError::NotOffered)?;", "", ["credit_accept_lender"]),
    unsigned("VaultCollect", "caller"),
    handler("vault_collect", "handle", "where it may be paid", "accounts.require_destination(&credit, party)?;", "let _ = VaultCollect::require_destination;", ["vault_collect"]),
    handler("vault_collect", "require_destination", "the market's treasury", "return ensure(is_treasury, BlockableError::DestinationNotAllowed);", "return ensure(is_treasury || true, BlockableError::DestinationNotAllowed);", ["vault_collect"]),
    handler("vault_collect", "require_payout", "the credit's provider", "ensure(provider.key() == credit.provider, BlockableError::ProviderMismatch)?;", "", ["vault_collect"]),
    handler("vault_collect", "require_payout", "the provider's payout account", "ensure(self.destination.key() == payout, BlockableError::DestinationNotAllowed)", "{ let _ = payout; Ok(()) }", ["vault_collect"]),
    Mutant("state/provider.rs", "open_payout", "not suspended by the admin", "ensure(!self.is_suspended_by_admin(), BlockableError::ClaimSuspended)?;", "", ["vault_collect"]),
    handler("accounts", "require_payable", "owned by the party, and its associated account or the party signs", "ensure(account.owner == *owner && is_chosen, BlockableError::DestinationNotAllowed)", "ensure(account.owner == *owner && is_chosen || true, BlockableError::DestinationNotAllowed)", ["vault_collect", "credit_cancel_offer"]),
    handler("accounts", "require_payable", "the caller is the party, or the associated account", "let is_chosen = caller == owner || account.key() == associated();", "let is_chosen = caller == owner || account.key() == associated() || true;", ["vault_collect", "credit_cancel_offer"]),
    # Enforcement.
    Mutant("state/credit.rs", "require_freezer", "lender or freeze authority", "ensure(*signer == self.lender || *signer == self.freeze_authority, BlockableError::NotFreezer)", "{ let _ = signer; Ok(()) }", ["credit_freeze", "credit_thaw"]),
    unsigned("CreditFreeze", "authority"),
    unrelated("CreditFreeze", OF_MARKET),
    unrelated("CreditFreeze", "constraint = other.key() != credit.key() @ BlockableError::CrossCreditMismatch"),
    action("freeze", "require_may_freeze", "cross-default is agreed", "ensure(self.rider.cross_default == 1, BlockableError::CrossDefaultNotAgreed)?;", "", ["credit_freeze"]),
    action("freeze", "require_may_freeze", "the policy", "ensure(for_reserve, BlockableError::FreezePolicyForbids)", "{ let _ = for_reserve; Ok(()) }", ["credit_freeze"]),
    action("freeze", "is_cross_default", "in default or being seized", "is_broken && other.lender", "(is_broken || true) && other.lender", ["credit_freeze"]),
    action("freeze", "is_cross_default", "of the same lender", " && other.lender == self.lender", "", ["credit_freeze"]),
    action("freeze", "is_cross_default", "of the same borrower", " && other.borrower == self.borrower", "", ["credit_freeze"]),
    action("freeze", "auto_freeze", "the terms name the status", "ensure(is_agreed, BlockableError::AutoFreezeNotAgreed)?;", "let _ = is_agreed;", ["credit_auto_freeze"]),
    unrelated("CreditThawCross", OF_MARKET),
    unrelated("CreditThawCross", "constraint = credit.load()?.cross_credit == other.key() @ BlockableError::CrossCreditMismatch"),
    handler("credit_thaw_cross", "handle", "an account of this program is read", "let is_closed = *accounts.other.owner != crate::ID;", "let is_closed = *accounts.other.owner != crate::ID || true;", ["credit_thaw_cross"]),
    action("freeze", "thaw_cross", "the default is over", "ensure(!stands, BlockableError::CrossDefaultStands)?;", "let _ = stands;", ["credit_thaw_cross"]),
    unsigned("CreditGiveNotice", "authority"),
    # Recovery.
    unsigned("CreditSeizeToPool", "lender"),
    unsigned("CreditSeizeToPool", "rent_payer"),
    unrelated("CreditSeizeToPool", OF_MARKET),
    unrelated("CreditSeizeToPool", "has_one = lender @ BlockableError::NotLender"),
    unrelated("CreditSeizeToPool", OF_CREDIT),
    unrelated("CreditSeizeToPool", NOT_FROZEN),
    any_program("CreditSeizeToPool", "system_program", SYSTEM),
    unsigned("CreditSeizeToLender", "lender"),
    unsigned("CreditSeizeToLender", "rent_payer"),
    unrelated("CreditSeizeToLender", OF_MARKET),
    unrelated("CreditSeizeToLender", "has_one = lender @ BlockableError::NotLender"),
    unrelated("CreditSeizeToLender", OF_CREDIT),
    unrelated("CreditSeizeToLender", NOT_FROZEN),
    unrelated("CreditSeizeToLender", "has_one = provider @ BlockableError::ProviderMismatch"),
    any_program("CreditSeizeToLender", "system_program", SYSTEM),
    action("seize", "take_from_lien", "no covered unit in a lot", "let uncovered = seizable.saturating_sub(self.covered()?);", "let uncovered = seizable;", ["credit_seize_to_pool"]),
    unsigned("CreditCancelLocked", "signer"),
    optional_unsigned("CreditCancelLocked", "borrower"),
    unrelated("CreditCancelLocked", OF_MARKET),
    unrelated("CreditCancelLocked", OF_CREDIT),
    unrelated("CreditCancelLocked", NOT_FROZEN),
    unrelated("CreditCancelLocked", "has_one = provider @ BlockableError::ProviderMismatch"),
    action("cancel_locked", "require_both", "the lender", "self.require_lender(&signers.signer)?;", "", ["credit_cancel_locked"]),
    action("cancel_locked", "require_both", "the borrower", "ensure(signers.borrower == Some(self.borrower), BlockableError::NotBorrower)", "Ok(())", ["credit_cancel_locked"]),
    action("cancel_locked", "cancel_locked", "the provider is suspended", "provider.require_suspended_for(market.min_suspension, clock)?;", "let _ = market;", ["credit_cancel_locked"]),
    Mutant("state/provider.rs", "require_suspended_for", "by the admin", "ensure(self.is_suspended_by_admin() && long_enough, ", "ensure(long_enough, ", ["credit_cancel_locked"]),
    Mutant("state/provider.rs", "require_suspended_for", "for long enough", "ensure(self.is_suspended_by_admin() && long_enough, ", "ensure(self.is_suspended_by_admin() && (long_enough || true), ", ["credit_cancel_locked"]),
    action("cancel_locked", "require_may_cancel", "the cure period has passed", "self.require_cure_period_over(clock)?;", "", ["credit_cancel_locked"]),
    action("cancel_locked", "require_may_cancel", "the lender until anybody may", "ensure(clock.market >= self.cancel_opens_at(), BlockableError::CancelNotOpen)?;", "", ["credit_cancel_locked"]),
    action("cancel_locked", "require_may_cancel", "anybody cancels all", "ensure(cancels_all, BlockableError::CancelsAll)", "{ let _ = cancels_all; Ok(()) }", ["credit_cancel_locked"]),
    unsigned("CreditWriteOff", "authority"),
    unrelated("CreditWriteOff", OF_MARKET),
    unrelated("CreditWriteOff", "has_one = provider @ BlockableError::ProviderMismatch"),
    action("forgive", "write_off", "the cure period where units are cancelled", "self.require_cure_period_over(clock)?;", "", ["credit_write_off"]),
    action("reserve", "require_reserve_recovers", "no covered unit is left", "ensure(self.covered()? == 0, BlockableError::CancelFirst)?;", "", ["reserve_draw"]),
    action("reserve", "require_reserve_recovers", "nothing to seize", "ensure(self.collateral.lien() == 0 || has_expired, BlockableError::SeizeFirst)?;", "let _ = has_expired;", ["reserve_draw"]),
    action("reserve", "require_reserve_recovers", "the cure period has passed", "self.require_cure_period_over(clock)", "{ let _ = clock; Ok(()) }", ["reserve_draw"]),
    unsigned("LotBuy", "buyer"),
    unsigned("LotBuy", "rent_payer"),
    unrelated("LotBuy", "constraint = credit_vault.credit.load()?.provider == provider.key() @ BlockableError::ProviderMismatch"),
    unrelated("LotBuy", "constraint = lot.load()?.credit == credit_vault.credit.key() @ BlockableError::LotMismatch"),
    any_program("LotBuy", "system_program", SYSTEM),
    unsigned("LotClose", "closer"),
    unrelated("LotClose", OF_MARKET),
    unrelated("LotClose", "has_one = credit @ BlockableError::LotMismatch"),
    unrelated("LotClose", "has_one = rent_payer @ BlockableError::ReceiverMismatch"),
    action("lot", "close_lot", "the lender while units come back to a debt", "ensure(*signer == self.lender, BlockableError::LotNotYours)?;", "let _ = signer;", ["lot_close"]),
    # Housekeeping.
    unrelated("VaultClose", "constraint = credit_vault.credit.load()?.rent_payer == receiver.key() @ BlockableError::ReceiverMismatch"),
    unrelated("VaultClose", "constraint = credit_vault.market.load()?.treasury == treasury.key() @ BlockableError::TreasuryMismatch"),
    unsigned("CreditClose", "closer"),
    unrelated("CreditClose", "constraint = credit.load()?.rent_payer == receiver.key() @ BlockableError::ReceiverMismatch"),
    unrelated("CreditClose", OF_MARKET),
    unrelated("CreditClose", "has_one = provider @ BlockableError::ProviderMismatch"),
    action("close", "close", "the borrower while units are left", "ensure(given_up == 0 || (by_borrower && given_up <= most_units), BlockableError::UnitsLeft)?;", "let _ = (by_borrower, most_units);", ["credit_close"]),
    # Markets.
    unsigned("MarketCreate", "rent_payer"),
    unsigned("MarketCreate", "admin"),
    unrelated("MarketCreate", "constraint = mint.to_account_info().owner == token_program.key @ BlockableError::TokenProgramMismatch"),
    unrelated("MarketCreate", "constraint = treasury.mint == mint.key() @ BlockableError::TokenAccountMint"),
    any_program("MarketCreate", "system_program", SYSTEM),
    handler("market_create", "handle", "the mint's extensions", "check_mint(&accounts.mint.to_account_info())?;", "let _ = check_mint;", ["market_create"]),
    unsigned("MarketProposeChange", "authority"),
    unrelated("MarketProposeChange", "constraint = treasury.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint"),
    handler("market_change", "MarketProposeChange::handle", "the treasury of the settings", "ensure(settings.treasury == accounts.treasury.key(), BlockableError::TreasuryMismatch)?;", "", ["market_propose_change"]),
    unsigned("MarketControl", "authority"),
    action("market", "begin_by_admin", "the admin", "self.require_admin(signer)", "{ let _ = signer; Ok(()) }", BY_ADMIN + ["market_propose_change"]),
    action("market", "accept_admin", "the key it was offered to", "ensure(self.pending_admin == *signer, BlockableError::NotOffered)?;", "", ["market_accept_admin"]),
    action("market", "require_ready", "the delay has passed", "ensure(clock.market >= ready_at, BlockableError::ChangeDelayRunning)?;", "", ["market_apply_change", "market_accept_admin", "provider_apply_change", "provider_accept_authority", "credit_accept_borrower"]),
    action("emergency", "require_guardian", "guardian or admin", "ensure(*signer == self.guardian || *signer == self.admin, BlockableError::NotGuardian)", "{ let _ = signer; Ok(()) }", ["market_pause", "market_halt"]),
    action("emergency", "unpause", "the admin while it runs", "ensure(by_admin || !clock.is_paused, BlockableError::PauseRunning)?;", "let _ = by_admin;", ["market_unpause"]),
    action("emergency", "lift_halt", "the halt that was read", "ensure(self.halted_at == halted_at, BlockableError::HaltReplaced)?;", "let _ = halted_at;", ["market_lift_halt"]),
    # Providers.
    unsigned("ProviderRegister", "authority"),
    unsigned("ProviderRegister", "rent_payer"),
    unrelated("ProviderRegister", "constraint = payout.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint"),
    unrelated("ProviderRegister", "address = SLOT_HASHES @ BlockableError::ClusterTagMissing"),
    any_program("ProviderRegister", "system_program", SYSTEM),
    handler("provider_register", "handle", "the payout of the settings", "ensure(settings.payout == accounts.payout.key(), BlockableError::PayoutMismatch)?;", "", ["provider_register"]),
    unsigned("ProviderUpdate", "authority"),
    unrelated("ProviderUpdate", OF_MARKET),
    action("provider", "begin_by_authority", "the authority", "self.require_authority(signer)", "{ let _ = signer; Ok(()) }", BY_AUTHORITY + ["provider_propose_change"]),
    action("provider", "accept_authority", "the key it was offered to", "ensure(self.pending_authority == *signer, BlockableError::NotOffered)?;", "", ["provider_accept_authority"]),
    action("provider", "suspension_flags", "authority or admin", "if own | admins == 0 { Err(BlockableError::NotProvider.into()) } else { Ok(own | admins) }", "Ok(own | admins)", ["provider_suspend", "provider_resume"]),
    action("provider", "suspension_flags", "the authority for its own flag", "if self.authority == *signer {", "if self.authority != Pubkey::default() {", ["provider_suspend", "provider_resume"]),
    action("provider", "suspension_flags", "the admin for the admin's flag", "if admin == signer {", "if *admin != Pubkey::default() {", ["provider_suspend", "provider_resume"]),
    unsigned("ProviderProposeChange", "authority"),
    unrelated("ProviderProposeChange", OF_MARKET),
    unrelated("ProviderProposeChange", "constraint = payout.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint"),
    handler("provider_change", "ProviderProposeChange::handle", "the payout of the settings", "ensure(settings.payout == accounts.payout.key(), BlockableError::PayoutMismatch)?;", "", ["provider_propose_change"]),
    # Metering: its credits come after the named accounts, and its signatures inside the data.
    unrelated("UsageMeter", OF_MARKET),
    handler("usage_meter", "handle", "a credit is given", "ensure(!ctx.remaining_accounts.is_empty(), BlockableError::CreditsMissing)?;", "", ["usage_meter"]),
    action("meter", "verify", "a report is given", "ensure(!reports.is_empty(), BlockableError::ReportsMissing)?;", "", ["usage_meter"]),
    action("meter", "verify", "a quorum of reports", "ensure(reports.len() >= usize::from(provider.settings.quorum), BlockableError::QuorumNotReached)?;", "", ["usage_meter"]),
    action("meter", "verify_report", "distinct reporters", "ensure(!is_repeated, BlockableError::ReporterRepeated)?;", "let _ = is_repeated;", ["usage_meter"]),
    action("meter", "verify_report", "unexpired reporters", "ensure(clock.chain < reporter.expires_at, BlockableError::ReporterExpired)?;", "", ["usage_meter"]),
    action("meter", "verify_report", "not from the future", "report.reported_at <= clock.chain.saturating_add(MAX_CLOCK_SKEW_SECONDS),", "report.reported_at <= clock.chain.saturating_add(MAX_CLOCK_SKEW_SECONDS) || true,", ["usage_meter"]),
    action("meter", "verify_report", "no credit beyond the chunk", "chunk_bits == 0 && report.bitmap", "chunk_bits < u32::MAX && report.bitmap", ["usage_meter"]),
    action("meter", "verify_report", "a reading per credit", "report.bitmap.count_ones() as usize == report.readings.len()", "report.bitmap.count_ones() as usize != usize::MAX", ["usage_meter"]),
    action("meter", "verify_report", "the signature", "signature::verify(&reporter.key, &report.signature, &report.digest(scope)),", "signature::verify(&reporter.key, &report.signature, &report.digest(scope)) || true,", ["usage_meter"]),
    of_credit("instructions/usage_meter.rs", "meter_credit", "writable", "if !account.is_writable {", "if !account.is_writable && account.key == &Pubkey::default() {"),
    of_credit("actions/meter.rs", "bit_of", "of this market", "credit.market != scope.market || ", ""),
    of_credit("actions/meter.rs", "bit_of", "of this provider", "credit.provider != scope.provider || ", ""),
    of_credit("actions/meter.rs", "bit_of", "has an index", " || credit.has_index == 0 {", " {"),
    of_credit("actions/meter.rs", "bit_of", "of this chunk", "if chunk != scope.chunk {", "if chunk != scope.chunk && chunk == u32::MAX {"),
    of_credit("actions/meter.rs", "meter", "each credit once", "if self.seen & flag != 0 {", "if self.seen & flag != 0 && flag == 0 {"),
    of_credit("actions/meter.rs", "quorum_reading", "a quorum reports on the credit", "if count < usize::from(self.provider.settings.quorum) {", "if count < usize::from(self.provider.settings.quorum.min(1)) {"),
]
MUTANTS += [any_event_authority(struct) for struct in STRUCTS if struct not in ("CreditVault", "PayableCredit")]

EVERY = sorted({instruction for mutant in MUTANTS for instruction in mutant.instructions})
MUTANTS.append(Mutant("state/pause.rs", "require_open", "the market is not paused",
                      "ensure(!self.is_paused, BlockableError::MarketPaused)", "Ok(())",
                      [instruction for instruction in EVERY if instruction not in WHILE_PAUSED]))
MUTANTS.append(Mutant("state/pause.rs", "require_new_business", "the market is not halted",
                      "ensure(!self.is_halted, BlockableError::MarketHalted)", "Ok(())", WHILE_OPEN))
