//! What is said of a tune that was asked about.

use std::ops::Range;

use serde::Serialize;

/// The answer to "which tune is this?".
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The tune's `X:` field as written, empty when missing.
    pub x: String,
    /// Its first `T:` field, empty when missing.
    pub title: String,
    /// The probability that the corpus has this tune, 0..=1.
    pub known: f64,
    /// Tunes that it may be, all different, best first.
    pub matches: Vec<Match>,
    /// Titles that would fit by the joint space of a run, best first; none without a run.
    pub titles: Vec<Suggestion>,
}

/// A tune of the corpus that the tune asked about may be.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Match {
    /// The work's id, `<source>:<number>`.
    pub tune: String,
    /// The work's name, empty when it has none.
    pub title: String,
    /// How sure it is that the two are one tune, 0..=1.
    pub score: f64,
    /// The id of the setting that is most like it, `<source>:<number>#<setting>`.
    pub setting: String,
    /// Which bars sound alike, in the order of the tune asked about; no two overlap there.
    #[serde(skip)]
    pub evidence: Vec<Passage>,
    /// Where the source shows the setting, if it does.
    #[serde(skip)]
    pub link: Option<String>,
}

/// Bars of the tune asked about and bars of a setting that sound alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// Bars of the tune asked about, as indices in [`abc::Tune::bars`].
    pub query: Range<usize>,
    /// Bars of the setting, as indices in its [`abc::Tune::bars`].
    pub setting: Range<usize>,
    /// Semitones from the tune asked about up to the setting.
    pub transposition: i8,
    /// Notes in the bars of the tune asked about that the setting has otherwise or not at all.
    pub query_differs: Vec<NotePlace>,
    /// Notes in the bars of the setting that the tune asked about has otherwise or not at all.
    pub setting_differs: Vec<NotePlace>,
}

/// The place of a note in a tune.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct NotePlace {
    /// Its bar, as an index in [`abc::Tune::bars`].
    pub bar: usize,
    /// Its place among [`abc::Bar::notes`], from 0.
    pub note: usize,
}

/// A title that would fit a tune.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// The title.
    pub title: String,
    /// How well the run's towers find that it fits: for one run's towers the cosine, -1..=1.
    pub score: f64,
}

/// Where the source of a setting shows it: settings of The Session have a page.
///
/// ```
/// let page = search::source_link("thesession:27#13521");
/// assert_eq!(page.as_deref(), Some("https://thesession.org/tunes/27#setting13521"));
/// assert_eq!(search::source_link("oneills:27#1"), None);
/// ```
pub fn source_link(setting: &str) -> Option<String> {
    let (tune, number) = setting.strip_prefix("thesession:")?.split_once('#')?;
    let number = number.split('.').next().unwrap_or(number);
    Some(format!("https://thesession.org/tunes/{tune}#setting{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_fields_of_the_machine_format_and_no_others() {
        let found = Match {
            tune: "thesession:27".into(),
            title: "Drowsy Maggie".into(),
            score: 0.93,
            setting: "thesession:27#27".into(),
            evidence: vec![Passage::default()],
            link: source_link("thesession:27#27"),
        };
        let titles = vec![Suggestion { title: "The Bog".into(), score: 0.41 }];
        let (x, title) = ("1".into(), "?".into());
        let answer = Answer { x, title, known: 0.5, matches: vec![found], titles };
        let expected = r#"{"x":"1","title":"?","known":0.5,"matches":[{"tune":"thesession:27","title":"Drowsy Maggie","score":0.93,"setting":"thesession:27#27"}],"titles":[{"title":"The Bog","score":0.41}]}"#;
        assert_eq!(serde_json::to_string(&answer).unwrap(), expected);
    }

    #[test]
    fn a_second_copy_of_a_setting_has_the_page_of_the_first() {
        let page = source_link("thesession:27#27.2");
        assert_eq!(page.as_deref(), Some("https://thesession.org/tunes/27#setting27"));
    }
}
