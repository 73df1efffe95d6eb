//! `--serve` as a process: the commands of docs/try.md work on it, one document is printed, and nothing is left of it.

// Tests may end by a panic, wait for the clock and need no deadline.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use {
    blockable_testkit::free_ports,
    serde_json::{Value, json},
    std::{
        fs::{self, File},
        io::{BufRead, BufReader, Read},
        net::TcpListener,
        path::{Path, PathBuf},
        process::{Child, Command, ExitStatus, Stdio},
        thread::sleep,
        time::{Duration, Instant},
    },
    tempfile::TempDir,
};

/// Longest time of a start or an end. Ten seconds are promised on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The line above the fence of a block that is run.
const MARKER: &str = "<!-- ci: sandbox -->\n```sh\n";

/// The process of a sandbox; dropping it kills it.
struct Process {
    child: Child,
    /// Its standard output and error.
    output: [PathBuf; 2],
}

impl Process {
    /// Starts one whose temporary files go to a folder. Its output goes there too.
    fn start(folder: &Path, port: u16, arguments: &[&str]) -> Process {
        Process::start_with(folder, port, arguments, File::create(folder.join("stdout")).unwrap())
    }

    /// As [`Process::start`], with another standard output.
    fn start_with(folder: &Path, port: u16, arguments: &[&str], stdout: File) -> Process {
        let output = ["stdout", "stderr"].map(|name| folder.join(name));
        let stderr = File::create(&output[1]).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_blockable-demo"))
            .args(["--serve", "--port", &port.to_string()])
            .args(arguments)
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .unwrap();
        Process { child, output }
    }

    fn text(&self, index: usize) -> String {
        fs::read_to_string(&self.output[index]).unwrap()
    }

    /// Waits until it says that it is ready.
    fn wait_until_ready(&mut self) {
        self.wait_for("ready after");
    }

    /// Waits until it says something.
    fn wait_for(&mut self, text: &str) {
        let began = Instant::now();
        while !self.text(1).contains(text) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{ended:?}: {}", self.text(1));
            sleep(Duration::from_millis(20));
        }
    }

    /// The document that it printed, which is all that it printed.
    fn document(&self) -> Value {
        let text = self.text(0);
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.text(1));
            sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal by its name and waits for the end.
    fn signal(&mut self, name: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn require_free(first: u16) {
    for port in first..first + 5 {
        TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
    }
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A field of a loan.
fn loan<'a>(document: &'a Value, name: &str, field: &str) -> &'a str {
    let credits = document["credits"].as_array().unwrap();
    credits.iter().find(|credit| credit["name"] == name).unwrap()[field].as_str().unwrap()
}

/// Runs a command of the shell with what a reader of docs/try.md sets, on other ports than those of the page. Requires that it
/// succeeds.
fn shell(document: &Value, port: u16, command: &str) -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_blockable-demo")).with_file_name("examples/loan");
    let shown = "cargo run --release -p blockable-demo --example loan --";
    let mut command = command.replace(shown, &built.display().to_string());
    for place in 0..5 {
        command =
            command.replace(&format!("127.0.0.1:{}", 8_899 + place), &format!("127.0.0.1:{}", port + place));
    }
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &command])
        .env("KEY", loan(document, "healthy", "api_key"))
        .env("HEALTHY", loan(document, "healthy", "address"))
        .env("BORROWER", document["parties"]["borrower"]["key_file"].as_str().unwrap())
        .env("LATE", loan(document, "late", "address"))
        .env("LATE_KEY", loan(document, "late", "api_key"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}\n{text}\n{error}");
    text
}

#[test]
fn the_commands_of_the_page_work_and_ctrl_c_leaves_nothing() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_ports(5));
    let mut sandbox = Process::start(folder.path(), port, &["--json"]);
    sandbox.wait_until_ready();
    let document = sandbox.document();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/try.md")).unwrap();
    let blocks: Vec<&str> =
        page.split(MARKER).skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [request, units, sign_in, late, late_request, alerts] = blocks.as_slice() else {
        panic!("{} blocks", blocks.len())
    };
    assert!(shell(&document, port, request).contains("\"content\":\"freeze me if you can\""));
    assert!(
        shell(&document, port, units).contains("\"unreported\":25")
            || shell(&document, port, units).contains("2399999975")
    );
    assert_eq!(shell(&document, port, sign_in).trim(), loan(&document, "healthy", "api_key"));
    let answer: Value = serde_json::from_str(&shell(&document, port, late)).unwrap();
    assert_eq!(answer["status"], "active");
    assert!(shell(&document, port, late_request).contains("\"content\":\"one more\""));
    let answer: Value = serde_json::from_str(&shell(&document, port, alerts)).unwrap();
    let frozen =
        |alert: &Value| alert["rule"] == "frozen" && alert["subject"] == loan(&document, "frozen", "address");
    assert!(answer["alerts"].as_array().unwrap().iter().any(frozen), "{answer:#}");
    second_is_refused(port);
    assert!(sandbox.signal("-INT").success(), "{}", sandbox.text(1));
    require_free(port);
    assert_eq!(names(&folder), ["stderr", "stdout"]);
}

fn second_is_refused(port: u16) {
    let folder = tempfile::tempdir().unwrap();
    let mut second = Process::start(folder.path(), port, &["--json"]);
    assert_eq!(second.wait().code(), Some(1));
    let text = second.text(1);
    assert!(
        text.contains("another sandbox or a validator may run there") && text.contains("(--port N)"),
        "{text}"
    );
    assert_eq!((second.text(0).as_str(), names(&folder)), ("", vec!["stderr".into(), "stdout".into()]));
}

#[test]
fn people_get_a_request_that_works_at_once() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_ports(5));
    let mut sandbox = Process::start(folder.path(), port, &[]);
    sandbox.wait_until_ready();
    let text = sandbox.text(0);
    let (_, rest) = text.split_once("healthy loan\n\n").unwrap();
    let (request, rest) = rest.split_once("\n\n").unwrap();
    let output = Command::new("bash").args(["-c", request]).output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("\"content\":\"freeze me if you can\""), "{request}\n{answer}");
    for part in ["from openai import OpenAI", "keeper's API", "lender.json", "credit freeze"] {
        assert!(text.contains(part), "{part}");
    }
    // The commands that read show something.
    for command in rest.lines().filter(|line| line.starts_with("curl -s") && !line.ends_with('\\')) {
        let output = Command::new("bash").args(["-c", &format!("{command} -f")]).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{command}");
    }
    assert!(sandbox.signal("-TERM").success(), "{}", sandbox.text(1));
    require_free(port);
    assert_eq!(names(&folder), ["stderr", "stdout"]);
}

#[test]
fn a_signal_during_the_start_ends_it_and_the_next_one_clears_after_a_kill() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_ports(5));
    let output = ["stderr".to_string(), "stdout".to_string()];
    let mut killed = Process::start(folder.path(), port, &[]);
    killed.wait_for("opening a market");
    killed.signal("-KILL");
    assert_eq!(names(&folder).len(), 3, "the folder of the keys is left");
    // Closing the terminal ends it as Ctrl-C does.
    for signal in ["-HUP", "-TERM"] {
        let mut next = Process::start(folder.path(), port, &[]);
        next.wait_for("opening a market");
        assert!(next.signal(signal).success(), "{}", next.text(1));
        require_free(port);
        assert_eq!(names(&folder), output);
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut unread = Process::start_with(folder.path(), port, &["--json"], full);
    assert_eq!(unread.wait().code(), Some(1));
    assert!(
        unread.text(1).contains("cannot print what there is to try: No space left"),
        "{}",
        unread.text(1)
    );
    assert_eq!(names(&folder), output);
}

#[test]
fn a_kept_one_survives_a_kill() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_ports(5));
    let keep = folder.path().join("kept");
    let arguments = ["--json", "--keep", keep.to_str().unwrap()];
    let mut first = Process::start(folder.path(), port, &arguments);
    first.wait_until_ready();
    let before = first.document();
    let request = "curl -sf http://127.0.0.1:8901/v1/chat/completions -H \"Authorization: Bearer $KEY\" \
                   -d '{\"model\": \"echo\", \"messages\": [{\"role\": \"user\", \"content\": \"one two\"}]}'";
    shell(&before, port, request);
    first.signal("-KILL");
    for signal in ["-KILL", "-TERM"] {
        let mut again = Process::start(folder.path(), port, &arguments);
        again.wait_until_ready();
        let after = again.document();
        for field in ["market", "mint", "provider", "parties", "program"] {
            assert_eq!(before[field], after[field], "{field}");
        }
        assert_eq!(loan(&before, "paying", "api_key"), loan(&after, "paying", "api_key"));
        assert!(shell(&after, port, request).contains("one two"));
        // The reporters sign again once the clock has passed what they have signed before.
        let ready = "for _ in $(seq 150); do curl -sf http://127.0.0.1:8903/readyz && \
                     curl -sf http://127.0.0.1:8902/readyz && exit; sleep 0.2; done; curl -s http://127.0.0.1:8903/readyz; exit 1";
        assert!(!shell(&after, port, ready).is_empty());
        let ended = again.signal(signal);
        assert_eq!(ended.success(), signal == "-TERM", "{}", again.text(1));
    }
    require_free(port);
}

#[test]
fn wrong_arguments_are_refused_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 10] = [
        (&["--serve", "--port", "0"], 1, "port 0 is out of range; choose one from 1 to 65531"),
        (&["--serve", "--port", "65535"], 1, "port 65535 is out of range; choose one from 1 to 65531"),
        (&["--serve", "--port", "http"], 2, "invalid value 'http' for '--port <N>'"),
        (
            &["--serve", "--upstream", "localhost:8000"],
            2,
            "give the upstream's base URL, up to and with its /v1",
        ),
        (&["--serve", "--upstream-key-env", "KEY"], 2, "--upstream <URL>"),
        (
            &["--serve", "--keep", file],
            1,
            "not a directory; name a folder that you may write to (--keep DIR)",
        ),
        (&["--serve", "--programs", file], 1, "name a folder of programs that you may read (--programs DIR)"),
        (&["--serve", "--upstream", "http://127.0.0.1:1/v1"], 1, "for the echo model (--upstream URL)"),
        (&["--serve", "--rpc", "http://127.0.0.1:1"], 2, "cannot be used with"),
        (&["--keep", file], 2, "--serve"),
    ];
    for (arguments, code, expected) in cases {
        // The default ports may be taken by somebody's own sandbox.
        let mut arguments = arguments.to_vec();
        let port = free_ports(5).to_string();
        if arguments.contains(&"--serve") && !arguments.contains(&"--port") {
            arguments.extend(["--port", &port]);
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_blockable-demo"))
            .args(&arguments)
            .env("TMPDIR", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    assert_eq!(names(&folder), ["file"]);
}

/// As with `2>&1 | tee`, where Ctrl-C ends the reader first.
#[test]
fn a_reader_that_goes_takes_nothing_with_it() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_ports(5));
    let mut child = Command::new(env!("CARGO_BIN_EXE_blockable-demo"))
        .args(["--serve", "--json", "--port", &port.to_string()])
        .env("TMPDIR", folder.path())
        .env("RUST_LOG", "info")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("ready after") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it has ended");
    }
    drop((stderr, child.stdout.take()));
    // It goes on, and logs to nobody.
    let slot = || {
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "getSlot"}).to_string();
        let url = format!("http://127.0.0.1:{port}");
        let args = ["-sf", "-H", "content-type: application/json", "-d", &ask, &url];
        let answer = Command::new("curl").args(args).output().unwrap().stdout;
        serde_json::from_slice::<Value>(&answer).unwrap()["result"].as_u64().unwrap()
    };
    let (first, began) = (slot(), Instant::now());
    while slot() < first + 5 {
        assert!(began.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "it stands still");
    }
    let output = ["stdout", "stderr"].map(|name| folder.path().join(name));
    let status = Process { child, output }.signal("-INT");
    assert_eq!(status.code(), Some(0));
    require_free(port);
}
