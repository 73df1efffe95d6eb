//! The state that the server's handlers share.

use {
    crate::{
        admin::AdminToken,
        config::Config,
        error::ApiError,
        intake::Intake,
        keys::{ApiKeys, BorrowersPlace, Caller},
        leases::Leases,
        limits::{Permit, Running},
        metrics::Metrics,
        models::Models,
        named::NamedRequests,
        parts::RunningParts,
        prices::Prices,
        progress::TaskProgress,
        shares::ReportStreams,
        upstreams::UpstreamHttp,
    },
    axum::{body::Body, http::HeaderMap},
    blockable_gate::Gate,
    blockable_sdk::Pubkey,
    blockable_service::{
        http::{BodyBounds, Connections, read_body},
        sign_in::SignIns,
    },
    bytes::Bytes,
    std::sync::Arc,
    tokio::sync::watch,
};

/// The state that the server's handlers and tasks share.
///
/// Each part has its own locks; no two of them are held together. Only the gate and what `parts` write is durable: models,
/// keys and limits come from the configuration, leases are restored from the gate's holds, and the rest begins anew.
pub(crate) struct App {
    /// The settings.
    pub config: Config,
    /// Admits jobs.
    pub gate: Gate,
    /// Makes and checks API keys.
    pub keys: ApiKeys,
    /// The models on offer.
    pub models: Models,
    /// Calls upstreams.
    pub http: Arc<UpstreamHttp>,
    /// Requests that run, and bodies that come.
    pub running: Running,
    /// Bounds on bodies.
    pub body_bounds: BodyBounds,
    /// Open connections of clients.
    pub connections: Arc<Connections>,
    /// Metrics.
    pub metrics: Metrics,
    /// Held while the configuration is replaced.
    pub reloading: tokio::sync::Mutex<()>,
    /// Bounds the signed freezes that are examined.
    pub intake: Intake,
    /// Challenges for borrowers that sign in for an API key.
    pub sign_ins: SignIns,
    /// Bounds the sign-ins that are examined.
    pub sign_in_intake: Intake,
    /// Open streams of reports.
    pub report_streams: ReportStreams,
    /// The parts around the gate.
    pub parts: RunningParts,
    /// Requests with names that run.
    pub named: NamedRequests,
    /// The prices in force.
    pub prices: Arc<Prices>,
    /// Leases of GPUs.
    pub leases: Leases,
    /// The operator's token.
    pub admin: Option<AdminToken>,
    /// Times of the last progress, for `/livez`.
    pub progress: TaskProgress,
    /// True from the moment that the server shuts down.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// The credit whose key a request carries.
    pub(crate) fn authorise(&self, headers: &HeaderMap) -> Result<Pubkey, ApiError> {
        self.authorise_caller(headers).map(|caller| caller.credit)
    }

    /// The credit whose key a request carries, and the name of the key.
    pub(crate) fn authorise_caller(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        self.keys.authorise(headers, |credit| self.borrowers_place(credit))
    }

    /// The borrower's place of a credit that the gate has seen.
    pub(crate) fn borrowers_place(&self, credit: &Pubkey) -> Option<BorrowersPlace> {
        let credit = self.gate.credit(credit)?;
        let (borrower, is_successor) = (credit.borrower, credit.borrower != credit.address_borrower());
        Some(BorrowersPlace { borrower, is_successor })
    }

    /// Reads a request's body, unpacked. Errors: 408, 413, 415, 429, or 400 where it is not what its headers say.
    pub(crate) async fn read_body(
        &self,
        headers: &HeaderMap,
        body: Body,
        most: usize,
    ) -> Result<Bytes, ApiError> {
        let _coming = self.running.read();
        let bounds = BodyBounds { bytes: most, ..self.body_bounds.clone() };
        read_body(headers, body, &bounds).await.map_err(ApiError::from)
    }

    /// Reads the body of a request with an API key and then begins the request. A body that comes slowly takes no place of those
    /// that run, and keeps no key good: it is verified before the body comes, and again once it is there. Errors: 401, as
    /// [`App::read_body`], and 429 at a bound.
    pub(crate) async fn receive(
        &self,
        headers: &HeaderMap,
        body: Body,
        most: usize,
    ) -> Result<(Caller, Bytes, Permit), ApiError> {
        let credit = self.authorise(headers)?;
        let receiving = self.running.receive(credit)?;
        let body = self.read_body(headers, body, most).await?;
        let caller = self.authorise_caller(headers)?;
        let permit = self.running.enter(credit)?;
        drop(receiving);
        Ok((caller, body, permit))
    }
}
