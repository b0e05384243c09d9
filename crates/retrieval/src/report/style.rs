//! The look of pages and pictures: colours for light and dark, by the reader's setting.

use super::page::escape;

/// Six colours of lines, told apart on either ground, and the others by their names.
const LIGHT: &str = "--ink:#1c1c1a;--soft:#5f5f5a;--paper:#fcfcfa;--line:#d8d8d2;--model:#0b5cad;--base:#8a5a00;\
--s1:#0b5cad;--s2:#b3470b;--s3:#1b7a4a;--s4:#8a3ea8;--s5:#7d6400;--s6:#b3245e";
const DARK: &str = "--ink:#ececea;--soft:#a8a8a2;--paper:#191a1c;--line:#3a3b3e;--model:#7db8f2;--base:#e0b060;\
--s1:#7db8f2;--s2:#f2a06b;--s3:#6fd0a0;--s4:#cfa0ee;--s5:#e0c860;--s6:#f58bb4";

/// How many colours of lines there are.
pub(super) const COLOURS: usize = 6;

const PAGE: &str = "\
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:72rem;margin:2rem auto;padding:0 1rem}\
h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem}h3{margin-top:1.8rem}p,li,dd{max-width:48rem}a{color:var(--model)}\
nav ul{padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}\
.scroll{overflow-x:auto}dt{font-weight:600}dd{margin:0 0 .5rem}\
pre{overflow-x:auto;padding:.8rem;border:1px solid var(--line);font-size:.85rem}\
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums;font-size:.9rem}\
caption{text-align:left;font-weight:600;padding:.3rem 0}\
th,td{padding:.2rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:top}\
.words{text-align:left}tbody .words{white-space:pre-line;min-width:7rem}\
thead th{color:var(--soft);font-weight:600}tbody th{font-weight:400}\
figure{margin:1rem 0}figure img{max-width:100%}.pair{display:flex;flex-wrap:wrap;gap:0 1rem}\
.note{color:var(--soft);font-size:.9rem}";

const SVG: &str = "\
svg{max-width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}\
svg .soft{fill:var(--soft)}svg .axis,svg .chance,svg .kept{stroke:var(--soft)}\
svg .chance{stroke-dasharray:4 3}svg .kept{stroke-dasharray:1 3}svg .mesh{stroke:var(--line)}svg .paper{fill:var(--paper)}\
svg .model{stroke:var(--model);fill:var(--model)}svg .baseline{stroke:var(--base);fill:var(--base)}\
svg .head{font-weight:600}svg polyline{fill:none;stroke-width:2;stroke-linejoin:round}";

/// The style sheet of a page.
pub(super) fn of_page() -> String {
    colours() + PAGE + SVG + &lines()
}

/// A picture that is a file of its own: its parts on paper, with what those hear who cannot see it.
pub(super) fn picture((width, height): (f64, f64), spoken: &[String], parts: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" aria-label=\"{}\">\n<style>{}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{parts}</svg>\n",
        escape(&spoken.join(". ")),
        colours() + SVG + &lines()
    )
}

fn colours() -> String {
    format!(
        ":root{{color-scheme:light dark;{LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    )
}

fn lines() -> String {
    (1..=COLOURS)
        .map(|n| format!("svg polyline.s{n}{{stroke:var(--s{n})}}svg text.s{n},svg circle.s{n}{{fill:var(--s{n})}}"))
        .collect()
}
