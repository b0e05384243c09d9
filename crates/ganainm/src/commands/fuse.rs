//! `ganainm fuse`: the scores of trained runs combined, as a run of its own.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use train::{FusionConfig, Recipe, RunDir};

use crate::screen;

/// Fuse the scores of trained runs into a run of its own.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm fuse runs/header runs/gru --run runs/both            weights chosen on the validation works
  ganainm fuse runs/gru-1 runs/gru-2 runs/gru-3 --run runs/gru-all
  ganainm fuse runs/gru --classifiers --run runs/gru-and-words
  ganainm evaluate runs/both                                   then, as with any run
  ganainm fuse runs/header-refit runs/gru-refit --like runs/both --run runs/both-refit

The runs must come from one corpus and one split. The fusion holds all that it needs of them.")]
pub(crate) struct Args {
    /// The runs, made by `ganainm train`.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Where the fusion goes.
    #[arg(long = "run", value_name = "FOLDER")]
    path: PathBuf,
    /// How scores are made comparable.
    #[arg(long, value_enum, default_value_t)]
    method: Method,
    /// What standard scores (z-norm) are held against.
    #[arg(long, value_enum, default_value_t)]
    normalisation: Normalisation,
    /// How much each member counts.
    #[arg(long, value_enum, default_value_t)]
    weights: Weights,
    /// What weights are chosen by.
    #[arg(long, value_enum, default_value_t)]
    objective: Objective,
    /// Take the weights of this fusion, for its runs trained again with `training.refit`, in their order.
    #[arg(long, value_name = "FUSION", conflicts_with_all = ["method", "normalisation", "weights", "objective", "classifiers"])]
    like: Option<PathBuf>,
    /// Add the classifiers from titles to dance type, and to type, key and metre.
    #[arg(long)]
    classifiers: bool,
    /// Print the recipe as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Method {
    /// Standard scores.
    #[default]
    ZNorm,
    /// 1 / (60 + rank), ranks of both directions.
    ReciprocalRank,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Normalisation {
    /// All pairs of validation works.
    #[default]
    All,
    /// A tune's scores with all validation titles, and a title's with all validation tunes.
    Both,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Weights {
    /// What is best on the validation works; runs of one config but for the seed count alike.
    #[default]
    Chosen,
    /// The same for all.
    Equal,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Objective {
    /// Sum of 1 / log2(rank + 1).
    #[default]
    Dcg,
    /// Mean of 1 / rank.
    Mrr,
    /// Mean of -log2(rank).
    LogRank,
}

impl Args {
    fn config(&self) -> FusionConfig {
        FusionConfig {
            method: match self.method {
                Method::ZNorm => train::Method::ZNorm,
                Method::ReciprocalRank => train::Method::ReciprocalRank,
            },
            normalisation: match self.normalisation {
                Normalisation::All => train::Normalisation::All,
                Normalisation::Both => train::Normalisation::Both,
            },
            weighting: match self.weights {
                Weights::Chosen => train::Weighting::Chosen,
                Weights::Equal => train::Weighting::Equal,
            },
            objective: match self.objective {
                Objective::Dcg => train::Objective::Dcg,
                Objective::Mrr => train::Objective::Mrr,
                Objective::LogRank => train::Objective::LogRank,
            },
            classifiers: self.classifiers,
        }
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let runs = args.runs.iter().map(|path| RunDir::open(path));
    let runs = runs.collect::<Result<Vec<RunDir>, train::Error>>()?;
    let fused = match &args.like {
        Some(like) => train::fuse_like(&RunDir::open(like)?, &runs, &args.path)?,
        None => train::fuse(&runs, &args.config(), &args.path)?,
    };
    let recipe = fused.recipe()?;
    if args.json {
        return screen::print(&(serde_json::to_string(&recipe)? + "\n"));
    }
    screen::print(&table(&recipe)?)?;
    eprintln!("next: ganainm evaluate {}", args.path.display());
    Ok(())
}

/// One line a member and one for all together, with what each achieves on the validation works.
fn table(recipe: &Recipe) -> anyhow::Result<String> {
    let named = serde_json::to_value(recipe.objective)?;
    let named = named.as_str().unwrap_or_default();
    let of = recipe.like.as_ref().map(|like| format!(" (of {like})")).unwrap_or_default();
    let names = recipe.members.iter().map(|member| member.name.chars().count());
    let width = names.max().unwrap_or(0).max("member".len());
    let mut text = format!("{:width$}  weight  {named} on validation, both ways{of}\n", "member");
    for member in &recipe.members {
        // Writing to a string cannot fail.
        let (name, weight) = (&member.name, member.weight);
        let _ = writeln!(text, "{name:width$}  {weight:>6.3}  {:.4}", member.validation);
    }
    let _ = writeln!(text, "{:width$}  {:>6}  {:.4}", "fusion", "", recipe.validation);
    Ok(text)
}
