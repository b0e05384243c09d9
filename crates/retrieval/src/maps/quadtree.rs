//! Far points felt together: the sums of t-SNE's repulsion by a quadtree (Barnes and Hut 1986; van der Maaten 2014).

/// A part with no more points than this is not parted further: summing few points costs less than a walk.
const FEW: usize = 8;
/// How often the plane is quartered at most; points still together then are summed one by one.
const DEPTH: u32 = 30;

/// A part of the plane with its points.
struct Node {
    /// The mean of its points.
    middle: [f64; 2],
    /// The square of its side, over the square of the accuracy: beyond that squared distance it is felt as one.
    reach: f64,
    /// Its points: a range of the order.
    first: u32,
    last: u32,
    /// The node to go on with when this one was felt as one; nodes stand in the order of a walk.
    next: u32,
    leaf: bool,
}

/// Points of the plane by place.
pub(super) struct Quadtree {
    nodes: Vec<Node>,
    /// The points in an order in which those near each other stand together.
    points: Vec<[f64; 2]>,
    /// The place of each of them in the list that was handed in.
    order: Vec<u32>,
}

/// What a point feels of all others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Push {
    /// The sum of q² (y - y'), q = 1 / (1 + |y - y'|²).
    pub(super) force: [f64; 2],
    /// The sum of q.
    pub(super) sum: f64,
}

impl Quadtree {
    /// Sorts points into a tree. `theta` is how wide a part may look to be felt as one, 0 for never.
    pub(super) fn new(points: &[[f64; 2]], theta: f64) -> Self {
        let (corner, side) = square(points);
        let cell = |point: &[f64; 2]| {
            let at = |axis: usize| {
                let share = (point[axis] - corner[axis]) / side;
                (share * f64::from(1u32 << DEPTH)).min(f64::from((1u32 << DEPTH) - 1)) as u32
            };
            interleaved(at(0)) | interleaved(at(1)) << 1
        };
        let mut keys: Vec<(u64, u32)> =
            points.iter().enumerate().map(|(i, point)| (cell(point), i as u32)).collect();
        keys.sort_unstable();
        let order: Vec<u32> = keys.iter().map(|&(_, place)| place).collect();
        let sorted = order.iter().map(|&place| points[place as usize]).collect();
        let mut tree = Self { nodes: Vec::new(), points: sorted, order };
        let keys: Vec<u64> = keys.into_iter().map(|(key, _)| key).collect();
        let reach = if theta > 0.0 { (side / theta).powi(2) } else { f64::INFINITY };
        tree.add((&keys, 0..keys.len()), DEPTH, reach);
        tree
    }

    /// The places of the points in the list that was handed in, in the tree's order: neighbours in it walk alike.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// What point `at` of the tree's order feels of all others.
    pub(super) fn push(&self, at: usize) -> Push {
        let [x, y] = self.points[at];
        let mut push = Push::default();
        let mut feel = |other: [f64; 2], times: f64| {
            let (dx, dy) = (x - other[0], y - other[1]);
            let q = 1.0 / (1.0 + dx * dx + dy * dy);
            let strength = times * q * q;
            push.sum += times * q;
            push.force[0] += strength * dx;
            push.force[1] += strength * dy;
        };
        let mut node = 0;
        while let Some(part) = self.nodes.get(node) {
            let (dx, dy) = (x - part.middle[0], y - part.middle[1]);
            if dx * dx + dy * dy > part.reach {
                feel(part.middle, f64::from(part.last - part.first));
                node = part.next as usize;
            } else if part.leaf {
                let own = part.first as usize..part.last as usize;
                own.filter(|&other| other != at).for_each(|other| feel(self.points[other], 1.0));
                node = part.next as usize;
            } else {
                node += 1;
            }
        }
        push
    }

    /// Adds the node of a range of points that share the quarters down to `depth` levels above the finest, and the nodes
    /// within it.
    fn add(&mut self, (keys, range): (&[u64], std::ops::Range<usize>), depth: u32, reach: f64) {
        if range.is_empty() {
            return;
        }
        let place = self.nodes.len();
        let points = &self.points[range.clone()];
        let mean = |axis: usize| points.iter().map(|p| p[axis]).sum::<f64>() / points.len() as f64;
        let leaf = range.len() <= FEW || depth == 0;
        let (middle, first, last) = ([mean(0), mean(1)], range.start as u32, range.end as u32);
        self.nodes.push(Node { middle, reach, first, last, next: 0, leaf });
        if !leaf {
            let mut from = range.start;
            for quarter in 0..4 {
                let belongs = |key: &u64| (key >> (2 * (depth - 1))) & 3 <= quarter;
                let to = from + keys[from..range.end].partition_point(belongs);
                self.add((keys, from..to), depth - 1, reach / 4.0);
                from = to;
            }
        }
        self.nodes[place].next = self.nodes.len() as u32;
    }
}

/// The lower corner and the side of a square around all points; the side is never 0.
fn square(points: &[[f64; 2]]) -> ([f64; 2], f64) {
    let end = |axis: usize, from: f64, pick: fn(f64, f64) -> f64| {
        points.iter().map(|p| p[axis]).fold(from, pick)
    };
    let low = [0, 1].map(|axis| end(axis, f64::INFINITY, f64::min));
    let high = [0, 1].map(|axis| end(axis, f64::NEG_INFINITY, f64::max));
    (low, (high[0] - low[0]).max(high[1] - low[1]).max(f64::MIN_POSITIVE))
}

/// The bits of a number, each with a 0 above it.
fn interleaved(number: u32) -> u64 {
    let mut x = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        x = (x | x << shift) & mask;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(n: usize) -> Vec<[f64; 2]> {
        let value = |i: usize| ((i * 7919 + 31) % 1009) as f64 / 97.0 - 5.0;
        let mut points: Vec<[f64; 2]> = (0..n).map(|i| [value(2 * i), value(2 * i + 1)]).collect();
        // Equal points, as a header alone gives them.
        points.extend([[1.0, 1.0]; 23]);
        points
    }

    fn plainly(points: &[[f64; 2]], at: usize) -> Push {
        let mut push = Push::default();
        for (other, p) in points.iter().enumerate().filter(|&(other, _)| other != at) {
            let (dx, dy) = (points[at][0] - p[0], points[at][1] - p[1]);
            let q = 1.0 / (1.0 + dx * dx + dy * dy);
            assert!(other < points.len());
            push.sum += q;
            push.force[0] += q * q * dx;
            push.force[1] += q * q * dy;
        }
        push
    }

    #[test]
    fn with_no_tolerance_the_sums_are_exact() {
        let points = points(307);
        let tree = Quadtree::new(&points, 0.0);
        for (at, &place) in tree.order().iter().enumerate() {
            let (got, wanted) = (tree.push(at), plainly(&points, place as usize));
            assert!((got.sum - wanted.sum).abs() < 1e-9);
            assert!((0..2).all(|axis| (got.force[axis] - wanted.force[axis]).abs() < 1e-9));
        }
    }

    #[test]
    fn with_tolerance_the_sums_are_close() {
        let points = points(2003);
        let tree = Quadtree::new(&points, 0.5);
        for (at, &place) in tree.order().iter().enumerate().step_by(53) {
            let (got, wanted) = (tree.push(at), plainly(&points, place as usize));
            assert!((got.sum / wanted.sum - 1.0).abs() < 0.02, "{got:?} {wanted:?}");
        }
    }
}
