//! The task that pays the instalments of the loans that are paid.

use {
    crate::{SandboxError, loans::LoanName, venue::Venue},
    blockable_sdk::{
        amounts::MicroUsd,
        program::{state::Credit, transitions::Status},
    },
    std::{sync::Arc, time::Duration},
    tokio::{sync::watch, time::sleep},
};

/// Pause between two reads of the loans.
const PAUSE: Duration = Duration::from_secs(1);
/// Seconds before its due date from which an instalment is paid: a read, a transaction and a slow machine fit in.
const EARLY: i64 = 5;

/// Pays what falls due within [`EARLY`], every second until `stop` is true.
pub(crate) async fn run(venue: Arc<Venue>, mut stop: watch::Receiver<bool>) {
    loop {
        for name in LoanName::ALL.into_iter().filter(|name| name.is_paid()) {
            if let Err(error) = pay(&venue, name).await {
                tracing::warn!(loan = name.name(), %error, "an instalment is not paid yet; the next second tries again");
            }
        }
        tokio::select! {
            () = sleep(PAUSE) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn pay(venue: &Venue, name: LoanName) -> Result<(), SandboxError> {
    let address = venue.credit_address(name.nonce());
    let credit = venue.client.credit_now(&address).await?;
    let runs = [Status::Active, Status::Delinquent].map(Status::byte).contains(&credit.status);
    let amount = due_soon(&credit)?;
    if runs && !amount.is_zero() {
        venue.repay(&address, amount).await?;
        tracing::info!(loan = name.name(), micro_usd = amount.get(), "paid an instalment");
    }
    Ok(())
}

/// The sum that a credit will be in arrears with in [`EARLY`] seconds if nobody pays. The loans that are paid bear no interest,
/// which would still accrue between the payment and the due date. Errors: [`SandboxError::Amount`].
fn due_soon(credit: &Credit) -> Result<MicroUsd, SandboxError> {
    let mut then = *credit;
    then.accrue(credit.debt.accrued_at.saturating_add(EARLY)).map_err(SandboxError::amount)?;
    Ok(MicroUsd(then.arrears()))
}
