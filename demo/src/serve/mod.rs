//! `--serve`: a sandbox to try everything, until it is told to stop.

mod control;
mod text;

use {
    self::control::Control,
    crate::DemoError,
    blockable_sandbox::{Options, Ports, Sandbox, SandboxError, Upstream, options::FIRST_PORT},
    blockable_service::{
        log::{LogFormat, log_to_stderr},
        shutdown::{ReloadSignal, StopSignals},
    },
    clap::Args,
    std::{
        io::{self, Write},
        path::PathBuf,
        pin::pin,
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::time::timeout,
    url::Url,
};

/// Time that a start may still take once it is to stop.
const START_END: Duration = Duration::from_secs(20);

/// The options of `--serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Run a sandbox to try everything: cluster, provider's server, keeper, keys and loans in seven states, until Ctrl-C
    #[arg(long, conflicts_with_all = ["rpc", "trace", "seed"])]
    pub(crate) serve: bool,
    /// First of five ports of the sandbox on 127.0.0.1: JSON-RPC, WebSocket, the provider's server, the keeper's API, the server's health
    #[arg(long, value_name = "N", requires = "serve", default_value_t = FIRST_PORT)]
    port: u16,
    /// Keep keys and stores in this folder, and go on from what it holds
    #[arg(long, value_name = "DIR", requires = "serve")]
    keep: Option<PathBuf>,
    /// Serve the models of this OpenAI-compatible server, by its base URL up to and with /v1, instead of the echo model
    #[arg(long, value_name = "URL", requires = "serve", value_parser = Upstream::parse_url)]
    upstream: Option<Url>,
    /// Environment variable that holds the upstream's API key
    #[arg(long, value_name = "NAME", requires = "upstream")]
    upstream_key_env: Option<String>,
    /// Load each program ADDRESS.so in this folder into the sandbox's cluster at that address
    #[arg(long, value_name = "DIR", requires = "serve")]
    programs: Option<PathBuf>,
    /// Let programs on this machine call the cluster's cheatcodes (surfnet_...), which move its clock and replace accounts
    #[arg(long, requires = "serve")]
    cheatcodes: bool,
    /// Take commands on standard input, one a line: `stop keeper` and `start keeper`
    #[arg(long, requires = "serve")]
    control: bool,
}

/// Runs a sandbox until SIGINT, SIGTERM, or SIGHUP, which a terminal sends as it closes. Prints what it has on standard output:
/// one JSON document where `json` is set.
/// Errors: [`DemoError::Sandbox`], [`DemoError::Print`].
pub(crate) async fn run(args: &ServeArgs, json: bool) -> Result<(), DemoError> {
    let began = Instant::now();
    if std::env::var_os("RUST_LOG").is_some() {
        log_to_stderr(LogFormat::Text);
    }
    // Before anything runs, so that no signal is missed.
    let signals = StopSignals::listen().map_err(SandboxError::from)?;
    let mut hangup = ReloadSignal::listen().map_err(SandboxError::from)?;
    let options = Options {
        ports: Ports::From(args.port),
        keep: args.keep.clone(),
        upstream: args
            .upstream
            .clone()
            .map(|url| Upstream { url, key_variable: args.upstream_key_env.clone() }),
        programs: args.programs.clone(),
        cheatcodes: args.cheatcodes,
        progress: Arc::new(|line| say(&format!("{line} ..."))),
        ..Options::default()
    };
    let stopped = async {
        tokio::select! {
            () = signals.wait() => {}
            () = hangup.next() => {}
        }
    };
    let mut stopped = pin!(stopped);
    let mut start = pin!(Sandbox::start(options));
    let mut sandbox = tokio::select! {
        started = &mut start => started?,
        () = &mut stopped => {
            say("stopping ...");
            // It is stopped in order once it has started, unless that takes too long.
            let started = timeout(START_END, start).await;
            return match started {
                Ok(sandbox) => Ok(sandbox?.stop().await?),
                Err(_) => Ok(()),
            };
        }
    };
    let text = match json {
        true => sandbox.description().json(),
        false => text::guide(sandbox.description()),
    };
    if let Err(error) = print(&text) {
        sandbox.stop().await?;
        return Err(DemoError::Print(error));
    }
    say(&format!("ready after {:.1} s; Ctrl-C ends it", began.elapsed().as_secs_f64()));
    let mut control = args.control.then(Control::listen);
    let ended = loop {
        let order = tokio::select! {
            () = &mut stopped => break None,
            ended = sandbox.ended() => break Some(ended),
            order = Control::next(&mut control) => order,
        };
        control::obey(order, &mut sandbox).await;
    };
    say("stopping: requests that run have 5 s to end ...");
    let end = sandbox.stop().await;
    // The first fault counts: those of the stop follow from it.
    ended.map_or(end, Err)?;
    Ok(())
}

/// Prints to standard output. A reader that has gone does not end the sandbox. Errors: any other fault, such as a full disk.
fn print(text: &str) -> io::Result<()> {
    match writeln!(io::stdout(), "{text}").and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Writes a line on standard error. A reader that has gone, as `tee` at Ctrl-C, ends nothing.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
