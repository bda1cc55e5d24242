//! Seeded randomness: the same seed and index give the same case everywhere.

use alloy_primitives::{Bytes, U256};
use rand::{Rng, RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

/// A source of choices for one case.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The choices of case `index` under `seed`.
    #[must_use]
    pub fn new(seed: u64, index: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(index);
        Self(rng)
    }

    /// True in so many of a hundred.
    pub fn percent(&mut self, chance: u32) -> bool {
        self.0.random_ratio(chance.min(100), 100)
    }

    /// A number below `n`, which is above zero; zero otherwise.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.0.random_range(0..n) }
    }

    /// A length or position below `n`.
    pub fn index(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.random_range(0..n) }
    }

    /// One of the items; the default when there are none.
    pub fn pick<T: Clone + Default>(&mut self, items: &[T]) -> T {
        items.choose(&mut self.0).cloned().unwrap_or_default()
    }

    /// Some of the items, in their order, at least one if there are any.
    pub fn some_of<T: Clone + Default>(&mut self, items: &[T], chance: u32) -> Vec<T> {
        let some: Vec<T> = items.iter().filter(|_| self.percent(chance)).cloned().collect();
        if some.is_empty() && !items.is_empty() { vec![self.pick(items)] } else { some }
    }

    /// One of the items at random positions, or none.
    pub fn byte(&mut self) -> u8 {
        self.0.random()
    }

    /// So many random bytes.
    pub fn bytes(&mut self, n: usize) -> Bytes {
        let mut bytes = vec![0; n];
        self.0.fill_bytes(&mut bytes);
        bytes.into()
    }

    /// A random word.
    pub fn word(&mut self) -> U256 {
        U256::from_be_slice(&self.bytes(32))
    }

    /// The value, or a neighbour of it by one.
    pub fn near(&mut self, value: U256) -> U256 {
        match self.below(3) {
            0 => value.saturating_sub(U256::ONE),
            1 => value,
            _ => value.saturating_add(U256::ONE),
        }
    }

    /// The time, or a neighbour of it by one second.
    pub fn near_time(&mut self, time: u64) -> u64 {
        time.saturating_add(self.below(3)).saturating_sub(1)
    }
}
