//! The keeper's file, `keeper.toml`; keeper.example.toml explains every key.

mod rpc;

pub use blockable_service::settings::ConfigError;
pub(crate) use rpc::NodesError;
pub(crate) use rpc::{CycleSettings, RpcSettings, nodes};
use {
    crate::{
        alerts::AlertSettings,
        api::ApiSettings,
        history::HistorySettings,
        ingest::{IngestSettings, SourceSettings},
        land::{KeySettings, LandSettings},
        ops::OpsSettings,
        page::PageSettings,
        plan::PlanSettings,
        watch::WatchSettings,
    },
    blockable_sdk::Pubkey,
    blockable_service::settings::{FileKind, Reader},
    std::path::{Path, PathBuf},
};

/// All settings of a keeper. Relative paths have been made to start from the file's folder.
#[derive(Clone)]
pub struct Config {
    /// The market's account.
    pub(crate) market: Pubkey,
    /// The folder of the store.
    pub(crate) data_dir: PathBuf,
    /// A file of authorities whose certificates are believed besides the public ones.
    pub(crate) ca_file: Option<PathBuf>,
    /// The nodes, in order of preference.
    pub(crate) rpc: Vec<RpcSettings>,
    /// Cycle: pauses and limits of reading the chain.
    pub(crate) cycle: CycleSettings,
    /// The keys that pay.
    pub(crate) keys: KeySettings,
    /// Landing of transactions.
    pub(crate) land: LandSettings,
    /// Actions and their times.
    pub(crate) plan: PlanSettings,
    /// Ingestion of reports.
    pub(crate) ingest: IngestSettings,
    /// The endpoints that hand out reports.
    pub(crate) reporters: Vec<SourceSettings>,
    /// The measurement of credits.
    pub(crate) watch: WatchSettings,
    /// The alert rules and their sinks.
    pub(crate) alerts: AlertSettings,
    /// The HTTP API.
    pub(crate) api: ApiSettings,
    /// Health and metrics.
    pub(crate) ops: OpsSettings,
    /// The page; `None` where none is served.
    pub(crate) page: Option<PageSettings>,
    /// The event logs.
    pub(crate) history: HistorySettings,
}

impl Config {
    /// The keeper's file. Environment variables such as `BLOCKABLE_KEEPER_CYCLE__SECONDS` override it.
    pub const FILE: FileKind<Config> = FileKind {
        example: "keeper.example.toml",
        advice: "name it with --config, or write one with `blockable-keeper init FOLDER`",
        environment: Some("BLOCKABLE_KEEPER_"),
        read,
        resolve: Config::resolve,
    };

    fn resolve(&mut self, folder: &Path) {
        self.data_dir = folder.join(&self.data_dir);
        self.ca_file = self.ca_file.take().map(|file| folder.join(file));
        self.keys.resolve(folder);
        self.rpc.iter_mut().for_each(|rpc| rpc.resolve(folder));
        self.alerts.resolve(folder);
        self.api.resolve(folder);
    }
}

/// Reads all sections, so that the mistakes of all of them are found.
fn read(reader: &mut Reader) -> Option<Config> {
    let market = reader.address("market");
    let data_dir = reader.optional("data_dir").unwrap_or(PathBuf::from("keeper-data"));
    let ca_file = reader.optional("ca_file");
    let rpc = reader.each("rpc", RpcSettings::read);
    let cycle = CycleSettings::read(reader);
    let keys = KeySettings::read(reader);
    let land = LandSettings::read(reader);
    let plan = PlanSettings::read(reader);
    let ingest = reader.section("ingest", IngestSettings::read);
    let reporters = reader.each("reporter", SourceSettings::read);
    let watch = WatchSettings::read(reader);
    let alerts = AlertSettings::read(reader);
    let api = ApiSettings::read(reader);
    let ops = OpsSettings::read(reader);
    let page = PageSettings::read(reader);
    let history = HistorySettings::read(reader);
    check_nodes(&rpc, &plan, &land, reader);
    if reporters.is_empty() {
        reader.mistake(
            "reporter",
            "is missing; add a [[reporter]] for each address that hands out usage reports",
        );
    }
    Some(Config {
        market: market?,
        data_dir,
        ca_file,
        rpc: rpc.into_iter().collect::<Option<_>>()?,
        cycle,
        keys: keys?,
        land,
        plan,
        ingest,
        reporters: reporters.into_iter().collect::<Option<_>>()?,
        watch,
        alerts,
        api,
        ops,
        page,
        history,
    })
}

/// Mistakes that the nodes can have although each of them is well formed; `None` stands for one that is not.
fn check_nodes(rpc: &[Option<RpcSettings>], plan: &PlanSettings, land: &LandSettings, reader: &mut Reader) {
    if rpc.is_empty() {
        reader.mistake("rpc", "is missing; add a [[rpc]] for each node");
    }
    let enforces = plan.enabled.iter().any(|kind| kind.is_enforcement());
    if rpc.len() == 1 && enforces && !land.allow_single_node {
        reader.mistake(
            "rpc",
            "what is held against a borrower must be seen by two nodes; add a second [[rpc]] of another operator, \
             or set landing.allow_single_rpc = true",
        );
    }
    if let Some(second) = rpc::same_node(rpc) {
        reader.mistake(
            &format!("rpc[{second}].url"),
            "is of a node that another [[rpc]] is of; a node cannot confirm what it says itself: name another one",
        );
    }
    let mut names: Vec<&str> = rpc.iter().flatten().map(|rpc| rpc.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        reader.mistake("rpc", "two nodes have one name; name each differently");
    }
}
