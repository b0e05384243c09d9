//! Bars in playing order: repeats, endings and parts (ABC 2.1, sections 3.1.9 and 4.8 to 4.10).

use std::ops::Range;

use crate::tune::{Bar, Tune};

/// What is played is never longer than this many bars, or the tune as written if that is longer.
const MAX_PLAYED: usize = 1 << 16;

/// Parentheses in `P:` nest no deeper than this.
const MAX_NESTING: usize = 16;

impl Tune {
    /// Indices of the bars in playing order.
    ///
    /// Parts are played in the order of the header's `P:` where the tune has all of them.
    /// A `:|` goes back to its `|:`; without one, to the end of the last repeat, the last double
    /// or final bar line, the start of the part, or the start of the tune, whichever is nearest.
    /// Endings are played by their numbers. What is played ends after 65,536 bars, or with the
    /// tune as written where that is longer, so that no input makes it explode.
    ///
    /// ```
    /// let tune = abc::read_tune("K:C\n|:C|D|1E:|2F||G|A:|");
    /// assert_eq!(tune.unfold(), [0, 1, 2, 0, 1, 3, 4, 5, 4, 5]);
    /// ```
    pub fn unfold(&self) -> Vec<usize> {
        let limit = MAX_PLAYED.max(self.bars.len());
        let mut played = Vec::with_capacity(self.bars.len() * 2);
        for range in self.parts_in_order(limit) {
            Section::play_all(&self.bars, range, &mut played);
            if played.len() >= limit {
                played.truncate(limit);
                break;
            }
        }
        played
    }

    /// The bars of each part in playing order; the whole tune where there is no sound order.
    fn parts_in_order(&self, limit: usize) -> Vec<Range<usize>> {
        let marks: Vec<(usize, &str)> = (0..self.bars.len())
            .filter_map(|index| Some((index, self.bars[index].part()?)))
            .collect();
        let whole = || Range { start: 0, end: self.bars.len() };
        let order = self.header.parts.as_deref().filter(|_| !marks.is_empty());
        let Some(order) = order.and_then(|order| expand(order, limit)) else {
            return vec![whole()];
        };
        let part = |name: char| {
            let named = |mark: &(usize, &str)| mark.1.starts_with(name);
            let place = marks.iter().position(named)?;
            let end = marks.get(place + 1).map_or(self.bars.len(), |next| next.0);
            Some(Range { start: marks[place].0, end })
        };
        let ranges: Option<Vec<_>> = order.chars().map(part).collect();
        let Some(mut ranges) = ranges.filter(|ranges| !ranges.is_empty()) else {
            return vec![whole()];
        };
        // Bars before the first mark belong to no part; they lead into it.
        let lead = Range { start: 0, end: marks[0].0 };
        if !lead.is_empty() {
            ranges.insert(0, lead);
        }
        ranges
    }
}

/// `A2(BC)2` as `AABCBC`; `None` for what is no such order.
fn expand(order: &str, limit: usize) -> Option<String> {
    let mut levels = vec![String::new()];
    // What a following digit repeats.
    let mut last = String::new();
    for c in order.chars() {
        match c {
            '(' if levels.len() <= MAX_NESTING => levels.push(String::new()),
            ')' if levels.len() > 1 => {
                last = levels.pop()?;
                levels.last_mut()?.push_str(&last);
            }
            '2'..='9' => {
                for _ in 1..c.to_digit(10)? {
                    levels.last_mut()?.push_str(&last);
                }
            }
            '1' | '.' | ',' | '-' | ' ' => {}
            c if c.is_alphabetic() => {
                last = c.to_string();
                levels.last_mut()?.push(c);
            }
            _ => return None,
        }
        if levels.iter().map(String::len).sum::<usize>() > limit {
            return None;
        }
    }
    (levels.len() == 1).then(|| levels.pop())?
}

/// A passage that is played as a whole: bars up to its endings, then the endings.
struct Section {
    common: Range<usize>,
    endings: Vec<Range<usize>>,
    /// How often the common bars are played.
    passes: u8,
    /// Where the next section starts.
    next: usize,
}

impl Section {
    fn play_all(bars: &[Bar], range: Range<usize>, played: &mut Vec<usize>) {
        let bars = &bars[..range.end];
        let mut start = range.start;
        while start < bars.len() && played.len() < MAX_PLAYED.max(bars.len()) {
            let section = Self::starting_at(bars, start);
            section.play(bars, played);
            start = section.next;
        }
    }

    fn starting_at(bars: &[Bar], start: usize) -> Self {
        let explicit = bars[start].repeat_start;
        let mut at = start;
        let mut passes = 1;
        while at < bars.len() {
            let bar = &bars[at];
            if !bar.ending.is_empty() {
                return Self::with_endings(bars, start, at);
            }
            if at > start && (bar.repeat_start || bar.part().is_some()) {
                break;
            }
            at += 1;
            if bar.close.repeat_end > 0 {
                passes += bar.close.repeat_end;
                break;
            }
            if !explicit && bar.close.style.ends_section() {
                break;
            }
        }
        Self { common: start..at, endings: Vec::new(), passes, next: at }
    }

    fn with_endings(bars: &[Bar], start: usize, first: usize) -> Self {
        let mut endings: Vec<Range<usize>> = Vec::new();
        let mut at = first;
        let mut seen = Numbers::default();
        let mut last_repeats = false;
        while at < bars.len() && seen.are_new(&bars[at].ending) {
            seen.add(&bars[at].ending);
            let mut end = ending_end(bars, at);
            if let Some(first) = endings.first() {
                end = unclosed_end(bars, at..end, first.len(), seen);
            }
            last_repeats = bars[end - 1].close.repeat_end > 0;
            endings.push(at..end);
            at = end;
        }
        // A repeat with a first ending only is played again up to that ending.
        let again = endings.len() == 1 && last_repeats && first > start;
        let passes = seen.highest().saturating_add(u8::from(again));
        Self { common: start..first, endings, passes, next: at }
    }

    fn play(&self, bars: &[Bar], played: &mut Vec<usize>) {
        for pass in 1..=self.passes {
            let ending = self.endings.iter().find(|range| bars[range.start].ending.contains(&pass));
            let beyond = usize::from(self.passes) > self.endings.len();
            if self.endings.is_empty() || ending.is_some() || (beyond && pass == self.passes) {
                played.extend(self.common.clone());
            }
            played.extend(ending.cloned().into_iter().flatten());
            if played.len() > MAX_PLAYED.max(bars.len()) {
                return;
            }
        }
    }
}

/// Numbers of endings, below 128.
#[derive(Clone, Copy, Default)]
struct Numbers(u128);

impl Numbers {
    fn add(&mut self, ending: &[u8]) {
        for &number in ending {
            self.0 |= 1 << (number & 127);
        }
    }

    /// Whether an ending has numbers, and all of them for the first time.
    fn are_new(self, ending: &[u8]) -> bool {
        !ending.is_empty() && ending.iter().all(|&number| self.0 & 1 << (number & 127) == 0)
    }

    fn highest(self) -> u8 {
        self.0.checked_ilog2().map_or(0, |bit| bit as u8)
    }
}

/// The end of the ending that starts at `start`: its repeat sign, the next ending or repeat, or a
/// line that ends a section.
fn ending_end(bars: &[Bar], start: usize) -> usize {
    let mut end = start + 1;
    while end < bars.len() {
        let before = bars[end - 1].close;
        let over = before.repeat_end > 0 || before.style.ends_section();
        let starts = bars[end].repeat_start || bars[end].part().is_some();
        if over || starts || !bars[end].ending.is_empty() {
            break;
        }
        end += 1;
    }
    end
}

/// The end of a later ending that no line closes, when what comes after needs a start: a repeat
/// sign, or another first ending. It is then as long as the first ending was, since most tunes
/// that lack the line are made so.
fn unclosed_end(bars: &[Bar], ending: Range<usize>, first: usize, seen: Numbers) -> usize {
    let regular = ending.start + first;
    let left = ending.end.saturating_sub(regular);
    let repeats = bars[ending.end - 1].close.repeat_end > 0 && left > first;
    let next = bars.get(ending.end).filter(|bar| !bar.ending.is_empty());
    let another = left > 0 && next.is_some_and(|bar| !seen.are_new(&bar.ending));
    if repeats || another { regular } else { ending.end }
}

#[cfg(test)]
mod tests {
    /// Plays one letter a bar.
    fn check(abc: &str, expected: &str) {
        let tune = crate::read_tune(&format!("X:1\nK:C\n{abc}"));
        let played: String = tune
            .unfold()
            .into_iter()
            .filter_map(|bar| tune.bars[bar].notes().next())
            .map(|note| {
                let letter = char::from(crate::key::LETTERS[usize::from(note.pitch.step)]);
                if note.pitch.octave > 4 { letter.to_ascii_lowercase() } else { letter }
            })
            .collect();
        assert_eq!(played, expected, "{abc}");
    }

    #[test]
    fn repeats_go_back_to_their_start() {
        check("|:C|D:|E|", "CDCDE");
        check("C|D::E|F:|G|", "CDCDEFEFG");
        check("C|:D|E:|:F:|", "CDEDEFF");
        check("|:C::|D|", "CCCD");
        check("|:C|D|E|", "CDE");
    }

    #[test]
    fn a_missing_start_is_the_nearest_section() {
        check("C|D:|E|F:|", "CDCDEFEF");
        check("C|D||E|F:|", "CDEFEF");
        check("C|D|]E:|", "CDEE");
        check("|:C|D||E|F:|", "CDEFCDEF");
        check("P:A\nC|\nP:B\nD:|", "CDD");
        check("C|:D|E|:F:|", "CDEFF");
    }

    #[test]
    fn endings_are_played_by_their_numbers() {
        check("|:C|1D:|2E|]F|", "CDCEF");
        check("C|1D:|2E||F|", "CDCEF");
        check("|:C|[1,3D:|[2E:|F|", "CDCECDF");
        check("|:C|[1-2D:|[3E|]", "CDCDCE");
        check("|:C|1D:|2E:|F|", "CDCEF");
        check("|:C|1D:|E|", "CDCE");
        check("|:C|1D|2E||F|", "CDCEF");
        check("|:C|D [1 E:|2F|]", "CDECDF");
        check("|:C:|2D|E|", "CCDE");
    }

    #[test]
    fn an_ending_without_a_line_is_as_long_as_the_first() {
        check("C|D|1E:|2F|G|A|1B:|2c|", "CDECDFGABGAc");
        check("C|D|1E:|2F|G|A|B:|", "CDECDFGABGAB");
        check("C|D|1E:|2F|G|A|B|", "CDECDFGAB");
        check("C|D|1E:|2F|G||A|B:|", "CDECDFGABAB");
        check("C|D|1E:|2F|G:|", "CDECDFG");
    }

    #[test]
    fn parts_are_played_in_their_order() {
        check("P:A\nC|\nP:B\nD|", "CD");
        let header = |order: &str| format!("X:1\nP:{order}\nK:C\nP:A\nC|\nP:B\nD|");
        for (order, expected) in [
            ("AABB", "CCDD"),
            ("A2B3", "CCDDD"),
            ("(AB)2", "CDCD"),
            ("A.(BA)2.B", "CDCDCD"),
            ("((AB)2A)2", "CDCDCCDCDC"),
            ("AC", "CD"),
            ("hornpipe", "CD"),
            ("((A", "CD"),
        ] {
            let tune = crate::read_tune(&header(order));
            let played: String =
                tune.unfold().iter().map(|&bar| if bar == 0 { 'C' } else { 'D' }).collect();
            assert_eq!(played, expected, "{order}");
        }
    }

    #[test]
    fn nothing_explodes() {
        let parts = "(".repeat(12) + "A" + &")9".repeat(12);
        let tune = crate::read_tune(&format!("X:1\nP:{parts}\nK:C\nP:A\nC|"));
        assert!(tune.unfold().len() <= super::MAX_PLAYED);
        let tune = crate::read_tune(&format!("K:C\n|:{}::::::|", "C|".repeat(60_000)));
        assert!(tune.unfold().len() <= super::MAX_PLAYED);
        let tune = crate::read_tune(&format!("K:C\n|:{}", "C|[1-99D|".repeat(20_000)));
        assert!(tune.unfold().len() <= super::MAX_PLAYED);
    }
}
