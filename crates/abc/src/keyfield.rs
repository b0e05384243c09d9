//! The `K:` field: tonic, mode, explicit accidentals, and parameters of the clef.

use crate::key::{Key, Mode, Tonic, signature, step_of};

/// A `K:` field taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KeyField {
    pub(crate) key: Key,
    /// Whether it names a key at all; `K:clef=bass` in the body leaves the key as it was.
    pub(crate) names_key: bool,
    /// Octaves to move the notes by: `octave=` and clefs such as `treble-8`.
    pub(crate) octave: i8,
    /// Whether the clef is one for percussion.
    pub(crate) percussion: bool,
    /// The words that mean nothing.
    pub(crate) unread: String,
    clef_octave: i8,
    octave_parameter: i8,
    /// `exp`: the accidentals are the whole signature.
    only_explicit: bool,
    accidentals: Vec<(u8, i8)>,
}

impl KeyField {
    pub(crate) fn read(text: &str) -> Self {
        let mut field = Self::default();
        let mut words = text.split_whitespace();
        match words.next() {
            None => field.names_key = true,
            Some(first) if field.parameter(first) => {}
            Some(first) => match field.tonic(first) {
                Some(rest) => field.word(rest),
                None => field.word(first),
            },
        }
        for word in words {
            field.word(word);
        }
        field.settle();
        field
    }

    /// Reads only the parameters, as a `V:` field has them after its name.
    pub(crate) fn parameters(text: &str) -> Self {
        let mut field = Self::default();
        for word in text.split_whitespace() {
            field.parameter(word);
        }
        field.settle();
        field
    }

    /// Reads the tonic at the start of the first word and returns what follows it.
    fn tonic<'a>(&mut self, word: &'a str) -> Option<&'a str> {
        if word.eq_ignore_ascii_case("none") {
            self.names_key = true;
            return Some("");
        }
        if word.eq_ignore_ascii_case("hp") {
            // The pipe scale sounds with F and C sharp whether or not the signature is printed.
            (self.names_key, self.key.signature) = (true, signature(2));
            return Some("");
        }
        let letter = *word.as_bytes().first()?;
        let step = step_of(letter)?;
        let (alter, rest) = sharp_or_flat(&word[1..]);
        let whole = rest.is_empty() || mode_prefix(rest).is_some_and(|(_, run)| run == rest.len());
        if letter.is_ascii_lowercase() && !whole {
            return None;
        }
        self.names_key = true;
        self.key.tonic = Some(Tonic { step, alter });
        Some(rest)
    }

    fn word(&mut self, word: &str) {
        let mut rest = word;
        while !rest.is_empty() {
            let taken = self.piece(rest);
            if taken == 0 {
                return self.leave_unread(rest);
            }
            rest = &rest[taken..];
        }
    }

    /// Takes one piece off the front of a word and returns its length, 0 when it means nothing.
    fn piece(&mut self, rest: &str) -> usize {
        if let Some((accidental, length)) = explicit_accidental(rest.as_bytes()) {
            self.accidentals.push(accidental);
            return length;
        }
        if let Some(tonic) = &mut self.key.tonic {
            if let Some((mode, length)) = mode_prefix(rest) {
                self.key.mode = mode;
                return length;
            }
            if let Some((alter, length)) = spoken_accidental(rest.as_bytes()) {
                tonic.alter = alter;
                return length;
            }
        }
        if rest.eq_ignore_ascii_case("exp") {
            self.only_explicit = true;
            return rest.len();
        }
        if self.parameter(rest) { rest.len() } else { 0 }
    }

    /// Takes clefs, `octave=` and everything else of the form `name=value`.
    fn parameter(&mut self, word: &str) -> bool {
        const CLEFS: [&str; 9] = [
            "treble",
            "bass",
            "alto",
            "tenor",
            "perc",
            "baritone",
            "soprano",
            "mezzosoprano",
            "clef",
        ];
        let (name, value) = match word.split_once('=') {
            Some(("", "")) => return true,
            // `D=c` is a key with an accidental.
            Some((name, value)) if is_parameter_name(name.as_bytes()) => (name, value),
            Some(_) => return false,
            None if CLEFS.iter().any(|clef| starts_with_ignoring_case(word, clef)) => {
                ("clef", word)
            }
            None => return false,
        };
        if name.eq_ignore_ascii_case("octave") {
            self.octave_parameter = value.parse().unwrap_or(0i8).clamp(-4, 4);
        }
        if name.eq_ignore_ascii_case("clef") {
            // An 8 at the clef: the player goes an octave up or down (section 4.6).
            self.clef_octave = i8::from(value.ends_with("+8")) - i8::from(value.ends_with("-8"));
        }
        self.percussion |=
            name.eq_ignore_ascii_case("clef") && starts_with_ignoring_case(value, "perc");
        true
    }

    fn leave_unread(&mut self, word: &str) {
        if !self.unread.is_empty() {
            self.unread.push(' ');
        }
        if self.unread.len() < 80 {
            self.unread.extend(word.chars().take(40));
        }
    }

    /// Works out the signature once tonic, mode and accidentals are known.
    fn settle(&mut self) {
        self.octave = self.octave_parameter + self.clef_octave;
        if let Some(tonic) = self.key.tonic {
            self.key = Key::new(tonic, self.key.mode);
        }
        if self.only_explicit {
            self.key.signature = [0; 7];
        }
        for &(step, alter) in &self.accidentals {
            self.key.signature[usize::from(step) % 7] = alter;
        }
        self.names_key |= self.only_explicit || !self.accidentals.is_empty();
    }
}

fn is_parameter_name(name: &[u8]) -> bool {
    match name {
        [letter] => step_of(*letter).is_none() && letter.is_ascii_lowercase(),
        _ => !name.is_empty() && name.iter().all(u8::is_ascii_lowercase),
    }
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn sharp_or_flat(text: &str) -> (i8, &str) {
    for (sign, alter) in [("#", 1), ("\u{266f}", 1), ("b", -1), ("\u{266d}", -1)] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (alter, rest);
        }
    }
    (0, text)
}

/// `flat` and `sharp` in words, as in `E flat`.
fn spoken_accidental(text: &[u8]) -> Option<(i8, usize)> {
    let starts =
        |word: &[u8]| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if starts(b"flat") {
        Some((-1, 4))
    } else if starts(b"sharp") {
        Some((1, 5))
    } else {
        None
    }
}

/// A mode at the start of the text and the length of its word.
fn mode_prefix(text: &str) -> Option<(Mode, usize)> {
    let run = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    text[..run].parse().ok().map(|mode| (mode, run))
}

/// `^f`, `__b`, `=c`: (step, alteration) and the length.
fn explicit_accidental(text: &[u8]) -> Option<((u8, i8), usize)> {
    let (alter, sign) = match text {
        [b'^', b'^', ..] => (2, 2),
        [b'_', b'_', ..] => (-2, 2),
        [b'^', ..] => (1, 1),
        [b'_', ..] => (-1, 1),
        [b'=', ..] => (0, 1),
        _ => return None,
    };
    let step = step_of(*text.get(sign)?)?;
    Some(((step, alter), sign + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let field = KeyField::read(text);
        let unread =
            if field.unread.is_empty() { String::new() } else { format!(" ?{}", field.unread) };
        let octave = if field.octave == 0 { String::new() } else { format!(" @{}", field.octave) };
        assert_eq!(format!("{}{octave}{unread}", field.key), expected, "K:{text}");
    }

    #[test]
    fn keys_of_every_form_are_read() {
        check("G", "Gmaj");
        check("C Major", "Cmaj");
        check("Am", "Amin");
        check("A minor", "Amin");
        check("Ador", "Ador");
        check("A Dorian", "Ador");
        check("ADORIAN", "Ador");
        check("Bb", "Bbmaj");
        check("BbMixolydian", "Bbmix");
        check("F#m", "F#min");
        check("F sharp minor", "F#min");
        check("E flat", "Ebmaj");
        check("e", "Emaj");
        check("em", "Emin");
        check("C#Loc", "C#loc");
        check("G Lydian", "Glyd");
        check("none", "none");
        check("", "none");
        check("HP", "^c^f");
        check("Hp", "^c^f");
        check("D Phr ^f", "Dphr ^f");
        check("D=c", "Dmaj =c");
        check("Dmaj=c^g", "Dmaj =c^g");
        check("D exp _b _e ^f", "Dmaj =c_e_b");
        check("^f ^c", "^c^f");
        check("exp ^f", "^f");
        check("G#", "G#maj");
    }

    #[test]
    fn written_keys_read_the_same() {
        for text in ["Ador", "Bbmaj", "Dphr ^f", "Dmaj =c_e_b", "^c^f", "none", "G#maj", "C __e^^f"]
        {
            let key = KeyField::read(text).key;
            assert_eq!(KeyField::read(&key.to_string()).key, key, "{text}");
        }
    }

    #[test]
    fn parameters_are_skipped_but_the_octave() {
        check("G clef=bass", "Gmaj");
        check("G bass middle=d", "Gmaj");
        check("Dm treble-8 transpose=-2", "Dmin @-1");
        check("Dm clef=treble+8 octave=1", "Dmin @2");
        check("G octave=-1", "Gmaj @-1");
        check("clef = bass", "none");
        assert!(!KeyField::read("clef=bass").names_key);
        assert!(!KeyField::read("bass").names_key);
        assert!(KeyField::read("perc").percussion);
    }

    #[test]
    fn what_means_nothing_is_kept_for_the_complaint() {
        check("G/Am", "Gmaj ?/Am");
        check("Gesang", "Gmaj ?esang");
        check("dance", "none ?dance");
        check("\u{e9}", "none ?\u{e9}");
    }
}
