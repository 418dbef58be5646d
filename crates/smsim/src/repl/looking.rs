//! Commands that only look: `/inbox`, `/callbacks`, `/why`, `/trace`.

use scenario::Interactive;
use sms::Timestamp;

use crate::repl::session::Said;
use crate::repl::wording;

/// The texts on a user's phone.
pub fn inbox(table: &Interactive, user: &str) -> Said {
    let person = table
        .actors()
        .users
        .get(user)
        .ok_or("the world has no such phone")?;
    let phone = table
        .world()
        .handset(person.phone)
        .ok_or("the world has no such phone")?;
    let texts: String = phone
        .inbox()
        .texts()
        .map(|text| {
            let shown: String = text
                .text()
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            format!(
                "  {}  from {}  {shown}\n",
                wording::time(table, text.at),
                text.from.digits()
            )
        })
        .collect();
    Ok(match texts.is_empty() {
        true => format!("  {user} has no texts\n"),
        false => texts,
    })
}

/// The callbacks of an app, or of all.
pub fn callbacks(table: &Interactive, app: Option<&str>) -> Said {
    let apps = &table.actors().apps;
    let texts: String = table
        .happened_since(0)
        .iter()
        .filter(|event| apps.contains_key(&event.actor) && event.text.starts_with('<'))
        .filter(|event| app.is_none_or(|app| app == event.actor))
        .map(|event| wording::event(table, event))
        .collect();
    Ok(match texts.is_empty() {
        true => "  no app got a text\n".to_owned(),
        false => texts,
    })
}

/// What the platform decided about the last line.
pub fn why(table: &Interactive) -> String {
    let decisions = table.decisions_since(table.last_action());
    match decisions.is_empty() {
        true => "  the platform decided nothing\n".to_owned(),
        false => wording::offsets(began(table), &decisions),
    }
}

/// Everything that was recorded about the last line.
pub fn trace(table: &Interactive) -> String {
    wording::offsets(began(table), &table.trace_since(table.last_action()))
}

/// When the last line began.
fn began(table: &Interactive) -> Timestamp {
    table.last_action_at()
}
