//! Trainable numbers and how to go through all of a model's in one order.

use rand::{Rng, RngExt};

/// A trainable array with its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The values, row-major.
    pub value: Vec<f32>,
    /// The gradient of the loss, as long as the values; backward passes add to it.
    pub grad: Vec<f32>,
    /// The shape.
    pub shape: Vec<usize>,
    /// Whether weight decay applies: to matrices, not to biases, scales and queries.
    pub decay: bool,
    /// What the learning rate is multiplied by: 1 but for what was learned elsewhere, and 0 for what is to stay as it
    /// is.
    pub rate: f32,
}

impl Param {
    /// An array of one value, without weight decay.
    pub(crate) fn constant(shape: &[usize], value: f32) -> Self {
        let n = shape.iter().product();
        Param {
            value: vec![value; n],
            grad: vec![0.0; n],
            shape: shape.to_vec(),
            decay: false,
            rate: 1.0,
        }
    }

    /// Uniform on -bound..bound.
    pub(crate) fn uniform(shape: &[usize], bound: f32, rng: &mut impl Rng) -> Self {
        let mut param = Param::constant(shape, 0.0);
        param.value.fill_with(|| bound * (2.0 * rng.random::<f32>() - 1.0));
        param.decay = shape.len() > 1;
        param
    }

    /// An embedding table, (V, D): uniform, its rows of unit length on average.
    pub(crate) fn table((size, dims): (usize, usize), rng: &mut impl Rng) -> Self {
        Param::uniform(&[size, dims], (3.0 / dims as f32).sqrt(), rng)
    }
}

/// A thing with trainable parameters, always gone through in the same order and under the same names.
pub trait Parameters {
    /// Calls `f` with every parameter and its name, which begins with `path`.
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param));

    /// Calls `f` with every parameter, to be changed, and its name, which begins with `path`.
    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param));

    /// Calls `f` with every parameter and its name.
    fn visit(&self, f: &mut dyn FnMut(&str, &Param)) {
        self.visit_at("", f);
    }

    /// Calls `f` with every parameter, to be changed, and its name.
    fn visit_mut(&mut self, f: &mut dyn FnMut(&str, &mut Param)) {
        self.visit_at_mut("", f);
    }

    /// Sets every gradient to zero: a step's backward passes start from there.
    fn zero_gradients(&mut self) {
        self.visit_mut(&mut |_, param| param.grad.fill(0.0));
    }

    /// The number of trainable values.
    fn count(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |_, param| count += param.value.len());
        count
    }
}

impl Parameters for Param {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        f(path, self);
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        f(path, self);
    }
}

impl<P: Parameters> Parameters for Vec<P> {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        for (i, item) in self.iter().enumerate() {
            item.visit_at(&join(path, &i.to_string()), f);
        }
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        for (i, item) in self.iter_mut().enumerate() {
            item.visit_at_mut(&join(path, &i.to_string()), f);
        }
    }
}

impl<P: Parameters> Parameters for Option<P> {
    fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &Param)) {
        self.iter().for_each(|item| item.visit_at(path, f));
    }

    fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Param)) {
        self.iter_mut().for_each(|item| item.visit_at_mut(path, f));
    }
}

/// The name of a part of what is at `path`.
pub(crate) fn join(path: &str, part: &str) -> String {
    if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") }
}

/// Implements [`Parameters`] for a struct: the named fields, in the order given.
macro_rules! parameters {
    ($type:ty: $($field:ident),+) => {
        impl $crate::Parameters for $type {
            fn visit_at(&self, path: &str, f: &mut dyn FnMut(&str, &$crate::Param)) {
                $(self.$field.visit_at(&$crate::param::join(path, stringify!($field)), f);)+
            }

            fn visit_at_mut(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut $crate::Param)) {
                $(self.$field.visit_at_mut(&$crate::param::join(path, stringify!($field)), f);)+
            }
        }
    };
}

pub(crate) use parameters;
