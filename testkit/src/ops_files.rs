//! Checks of the files that a service is run with: alert rules for Prometheus and a board for Grafana.

use {
    crate::selectors::Selector,
    serde_json::Value,
    std::{
        collections::{BTreeMap, BTreeSet},
        fs, io,
        path::{Path, PathBuf},
    },
};

/// The files of a service, in the folder `ops` of its crate.
pub struct OpsFiles {
    crate_folder: PathBuf,
    prefix: &'static str,
    board: Value,
    rules: String,
}

impl OpsFiles {
    /// Reads the files of a crate whose metrics begin with `prefix`. Errors: one cannot be read, or the board is no JSON.
    pub fn read(crate_folder: &Path, prefix: &'static str) -> io::Result<OpsFiles> {
        let ops = crate_folder.join("ops");
        let board = serde_json::from_str(&fs::read_to_string(ops.join("grafana.json"))?)?;
        let rules = fs::read_to_string(ops.join("alerts.rules.yml"))?;
        Ok(OpsFiles { crate_folder: crate_folder.to_path_buf(), prefix, board, rules })
    }

    /// The sources of the crate, tests left out. Errors: one cannot be read.
    pub fn sources(&self) -> io::Result<Vec<String>> {
        OpsFiles::sources_of(&self.crate_folder)
    }

    /// The sources of another crate, tests left out. Errors: one cannot be read.
    pub fn sources_of(crate_folder: &Path) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        sources(&crate_folder.join("src"), &mut found)?;
        Ok(found)
    }

    /// Requires a sample of each selector in the rules. Errors: the selectors that have none in an answer of `/metrics`.
    pub fn check_samples(&self, rendered: &str) -> Result<(), String> {
        let lacks = |selector: &Selector| !selector.has_sample(rendered);
        let expressions: Vec<String> = self.rules().into_iter().map(expression).collect();
        let selectors = Selector::read_all(&expressions.join("\n"), self.prefix);
        require(selectors.len() > 10, || format!("only {selectors:?}"))?;
        let lacking: Vec<Selector> = selectors.into_iter().filter(lacks).collect();
        require(lacking.is_empty(), || format!("no sample for {lacking:#?}"))
    }

    /// Metrics in the first argument of a call in a source, such as `metrics::counter!(`.
    pub fn metrics_in(&self, source: &str, call: &str) -> Vec<String> {
        let calls = source.match_indices(call).map(|(place, _)| &source[place + call.len()..]);
        let quoted = calls.filter_map(|rest| rest.trim_start().strip_prefix('"'));
        quoted.map(name_at).filter(|name| name.starts_with(self.prefix)).collect()
    }

    /// Metrics that a text names, without the suffixes of a histogram's parts.
    pub fn metrics_named(&self, text: &str) -> BTreeSet<String> {
        let names = text.match_indices(self.prefix).filter(|(place, _)| {
            let before = text[..*place].chars().next_back();
            !before.is_some_and(|character| character.is_ascii_alphanumeric() || "_-/".contains(character))
        });
        let bare = |name: String| {
            let bare = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            bare.unwrap_or(&name).to_string()
        };
        names.map(|(place, _)| bare(name_at(&text[place..]))).collect()
    }

    /// Metrics on the board.
    pub fn on_board(&self) -> BTreeSet<String> {
        let mut found = Vec::new();
        expressions(&self.board, &mut found);
        self.metrics_named(&found.join("\n"))
    }

    /// Metrics in the rules.
    pub fn in_rules(&self) -> BTreeSet<String> {
        self.metrics_named(&self.rules)
    }

    /// Requires that board and rules name metrics, and only such as are recorded, and that the board has them all. Errors: the
    /// faults.
    pub fn check_metrics(&self, recorded: &BTreeSet<String>) -> Result<(), String> {
        let (board, rules) = (self.on_board(), self.in_rules());
        let mut faults = Vec::new();
        for (file, named) in [("grafana.json", &board), ("alerts.rules.yml", &rules)] {
            if named.len() <= 10 {
                faults.push(format!("{file} names only {named:?}"));
            }
            let unknown = named.difference(recorded);
            faults.extend(unknown.map(|name| format!("{file} names {name}, which nothing records")));
        }
        faults.extend(recorded.difference(&board).map(|name| format!("{name} is not on the board")));
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }

    /// Requires a board that imports, with these rows, where each panel has its source, description and queries. Errors: the first
    /// fault.
    pub fn check_board(&self, rows: &[&str]) -> Result<(), String> {
        let panels = self.board["panels"].as_array().ok_or("the board has no panels")?;
        let titles: Vec<&str> = panels
            .iter()
            .filter(|panel| panel["type"] == "row")
            .filter_map(|row| row["title"].as_str())
            .collect();
        require(titles == rows, || format!("the rows are {titles:?}"))?;
        let ids: BTreeSet<i64> = panels.iter().filter_map(|panel| panel["id"].as_i64()).collect();
        require(ids.len() == panels.len(), || "a panel has no number of its own".to_string())?;
        panels.iter().try_for_each(check_panel)?;
        let variables = self.board["templating"]["list"].as_array().into_iter().flatten();
        let variables: Vec<&str> = variables.filter_map(|one| one["name"].as_str()).collect();
        require(variables == ["datasource", "job"], || format!("the variables are {variables:?}"))
    }

    /// The rules, each from its name on.
    fn rules(&self) -> Vec<&str> {
        self.rules.split("- alert: ").skip(1).collect()
    }

    /// Requires of a page a heading `### ALERT` for each rule and for nothing else below `## Alerts`, whose text begins with the
    /// severity, and of each rule the annotation `runbook` with the place of it. Errors: the first fault.
    pub fn check_runbook(&self, path: &str, page: &str) -> Result<(), String> {
        let (_, entries) = page.split_once("\n## Alerts\n").ok_or("the page has no alerts")?;
        let entries = entries.split("\n## ").next().unwrap_or_default();
        let entries: BTreeMap<&str, &str> =
            entries.split("\n### ").skip(1).filter_map(|entry| entry.split_once('\n')).collect();
        let mut left: BTreeSet<&str> = entries.keys().copied().collect();
        for rule in self.rules() {
            let title = rule.lines().next().unwrap_or_default();
            let entry = entries.get(title).ok_or_else(|| format!("{path} has no entry for {title}"))?;
            let severity = entry.split_whitespace().next().unwrap_or_default().trim_end_matches('.');
            require(rule.contains(&format!("severity: {} }}", severity.to_lowercase())), || {
                format!("the entry of {title} begins with another severity: {severity}")
            })?;
            require(entry.contains("\n1. ") || entry.contains("\n| code | do |"), || {
                format!("the entry of {title} has no step")
            })?;
            let place = format!("runbook: \"{path}#{}\"", title.to_lowercase());
            require(rule.contains(&place), || format!("{title} has not {place}"))?;
            left.remove(title);
        }
        require(left.is_empty(), || format!("{path} has entries for no rule: {left:?}"))
    }

    /// Requires at least `least` rules whose names begin with `name`, each with an expression that no other has, duration, severity,
    /// fact, meaning and next step. Errors: the first fault.
    pub fn check_rules(&self, name: &str, least: usize) -> Result<(), String> {
        let rules = self.rules();
        require(rules.len() >= least, || format!("only {} rules", rules.len()))?;
        let names: BTreeSet<&str> = rules.iter().filter_map(|rule| rule.lines().next()).collect();
        require(names.len() == rules.len(), || "two rules have one name".to_string())?;
        let mut expressions = BTreeMap::new();
        for rule in &rules {
            let title = rule.lines().next().unwrap_or_default();
            let good = title.starts_with(name) && title.chars().all(char::is_alphanumeric);
            require(good, || format!("{title} is no name"))?;
            for part in ["expr:", "for:", "severity:", "summary:", "meaning:", "next_step:"] {
                let count = rule.matches(&format!(" {part} ")).count();
                require(count == 1, || format!("{title} has {count} of {part}"))?;
            }
            if let Some(other) = expressions.insert(expression(rule), title) {
                return Err(format!("{title} and {other} have the same expression: one fact has one alert"));
            }
        }
        require(!self.rules.contains('\t'), || "YAML knows no tabs".to_string())
    }
}

/// The expression of a rule on one line.
fn expression(rule: &str) -> String {
    let rest = rule.split_once(" expr:").map_or("", |(_, rest)| rest);
    let text = rest.split_once(" for:").map_or(rest, |(text, _)| text);
    text.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ")
}

fn require(good: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(fault()) }
}

fn check_panel(panel: &Value) -> Result<(), String> {
    let title = &panel["title"];
    let side = |name: &str| panel["gridPos"][name].as_i64().unwrap_or(-1);
    let (x, width) = (side("x"), side("w"));
    require(x >= 0 && width > 0 && x + width <= 24, || format!("{title} is out of place"))?;
    if panel["type"] == "row" {
        return Ok(());
    }
    require(panel["datasource"]["uid"] == "${datasource}", || format!("{title} has another source"))?;
    let described = panel["description"].as_str().is_some_and(|text| !text.is_empty());
    require(described, || format!("{title} has no description"))?;
    require(panel["targets"].as_array().is_some_and(|targets| !targets.is_empty()), || {
        format!("{title} has no query")
    })
}

fn sources(folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_tests = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_tests {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_tests {
            found.push(fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|character| character.is_ascii_alphanumeric() || *character == '_').collect()
}

fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_string));
            fields.values().for_each(|value| expressions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}
