//! The keys of an `esme` line: the account of an outside ESME at the message centre.

use std::time::Duration;

use smsc::{Account, Coding, HostRange, InterfaceVersion, ReceiptRoute};

use super::words::{dur, each, number, number_or_none, on_off, one, one_of, one_or_more, said, status};
use super::{find, misfit};
use crate::diagnostics::{Code, Diagnostic};
use crate::esme_actor::EsmeAccount;
use crate::syntax::{Clause, Name};

/// The longest address, in characters (SMPP v3.4 §5.2.8).
const ADDRESS_CHARACTERS_MAX: usize = 20;

/// The longest name of a distribution list, in characters (SMPP v3.4 §5.2.29).
const LIST_NAME_CHARACTERS_MAX: usize = 20;

/// Every key, in the order of `simulator-config/README.md`.
pub(crate) const ACCOUNT_KEYS: &[&str] = &[
    "system_id",
    "password",
    "code",
    "sources",
    "default_source",
    "carriers",
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
    "distribution_list",
];

/// Those that stay as they are while a world runs: who the ESME is, what its texts are written in, and whom its lists name.
const FIXED_KEYS: [&str; 6] = [
    "system_id",
    "password",
    "code",
    "outbind",
    "data_coding",
    "distribution_list",
];

/// The keys that can be changed while a world runs, in the order of `simulator-config/README.md`.
pub(crate) fn changeable_account_keys() -> impl Iterator<Item = &'static str> {
    ACCOUNT_KEYS
        .iter()
        .copied()
        .filter(|key| !FIXED_KEYS.contains(key))
}

/// The account of a line, and what of it the ESME itself knows.
///
/// # Errors
///
/// What does not fit.
pub(super) fn account(
    path: &str,
    name: &Name,
    clauses: &[Clause],
) -> Result<(Account, EsmeAccount), Vec<Diagnostic>> {
    let mut account = Account::new(name, name);
    let faults: Vec<_> = clauses
        .iter()
        .filter_map(|clause| {
            Some(misfit(
                path,
                clause,
                &set_account_key(&mut account, clause).err()?,
            ))
        })
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    if let Some((key, what)) = account.unbindable() {
        return Err(vec![unbindable(path, name, clauses, key, &what)]);
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

/// An account that no bind could be of, at the clause that says so, or at the name, which stands for what is left out.
fn unbindable(path: &str, name: &Name, clauses: &[Clause], key: &str, what: &str) -> Diagnostic {
    let fault = match find(clauses, key) {
        Some(clause) => misfit(path, clause, what),
        None => {
            let message = format!("the name of {} cannot be its {key} too", name.node);
            let fault = Diagnostic::new(Code::E105, path, name.span, message).label(what);
            fault.help(format!("add `{key}` with a value of its own"))
        }
    };
    match key {
        "password" if what.contains("at most") => fault.help(format!(
            "`password_max` says how long it may be, up to {}",
            smpp::PASSWORD_CHARACTERS_MAX
        )),
        _ => fault,
    }
}

/// What is wrong with the value of a key, if something is.
pub(crate) fn account_key_fault(path: &str, clause: &Clause) -> Option<Diagnostic> {
    let reason = set_account_key(&mut Account::new("any", "any"), clause).err()?;
    let message = format!("the value of `{}` does not fit", clause.key.node);
    Some(Diagnostic::new(Code::E105, path, clause.span(), message).label(reason))
}

/// Changes one of the keys that can be changed.
///
/// # Errors
///
/// Why the value does not fit.
pub(crate) fn change_account(account: &mut Account, key: &str, words: &[&str]) -> Result<(), String> {
    match FIXED_KEYS.contains(&key) {
        true => Err(format!("{key} stays as it was declared")),
        false => set(account, key, words),
    }
}

/// The value of a key that can be changed, in the words that set it.
pub(crate) fn account_setting(account: &Account, key: &str) -> Option<String> {
    fn or(value: Option<impl ToString>, otherwise: &str) -> String {
        value.map_or_else(|| otherwise.to_owned(), |value| value.to_string())
    }
    fn list(values: &[impl ToString], otherwise: &str) -> String {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        Some(values.join(" "))
            .filter(|list| !list.is_empty())
            .unwrap_or_else(|| otherwise.to_owned())
    }
    let on_off = |on| String::from(if on { "on" } else { "off" });
    Some(match key {
        "sources" => list(&account.sources, "none"),
        "default_source" => or(
            account.default_source.as_ref().map(|source| &source.digits),
            "none",
        ),
        "carriers" => list(&account.carriers, "any"),
        "enabled" => on_off(account.enabled),
        "hosts" => list(account.hosts.as_slice(), "any"),
        "system_type" => or(account.system_type.as_ref(), "any"),
        "password_max" => account.password_max.to_string(),
        "interface_versions" => {
            let named = |version: &InterfaceVersion| {
                let mut all = InterfaceVersion::ALL.iter();
                all.find(|(_, other)| other == version).map(|(name, _)| *name)
            };
            list(
                &account.versions.iter().filter_map(named).collect::<Vec<_>>(),
                "any",
            )
        }
        "binds_max" => account.binds_max.to_string(),
        "transmitters_max" => or(account.transmitters_max, "none"),
        "receivers_max" => or(account.receivers_max, "none"),
        "transceivers_max" => or(account.transceivers_max, "none"),
        "window_max" => account.window_max.to_string(),
        "requests_max" => account.requests_max.to_string(),
        "throttle_per_s" => or(account.submits_per_second_max, "none"),
        "bind_throttle_per_s" => or(account.session_submits_per_second_max, "none"),
        "daily_max" => or(account.submits_per_day_max, "none"),
        "over_limit" => account.over_limit.to_string(),
        "receipts" => {
            let mut routes = RECEIPT_ROUTES.iter();
            let is_it = |(allowed, route): (bool, ReceiptRoute)| {
                allowed == account.receipts_allowed && (!allowed || route == account.receipts)
            };
            routes.find(|(_, way)| is_it(*way))?.0.to_owned()
        }
        "delivers_by" => String::from(if account.gets_data_sm {
            "data_sm"
        } else {
            "deliver_sm"
        }),
        "broadcasts" => on_off(account.broadcasts_allowed),
        "waiting_max" => account.waiting_max.to_string(),
        "waiting_validity" => account.waiting_validity.map_or_else(|| "72h".to_owned(), plain),
        "congestion_state" => on_off(account.congestion_state),
        _ => return None,
    })
}

/// A length of time as a clause has it: in the largest unit that it is a whole number of.
fn plain(length: Duration) -> String {
    let ms = length.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units
        .into_iter()
        .find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    let (unit, suffix) = unit.unwrap_or((1, "ms"));
    format!("{}{suffix}", ms / unit)
}

/// Where receipts go, and whether there are any.
const RECEIPT_ROUTES: [(&str, (bool, ReceiptRoute)); 4] = [
    ("same", (true, ReceiptRoute::Same)),
    ("any", (true, ReceiptRoute::Any)),
    ("round_robin", (true, ReceiptRoute::RoundRobin)),
    ("none", (false, ReceiptRoute::Same)),
];

fn set_account_key(account: &mut Account, clause: &Clause) -> Result<(), String> {
    let words = clause.words();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
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
            account.sources = match words {
                ["none"] => Vec::new(),
                words => each(words, |word| address(word).map(Into::into))?,
            };
        }
        "default_source" => {
            let source = Some(address(one(words)?)?).filter(|word| *word != "none");
            account.default_source = source.map(sms::Address::dialled);
        }
        "carriers" => {
            one_or_more(words)?;
            account.carriers = match words {
                ["any"] => Vec::new(),
                words => words.iter().map(|word| (*word).into()).collect(),
            };
        }
        "enabled" => account.enabled = on_off(words)?,
        "hosts" => {
            one_or_more(words)?;
            let ranges: Vec<HostRange> = match words {
                ["any"] => Vec::new(),
                words => each(words, |word| word.parse().map_err(said))?,
            };
            account.hosts = ranges.into();
        }
        "system_type" => account.system_type = Some(one(words)?.into()).filter(|wanted| wanted != "any"),
        "password_max" => account.password_max = number(words, smpp::PASSWORD_CHARACTERS_MAX)?,
        "interface_versions" => {
            one_or_more(words)?;
            account.versions = match words {
                ["any"] => Vec::new(),
                words => each(words, |word| one_of(&[word], &InterfaceVersion::ALL))?,
            };
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
        "receipts" => (account.receipts_allowed, account.receipts) = one_of(words, &RECEIPT_ROUTES)?,
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
        "distribution_list" => distribution_list(account, words)?,
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

/// `STAFF +14155550101 +14155550102`: whom the name of a distribution list means.
fn distribution_list(account: &mut Account, words: &[&str]) -> Result<(), String> {
    let Some((name, numbers)) = words.split_first().filter(|(_, numbers)| !numbers.is_empty()) else {
        return Err("expected a name and the numbers that it means".to_owned());
    };
    if name.is_empty() || name.len() > LIST_NAME_CHARACTERS_MAX || !name.is_ascii() {
        return Err(format!(
            "expected a name of 1 to {LIST_NAME_CHARACTERS_MAX} ASCII characters"
        ));
    }
    if numbers.len() > smsc::DISTRIBUTION_LIST_ADDRESSES_MAX {
        return Err(format!(
            "a list has at most {} numbers",
            smsc::DISTRIBUTION_LIST_ADDRESSES_MAX
        ));
    }
    let addresses = each(numbers, |word| {
        word.parse().map_err(said).map(sms::Msisdn::address)
    })?;
    if account.distribution_lists.len() >= smsc::DISTRIBUTION_LISTS_MAX {
        return Err(format!(
            "an account has at most {} lists",
            smsc::DISTRIBUTION_LISTS_MAX
        ));
    }
    match account.distribution_lists.insert((*name).into(), addresses) {
        Some(_) => Err(format!("whom {name} means is said already")),
        None => Ok(()),
    }
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
            ("hosts", "any", true),
            ("hosts", "10.0.0.0/8 2001:db8::/32", true),
            ("hosts", "10.0.0.1/8", false),
            ("hosts", "10.0.0.0/33", false),
            ("hosts", "localhost", false),
            ("system_type", "VMA", true),
            ("password_max", "64", true),
            ("password_max", "65", false),
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
            ("distribution_list", "STAFF +14155550101 +14155550102", true),
            ("distribution_list", "STAFF", false),
            ("distribution_list", "STAFF 12345", false),
            (
                "distribution_list",
                "STAFF_AND_ALL_THE_OTHERS +14155550101",
                false,
            ),
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
    fn what_can_be_changed_is_told_in_the_words_that_set_it() {
        let mut changed = Account::new("acme", "acme");
        for (key, words) in [
            ("sources", "MyBrand 4477009000*"),
            ("default_source", "54321"),
            ("carriers", "att sprint"),
            ("enabled", "off"),
            ("hosts", "127.0.0.1 ::1 10.0.0.0/8"),
            ("system_type", "VMA"),
            ("password_max", "7"),
            ("interface_versions", "3.3 5.0"),
            ("binds_max", "3"),
            ("transmitters_max", "0"),
            ("receivers_max", "1"),
            ("transceivers_max", "2"),
            ("window_max", "1"),
            ("requests_max", "5"),
            ("throttle_per_s", "20"),
            ("bind_throttle_per_s", "10"),
            ("daily_max", "1000"),
            ("over_limit", "ESME_RMSGQFUL"),
            ("receipts", "none"),
            ("delivers_by", "data_sm"),
            ("broadcasts", "off"),
            ("waiting_max", "9"),
            ("waiting_validity", "2h"),
            ("congestion_state", "off"),
        ] {
            let before = account_setting(&changed, key).expect("a key that can be changed");
            let given: Vec<&str> = words.split_whitespace().collect();
            change_account(&mut changed, key, &given).expect(words);
            assert_eq!(account_setting(&changed, key).as_deref(), Some(words), "{key}");
            // And back, in the words for how it was.
            let mut back = changed.clone();
            let given: Vec<&str> = before.split_whitespace().collect();
            change_account(&mut back, key, &given).expect(&before);
            assert_eq!(account_setting(&back, key), Some(before), "{key}");
        }
        let known: Vec<_> = changeable_account_keys()
            .filter(|key| account_setting(&changed, key).is_none())
            .collect();
        assert!(known.is_empty(), "{known:?}");
        for key in FIXED_KEYS {
            assert!(account_setting(&changed, key).is_none());
            let why = change_account(&mut changed, key, &["54321"]).expect_err("it stays");
            assert!(why.contains("as it was declared"), "{why}");
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
