//! What hangs on the end of a title: alternatives, articles, numbering, dance types.

use crate::dance;

use super::fold_words;

/// Articles that are found inverted at the end of a title, folded.
const ARTICLES: &[&str] =
    &["the", "a", "an", "na", "le", "la", "les", "l", "y", "der", "die", "das", "el", "los", "las"];

/// Openings of a bracket, or of the text after a comma, that holds another title; folded.
const OPENERS: &[&str] =
    &["aka ", "a k a ", "or ", "also known as ", "also called ", "also ", "alias "];

/// Qualifiers in brackets before a dance type that belong to the type (`(Lancashire) -- Clog`).
const QUALIFIERS: &[&str] = &["(lancashire)"];

/// A title without what hung on its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stripped {
    /// What is left.
    pub(super) text: String,
    /// The article that stood at the end, as written.
    pub(super) article: Option<String>,
    /// The dance type that stood at the end.
    pub(super) dance_type: Option<&'static str>,
}

/// Takes alternatives out of a title: `X, or Y`, `X (aka Y)`, `X. (Y)`, `X / Y`; a field that opens
/// with `or` is itself an alternative and loses that word.
pub(super) fn alternatives(text: &str) -> (String, Vec<String>) {
    let text = without_opening_or(text.trim());
    if let Some((head, inner)) = bracketed_tail(text) {
        let inside = opener(inner).map(|words| after_words(inner, words));
        let set_apart = head.trim_end().ends_with('.') && !is_number_label(inner);
        if let Some(other) = inside.or(set_apart.then_some(inner)) {
            return (head.to_owned(), vec![other.to_owned()]);
        }
    }
    for parting in [", or ", ". or ", "; or ", ", OR ", "; OR ", " / ", " aka ", " a.k.a. "] {
        if let Some((head, tail)) = text.split_once(parting) {
            let others = tail.split(parting).map(|other| other.trim().to_owned()).collect();
            return (head.to_owned(), others);
        }
    }
    (text.to_owned(), Vec::new())
}

/// Takes off, from the right, punctuation, numbering, dance types and inverted articles, in
/// whatever order they stand.
pub(super) fn strip(text: &str) -> Stripped {
    let mut stripped = Stripped { text: text.to_owned(), ..Stripped::default() };
    loop {
        let bare = unquoted(without_punctuation(&stripped.text));
        let rest = without_punctuation(bare).to_owned();
        stripped.text = rest;
        let text = stripped.text.as_str();
        if stripped.article.is_none()
            && let Some((head, article)) = inverted_article(text)
        {
            stripped.article = Some(article.to_owned());
            stripped.text = head.to_owned();
        } else if let Some(head) = without_number(text) {
            stripped.text = head.to_owned();
        } else if let Some((head, name)) = dance_suffix(text) {
            stripped.dance_type = stripped.dance_type.or(Some(name));
            stripped.text = head.to_owned();
        } else if let Some(tail) = dance_prefix(text) {
            stripped.text = tail.to_owned();
        } else {
            return stripped;
        }
    }
}

fn without_opening_or(text: &str) -> &str {
    match text.strip_prefix("or ").or_else(|| text.strip_prefix("Or ")) {
        Some(rest) if text.starts_with("or ") || rest.starts_with('"') => rest,
        _ => text,
    }
}

/// `head` and `inner` of `head (inner)`.
fn bracketed_tail(text: &str) -> Option<(&str, &str)> {
    let text = without_punctuation(text);
    let close = if text.ends_with(']') { '[' } else { '(' };
    let inner = text.strip_suffix([')', ']'])?;
    let (head, inner) = inner.rsplit_once(close)?;
    (!head.trim().is_empty()).then_some((head.trim_end(), inner.trim()))
}

/// The number of words in the opener with which `inner` starts.
fn opener(inner: &str) -> Option<usize> {
    let folded = fold_words(inner);
    let open = OPENERS.iter().find(|open| folded.starts_with(**open))?;
    let dotted = inner.to_lowercase().starts_with("a.k.a");
    Some(if dotted { 1 } else { open.split_whitespace().count() })
}

fn after_words(text: &str, words: usize) -> &str {
    text.splitn(words + 1, ' ').nth(words).unwrap_or_default()
}

fn without_punctuation(text: &str) -> &str {
    let trimmed =
        text.trim_end_matches(|c: char| matches!(c, '.' | ',' | ';' | ':') || c.is_whitespace());
    let last = trimmed.rsplit(' ').next().unwrap_or_default();
    let initials = last.len() >= 3 && last.split('.').all(|part| part.chars().count() == 1);
    let dot = text[trimmed.len()..].starts_with('.');
    if initials && dot { &text[..=trimmed.len()] } else { trimmed }.trim_start()
}

/// A title that stands in double quotes as a whole, without them.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(text)
}

/// `Butterfly, The`, `Cloone Hornpipe., The`, `Hills of Ireland. The`, `Sixpenny Girl The`.
fn inverted_article(text: &str) -> Option<(&str, &str)> {
    let (head, article) = text.rsplit_once(' ')?;
    let folded = fold_words(article);
    let parted = head.ends_with(',');
    let the = folded == "the";
    let known = article.len() <= 4 && ARTICLES.contains(&folded.as_str());
    (known && (parted || the)).then_some((head, article))
}

/// The title without a number that only tells settings apart: `(2)`, `[1st Setting]`, `#2`,
/// `. 1st Setting`, `. No. 1`, `. With Variations`. `Dowd's No. 9` keeps its own.
fn without_number(text: &str) -> Option<&str> {
    if let Some((head, _)) = bracketed_tail(text).filter(|(_, inner)| is_number_label(inner)) {
        return Some(head);
    }
    if let Some((head, number)) = text.rsplit_once(" #")
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        return Some(head);
    }
    let mut partings = text.match_indices(['.', ',', ':', '-']);
    let (at, _) = partings.find(|&(at, parting)| {
        let tail = &text[at + parting.len()..];
        let bare = tail.trim().bytes().all(|b| b.is_ascii_digit());
        let label = !bare && is_number_label(tail);
        tail.starts_with(' ') && (label || fold_words(tail) == "with variations")
    })?;
    Some(&text[..at])
}

/// Whether the text is a number as settings carry it: `2`, `1st Setting`, `No. 1`, `version 2`.
fn is_number_label(text: &str) -> bool {
    let folded = fold_words(text);
    let mut words = folded.split(' ').peekable();
    let label = words
        .next_if(|word| matches!(*word, "no" | "nr" | "number" | "setting" | "version" | "set"));
    let Some(number) = words.next() else {
        return false;
    };
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let ordinal = matches!(&number[digits..], "" | "st" | "nd" | "rd" | "d" | "th");
    let end = words.next();
    let setting = matches!(end, Some("setting" | "version" | "set"));
    (1..=3).contains(&digits)
        && ordinal
        && words.next().is_none()
        && (end.is_none() || (setting && label.is_none()))
}

/// `Thunder -- Hornpipe`, `Hornpipe - reel`, `Glen- Jig`, `Reel, jig`, `Title (reel)`.
fn dance_suffix(text: &str) -> Option<(&str, &'static str)> {
    if let Some((head, inner)) = bracketed_tail(text)
        && let Some(name) = dance::exact(&fold_words(inner))
    {
        return Some((head, name));
    }
    let dash = text.rmatch_indices(['-', '–', '—']).next().map(|(at, dash)| (at, at + dash.len()));
    let comma = text.rfind(',').map(|at| (at, at + 1));
    [dash, comma].into_iter().flatten().find_map(|(at, after)| {
        let tail = text[after..].strip_prefix(' ')?;
        let words = fold_words(tail);
        let words = words.strip_prefix("a ").unwrap_or(&words);
        let name = dance::exact(words).or_else(|| {
            let (head, number) = words.split_once(" no ")?;
            number.bytes().all(|b| b.is_ascii_digit()).then(|| dance::exact(head)).flatten()
        })?;
        let head = text[..at].trim_end_matches(['-', '–', '—', ' ']);
        let head = without_qualifier(head);
        (!head.is_empty()).then_some((head, name))
    })
}

fn without_qualifier(head: &str) -> &str {
    let cut = |qualifier: &&str| {
        let at = head.len().checked_sub(qualifier.len())?;
        head.get(at..)?.eq_ignore_ascii_case(qualifier).then(|| head[..at].trim_end())
    };
    QUALIFIERS.iter().find_map(cut).unwrap_or(head)
}

/// `WALK AROUND. -- "BRUDDER BONES."`: a dance type before a dash.
fn dance_prefix(text: &str) -> Option<&str> {
    let (head, tail) = text.split_once(" -- ")?;
    dance::exact(&fold_words(head)).map(|_| tail.trim_start())
}
