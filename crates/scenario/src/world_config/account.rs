//! A user's account as a declaration says it: before a world begins, and when a user joins one that runs.

use std::collections::BTreeMap;

use platform::{Install, QuietHours, Uid, User};
use sms::{Msisdn, Place, Zone};

use super::{Actors, FIRST_UID, find, first, number, place};
use crate::syntax::{Clause, Decl};

/// The account of those clauses, without its friends. `zone` is the world's.
pub(super) fn account(
    actors: &Actors,
    zone: &Zone,
    uid: Uid,
    name: &str,
    phone: Msisdn,
    carrier: &str,
    clauses: &[Clause],
) -> User {
    let switched = |key: &str, off: &str| find(clauses, key).is_none_or(|clause| first(clause) != off);
    let mut apps = BTreeMap::new();
    for (key, sms_granted) in [("installed", false), ("apps", true)] {
        let values = find(clauses, key).into_iter().flat_map(|clause| &clause.values);
        apps.extend(
            values
                .filter_map(|value| actors.apps.get(value.as_str()))
                .map(|app| (*app, Install { sms_granted })),
        );
    }
    User {
        uid,
        name: name.to_owned(),
        phone,
        operator: carrier.to_owned(),
        registered: switched("registered", "no"),
        texts_on: switched("texts", "off"),
        zone: find(clauses, "tz")
            .and_then(|clause| Zone::named(first(clause)).ok())
            .unwrap_or_else(|| zone.clone()),
        quiet_hours: find(clauses, "quiet-hours").and_then(|clause| first(clause).parse::<QuietHours>().ok()),
        daily_max: find(clauses, "daily-limit").and_then(|clause| first(clause).parse().ok()),
        apps,
        friends: Default::default(),
    }
}

/// The account of a user who joins a running world, by the number that the declaration says or the first free one, and
/// where the phone is.
///
/// # Errors
///
/// Why nobody can join by that line.
pub(crate) fn joining(
    decl: &Decl,
    actors: &Actors,
    zone: &Zone,
    taken: impl Fn(Uid) -> bool,
) -> Result<(User, Option<Place>), &'static str> {
    let Decl::User {
        name,
        msisdn,
        carrier,
        clauses,
    } = decl
    else {
        return Err("only users join");
    };
    if find(clauses, "session").is_some() {
        return Err(
            "a session key of the declaration works from the start of a world; in a running one auth.getSession gives one",
        );
    }
    let said = find(clauses, "uid").and_then(number).map(Uid);
    let free = || (FIRST_UID..).map(Uid).find(|uid| !taken(*uid));
    let uid = said.or_else(free).ok_or("every number of an account is taken")?;
    let mut user = account(actors, zone, uid, name, msisdn.node, carrier, clauses);
    let friends = find(clauses, "friends")
        .into_iter()
        .flat_map(|clause| &clause.values);
    user.friends = friends
        .filter_map(|friend| Some(actors.users.get(friend.as_str())?.uid))
        .collect();
    Ok((user, place(clauses)))
}
