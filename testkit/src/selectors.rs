//! Selectors of series in rules for Prometheus, and the samples that a server has for them.

/// A selector of series: a name, and matchers of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    name: String,
    matchers: Vec<Matcher>,
}

/// A matcher of a label, such as `class=~"busy|failed"`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Matcher {
    label: String,
    /// False for `!=` and `!~`.
    wants: bool,
    /// Whole values, and stems where they end in `.*`.
    values: Vec<String>,
}

impl Matcher {
    fn read(text: &str) -> Option<Matcher> {
        let (left, value) = text.split_once('"')?;
        let (operator, value) = (left.trim(), value.strip_suffix('"')?);
        let label = operator.trim_end_matches(['=', '!', '~']);
        let values = value.split('|').map(str::to_string).collect();
        Some(Matcher { label: label.to_string(), wants: !operator[label.len()..].starts_with('!'), values })
    }

    /// One matcher for each value, since each value that is named must have its sample; those that exclude stay whole.
    fn split(&self) -> Vec<Matcher> {
        match self.wants {
            false => vec![self.clone()],
            true => self
                .values
                .iter()
                .map(|value| Matcher { values: vec![value.clone()], ..self.clone() })
                .collect(),
        }
    }

    fn matches(&self, labels: &str) -> bool {
        let start = format!("{}=\"", self.label);
        let found = labels.split("\",").find_map(|label| label.trim_end_matches('"').strip_prefix(&start));
        let is_value = |value: &String| match value.strip_suffix(".*") {
            Some(stem) => found.unwrap_or_default().starts_with(stem),
            None => found.unwrap_or_default() == value,
        };
        self.values.iter().any(is_value) == self.wants
    }
}

impl Selector {
    /// The selectors of a text whose names begin with `prefix`. One whose matcher names several values comes once for each.
    pub fn read_all(text: &str, prefix: &str) -> Vec<Selector> {
        let mut found = Vec::new();
        for (place, _) in text.match_indices(prefix) {
            let rest = &text[place..];
            let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
            let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
            let inner =
                rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inner, _)| inner);
            let mut selectors = vec![Selector { name: name.to_string(), matchers: Vec::new() }];
            for matcher in
                inner.split_inclusive("\",").filter_map(|text| Matcher::read(text.trim_end_matches(',')))
            {
                let with = |selector: &Selector, one: Matcher| {
                    let matchers = selector.matchers.iter().cloned().chain([one]).collect();
                    Selector { matchers, ..selector.clone() }
                };
                let split = matcher.split();
                selectors = selectors
                    .iter()
                    .flat_map(|one| split.iter().map(|more| with(one, more.clone())))
                    .collect();
            }
            found.extend(selectors);
        }
        found
    }

    /// The metric that it selects.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True where an answer of `/metrics` has a sample that it selects.
    pub fn has_sample(&self, rendered: &str) -> bool {
        rendered.lines().filter(|line| !line.starts_with('#')).any(|line| {
            let series = line.rsplit_once(' ').map_or(line, |(series, _)| series);
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let labels = labels.trim_end_matches('}');
            name == self.name && self.matchers.iter().all(|matcher| matcher.matches(labels))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_that_is_named_needs_a_sample() {
        let text = "increase(a_total{class=~\"busy|slow_.*\",job=\"x\"}[10m]) > 3 and a_up{class!~\"busy|idle\"} == 1 or a_age < 0";
        let selectors = Selector::read_all(text, "a_");
        let names: Vec<&str> = selectors.iter().map(Selector::name).collect();
        assert_eq!(names, ["a_total", "a_total", "a_up", "a_age"]);
        let rendered =
            "# HELP a_total x\na_total{class=\"busy\",job=\"x\"} 0\na_up{class=\"busy\"} 1\na_age -1\n";
        let has = |rendered: &str| -> Vec<bool> {
            selectors.iter().map(|selector| selector.has_sample(rendered)).collect()
        };
        assert_eq!(has(rendered), [true, false, false, true]);
        assert_eq!(
            has("a_total{job=\"x\",class=\"slow_disk\"} 7\na_up{class=\"down\"} 0\n"),
            [false, true, true, false]
        );
        assert_eq!(has("a_total{job=\"y\",class=\"busy\"} 7\n"), [false; 4]);
    }
}
