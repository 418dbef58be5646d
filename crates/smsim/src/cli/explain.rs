//! `smsim explain`: what an error code means.

use rest::ErrorCode;

use crate::exit::{Exit, Wrong};

/// Print the page about an error code of scenarios (E200) or of the REST API (850), or the list of all codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  smsim explain E200\n  smsim explain 850")]
pub struct Args {
    /// The code, for example E200, or 850.
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
    scenarios.chain(api).collect()
}

/// What is known about that code.
fn page(wanted: &str) -> Option<String> {
    if let Some(code) = scenario::Code::from_name(&wanted.to_ascii_uppercase()) {
        return Some(format!("{}: {}\n\n{}\n", code.name(), code.title(), code.page()));
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
        for unknown in ["E999", "858", "", "-1"] {
            assert_eq!(page(unknown), None, "{unknown}");
        }
        let list = list();
        assert!(list.contains("\n850   Invalid sms session.\n") && !list.contains("Invalid album id"));
    }
}
