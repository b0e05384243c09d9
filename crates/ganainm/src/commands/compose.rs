//! `ganainm compose`: new tunes from a melody language model.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use abc::{Key, Tune};
use anyhow::{Context, bail};
use search::{Commission, Composed, Composer, Overlap, OverlapIndex, Sampling};
use serde::Serialize;
use tokens::{Facts, Head, KeyName, MetreName, Tokens};
use train::{KeyChoice, RunDir};

use crate::screen;

/// Compose tunes with a melody language model.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm compose runs/pretrain                                 a reel in G
  ganainm compose runs/pretrain --type jig --key Ador -n 10 --seed 7
  ganainm compose runs/pretrain -n 1000 --json > reels.jsonl
  ganainm compose runs/pretrain -n 10 --midi midi -o reels.abc

Beside each tune stand, in its N: fields, what the form check says and which training tune is nearest: the share of
the tune's grams (eight notes in a row, in whatever key) that stand in it, the share that stand in any training tune,
and the longest run of notes that one of them has too.

With --json one object a line: {\"x\", \"title\", \"abc\", \"faults\": [...], \"attempts\", \"nearest\": {\"tune\", \
\"setting\", \"title\", \"share\"}, \"seen\", \"longest\": {\"tune\", \"setting\", \"title\", \"notes\"}}, and at the \
end
{\"summary\": {\"tunes\", \"sound\", \"sound_first_time\", \"seconds\"}}.")]
pub(crate) struct Args {
    /// The run of `ganainm pretrain` whose model composes.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Dance type.
    #[arg(long = "type", value_name = "DANCE", default_value = "reel")]
    dance: String,
    /// Key, as ABC writes it.
    #[arg(long, default_value = "Gmaj")]
    key: String,
    /// Metre [default: the one that most training tunes of the dance type have]
    #[arg(long)]
    metre: Option<String>,
    /// How many tunes.
    #[arg(long, short = 'n', default_value_t = 1)]
    count: usize,
    /// With the same seed the same tunes are composed; more of them begin with the same.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Below 1 tunes are more usual, above 1 stranger; 0 always takes what is likeliest.
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    temperature: f32,
    /// Draw from so many of the likeliest symbols only; 0 for all.
    #[arg(long, value_name = "K", default_value_t = 0)]
    top_k: usize,
    /// Draw from the likeliest symbols that together have this probability only.
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    top_p: f32,
    /// Keep tunes that fail the form check; otherwise they are composed anew, up to ten times.
    #[arg(long)]
    no_retry: bool,
    /// Also write each tune as a MIDI file into this folder.
    #[arg(long, value_name = "FOLDER")]
    midi: Option<PathBuf>,
    /// Write the tunes to this file instead of standard output.
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// How often a tune that fails the form check is composed anew.
const RETRIES: u32 = 10;

#[derive(Serialize)]
struct TuneLine<'a> {
    x: &'a str,
    title: &'a str,
    abc: &'a str,
    faults: Vec<String>,
    attempts: u32,
    nearest: Option<Nearest<'a>>,
    seen: f64,
    longest: Option<Longest<'a>>,
}

#[derive(Serialize)]
struct Nearest<'a> {
    #[serde(flatten)]
    name: &'a Name,
    share: f64,
}

#[derive(Serialize)]
struct Longest<'a> {
    #[serde(flatten)]
    name: &'a Name,
    notes: usize,
}

#[derive(Serialize)]
struct SummaryLine {
    summary: Summary,
}

/// How the tunes fared with the form check.
#[derive(Default, Serialize)]
struct Summary {
    tunes: usize,
    sound: usize,
    sound_first_time: usize,
    seconds: f64,
}

impl Summary {
    fn add(&mut self, tune: &Composed) {
        let sound = tune.faults.is_empty();
        self.tunes += 1;
        self.sound += usize::from(sound);
        self.sound_first_time += usize::from(sound && tune.attempts == 1);
    }

    fn say(&self) {
        let share = 100.0 * self.sound_first_time as f64 / self.tunes.max(1) as f64;
        let [tunes, sound, first] =
            [self.tunes, self.sound, self.sound_first_time].map(screen::grouped);
        eprintln!(
            "{tunes} tunes in {:.1} s; {first} ({share:.1} %) passed the form check the first \
             time, {sound} in the end",
            self.seconds
        );
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    let language = run.language()?;
    let repertoire = Repertoire::of(&run)?;
    let head = head(args, &repertoire, language.key)?;
    if let Some(folder) = &args.midi {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let composer = Composer {
        model: language.model,
        vocabulary: language.vocabulary,
        features: language.features,
    };
    let commission = Commission {
        head,
        count: args.count,
        sampling: Sampling { temperature: args.temperature, top_k: args.top_k, top_p: args.top_p },
        seed: args.seed,
        retries: if args.no_retry { 0 } else { RETRIES },
    };
    let (start, mut summary, mut written) = (Instant::now(), Summary::default(), String::new());
    composer.compose(&commission, |tune| -> anyhow::Result<()> {
        summary.add(&tune);
        let text = answer(args, tune, &repertoire)?;
        if args.output.is_some() {
            written.push_str(&text);
            return Ok(());
        }
        screen::print(&text)
    })?;
    summary.seconds = start.elapsed().as_secs_f64();
    summary.say();
    if args.json {
        let line = serde_json::to_string(&SummaryLine { summary })? + "\n";
        if args.output.is_none() {
            return screen::print(&line);
        }
        written.push_str(&line);
    }
    match &args.output {
        Some(path) => save(path, written.as_bytes()),
        None => Ok(()),
    }
}

/// What the tunes begin with; the model composes on C where it met all its tunes there.
fn head(args: &Args, repertoire: &Repertoire, choice: KeyChoice) -> anyhow::Result<Head> {
    let played: Key = args.key.parse().with_context(|| format!("--key {}", args.key))?;
    let played = KeyName::from(played);
    let Some(root) = played.root else { bail!("--key {}: a tonic is expected", args.key) };
    let root = if choice == KeyChoice::CommonTonic { tokens::Root::C } else { root };
    // As tokens have it: `three two`.
    let dance = corpus::dance_type(&args.dance).unwrap_or(&args.dance).replace('-', " ");
    let usual = search::usual_metre(&repertoire.tunes, &dance);
    let Some((usual, unit)) = usual else { bail!("{}: no training tunes", args.run.display()) };
    let metre = match &args.metre {
        Some(metre) => {
            let metre = metre.parse().with_context(|| format!("--metre {metre}"))?;
            MetreName::from(Some(metre))
        }
        None => usual,
    };
    let key = KeyName::new(root, played.mode);
    Ok(Head { key, played, metre, unit, dance_type: Some(dance.into_boxed_str()) })
}

/// The training tunes.
struct Repertoire {
    tunes: Vec<Tokens>,
    names: Vec<Name>,
    index: OverlapIndex,
}

/// What a training tune is called.
#[derive(Serialize)]
struct Name {
    tune: String,
    setting: String,
    title: String,
}

impl Repertoire {
    fn of(run: &RunDir) -> anyhow::Result<Self> {
        let works = run.works(&run.pretraining()?.corpus)?;
        let (mut tunes, mut names) = (Vec::new(), Vec::new());
        for work in works.train() {
            let title = work.name().map(|title| title.text.clone()).unwrap_or_default();
            for setting in &work.settings {
                let facts = Facts { dance_type: work.dance_type.as_deref(), key: None };
                let Ok(tokens) = Tokens::new(&setting.tune(), &facts) else { continue };
                tunes.push(tokens);
                names.push(Name {
                    tune: work.id.clone(),
                    setting: setting.id.clone(),
                    title: title.clone(),
                });
            }
        }
        let index = OverlapIndex::new(&tunes.iter().collect::<Vec<_>>());
        Ok(Self { tunes, names, index })
    }
}

/// A tune as it is printed; its MIDI file is written beside.
fn answer(args: &Args, composed: Composed, repertoire: &Repertoire) -> anyhow::Result<String> {
    let Composed { number, tokens, faults, attempts } = composed;
    let tokens = tokens.as_played()?;
    let overlap = repertoire.index.compare(&tokens);
    let mut tune = tokens.to_tune();
    tune.header.number = number.to_string();
    tune.header.titles = vec![format!("Gan ainm {number}")];
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let mut notes = vec![nearest(&overlap, repertoire)];
    notes.extend(faults.iter().map(|fault| format!("form: {fault}")));
    if faults.is_empty() {
        notes.push("form: sound".to_owned());
    }
    tune.header.others.extend(notes.into_iter().map(|note| ('N', note)));
    if let Some(folder) = &args.midi {
        write_midi(folder, &tune)?;
    }
    let abc = abc::write(&tune);
    if !args.json {
        return Ok(abc + "\n");
    }
    let named = |tune: usize| &repertoire.names[tune];
    let line = TuneLine {
        x: &tune.header.number,
        title: &tune.header.titles[0],
        abc: &abc,
        faults,
        attempts,
        nearest: overlap.nearest.map(|near| Nearest { name: named(near.tune), share: near.share }),
        seen: overlap.seen,
        longest: overlap.longest.map(|run| Longest { name: named(run.tune), notes: run.notes }),
    };
    Ok(serde_json::to_string(&line)? + "\n")
}

fn write_midi(folder: &Path, tune: &Tune) -> anyhow::Result<()> {
    let path = folder.join(format!("{}.mid", tune.header.number));
    save(&path, &abc::midi(tune))
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    corpus::atomic_write(path, |out| -> anyhow::Result<()> { Ok(out.write_all(bytes)?) })
        .with_context(|| path.display().to_string())
}

/// What a tune shares with the training tunes, in words.
fn nearest(overlap: &Overlap, repertoire: &Repertoire) -> String {
    let Some(near) = overlap.nearest else {
        return "nearest training tune: none shares eight notes in a row".to_owned();
    };
    let named = |tune: usize| {
        let name = &repertoire.names[tune];
        format!("{} ({})", name.title, name.setting)
    };
    let mut text = format!(
        "nearest training tune: {} has {:.2} of the grams; {:.2} are in any",
        named(near.tune),
        near.share,
        overlap.seen
    );
    if let Some(run) = overlap.longest {
        let _ = write!(text, "; {} notes in a row as in {}", run.notes, named(run.tune));
    }
    text
}
