//! Changes of a provider's settings: in force at once where they only tighten, else after the market's delay.

use {
    super::{
        ActError, Session, act,
        carry_out::{Act, nothing as nothing_to_do},
        provider_json,
        state::{differences, words},
    },
    blockable_sdk::{
        amounts::{ChainTime, MarketTime},
        delays::Waiting,
        errors::refusal,
        instructions::{provider_apply_change, provider_cancel_change, provider_propose_change},
        program::state::{Provider, ProviderSettings},
    },
    blockable_service::{
        command::{Answer, Effect},
        text,
    },
    clap::Args,
};

/// The choice about a change that waits.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct ChangeArgs {
    /// Applies the change that waits, whatever it contains, once its delay has passed
    #[arg(long, conflicts_with = "cancel")]
    pub apply: bool,
    /// Drops the change that waits
    #[arg(long)]
    pub cancel: bool,
    /// Proposes this together with the change that waits; the delay begins again for both
    #[arg(long, conflicts_with_all = ["apply", "cancel"])]
    pub with_waiting: bool,
}

impl ChangeArgs {
    /// True where the change that waits is applied or dropped, and nothing else is asked for.
    pub(crate) fn is_about_waiting(&self) -> bool {
        self.apply || self.cancel
    }
}

/// The step that leads from a provider's settings to those that are wanted.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// They are in force.
    InForce,
    /// They are proposed, and wait until a market time.
    Waits(i64),
    /// They are proposed and can be applied; the market time of the proposal.
    Apply(i64),
    /// They only tighten, and come into force at once.
    Tighten,
    /// They are to be proposed.
    Propose,
    /// Another change waits until a market time, and would be lost.
    Other(i64),
    /// The provider is suspended, and can only tighten its settings.
    Suspended,
}

/// Decides the step at a market time. `with_waiting` says that `wanted` contains the change that waits.
fn step(provider: &Provider, wanted: &ProviderSettings, market_now: i64, with_waiting: bool) -> Step {
    let ready_at = provider.change_ready_at;
    let waiting = Waiting::provider_change(provider, MarketTime(market_now));
    if *wanted == provider.settings {
        return Step::InForce;
    }
    match waiting {
        Waiting::Until(_) if *wanted == provider.proposed => return Step::Waits(ready_at),
        Waiting::Ready { .. } if *wanted == provider.proposed => return Step::Apply(ready_at),
        waiting if waiting.is_alive() && !with_waiting => return Step::Other(ready_at),
        _ => {}
    }
    match wanted.is_tightening(&provider.settings) {
        true => Step::Tighten,
        false if provider.suspended != 0 => Step::Suspended,
        false => Step::Propose,
    }
}

/// Brings a provider to other settings, which `wanted` makes from those in force, or with `--with-waiting` from those that wait.
/// Running it again applies the change once its delay has passed. Errors: [`ActError`].
pub(crate) async fn change(
    session: &Session,
    args: &ChangeArgs,
    wanted: impl FnOnce(ProviderSettings) -> Result<ProviderSettings, ActError>,
) -> Result<Answer, ActError> {
    let provider = session.provider().await?;
    if args.is_about_waiting() {
        return finish_waiting(session, args, &provider).await;
    }
    let with_waiting = args.with_waiting && waiting(session, &provider).is_alive();
    let wanted = wanted(if with_waiting { provider.proposed } else { provider.settings })?;
    wanted.validate().map_err(|error| ActError::broken(refusal(&error)))?;
    let (market, address) = (session.market_address(), session.provider_address());
    let propose = provider_propose_change(&market, &provider.authority, &address, wanted);
    let delay = text::span(session.market.provider_delay.into());
    match step(&provider, &wanted, market_now(session), with_waiting) {
        Step::InForce => Ok(nothing(session, &provider, "these settings are in force".to_string())),
        Step::Waits(ready_at) => {
            let says = format!("the change waits; it can be applied {}", when(session, ready_at));
            Ok(nothing(session, &provider, says))
        }
        Step::Apply(ready_at) => apply(session, &provider, ready_at).await,
        Step::Other(ready_at) => Err(ActError::Refused(format!(
            "another change waits ({}) and can be applied {}; this one would replace it: add --with-waiting to propose \
             both together, or drop it with --cancel",
            words(&differences(&provider.settings, &provider.proposed)),
            when(session, ready_at)
        ))),
        Step::Suspended => Err(ActError::Refused(
            "the provider is suspended, and can only tighten its settings; resume it first".to_string(),
        )),
        Step::Tighten => {
            let words = Act {
                title: "tighten settings, in force at once".to_string(),
                facts: Vec::new(),
                instruction: propose,
                irreversible: format!("undoing it is a change that waits for {delay}"),
            };
            act(session, &provider, words, |effect| done(session, effect)).await
        }
        Step::Propose => {
            let words = Act {
                title: format!(
                    "propose settings; the market's delay is {delay}, then run this command again"
                ),
                facts: Vec::new(),
                instruction: propose,
                irreversible: "until it is applied --cancel drops it".to_string(),
            };
            act(session, &provider, words, |effect| done(session, effect)).await
        }
    }
}

/// Applies or drops the change that waits.
async fn finish_waiting(
    session: &Session,
    args: &ChangeArgs,
    provider: &Provider,
) -> Result<Answer, ActError> {
    let ready_at = provider.change_ready_at;
    if ready_at == 0 {
        return Ok(nothing(session, provider, "no change waits".to_string()));
    }
    if args.cancel {
        let (market, address) = (session.market_address(), session.provider_address());
        let cancel = provider_cancel_change(&market, &provider.authority, &address, ready_at);
        let words = Act {
            title: "drop the change that waits".to_string(),
            facts: Vec::new(),
            instruction: cancel,
            irreversible: "a change that is dropped must be proposed anew, and waits anew".to_string(),
        };
        return act(session, provider, words, |effect| done(session, effect)).await;
    }
    match waiting(session, provider) {
        Waiting::Until(_) => {
            let until = when(session, ready_at);
            return Err(ActError::Refused(format!(
                "the change can be applied {until}; run this command again then"
            )));
        }
        Waiting::Lapsed(at) => {
            let at = text::time(ChainTime(session.chain_time_of(at.get())));
            return Err(ActError::Refused(format!("the change lapsed at {at}; propose it again")));
        }
        Waiting::None | Waiting::Ready { .. } => {}
    }
    apply(session, provider, ready_at).await
}

async fn apply(session: &Session, provider: &Provider, ready_at: i64) -> Result<Answer, ActError> {
    let (market, address) = (session.market_address(), session.provider_address());
    let apply = provider_apply_change(&market, &provider.authority, &address, ready_at);
    let words = Act {
        title: "apply the change that waits".to_string(),
        facts: Vec::new(),
        instruction: apply,
        irreversible: "undoing it is another change, which may wait for the market's delay".to_string(),
    };
    act(session, provider, words, |effect| done(session, effect)).await
}

/// Says what holds after a change, by the provider's account then.
fn done(session: &Session, effect: &Effect) -> String {
    match effect.state["waiting_change"]["ready_at"].as_i64() {
        None => "done: no change waits, and these settings are in force".to_string(),
        Some(at) => {
            format!("proposed; it can be applied {}: run this command again then", when_chain(session, at))
        }
    }
}

fn nothing(session: &Session, provider: &Provider, says: String) -> Answer {
    nothing_to_do(session, &says, provider_json(session, provider))
}

/// The state of the provider's change.
pub(super) fn waiting(session: &Session, provider: &Provider) -> Waiting {
    Waiting::provider_change(provider, MarketTime(market_now(session)))
}

fn market_now(session: &Session) -> i64 {
    session.market.market_time(session.now).unwrap_or(session.now)
}

/// The time from which a change can be applied, in words.
fn when(session: &Session, ready_at: i64) -> String {
    when_chain(session, session.chain_time_of(ready_at))
}

fn when_chain(session: &Session, at: i64) -> String {
    match at.saturating_sub(session.now) {
        left if left > 0 => format!("from {} on (in {})", text::time(ChainTime(at)), text::span(left)),
        _ => format!("since {}", text::time(ChainTime(at))),
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{
            Pubkey,
            program::state::{CHANGE_LIFETIME, Reporter},
        },
        bytemuck::Zeroable,
    };

    fn settings(rate: u64) -> ProviderSettings {
        let reporter = Reporter { key: Pubkey::new_from_array([1; 32]), expires_at: 9_000 };
        ProviderSettings {
            max_units_per_second: rate,
            longest_job: 60,
            ..ProviderSettings::with_reporters(&[reporter], 1)
        }
    }

    fn provider(proposed: Option<(u64, i64)>) -> Provider {
        let mut provider = Provider { settings: settings(100), ..Provider::zeroed() };
        if let Some((rate, ready_at)) = proposed {
            (provider.proposed, provider.change_ready_at) = (settings(rate), ready_at);
        }
        provider
    }

    #[test]
    fn a_change_is_made_once_and_never_over_another() {
        let lapsed = 1_000 + i64::from(CHANGE_LIFETIME) + 1;
        for (proposed, wanted, now, with_waiting, expected) in [
            (None, 100, 0, false, Step::InForce),
            (None, 99, 0, false, Step::Tighten),
            (None, 200, 0, false, Step::Propose),
            (Some((200, 1_000)), 200, 999, false, Step::Waits(1_000)),
            (Some((200, 1_000)), 200, 1_000, false, Step::Apply(1_000)),
            (Some((200, 1_000)), 200, lapsed, false, Step::Propose),
            (Some((200, 1_000)), 300, 500, false, Step::Other(1_000)),
            (Some((200, 1_000)), 99, 500, false, Step::Other(1_000)),
            (Some((200, 1_000)), 300, lapsed, false, Step::Propose),
            (Some((200, 1_000)), 300, 500, true, Step::Propose),
            (Some((200, 1_000)), 100, 500, false, Step::InForce),
        ] {
            let found = step(&provider(proposed), &settings(wanted), now, with_waiting);
            assert_eq!(found, expected, "{proposed:?}, {wanted} at {now}");
        }
    }

    #[test]
    fn a_suspended_provider_only_tightens() {
        let suspended = Provider { suspended: 1, ..provider(None) };
        assert_eq!(step(&suspended, &settings(200), 0, false), Step::Suspended);
        assert_eq!(step(&suspended, &settings(50), 0, false), Step::Tighten);
    }
}
