use {
    indicatif::{ProgressBar, ProgressStyle},
    std::time::Duration,
};

/// A bar on standard error that counts the terms that are walked; hidden where that is no terminal.
pub(super) fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
