//! A report as one page: no script, nothing loaded from elsewhere, light and dark by the reader's setting.

use super::chart::chart;
use super::grid::{Grid, grids};
use super::{DirectionReport, Report};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c1c1a;--soft:#5f5f5a;--paper:#fcfcfa;--line:#d8d8d2;--model:#0b5cad;--base:#8a5a00}\
@media(prefers-color-scheme:dark){:root{--ink:#ececea;--soft:#a8a8a2;--paper:#191a1c;--line:#3a3b3e;--model:#7db8f2;--base:#e0b060}}\
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:72rem;margin:2rem auto;padding:0 1rem}\
h1,h2{line-height:1.2}.scroll{overflow-x:auto}\
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums;font-size:.9rem}\
caption{text-align:left;font-weight:600;padding:.3rem 0}\
th,td{padding:.2rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}\
th:first-child{text-align:left}thead th{color:var(--soft);font-weight:600}tbody th{font-weight:400}\
figure{margin:1rem 0}svg{max-width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}\
svg .soft{fill:var(--soft)}svg .axis,svg .chance{stroke:var(--soft)}svg .chance{stroke-dasharray:4 3}\
svg .model{stroke:var(--model);fill:var(--model)}svg .baseline{stroke:var(--base);fill:var(--base)}\
.note{color:var(--soft);font-size:.9rem}";

impl Report {
    /// The report as one self-contained HTML page.
    pub fn to_html(&self) -> String {
        let name = escape(&self.name);
        let parts: String = self.directions.iter().map(section).collect();
        let note = format!(
            "[low, high] are {:.0}% percentile bootstrap intervals over queries ({} resamples, seed {}). Chance is exact: \
             the mean over every order of the candidates. Tied candidates count at their mean over every order of them.",
            100.0 * self.bootstrap.level(),
            self.bootstrap.resamples(),
            self.bootstrap.seed()
        );
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{name}</h1>\n\
             {parts}<p class=\"note\">{note}</p>\n</main>\n</body>\n</html>\n"
        )
    }
}

fn section(direction: &DirectionReport) -> String {
    let charts = chart(direction, "MRR", |metrics| &metrics.mrr)
        + &chart(direction, "DCG", |metrics| &metrics.dcg);
    let tables: String = grids(direction).iter().map(table).collect();
    let title = escape(&direction.direction.to_string());
    format!("<section>\n<h2>{title}</h2>\n{charts}{tables}</section>\n")
}

impl Grid {
    /// The table as HTML's `table`, in a frame that scrolls.
    pub fn to_html(&self) -> String {
        table(self)
    }
}

fn table(grid: &Grid) -> String {
    let head: String =
        grid.header.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escape(cell))).collect();
    let row = |row: &Vec<String>| {
        let cells: String =
            row[1..].iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(&row[0]))
    };
    let body: String = grid.rows.iter().map(row).collect();
    let caption = escape(&grid.caption);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table>\n\
         <caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )
}

/// Text with the characters that HTML gives a meaning replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
