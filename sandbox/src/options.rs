//! The settings of a sandbox.

use {
    crate::{SandboxError, upstream::Upstream},
    blockable_cluster::{ClusterPorts, free_ports, require_free},
    std::{path::PathBuf, sync::Arc, time::Duration},
};

/// The first port where none is named: that of a local validator's JSON-RPC.
pub const FIRST_PORT: u16 = 8_899;
/// Ports that follow the first one.
const OTHERS: u16 = 5;

/// The ports of a sandbox on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Free ones.
    Free,
    /// This one and the five after it: JSON-RPC, WebSocket, the provider's server, the keeper's API and page, the health of the
    /// provider's server, the health of the keeper.
    From(u16),
}

/// Each port by its use; 0 for one that the system chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PortPlan {
    pub(crate) cluster: ClusterPorts,
    pub(crate) provider: u16,
    pub(crate) keeper: u16,
    pub(crate) health: u16,
    pub(crate) keeper_health: u16,
}

impl Ports {
    /// The use of each port. Errors: [`SandboxError::PortRange`], [`SandboxError::Cluster`].
    pub(crate) fn plan(self) -> Result<PortPlan, SandboxError> {
        let Ports::From(first) = self else {
            // The provider's server is told the origin of the keeper's page before the keeper listens, and a keeper that was stopped
            // has its ports again.
            let [rpc, ws, keeper, keeper_health] = free_ports()?;
            return Ok(PortPlan {
                cluster: ClusterPorts { rpc, ws },
                provider: 0,
                keeper,
                health: 0,
                keeper_health,
            });
        };
        let most = u16::MAX - OTHERS;
        if !(1..=most).contains(&first) {
            return Err(SandboxError::PortRange { port: first, most, others: OTHERS });
        }
        require_free(&[first, first + 1, first + 2, first + 3, first + 4, first + 5])?;
        let cluster = ClusterPorts { rpc: first, ws: first + 1 };
        Ok(PortPlan {
            cluster,
            provider: first + 2,
            keeper: first + 3,
            health: first + 4,
            keeper_health: first + 5,
        })
    }
}

/// Takes one line about what a sandbox is doing.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// The settings of a sandbox.
#[derive(Clone)]
pub struct Options {
    /// Its ports.
    pub ports: Ports,
    /// Time from the start until the late loan's first instalment falls due.
    pub late_after: Duration,
    /// Time between the instalments of the paying loan.
    pub paid_every: Duration,
    /// A folder that keeps keys and stores: the sandbox goes on from what is in it. Without one nothing is left of a sandbox.
    pub keep: Option<PathBuf>,
    /// The model server behind the provider's server; the echo model where none is named.
    pub upstream: Option<Upstream>,
    /// A folder of programs, each in a file named `ADDRESS.so`, that are loaded besides those built in.
    pub programs: Option<PathBuf>,
    /// True where programs may call the cheatcodes of the cluster, `surfnet_...`, which move its clock and replace accounts.
    pub cheatcodes: bool,
    /// Takes a line before each step of the start.
    pub progress: Progress,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            ports: Ports::Free,
            late_after: Duration::from_secs(120),
            paid_every: Duration::from_secs(120),
            keep: None,
            upstream: None,
            programs: None,
            cheatcodes: false,
            progress: Arc::new(|_| {}),
        }
    }
}
