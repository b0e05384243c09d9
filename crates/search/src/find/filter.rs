//! Which tunes come into question: dance type, key, metre.

use abc::{Key, Metre};
use corpus::{Setting, Work};

/// What a tune must be; what is not asked for does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    dance_type: Option<String>,
    key: Option<Key>,
    metre: Option<Metre>,
}

/// A filter that says nothing known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No dance type.
    #[error("dance type `{0}` is not known: give one like `reel`, `slip jig` or `hornpipe`")]
    DanceType(String),
    /// No key.
    #[error("key: {0}")]
    Key(abc::KeyError),
    /// No metre.
    #[error("{0}")]
    Metre(abc::MetreError),
}

impl Filter {
    /// A filter from what people write: `slip jig`, `Ador`, `6/8`; an empty text asks for nothing.
    ///
    /// # Errors
    /// [`FilterError`] for a text that names no type, key or metre.
    pub fn read(
        dance_type: Option<&str>,
        key: Option<&str>,
        metre: Option<&str>,
    ) -> Result<Self, FilterError> {
        let asked = |text: Option<&str>| {
            text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let named = |text: String| {
            corpus::dance_type(&text).map(str::to_owned).ok_or(FilterError::DanceType(text))
        };
        Ok(Self {
            dance_type: asked(dance_type).map(named).transpose()?,
            key: asked(key).map(|key| key.parse().map_err(FilterError::Key)).transpose()?,
            metre: asked(metre)
                .map(|metre| metre.parse().map_err(FilterError::Metre))
                .transpose()?,
        })
    }

    /// Whether some setting of a work is what is asked for.
    pub(super) fn passes(&self, work: &Work) -> bool {
        *self == Self::default() || self.first(work).is_some()
    }

    /// The setting that stands for a work: of those that are what is asked for the first one in the metre of most.
    pub(super) fn shown<'w>(&self, work: &'w Work) -> &'w Setting {
        let fitting: Vec<&Setting> =
            work.settings.iter().filter(|setting| self.fits(work, setting)).collect();
        let like = |one: &Setting| fitting.iter().filter(|other| other.metre == one.metre).count();
        let most = fitting.iter().map(|one| like(one)).max();
        let usual = fitting.iter().find(|one| Some(like(one)) == most);
        usual.copied().unwrap_or(&work.settings[0])
    }

    /// The first setting that is what is asked for.
    fn first<'w>(&self, work: &'w Work) -> Option<&'w Setting> {
        work.settings.iter().find(|setting| self.fits(work, setting))
    }

    fn fits(&self, work: &Work, setting: &Setting) -> bool {
        let of_type = |wanted: &String| {
            setting.dance_type.as_ref().or(work.dance_type.as_ref()) == Some(wanted)
        };
        let in_key = |wanted: &Key| {
            let keys = [&setting.key_as_played, &setting.key];
            keys.into_iter()
                .flatten()
                .filter_map(|key| key.parse::<Key>().ok())
                .any(|key| key.tonic == wanted.tonic && key.mode == wanted.mode)
        };
        let in_metre = |wanted: &Metre| {
            setting.metre.as_ref().and_then(|metre| metre.parse().ok()) == Some(*wanted)
        };
        self.dance_type.as_ref().is_none_or(of_type)
            && self.key.as_ref().is_none_or(in_key)
            && self.metre.as_ref().is_none_or(in_metre)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Work {
        let setting = |key: &str, metre: &str| Setting {
            key: Some(key.to_owned()),
            metre: Some(metre.to_owned()),
            ..Setting::default()
        };
        Work {
            settings: vec![setting("E dorian", "4/4"), setting("A minor", "C|")],
            dance_type: Some("reel".to_owned()),
            ..Work::default()
        }
    }

    #[test]
    fn one_setting_must_be_all_that_is_asked_for() {
        let check = |(dance, key, metre): (&str, &str, &str), expected: bool| {
            let filter = Filter::read(Some(dance), Some(key), Some(metre)).unwrap();
            assert_eq!(filter.passes(&work()), expected, "{dance} {key} {metre}");
        };
        check(("", "", ""), true);
        check(("Reels", "", ""), true);
        check(("jig", "", ""), false);
        check(("reel", "Edor", "4/4"), true);
        check(("reel", "Am", "2/2"), true);
        check(("reel", "Am", "4/4"), false);
        check(("", "E", ""), false);
    }

    #[test]
    fn what_names_nothing_is_refused() {
        let message = |dance, key, metre| Filter::read(dance, key, metre).unwrap_err().to_string();
        assert!(message(Some("blues"), None, None).contains("`blues`"));
        assert!(message(None, Some("H flat"), None).contains("key"));
        assert!(message(None, None, Some("7/")).contains("metre `7/`"));
    }
}
