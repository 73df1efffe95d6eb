//! Asks for a URL after good cycles. Services such as Healthchecks alarm when that ends: nothing inside of a keeper can say that it
//! has died.

use {
    super::Http,
    crate::alerts::{AlertError, settings::Ping},
    reqwest::Url,
    std::time::Duration,
};

/// One URL.
pub(in crate::alerts) struct Pinger {
    http: Http,
    url: Url,
    /// Its name in logs and metrics.
    pub(in crate::alerts) name: String,
    /// Pause between two requests.
    pub(in crate::alerts) every: Duration,
}

impl Pinger {
    /// Reads the URL. Errors: [`AlertError`].
    pub(in crate::alerts) fn new(ping: &Ping, http: &Http) -> Result<Pinger, AlertError> {
        let name = format!("ping/{}", ping.name);
        let url = ping.url.get();
        let url = url.map_err(|error| AlertError::Url { of: name.clone(), reason: error.to_string() })?;
        Ok(Pinger { http: http.clone(), url, name, every: ping.every })
    }

    /// Asks for the URL once. Errors: the reason for which that failed.
    pub(in crate::alerts) async fn ping(&self) -> Result<(), String> {
        let answer = self.http.get(&self.url).await.map_err(|refusal| refusal.reason)?;
        answer.accepted().map_err(|refusal| refusal.reason)
    }

    /// Tests whether the URL's server takes connections. Errors: the reason.
    pub(in crate::alerts) async fn check(&self) -> Result<(), String> {
        self.http.check(&self.url).await
    }
}
