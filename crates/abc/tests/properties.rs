//! Properties of reading and writing that hold for every text and every tune.

mod common;

use abc::{
    Bar, BarLine, BarStyle, Duration, Event, Header, Key, Metre, Mode, Note, Pitch, Rest, Tonic,
    Tune, Tuplet, read, read_bytes, read_tune, split,
};
use proptest::prelude::*;

/// Text that is mostly ABC, so that it reaches deep into the reader.
fn music() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        10 => "[A-Ga-g]",
        3 => "[_^=]{1,2}[A-Ga-g][,']{0,2}",
        3 => "[A-Gz][0-9]?/?[0-9]?",
        3 => "(\\\\|\\|?|:\\||\\|:|::|\\|\\]|\\[\\||:\\|:|\\|1|:\\|2|\\[1,3|\\[2-4|\\.\\||\\[\\|\\])",
        2 => "\\([2-9](:[0-9]?){0,2}",
        2 => "[<>]{1,3}",
        2 => "(-|\\(|\\)|&| |`|\\\\|\n|\r\n)",
        1 => "\\[[A-G^]{1,4}[0-9]?\\]?",
        1 => "\\{/?[a-g]{0,3}\\}?",
        1 => "\\[[KLMPVI]:[A-G/0-9 a-z]{0,6}\\]?",
        1 => "(\n[KLMPVwWsT]:[A-G0-9/ ]{0,5}\n|\n\n)",
        1 => "[!+\"][A-Za-z.]{0,6}[!+\"]?",
        1 => "[ZXyx][0-9]{0,3}",
        1 => "\\PC",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn pitch() -> impl Strategy<Value = Pitch> {
    (0u8..7, -2i8..=2, -1i8..=9).prop_map(|(step, alter, octave)| Pitch { step, alter, octave })
}

fn duration() -> impl Strategy<Value = Duration> {
    (1u32..40, prop::sample::select(vec![1u32, 2, 4, 8, 16, 32, 3, 12, 24, 7]))
        .prop_map(|(num, den)| Duration::new(num, den))
}

fn note() -> impl Strategy<Value = Event> {
    let few = || prop::collection::vec(pitch(), 0..3);
    (pitch(), duration(), few(), few()).prop_map(|(pitch, duration, mut chord, grace)| {
        // The melody is the highest note, the others stand low to high.
        chord.retain(|other| other.midi() < pitch.midi());
        chord.sort_by_key(|other| other.midi());
        let (chord, grace) = (chord.into(), grace.into());
        Event::Note(Note { pitch, duration, tied: false, chord, grace, tuplet: None })
    })
}

fn key() -> impl Strategy<Value = Key> {
    let modes = vec![Mode::Ionian, Mode::Dorian, Mode::Mixolydian, Mode::Aeolian, Mode::Locrian];
    (0u8..7, -1i8..=1, prop::sample::select(modes))
        .prop_map(|(step, alter, mode)| Key::new(Tonic { step, alter }, mode))
}

fn metre() -> impl Strategy<Value = Metre> {
    (1u32..13, prop::sample::select(vec![2u32, 4, 8, 16]))
        .prop_map(|(numerator, denominator)| Metre { numerator, denominator })
}

fn event() -> impl Strategy<Value = Vec<Event>> {
    let tuplet = (2u8..10, 1u8..4, 1u8..5).prop_flat_map(|(p, q, length)| {
        prop::collection::vec(note(), usize::from(length)).prop_map(move |notes| {
            let in_place = |(index, event)| match event {
                Event::Note(note) => {
                    let tuplet = Some(Tuplet { p, q, index, length });
                    let duration = note.duration * Duration::new(u32::from(q), u32::from(p));
                    Event::Note(Note { duration, tuplet, ..note })
                }
                other => other,
            };
            (0u8..).zip(notes).map(in_place).collect()
        })
    });
    let rest = (duration(), any::<bool>())
        .prop_map(|(duration, visible)| Event::Rest(Rest { duration, visible, tuplet: None }));
    prop_oneof![
        12 => note().prop_map(|note| vec![note]),
        2 => rest.prop_map(|rest| vec![rest]),
        2 => tuplet,
        1 => key().prop_map(|key| vec![Event::Key(key)]),
        1 => prop::option::of(metre()).prop_map(|metre| vec![Event::Metre(metre)]),
        1 => (0u32..6).prop_map(|shift| vec![Event::Unit(Duration::new(1, 1 << shift))]),
    ]
}

fn bar() -> impl Strategy<Value = Bar> {
    use BarStyle::{Double, Faint, Final, Heavy, Thin};
    let styles = prop::sample::select(vec![Thin, Thin, Thin, Double, Final, Heavy, Faint]);
    let events = (note(), prop::collection::vec(event(), 0..8)).prop_map(|(first, rest)| {
        std::iter::once(first).chain(rest.into_iter().flatten()).collect()
    });
    let endings = prop_oneof![5 => Just(vec![]), 1 => Just(vec![1]), 1 => Just(vec![2, 3])];
    (events, styles, 0u8..8, any::<bool>(), endings).prop_map(
        |(events, style, repeat, repeat_start, ending)| {
            let repeat_end = repeat.saturating_sub(5);
            Bar { ending, repeat_start, events, close: BarLine { style, repeat_end } }
        },
    )
}

fn tune() -> impl Strategy<Value = Tune> {
    let header = ("[A-Z\\\\%&{}'a-zé ]{0,12}", key(), prop::option::of(metre())).prop_map(
        |(title, key, metre)| Header {
            titles: vec![title.trim().to_owned()].into_iter().filter(|t| !t.is_empty()).collect(),
            key,
            metre,
            unit: Duration::new(1, 8),
            ..Header::default()
        },
    );
    (header, prop::collection::vec(bar(), 1..8)).prop_map(|(header, bars)| Tune {
        header,
        bars,
        ..Tune::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_bytes(&bytes);
    }

    #[test]
    fn any_text_is_read_with_sound_positions(text in "\\PC*|([A-Z]:\\PC{0,9}\n){0,9}\\PC*") {
        let tune = read_tune(&text);
        common::check_positions(&text, &tune);
        for tune in read(&text).tunes {
            common::check_positions(&text, &tune);
        }
    }

    #[test]
    fn what_is_read_is_written_as_it_plays(body in music(), unit in 0u32..5) {
        let text = format!("X:1\nM:6/8\nL:1/{}\nK:D\n{body}", 1 << unit);
        let tune = read_tune(&text);
        common::check_positions(&text, &tune);
        common::check_writing(&tune);
    }

    #[test]
    fn books_lose_no_tune_to_their_neighbours(first in music(), second in music()) {
        let head = |number: u8| format!("X:{number}\nK:C\n");
        let book = format!("{}{first}\n{}{second}\n", head(1), head(2));
        // Music may hold an `X:` of its own, a rest and a repeat sign.
        let starts = |number| split(&book).any(|source| source.text.starts_with(number));
        prop_assert!(starts("X:1") && starts("X:2"), "{book}");
    }

    #[test]
    fn made_tunes_are_written_as_they_play(tune in tune()) {
        let once = read_tune(&abc::write(&tune));
        prop_assert_eq!(once.melody(), tune.melody());
        prop_assert_eq!(once.unfold(), tune.unfold());
        prop_assert_eq!(&once.header.titles, &tune.header.titles);
        common::check_writing(&once);
    }
}
