//! Carries a change out by the shared frame, which simulates, shows, asks and sends.

use {
    crate::{
        args::SignArgs,
        change::{Change, Effect, MarketHead},
        error::CliError,
        output::Answer,
        parties::Parties,
        session::Session,
    },
    blockable_sdk::events::Event,
    blockable_service::command::{self, Heading, Pending, Signing},
    serde_json::Value,
};

/// Simulates a change, shows it, asks, and sends it; with `--dry-run` it ends after the review, with `--no-send` it prints the
/// transactions instead. `done` says what holds afterwards, by the effect and the events that have landed.
///
/// Errors: [`CliError::Carry`]; nothing was sent then but what the error lists as landed.
pub(crate) async fn carry_out(
    session: &Session,
    sign: &SignArgs,
    parties: &Parties,
    change: &Change<'_>,
    done: impl FnOnce(&Effect, &[Event]) -> String,
) -> Result<Answer, CliError> {
    carry(session, sign, parties, change, Times::Once(Pending::of_process().as_ref()), done).await
}

/// The same for a change that does no harm where it lands twice, such as a freeze: it waits for no transaction of an earlier run, and
/// sends all of its own at once.
pub(crate) async fn carry_out_at_once(
    session: &Session,
    sign: &SignArgs,
    parties: &Parties,
    change: &Change<'_>,
    done: impl FnOnce(&Effect, &[Event]) -> String,
) -> Result<Answer, CliError> {
    carry(session, sign, parties, change, Times::Any, done).await
}

/// The times that a change may land.
#[derive(Clone, Copy)]
enum Times<'a> {
    /// Once: transactions are written down where a place is known.
    Once(Option<&'a Pending>),
    /// Any number.
    Any,
}

async fn carry(
    session: &Session,
    sign: &SignArgs,
    parties: &Parties,
    change: &Change<'_>,
    times: Times<'_>,
    done: impl FnOnce(&Effect, &[Event]) -> String,
) -> Result<Answer, CliError> {
    let (pending, at_once) = match times {
        Times::Once(pending) => (pending, false),
        Times::Any => (None, true),
    };
    let signing = Signing {
        nodes: &session.nodes,
        most_fee: session.most_fee(),
        heading: heading(session, change.market, parties),
        keys: &parties.keys,
        yes: sign.yes,
        non_interactive: session.settings.non_interactive,
        pending,
        at_once,
        proposing: parties.proposing,
    };
    command::carry_out(&signing, change, done).await
}

/// The answer of a command that finds nothing to do: what it would bring about holds.
pub(crate) fn nothing(session: &Session, market: impl Into<MarketHead>, says: &str, state: Value) -> Answer {
    Answer::nothing(&session.nodes, Some(market.into().address), false, says, state)
}

/// The first line of every command that signs: cluster, market, signer and where its key came from.
fn heading(session: &Session, market: MarketHead, parties: &Parties) -> Heading {
    Heading {
        cluster: session.cluster(),
        market: market.address,
        admin: market.admin,
        signer: parties.sender.address,
        source: parties.sender.source.clone(),
        cosigners: parties.cosigners.clone(),
        payer: parties.sender.payer,
    }
}
