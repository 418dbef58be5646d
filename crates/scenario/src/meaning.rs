//! What a line of a test puts on the wire, in words: [`meaning`], for whoever points at it.

use std::fmt::Write;

use sms::{Address, Encoding, Reference, Segment};

use crate::syntax::{Actor, Arrival, Destination, Param, Pattern, PduStep, Send, Sign, Step};
use crate::world_config::DeclaredWorld;

/// Segments that are told one by one, at most.
const SEGMENTS_TOLD_MAX: usize = 8;

/// What the step puts on the wire or looks for there, in lines of plain text; none where it puts nothing there. Captures
/// stand as they are written.
pub fn meaning(declared: &DeclaredWorld, step: &Step) -> Option<String> {
    let wire = Wire(declared);
    match step {
        Step::Compose { user, text, to } => wire.compose(user, text.template(), to),
        Step::Send(send) => wire.send(send),
        Step::Call {
            app, method, params, ..
        } => wire.call(app, method, params),
        Step::CanSend { app, user, .. } => wire.can_send(app, user),
        Step::Arrival(arrival) => wire.arrival(arrival),
        Step::Pdu(pdu) => Some(wire.pdu(pdu)),
        Step::Receipt { text, state, .. } => Some(format!(
            "SMSC -> fbook  deliver_sm  esm_class 0x04 (SMSC delivery receipt)\n  \
             short_message  id:<message id of {}> ... stat:{} ...\n",
            text.node, state.node
        )),
        Step::Quiet { .. }
        | Step::Set(..)
        | Step::Check(..)
        | Step::Wait(_)
        | Step::At { .. }
        | Step::Note(_)
        | Step::Run { .. }
        | Step::Block(..)
        | Step::Ignore(_)
        | Step::Fill
        | Step::Join(_) => None,
    }
}

struct Wire<'d>(&'d DeclaredWorld);

impl Wire<'_> {
    fn phone(&self, user: &Actor) -> Option<Address> {
        match user {
            Actor::Name(name) => self.0.actors.users.get(name).map(|person| person.phone.address()),
            Actor::Var(_) => None,
        }
    }

    fn credentials(&self, app: &Actor) -> Option<&rest::Credentials> {
        let Actor::Name(name) = app else { return None };
        let id = self.0.actors.apps.get(name)?;
        let apps = self.0.config.apps.iter().map(|app| &app.credentials);
        apps.into_iter().find(|credentials| credentials.app == *id)
    }

    fn uid(&self, user: &Actor) -> String {
        match user {
            Actor::Name(name) => self.0.actors.users.get(name).map(|person| person.uid.to_string()),
            Actor::Var(_) => None,
        }
        .unwrap_or_else(|| user.to_string())
    }

    fn code(&self) -> Address {
        self.0.config.short_code.address()
    }

    fn compose(&self, user: &Actor, text: &str, to: &Destination) -> Option<String> {
        let from = self.phone(user)?;
        let (to, whose) = match to {
            Destination::ShortCode => (shown(&self.code()), "the ESME bound for it"),
            Destination::Session(var) => (
                format!("the number of session {}", var.node),
                "the ESME bound for it",
            ),
            Destination::Address(digits) => (shown(&Address::dialled(digits)), "whoever has that number"),
        };
        let mut out = format!(
            "SMSC -> {whose}  deliver_sm\n  source_addr       {}\n",
            shown(&from)
        );
        let _ = writeln!(out, "  destination_addr  {to}");
        segments(&mut out, text);
        Some(out)
    }

    fn send(&self, send: &Send) -> Option<String> {
        let uid = self.uid(&send.user);
        let session = send.session.as_ref().map(|var| format!("<{}>", var.node));
        let mut params = vec![("uid", uid.as_str()), ("message", send.text.template())];
        params.extend(session.as_deref().map(|session| ("session_id", session)));
        if send.ask.is_some() {
            params.push(("req_session", "1"));
        }
        let mut out = self.request(&send.app, "sms.send", &params)?;
        let to = self.phone(&send.user);
        let _ = writeln!(out, "\nfbook -> SMSC  submit_sm, when the platform accepts it");
        let _ = writeln!(
            out,
            "  destination_addr  {}",
            to.as_ref().map_or_else(|| send.user.to_string(), shown)
        );
        segments(&mut out, send.text.template());
        Some(out)
    }

    fn call(&self, app: &Actor, method: &str, params: &[Param]) -> Option<String> {
        let params: Vec<(&str, &str)> = params
            .iter()
            .map(|param| (param.name.as_str(), param.value.node.as_str()))
            .collect();
        self.request(app, method, &params)
    }

    fn can_send(&self, app: &Actor, user: &Actor) -> Option<String> {
        let uid = self.uid(user);
        let params = [
            ("uid", uid.as_str()),
            ("session_key", "<minted>"),
            ("call_id", "<next>"),
        ];
        self.request(app, "sms.canSend", &params)
    }

    /// A signed call, with what is signed.
    fn request(&self, app: &Actor, method: &str, params: &[(&str, &str)]) -> Option<String> {
        let credentials = self.credentials(app)?;
        let request = rest::client::request(credentials, method, params);
        let mut out = format!("{app} -> fbook  POST /restserver.php\n");
        for (name, value) in request.params.iter().filter(|(name, _)| name != "sig") {
            let _ = writeln!(out, "  {name}={value}");
        }
        let signed: Vec<_> = request
            .params
            .iter()
            .filter(|(name, _)| name != "sig")
            .cloned()
            .collect();
        let base = rest::signature::base_string(&signed);
        let open = params
            .iter()
            .any(|(_, value)| value.contains('<') || value.contains("{$"));
        let sig = request
            .params
            .iter()
            .find(|(name, _)| name == "sig")
            .map(|(_, sig)| sig.as_str());
        let value = if open {
            "of what the captures hold"
        } else {
            sig.unwrap_or_default()
        };
        let _ = writeln!(out, "  sig={value}\n  = md5({base} + secret)");
        Some(out)
    }

    fn arrival(&self, arrival: &Arrival) -> Option<String> {
        let said = match arrival.pattern.as_ref().map(|pattern| &pattern.node) {
            Some(Pattern::Text(text)) => Some(text.template()),
            Some(Pattern::Glob(_) | Pattern::Regex { .. }) | None => None,
        };
        match &arrival.user {
            None => {
                let to = self.phone(&arrival.actor)?;
                let mut out = format!("SMSC -> phone {}  a text, from its segments\n", shown(&to));
                segments(&mut out, said.unwrap_or_default());
                Some(out)
            }
            Some(user) => {
                let credentials = self.credentials(&arrival.actor)?;
                let url = credentials
                    .callback_url
                    .as_deref()
                    .unwrap_or("(the script's own app)");
                let mut out = format!("fbook -> {}  POST {url}\n  fb_sig_sms=1\n", arrival.actor.node);
                let _ = writeln!(out, "  fb_sig_user={}", self.uid(user));
                let _ = writeln!(
                    out,
                    "  fb_sig_message={}",
                    said.unwrap_or("(as the pattern says)")
                );
                let _ = writeln!(
                    out,
                    "  fb_sig_sms_sid=<session>\n  fb_sig_api_key={}",
                    credentials.api_key
                );
                out.push_str("  fb_sig=md5(the fields without fb_sig_, sorted, + secret)\n");
                Some(out)
            }
        }
    }

    fn pdu(&self, pdu: &PduStep) -> String {
        let way = match (pdu.sign, self.0.actors.esmes.contains_key(&pdu.actor.to_string())) {
            (Sign::Does, true) => format!("{} -> SMSC", pdu.actor.node),
            (Sign::Sees, true) => format!("SMSC -> {}", pdu.actor.node),
            (Sign::Does, false) => format!("SMSC -> ESME, for a phone of {}", pdu.actor.node),
            (Sign::Sees, false) => format!("ESME -> SMSC, for a phone of {}", pdu.actor.node),
        };
        let id = smpp::command_id::from_name(&pdu.pdu);
        let id = id.map_or_else(String::new, |id| format!("  command_id 0x{id:08X}"));
        let mut out = format!("{way}  {}{id}\n", pdu.pdu.node);
        for field in &pdu.fields {
            let _ = writeln!(out, "  {}  {}", field.name.node, field.value.node.as_str());
        }
        if let Some(status) = &pdu.status {
            let _ = writeln!(out, "  answer: command_status {}", status.node);
        }
        out
    }
}

/// An address with its type and plan.
fn shown(address: &Address) -> String {
    let (ton, npi) = (u8::from(address.ton), u8::from(address.npi));
    format!("{}  (ton {ton}, npi {npi})", address.digits)
}

/// How the text is coded and cut.
fn segments(out: &mut String, text: &str) {
    let encoding = Encoding::of(text);
    let unit = match encoding {
        Encoding::Gsm7 | Encoding::Ascii => "septets",
        Encoding::Ucs2 => "UTF-16 units",
        Encoding::Latin1 | Encoding::Binary => "octets",
    };
    let coding = encoding.data_coding();
    let name = crate::runner::encoding_name(encoding);
    let _ = writeln!(out, "  data_coding       0x{coding:02X} ({name})");
    match Segment::split(text, Reference::Octet(0)) {
        Err(error) => {
            let _ = writeln!(out, "  {error}");
        }
        Ok(parts) => {
            let count = parts.len();
            let noun = if count == 1 { "segment" } else { "segments" };
            let _ = writeln!(out, "  {} {unit}, {count} {noun}", encoding.units(text));
            for (index, part) in parts.iter().take(SEGMENTS_TOLD_MAX).enumerate() {
                let udh = if part.udhi {
                    " with a header (esm_class 0x40)"
                } else {
                    ""
                };
                let (sm, air) = (part.user_data.len(), part.air_octets());
                let _ = writeln!(
                    out,
                    "  part {}: sm_length {sm}, {air} octets on the air{udh}",
                    index + 1
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    const WORLD: &str = "carrier att\napp quiz \"Quiz\", key 0123456789abcdef0123456789abcdef, secret s3cret\n\
                         user carol +14155550103 on att, uid 1003\nesme acme, password sesame, code 12345\n\n\
                         test \"x\":\n  ";

    fn told(line: &str) -> Option<String> {
        let mut sources = Sources::new();
        let world = WORLD.replace("secret s3cret", "secret 000102030405060708090a0b0c0d0e0f");
        sources.insert("t.sms", format!("{world}wait 1s\n"));
        let script = crate::script::load(&sources, "t.sms").expect("a script");
        let declared = crate::world_config::world_config(&script).expect("a world");
        let steps = crate::parser::parse_steps("l", line).expect("a line");
        meaning(&declared, &steps[0].node)
    }

    #[test]
    fn lines_are_told_as_they_cross_the_wire() {
        for (line, parts) in [
            (
                "carol > \"quiz play\"",
                &[
                    "deliver_sm",
                    "14155550103  (ton 1, npi 1)",
                    "32665",
                    "0x00 (gsm7)",
                    "9 septets, 1 segment",
                    "sm_length 9, 8 octets",
                ][..],
            ),
            (
                "carol > \"caf\u{e9} \u{4f60}\"",
                &["0x08 (ucs2)", "6 UTF-16 units", "sm_length 12, 12 octets"][..],
            ),
            (
                "quiz > carol \"Hi\"",
                &[
                    "POST /restserver.php",
                    "method=sms.send",
                    "uid=1003",
                    "message=Hi",
                    "sig=",
                    "= md5(api_key=0123",
                    "submit_sm",
                ][..],
            ),
            (
                "quiz > carol \"Hi\", in $s",
                &["session_id=<$s>", "sig=of what the captures hold"][..],
            ),
            (
                "quiz < carol \"play\"",
                &["fb_sig_user=1003", "fb_sig_message=play", "fb_sig_sms_sid"][..],
            ),
            ("carol < \"Hi\"", &["phone 14155550103", "2 septets"][..]),
            (
                "quiz ? carol = ok",
                &["method=sms.canSend", "session_key=<minted>"][..],
            ),
            (
                "fbook < receipt $m DELIVRD",
                &["esm_class 0x04", "stat:DELIVRD"][..],
            ),
            (
                "acme > submit_sm short_message=\"Hi\" = ESME_ROK",
                &["acme -> SMSC", "0x00000004", "short_message  Hi", "ESME_ROK"][..],
            ),
            ("att < submit_sm", &["for a phone of att"][..]),
        ] {
            let told = told(line).unwrap_or_else(|| panic!("{line} means something"));
            for part in parts {
                assert!(told.contains(part), "{part} of {line} in\n{told}");
            }
        }
        assert_eq!(told("wait 1s"), None);
        assert_eq!(told("$who > \"Hi\""), None);
    }

    #[test]
    fn a_long_text_shows_its_parts() {
        let told = told(&format!("carol > \"{}\"", "x".repeat(161))).expect("a text");
        assert!(
            told.contains("161 septets, 2 segments") && told.contains("part 2: sm_length 14"),
            "{told}"
        );
        assert!(told.contains("esm_class 0x40"));
    }
}
