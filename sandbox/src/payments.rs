//! The task that pays the instalments of the loans that are paid.

use {
    crate::{SandboxError, loans::LoanName, venue::Venue},
    blockable_sdk::{amounts::MicroUsd, program::transitions::Status},
    std::{sync::Arc, time::Duration},
    tokio::{sync::watch, time::sleep},
};

/// Pause between two looks at the loans.
const PAUSE: Duration = Duration::from_secs(1);

/// Pays what has fallen due, every second until `stop` is true.
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
    let arrears = MicroUsd(credit.arrears());
    let runs = [Status::Active, Status::Delinquent].map(Status::byte).contains(&credit.status);
    if runs && !arrears.is_zero() {
        venue.repay(&address, arrears).await?;
        tracing::info!(loan = name.name(), micro_usd = arrears.get(), "paid an instalment");
    }
    Ok(())
}
