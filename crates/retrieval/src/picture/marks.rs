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

impl Shape {
    /// The outline around a place as SVG's path commands; all shapes cover about the same area.
    pub(super) fn path(self, [x, y]: [f32; 2], radius: f32) -> String {
        let r = radius;
        match self {
            Self::Circle => {
                let d = 2.0 * r;
                format!("M{:.1} {y:.1}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0", x - r)
            }
            Self::Triangle => {
                let (w, h) = (1.3 * r, 2.25 * r);
                let (left, bottom) = (x - w, y + h * 0.4);
                format!("M{left:.1} {bottom:.1}h{:.1}l-{w:.1}-{h:.1}z", 2.0 * w)
            }
            Self::Square => {
                let s = 1.8 * r;
                format!("M{:.1} {:.1}h{s:.1}v{s:.1}h-{s:.1}z", x - s / 2.0, y - s / 2.0)
            }
        }
    }
}
