//! `blockable-provider collect`.

use {
    super::chain::{ActError, Authority, ChainArgs, Session, carry_out, nothing, role},
    blockable_sdk::{
        Hash, Instruction, Pubkey, SIGNATURE_BYTES,
        accounts::CreditFilter,
        amounts::{Lamports, MicroUsd},
        instructions::vault_collect_for_provider,
        program::state::{Credit, Provider},
        transactions::{V0_MAX_BYTES, message_v0},
    },
    blockable_service::{
        command::{After, Answer, Change, Effect, EffectLine, Step},
        text,
    },
    clap::Args,
    serde_json::json,
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
        let says = "no credit has a claim of yours";
        return Ok(nothing(&session, says, json!({"collected": [], "total": 0})));
    }
    if provider.is_suspended_by_admin() {
        return Err(ActError::Refused(
            "the market's admin has suspended the provider, and its claims wait until that is lifted"
                .to_string(),
        ));
    }
    let authority = Authority::load(&session.args, &session.config.operator, provider.authority)?;
    let (sum, count, payout) = (usd(total(&claims)), credits(claims.len()), provider.settings.payout);
    let change = Change {
        title: format!("collect {sum} from {count}"),
        market: session.market_head(),
        role: role(&authority),
        facts: vec![("paid to".to_string(), payout.to_string())],
        steps: steps(&session, &provider, &claims),
        effect: Box::new(|after| effect(&claims, after)),
        irreversible: "money that is paid out stays paid out".to_string(),
        rent: Lamports::ZERO,
        created: Vec::new(),
        gate: None,
    };
    carry_out(&session, &authority, &change, |_| format!("collected {sum} from {count} to {payout}")).await
}

/// The effect of the collects: each claim before and after, and as data what was paid out. Errors: [`ActError::Carry`].
fn effect(claims: &[(Pubkey, Credit)], after: &After) -> Result<Effect, ActError> {
    let (mut lines, mut collected, mut total) = (Vec::new(), Vec::new(), 0_u64);
    for (address, credit) in claims {
        // A credit that has ended is removed with its last claim.
        let left = after.read::<Credit>(address)?.map_or(0, |now| now.claims.provider);
        let paid = credit.claims.provider.saturating_sub(left);
        total = total.saturating_add(paid);
        lines.extend(EffectLine::changed(format!("claim {address}"), usd(credit.claims.provider), usd(left)));
        collected.push(json!({"credit": address.to_string(), "amount": paid}));
    }
    Ok(Effect { lines, state: json!({"collected": collected, "total": total}) })
}

fn usd(amount: u64) -> String {
    text::usd_received(MicroUsd(amount))
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

/// One collect per claim, in as few transactions as fit.
fn steps(session: &Session, provider: &Provider, claims: &[(Pubkey, Credit)]) -> Vec<Step> {
    let (keys, payout) = (session.keys(), provider.settings.payout);
    let (caller, address) = (&provider.authority, session.provider_address());
    // At least what the review shows: where another has collected it meanwhile, this fails and nothing is paid for.
    let collect = |(credit, account): &(Pubkey, Credit)| {
        let claim = account.claims.provider;
        let instruction = vault_collect_for_provider(&keys, caller, credit, &address, &payout, claim);
        Step { instructions: vec![instruction], watched: vec![*credit] }
    };
    pack(caller, claims.iter().map(collect))
}

fn credits(count: usize) -> String {
    if count == 1 { "one credit".to_string() } else { format!("{count} credits") }
}

/// Packs steps, in their order, into as few transactions of version 0 as their bytes allow.
fn pack(payer: &Pubkey, steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut packed: Vec<Step> = Vec::new();
    for step in steps {
        if let Some(last) = packed.last_mut() {
            let together = [&last.instructions[..], &step.instructions].concat();
            if fits(payer, &together) {
                last.instructions = together;
                last.watched.extend(step.watched);
                continue;
            }
        }
        packed.push(step);
    }
    packed
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
            let steps = all
                .iter()
                .map(|collect| Step { instructions: vec![collect.clone()], watched: vec![address(0)] });
            let steps = pack(&address(3), steps);
            assert_eq!(steps.iter().map(|step| step.watched.len()).sum::<usize>(), all.len());
            let packed: Vec<Vec<Instruction>> = steps.into_iter().map(|step| step.instructions).collect();
            assert_eq!(packed.concat(), all);
            assert!(packed.iter().all(|instructions| fits(&address(3), instructions)), "{count}");
            let most = packed.iter().map(Vec::len).max().unwrap();
            assert!(packed.len() <= usize::from(count).div_ceil(most), "{count}: {} of {most}", packed.len());
            assert!(most >= usize::from(count.min(8)), "{count}: only {most} fit");
        }
    }
}
