//! Tracks as a picture: ranks over steps.

use retrieval::report::{Axis, Direction, Line, Panel, drawing};

use super::{By, Choice, Group, Track, Tracks, Way};

/// Lines that a panel can hold and a reader follow.
const LINES: usize = 6;

impl Tracks {
    /// An SVG file: for each direction the median rank by dance type and by what the title names, the works that rose and
    /// fell most, and the chosen works.
    pub fn to_svg(&self, choice: &Choice) -> String {
        let columns: Vec<Vec<Panel>> =
            self.ways.iter().map(|way| self.panels(way, choice)).collect();
        let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
        let across =
            (0..rows).flat_map(|row| columns.iter().filter_map(move |column| column.get(row)));
        drawing(&across.cloned().collect::<Vec<_>>())
    }

    /// The panels of one direction, always the same number for the same choice.
    pub(crate) fn panels(&self, way: &Way, choice: &Choice) -> Vec<Panel> {
        let last = self.steps.len() - 1;
        let most = choice.movers.clamp(1, LINES);
        let groups =
            |by: By| way.groups(by).iter().take(LINES).map(|group| self.median(group)).collect();
        let ranks =
            |tracks: Vec<&Track>| tracks.into_iter().map(|track| self.rank(track)).collect();
        let mut panels = vec![
            self.panel(way, "median rank by dance type", groups(By::DanceType)),
            self.panel(way, "median rank by what the title names", groups(By::TitleWords)),
            self.panel(way, "rose most, first look to last", ranks(way.risers(last, most))),
            self.panel(way, "fell most, first look to last", ranks(way.fallers(last, most))),
        ];
        for tunes in choice.tunes.chunks(LINES) {
            let chosen =
                tunes.iter().filter_map(|id| way.tracks.iter().find(|track| track.id == *id));
            panels.push(self.panel(way, "chosen tunes", ranks(chosen.collect())));
        }
        panels
    }

    fn panel(&self, way: &Way, what: &str, lines: Vec<Line>) -> Panel {
        let finds = match way.direction {
            Direction::MelodyToTitle => "Titles for melodies",
            Direction::TitleToMelody => "Melodies for titles",
        };
        Panel {
            title: format!("{finds}: {what}"),
            axis: Axis::Rank,
            lines,
            kept: Some(self.steps[self.kept] as f64),
            chance: Some(way.chance()),
        }
    }

    fn median(&self, group: &Group) -> Line {
        let points = group.looks.iter().map(|level| level.median_rank);
        self.line(format!("{} ({})", group.name, group.n), points)
    }

    fn rank(&self, track: &Track) -> Line {
        self.line(track.title.clone(), track.ranks.iter().copied())
    }

    fn line(&self, name: String, values: impl Iterator<Item = f64>) -> Line {
        Line { name, points: self.steps.iter().map(|&step| step as f64).zip(values).collect() }
    }
}
