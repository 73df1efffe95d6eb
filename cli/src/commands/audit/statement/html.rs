//! A statement for a browser or a printer: one file, without scripts and without anything from elsewhere.

use {
    super::sheet::{LoanSheet, Sheet, movements, sections},
    crate::commands::audit::cells::{dollars, timestamp},
};

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{padding:.25rem .5rem;border-bottom:1px solid #ddd;\
text-align:left}td.figure,th.figure{text-align:right;font-variant-numeric:tabular-nums}tr.sum td{font-weight:600}\
code{font-size:12px;word-break:break-all}h2{margin-top:2rem}@media print{body{margin:0}}";

/// Lays statements out as HTML.
pub(super) fn render(sheet: &Sheet) -> String {
    let title = escaped(&sheet.title());
    let body: String = sheet.statements.iter().map(one).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>Cluster: {}. \
         Computed from the loans' events on the chain, which were proven complete.</p>\n{body}</body>\n</html>\n",
        escaped(&sheet.cluster)
    )
}

fn one(loan: &LoanSheet) -> String {
    let statement = &loan.statement;
    let mut html = format!("<h2>Credit <code>{}</code></h2>\n", escaped(&statement.credit.to_string()));
    html += "<table>\n<tr><th>Balance</th><th class=\"figure\">Principal</th><th class=\"figure\">Interest</th>\
             <th class=\"figure\">Late fees</th><th class=\"figure\">Total</th></tr>\n";
    for (name, sign, balance) in movements(statement) {
        let class = if sign.is_empty() { " class=\"sum\"" } else { "" };
        html += &format!("<tr{class}><td>{}</td>", escaped(name));
        for part in [balance.principal, balance.interest, balance.late_fees, balance.total()] {
            html += &figure(&format!("{sign}{}", dollars(part)));
        }
        html += "</tr>\n";
    }
    html += "</table>\n";
    for section in sections(loan) {
        html += &format!("<h3>{}</h3>\n<table>\n", escaped(section.title));
        for (name, value) in section.lines {
            html += &format!("<tr><td>{}</td>{}</tr>\n", escaped(name), figure(&value));
        }
        html += "</table>\n";
    }
    html + &events(loan)
}

fn events(loan: &LoanSheet) -> String {
    let statement = &loan.statement;
    if statement.lines.is_empty() {
        return "<p>No events in the period.</p>\n".to_string();
    }
    let mut html = "<h3>Events</h3>\n<table>\n<tr><th class=\"figure\">Event</th><th>Time</th><th>Kind</th>\
                    <th class=\"figure\">Money</th><th class=\"figure\">Added</th><th class=\"figure\">Settled</th><th class=\"figure\">Debt</th></tr>\n"
        .to_string();
    for line in &statement.lines {
        html += &format!(
            "<tr>{}<td>{}</td><td>{}</td>{}{}{}{}</tr>\n",
            figure(&line.seq.to_string()),
            escaped(&timestamp(line.at)),
            escaped(&loan.event_name(line)),
            figure(&line.moved.map_or("-".to_string(), dollars)),
            figure(&dollars(line.added.total())),
            figure(&dollars(line.settled.total())),
            figure(&dollars(line.balance.total())),
        );
    }
    html + "</table>\n"
}

fn figure(text: &str) -> String {
    format!("<td class=\"figure\">{}</td>", escaped(text))
}

/// Text that stands for itself in HTML, in an attribute as well.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_taken_for_html() {
        assert_eq!(escaped("<b a=\"1\">&'</b>"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;&lt;/b&gt;");
    }
}
