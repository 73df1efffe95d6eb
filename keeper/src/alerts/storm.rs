//! Many alerts at one webhook, for a bench of the time that a critical one takes among them.

use {
    super::{AlertError, Alerts, settings::AlertSettings},
    crate::{
        finding::{Fact, Finding, Parties},
        health::Health,
        store::{Store, StoreError},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, Lamports, MicroUsd, Units},
    },
    blockable_service::settings::Reader,
    std::{path::Path, time::Instant},
    tokio::sync::watch,
};

/// Alerts that are delivered to one webhook until this is dropped.
pub struct AlertStorm {
    alerts: Alerts,
    _stop: watch::Sender<bool>,
}

impl AlertStorm {
    /// Starts deliveries to a webhook, whose secret is in a private file. Errors: [`AlertError`].
    pub async fn start(store: Store, url: &str, secret: &Path) -> Result<AlertStorm, AlertError> {
        let text = format!(
            "[[webhook]]\nname = \"bench\"\nurl = \"{url}\"\nparty = \"all\"\nsecret = {{ file = \"{}\" }}\n\
             info = \"each\"\ndigest_above = 100000\n",
            secret.display()
        );
        let mut reader = Reader::new(&text).map_err(AlertError::Http)?;
        let settings = AlertSettings::read(&mut reader);
        let alerts = Alerts::open(store, Pubkey::default(), &settings).await?;
        let (stop, stopped) = watch::channel(false);
        // The loops end with the sender.
        drop(alerts.start(stopped, &Health::default()));
        Ok(AlertStorm { alerts, _stop: stop })
    }

    /// Raises a warning on each of so many credits. Errors: [`StoreError`].
    pub async fn raise_warnings(&self, credits: u32) -> Result<(), StoreError> {
        let low = Fact::Coverage {
            coverage: Bps(1_000),
            lien: Units(1),
            lien_value: MicroUsd(1),
            debt: MicroUsd(10),
        };
        let parties = Parties { lender: subject(1), borrower: subject(2) };
        let findings = (10..credits.saturating_add(10))
            .map(|credit| Finding::is(subject(credit), low.clone()).between(parties));
        self.alerts.apply(findings.collect(), self.alerts.now()).await.map(drop)
    }

    /// Raises a critical alert of a number. Returns the moment of its commit. Errors: [`StoreError`].
    pub async fn raise_critical(&self, number: u32) -> Result<Instant, StoreError> {
        let fault = Some("its cap is reached".to_string());
        let fact = Fact::Funds { role: "metering", lamports: Lamports(number.into()), fault };
        self.alerts.apply(vec![Finding::is(subject(number), fact)], self.alerts.now()).await?;
        Ok(Instant::now())
    }
}

fn subject(number: u32) -> Pubkey {
    let mut bytes = [1; 32];
    let [first, second, third, fourth, ..] = &mut bytes;
    [*first, *second, *third, *fourth] = number.to_be_bytes();
    Pubkey::new_from_array(bytes)
}
