//! The scenario language in virtual time: `.sms` files, one event a line.
//!
//! [`parse`] turns a text into a tree, [`load`] resolves what a file uses and checks what its names mean, [`format()`]
//! prints a tree. This crate reads no file and no clock and prints nothing: sources come in as values ([`Sources`]), and
//! what is wrong goes out as values ([`Diagnostic`]).

pub mod builder;
pub mod cases;
mod check;
pub mod completion;
pub mod diagnostics;
mod edit;
mod esme_actor;
pub mod explore;
mod fill;
mod format;
pub mod json_form;
mod lexer;
mod meaning;
mod mutants;
pub mod outline;
pub mod outside;
mod parser;
mod pattern;
pub mod people;
pub mod profile;
pub mod report;
mod runner;
mod script;
mod shell;
pub mod source;
pub mod stub_app;
mod suggestion;
pub mod syntax;
mod text;
mod update;
pub mod vocabulary;
mod world_config;

pub use check::{Declared, Kind, Names, SCENES_DEEP_MAX};
pub use diagnostics::{Code, Colour, Diagnostic, Severity, render, render_all};
pub use esme_actor::EsmeAccount;
pub use fill::{FILLED_LINES_MAX, fill};
pub use format::{format, format_steps};
pub use lexer::{Comment, NAME_CHARS_MAX, Trivia};
pub use meaning::meaning;
pub use mutants::{Mutant, mutants};
pub use parser::{FAULTS_MAX, NESTING_MAX, Parsed, REPEAT_MAX, SOURCE_OCTETS_MAX, parse, parse_steps};
pub use report::{RunReport, TestReport};
pub use runner::{
    CALLS_OF_STEPS, Interactive, LINKS_OF_STEPS, LIVE_PATH, Live, OUTPUTS_PER_INSTANT_MAX, PROGRAMS_MAX,
    PerformedStep, ProgramAnswer, ProgramId, Reached, RecordsHash, RunOptions, Runner, ServedWorld, Steps,
    WORLDS_KEPT_MAX, Wait, Worlds,
};
pub use script::{FILES_MAX, Located, Script, ScriptFile, load, missing, uses};
pub use shell::shell_word;
pub use source::Sources;
pub use suggestion::nearest;
pub use update::{ChangedLine, UPDATES_MAX, Updated, update, with_changed_lines};
pub use world_config::{
    Actors, ClockMode, DeclaredWorld, FIRST_UID, GivenTimers, HANDSETS_MAX, PATIENCE, Person, Rules,
    SPEED_MAX, receipt_mode_name, world_config, world_config_with, world_fault,
};
