//! Conversations of an ESME with a message centre that is played by hand.

mod delivery;
mod link;
mod peer;
mod properties;
mod submission;
