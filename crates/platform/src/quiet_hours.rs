//! Hours in which a person wants no unsolicited text.

use sms::Timestamp;

use crate::output::Refusal;
use crate::user::User;

/// Refuses an unsolicited text that would come in the user's quiet hours, by the clock of the user's own zone.
pub(crate) fn check(now: Timestamp, user: &User) -> Result<(), Refusal> {
    let Some(hours) = user.quiet_hours else {
        return Ok(());
    };
    let local = user.zone.civil(now);
    if hours.contains(local.since_midnight()) {
        return Err(Refusal::QuietHours {
            hours,
            local: format!("{:02}:{:02}", local.hour(), local.minute()),
        });
    }
    Ok(())
}
