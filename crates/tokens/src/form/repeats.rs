//! Whether repeat signs and endings pair up.

use abc::Tune;

use super::fault::{Fault, FaultKind};

/// What is wrong with the repeats and endings.
pub(super) fn faults(tune: &Tune) -> Vec<Fault> {
    let mut faults = open_repeats(tune);
    // The ending that was last begun.
    let mut last: Option<Ending> = None;
    for (index, bar) in tune.bars.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| tune.bars[before].close);
        let repeats = before.is_some_and(|close| close.repeat_end > 0);
        let parts = repeats || before.is_some_and(|close| close.style.ends_section());
        let Some(ending) = Ending::of(index, &bar.ending) else {
            if parts || bar.repeat_start {
                faults.extend(last.take().and_then(Ending::alone));
            }
            continue;
        };
        if ending.first == 1 {
            faults.extend(last.and_then(Ending::alone));
        } else if !last.is_some_and(|last| last.highest + 1 == ending.first && repeats) {
            faults.push(Fault::at(index, FaultKind::LaterEnding));
        }
        last = Some(ending);
    }
    faults.extend(last.and_then(Ending::alone));
    faults
}

/// Every `|:` before whose `:|` there is another one, or the tune's end.
fn open_repeats(tune: &Tune) -> Vec<Fault> {
    let (mut faults, mut open) = (Vec::new(), None);
    for (index, bar) in tune.bars.iter().enumerate() {
        if bar.repeat_start {
            faults.extend(open.replace(index));
        }
        if bar.close.repeat_end > 0 {
            open = None;
        }
    }
    faults.extend(open);
    faults.into_iter().map(|index| Fault::at(index, FaultKind::OpenRepeat)).collect()
}

#[derive(Clone, Copy)]
struct Ending {
    index: usize,
    first: u8,
    highest: u8,
}

impl Ending {
    fn of(index: usize, numbers: &[u8]) -> Option<Self> {
        let (first, highest) = (*numbers.iter().min()?, *numbers.iter().max()?);
        Some(Self { index, first, highest })
    }

    /// The fault of a first ending after which no other comes.
    fn alone(self) -> Option<Fault> {
        (self.first == 1).then(|| Fault::at(self.index, FaultKind::FirstEnding))
    }
}
