//! ABC 2.1 construct by construct: what is read, and what is complained of.

use abc::{BarStyle, Event, Pitch, Tune, read, read_bytes, read_tune};

/// Every pitch with its accidental spelt out, lengths in eighths, bars as they are closed.
fn show(tune: &Tune) -> String {
    let mut shown = String::new();
    for bar in &tune.bars {
        if bar.repeat_start {
            shown.push_str("|: ");
        }
        if !bar.ending.is_empty() {
            shown += &format!("{:?} ", bar.ending);
        }
        for event in &bar.events {
            shown += &show_event(event);
            shown.push(' ');
        }
        shown.push_str(&":".repeat(usize::from(bar.close.repeat_end)));
        shown.push_str(match bar.close.style {
            BarStyle::Thin => "| ",
            BarStyle::Double => "|| ",
            BarStyle::Final => "|] ",
            BarStyle::Heavy => "[| ",
            BarStyle::Faint => ".| ",
            BarStyle::Missing => "",
        });
    }
    shown.trim_end().to_owned()
}

fn show_event(event: &Event) -> String {
    let length = |event: &Event| {
        let eighths = event.duration().ratio(abc::Duration::new(1, 8));
        match (eighths.num(), eighths.den()) {
            (1, 1) => String::new(),
            (num, 1) => num.to_string(),
            (num, den) => format!("{num}/{den}"),
        }
    };
    let all =
        |pitches: &[Pitch]| pitches.iter().map(|&pitch| show_pitch(pitch)).collect::<String>();
    match event {
        Event::Note(note) => {
            let tie = if note.tied { "-" } else { "" };
            let grace = if note.grace.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", all(&note.grace))
            };
            let mut tones = show_pitch(note.pitch);
            if !note.chord.is_empty() {
                tones = format!("[{}{tones}]", all(&note.chord));
            }
            format!("{grace}{tones}{}{tie}", length(event))
        }
        Event::Rest(rest) => format!("{}{}", if rest.visible { "z" } else { "x" }, length(event)),
        Event::Key(key) => format!("[K:{key}]"),
        Event::Metre(Some(metre)) => format!("[M:{metre}]"),
        Event::Metre(None) => "[M:none]".to_owned(),
        Event::Unit(unit) => format!("[L:{unit}]"),
        Event::Part(name) => format!("[P:{name}]"),
    }
}

fn show_pitch(pitch: Pitch) -> String {
    let sign = ["__", "_", "", "^", "^^"][(pitch.alter + 2) as usize];
    let letter = char::from(b"CDEFGAB"[usize::from(pitch.step)]);
    let (letter, marks) = if pitch.octave > 4 {
        (letter.to_ascii_lowercase(), "'".repeat((pitch.octave - 5) as usize))
    } else {
        (letter, ",".repeat((4 - pitch.octave) as usize))
    };
    format!("{sign}{letter}{marks}")
}

/// Reads music in 4/4, eighths, C major; complaints follow after `?` by kind and column.
fn check(abc: &str, expected: &str) {
    let tune = read_tune(&format!("X:1\nM:4/4\nL:1/8\nK:C\n{abc}"));
    let mut found = show(&tune);
    for complaint in &tune.complaints {
        found += &format!(" ?{}@{}", complaint.kind, complaint.column);
    }
    assert_eq!(found.trim(), expected, "{abc}");
}

#[test]
fn pitches_have_octaves_and_accidentals() {
    check("C,,C,Cc'c''", "C,, C, C c' c''");
    check("C'c,", "c C");
    check("^C^^C_C__C=C", "^C ^^C _C __C C");
    check("^ C", "C ?character@1");
    check("=^C", "^C");
}

#[test]
fn accidentals_hold_through_the_bar_in_all_octaves() {
    check("^FfF,|F", "^F ^f ^F, | F");
    check("^F=FF|F", "^F F F | F");
    check("[K:D]FC|=fF|F", "^F ^C | f F | ^F");
    check("{^f}fF|", "{^f}^f ^F |");
    check("[^CE]C", "[^CE] ^C");
    check("^F:|F", "^F :| F");
    check("%%propagate-accidentals octave\n^FfF", "^F f ^F");
    check("I:propagate-accidentals not\n^FF", "^F F");
    check("^F[K:C]F", "^F [K:Cmaj] F");
    check("^FGAB [1 F|", "^F G A B [1] ^F |");
}

#[test]
fn ties_carry_accidentals_over_the_bar_line() {
    check("^F-|FF", "^F- | ^F F");
    check("^F-|f", "^F | f ?tie@5");
    check("C - C", "C- C");
    check("C|-C", "C- | C");
    check("[CE]-[CE]", "[CE]- [CE]");
    check("[CE-]E", "[CE]- E");
    check("^G-|_A", "^G- | _A");
    check("C-|^B,", "C- | ^B,");
    check("C-{d}C", "C- {d}C");
    check("C-D", "C D ?tie@3");
    check("C-z", "C z ?tie@3");
    check("C-", "C ?tie@3");
    check("-C", "C ?tie@1");
    check("C-:|C", "C- :| C");
    check("C-|1C:|2C|", "C- | [1] C :| [2] C |");
}

#[test]
fn lengths_are_exact() {
    check("C2C/C//C3/2C/4C3/C12", "C2 C1/2 C1/4 C3/2 C1/4 C3/2 C12");
    check("L:1/16\nCC2", "C1/2 C");
    check("C0", "C ?rhythm@1");
    check("C/0", "C ?rhythm@1");
    check("C99999999999999999999", "C ?rhythm@1");
    check("C99999Z9999", "C32768 z32768 ?rhythm@1 ?rhythm@7");
    check("C[L:1/4]CC/", "C [L:1/4] C2 C");
}

#[test]
fn broken_rhythm_shifts_half_of_a_note() {
    check("C>D", "C3/2 D1/2");
    check("C<D", "C1/2 D3/2");
    check("C>>D", "C7/4 D1/4");
    check("C<<<D", "C1/8 D15/8");
    check("C2>D2", "C3 D");
    check("C > D", "C3/2 D1/2");
    check("C>{e}D", "C3/2 {e}D1/2");
    check("C>\"Am\"!trill!(D", "C3/2 D1/2");
    check("[CE]>[DF]", "[CE]3/2 [DF]1/2");
    check("[CE>]D", "[CE]3/2 D1/2");
    check("C>z", "C3/2 z1/2");
    check("C->C", "C3/2- C1/2");
    check("C>D>E", "C3/2 D3/4 E1/2");
}

#[test]
fn broken_rhythm_between_unequal_notes_is_settled_by_the_bar() {
    check("C2>DE4F3|", "C3 D E4 F3 |");
    check("C2>DE4F|", "C2 D E4 F |");
    check("C2>DE4|", "C3 D E4 |");
    check("C>D3E4|", "C D3 E4 |");
    check("C>D2E4F3/2|", "C3/2 D E4 F3/2 |");
    check("C>D2E4F2|", "C3/2 D1/2 E4 F2 |");
    check("C>D5|", "C D5 | ?rhythm@5");
}

#[test]
fn broken_rhythm_at_a_bar_line_changes_one_note() {
    check("C>|D", "C3/2 | D");
    check("C|>D", "C | D1/2");
    check("C>:||:>D", "C3/2 :|| |: D1/2");
    check("C>", "C3/2");
    check("C>>>>D", "C15/8 D1/8 ?rhythm@2");
    check("C><D", "C3/2 D1/2 ?rhythm@3");
}

#[test]
fn tuplets_of_every_form_are_read() {
    check("(3CDE", "C2/3 D2/3 E2/3");
    check("(3:2CDE", "C2/3 D2/3 E2/3");
    check("(3::2CDE", "C2/3 D2/3 E");
    check("(3:2:2C2D", "C4/3 D2/3");
    check("(3 C D E F", "C2/3 D2/3 E2/3 F");
    check("(2CD", "C3/2 D3/2");
    check("(4CDEF", "C3/4 D3/4 E3/4 F3/4");
    check("(5CDEFG", "C2/5 D2/5 E2/5 F2/5 G2/5");
    check("M:6/8\n(5CDEFG", "C3/5 D3/5 E3/5 F3/5 G3/5");
    check("(6CDEFGA", "C1/3 D1/3 E1/3 F1/3 G1/3 A1/3");
    check("(3C/D/E/", "C1/3 D1/3 E1/3");
    check("(3CzE", "C2/3 z2/3 E2/3");
    check("(3[CE]{d}DE", "[CE]2/3 {d}D2/3 E2/3");
    check("(3C>DE", "C D1/3 E2/3");
    check("((3CDE)", "C2/3 D2/3 E2/3");
    check("(3(3CDE", "C2/3 D2/3 E2/3");
    check("(3C(3DEF", "C2/3 D2/3 E2/3 F2/3 ?rhythm@4");
    check("(3CD|E", "C2/3 D2/3 | E ?rhythm@5");
    check("(1C", "C ?rhythm@1");
    check("(0C", "C ?rhythm@1");
    check("(999C", "C ?rhythm@1");
}

#[test]
fn rests_take_time() {
    check("Cz2x/Z", "C z2 x1/2 z8");
    check("Z2|X3|C", "z16 | x24 | C");
    check("y2Cy", "C");
    check("M:3/4\nCZ", "C z6");
}

#[test]
fn chords_keep_their_notes_and_sing_the_highest() {
    check("[CEG]2", "[CEG]2");
    check("[GEC]", "[CEG]");
    check("[C2E2]", "[CE]2");
    check("[C2E]3", "[CE]6");
    check("[CC]", "[CC]");
    check("[ C\"Am\"E!f!G ]", "[CEG]");
    check("+CEG+", "[CEG]");
    check("[CE|G", "C E | G ?unclosed@1");
    check("[C[EG]", "C [EG] ?unclosed@1");
    check("[[CE]", "[CE] ?text@1");
    check("[]C", "C ?text@1");
}

#[test]
fn what_takes_no_time_is_skipped() {
    check("{g}C{/fg}D", "{g}C {fg}D");
    check("\"Am\"C\"^slow | C\"D", "C D");
    check("!trill!C+fermata+D!>(!E", "C D E");
    check("~C.DHELFMGOAPBSCTDuEvF", "C D E F G A B C D E F");
    check("(CD)E`F", "C D E F");
    check("C\\\nD", "C D");
    check("C!\nD$E*F", "C D E F");
    check("C%D\nE", "C E");
    check("C[r:a remark]D", "C D");
    check("C\nw:la\ns:!f!\n%%vskip 1\nD", "C D");
    check("kC", "C ?decoration@1");
    check("U:k=!trill!\nkC", "C");
}

#[test]
fn mistakes_are_located() {
    check("C#D", "C D ?character@2");
    check("C@;D", "C D ?character@2 ?character@3");
    check("é@C", "C ?character@1 ?character@2");
    check("{CD", "C D ?unclosed@1");
    check("\"CD", "C D ?unclosed@1");
    check("[K:D C", "^C ?unclosed@1");
    check("C 2D", "C D ?character@3");
    check("EC:D", "E C D ?repeat@3");
    check("Play it twice\nC", "C ?text@1");
    check("=20C=\nD=3DE", "C D E ?encoding@1 ?encoding@5 ?encoding@2");
}

#[test]
fn bar_lines_close_bars() {
    check("C|D||E|]F[|G.|A[|]B", "C | D || E |] F [| G .| A .| B");
    check("|:C:|D::E:|:F:||:G::|", "|: C :| D :| |: E :| |: F :|| |: G ::|");
    check("C||\n|D", "C || D");
    check("C|\n|\n|D", "C | D");
    check("CD: |E", "C D :| E");
    check("C| :D:|", "C | |: D :|");
    check("C]|D]:|E]", "C | D :| E |]");
    check("C:]", "C :|]");
    check("EC:\nD", "E C :| D");
    check("G:|\nA:|", "G :| A :|");
}

#[test]
fn endings_start_anywhere() {
    check("C|1D:|2E|", "C | [1] D :| [2] E |");
    check("C|[1D:|[2E|", "C | [1] D :| [2] E |");
    check("C [1 D:| [2 E|", "C [1] D :| [2] E |");
    check("C|1,3D:|2-4E|", "C | [1, 3] D :| [2, 3, 4] E |");
    check("C| 1 D:|", "C | [1] D :|");
    check("C[0D|", "C D | ?repeat@2");
}

#[test]
fn fields_change_the_music() {
    check("C[K:G]F|[M:3/4]F[M:none]", "C [K:Gmaj] ^F | [M:3/4] ^F");
    check("K:G\nF", "^F");
    check("C|\nK:D\nF", "C | [K:Dmaj] ^F");
    check("C[K:bass]D", "C D");
    check("C[K:octave=1]C", "C c");
    check("C\nP:B\nD|", "C [P:B] D |");
    check("C|[P:B]D", "C | [P:B] D");
    check("C|\nM:nonsense\nD", "C | [M:none] D ?field@1");
    check("C|\nG:group\nD", "C | D ?field@1");
}

#[test]
fn of_several_voices_the_first_melody_is_kept() {
    check("V:1\nCD|\nV:2\nE2|\nV:1\nFG|", "C D | F G | ?voice@1");
    check("[V:1]C|[V:2]E|", "C | ?voice@1");
    check("V:1\nz2|\nV:2\nE2|", "E2 |");
    check("V:1 clef=perc\nC|\nV:2\nE|", "E | ?voice@1");
    check("%%score 2 1\nV:1\nC|\nV:2\nE|", "E | ?voice@1");
    check("CD & EF|G", "C D | G");
    check("CD & EF & GA|(3ABc", "C D | A2/3 B2/3 c2/3");
    check("(&CD|EF&GA|Bc&)G", "C D | E F G");
}

#[test]
fn headers_are_read_in_any_order() {
    let tune = read_tune("X: 7 \nT:Caf\\'e % x\nT:\nT:Second, The\nC:Anon\n+:of old\nK:Ador\n");
    assert_eq!(tune.header.number, "7");
    assert_eq!(tune.header.titles, ["Café", "Second, The"]);
    assert_eq!(tune.header.composers, ["Anon of old"]);
    assert_eq!(tune.header.key.to_string(), "Ador");
    assert_eq!(tune.header.unit, abc::Duration::new(1, 8));
    let tune = read_tune("X:1\nM:2/4\nH:a story\nthat goes on\n\nK:G\nP:A\nG|");
    assert_eq!(tune.header.unit, abc::Duration::new(1, 16));
    assert_eq!(tune.header.fields('H').collect::<Vec<_>>(), ["a story that goes on"]);
    assert_eq!(show(&tune), "[P:A] G1/2 |");
}

#[test]
fn tunes_without_their_fields_are_read() {
    assert_eq!(show(&read_tune("CDE F")), "C D E F");
    assert_eq!(show(&read_tune("X:1\nT:a\nC|DE|")), "C | D E |");
    let book = read("T:a\nK:G\nF|\n\nX:2\nK:D\nF|\n");
    assert_eq!(book.tunes.iter().map(show).collect::<Vec<_>>(), ["^F |", "^F |"]);
    assert!(book.tunes[0].complaints.iter().all(|complaint| !complaint.kind.touches_notes()));
    assert!(read("").tunes.is_empty());
    let empty = read("X:1\nT:a\nK:C\n").tunes;
    assert!(empty[0].complaints[0].kind.touches_notes(), "{:?}", empty[0].complaints);
}

#[test]
fn the_file_header_is_inherited() {
    let book = read("M:6/8\nL:1/4\nR:jig\nC:Trad\n\nX:1\nK:C\nC\n\nX:2\nC:Me\nR:reel\nK:C\nC\n");
    let [first, second] = &book.tunes[..] else { panic!("{book:?}") };
    assert_eq!(first.header.metre, Some(abc::Metre { numerator: 6, denominator: 8 }));
    assert_eq!(first.header.unit, abc::Duration::new(1, 4));
    assert_eq!(first.header.rhythm.as_deref(), Some("jig"));
    assert_eq!(first.header.composers, ["Trad"]);
    assert_eq!(second.header.rhythm.as_deref(), Some("reel"));
    assert_eq!(second.header.composers, ["Me"]);
}

#[test]
fn line_ends_and_encodings_make_no_difference() {
    for text in ["X:1\r\nK:C\r\nC|\r\n", "X:1\rK:C\rC|", "\u{feff}X:1\nK:C\nC|"] {
        let book = read_bytes(text.as_bytes());
        assert_eq!(book.tunes.iter().map(show).collect::<Vec<_>>(), ["C |"]);
    }
    let book = read_bytes(b"X:1\nT:Caf\xe9\nK:C\nC|\n");
    assert_eq!(book.tunes[0].header.titles, ["Café"]);
    assert_eq!(book.complaints.len(), 1);
    assert_eq!(
        book.complaints[0].to_string(),
        concat!(
            "line 2, column 1: not UTF-8 from here on in places; ",
            "such lines are read as Windows-1252"
        )
    );
}

#[test]
fn a_tune_is_as_long_as_a_tune_can_be() {
    let tune = read_tune(&format!("K:C\n{}", "C".repeat((1 << 20) + 9)));
    assert_eq!(
        tune.complaints.last().map(|complaint| complaint.kind.to_string()).as_deref(),
        Some("limit")
    );
    assert!(tune.bars[0].events.len() < 1 << 20);
}
