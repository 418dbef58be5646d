//! `smsim explain`: what an error code means.

use rest::ErrorCode;
use smpp::Status;

use crate::exit::{Exit, Wrong};

/// Print the page about an error code of scenarios (E200), of the REST API (850) or of SMPP (ESME_RTHROTTLED, 0x58), or the list
/// of all codes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  smsim explain E200\n  smsim explain 850\n  smsim explain ESME_RTHROTTLED"
)]
pub struct Args {
    /// The code, for example E200, 850 or 0x58.
    code: Option<String>,
}

pub fn execute(args: &Args) -> anyhow::Result<Exit> {
    let text = match &args.code {
        None => list(),
        Some(wanted) => page(wanted).ok_or_else(|| {
            Wrong(format!(
                "no error has the code {wanted}; `smsim explain` lists them all"
            ))
        })?,
    };
    super::say(&text)?;
    Ok(Exit::Ok)
}

/// All codes that something is known about.
fn list() -> String {
    let scenarios = scenario::Code::ALL.iter();
    let scenarios = scenarios.map(|code| format!("{}  {}\n", code.name(), code.title()));
    let api = ErrorCode::ALL.iter().filter(|error| error.page().is_some());
    let api = api.map(|error| format!("{:<4}  {}\n", error.code(), error.text()));
    let api = std::iter::once("\nof the REST API:\n".to_owned()).chain(api);
    let smpp = Status::ALL.iter().filter(|status| !status.is_ok());
    let smpp = smpp.map(|status| {
        let (name, meaning) = told(*status);
        format!("{name}  {meaning}\n")
    });
    let smpp = std::iter::once("\nof SMPP:\n".to_owned()).chain(smpp);
    scenarios.chain(api).chain(smpp).collect()
}

/// What is known about that code.
fn page(wanted: &str) -> Option<String> {
    if let Some(code) = scenario::Code::from_name(&wanted.to_ascii_uppercase()) {
        return Some(format!("{}: {}\n\n{}\n", code.name(), code.title(), code.page()));
    }
    if let Some(status) = status(wanted) {
        let (name, meaning) = told(status);
        return Some(format!(
            "{name}: {meaning}\n0x{:08X}, a command_status of SMPP\n\nIn a scenario `set CARRIER answer {name} for 1` has the message centre \
             answer so to the next text for that carrier's phones.\n",
            status.0
        ));
    }
    let named = |error: &&ErrorCode| error.name().eq_ignore_ascii_case(wanted);
    let by_number = || ErrorCode::from_code(wanted.parse().ok()?);
    let error = ErrorCode::ALL.iter().find(named).copied().or_else(by_number)?;
    let page = error.page().unwrap_or("This server never gives it.");
    Some(format!(
        "{}: {}\n{}\n\n{page}\n",
        error.code(),
        error.text(),
        error.name()
    ))
}

/// A status that the specifications name, by its name or its number in hexadecimal digits.
fn status(wanted: &str) -> Option<Status> {
    let number = wanted.strip_prefix("0x").or_else(|| wanted.strip_prefix("0X"));
    let status = match number {
        Some(digits) => Status(u32::from_str_radix(digits, 16).ok()?),
        None => Status::from_name(&wanted.to_ascii_uppercase())?,
    };
    (status.name().is_some() && !status.is_ok()).then_some(status)
}

/// Its name, and what it means.
fn told(status: Status) -> (&'static str, &'static str) {
    (
        status.name().unwrap_or_default(),
        status.meaning().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_scenarios_and_of_the_api_have_pages_by_number_and_name() {
        assert!(page("e200").is_some_and(|page| page.starts_with("E200: a different text arrived\n")));
        let by_number = page("850").expect("a page");
        assert!(
            by_number.starts_with("850: Invalid sms session.\nAPI_EC_SMS_INVALID_SESSION\n\nIn `session_id`")
        );
        assert_eq!(page("api_ec_sms_invalid_session"), Some(by_number));
        assert!(page("120").is_some_and(|page| page.ends_with("never gives it.\n")));
        let throttled = page("ESME_RTHROTTLED").expect("a page");
        assert!(throttled.starts_with("ESME_RTHROTTLED: throttled\n0x00000058, "));
        assert_eq!(page("0x58").as_ref(), Some(&throttled));
        assert_eq!(page("esme_rthrottled"), Some(throttled));
        for unknown in ["E999", "858", "", "-1", "0x", "0x09", "ESME_NONSENSE", "ESME_ROK"] {
            assert_eq!(page(unknown), None, "{unknown}");
        }
        let list = list();
        assert!(list.contains("\n850   Invalid sms session.\n") && !list.contains("Invalid album id"));
        assert!(list.contains("\nESME_RMSGQFUL  message queue is full\n"));
    }
}
