//! Tracks for eyes: tables.

use retrieval::report::Grid;

use super::{By, Choice, Group, Level, Track, Tracks, Way};

/// Candidates that are named at a look.
const NAMED: usize = 3;

impl Tracks {
    /// The tables of what is chosen, for a terminal: of single works where there are any, otherwise of groups, risers and
    /// fallers.
    pub fn to_text(&self, choice: &Choice) -> String {
        let looks = self.steps.len();
        let mut text = format!(
            "{} validation works at {looks} looks, steps {} to {}; kept: the weights of step {}\n",
            self.ways.first().map_or(0, |way| way.tracks.len()),
            self.steps[0],
            self.steps[looks - 1],
            self.steps[self.kept]
        );
        for way in &self.ways {
            let grids = if choice.tunes.is_empty() {
                let mut grids = self.group_grids(way);
                grids.extend(self.mover_grids(way, choice.movers));
                grids
            } else {
                let chosen =
                    choice.tunes.iter().filter_map(|id| way.tracks.iter().find(|t| t.id == *id));
                chosen.map(|track| self.track_grid(way, track)).collect()
            };
            for grid in grids {
                text += &format!("\n{grid}");
            }
        }
        if choice.tunes.is_empty() {
            text += "\nrise: how often the rank halved. MRR: mean of 1 / expected rank, of which `ganainm evaluate` gives \
                     the exact value where candidates tie.\n";
        }
        text
    }

    /// Where each dance type and each kind of title stood at the first, the kept and the last look.
    pub(crate) fn group_grids(&self, way: &Way) -> Vec<Grid> {
        let grid = |by: By, what: &str| {
            let mut rows = way.groups(By::Everything);
            rows.extend(way.groups(by));
            Grid {
                caption: format!("{}: by {what}", way.direction),
                words: 1,
                header: self.group_header(what),
                rows: rows.iter().map(|group| self.group_row(group)).collect(),
            }
        };
        vec![grid(By::DanceType, "dance type"), grid(By::TitleWords, "what the title names")]
    }

    fn group_header(&self, first: &str) -> Vec<String> {
        let mut header = vec![first.to_owned(), "n".to_owned()];
        for measure in ["median", "mean rank", "MRR"] {
            header.extend(self.marked().into_iter().map(|(_, look)| format!("{measure}: {look}")));
        }
        header
    }

    fn group_row(&self, group: &Group) -> Vec<String> {
        let mut row = vec![group.name.clone(), group.n.to_string()];
        let measures: [fn(&Level) -> String; 3] = [
            |level| format!("{:.1}", level.median_rank),
            |level| format!("{:.1}", level.mean_rank),
            |level| format!("{:.4}", level.mrr),
        ];
        for measure in measures {
            row.extend(self.marked().into_iter().map(|(look, _)| measure(&group.looks[look])));
        }
        row
    }

    /// Who rose and who fell most, to the last look and, where it is another one, to the kept look.
    pub(crate) fn mover_grids(&self, way: &Way, most: usize) -> Vec<Grid> {
        let ends = self.marked().into_iter().skip(1);
        let grids = ends.flat_map(|(to, name)| {
            [("rose", way.risers(to, most)), ("fell", way.fallers(to, most))].map(
                |(how, tracks)| Grid {
                    caption: format!(
                        "{}: {how} most from the first look to the {name}",
                        way.direction
                    ),
                    words: 2,
                    header: self.mover_header(),
                    rows: tracks.into_iter().map(|track| self.mover_row(track, to)).collect(),
                },
            )
        });
        grids.filter(|grid| !grid.rows.is_empty()).collect()
    }

    fn mover_header(&self) -> Vec<String> {
        let mut header = vec!["title".to_owned(), "dance type".to_owned(), "rise".to_owned()];
        header.extend(self.marked().into_iter().map(|(_, name)| format!("rank: {name}")));
        header
    }

    fn mover_row(&self, track: &Track, to: usize) -> Vec<String> {
        let dance = track.dance_type.clone().unwrap_or_default();
        let mut row = vec![track.title.clone(), dance, format!("{:+.1}", track.rise(to))];
        row.extend(self.marked().into_iter().map(|(look, _)| rank(track.ranks[look])));
        row
    }

    /// One work at every look, with the best candidates at those that are marked.
    fn track_grid(&self, way: &Way, track: &Track) -> Grid {
        let marked = self.marked();
        let row = |(look, &step): (usize, &u64)| {
            let mark = marked.iter().find(|(at, _)| *at == look);
            let named = track.tops[look].iter().take(NAMED);
            let names: Vec<String> =
                named.map(|(id, score)| format!("{} ({score:.2})", self.names.title(id))).collect();
            let (label, names) = match mark {
                Some((_, name)) => (format!("{step} {name}"), names.join(", ")),
                None => (step.to_string(), String::new()),
            };
            vec![label, names, rank(track.ranks[look])]
        };
        Grid {
            caption: format!(
                "{}: {} ({}), {}; the title names {}",
                way.direction,
                track.title,
                track.id,
                track.dance_type.as_deref().unwrap_or("no dance type"),
                track.telling.name()
            ),
            words: 2,
            header: ["step", "best candidates (cosines)", "rank"].map(str::to_owned).to_vec(),
            rows: self.steps.iter().enumerate().map(row).collect(),
        }
    }
}

fn rank(rank: f64) -> String {
    format!("{rank:.1}")
}
