//! Carries a change of the provider out by the shared frame, which simulates, shows, asks and sends.

use {
    super::{ActError, Authority, Session, provider_effect},
    blockable_sdk::{Instruction, amounts::Lamports, program::state::Provider},
    blockable_service::command::{
        self, Answer, Change, Effect, Heading, Line, MarketHead, Pending, Role, Signing, Step,
    },
    serde_json::Value,
};

/// An act of the provider's authority on its own account, that needs no rent.
pub(crate) struct Act {
    /// The act, as a sentence.
    pub title: String,
    /// Facts besides the account's own figures, which the simulation gives.
    pub facts: Vec<Line>,
    /// The instruction.
    pub instruction: Instruction,
    /// The part that cannot be undone.
    pub irreversible: String,
}

/// Carries an act on the provider's account out; `done` says what holds afterwards. Errors: as [`carry_out`].
pub(crate) async fn act(
    session: &Session,
    provider: &Provider,
    act: Act,
    done: impl FnOnce(&Effect) -> String,
) -> Result<Answer, ActError> {
    let authority = Authority::load(&session.args, &session.config.operator, provider.authority)?;
    let watched = vec![session.provider_address()];
    let change = Change {
        title: act.title,
        market: session.market_head(),
        role: role(&authority),
        facts: act.facts,
        steps: vec![Step { instructions: vec![act.instruction], watched }],
        effect: Box::new(|after| provider_effect(session, provider, after)),
        irreversible: act.irreversible,
        rent: Lamports::ZERO,
        created: Vec::new(),
        gate: None,
    };
    carry_out(session, &authority, &change, done).await
}

/// The authority, as the one who signs.
pub(crate) fn role(authority: &Authority) -> Role {
    Role::new("the provider's authority", vec![authority.address])
}

/// Simulates a change, shows it, asks, and sends it. Errors: [`ActError::Carry`].
pub(crate) async fn carry_out(
    session: &Session,
    authority: &Authority,
    change: &Change<'_, ActError>,
    done: impl FnOnce(&Effect) -> String,
) -> Result<Answer, ActError> {
    let MarketHead { address, admin } = session.market_head();
    let pending = Pending::of_process();
    let signing = Signing {
        nodes: &session.nodes,
        most_fee: session.args.priority_fee,
        heading: Heading {
            cluster: session.nodes.cluster(),
            market: address,
            admin,
            signer: authority.address,
            source: authority.source.clone(),
            cosigners: Vec::new(),
            payer: authority.address,
        },
        keys: &authority.keys,
        yes: session.args.yes,
        non_interactive: false,
        pending: pending.as_ref(),
        at_once: false,
        proposing: None,
    };
    command::carry_out(&signing, change, |effect, _| done(effect)).await
}

/// The answer of a command that found nothing to do, or only reads.
pub(crate) fn nothing(session: &Session, says: &str, state: Value) -> Answer {
    Answer::nothing(&session.nodes, Some(session.market_address()), session.args.dry_run, says, state)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::commands::CommandError,
        blockable_sdk::{
            Signature,
            client::Landed,
            errors::{ClientError, Outcome, SentError},
        },
        blockable_service::command::{CarryError, Exit, Failure, document, send_all},
        serde_json::json,
    };

    fn signature(number: u8) -> Signature {
        Signature::from([number; 64])
    }

    /// Sends five transactions of which one fails, and returns the document of the command.
    async fn fails_at(failing: u8, outcome: fn() -> Outcome) -> (Value, Exit) {
        let send = async |number: &u8| {
            let (signature, slot) = (signature(*number), 7);
            match *number == failing {
                false => Ok(Landed { signature, slot, compute_units: None, events: Vec::new() }),
                true => {
                    let reason = "the node is gone".to_string();
                    let sent = SentError { signature, last_valid: 9, outcome: outcome(), reason };
                    Err(ClientError::Sent(sent.into()))
                }
            }
        };
        let result = send_all(&[0, 1, 2, 3, 4], send).await;
        let result = result
            .map(|landed| json!(landed.len()))
            .map_err(|failed| CommandError::from(ActError::from(CarryError::from(failed))));
        let exit = result.as_ref().map_or_else(|error| error.exit(), |_| Exit::Done);
        (document(&result), exit)
    }

    #[tokio::test]
    async fn a_failure_after_others_have_landed_names_all_of_them() {
        let (document, exit) = fails_at(3, || Outcome::Expired).await;
        let error = &document["error"];
        let landed: Vec<String> = (0..3).map(|number| signature(number).to_string()).collect();
        assert_eq!((&error["landed"], exit), (&json!(landed), Exit::Failed));
        assert_eq!(error["signature"], signature(3).to_string());
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("3 of 5 transactions had landed") && message.contains(&landed[2]),
            "{message}"
        );
        let (document, exit) = fails_at(4, || Outcome::Unknown).await;
        assert_eq!((document["error"]["landed"].as_array().unwrap().len(), exit), (4, Exit::Unknown));
    }

    #[tokio::test]
    async fn a_failure_of_the_first_says_that_nothing_landed() {
        let (document, exit) = fails_at(0, || Outcome::Expired).await;
        assert_eq!((document["error"].get("landed"), exit), (None, Exit::Failed));
        assert!(!document["error"]["message"].as_str().unwrap().contains("had landed"));
    }

    #[tokio::test]
    async fn a_transaction_that_landed_without_its_events_is_no_failure() {
        let (document, exit) = fails_at(2, || Outcome::Landed { slot: 5 }).await;
        assert_eq!((&document["data"], exit), (&json!(5), Exit::Done));
    }
}
