//! `--control`: commands on standard input that stop a part of the sandbox and start it again.

use {
    super::say,
    blockable_sandbox::{Sandbox, SandboxError},
    std::{
        future::pending,
        io::{self, BufRead, Read},
        thread,
    },
    tokio::sync::mpsc,
};

/// Most bytes of a command; what follows counts as the next one.
const LONGEST: u64 = 64;
/// Commands that may wait for one that runs.
const WAITING: usize = 8;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// `stop keeper`
    StopKeeper,
    /// `start keeper`
    StartKeeper,
    /// A line that is none.
    Unknown(String),
}

impl Order {
    fn parse(line: &str) -> Order {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["stop", "keeper"] => Order::StopKeeper,
            ["start", "keeper"] => Order::StartKeeper,
            _ => Order::Unknown(line.trim().to_string()),
        }
    }
}

/// The commands that come on standard input.
pub(super) struct Control {
    orders: mpsc::Receiver<Order>,
}

impl Control {
    /// Begins to read. A thread of its own waits for lines: a task that reads would keep the process from ending.
    pub(super) fn listen() -> Control {
        let (send, orders) = mpsc::channel(WAITING);
        thread::spawn(move || read(io::stdin().lock(), &send));
        Control { orders }
    }

    /// Waits for the next command: forever where there is no control, or where standard input has ended.
    pub(super) async fn next(control: &mut Option<Control>) -> Order {
        let Some(open) = control else { return pending().await };
        match open.orders.recv().await {
            Some(order) => order,
            None => pending().await,
        }
    }
}

fn read(mut input: impl BufRead, orders: &mpsc::Sender<Order>) {
    let mut line = Vec::new();
    while matches!(input.by_ref().take(LONGEST).read_until(b'\n', &mut line), Ok(1..)) {
        if orders.blocking_send(Order::parse(&String::from_utf8_lossy(&line))).is_err() {
            return;
        }
        line.clear();
    }
}

/// Does what a command says, and says so.
pub(super) async fn obey(order: Order, sandbox: &mut Sandbox) {
    let (done, words) = match order {
        Order::StopKeeper => (sandbox.stop_keeper().await, "the keeper is stopped"),
        Order::StartKeeper => (sandbox.start_keeper().await, "the keeper runs"),
        Order::Unknown(line) => {
            say(&format!("unknown command `{line}`: there are `stop keeper` and `start keeper`"));
            return;
        }
    };
    say(&outcome(done, words));
}

fn outcome(done: Result<(), SandboxError>, words: &str) -> String {
    match done {
        Ok(()) => words.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Order, read};

    #[test]
    fn a_line_is_a_command_and_a_long_one_takes_no_memory() {
        let (send, mut orders) = tokio::sync::mpsc::channel(8);
        let text = format!("stop keeper\n  start   keeper \nstop\n{}", "x".repeat(65));
        read(text.as_bytes(), &send);
        drop(send);
        let mut found = Vec::new();
        while let Ok(order) = orders.try_recv() {
            found.push(order);
        }
        let longest = usize::try_from(LONGEST).unwrap();
        let expected = [
            Order::StopKeeper,
            Order::StartKeeper,
            Order::Unknown("stop".to_string()),
            Order::Unknown("x".repeat(longest)),
            Order::Unknown("x".to_string()),
        ];
        assert_eq!(found, expected);
    }
}
