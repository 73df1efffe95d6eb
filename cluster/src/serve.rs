//! The cluster's two servers: JSON-RPC over HTTP, and subscriptions over WebSocket.
//!
//! They are put together here and not by surfpool, whose own serve any page of the web, and have methods that load native code
//! into the process, end it, or replace accounts. Here the methods of administration do not exist. Cheatcodes, which move the
//! clock and set accounts, exist where the cluster's owner asks for them, for programs alone.

use {
    crate::{
        ClusterPorts,
        callers::{self, Caller, Refused},
    },
    crossbeam_channel::{Sender, unbounded},
    jsonrpc_pubsub::{PubSubHandler, Session},
    jsonrpc_ws_server::{RequestContext, ServerBuilder as WsServerBuilder, ws},
    std::{
        collections::HashMap,
        net::{Ipv4Addr, SocketAddr},
        sync::{Arc, Mutex, RwLock, atomic::AtomicUsize},
    },
    surfpool_core::{
        jsonrpc_core::{
            FutureResponse, MetaIoHandler, Middleware, Request, Response, futures::future::Either,
            middleware::NoopCallFuture,
        },
        jsonrpc_http_server::{
            self as http, DomainsValidation, RequestMiddlewareAction, ServerBuilder,
            hyper::{self, Body, StatusCode, header},
        },
        rpc::{
            RunloopContext, SurfpoolMiddleware, SurfpoolWebsocketMeta, SurfpoolWebsocketMiddleware,
            accounts_data::{AccountsData, SurfpoolAccountsDataRpc},
            accounts_scan::{AccountsScan, SurfpoolAccountsScanRpc},
            bank_data::{BankData, SurfpoolBankDataRpc},
            full::{Full, SurfpoolFullRpc},
            jito::{Jito, SurfpoolJitoRpc},
            minimal::{Minimal, SurfpoolMinimalRpc},
            surfnet_cheatcodes::{SurfnetCheatcodes, SurfnetCheatcodesRpc},
            ws::{Rpc, SurfpoolWsRpc},
        },
        surfnet::locker::SurfnetSvmLocker,
    },
    surfpool_types::{CheatcodeConfig, RpcConfig, SimnetCommand},
    tokio::runtime::{Builder, Runtime},
};

/// Threads that answer HTTP requests.
const THREADS: usize = 6;
/// Largest body of a request in bytes.
const LARGEST_BODY: usize = 15 * 1024 * 1024;

/// The two servers of a cluster. Dropping them closes both, and waits for their threads: not on a runtime's worker.
pub(crate) struct Servers {
    http: http::Server,
    ws: jsonrpc_ws_server::Server,
    /// Subscriptions run on it for as long as the server does.
    subscriptions: Runtime,
}

impl Servers {
    /// Starts both. Errors: the reason.
    pub(crate) fn start(
        svm: &SurfnetSvmLocker,
        commands: &Sender<SimnetCommand>,
        ports: ClusterPorts,
        cheatcodes: bool,
    ) -> Result<Servers, String> {
        let rpc = RpcConfig {
            bind_host: Ipv4Addr::LOCALHOST.to_string(),
            bind_port: ports.rpc,
            ws_port: ports.ws,
            ..RpcConfig::default()
        };
        // Nobody reads it: plugins are loaded by methods that do not exist here.
        let (plugins, _) = unbounded();
        let programs = SurfpoolMiddleware::new(svm.clone(), commands, &rpc, &None, plugins);
        let http = start_http(&programs, ports.rpc, cheatcodes)?;
        let subscriptions =
            Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
        let ws = start_ws(programs, ports.ws, &subscriptions)?;
        Ok(Servers { http, ws, subscriptions })
    }

    /// Closes both, and returns once their ports are free.
    pub(crate) fn close(self) {
        self.http.close_handle().close();
        self.ws.close_handle().close();
        self.http.wait();
        // Its end matters, and not whether it was in order.
        let _ = self.ws.wait();
        drop(self.subscriptions);
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Answers programs with all methods that there are, and pages without the cheatcodes.
struct ByCaller {
    programs: SurfpoolMiddleware,
    pages: SurfpoolMiddleware,
}

impl ByCaller {
    fn new(programs: SurfpoolMiddleware) -> ByCaller {
        let mut pages = programs.clone();
        let mut none =
            CheatcodeConfig { lockout: true, filter: CheatcodeConfig::filter_all_list(true, Vec::new()) };
        none.lockout();
        pages.cheatcode_config = Arc::new(Mutex::new(none));
        ByCaller { programs, pages }
    }
}

impl Middleware<Option<RunloopContext>> for ByCaller {
    type Future = FutureResponse;
    type CallFuture = NoopCallFuture;

    /// Requests of pages come with a context; see [`start_http`].
    fn on_request<F, X>(
        &self,
        request: Request,
        page: Option<RunloopContext>,
        next: F,
    ) -> Either<Self::Future, X>
    where
        F: Fn(Request, Option<RunloopContext>) -> X + Send + Sync,
        X: Future<Output = Option<Response>> + Send + 'static,
    {
        let middleware = if page.is_some() { &self.pages } else { &self.programs };
        middleware.on_request(request, None, next)
    }
}

fn start_http(programs: &SurfpoolMiddleware, port: u16, cheatcodes: bool) -> Result<http::Server, String> {
    let by_caller = ByCaller::new(programs.clone());
    let page = context(&by_caller.pages);
    let mut io = MetaIoHandler::with_middleware(by_caller);
    if cheatcodes {
        let registered_methods = Arc::new(RwLock::new(Vec::new()));
        io.extend_with(SurfnetCheatcodesRpc { registered_methods: registered_methods.clone() }.to_delegate());
        // One of them answers with the list of all.
        let names = io.iter().map(|(name, _)| name.clone());
        blockable_service::lock::write(&registered_methods).extend(names);
    }
    io.extend_with(SurfpoolMinimalRpc.to_delegate());
    io.extend_with(SurfpoolFullRpc.to_delegate());
    io.extend_with(SurfpoolJitoRpc.to_delegate());
    io.extend_with(SurfpoolAccountsDataRpc.to_delegate());
    io.extend_with(SurfpoolAccountsScanRpc.to_delegate());
    io.extend_with(SurfpoolBankDataRpc.to_delegate());
    let admit = |request: hyper::Request<Body>| match classify(&request) {
        Ok(_) => RequestMiddlewareAction::from(request),
        Err(refused) => {
            let content_type = header::HeaderValue::from_static("text/plain; charset=utf-8");
            let content = refused.reason().to_string();
            http::Response { code: StatusCode::FORBIDDEN, content_type, content }.into()
        }
    };
    let by = move |request: &hyper::Request<Body>| match classify(request) {
        Ok(Caller::Program) => None,
        _ => Some(page.clone()),
    };
    ServerBuilder::with_meta_extractor(io, by)
        .request_middleware(admit)
        // Origins have been checked by then: the answer names the one that asks.
        .cors(DomainsValidation::Disabled)
        .threads(THREADS)
        .max_request_body_size(LARGEST_BODY)
        .start_http(&local(port))
        .map_err(|error| format!("JSON-RPC cannot be served: {error}"))
}

fn classify(request: &hyper::Request<Body>) -> Result<Caller, Refused> {
    let values = |name| request.headers().get_all(name).iter().map(header::HeaderValue::as_bytes);
    callers::classify(values(header::HOST), values(header::ORIGIN))
}

/// The WebSocket server has subscriptions alone.
fn start_ws(
    middleware: SurfpoolMiddleware,
    port: u16,
    subscriptions: &Runtime,
) -> Result<jsonrpc_ws_server::Server, String> {
    let handle = subscriptions.handle().clone();
    let by_session = SurfpoolWebsocketMiddleware::new(middleware.clone(), None);
    let mut io = PubSubHandler::new(MetaIoHandler::with_middleware(by_session));
    let methods = SurfpoolWsRpc {
        uid: AtomicUsize::new(0),
        signature_subscription_map: empty(),
        account_subscription_map: empty(),
        program_subscription_map: empty(),
        slot_subscription_map: empty(),
        slots_updates_subscription_map: empty(),
        logs_subscription_map: empty(),
        snapshot_subscription_map: empty(),
        tokio_handle: handle.clone(),
    };
    io.extend_with(methods.to_delegate());
    let session = move |request: &RequestContext| {
        let session = Arc::new(Session::new(request.sender()));
        Some(SurfpoolWebsocketMeta::new(context(&middleware), Some(session)))
    };
    let refuse = |request: &ws::Request| {
        let values = |name: &'static str| {
            let named = move |(key, _): &&(String, Vec<u8>)| key.eq_ignore_ascii_case(name);
            request.headers().iter().filter(named).map(|(_, value)| value.as_slice())
        };
        let refused = callers::classify(values("host"), values("origin")).err();
        refused.map(|refused| ws::Response::new(403, "Forbidden", refused.reason().into()))
    };
    WsServerBuilder::new(io)
        .session_meta_extractor(session)
        .request_middleware(refuse)
        .event_loop_executor(handle)
        .start(&local(port))
        .map_err(|error| format!("WebSocket cannot be served: {error}"))
}

fn empty<K, V>() -> Arc<RwLock<HashMap<K, V>>> {
    Arc::new(RwLock::new(HashMap::new()))
}

fn context(middleware: &SurfpoolMiddleware) -> RunloopContext {
    RunloopContext {
        id: None,
        svm_locker: middleware.surfnet_svm.clone(),
        simnet_commands_tx: middleware.simnet_commands_tx.clone(),
        remote_rpc_client: None,
        rpc_config: middleware.config.clone(),
        cheatcode_config: middleware.cheatcode_config.clone(),
        plugin_commands_tx: middleware.plugin_commands_tx.clone(),
    }
}
