//! People in a test: [`People`], by which whoever sits at a phone types the texts that its lines say.
//!
//! The runner decides whose text is awaited and what it must be; whoever implements this shows it and reads the keyboard. The
//! world's clock stands still meanwhile.

/// A text that a line awaits from a person.
#[derive(Clone, Copy, Debug)]
pub struct Awaited<'a> {
    /// Whose phone.
    pub user: &'a str,
    /// What the line says.
    pub text: &'a str,
    /// The number that the text goes to, where it is another than the platform's short code.
    pub to: Option<&'a str>,
}

/// Something that a person at a phone gets to see.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// A note of the scenario.
    Note(&'a str),
    /// A text on the phone.
    Text {
        /// Whose phone.
        user: &'a str,
        /// The text.
        text: &'a str,
        /// The number that it came from, where it is another than the platform's short code.
        from: Option<&'a str>,
    },
    /// Another text was typed than the one that is awaited; it is not sent.
    Differs {
        /// What is awaited.
        awaited: Awaited<'a>,
        /// What was typed.
        typed: &'a str,
    },
}

/// A way to people.
pub trait People: Send {
    /// Asks for a text and waits for it, on the machine's clock; `time` is the world's, of the day. None when nobody types any
    /// more.
    fn types(&mut self, time: &str, awaited: Awaited<'_>) -> Option<String>;

    /// Shows something; `time` is the world's, of the day.
    fn shows(&mut self, time: &str, what: Shown<'_>);
}

impl<P: People + ?Sized> People for &mut P {
    fn types(&mut self, time: &str, awaited: Awaited<'_>) -> Option<String> {
        (**self).types(time, awaited)
    }

    fn shows(&mut self, time: &str, what: Shown<'_>) {
        (**self).shows(time, what);
    }
}
