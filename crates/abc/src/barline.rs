//! Bar lines, repeats and endings as they are written (ABC 2.1, sections 4.8 to 4.10).

use crate::cursor::Cursor;
use crate::tune::{BarLine, BarStyle};

/// More repeats of one passage than this are not played.
const MAX_REPEATS: usize = 7;
/// Endings are numbered up to this.
const MAX_ENDING: u32 = 99;
/// Numbers that one ending may have.
const MAX_NUMBERS: usize = 32;

/// A bar line with what is glued to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BarMark {
    pub(crate) line: BarLine,
    pub(crate) repeat_start: bool,
    pub(crate) ending: Vec<u8>,
}

/// Whether a bar line starts here.
pub(crate) fn starts_bar(cursor: &Cursor<'_>) -> bool {
    match cursor.peek() {
        Some(b'|' | b':') => true,
        Some(b'[' | b'.') => cursor.peek_at(1) == Some(b'|'),
        // The bracket that closes an ending belongs to its bar line.
        Some(b']') => matches!(cursor.peek_at(1), Some(b'|' | b':') | None),
        _ => false,
    }
}

/// Takes a bar line of any shape: `|`, thick `[` and `]`, and dots before and after. `None` for
/// a single colon by itself, which is taken too.
pub(crate) fn bar_mark(cursor: &mut Cursor<'_>) -> Option<BarMark> {
    if cursor.peek() == Some(b']') && cursor.peek_at(1).is_some() {
        cursor.at += 1;
    }
    let dotted = cursor.eat(b'.');
    let dots_before = cursor.count(b':');
    let opened = cursor.peek() == Some(b'[');
    let (mut bars, mut closed) = (0, false);
    loop {
        match cursor.peek() {
            Some(b'|') => bars += 1,
            Some(b'[') if cursor.peek_at(1) == Some(b'|') => {}
            // `:]` is short for `:|]`.
            Some(b']') if bars + dots_before > 0 || cursor.peek_at(1).is_none() => {
                (bars, closed) = (bars.max(1), true);
            }
            _ => break,
        }
        cursor.at += 1;
    }
    let dots_after = if bars > 0 { cursor.count(b':') } else { 0 };
    if bars == 0 && dots_before == 1 {
        return None;
    }
    // `::` without a line between is an end and a start.
    let (ends, starts) =
        if bars == 0 { (dots_before / 2, true) } else { (dots_before, dots_after > 0) };
    let style = match (opened, closed) {
        (true, true) if bars == 1 => BarStyle::Faint,
        (_, true) => BarStyle::Final,
        (true, false) => BarStyle::Heavy,
        _ if bars > 1 => BarStyle::Double,
        _ if dotted => BarStyle::Faint,
        _ => BarStyle::Thin,
    };
    let faint = style == BarStyle::Faint && (ends > 0 || starts);
    let line = BarLine {
        style: if faint { BarStyle::Thin } else { style },
        repeat_end: ends.min(MAX_REPEATS) as u8,
    };
    Some(BarMark { line, repeat_start: starts, ending: glued_ending(cursor) })
}

/// An ending right after a bar line: `|1`, `:|2`, `|[1`.
fn glued_ending(cursor: &mut Cursor<'_>) -> Vec<u8> {
    let bracket = cursor.peek() == Some(b'[');
    let digit = cursor.peek_at(usize::from(bracket)).is_some_and(|byte| byte.is_ascii_digit());
    if !digit {
        return Vec::new();
    }
    cursor.at += usize::from(bracket);
    ending(cursor)
}

/// The numbers of an ending: `1`, `1,3`, `1-3`, `1,3-5`.
pub(crate) fn ending(cursor: &mut Cursor<'_>) -> Vec<u8> {
    let mut numbers = Vec::new();
    while let Some(first) = cursor.number() {
        let next_is_digit = cursor.peek_at(1).is_some_and(|byte| byte.is_ascii_digit());
        let mut last = first;
        if cursor.peek() == Some(b'-') && next_is_digit {
            cursor.at += 1;
            last = cursor.number().unwrap_or(first);
        }
        let range = first.min(MAX_ENDING)..=last.min(MAX_ENDING);
        if numbers.len() < MAX_NUMBERS {
            numbers.extend(range.filter_map(|number| u8::try_from(number).ok()));
        }
        let next_is_digit = cursor.peek_at(1).is_some_and(|byte| byte.is_ascii_digit());
        if cursor.peek() != Some(b',') || !next_is_digit {
            break;
        }
        cursor.at += 1;
    }
    numbers.retain(|&number| number > 0);
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(MAX_NUMBERS);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Style, repeats before, `:` for a start, endings, and what is left of the text.
    fn check(text: &str, expected: &str) {
        let mut cursor = Cursor::new(text, 1);
        let found = bar_mark(&mut cursor).map_or_else(
            || "none".to_owned(),
            |mark| {
                let start = if mark.repeat_start { ":" } else { "" };
                let BarLine { style, repeat_end } = mark.line;
                format!("{style:?} {repeat_end}{start} {:?}", mark.ending)
            },
        );
        assert_eq!(format!("{found} {}", &text[cursor.at..]).trim_end(), expected, "{text}");
    }

    #[test]
    fn bar_lines_of_every_form_are_read() {
        check("|A", "Thin 0 [] A");
        check("||", "Double 0 []");
        check("|]", "Final 0 []");
        check("[|", "Heavy 0 []");
        check("[|]", "Faint 0 []");
        check(".|", "Faint 0 []");
        check("|:", "Thin 0: []");
        check("||:", "Double 0: []");
        check("[|:", "Heavy 0: []");
        check(":|", "Thin 1 []");
        check(":||", "Double 1 []");
        check(":|]", "Final 1 []");
        check(":]", "Final 1 []");
        check("]|", "Thin 0 []");
        check("]:|", "Thin 1 []");
        check("]", "Final 0 []");
        check("::", "Thin 1: []");
        check(":|:", "Thin 1: []");
        check(":||:", "Double 1: []");
        check(":|][|:", "Final 1: []");
        check("::|", "Thin 2 []");
        check("|::", "Thin 0: []");
        check("::::", "Thin 2: []");
        check(":", "none");
        check("|:|", "Thin 0: [] |");
        check("|[CE]", "Thin 0 [] [CE]");
        check("|[K:D]", "Thin 0 [] [K:D]");
        check("::::::::::::::::::::|", "Thin 7 []");
    }

    #[test]
    fn endings_are_read_with_their_line() {
        check("|1A", "Thin 0 [1] A");
        check("|[1A", "Thin 0 [1] A");
        check(":|2", "Thin 1 [2]");
        check(":||2", "Double 1 [2]");
        check("|1,3A", "Thin 0 [1, 3] A");
        check("|1-3A", "Thin 0 [1, 2, 3] A");
        check("|1,3-5,2", "Thin 0 [1, 2, 3, 4, 5]");
        check("|1,A", "Thin 0 [1] ,A");
        check("|0", "Thin 0 []");
        check("|1-99999999", &format!("Thin 0 {:?}", (1..=32).collect::<Vec<u8>>()));
    }
}
