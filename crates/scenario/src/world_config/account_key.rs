//! The keys of an `esme` line: the account of an outside ESME at the message centre.

use smsc::{Account, Coding, InterfaceVersion, ReceiptRoute};

use super::words::{dur, each, number, number_or_none, on_off, one, one_of, one_or_more, said, status};
use crate::diagnostics::{Code, Diagnostic};
use crate::esme_actor::EsmeAccount;
use crate::syntax::Clause;

/// The longest password that a bind can carry, in characters (SMPP v3.4 §5.2.2).
const PASSWORD_CHARACTERS_MAX: usize = 8;
/// The longest address, in characters (SMPP v3.4 §5.2.8).
const ADDRESS_CHARACTERS_MAX: usize = 20;

/// Every key, in the order of `simulator-config/README.md`.
pub(crate) const ACCOUNT_KEYS: &[&str] = &[
    "system_id",
    "password",
    "code",
    "sources",
    "default_source",
    "enabled",
    "hosts",
    "system_type",
    "password_max",
    "interface_versions",
    "binds_max",
    "transmitters_max",
    "receivers_max",
    "transceivers_max",
    "window_max",
    "requests_max",
    "throttle_per_s",
    "bind_throttle_per_s",
    "daily_max",
    "over_limit",
    "receipts",
    "delivers_by",
    "broadcasts",
    "waiting_max",
    "waiting_validity",
    "outbind",
    "congestion_state",
    "data_coding",
];

/// The account of a line, and what of it the ESME itself knows.
///
/// # Errors
///
/// The clauses that do not fit, each with the reason.
pub(super) fn account<'c>(
    name: &str,
    clauses: &'c [Clause],
) -> Result<(Account, EsmeAccount), Vec<(&'c Clause, String)>> {
    let mut account = Account::new(name, name);
    let faults: Vec<_> = clauses
        .iter()
        .filter_map(|clause| Some((clause, set_account_key(&mut account, clause).err()?)))
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let code = account.codes.first().map(|code| code.digits());
    let known = EsmeAccount {
        system_id: account.system_id.to_string(),
        password: account.password.to_string(),
        code: code.map(sms::Address::dialled).unwrap_or_default(),
        codings: account.codings.clone(),
    };
    Ok((account, known))
}

/// What is wrong with the value of a key, if something is.
pub(crate) fn account_key_fault(path: &str, clause: &Clause) -> Option<Diagnostic> {
    let reason = set_account_key(&mut Account::new("any", "any"), clause).err()?;
    let message = format!("the value of `{}` does not fit", clause.key.node);
    Some(Diagnostic::new(Code::E105, path, clause.span(), message).label(reason))
}

fn set_account_key(account: &mut Account, clause: &Clause) -> Result<(), String> {
    let words: Vec<&str> = clause.values.iter().map(|value| value.node.as_str()).collect();
    set(account, clause.key.node.as_str(), &words)
}

fn set(account: &mut Account, key: &str, words: &[&str]) -> Result<(), String> {
    match key {
        "system_id" => account.system_id = one(words)?.into(),
        "password" => account.password = one(words)?.into(),
        "code" => {
            one_or_more(words)?;
            account.codes = each(words, |word| word.parse().map_err(said))?;
        }
        "sources" => {
            one_or_more(words)?;
            account.sources = each(words, |word| address(word).map(Into::into))?;
        }
        "default_source" => account.default_source = Some(sms::Address::dialled(address(one(words)?)?)),
        "enabled" => account.enabled = on_off(words)?,
        "hosts" => {
            one_or_more(words)?;
            let expected = |_| "expected the IP address of a host, such as 127.0.0.1 or ::1".to_owned();
            account.hosts = each(words, |word| word.parse().map_err(expected))?;
        }
        "system_type" => account.system_type = Some(one(words)?.into()).filter(|wanted| wanted != "any"),
        "password_max" => account.password_max = number(words, PASSWORD_CHARACTERS_MAX)?,
        "interface_versions" => {
            one_or_more(words)?;
            account.versions = each(words, |word| one_of(&[word], &InterfaceVersion::ALL))?;
        }
        "binds_max" => account.binds_max = number(words, usize::MAX)?,
        "transmitters_max" => account.transmitters_max = number_or_none(words, usize::MAX)?,
        "receivers_max" => account.receivers_max = number_or_none(words, usize::MAX)?,
        "transceivers_max" => account.transceivers_max = number_or_none(words, usize::MAX)?,
        "window_max" => account.window_max = at_least_one(number(words, usize::MAX)?)?,
        "requests_max" => account.requests_max = at_least_one(number(words, usize::MAX)?)?,
        "throttle_per_s" => account.submits_per_second_max = number_or_none(words, u32::MAX)?,
        "bind_throttle_per_s" => account.session_submits_per_second_max = number_or_none(words, u32::MAX)?,
        "daily_max" => account.submits_per_day_max = number_or_none(words, u32::MAX)?,
        "over_limit" => account.over_limit = status(one(words)?)?,
        "receipts" => {
            let routes = [
                ("same", (true, ReceiptRoute::Same)),
                ("any", (true, ReceiptRoute::Any)),
                ("round_robin", (true, ReceiptRoute::RoundRobin)),
                ("none", (false, ReceiptRoute::Same)),
            ];
            (account.receipts_allowed, account.receipts) = one_of(words, &routes)?;
        }
        "delivers_by" => {
            let operations = [("deliver_sm", false), ("data_sm", true)];
            account.gets_data_sm = one_of(words, &operations)?;
        }
        "broadcasts" => account.broadcasts_allowed = on_off(words)?,
        "waiting_max" => account.waiting_max = number(words, usize::MAX)?,
        "waiting_validity" => account.waiting_validity = Some(dur(one(words)?)?),
        "outbind" => account.outbind = outbind(one(words)?)?.map(Into::into),
        "congestion_state" => account.congestion_state = on_off(words)?,
        "data_coding" => data_coding(account, words)?,
        _ => return Err("not a key of an account".to_owned()),
    }
    Ok(())
}

/// `0 latin1`: what a `data_coding` means.
fn data_coding(account: &mut Account, words: &[&str]) -> Result<(), String> {
    let (Some(number), Some((_, alphabet))) = (words.first(), words.split_first()) else {
        return Err("expected a data_coding from 0 to 255 and what it means".to_owned());
    };
    let digits = number.strip_prefix("0x");
    let octet = digits.map_or_else(|| number.parse(), |digits| u8::from_str_radix(digits, 16));
    let octet = octet.map_err(|_| "expected a data_coding from 0 to 255 before what it means".to_owned())?;
    let coding = one_of(alphabet, &Coding::ALL)?;
    if !account.codings.set(octet, coding) {
        return Err(format!("what data_coding {octet} means is said already"));
    }
    Ok(())
}

/// Where an ESME listens.
fn outbind(word: &str) -> Result<Option<String>, String> {
    if word == "none" {
        return Ok(None);
    }
    let address = word.strip_prefix(smsc::OUTBIND_TLS).unwrap_or(word);
    let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let port = port.and_then(|(_, port)| port.parse::<u16>().ok());
    match port {
        Some(1..) => Ok(Some(word.into())),
        Some(0) | None => Err(
            "expected HOST:PORT such as 127.0.0.1:2776, over TLS smpps://127.0.0.1:2776, or none".to_owned(),
        ),
    }
}

fn at_least_one(number: usize) -> Result<usize, String> {
    if number == 0 {
        return Err("expected at least 1".to_owned());
    }
    Ok(number)
}

fn address(word: &str) -> Result<&str, String> {
    if (1..=ADDRESS_CHARACTERS_MAX).contains(&word.chars().count()) {
        Ok(word)
    } else {
        Err(format!("expected 1 to {ADDRESS_CHARACTERS_MAX} characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_or_said_to_be_wrong() {
        for (key, words, fits) in [
            ("code", "12345", true),
            ("code", "12345 54321*", true),
            ("code", "", false),
            ("code", "ACME", false),
            ("sources", "MyBrand 4477009000*", true),
            ("sources", "ABCDEFGHIJKLMNOPQRSTU", false),
            ("default_source", "12345", true),
            ("enabled", "off", true),
            ("hosts", "127.0.0.1 ::1", true),
            ("hosts", "localhost", false),
            ("system_type", "VMA", true),
            ("password_max", "8", true),
            ("password_max", "9", false),
            ("interface_versions", "3.3 3.4 5.0", true),
            ("interface_versions", "4.0", false),
            ("binds_max", "0", true),
            ("receivers_max", "none", true),
            ("window_max", "0", false),
            ("requests_max", "1", true),
            ("throttle_per_s", "10", true),
            ("bind_throttle_per_s", "none", true),
            ("daily_max", "-1", false),
            ("over_limit", "ESME_RMSGQFUL", true),
            ("over_limit", "ESME_ROK", false),
            ("receipts", "round_robin", true),
            ("receipts", "each", false),
            ("delivers_by", "data_sm", true),
            ("delivers_by", "pigeon", false),
            ("waiting_max", "0", true),
            ("waiting_validity", "1h", true),
            ("waiting_validity", "1", false),
            ("outbind", "127.0.0.1:2776", true),
            ("outbind", "none", true),
            ("outbind", "smpps://localhost:3551", true),
            ("outbind", "smpps://localhost", false),
            ("outbind", "https://localhost", false),
            ("outbind", "127.0.0.1", false),
            ("outbind", "127.0.0.1:0", false),
            ("outbind", ":2776", false),
            ("congestion_state", "off", true),
            ("data_coding", "0 latin1", true),
            ("data_coding", "0x10 gsm7_packed", true),
            ("data_coding", "255 refused", true),
            ("data_coding", "256 ascii", false),
            ("data_coding", "latin1", false),
            ("data_coding", "0", false),
            ("data_coding", "0 ebcdic", false),
            ("data_coding", "", false),
            ("nonsense", "1", false),
        ] {
            let words: Vec<&str> = words.split_whitespace().collect();
            let result = set(&mut Account::new("acme", "acme"), key, &words);
            assert_eq!(result.is_ok(), fits, "{key} {words:?}: {result:?}");
        }
    }

    #[test]
    fn every_key_is_one_and_stands_in_the_table_of_the_configuration() {
        let readme = include_str!("../../../../simulator-config/README.md");
        let (_, table) = readme.split_once("## Accounts").expect("the table of accounts");
        let described: Vec<&str> = table
            .lines()
            .take_while(|line| !line.starts_with("## "))
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(key, _)| key)
            .collect();
        assert_eq!(described, ACCOUNT_KEYS);
        for key in ACCOUNT_KEYS {
            let result = set(&mut Account::new("acme", "acme"), key, &["never a value of it"]);
            assert_ne!(result, Err("not a key of an account".to_owned()), "{key}");
        }
    }
}
