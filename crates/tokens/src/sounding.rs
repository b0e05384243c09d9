//! The key in which a tune's notes stand, which is not always the one that it names.

use abc::{Mode, Tune};

use crate::key::KeyName;

/// The named key is not believed if more notes than this speak against it for each one that
/// speaks for it. From 2 to 4 the tunes that it decides otherwise are one in 200.
const AGAINST: usize = 2;

/// The key of the header, unless the notes deny it.
///
/// Some collections moved all tunes to the signature of C major and yet name them `C` with the old
/// mode: `K:C Dorian` over a tune in D dorian. So where a key is not major, and nearly all notes
/// that could be from the major key on its tonic or from the key itself are from the major
/// one, the signature is taken for that one's, and the tonic for the one that has the named mode
/// there. Of 12,762 tunes in O'Neill's, Ryan's and Aird's books and Essen's songs, it happens to two
/// of Ryan's, both miskeyed.
pub(crate) fn key(tune: &Tune) -> KeyName {
    let named = KeyName::from(tune.header.key);
    let Some(root) = named.root.filter(|_| named.mode != Mode::Ionian) else { return named };
    let major = KeyName::new(root, Mode::Ionian);
    if named != KeyName::new(root, named.mode) {
        return named; // Explicit accidentals: someone took care.
    }
    let (own, other) = (scale(named), scale(major));
    let (mut pro, mut contra) = (0, 0);
    for placed in tune.notes() {
        let class = 1u16 << (placed.note.pitch.midi() % 12);
        match (own & class != 0, other & class != 0) {
            (true, false) => pro += 1,
            (false, true) => contra += 1,
            _ => {}
        }
    }
    if contra > AGAINST * pro { KeyName::with_sharps(named.mode, major.sharps) } else { named }
}

/// The pitch classes of a key, one bit each.
fn scale(key: KeyName) -> u16 {
    const NATURAL: [i8; 7] = [0, 2, 4, 5, 7, 9, 11];
    let steps = NATURAL.iter().zip(key.to_key().signature);
    steps.fold(0, |scale, (step, alter)| scale | 1 << (step + alter).rem_euclid(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(abc: &str, expected: &str) {
        assert_eq!(key(&abc::read_tune(abc)).to_string(), expected, "{abc}");
    }

    #[test]
    fn a_key_that_the_notes_deny_is_not_believed() {
        check("K:C Dorian\n=D2=F=D=A=D=F=D|=C2=E=G=c=G=E=C|", "Ddor");
        check("K:C minor\n=A2=B=c=e=d=c=B|=A4^G4|=A8|", "Amin");
        check("K:C Mixolydian\n=G=B=d=g=f=d=B=G|", "Gmix");
        check("K:A Dorian\n^c^f^g|", "Bdor");
    }

    #[test]
    fn a_key_that_fits_or_that_nothing_denies_is_believed() {
        check("K:C Dorian\nDFDADFD|C2EGcGEC|", "Cdor");
        check("K:C Dorian\n=D=G=A=c|", "Cdor");
        check("K:A minor\nABcdef^ga|e^f^gaA4|", "Amin");
        check("K:D Mixolydian\nD^FA^cd^cA=c|", "Dmix");
        check("K:C\n_E_A_B|", "Cmaj");
        check("K:D Phr ^f\nDEFG|", "Dphr[-1]");
        check("K:none\n_E|", "none");
    }
}
