//! What brings each error about on this server, and what to do: [`ErrorCode::page`].

use super::ErrorCode;

impl ErrorCode {
    /// When this server gives the error, and the way out, for whoever writes the app; none for a code that it never gives.
    ///
    /// Keys in backquotes are those of `platform.toml`, lines those of scenarios.
    pub const fn page(self) -> Option<&'static str> {
        Some(match self {
            Self::Service => "More calls wait for the platform than it keeps. Call again a moment later.",
            Self::Method => {
                "`method` is missing, is none of this server's, or is one that must not be signed with a session secret (`ss`). Names are \
                 read with or without `facebook.`, whatever their case. The signature is checked first."
            }
            Self::TooManyCalls => {
                "The app has made `requests_per_window_max` calls in a window of `request_window_s`. The next window begins with the \
                 first call after this one is over. A world without the key has no such limit."
            }
            Self::BadIp => {
                "The app has a list of addresses (`ip_list` of admin.setAppProperties), and the call came from another one, which stands \
                 behind the message."
            }
            Self::Param => {
                "A parameter is missing, is no value of its kind, or names nobody. Of sms.send `uid` is one user of the world, never a \
                 list; a token of auth.getSession works once, after its user has logged in. The server's note of the call says which \
                 parameter: under the call on the page, in `summary` of its record, as `why:` in a test, with /why at the prompt."
            }
            Self::ParamApiKey => {
                "`api_key` is missing or no app's. `smsim apps WORLD` prints the keys and secrets of a world's apps."
            }
            Self::ParamSessionKey => {
                "The method needs a session key and none was sent, or the one that was sent has expired, has been ended, or is another \
                 app's. An empty one counts as none. A user logs in on /login.php?api_key=KEY&v=1.0, and auth.getSession makes the token \
                 a key; in a world, `session APP KEY` of a `user` line is one from the start."
            }
            Self::ParamCallId => {
                "`call_id` is not greater than the last one with the same session key, compared as numbers. A clock in milliseconds gives \
                 the same one to two quick calls. `call_id_check off` in a `world` line turns the check off."
            }
            Self::ParamSignature => {
                "`sig` is not the MD5, as lower-case hex digits, of every other parameter as name=value, sorted by name, without anything \
                 between them, and the app's secret behind them. Values are those before they are encoded for the URL, in UTF-8; empty \
                 ones count. With `ss` the secret is that of the session."
            }
            Self::ParamTooMany => "A call has more parameters than any method knows. Send fewer.",
            Self::ParamUserField => "`fields` of users.getInfo names a field that this server does not know.",
            Self::ParamUserIdList => {
                "A list of users (`to_ids`, `recipients`, `uids`) has something in it that is no number, or too many of them. It has \
                 commas, or is a JSON list."
            }
            Self::ParamFieldList => "`fields` of users.getInfo is no list. It has commas, or is a JSON list.",
            Self::ParamBadJson => {
                "`method_feed` of batch.run is no JSON list of calls, each written as the query of a URL."
            }
            Self::PermissionSms => {
                "The user has not let the app text: `sms` is not granted, the app is not installed, or it is not registered for SMS (`sms \
                 off`). The user grants it on /authorize.php?api_key=KEY&v=1.0&ext_perm=sms, or texts the app and answers Y; in a test, \
                 `set USER app NAME on`."
            }
            Self::PermissionLiveMessage => {
                "Live messages go between two users who have both accepted the app; one of them has not."
            }
            Self::SmsInvalidSession => {
                "In `session_id` this app may not answer this user now: the minute since the callback is over (`session_window_ms`), the \
                 answer that the user's text allows has been sent (`answers_per_message_max`), or the session is another app's, another \
                 user's or nobody's. Sessions are numbered for each user. An unsolicited text has no `session_id`."
            }
            Self::SmsMsgLen => {
                "The text is empty, or does not fit into one SMS: 160 septets when GSM 03.38 has all its characters, else 70 units of \
                 UCS-2 (`message_length_max`, `message_parts_max`)."
            }
            Self::SmsUserQuota => {
                "Today the user has got as many unsolicited texts, of all apps together, as the user's daily limit allows (Facebook \
                 Mobile, `daily-limit N`, or `user_daily_max`). The day is that of the user's own zone. Answers to the user's own texts \
                 are neither counted nor refused."
            }
            Self::SmsUserAsleep => {
                "The user gets no unsolicited texts at this time of day (Facebook Mobile, `quiet-hours HH:MM-HH:MM`, or \
                 `user_quiet_hours`), in the user's own zone. Answers to the user's own texts come all the same. `quiet_hours_code 856` \
                 gives that number instead."
            }
            Self::SmsAppQuota => {
                "Today the app has sent its unsolicited texts: as many as users have let it text (`app_daily_pool_per_user` for each of \
                 them), a sum for the app and not one for each user; or it sends more in a second than `app_rate_per_s`. The day begins \
                 at midnight in `quota_day_tz`. Answers in a session are outside of both."
            }
            Self::SmsNotRegistered => {
                "The user has no confirmed phone: it was never confirmed, or Facebook Mobile was removed. The user confirms it on \
                 /mobile/; in a test, `set USER registered yes`."
            }
            Self::SmsNotificationsOff => {
                "Mobile Texts are off, for every app: the user has texted Stop or Off, or turned them off on /mobile/. Texting On turns \
                 them on again; in a test, `set USER texts on`."
            }
            Self::SmsCarrierDisable => {
                "The user's carrier lets this app text none of its subscribers: `block APP` in the `carrier` line. `set CARRIER unblock \
                 APP` ends that."
            }
            Self::BatchTooManyItems => {
                "`method_feed` of batch.run has more than 20 calls. Send them in several."
            }
            Self::LiveMessageSendFailed => {
                "Live messages are stopped: `set fbook live-messages off`. `set fbook live-messages on` starts them again."
            }
            Self::LiveMessageEventNameTooLong => {
                "`event_name` of liveMessage.send has more than 128 octets in UTF-8."
            }
            Self::LiveMessageMessageTooLong => {
                "`message` of liveMessage.send has more than 1,024 octets in UTF-8."
            }
            _ => return None,
        })
    }
}
