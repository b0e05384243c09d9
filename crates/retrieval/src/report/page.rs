//! What pages are built of: sections, tables, pictures, text made safe.

use std::fmt::Write as _;

use super::grid::Grid;
use super::style;

/// A part of a page, under a heading of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What links within the page call it: letters, digits and `-`.
    pub id: String,
    /// Its heading, as plain text.
    pub heading: String,
    /// What stands under it, as HTML.
    pub body: String,
}

impl Section {
    /// A section of `body`, HTML, under a heading of plain text.
    pub fn new(id: &str, heading: &str, body: String) -> Self {
        Self { id: id.to_owned(), heading: heading.to_owned(), body }
    }

    fn html(&self) -> String {
        let Self { id, heading, body } = self;
        let heading = escape(heading);
        format!("<section id=\"{id}\">\n<h2>{heading}</h2>\n{body}</section>\n")
    }
}

/// One self-contained page: no script, nothing loaded from elsewhere, light and dark by the reader's setting. `title` is
/// plain text, `lead` HTML that stands before the contents; with more than two sections there is a list of them.
pub fn page(title: &str, lead: &str, sections: &[Section]) -> String {
    let (title, style) = (escape(title), style::of_page());
    let contents = if sections.len() > 2 { contents(sections) } else { String::new() };
    let parts: String = sections.iter().map(Section::html).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         {lead}{contents}{parts}</main>\n</body>\n</html>\n"
    )
}

fn contents(sections: &[Section]) -> String {
    let link = |section: &Section| {
        format!("<li><a href=\"#{}\">{}</a></li>", section.id, escape(&section.heading))
    };
    let links: String = sections.iter().map(link).collect();
    format!("<nav aria-label=\"Contents\"><ul>{links}</ul></nav>\n")
}

impl Grid {
    /// The table as HTML, in a frame that scrolls sideways where it is wide.
    pub fn to_html(&self) -> String {
        let class = |column: usize| if column < self.words { " class=\"words\"" } else { "" };
        let head: String = (self.header.iter().enumerate())
            .map(|(at, cell)| format!("<th scope=\"col\"{}>{}</th>", class(at), escape(cell)))
            .collect();
        let row = |row: &Vec<String>| {
            let cells: String = (row.iter().enumerate().skip(1))
                .map(|(at, cell)| format!("<td{}>{}</td>", class(at), escape(cell)))
                .collect();
            let first = row.first().map(String::as_str).unwrap_or_default();
            format!("<tr><th scope=\"row\"{}>{}</th>{cells}</tr>\n", class(0), escape(first))
        };
        let body: String = self.rows.iter().map(row).collect();
        let caption = escape(&self.caption);
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table>\n\
             <caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
        )
    }
}

/// An SVG file as a figure within a page. It is shown as an image, so that neither its style nor anything else in it
/// reaches the page; `alt` tells what it shows to those who cannot see it.
pub fn picture(svg: &str, alt: &str) -> String {
    let alt = escape(alt);
    let mut data = String::with_capacity(svg.len() + svg.len() / 4);
    for byte in svg.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => data.push(char::from(byte)),
            b' ' | b'=' | b':' | b'/' | b'.' | b',' | b'-' | b'(' | b')' | b';' => {
                data.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(data, "%{byte:02X}")),
        }
    }
    format!(
        "<figure>\n<img alt=\"{alt}\" src=\"data:image/svg+xml,{data}\">\n\
         <figcaption class=\"note\">{alt}</figcaption>\n</figure>\n"
    )
}

/// Text with the characters that HTML gives a meaning replaced.
pub fn escape(text: &str) -> String {
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
