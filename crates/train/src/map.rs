//! Genre in the embedding: a run's vectors measured against dance type, mode and metre, and laid out on maps.

mod genre;
mod layers;
mod layout;
mod steps;
mod tables;

use model::Embedder;
use retrieval::Vectors;
use retrieval::picture::{self, Aspect, Picture, Point, Tensors};
use serde::{Deserialize, Serialize};
use tokens::{Feature, Tokens, Value};

pub use genre::{AspectGenre, Genre, Labels, Sides, Space, SpaceGenre, genre};
pub use layout::Kept;
pub use steps::{MappedSteps, map_steps};

use crate::data::{Dataset, Example};
use crate::evaluate::titles;
use crate::run::files;
use crate::{Error, RunDir, load_data};
use layout::Earlier;

/// The number of the form of `map.json`, raised whenever a field changes its meaning.
const FORMAT: u32 = 1;

/// Which works are on the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The works on which results are reported, one a family.
    #[default]
    Test,
    /// The works on which choices are made, one a family.
    Validation,
    /// All works, those for training too.
    All,
}

impl Shown {
    fn name(self) -> &'static str {
        match self {
            Self::Test => "test works",
            Self::Validation => "validation works",
            Self::All => "all works",
        }
    }

    fn pick<T: Clone>(self, sides: &Sides<Vec<T>>) -> Vec<T> {
        match self {
            Self::Test => sides.test.clone(),
            Self::Validation => sides.validation.clone(),
            Self::All => [&sides.train[..], &sides.validation, &sides.test].concat(),
        }
    }
}

/// How a map is made.
#[derive(Clone, Copy, Debug)]
pub struct MapOptions<'a> {
    /// Which works are on it.
    pub shown: Shown,
    /// The seed of everything drawn.
    pub seed: u64,
    /// A run with a map to be followed: works that are on both start where they were and are brought back there.
    pub like: Option<&'a RunDir>,
    /// Whether each part of the run's language model is measured too, and its grams where it reads them.
    pub layers: bool,
}

/// The content of `map.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Atlas {
    /// The form of this file.
    pub format: u32,
    /// Which works are on the maps.
    pub shown: Shown,
    /// The seed of everything drawn.
    pub seed: u64,
    /// What the melody tower is told in the header: of these, its vectors are no discovery.
    pub told: Vec<String>,
    /// Points, classes and maps.
    pub picture: Picture,
    /// How much of the order among the vectors each map keeps, in the order of the picture's views.
    pub kept: Vec<Kept>,
    /// How far the vectors keep dance types, modes and metres apart.
    pub genre: Genre,
}

/// Maps with the vectors that they show.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// What was found.
    pub atlas: Atlas,
    /// The vectors on the map by name, and their length.
    vectors: Vec<(String, Vec<f32>)>,
    dim: usize,
}

/// Measures and maps a run's melody and title vectors; `say` hears what is being done.
///
/// Classifiers learn from the training works and are judged on the test works, whichever are on the map.
///
/// # Errors
/// When the run lacks a file or one is damaged, or there are fewer than 4 works to show.
pub fn map(
    run: &RunDir,
    options: &MapOptions<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<Mapped, Error> {
    let experiment = run.experiment()?;
    let data = load_data(run, &experiment)?;
    say("embedding all works");
    let embedder = run.embedder()?;
    let mut spaces = Vec::from(spaces(&embedder, &data)?);
    let dim = spaces[0].dim;
    let vectors: Vec<(String, Vec<f32>)> =
        spaces.iter().map(|s| (s.name.clone(), options.shown.pick(&s.vectors))).collect();
    if options.layers {
        spaces.extend(layers::spaces(run, (&experiment, &data), &embedder.melody)?);
    }
    let labels = aspects(&data);
    say("measuring clusters, neighbours and probes");
    let genre = genre(&spaces, &labels, Some(&labels[METRE]))?;
    let points = options.shown.pick(&sides(&data, point));
    let earlier = options.like.map(|run| earlier(run, &points)).transpose()?;
    let (mut views, mut kept) = (Vec::new(), Vec::new());
    for (name, values) in &vectors {
        let found = layout::lay_out(
            (name, Vectors::new(dim, values)?),
            (options.seed, earlier.as_ref()),
            say,
        )?;
        views.extend(found.iter().map(|(view, _)| view.clone()));
        kept.extend(found.into_iter().map(|(_, kept)| kept));
    }
    let of = |labels: &Labels| Aspect::new(&labels.name, &options.shown.pick(&labels.of));
    let picture = Picture {
        name: format!("{}, {}", run.name(), options.shown.name()),
        points,
        aspects: labels.iter().map(of).collect(),
        views,
    };
    let told = experiment.melody.header.iter().map(|feature| feature.name().to_owned()).collect();
    let MapOptions { shown, seed, .. } = *options;
    let atlas = Atlas { format: FORMAT, shown, seed, told, picture, kept, genre };
    Ok(Mapped { atlas, vectors, dim })
}

/// The place of the metre among the [`aspects`].
const METRE: usize = 2;

/// Dance type, mode and metre of all works.
fn aspects(data: &Dataset) -> [Labels; 3] {
    let header = |feature| {
        move |example: &Example| match example.query().value(0, feature) {
            Value::Absent => None,
            value => Some(value.to_string()),
        }
    };
    let labels = |name: &str, of| Labels { name: name.to_owned(), of };
    [
        labels("dance type", sides(data, |example| example.dance_type.clone())),
        labels("mode", sides(data, header(Feature::Mode))),
        labels("metre", sides(data, header(Feature::Metre))),
    ]
}

fn sides<T>(data: &Dataset, of: impl Fn(&Example) -> T) -> Sides<Vec<T>> {
    let all = |examples: &[Example]| examples.iter().map(&of).collect();
    Sides { train: all(&data.train), validation: all(&data.validation), test: all(&data.test) }
}

fn point(example: &Example) -> Point {
    Point { id: example.id.clone(), title: example.title.clone() }
}

/// The vectors of all works' melodies and of their titles.
fn spaces(embedder: &Embedder, data: &Dataset) -> Result<[Space; 2], Error> {
    let melodies = |examples: &[Example]| {
        let tunes: Vec<&Tokens> = examples.iter().map(Example::query).collect();
        embedder.embed_melodies(&tunes)
    };
    let named = |examples: &[Example]| embedder.embed_titles(&titles(examples));
    let space =
        |name: &str, vectors| Space { name: name.to_owned(), dim: embedder.output(), vectors };
    let Dataset { train, validation, test, .. } = data;
    let melody =
        Sides { train: melodies(train)?, validation: melodies(validation)?, test: melodies(test)? };
    let title = Sides { train: named(train)?, validation: named(validation)?, test: named(test)? };
    Ok([space("melody", melody), space("title", title)])
}

/// Where works were on the maps of an earlier run.
fn earlier(run: &RunDir, points: &[Point]) -> Result<Earlier, Error> {
    if !run.file(files::MAP).is_file() {
        let advice = "is not there; make it with `ganainm map`";
        return Err(Error::damaged(&run.file(files::MAP), advice));
    }
    let atlas: Atlas = run.read_json(files::MAP)?;
    Ok(Earlier::new(atlas.picture, points))
}

impl Mapped {
    /// Writes `map.json`, `map.html`, an SVG and a PNG for each map and the projector's files into the run.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, run: &RunDir) -> Result<(), Error> {
        let Atlas { picture, .. } = &self.atlas;
        run.write_json(files::MAP, &self.atlas)?;
        run.write(
            files::MAP_PAGE,
            picture.to_html(&self.atlas.tables(), &self.atlas.remarks())?.as_bytes(),
        )?;
        for (number, view) in picture.views.iter().enumerate() {
            let method = view.method.to_lowercase().replace('-', "");
            let name = format!("map-{}-{method}", view.vectors);
            run.write(&format!("{name}.svg"), picture.to_svg(number, 0)?.as_bytes())?;
            run.write(&format!("{name}.png"), &picture.to_png(number, 0)?)?;
        }
        self.write_projector(run)
    }

    fn write_projector(&self, run: &RunDir) -> Result<(), Error> {
        let path = |name: &str| format!("{}/{name}", files::PROJECTOR);
        let file = |name: &str| format!("{name}-tensors.tsv");
        let names: Vec<(&str, String)> =
            self.vectors.iter().map(|(name, _)| (name.as_str(), file(name))).collect();
        for ((_, values), (_, name)) in self.vectors.iter().zip(&names) {
            let text = picture::tensors(Vectors::new(self.dim, values)?);
            run.write(&path(name), text.as_bytes())?;
        }
        let metadata = "metadata.tsv";
        run.write(&path(metadata), picture::metadata(&self.atlas.picture)?.as_bytes())?;
        let sets: Vec<Tensors<'_>> =
            names.iter().map(|(name, path)| Tensors { name, path, metadata }).collect();
        run.write(&path("projector_config.pbtxt"), picture::projector_config(&sets).as_bytes())
    }
}
