//! What stands for a class on a map: a colour and a shape, so that those tell classes apart who see colours differently.

/// Colours on light paper, told apart in all common kinds of colour vision (after Okabe and Ito 2008).
pub(super) const ON_LIGHT: [&str; 7] =
    ["#0072b2", "#d55e00", "#00875f", "#b8478b", "#8a6d00", "#3f9fd8", "#6a3d9a"];

/// The same on dark paper.
pub(super) const ON_DARK: [&str; 7] =
    ["#4aa8e8", "#ff8a4c", "#3dd6a8", "#f0a3cf", "#e6c44d", "#9ad8ff", "#b79af0"];

/// What is no class of its own: on light and on dark paper.
pub(super) const OTHER: [&str; 2] = ["#8a8a84", "#77777a"];

/// The forms of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Triangle,
    Square,
}

const SHAPES: [Shape; 3] = [Shape::Circle, Shape::Triangle, Shape::Square];

/// How many classes have a mark of their own; all further ones share one.
pub(super) const MARKS: usize = ON_LIGHT.len() * SHAPES.len();

/// The place of a class's colour among the seven, and its shape; none for a class without a mark of its own.
pub(super) fn mark(class: usize) -> Option<(usize, Shape)> {
    Some((class % ON_LIGHT.len(), *SHAPES.get(class / ON_LIGHT.len())?))
}

/// A mark of a class at a place; all shapes cover about the same area.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) shape: Shape,
    pub(super) at: [f32; 2],
    pub(super) radius: f32,
}

impl Mark {
    /// Half the width and the height of a triangle, and its lower edge.
    fn triangle(self) -> (f32, f32, f32) {
        let height = 2.25 * self.radius;
        (1.3 * self.radius, height, self.at[1] + height * 0.4)
    }

    /// Side of a square.
    fn square(self) -> f32 {
        1.8 * self.radius
    }

    /// The outline as SVG's path commands.
    pub(super) fn path(self) -> String {
        let ([x, y], r) = (self.at, self.radius);
        match self.shape {
            Shape::Circle => {
                let d = 2.0 * r;
                format!("M{:.1} {y:.1}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0", x - r)
            }
            Shape::Triangle => {
                let (w, h, bottom) = self.triangle();
                format!("M{:.1} {bottom:.1}h{:.1}l-{w:.1}-{h:.1}z", x - w, 2.0 * w)
            }
            Shape::Square => {
                let s = self.square();
                format!("M{:.1} {:.1}h{s:.1}v{s:.1}h-{s:.1}z", x - s / 2.0, y - s / 2.0)
            }
        }
    }

    /// Whether a place is within the outline.
    pub(super) fn covers(self, [px, py]: [f32; 2]) -> bool {
        let (x, y) = (px - self.at[0], py - self.at[1]);
        match self.shape {
            Shape::Circle => x * x + y * y <= self.radius * self.radius,
            Shape::Triangle => {
                let (w, h, bottom) = self.triangle();
                let up = (bottom - py) / h;
                up >= 0.0 && x.abs() <= w * (1.0 - up)
            }
            Shape::Square => x.abs().max(y.abs()) <= self.square() / 2.0,
        }
    }

    /// No place farther than this from its own, along either axis, is within the outline.
    pub(super) fn reach(self) -> f32 {
        1.4 * self.radius
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_cover_about_the_same_area_and_nothing_beyond_their_reach() {
        for shape in SHAPES {
            let mark = Mark { shape, at: [3.0, -2.0], radius: 5.0 };
            let step = 0.05;
            let (mut area, mut farthest) = (0.0, 0.0_f32);
            for (row, column) in (0..400).flat_map(|row| (0..400).map(move |column| (row, column)))
            {
                let off = [column as f32 * step - 10.0, row as f32 * step - 10.0];
                if mark.covers([mark.at[0] + off[0], mark.at[1] + off[1]]) {
                    area += step * step;
                    farthest = farthest.max(off[0].abs()).max(off[1].abs());
                }
            }
            assert!((68.0..=86.0).contains(&area), "{shape:?} covers {area}");
            assert!(farthest <= mark.reach(), "{shape:?} reaches {farthest}");
        }
    }
}
