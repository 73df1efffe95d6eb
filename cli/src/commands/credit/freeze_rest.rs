//! The rest of a freeze of several credits, where the chain has refused a part of it.

use {
    super::{
        freeze::{already, done},
        freeze_amount::PlannedFreeze,
        freeze_change::{change, effect, instruction},
        gates::Gates,
        not_frozen::NotFrozen,
    },
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::{carry_out_at_once, nothing},
        change::{After, Effect, EffectLine},
        error::CliError,
        lookup::{CreditView, credit as one},
        output::{Answer, note},
        parties::Parties,
        session::{MarketView, Session},
    },
    blockable_sdk::{PROGRAM_ID, Pubkey, Signature, accounts::BlockableAccount, program::state::Credit},
    blockable_service::command::{CarryError, Exit, Failure, SendFailed},
    futures_util::future::join_all,
    serde_json::{Value, json},
};

/// Freezes that are sent at one time: more of them would meet the limits of public nodes.
const AT_ONE_TIME: usize = 8;

/// A freeze that was reviewed, or would have been: of each credit no more than this is frozen.
pub(super) struct Reviewed<'a> {
    pub planned: &'a [(CreditView, PlannedFreeze)],
    pub market: &'a MarketView,
    pub parties: &'a Parties,
    pub gates: &'a Gates,
}

impl Reviewed<'_> {
    /// Goes on where transactions were refused: a borrower that changes one loan, or somebody else who freezes it, must not keep the
    /// others open. Each credit is read again and planned with its reviewed amount and reason. One of which as much is frozen by now is
    /// done, and one that cannot be frozen is not_frozen. What was confirmed is sent again, each in a transaction of its own; what was
    /// refused before its review is reviewed again. `had` is the number of credits that were frozen before.
    ///
    /// Errors: the failure itself where it is no refusal; [`CliError::Refused`] where no credit is frozen; that of a single freeze that
    /// is no refusal.
    pub(super) async fn again(
        &self,
        global: &GlobalArgs,
        sign: &SignArgs,
        had: usize,
        mut not_frozen: NotFrozen,
        failed: SendFailed,
    ) -> Result<Answer, CliError> {
        if !is_refused(&failed) {
            return Err(CliError::Carry(failed.into()));
        }
        // The market's clock shows another time by now, perhaps minutes later.
        let Ok(session) = Session::open(global, Some(sign), None).await else {
            return Err(CliError::Carry(failed.into()));
        };
        let market = session.market(&self.market.address).await?;
        note(&format!("{failed}; the credits are read again, and the others go on"));
        let all: Vec<&(CreditView, PlannedFreeze)> = self.planned.iter().collect();
        let mut left = left(&session, &market, &all).await?;
        left.refused.drain(..).for_each(|(credit, reason)| not_frozen.add(credit, reason));
        let had = had.saturating_add(left.frozen);
        let Some(sent) = failed.at_once else {
            return self.review_again(global, &session, &market, sign, left.open, (had, not_frozen)).await;
        };
        let mut sum =
            Sum { signatures: failed.landed, fee: sent.fee.get(), handed: sent.handed, frozen: had };
        let refused = self.send_each(&session, &market, sign, left.open, &mut sum).await?;
        self.sort_out(&session, &market, refused, &mut sum, &mut not_frozen).await?;
        self.answer(&session, &market, &not_frozen, sum).await
    }

    /// Reviews the freeze of those that the program takes one by one. Nothing was confirmed yet. What is refused then is handled in the same
    /// way again, as long as there are fewer each time. Errors: as [`carry_out_at_once`]; [`CliError::Refused`] where none is left.
    async fn review_again(
        &self,
        global: &GlobalArgs,
        session: &Session,
        market: &MarketView,
        sign: &SignArgs,
        open: Vec<(CreditView, PlannedFreeze)>,
        (had, mut not_frozen): (usize, NotFrozen),
    ) -> Result<Answer, CliError> {
        let (sender, parties) = (session.nodes.sender(None), self.parties);
        let mut taken = Vec::new();
        for (credit, plan) in open {
            let freeze = instruction(&market.address, &parties.signer, &credit.address, &plan);
            match sender.prepare(&[freeze], &parties.sender.payer).await {
                Err(error) if Exit::from_client(&error) == Exit::Refused => {
                    not_frozen.add(credit.address, reason_of(&credit.address, &CliError::from(error)));
                }
                _ => taken.push((credit, plan)),
            }
        }
        not_frozen.warn();
        if taken.is_empty() && had == 0 {
            return Err(not_frozen.refused());
        }
        if taken.is_empty() {
            let sum = Sum { frozen: had, ..Sum::default() };
            return self.answer(session, market, &not_frozen, sum).await;
        }
        let (count, change) = (taken.len(), change(market, &taken, parties, self.gates)?);
        let is_less = count < self.planned.len();
        match carry_out_at_once(session, sign, parties, &change, |_, _| done(count)).await {
            Ok(answer) => Ok(not_frozen.add_to(answer)),
            Err(CliError::Carry(CarryError::Client(failed))) if is_less || failed.at_once.is_some() => {
                let reviewed = Reviewed { planned: &taken, market, parties, gates: self.gates };
                Box::pin(reviewed.again(global, sign, had, not_frozen, failed)).await
            }
            Err(error) => Err(error),
        }
    }

    /// Sends each freeze in a transaction of its own, some at one time, and adds up what has landed. What is sent was confirmed before.
    /// Returns those that were refused, with the reasons. Errors: a failure that is no refusal, once all were tried; of several one
    /// whose outcome is not known.
    async fn send_each(
        &self,
        session: &Session,
        market: &MarketView,
        sign: &SignArgs,
        open: Vec<(CreditView, PlannedFreeze)>,
        sum: &mut Sum,
    ) -> Result<Vec<((CreditView, PlannedFreeze), CliError)>, CliError> {
        let sign = SignArgs { yes: true, ..sign.clone() };
        let (count, mut refused, mut failed) = (open.len(), Vec::new(), Vec::new());
        let mut open = open.into_iter().peekable();
        while open.peek().is_some() {
            let some = open.by_ref().take(AT_ONE_TIME).map(async |entry| {
                let one = std::slice::from_ref(&entry);
                let sent = match change(market, one, self.parties, self.gates) {
                    Ok(change) => {
                        carry_out_at_once(session, &sign, self.parties, &change, |_, _| done(1)).await
                    }
                    Err(error) => Err(error),
                };
                (entry, sent)
            });
            for (entry, sent) in join_all(some).await {
                match sent {
                    Ok(answer) => sum.add(&answer.data),
                    Err(error) if error.exit() == Exit::Refused => refused.push((entry, error)),
                    Err(error) => failed.push(error),
                }
            }
        }
        failed.sort_by_key(|error| error.exit() != Exit::Unknown);
        match failed.into_iter().next() {
            None => Ok(refused),
            Some(CliError::Carry(CarryError::Client(failed))) => {
                let landed = [std::mem::take(&mut sum.signatures), failed.landed].concat();
                let count = count.saturating_add(landed.len());
                Err(CliError::Carry(SendFailed { landed, count, ..failed }.into()))
            }
            Some(error) => Err(error),
        }
    }

    /// Sorts freezes that were refused even alone into those that are done, by somebody else or by a transaction that landed late, and
    /// those that are not_frozen. Errors: [`CliError::Carry`].
    async fn sort_out(
        &self,
        session: &Session,
        market: &MarketView,
        refused: Vec<((CreditView, PlannedFreeze), CliError)>,
        sum: &mut Sum,
        not_frozen: &mut NotFrozen,
    ) -> Result<(), CliError> {
        let entries: Vec<&(CreditView, PlannedFreeze)> = refused.iter().map(|(entry, _)| entry).collect();
        let left = left(session, market, &entries).await?;
        sum.frozen = sum.frozen.saturating_add(left.frozen);
        left.refused.into_iter().for_each(|(credit, reason)| not_frozen.add(credit, reason));
        for (credit, _) in left.open {
            let error = refused.iter().find(|((other, _), _)| other.address == credit.address);
            not_frozen.add(
                credit.address,
                error.map_or_else(String::new, |(_, error)| reason_of(&credit.address, error)),
            );
        }
        Ok(())
    }

    /// The answer about all that came of the freeze. Errors: [`CliError::Refused`] where no credit is frozen; [`CliError::Carry`].
    async fn answer(
        &self,
        session: &Session,
        market: &MarketView,
        not_frozen: &NotFrozen,
        sum: Sum,
    ) -> Result<Answer, CliError> {
        if sum.frozen == 0 {
            return Err(not_frozen.refused());
        }
        not_frozen.warn();
        let watched: Vec<Pubkey> = self.planned.iter().map(|(credit, _)| credit.address).collect();
        let accounts = session.client.accounts(&watched).await?;
        let after = After { accounts: watched.into_iter().zip(accounts).collect() };
        let Effect { lines, state } = effect(market, self.planned, &after)?;
        let mut answer = nothing(session, market, &already(sum.frozen, not_frozen), state);
        let data = &mut answer.data;
        if !sum.signatures.is_empty() {
            answer.text = done(sum.frozen);
        }
        for signature in &sum.signatures {
            answer.text += &format!("\nsignature  {signature}");
        }
        data["signer"] = json!(self.parties.sender.address.to_string());
        data["fee_payer"] = json!(self.parties.sender.payer.to_string());
        data["changed"] = json!(!sum.signatures.is_empty());
        data["signatures"] = sum.signatures.iter().map(ToString::to_string).collect();
        data["fee_lamports"] = json!(sum.fee);
        data["effect"] = lines.iter().map(EffectLine::json).collect();
        if !sum.handed.is_empty() {
            data["gate"] = sum.handed.into();
        }
        Ok(not_frozen.add_to(answer))
    }
}

/// Credits of a freeze, read again.
#[derive(Default)]
struct Left {
    /// Those that are to be frozen yet, as they are now.
    open: Vec<(CreditView, PlannedFreeze)>,
    /// The number of those of which as much is frozen.
    frozen: usize,
    /// Those that cannot be frozen, each with the reason.
    refused: Vec<(Pubkey, String)>,
}

/// Reads credits again, and plans for each what was reviewed. Errors: [`CliError::Carry`].
async fn left(
    session: &Session,
    market: &MarketView,
    reviewed: &[&(CreditView, PlannedFreeze)],
) -> Result<Left, CliError> {
    let addresses: Vec<Pubkey> = reviewed.iter().map(|(credit, _)| credit.address).collect();
    let accounts = session.client.accounts(&addresses).await?;
    let mut left = Left::default();
    for ((credit, plan), account) in reviewed.iter().zip(accounts) {
        let address = credit.address;
        let account = account.filter(|account| account.owner == PROGRAM_ID);
        let Some(Ok(account)) = account.map(|account| Credit::decode(&account.data)) else {
            left.refused.push((address, format!("{address} is not frozen: it is there no more")));
            continue;
        };
        match planned_again(session, market, CreditView { address, account }, plan).await {
            Ok((_, plan)) if plan.is_done() => left.frozen = left.frozen.saturating_add(1),
            Ok(open) => left.open.push(open),
            Err(error) => left.refused.push((address, error.to_string())),
        }
    }
    Ok(left)
}

/// Plans a freeze of the reviewed amount, for the reviewed reason. Errors: as [`PlannedFreeze::new`].
async fn planned_again(
    session: &Session,
    market: &MarketView,
    credit: CreditView,
    plan: &PlannedFreeze,
) -> Result<(CreditView, PlannedFreeze), CliError> {
    let other = match &plan.other {
        Some(other) => Some(one(session, other).await?.0),
        None => None,
    };
    let credit = CreditView::new(credit.address, credit.account, market)?;
    let plan = PlannedFreeze::new(&credit, market, plan.amount, Some(plan.reason), other.as_ref())?;
    Ok((credit, plan))
}

/// All that came of a freeze.
#[derive(Default)]
struct Sum {
    signatures: Vec<Signature>,
    /// Fees in lamports.
    fee: u64,
    /// The answers of the provider's server.
    handed: Vec<Value>,
    /// The number of credits that are frozen.
    frozen: usize,
}

impl Sum {
    /// Adds the answer about one freeze that has landed.
    fn add(&mut self, data: &Value) {
        let signatures = data["signatures"].as_array().into_iter().flatten();
        self.signatures
            .extend(signatures.filter_map(|signature| signature.as_str()?.parse::<Signature>().ok()));
        self.fee = self.fee.saturating_add(data["fee_lamports"].as_u64().unwrap_or_default());
        self.handed.extend(data["gate"].as_array().into_iter().flatten().cloned());
        self.frozen = self.frozen.saturating_add(1);
    }
}

/// True where the program has refused a transaction, perhaps next to other failures.
fn is_refused(failed: &SendFailed) -> bool {
    failed.at_once.as_ref().map_or(failed.exit() == Exit::Refused, |sent| sent.is_refused)
}

/// The reason for which a credit is left out, as a sentence that names it.
fn reason_of(credit: &Pubkey, error: &CliError) -> String {
    format!("{credit} is not frozen: {error}")
}
