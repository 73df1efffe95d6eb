//! `blockable-provider collect`.

use {
    super::chain::{ActError, Answer, Authority, ChainArgs, Plan, Session, carry_out},
    blockable_sdk::{
        Hash, Instruction, Pubkey, SIGNATURE_BYTES,
        accounts::CreditFilter,
        amounts::{Lamports, MicroUsd},
        instructions::vault_collect_for_provider,
        program::state::{Credit, Provider},
        transactions::{V0_MAX_BYTES, message_v0},
    },
    blockable_service::text,
    clap::Args,
    serde_json::{Value, json},
};

/// Bytes of a compute budget's two instructions and their program in a message.
const BUDGET_BYTES: usize = 64;
/// Most collects in a transaction: a collect takes less than 100,000 of its 1,400,000 compute units.
const MOST_COLLECTS: usize = 12;

/// Pays all that payments have earned you to the payout account, in as few transactions as fit
#[derive(Args, Debug)]
pub(super) struct CollectArgs {
    #[command(flatten)]
    chain: ChainArgs,
}

impl CollectArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

/// Collects. Errors: [`ActError`].
pub(super) async fn run(args: &CollectArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let provider = session.provider().await?;
    let claims = claims(&session).await?;
    if claims.is_empty() {
        let says = "no credit has a claim of yours".to_string();
        return Ok(Answer::nothing(&session, says, json!({"collected": [], "total": 0})));
    }
    if provider.is_suspended_by_admin() {
        return Err(ActError::Refused(
            "the market's admin has suspended the provider, and its claims wait until that is lifted"
                .to_string(),
        ));
    }
    let plan = plan(&session, &provider, &claims)?;
    let authority = Authority::load(&session.args, &session.config.operator, provider.authority)?;
    let carried = carry_out(&session, &authority, &plan).await?;
    let total = total(&claims);
    let done = format!(
        "collected {} from {} to {}",
        text::usd_received(MicroUsd(total)),
        credits(claims.len()),
        provider.settings.payout
    );
    let collected: Vec<Value> = claims
        .iter()
        .map(|(address, credit)| json!({"credit": address.to_string(), "amount": credit.claims.provider}))
        .collect();
    Ok(carried.answer(&session, Ok((done, json!({"collected": collected, "total": total})))))
}

/// The provider's credits with a claim of its own.
pub(super) async fn claims(session: &Session) -> Result<Vec<(Pubkey, Credit)>, ActError> {
    let filters = [CreditFilter::Provider(session.provider_address())];
    let mut credits = session.client.credits(&filters).await?;
    credits.retain(|(_, credit)| credit.claims.provider > 0);
    credits.sort_by_key(|(address, credit)| (std::cmp::Reverse(credit.claims.provider), *address));
    Ok(credits)
}

/// The sum of claims, in micro-USDC.
pub(super) fn total(claims: &[(Pubkey, Credit)]) -> u64 {
    claims.iter().fold(0, |sum, (_, credit)| sum.saturating_add(credit.claims.provider))
}

fn plan(session: &Session, provider: &Provider, claims: &[(Pubkey, Credit)]) -> Result<Plan, ActError> {
    let (keys, payout) = (session.keys(), provider.settings.payout);
    let mut effect = Vec::new();
    let mut collects = Vec::new();
    for (address, credit) in claims {
        let claim = credit.claims.provider;
        effect.push((address.to_string(), text::usd_received(MicroUsd(claim))));
        // At least what the review shows: where another has collected it meanwhile, this fails and nothing is paid for.
        let (caller, provider) = (&provider.authority, session.provider_address());
        collects.push(vault_collect_for_provider(&keys, caller, address, &provider, &payout, claim));
    }
    effect.push(("to".to_string(), payout.to_string()));
    Ok(Plan {
        title: format!(
            "collect {} from {}",
            text::usd_received(MicroUsd(total(claims))),
            credits(claims.len())
        ),
        effect,
        irreversible: "money that is paid out stays paid out".to_string(),
        rent: Lamports(0),
        transactions: pack(&provider.authority, collects),
    })
}

fn credits(count: usize) -> String {
    if count == 1 { "one credit".to_string() } else { format!("{count} credits") }
}

/// Packs instructions, in their order, into as few transactions of version 0 as their bytes allow.
fn pack(payer: &Pubkey, instructions: Vec<Instruction>) -> Vec<Vec<Instruction>> {
    let mut transactions: Vec<Vec<Instruction>> = Vec::new();
    for instruction in instructions {
        if let Some(last) = transactions.last_mut() {
            last.push(instruction);
            if fits(payer, last) {
                continue;
            }
            if let Some(instruction) = last.pop() {
                transactions.push(vec![instruction]);
            }
        } else {
            transactions.push(vec![instruction]);
        }
    }
    transactions
}

fn fits(payer: &Pubkey, instructions: &[Instruction]) -> bool {
    let bytes = |instructions: &[Instruction]| {
        message_v0(instructions, payer, Hash::default()).map(|message| message.serialize().len())
    };
    let room = V0_MAX_BYTES - SIGNATURE_BYTES - 1 - BUDGET_BYTES;
    instructions.len() <= MOST_COLLECTS && bytes(instructions).is_ok_and(|bytes| bytes <= room)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{instructions::MarketKeys, tokens::TOKEN_PROGRAM},
    };

    fn address(number: u16) -> Pubkey {
        let mut bytes = [7; 32];
        bytes[..2].copy_from_slice(&number.to_le_bytes());
        Pubkey::new_from_array(bytes)
    }

    #[test]
    fn collects_fill_transactions_that_fit_and_none_is_left_out() {
        let keys = MarketKeys { market: address(1), mint: address(2), token_program: TOKEN_PROGRAM };
        let collect = |number: u16| {
            vault_collect_for_provider(&keys, &address(3), &address(number), &address(4), &address(5), 1)
        };
        for count in [1u16, 2, 9, 10, 11, 50] {
            let all: Vec<Instruction> = (0..count).map(|number| collect(100 + number)).collect();
            let packed = pack(&address(3), all.clone());
            assert_eq!(packed.concat(), all);
            assert!(packed.iter().all(|instructions| fits(&address(3), instructions)), "{count}");
            let most = packed.iter().map(Vec::len).max().unwrap();
            assert!(packed.len() <= usize::from(count).div_ceil(most), "{count}: {} of {most}", packed.len());
            assert!(most >= usize::from(count.min(8)), "{count}: only {most} fit");
        }
    }
}
