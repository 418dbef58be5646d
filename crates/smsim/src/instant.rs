//! Instants of a world as people write them: `23:30`, `+1d 09:00`, `2009-03-03 09:00`.

use scenario::syntax::Step;
use sms::{Civil, Timestamp, Zone};

/// The instant that the text means: a time of day of the day of `now`, days after it and a time of day, or a date and a time of
/// day. None when it is none of these.
pub fn read(text: &str, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
    let text = text.trim();
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) if date.contains('-') => (Some(date), time.trim()),
        _ => (None, text),
    };
    let steps = scenario::parse_steps("to", &format!("at {time}")).ok()?;
    let Some(Step::At { days, time }) = steps.first().map(|step| &step.node) else {
        return None;
    };
    let day = match date {
        Some(date) => civil_day(date)?,
        None => zone.civil(now),
    };
    let days = i32::try_from(days.as_ref().map_or(0, |days| days.node)).ok()?;
    let day = day.plus_days(days)?;
    Some(zone.instant(day.at(time.hour, time.minute, time.second)?))
}

fn civil_day(date: &str) -> Option<Civil> {
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Civil::new(
        year.parse().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
        0,
        0,
        0,
    )
}
