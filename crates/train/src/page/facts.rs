//! What was trained on what, and where its files are.

use corpus::Split;
use retrieval::report::{Grid, Section, escape};

use super::{files, has, names_of_files};
use crate::{Error, Manifest, RunDir, RunKind};

/// Files that a reader may want, with what they hold.
const LINKED: &[(&str, &str)] = &[
    (files::CONFIG, "the experiment, every value written out"),
    (files::FUSION, "what the fusion is made of"),
    (files::MANIFEST, "what made the run"),
    (files::REPORT, "all numbers of this page, for machines"),
    (files::METRICS, "one line a training step and a look at validation"),
    (files::PREDICTIONS, "ranks and best candidates of all validation works at each look"),
    (files::TRACKS_PICTURE, "how ranks moved over the training (ganainm track)"),
    (files::TREC_RUN, "titles for each test melody, in TREC's form"),
    (files::TREC_RUN_TITLES, "melodies for each test title, in TREC's form"),
    (files::TREC_QRELS, "the truth, in TREC's form"),
    (files::SPLIT, "which works are for training, validation and test"),
    (files::VOCABULARY, "the values of every feature"),
    (files::CORPUS, "the corpus as it was when the run began"),
    (files::MELODY, "weights of the melody tower"),
    (files::TITLE, "weights of the title tower"),
];

/// Facts in a table, and the whole config.
pub(super) fn section(run: &RunDir) -> Result<Section, Error> {
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut config = String::new();
    if has(run, files::CONFIG) {
        config = String::from_utf8_lossy(&run.read(files::CONFIG)?).into_owned();
        rows.extend(seen(&config));
    }
    if has(run, files::SPLIT) {
        rows.push(works(
            &run.read_json(files::SPLIT)?,
            has(run, files::MANIFEST) && is_refit(run)?,
        ));
    }
    if has(run, files::MANIFEST) {
        rows.extend(made(&run.manifest()?));
    }
    let grid = Grid {
        caption: "What made this run".to_owned(),
        words: 2,
        header: ["what", "value"].map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(Vec::from).collect(),
    };
    let mut body = grid.to_html();
    if !config.is_empty() {
        body += &format!(
            "<details><summary>The whole config</summary>\n<pre>{}</pre></details>\n",
            escape(&config)
        );
    }
    Ok(Section::new("run", "What was trained on what", body))
}

/// What the melody tower sees of a tune, as the config lists it.
fn seen(config: &str) -> Vec<[String; 2]> {
    let Ok(table) = config.parse::<toml::Table>() else { return Vec::new() };
    let rows = [
        ("notes", "melody tower sees of each note"),
        ("header", "melody tower sees of the header"),
    ];
    let list = |key: &str| {
        let list = table.get("melody")?.get(key)?.as_array()?;
        let words: Vec<&str> = list.iter().filter_map(toml::Value::as_str).collect();
        Some(if words.is_empty() { "nothing".to_owned() } else { words.join(", ") })
    };
    let row = |(key, what): (&str, &str)| Some([what.to_owned(), list(key)?]);
    rows.into_iter().filter_map(row).collect()
}

/// Whether a run, or those that it fuses, learned from the validation works too.
fn is_refit(run: &RunDir) -> Result<bool, Error> {
    match run.manifest()?.kind {
        RunKind::Towers => Ok(run.experiment()?.training.refit),
        RunKind::Fusion => Ok(run.recipe()?.like.is_some()),
        RunKind::Language => Ok(false),
    }
}

fn works(split: &Split, refit: bool) -> [String; 2] {
    let text = format!(
        "{} for training, {} for validation{}, {} for the test; no family of tunes is on two sides, and of each family one \
         work is ranked",
        split.train.len(),
        split.validation.len(),
        if refit { ", which were learned from too" } else { "" },
        split.test.len()
    );
    ["works".to_owned(), text]
}

fn made(manifest: &Manifest) -> Vec<[String; 2]> {
    let ended = if manifest.finished { "to its end" } else { "not to its end yet" };
    let row = |what: &str, value: String| [what.to_owned(), value];
    let mut rows = vec![row("corpus (SHA-256)", manifest.corpus.clone())];
    rows.extend(manifest.also.as_ref().map(|also| {
        let text = format!("{} works of other sources (SHA-256 {})", also.works, also.hash);
        row("learned from, never judged on", text)
    }));
    rows.extend([
        row("seed", manifest.seed.to_string()),
        row(
            "training",
            format!("{} steps in {}, {ended}", manifest.steps, duration(manifest.seconds)),
        ),
        row("machine", format!("{}, {} threads used", manifest.machine, manifest.threads)),
        row("program", format!("ganainm {}, commit {}", manifest.version, manifest.commit)),
    ]);
    rows
}

/// Seconds in the units of a clock.
fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Links to the files that are there.
pub(super) fn links(run: &RunDir) -> Result<Section, Error> {
    let there = names_of_files(run)?;
    let link = |(name, what): &(&str, &str)| {
        format!("<li><a href=\"{name}\">{name}</a>: {}</li>\n", escape(what))
    };
    let known = LINKED.iter().filter(|(name, _)| there.iter().any(|file| file == name));
    let body = format!(
        "<p>They lie beside this page in the run directory.</p>\n<ul>\n{}</ul>\n",
        known.map(link).collect::<String>()
    );
    Ok(Section::new("files", "Files of this run", body))
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn a_duration_is_told_in_two_units_at_most() {
        let told = [18.88, 75.0, 3599.7, 7384.0].map(duration);
        assert_eq!(told, ["19 s", "1 min 15 s", "1 h 0 min", "2 h 3 min"]);
    }
}
