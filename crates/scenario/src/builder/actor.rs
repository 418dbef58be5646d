//! Who acts and sees: [`User`], [`App`], [`Carrier`], [`Platform`].

use std::time::Duration;

use crate::builder::words::{Expected, Message, Sent, Session, length, quoted};
use crate::builder::{Failure, World};

macro_rules! actor {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<'w> {
            world: &'w World,
            name: String,
        }

        impl<'w> $name<'w> {
            pub(super) fn new(world: &'w World, name: &str) -> Self {
                Self { world, name: name.to_owned() }
            }

            /// Sets one of its settings, in the words of the language: `phone off`, `link down`.
            ///
            /// # Errors
            ///
            /// When it has no such setting.
            #[track_caller]
            pub fn set(&self, setting: &str) -> Result<(), Failure> {
                self.world.play(&format!("set {} {setting}", self.name))
            }

            /// Demands that one of its settings is as said.
            ///
            /// # Errors
            ///
            /// When it is not, or there is no such setting.
            #[track_caller]
            pub fn check(&self, setting: &str) -> Result<(), Failure> {
                self.world.play(&format!("check {} {setting}", self.name))
            }
        }
    };
}

macro_rules! inbox {
    ($name:ident) => {
        impl $name<'_> {
            /// Demands that nothing arrives so long and that nothing is left unclaimed.
            ///
            /// # Errors
            ///
            /// At the first arrival.
            #[track_caller]
            pub fn sees_nothing_for(&self, time: Duration) -> Result<(), Failure> {
                self.world
                    .play(&format!("{} < nothing for {}", self.name, length(time)))
            }

            /// Lets pass whatever this inbox holds unclaimed at the end.
            ///
            /// # Errors
            ///
            /// When nobody has that name.
            #[track_caller]
            pub fn ignore(&self) -> Result<(), Failure> {
                self.world.play(&format!("ignore {}", self.name))
            }
        }
    };
}

actor! {
    /// A person with a phone.
    User
}
actor! {
    /// An app that the test plays.
    App
}
actor! {
    /// An operator's radio network; faults are set on it: `answer ESME_RTHROTTLED for 3`, `loss 5%`, `link down`.
    Carrier
}
inbox!(User);
inbox!(App);

impl User<'_> {
    /// Texts 32665.
    ///
    /// # Errors
    ///
    /// When the phone does not send it.
    #[track_caller]
    pub fn texts(&self, text: &str) -> Result<(), Failure> {
        self.world.play(&format!("{} > {}", self.name, quoted(text)))
    }

    /// Texts the number that the session texts from.
    ///
    /// # Errors
    ///
    /// When the phone does not send it.
    #[track_caller]
    pub fn answers(&self, session: &Session, text: &str) -> Result<(), Failure> {
        let line = format!("{} > {}, in ${}", self.name, quoted(text), session.capture);
        self.world.play(&line)
    }

    /// Texts any number.
    ///
    /// # Errors
    ///
    /// When the phone does not send it, or that is no number.
    #[track_caller]
    pub fn texts_to(&self, address: &str, text: &str) -> Result<(), Failure> {
        self.world
            .play(&format!("{} > {}, to {address}", self.name, quoted(text)))
    }

    /// Claims the next text on the phone, which must be as expected.
    ///
    /// # Errors
    ///
    /// When another text arrives, or none in time.
    #[track_caller]
    pub fn sees(&self, expected: impl Into<Expected>) -> Result<(), Failure> {
        self.world
            .play(&format!("{} < {}", self.name, expected.into().line))
    }
}

impl App<'_> {
    /// Calls `sms.send`, which must succeed unless the message says otherwise.
    ///
    /// # Errors
    ///
    /// When the call returns something else.
    #[track_caller]
    pub fn sends(&self, user: &User<'_>, message: impl Into<Message>) -> Result<Sent, Failure> {
        let message = message.into();
        let capture = self.world.capture('m');
        let mut line = self.send_line(user, &message);
        match message.refused {
            Some(code) => line.push_str(&format!(" = {code}")),
            None => line.push_str(&format!(" as ${capture}")),
        }
        self.world.play(&line)?;
        Ok(Sent { capture })
    }

    /// Calls `sms.send` and asks for an answer; the session is the one in which it comes.
    ///
    /// # Errors
    ///
    /// When the call returns something else than a session.
    #[track_caller]
    pub fn asks(&self, user: &User<'_>, message: impl Into<Message>) -> Result<Session, Failure> {
        let message = message.into();
        let capture = self.world.capture('s');
        let mut line = self.send_line(user, &message);
        line.push_str(&format!(", ask ${capture}"));
        if let Some(code) = message.refused {
            line.push_str(&format!(" = {code}"));
        }
        self.world.play(&line)?;
        let id = self.world.held(&capture);
        Ok(Session { capture, id })
    }

    fn send_line(&self, user: &User<'_>, message: &Message) -> String {
        let mut line = format!("{} > {} {}", self.name, user.name, quoted(&message.text));
        if let Some(session) = &message.session {
            line.push_str(&format!(", in ${session}"));
        }
        line
    }

    /// Calls any method of the API with parameters as the language writes them, which must succeed.
    ///
    /// # Errors
    ///
    /// When the call is refused.
    #[track_caller]
    pub fn calls(&self, method: &str, parameters: &[(&str, &str)]) -> Result<(), Failure> {
        let mut line = format!("{} > {method}", self.name);
        for (name, value) in parameters {
            line.push_str(&format!(" {name}={}", quoted(value)));
        }
        self.world.play(&line)
    }

    /// Asks `sms.canSend`, which must say yes.
    ///
    /// # Errors
    ///
    /// When it says no.
    #[track_caller]
    pub fn may_text(&self, user: &User<'_>) -> Result<(), Failure> {
        self.world.play(&format!("{} ? {} = ok", self.name, user.name))
    }

    /// Asks `sms.canSend`, which must say no with that error number.
    ///
    /// # Errors
    ///
    /// When it says something else.
    #[track_caller]
    pub fn may_not_text(&self, user: &User<'_>, code: i64) -> Result<(), Failure> {
        self.world
            .play(&format!("{} ? {} = {code}", self.name, user.name))
    }

    /// Claims the next callback, which must be about that user's text and as expected. The session is the callback's.
    ///
    /// # Errors
    ///
    /// When another callback arrives, or none in time.
    #[track_caller]
    pub fn sees(&self, user: &User<'_>, expected: impl Into<Expected>) -> Result<Session, Failure> {
        let capture = self.world.capture('s');
        let line = format!(
            "{} < {} {}, as ${capture}",
            self.name,
            user.name,
            expected.into().line
        );
        self.world.play(&line)?;
        let id = self.world.held(&capture);
        Ok(Session { capture, id })
    }
}

/// The platform: it is observed, and its link can be cut.
#[derive(Clone, Debug)]
pub struct Platform<'w> {
    world: &'w World,
}

impl<'w> Platform<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self { world }
    }

    /// Demands a receipt of that text with that state, for example `DELIVRD`, no later than this after the previous verb.
    ///
    /// # Errors
    ///
    /// When none has come in time.
    #[track_caller]
    pub fn sees_receipt(&self, text: &Sent, state: &str, within: Duration) -> Result<(), Failure> {
        let line = format!(
            "fbook < receipt ${} {state}, within {}",
            text.capture,
            length(within)
        );
        self.world.play(&line)
    }

    /// Cuts its link to the SMSC, or lets it come back.
    ///
    /// # Errors
    ///
    /// None that the switch could cause.
    #[track_caller]
    pub fn bind(&self, up: bool) -> Result<(), Failure> {
        let state = if up { "up" } else { "down" };
        self.world.play(&format!("set fbook bind {state}"))
    }
}
