//! `blockable-provider capacity`, `suspend` and `resume`: in force at once.

use {
    super::chain::{Act, ActError, ChainArgs, Session, act, nothing, provider_json},
    blockable_sdk::{
        amounts::Units,
        instructions::{provider_resume, provider_set_capacity, provider_suspend},
        program::state::Provider,
    },
    blockable_service::{
        command::{Answer, values::units_or_zero},
        text,
    },
    clap::Args,
};

/// Sets the units that you commit to serve, no fewer than are outstanding
#[derive(Args, Debug)]
pub(super) struct CapacityArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// The units
    #[arg(value_name = "UNITS", value_parser = units_or_zero, allow_negative_numbers = true)]
    units: Units,
}

/// Takes no new loans; those that live go on
#[derive(Args, Debug)]
pub(super) struct SuspendArgs {
    #[command(flatten)]
    chain: ChainArgs,
}

/// Takes new loans again
#[derive(Args, Debug)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    chain: ChainArgs,
}

impl CapacityArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

impl SuspendArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

impl ResumeArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

/// Sets the capacity. Errors: [`ActError`].
pub(super) async fn capacity(args: &CapacityArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let provider = session.provider().await?;
    let (before, after) = (Units(provider.capacity_units), args.units);
    let outstanding = Units(provider.outstanding_units);
    if after == before {
        let says = format!("the capacity is {}", text::units(after));
        return Ok(nothing(&session, &says, provider_json(&session, &provider)));
    }
    if after < outstanding {
        return Err(ActError::Refused(format!(
            "{} are outstanding, and the capacity cannot be below them; name at least {}",
            text::units(outstanding),
            outstanding.get()
        )));
    }
    let (market, address) = (session.market_address(), session.provider_address());
    let instruction = provider_set_capacity(&market, &provider.authority, &address, args.units.get());
    let words = Act {
        title: "set the capacity".to_string(),
        facts: vec![("outstanding".to_string(), text::units(outstanding))],
        instruction,
        irreversible: "it can be changed again at any time, down to what is outstanding".to_string(),
    };
    act(&session, &provider, words, |_| format!("the capacity is {}", text::units(after))).await
}

/// Suspends the provider. Errors: [`ActError`].
pub(super) async fn suspend(args: &SuspendArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let provider = session.provider().await?;
    if provider.suspended & Provider::SUSPENDED_BY_ITSELF != 0 {
        let says = "the provider has suspended itself";
        return Ok(nothing(&session, says, provider_json(&session, &provider)));
    }
    let (market, address) = (session.market_address(), session.provider_address());
    let instruction = provider_suspend(&market, &provider.authority, &address);
    let undone = match provider.change_ready_at {
        0 => "nothing: `resume` lifts it at once",
        _ => "the change that waits is dropped, and must be proposed anew",
    };
    let words = Act {
        title: "suspend the provider".to_string(),
        facts: vec![("new loans".to_string(), "none can be offered or issued until `resume`".to_string())],
        instruction,
        irreversible: undone.to_string(),
    };
    act(&session, &provider, words, |_| "suspended; `resume` lifts it".to_string()).await
}

/// Lifts the provider's own suspension. Errors: [`ActError`].
pub(super) async fn resume(args: &ResumeArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let provider = session.provider().await?;
    if provider.suspended & Provider::SUSPENDED_BY_ITSELF == 0 {
        if provider.is_suspended_by_admin() {
            return Err(ActError::Refused(
                "the market's admin has suspended the provider, and only the admin can lift that; ask the admin"
                    .to_string(),
            ));
        }
        let says = "the provider is not suspended";
        return Ok(nothing(&session, says, provider_json(&session, &provider)));
    }
    let (market, address) = (session.market_address(), session.provider_address());
    let instruction = provider_resume(&market, &provider.authority, &address);
    let words = Act {
        title: "resume the provider".to_string(),
        facts: vec![("new loans".to_string(), "can be offered and issued".to_string())],
        instruction,
        irreversible: "nothing: `suspend` stops new loans at once".to_string(),
    };
    act(&session, &provider, words, |_| "resumed".to_string()).await
}
