//! `blockable credit collect`: claims are paid out of a credit's vault.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        output::Answer,
    },
    blockable_sdk::{
        Pubkey,
        amounts::MicroUsd,
        events::Change,
        instructions::{vault_collect, vault_collect_for_provider},
        program::state::Party,
        tokens::create_associated,
    },
    blockable_service::{command::values::address, text},
    clap::{Args, ValueEnum},
};

/// Pays a party's claim out of the credit's vault, into that party's own account
///
/// Anyone may sign: nobody can direct the money elsewhere.
#[derive(Args, Debug)]
pub(crate) struct CollectArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// The party that is paid
    #[arg(long = "for", value_name = "PARTY", value_enum, default_value_t = PartyName::Lender)]
    party: PartyName,
    #[command(flatten)]
    sign: SignArgs,
}

/// A party to the money in a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartyName {
    /// Repayments and recoveries
    Lender,
    /// Surplus of sales, the returned reserve
    Borrower,
    /// Holdback that payments have earned
    Provider,
    /// The market's fees
    Treasury,
}

/// Collects. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &CollectArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let (account, keys) = (&credit.account, market.keys());
    let (party, usual) = match args.party {
        PartyName::Lender => (Party::Lender, account.lender),
        PartyName::Borrower => (Party::Borrower, account.borrower),
        PartyName::Provider => (Party::Provider, account.lender),
        PartyName::Treasury => (Party::Treasury, account.lender),
    };
    let claim = account.claims.of(party);
    if claim == 0 {
        let says = format!("the {} has no claim on {}", format!("{party:?}").to_lowercase(), credit.address);
        return Ok(on.nothing(&says));
    }
    let parties = on.parties(usual)?;
    let (caller, address) = (&parties.signer, &credit.address);
    let (destination, instructions) = match party {
        Party::Lender | Party::Borrower => {
            let to = keys.token_account(&usual);
            let create = create_associated(&parties.payer, &usual, &keys.mint, &keys.token_program);
            (to, vec![create, vault_collect(&keys, caller, address, &to, party, claim)])
        }
        Party::Treasury => {
            let to = market.account.treasury;
            (to, vec![vault_collect(&keys, caller, address, &to, party, claim)])
        }
        Party::Provider => {
            let to = on.session.client.provider(&account.provider).await?.settings.payout;
            (to, vec![vault_collect_for_provider(&keys, caller, address, &account.provider, &to, claim)])
        }
    };
    let sum = text::usd_received(MicroUsd(claim));
    let act = Act::new(
        format!("pay {sum} or more out to {destination}"),
        Role::anyone("anyone", usual),
        instructions,
        "the payment: the money leaves the vault",
        format!("paid {sum} or more to {destination}"),
    )
    .with_landed(move |record| match &record.change {
        Change::Collected { party: of, amount, .. } if *of == party => {
            Some(format!("paid {} to {destination}", text::usd_received(MicroUsd(*amount))))
        }
        _ => None,
    });
    on.carry_out(&parties, act).await
}
