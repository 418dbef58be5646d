//! The numbers of refusals and errors, with their names and wire texts: [`ErrorCode`].
//!
//! The table is the developer wiki's "Error codes" page; the texts are the short ones that the service sent, not the prose
//! of the pages of single methods.

mod page;

use platform::Refusal;

use crate::config::Settings;

/// Declares the enum and its table from one row a code, so that no code can lack a name or a text.
macro_rules! error_codes {
    ($($variant:ident = $code:literal, $name:literal, $text:literal;)*) => {
        /// An error of the API. Its text, [`ErrorCode::text`], is what `error_msg` says.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum ErrorCode {
            $(
                #[doc = concat!("`", $name, "`: ", $text)]
                $variant = $code,
            )*
        }

        impl ErrorCode {
            /// Every code, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The constant's name in the client libraries of the time.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The text of `error_msg`.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

error_codes! {
    Success = 0, "API_EC_SUCCESS", "Success";
    Unknown = 1, "API_EC_UNKNOWN", "An unknown error occurred";
    Service = 2, "API_EC_SERVICE", "Service temporarily unavailable";
    Method = 3, "API_EC_METHOD", "Unknown method";
    TooManyCalls = 4, "API_EC_TOO_MANY_CALLS", "Application request limit reached";
    BadIp = 5, "API_EC_BAD_IP", "Unauthorized source IP address";
    HostApi = 6, "API_EC_HOST_API", "This method must run on api.facebook.com";
    HostUp = 7, "API_EC_HOST_UP", "This method must run on api-video.facebook.com";
    Secure = 8, "API_EC_SECURE", "This method requires an HTTPS connection";
    Rate = 9, "API_EC_RATE", "User is performing too many actions";
    PermissionDenied = 10, "API_EC_PERMISSION_DENIED", "Application does not have permission for this action";
    Deprecated = 11, "API_EC_DEPRECATED", "This method is deprecated";
    Version = 12, "API_EC_VERSION", "This API version is deprecated";
    InternalFqlError = 13, "API_EC_INTERNAL_FQL_ERROR", "The underlying FQL query made by this API call has encountered an error. Please check that your parameters are correct.";
    HostPup = 14, "API_EC_HOST_PUP", "This method must run on api-photo.facebook.com";
    SessionSecretNotAllowed = 15, "API_EC_SESSION_SECRET_NOT_ALLOWED", "This method call must be signed with the application secret (You are probably calling a secure method using a session secret)";
    HostReadonly = 16, "API_EC_HOST_READONLY", "This method cannot be run on this host, which only supports read-only calls";
    UserTooManyCalls = 17, "API_EC_USER_TOO_MANY_CALLS", "User request limit reached";
    RequestResourcesExceeded = 18, "API_EC_REQUEST_RESOURCES_EXCEEDED", "This API call could not be completed due to resource limits";

    Param = 100, "API_EC_PARAM", "Invalid parameter";
    ParamApiKey = 101, "API_EC_PARAM_API_KEY", "Invalid API key";
    ParamSessionKey = 102, "API_EC_PARAM_SESSION_KEY", "Session key invalid or no longer valid";
    ParamCallId = 103, "API_EC_PARAM_CALL_ID", "Call_id must be greater than previous";
    ParamSignature = 104, "API_EC_PARAM_SIGNATURE", "Incorrect signature";
    ParamTooMany = 105, "API_EC_PARAM_TOO_MANY", "The number of parameters exceeded the maximum for this operation";
    ParamUserId = 110, "API_EC_PARAM_USER_ID", "Invalid user id";
    ParamUserField = 111, "API_EC_PARAM_USER_FIELD", "Invalid user info field";
    ParamSocialField = 112, "API_EC_PARAM_SOCIAL_FIELD", "Invalid user field";
    ParamEmail = 113, "API_EC_PARAM_EMAIL", "Invalid email";
    ParamUserIdList = 114, "API_EC_PARAM_USER_ID_LIST", "Invalid user ID list";
    ParamFieldList = 115, "API_EC_PARAM_FIELD_LIST", "Invalid field list";
    ParamAlbumId = 120, "API_EC_PARAM_ALBUM_ID", "Invalid album id";
    ParamPhotoId = 121, "API_EC_PARAM_PHOTO_ID", "Invalid photo id";
    ParamFeedPriority = 130, "API_EC_PARAM_FEED_PRIORITY", "Invalid feed publication priority";
    ParamCategory = 140, "API_EC_PARAM_CATEGORY", "Invalid category";
    ParamSubcategory = 141, "API_EC_PARAM_SUBCATEGORY", "Invalid subcategory";
    ParamTitle = 142, "API_EC_PARAM_TITLE", "Invalid title";
    ParamDescription = 143, "API_EC_PARAM_DESCRIPTION", "Invalid description";
    ParamBadJson = 144, "API_EC_PARAM_BAD_JSON", "Malformed JSON string";
    ParamBadEid = 150, "API_EC_PARAM_BAD_EID", "Invalid eid";
    ParamUnknownCity = 151, "API_EC_PARAM_UNKNOWN_CITY", "Unknown city";
    ParamBadPageType = 152, "API_EC_PARAM_BAD_PAGE_TYPE", "Invalid page type";
    ParamBadLocale = 170, "API_EC_PARAM_BAD_LOCALE", "Invalid locale";
    ParamBlockedNotification = 180, "API_EC_PARAM_BLOCKED_NOTIFICATION", "This notification was not delieved";
    ParamAccessToken = 190, "API_EC_PARAM_ACCESS_TOKEN", "Invalid OAuth 2.0 Access Token";

    Permission = 200, "API_EC_PERMISSION", "Permissions error";
    PermissionUser = 210, "API_EC_PERMISSION_USER", "User not visible";
    PermissionNoDevelopers = 211, "API_EC_PERMISSION_NO_DEVELOPERS", "Application has no developers.";
    PermissionOfflineAccess = 212, "API_EC_PERMISSION_OFFLINE_ACCESS", "Renewing a session offline requires the extended permission offline_access";
    PermissionAlbum = 220, "API_EC_PERMISSION_ALBUM", "Album or albums not visible";
    PermissionPhoto = 221, "API_EC_PERMISSION_PHOTO", "Photo not visible";
    PermissionMessage = 230, "API_EC_PERMISSION_MESSAGE", "Permissions disallow message to user";
    PermissionMarkupOtherUser = 240, "API_EC_PERMISSION_MARKUP_OTHER_USER", "Desktop applications cannot set FBML for other users";
    PermissionStatusUpdate = 250, "API_EC_PERMISSION_STATUS_UPDATE", "Updating status requires the extended permission status_update";
    PermissionPhotoUpload = 260, "API_EC_PERMISSION_PHOTO_UPLOAD", "Modifying existing photos requires the extended permission photo_upload";
    PermissionVideoUpload = 261, "API_EC_PERMISSION_VIDEO_UPLOAD", "Modifying existing photos requires the extended permission photo_upload";
    PermissionSms = 270, "API_EC_PERMISSION_SMS", "Permissions disallow sms to user.";
    PermissionCreateListing = 280, "API_EC_PERMISSION_CREATE_LISTING", "Creating and modifying listings requires the extended permission create_listing";
    PermissionCreateNote = 281, "API_EC_PERMISSION_CREATE_NOTE", "Managing notes requires the extended permission create_note.";
    PermissionShareItem = 282, "API_EC_PERMISSION_SHARE_ITEM", "Managing shared items requires the extended permission share_item.";
    PermissionEvent = 290, "API_EC_PERMISSION_EVENT", "Creating and modifying events requires the extended permission create_event";
    PermissionLargeFbmlTemplate = 291, "API_EC_PERMISSION_LARGE_FBML_TEMPLATE", "FBML Template isn't owned by your application.";
    PermissionLiveMessage = 292, "API_EC_PERMISSION_LIVEMESSAGE", "An application is only allowed to send LiveMessages to users who have accepted the TOS for that application.";
    PermissionXmppLogin = 293, "API_EC_PERMISSION_XMPP_LOGIN", "Logging in to chat requires the extended permission xmpp_login";
    PermissionAdsManagement = 294, "API_EC_PERMISSION_ADS_MANAGEMENT", "Managing advertisements requires the extended permission ads_management, and a participating API key";
    PermissionCreateEvent = 296, "API_EC_PERMISSION_CREATE_EVENT", "Managing events requires the extended permission create_event";
    PermissionReadMailbox = 298, "API_EC_PERMISSION_READ_MAILBOX", "Reading mailbox messages requires the extended permission read_mailbox";
    PermissionRsvpEvent = 299, "API_EC_PERMISSION_RSVP_EVENT", "RSVPing to events requires the extended permission create_rsvp";

    SessionTimedOut = 450, "API_EC_SESSION_TIMED_OUT", "Session key specified has passed its expiration time";
    SessionMethod = 451, "API_EC_SESSION_METHOD", "Session key specified cannot be used to call this method";
    SessionInvalid = 452, "API_EC_SESSION_INVALID", "Session key invalid. This could be because the session key has an incorrect format, or because the user has revoked this session";
    SessionRequired = 453, "API_EC_SESSION_REQUIRED", "A session key is required for calling this method";
    SessionRequiredForSecret = 454, "API_EC_SESSION_REQUIRED_FOR_SECRET", "A session key must be specified when request is signed with a session secret";
    SessionCannotUseSessionSecret = 455, "API_EC_SESSION_CANNOT_USE_SESSION_SECRET", "A session secret is not permitted to be used with this type of session key";

    SmsInvalidSession = 850, "API_EC_SMS_INVALID_SESSION", "Invalid sms session.";
    SmsMsgLen = 851, "API_EC_SMS_MSG_LEN", "Invalid sms message length.";
    SmsUserQuota = 852, "API_EC_SMS_USER_QUOTA", "Over user daily sms quota.";
    SmsUserAsleep = 853, "API_EC_SMS_USER_ASLEEP", "Unable to send sms to user at this time.";
    SmsAppQuota = 854, "API_EC_SMS_APP_QUOTA", "Over application daily sms quota/rate limit.";
    SmsNotRegistered = 855, "API_EC_SMS_NOT_REGISTERED", "User is not registered for Facebook Mobile Texts";
    SmsNotificationsOff = 856, "API_EC_SMS_NOTIFICATIONS_OFF", "User has SMS notifications turned off";
    SmsCarrierDisable = 857, "API_EC_SMS_CARRIER_DISABLE", "SMS application disallowed by mobile operator";

    NoSuchApp = 900, "API_EC_NO_SUCH_APP", "No such application exists.";
    BatchTooManyItems = 950, "API_EC_BATCH_TOO_MANY_ITEMS", "Each batch API can not contain more than 20 items";
    LiveMessageSendFailed = 1100, "API_EC_LIVEMESSAGE_SEND_FAILED", "An error occurred while sending the LiveMessage.";
    LiveMessageEventNameTooLong = 1101, "API_EC_LIVEMESSAGE_EVENT_NAME_TOO_LONG", "The event_name parameter must be no longer than 128 bytes.";
    LiveMessageMessageTooLong = 1102, "API_EC_LIVEMESSAGE_MESSAGE_TOO_LONG", "The message parameter must be no longer than 1024 bytes.";
}

impl ErrorCode {
    /// The number on the wire.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The error with that number.
    pub fn from_code(code: u16) -> Option<Self> {
        let at = Self::ALL.binary_search_by_key(&code, |error| error.code()).ok()?;
        Self::ALL.get(at).copied()
    }

    /// The number by which a refusal of the platform goes on the wire ("Sms.send", "Error Codes").
    pub fn of(refusal: &Refusal, settings: &Settings) -> Self {
        match refusal {
            Refusal::NoSuchUser { .. } | Refusal::ForeignUrl { .. } => Self::Param,
            Refusal::Session { .. } => Self::SmsInvalidSession,
            Refusal::AppNotCapable | Refusal::NotInstalled | Refusal::NotGranted => Self::PermissionSms,
            Refusal::NotRegistered => Self::SmsNotRegistered,
            Refusal::TextsOff => Self::SmsNotificationsOff,
            Refusal::OperatorBlocked { .. } => Self::SmsCarrierDisable,
            Refusal::Length { .. } => Self::SmsMsgLen,
            Refusal::QuietHours { .. } => settings.quiet_hours_code.error(),
            Refusal::UserQuota { .. } => Self::SmsUserQuota,
            Refusal::AppPool { .. } | Refusal::AppRate { .. } => Self::SmsAppQuota,
            Refusal::TermsNotAccepted { .. } => Self::PermissionLiveMessage,
            Refusal::EventNameLength { .. } => Self::LiveMessageEventNameTooLong,
            Refusal::LiveMessageLength { .. } => Self::LiveMessageMessageTooLong,
            Refusal::LiveMessagesStopped => Self::LiveMessageSendFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::{SessionFault, SessionId, Uid};

    use super::*;
    use crate::config::QuietHoursCode;

    #[test]
    fn codes_ascend_and_come_back() {
        assert!(ErrorCode::ALL.is_sorted_by_key(|error| error.code()));
        for error in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(error.code()), Some(*error));
            assert!(error.name().starts_with("API_EC_"), "{error:?}");
            assert!(!error.text().is_empty(), "{error:?}");
        }
        assert_eq!(ErrorCode::from_code(858), None);
    }

    #[test]
    fn every_refusal_has_its_number() {
        let hours = || Refusal::QuietHours {
            hours: "22:00-08:00".parse().expect("hours"),
            local: "23:00".to_owned(),
        };
        let usual = Settings::default();
        let shorter = Settings {
            quiet_hours_code: QuietHoursCode::NotificationsOff,
            ..usual
        };
        let session = Refusal::Session {
            session: SessionId(1),
            fault: SessionFault::Used,
        };
        let length = Refusal::Length {
            units: 161,
            units_max: 160,
            encoding: sms::Encoding::Gsm7,
        };
        for (refusal, settings, code) in [
            (Refusal::NoSuchUser { user: Uid(1) }, usual, 100),
            (
                Refusal::ForeignUrl {
                    url: "http://example.com".to_owned(),
                },
                usual,
                100,
            ),
            (session, usual, 850),
            (Refusal::AppNotCapable, usual, 270),
            (Refusal::NotInstalled, usual, 270),
            (Refusal::NotGranted, usual, 270),
            (Refusal::NotRegistered, usual, 855),
            (Refusal::TextsOff, usual, 856),
            (
                Refusal::OperatorBlocked {
                    operator: "att".to_owned(),
                },
                usual,
                857,
            ),
            (length, usual, 851),
            (hours(), usual, 853),
            (hours(), shorter, 856),
            (Refusal::UserQuota { daily_max: 5 }, usual, 852),
            (Refusal::AppPool { pool: 2, opted_in: 2 }, usual, 854),
            (Refusal::AppRate { per_s: 1 }, usual, 854),
            (Refusal::TermsNotAccepted { user: Uid(1) }, usual, 292),
            (Refusal::LiveMessagesStopped, usual, 1100),
            (Refusal::EventNameLength { octets: 129 }, usual, 1101),
            (Refusal::LiveMessageLength { octets: 1_025 }, usual, 1102),
        ] {
            let error = ErrorCode::of(&refusal, &settings);
            assert_eq!(error.code(), code, "{refusal:?}");
            assert!(error.page().is_some(), "{refusal:?}");
        }
    }
}
