//! Runs of the binary.

use {
    crate::schema::require_described,
    serde_json::Value,
    std::{
        env,
        io::Write,
        path::Path,
        process::{Command, Stdio},
    },
};

/// The end of a run of the binary, and its output.
#[derive(Debug)]
pub(crate) struct Done {
    /// The arguments.
    pub arguments: Vec<String>,
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs the binary with a home folder, without a node.
pub(crate) fn run_in(home: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    run_with_input(home, arguments, variables, "")
}

/// The same with an input on the standard input.
pub(crate) fn run_with_input(
    home: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
    input: &str,
) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockable"));
    command.args(arguments).current_dir(home);
    command.env_clear().env("HOME", home).env("PATH", env::var_os("PATH").unwrap());
    command.envs(variables.iter().copied());
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Done {
        arguments: arguments.iter().map(ToString::to_string).collect(),
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Done {
    /// The one document on standard output; the data of a success.
    pub(crate) fn data(&self) -> Value {
        self.data_of(0)
    }

    /// The proposal to a multisig that was made in the place of the act.
    pub(crate) fn proposal(&self) -> Value {
        self.data_of(7)["proposal"].clone()
    }

    /// The data of an answer with an exit code.
    pub(crate) fn data_of(&self, code: i32) -> Value {
        let document = self.document();
        assert_eq!((self.code, &document["ok"]), (code, &Value::Bool(true)), "{self:?}");
        assert!(document["error"].is_null(), "{self:?}");
        document["data"].clone()
    }

    /// The error of a failure.
    pub(crate) fn error(&self) -> Value {
        let document = self.document();
        assert_ne!(self.code, 0, "{self:?}");
        assert_eq!((&document["ok"], &document["data"]), (&Value::Bool(false), &Value::Null), "{self:?}");
        document["error"].clone()
    }

    /// The message of a failure, on one line.
    pub(crate) fn message(&self) -> String {
        self.error()["message"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The warnings of the document.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warnings = self.document()["warnings"].clone();
        warnings.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect()
    }

    fn document(&self) -> Value {
        let document: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no document: {self:?}"));
        let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["data", "error", "ok", "schema_version", "warnings"], "{self:?}");
        assert_eq!(document["schema_version"], 1);
        require_described(self, &document);
        document
    }
}
