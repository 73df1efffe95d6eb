//! `[api]`: where the API listens, and who may read it.

use {
    blockable_service::{secrets::SecretSource, settings::Reader},
    std::{
        net::{Ipv4Addr, SocketAddr},
        path::Path,
        time::Duration,
    },
};

/// Where the API listens without a setting.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8420);

/// How the API is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The address and port to listen at.
    pub listen: SocketAddr,
    /// What readers of `/v1` must show; `None` where everybody on this machine may read.
    pub token: Option<SecretSource>,
    /// Connections at once, at most.
    pub max_connections: usize,
    /// How long a request may take.
    pub deadline: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { listen: LISTEN, token: None, max_connections: 128, deadline: Duration::from_secs(10) }
    }
}

impl Settings {
    /// Reads `[api]`; mistakes are with the reader.
    pub fn read(reader: &mut Reader) -> Settings {
        reader.section("api", |reader| {
            let otherwise = Settings::default();
            let settings = Settings {
                listen: listen(reader).unwrap_or(otherwise.listen),
                token: reader.optional("token"),
                max_connections: reader.number("max_connections", otherwise.max_connections, 1..=65_536),
                deadline: reader.seconds("request_seconds", 10, 1..=120),
            };
            if settings.token.is_none() && !is_this_machine(&settings.listen) {
                reader.mistake(
                    "token",
                    format!(
                        "is missing, and {} can be reached from other machines; add token = {{ file = \"PATH\" }}, or \
                         listen at 127.0.0.1",
                        settings.listen
                    ),
                );
            }
            settings
        })
    }

    /// Makes a relative path start from `folder`.
    pub fn resolve(&mut self, folder: &Path) {
        if let Some(token) = &mut self.token {
            token.resolve(folder);
        }
    }
}

fn listen(reader: &mut Reader) -> Option<SocketAddr> {
    let text: String = reader.optional("listen")?;
    let listen = text.parse().ok();
    if listen.is_none() {
        reader.mistake("listen", format!("`{text}` is no address with a port; write it as 127.0.0.1:8420"));
    }
    listen
}

fn is_this_machine(listen: &SocketAddr) -> bool {
    listen.ip().to_canonical().is_loopback()
}
