//! Places in a source: [`Span`], and parts of the tree that know theirs: [`Spanned`].

use serde::{Deserialize, Serialize};

/// A stretch of a source, in octets from its beginning; `end` is exclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    /// The first octet.
    pub start: u32,
    /// The octet after the last.
    pub end: u32,
}

impl Span {
    /// The stretch from `start` up to and without `end`.
    pub fn new(start: usize, end: usize) -> Self {
        let octet = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            start: octet(start),
            end: octet(end.max(start)),
        }
    }

    /// The stretch from the beginning of this one to the end of `last`.
    pub fn to(self, last: Self) -> Self {
        Self {
            start: self.start,
            end: last.end.max(self.start),
        }
    }
}

/// A part of the tree with the place where it was written.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spanned<T> {
    /// The part.
    pub node: T,
    /// Its place; empty for a tree that was not parsed from text.
    #[serde(skip)]
    pub span: Span,
}

impl<T> Spanned<T> {
    /// That part at that place.
    pub const fn new(node: T, span: Span) -> Self {
        Self { node, span }
    }

    /// Another part at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            node: change(self.node),
            span: self.span,
        }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    /// Compares what is meant, not where it stands.
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.node
    }
}
