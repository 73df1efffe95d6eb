use {
    indicatif::{ProgressBar, ProgressStyle, WeakProgressBar},
    std::{
        io::{IsTerminal, stderr},
        thread,
        time::Duration,
    },
};

/// Time until the first line, and between two, where standard error is no terminal.
const LINES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(15)];

/// Progress on standard error that counts the terms that are walked: a bar on a terminal, a line now and then elsewhere. It ends once
/// the bar is dropped or finished.
pub(super) fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if !stderr().is_terminal() {
        let watched = bar.downgrade();
        thread::spawn(move || tell(&watched, LINES, |line| eprintln!("{line}")));
        return bar;
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

/// Writes a line on the progress after the first time, and after each second one, until the bar is gone or finished.
fn tell(bar: &WeakProgressBar, [first, each]: [Duration; 2], mut write: impl FnMut(String)) {
    let mut pause = first;
    loop {
        thread::park_timeout(pause);
        pause = each;
        let Some(bar) = bar.upgrade().filter(|bar| !bar.is_finished()) else { return };
        let (done, all) = (bar.position(), bar.length().unwrap_or_default());
        let seconds = bar.elapsed().as_secs();
        write(format!("{}: {done} of {all} done after {seconds} seconds", bar.message()));
    }
}

#[cfg(test)]
mod tests {
    use {super::*, std::sync::mpsc::sync_channel};

    #[test]
    fn progress_is_told_where_no_bar_can_be_shown() {
        let bar = ProgressBar::hidden();
        bar.set_length(3);
        bar.set_message("simulating terms");
        bar.inc(1);
        let (watched, (lines, told)) = (bar.downgrade(), sync_channel(64));
        let often = [Duration::from_millis(1); 2];
        let teller = thread::spawn(move || tell(&watched, often, |line| drop(lines.try_send(line))));
        let line = told.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(line.starts_with("simulating terms: 1 of 3 done after "), "{line}");
        drop(bar);
        teller.join().unwrap();
    }
}
