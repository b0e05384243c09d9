//! A report for terminals: plain text, columns aligned.

use std::fmt;

use super::grid::{Grid, grids};
use super::{DirectionReport, Report};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        for direction in &self.directions {
            write!(f, "{direction}")?;
        }
        let Report { bootstrap, .. } = self;
        writeln!(
            f,
            "\n[low, high]: {:.0}% bootstrap intervals over queries, {} resamples, seed {}",
            100.0 * bootstrap.level(),
            bootstrap.resamples(),
            bootstrap.seed()
        )
    }
}

impl fmt::Display for DirectionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        grids(self).iter().try_for_each(|grid| write!(f, "\n{grid}"))
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.caption)?;
        let rows = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| rows().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> =
            (0..self.header.len()).map(|c| width(c).unwrap_or_default()).collect();
        for row in rows() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if column < self.words {
                    write!(f, "  {cell:<width$}")?;
                } else {
                    write!(f, "  {cell:>width$}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
