//! One view in one colouring as a PNG, on light paper, twice as fine as the SVG.

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts};

use super::Picture;
use super::marks::{Mark, ON_LIGHT, OTHER, mark};
use super::sheet::{HEIGHT, LEGEND, MARGIN, OPACITY, ROW, Sheet, TOP, WIDTH, shape};
use crate::error::{Error, Result};
use crate::maps::Place;

/// Pixels to a unit of the sheet.
const FINE: usize = 2;
/// A pixel's coverage is judged at so many places along either axis.
const SAMPLES: usize = 4;
/// Pixels along the side of a letter's grid.
const LETTER: usize = 8;

const PAPER: Colour = [0xfc, 0xfc, 0xfa];
const INK: Colour = [0x1c, 0x1c, 0x1a];
const SOFT: Colour = [0x5f, 0x5f, 0x5a];

type Colour = [u8; 3];

impl Picture {
    /// View `view` coloured by aspect `aspect`, both from 0, as a whole PNG file. Letters beyond Latin-1 are question marks.
    ///
    /// # Errors
    /// No such view or aspect, or lists of different lengths.
    pub fn to_png(&self, view: usize, aspect: usize) -> Result<Vec<u8>> {
        let Sheet { title, note, layers, legend, radius } = self.sheet(view, aspect)?;
        let mut canvas = Canvas::new();
        let width = WIDTH - 2.0 * MARGIN;
        canvas.write(&title, ([MARGIN, 14.0], width), INK);
        canvas.write(&note, ([MARGIN, 35.0], width), SOFT);
        for layer in layers {
            let on_sheet = |[x, y]: Place| [x + MARGIN, y + TOP];
            let mark = |&at: &Place| Mark { shape: layer.shape(), at: on_sheet(at), radius };
            canvas.fill(layer.places.iter().map(mark), colour(layer.class));
        }
        let [x, y] = LEGEND;
        for (row, (class, text)) in legend.iter().enumerate() {
            let y = y + row as f32 * ROW;
            let mark = Mark { shape: shape(*class), at: [x + 6.0, y - 5.0], radius: 5.0 };
            canvas.fill(std::iter::once(mark), colour(*class));
            canvas.write(text, ([x + 20.0, y - 11.0], WIDTH - x - 20.0), INK);
        }
        canvas.encode()
    }
}

/// What a class is painted with.
fn colour(class: Option<usize>) -> Colour {
    let name = class.and_then(mark).map_or(OTHER[0], |(colour, _)| ON_LIGHT[colour]);
    let value = u32::from_str_radix(&name[1..], 16).unwrap_or(0);
    [16, 8, 0].map(|shift| (value >> shift) as u8)
}

/// A sheet in pixels.
struct Canvas {
    width: usize,
    pixels: Vec<Colour>,
    /// How much of each pixel the marks of one kind cover.
    covered: Vec<f32>,
}

impl Canvas {
    fn new() -> Self {
        let (width, height) = (WIDTH as usize * FINE, HEIGHT as usize * FINE);
        let all = width * height;
        Self { width, pixels: vec![PAPER; all], covered: vec![0.0; all] }
    }

    /// Paints the marks of one kind; where they overlap, they are no denser.
    fn fill(&mut self, marks: impl Iterator<Item = Mark>, colour: Colour) {
        let height = self.pixels.len() / self.width;
        for mark in marks {
            let span = |axis: usize, end: usize| {
                let pixel = |at: f32| (at * FINE as f32).clamp(0.0, end as f32);
                let (low, high) = (mark.at[axis] - mark.reach(), mark.at[axis] + mark.reach());
                pixel(low).floor() as usize..pixel(high).ceil() as usize
            };
            for row in span(1, height) {
                for column in span(0, self.width) {
                    let covered = &mut self.covered[row * self.width + column];
                    *covered = covered.max(coverage(mark, (row, column)));
                }
            }
        }
        for (pixel, covered) in self.pixels.iter_mut().zip(&mut self.covered) {
            let share = OPACITY * std::mem::take(covered);
            if share > 0.0 {
                blend(pixel, colour, share);
            }
        }
    }

    /// Writes a line from its upper left corner on, as large as fits into `room`, up to three pixels a dot.
    fn write(&mut self, line: &str, ([x, y], room): (Place, f32), colour: Colour) {
        let letters = line.chars().count().max(1);
        let size = ((room * FINE as f32) as usize / (letters * LETTER)).clamp(1, 3);
        let (left, top) = (x as usize * FINE, y as usize * FINE);
        for (place, letter) in line.chars().enumerate() {
            for (row, bits) in glyph(letter).into_iter().enumerate() {
                for column in (0..LETTER).filter(|column| bits >> column & 1 == 1) {
                    let at = (top + row * size, left + (place * LETTER + column) * size);
                    self.dot(at, size, colour);
                }
            }
        }
    }

    fn dot(&mut self, (top, left): (usize, usize), size: usize, colour: Colour) {
        for row in top..top + size {
            let end = (left + size).min(self.width);
            for column in left..end {
                if let Some(pixel) = self.pixels.get_mut(row * self.width + column) {
                    *pixel = colour;
                }
            }
        }
    }

    fn encode(self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        let height = self.pixels.len() / self.width;
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let bytes: Vec<u8> = self.pixels.into_iter().flatten().collect();
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&bytes));
        written.map_err(|error| Error::Picture(error.to_string()))?;
        Ok(file)
    }
}

/// How much of a pixel a mark covers, 0 to 1.
fn coverage(mark: Mark, (row, column): (usize, usize)) -> f32 {
    let at = |pixel: usize, sample: usize| {
        (pixel as f32 + (sample as f32 + 0.5) / SAMPLES as f32) / FINE as f32
    };
    let samples = (0..SAMPLES).flat_map(|down| (0..SAMPLES).map(move |right| (down, right)));
    let within = samples.filter(|&(down, right)| mark.covers([at(column, right), at(row, down)]));
    within.count() as f32 / (SAMPLES * SAMPLES) as f32
}

fn blend(pixel: &mut Colour, over: Colour, share: f32) {
    for (below, above) in pixel.iter_mut().zip(over) {
        let mixed = f32::from(*below) + (f32::from(above) - f32::from(*below)) * share;
        *below = mixed.round() as u8;
    }
}

fn glyph(letter: char) -> [u8; LETTER] {
    let found = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter));
    found.or_else(|| BASIC_FONTS.get('?')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Aspect, Point, View};

    fn decoded(file: &[u8]) -> (usize, Vec<Colour>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut bytes).unwrap();
        (frame.width as usize, bytes.as_chunks::<3>().0.to_vec())
    }

    #[test]
    fn marks_lie_where_the_svg_has_them_in_the_colours_of_their_classes() {
        let point = |id: &str| Point { id: id.to_owned(), title: id.to_owned() };
        let types = [Some("reel"), Some("jig"), None].map(|name| name.map(str::to_owned));
        let picture = Picture {
            name: "three tunes".to_owned(),
            points: ["1", "2", "3"].map(point).to_vec(),
            aspects: vec![Aspect::new("dance type", &types)],
            views: vec![View {
                vectors: "melody".to_owned(),
                method: "PCA".to_owned(),
                note: String::new(),
                places: vec![[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
                step: None,
            }],
        };
        let (width, pixels) = decoded(&picture.to_png(0, 0).unwrap());
        assert_eq!((width, pixels.len() / width), (WIDTH as usize * FINE, HEIGHT as usize * FINE));
        let at = |[x, y]: Place| pixels[y as usize * FINE * width + x as usize * FINE];
        let painted = |class| {
            let mut pixel = PAPER;
            blend(&mut pixel, colour(class), OPACITY);
            pixel
        };
        let side = super::super::sheet::SIDE;
        let (jig, reel) = (0, 1);
        assert_eq!(at([MARGIN, TOP + side]), painted(Some(reel)));
        assert_eq!(at([MARGIN + side, TOP]), painted(Some(jig)));
        assert_eq!(at([MARGIN, TOP]), painted(None));
        assert_eq!(at([MARGIN + side / 2.0, TOP + side / 2.0]), PAPER);
        assert!(picture.to_png(1, 0).is_err() && picture.to_png(0, 1).is_err());
    }
}
