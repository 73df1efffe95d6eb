//! A schedule from a CSV file: the due date and the principal of each instalment.

use {
    super::dates::Beginning,
    crate::error::CliError,
    blockable_sdk::program::state::{Instalment, MAX_INSTALMENTS},
    blockable_service::command::values::{AmountError, money, when},
    std::{fs, io::ErrorKind, path::Path},
};

/// The first line.
const HEADER: &str = "due,principal";

/// Reads the schedule of a file: the header `due,principal`, then a line for each instalment, such as `30d,1000usdc` or
/// `2027-01-31,1000usdc`. Errors: [`CliError::NotFound`] where there is no file, [`CliError::Failed`] where the system does not give
/// it, [`CliError::Usage`] for one that is no text, and with every line that is wrong.
pub(super) fn read(path: &Path, from: &Beginning) -> Result<Vec<Instalment>, CliError> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        let says = format!("{shown} cannot be read: {error}; name a text file with the schedule");
        match error.kind() {
            ErrorKind::NotFound => CliError::NotFound(says),
            ErrorKind::InvalidData | ErrorKind::IsADirectory => CliError::Usage(says),
            _ => CliError::Failed(says),
        }
    })?;
    parse(&text, from).map_err(|mistakes| CliError::Usage(format!("{shown}: {}", mistakes.join("; "))))
}

fn parse(text: &str, from: &Beginning) -> Result<Vec<Instalment>, Vec<String>> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    match lines.next() {
        Some((_, header)) if header.replace(' ', "") == HEADER => {}
        _ => {
            return Err(vec![format!(
                "line 1 is not the header {HEADER}; write it, and a line for each instalment"
            )]);
        }
    }
    let (mut schedule, mut mistakes) = (Vec::new(), Vec::new());
    for (place, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let previous = schedule.last().map(|instalment: &Instalment| instalment.due_after);
        match instalment(line, from, previous) {
            Ok(instalment) => schedule.push(instalment),
            Err(mistake) => mistakes.push(format!("line {} {mistake}", place.saturating_add(1))),
        }
    }
    if mistakes.is_empty() && schedule.is_empty() {
        mistakes.push("has no instalment; write one a line, such as 30d,1000usdc".to_string());
    }
    if schedule.len() > MAX_INSTALMENTS {
        mistakes.push(format!("has {} instalments, more than {MAX_INSTALMENTS}; merge some", schedule.len()));
    }
    if mistakes.is_empty() { Ok(schedule) } else { Err(mistakes) }
}

fn instalment(line: &str, from: &Beginning, previous: Option<u32>) -> Result<Instalment, String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [due, principal] = fields.as_slice() else {
        return Err(format!("has {} fields; write due,principal, and money without commas", fields.len()));
    };
    let at = when(due).and_then(|due| due.resolve(from.at)).map_err(|error| format!("{due:?} {error}"))?;
    let seconds = at.get().saturating_sub(from.at.get());
    if seconds <= 0 {
        return Err(format!("{due:?} is not after the beginning; name a later date, or --counted-from"));
    }
    let due_after = u32::try_from(seconds).map_err(|_| format!("{due:?} is too far away"))?;
    // A number of a loan is made of dates as they are named, counted from 0: a span comes before every date.
    if from.at.get() != 0 && previous.is_some_and(|previous| due_after <= previous) {
        return Err(format!("{due:?} is not after the date of the line before; put the dates in order"));
    }
    let principal = match money(principal) {
        Ok(amount) => amount.get(),
        // An instalment of interest alone.
        Err(AmountError::Zero) => 0,
        Err(_) if *principal == "0" => 0,
        Err(error) => return Err(format!("{principal:?} {error}")),
    };
    Ok(Instalment { due_after, principal })
}

#[cfg(test)]
mod tests {
    use {
        super::{super::dates::DateArgs, *},
        blockable_sdk::amounts::ChainTime,
    };

    fn read_text(text: &str) -> Result<Vec<Instalment>, Vec<String>> {
        let args = DateArgs { counted_from: Some(when("2027-01-01").unwrap()), ..DateArgs::default() };
        parse(text, &args.beginning(ChainTime(0)).unwrap())
    }

    #[test]
    fn dates_and_spans_are_read() {
        let schedule = read_text("due,principal\n10d,0usdc\n2027-01-31,1000usdc\n60d,$2.5\n\n").unwrap();
        let expected = [(10, 0), (30, 1_000_000_000), (60, 2_500_000)];
        let expected = expected.map(|(days, principal)| Instalment { due_after: days * 86_400, principal });
        assert_eq!(schedule, expected);
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let mistakes = read_text(
            "due,principal\nsoon,5usdc\n30d,5\n20d,5usdc\n10d,5usdc\n9d,1,000usdc\n2026-01-01,1usdc",
        );
        let mistakes = mistakes.unwrap_err();
        for (mistake, expected) in mistakes.iter().zip([
            "line 2 \"soon\" is no time",
            "line 3 \"5\" is no amount of money",
            "line 5 \"10d\" is not after the date of the line before",
            "line 6 has 3 fields",
            "line 7 \"2026-01-01\" is not after the beginning",
        ]) {
            assert!(mistake.starts_with(expected), "{mistake}");
        }
        assert_eq!(mistakes.len(), 5);
        assert!(read_text("").unwrap_err()[0].starts_with("line 1 is not the header"));
        assert!(read_text("30d,5usdc").unwrap_err()[0].starts_with("line 1 is not the header"));
        assert!(read_text("due,principal\n").unwrap_err()[0].starts_with("has no instalment"));
        let many: String = (1..=37).map(|day| format!("{day}d,1usdc\n")).collect();
        assert!(read_text(&format!("due,principal\n{many}")).unwrap_err()[0].contains("more than 36"));
    }
    #[test]
    fn no_money_is_a_number_that_is_zero() {
        for text in ["0", "0usdc", "0 usdc", "0.00usd", "$0", "$0.00"] {
            let schedule = read_text(&format!("due,principal\n10d,{text}\n30d,1usdc")).unwrap();
            assert_eq!(schedule[0].principal, 0, "{text}");
        }
        for text in ["0.0.0", "0..usdc", "0.0.0usdc", "", "usdc", "0x", "-0"] {
            let mistakes = read_text(&format!("due,principal\n10d,{text}\n30d,1usdc")).unwrap_err();
            assert!(
                mistakes[0].starts_with(&format!("line 2 {text:?} is no amount of money")),
                "{mistakes:?}"
            );
        }
    }

    #[test]
    fn a_file_that_is_there_and_cannot_be_read_is_not_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("schedule.csv");
        let from = DateArgs::default().beginning(ChainTime(0)).unwrap();
        let error = || read(&path, &from).unwrap_err();
        assert!(matches!(error(), CliError::NotFound(_)));
        fs::write(&path, b"due,principal\n\xff").unwrap();
        assert!(matches!(error(), CliError::Usage(says) if says.contains("UTF-8")));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(error(), CliError::Usage(_)));
    }
}
