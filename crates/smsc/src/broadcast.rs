//! A text for everybody in an area: [`Broadcast`], and how a `broadcast_sm` says what, where and how often.

use std::time::Duration;

use compact_str::CompactString;
use smpp::time::Time;
use smpp::{BroadcastSm, Status, Tlv, Tlvs as _, tag};
use sms::{Address, Civil, MessageState, Segment, Timestamp, Zone};

use crate::check::Refusal;
use crate::event::SubmitRefusal;
use crate::message::ServiceType;
use crate::message_id::MessageId;
use crate::shape::Shape;

/// How many areas one broadcast has at most.
pub const BROADCAST_AREAS_MAX: usize = 255;

/// The time between repetitions "as often as possible": the period of cell broadcast (3GPP TS 23.041 §9.4.1.2).
pub const AS_OFTEN_AS_POSSIBLE: Duration = Duration::from_millis(1_883);

/// No figure is known (SMPP v5.0 §4.8.4.3).
pub(crate) const SUCCESS_UNKNOWN: u8 = 255;

/// The format of a `broadcast_area_identifier` that is an alias (SMPP v5.0 §4.8.4.4).
const ALIAS: u8 = 0;
const NETWORK_TYPES: std::ops::RangeInclusive<u8> = 0..=3;
const MESSAGE_CLASS_MAX: u32 = 3;
const CHANNEL_MAX: u32 = 1;

/// A broadcast from its acceptance on; one that is over is remembered for queries.
#[derive(Clone, Debug)]
pub(crate) struct Broadcast {
    pub id: MessageId,
    pub account: u16,
    pub source: Address,
    pub service_type: ServiceType,
    pub content_type: Vec<u8>,
    pub user_message_reference: Option<u16>,
    pub segment: Segment,
    pub areas: Vec<Area>,
    pub interval: Interval,
    /// How many times it is sent still; none: until its validity ends.
    pub left: Option<u32>,
    /// When it is sent next; none once it is over.
    pub next_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    pub state: MessageState,
    pub done_at: Option<Timestamp>,
}

impl Broadcast {
    /// Whether it can still be sent.
    pub fn is_pending(&self) -> bool {
        self.done_at.is_none()
    }
}

/// One area of a broadcast.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    /// The identifier as the ESME wrote it.
    pub identifier: Vec<u8>,
    /// Where that is.
    pub target: Target,
    /// Whether it was sent there at all.
    pub sent: bool,
    /// How many handsets there are, and how many of them had it, when it was sent last; none before an answer.
    pub reached: Option<(u32, u32)>,
}

impl Area {
    /// `broadcast_area_success`: how many of a hundred handsets had it.
    pub fn success(&self) -> u8 {
        match self.reached {
            Some((1.., 0)) => 0,
            Some((there, had)) if there > 0 => {
                u8::try_from(u64::from(had) * 100 / u64::from(there)).unwrap_or(100)
            }
            _ => SUCCESS_UNKNOWN,
        }
    }
}

/// Whom an area means: the subscribers of these carriers whose number begins so and whose phone is in the shape, if there
/// is one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Target {
    pub carriers: Vec<u16>,
    pub prefix: CompactString,
    pub shape: Option<Shape>,
}

/// What a `broadcast_area_identifier` says.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Named {
    Alias(CompactString),
    Shape(Shape),
}

/// `broadcast_frequency_interval`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interval {
    Fixed(Duration),
    /// Months and years by the calendar.
    Months(u16),
    Years(u16),
}

impl Interval {
    fn of(octets: &[u8]) -> Option<Self> {
        let [unit, high, low] = octets else { return None };
        let count = u16::from_be_bytes([*high, *low]);
        if *unit == 0 {
            return Some(Self::Fixed(AS_OFTEN_AS_POSSIBLE));
        }
        let seconds = |each: u64| Some(Self::Fixed(Duration::from_secs(each * u64::from(count))));
        match unit {
            _ if count == 0 => None,
            0x08 => seconds(1),
            0x09 => seconds(60),
            0x0A => seconds(3_600),
            0x0B => seconds(86_400),
            0x0C => seconds(7 * 86_400),
            0x0D => Some(Self::Months(count)),
            0x0E => Some(Self::Years(count)),
            _ => None,
        }
    }

    /// The instant so long after another.
    pub fn after(self, at: Timestamp, zone: &Zone) -> Timestamp {
        let calendar = |years: u16, months: u16| {
            let later = |civil: Civil| civil.plus_calendar(years.into(), months.into(), 0, Duration::ZERO);
            later(zone.civil(at)).map_or(Timestamp::MAX, |civil| zone.instant(civil))
        };
        match self {
            Self::Fixed(length) => at + length,
            Self::Months(months) => calendar(0, months),
            Self::Years(years) => calendar(years, 0),
        }
    }
}

/// What a `broadcast_sm` asks for, its areas apart.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub content_type: Vec<u8>,
    pub interval: Interval,
    /// How many times; none: until the validity ends.
    pub times: Option<u32>,
    pub user_message_reference: Option<u16>,
}

/// Reads and checks what only broadcasts have (SMPP v5.0 §4.4.1).
pub(crate) fn request(broadcast: &BroadcastSm) -> Result<Request, Refusal> {
    let refuse = |status, reason| Refusal {
        status,
        reason: SubmitRefusal::Field(reason),
    };
    let missing = |reason| refuse(Status::ESME_RMISSINGTLV, reason);
    let tlvs = &broadcast.tlvs;
    let content_type = tlvs
        .tlv(tag::BROADCAST_CONTENT_TYPE)
        .ok_or_else(|| missing("broadcast_content_type is missing"))?;
    let known = |tlv: &Tlv| {
        tlv.value
            .first()
            .is_some_and(|network| NETWORK_TYPES.contains(network))
    };
    let rep_num = tlvs
        .tlv_integer(tag::BROADCAST_REP_NUM)
        .ok_or_else(|| missing("broadcast_rep_num is missing"))?;
    let interval = tlvs
        .tlv(tag::BROADCAST_FREQUENCY_INTERVAL)
        .ok_or_else(|| missing("broadcast_frequency_interval is missing"))?;
    let at_most = |tag, max| tlvs.tlv_integer(tag).is_none_or(|value| value <= max);
    if !known(content_type) {
        let reason = "broadcast_content_type names a network that there is not";
        return Err(refuse(Status::ESME_RINVBCASTCNTTYPE, reason));
    }
    if rep_num > u32::from(u16::MAX) {
        return Err(refuse(
            Status::ESME_RINVBCAST_REP,
            "broadcast_rep_num is too great",
        ));
    }
    if !at_most(tag::BROADCAST_MESSAGE_CLASS, MESSAGE_CLASS_MAX) {
        let reason = "broadcast_message_class is reserved";
        return Err(refuse(Status::ESME_RINVBCASTMSGCLASS, reason));
    }
    if !at_most(tag::BROADCAST_CHANNEL_INDICATOR, CHANNEL_MAX) {
        let reason = "broadcast_channel_indicator is reserved";
        return Err(refuse(Status::ESME_RINVBCASTCHANIND, reason));
    }
    if tlvs
        .tlv(tag::BROADCAST_SERVICE_GROUP)
        .is_some_and(|group| group.value.is_empty())
    {
        let reason = "broadcast_service_group is empty";
        return Err(refuse(Status::ESME_RINVBCASTSRVGRP, reason));
    }
    let invalid = || {
        let reason = "broadcast_frequency_interval has no such unit, or no count";
        refuse(Status::ESME_RINVBCASTFREQINT, reason)
    };
    Ok(Request {
        content_type: content_type.value.clone(),
        interval: Interval::of(&interval.value).ok_or_else(invalid)?,
        times: Some(rep_num).filter(|times| *times > 0),
        user_message_reference: reference(tlvs),
    })
}

/// `user_message_reference`.
pub(crate) fn reference(tlvs: &[Tlv]) -> Option<u16> {
    let reference = tlvs.tlv_integer(tag::USER_MESSAGE_REFERENCE)?;
    u16::try_from(reference).ok()
}

/// The identifiers of the areas of a broadcast, in the order of the wire.
pub(crate) fn areas(broadcast: &BroadcastSm) -> Result<Vec<&[u8]>, Refusal> {
    let refuse = |status, reason| Refusal {
        status,
        reason: SubmitRefusal::Field(reason),
    };
    let areas: Vec<&[u8]> = broadcast
        .tlvs
        .iter()
        .filter(|tlv| tlv.tag == tag::BROADCAST_AREA_IDENTIFIER)
        .map(|tlv| tlv.value.as_slice())
        .collect();
    match areas.len() {
        0 => Err(refuse(
            Status::ESME_RMISSINGTLV,
            "broadcast_area_identifier is missing",
        )),
        1..=BROADCAST_AREAS_MAX => Ok(areas),
        _ => Err(refuse(
            Status::ESME_RINVNUMBCAST_AREAS,
            "there are too many broadcast areas",
        )),
    }
}

/// What a `broadcast_area_identifier` says.
pub(crate) fn named(identifier: &[u8]) -> Result<Named, Status> {
    match identifier.split_first() {
        Some((&ALIAS, name)) => {
            let name: CompactString = name
                .iter()
                .take_while(|octet| **octet != 0)
                .map(|octet| char::from(*octet))
                .collect();
            Some(name)
                .filter(|name| !name.is_empty())
                .map(Named::Alias)
                .ok_or(Status::ESME_RINVBCASTALIAS_NAME)
        }
        Some((&format, details)) => Shape::read(format, details)
            .map(Named::Shape)
            .ok_or(Status::ESME_RINVBCASTAREAFMT),
        None => Err(Status::ESME_RINVBCASTAREAFMT),
    }
}

/// An absolute time as a parameter has it.
pub(crate) fn end_time(at: Timestamp, quarter_hours: i8) -> Tlv {
    Tlv::c_octet_string(tag::BROADCAST_END_TIME, &Time::Absolute(at).format(quarter_hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast() -> BroadcastSm {
        BroadcastSm {
            tlvs: vec![
                Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, *b"\0bay"),
                Tlv::new(tag::BROADCAST_CONTENT_TYPE, [0, 0, 2]),
                Tlv::new(tag::BROADCAST_REP_NUM, [0, 3]),
                Tlv::new(tag::BROADCAST_FREQUENCY_INTERVAL, [9, 0, 1]),
            ],
            ..BroadcastSm::default()
        }
    }

    #[test]
    fn each_parameter_has_its_own_status() {
        use Status as S;
        assert!(request(&broadcast()).is_ok());
        for (tag, value, status) in [
            (tag::BROADCAST_CONTENT_TYPE, None, S::ESME_RMISSINGTLV),
            (
                tag::BROADCAST_CONTENT_TYPE,
                Some(&[4, 0, 0][..]),
                S::ESME_RINVBCASTCNTTYPE,
            ),
            (tag::BROADCAST_REP_NUM, None, S::ESME_RMISSINGTLV),
            (
                tag::BROADCAST_REP_NUM,
                Some(&[1, 0, 0][..]),
                S::ESME_RINVBCAST_REP,
            ),
            (tag::BROADCAST_REP_NUM, Some(&[3][..]), S::ESME_ROK),
            (tag::BROADCAST_FREQUENCY_INTERVAL, None, S::ESME_RMISSINGTLV),
            (
                tag::BROADCAST_FREQUENCY_INTERVAL,
                Some(&[9, 0, 0][..]),
                S::ESME_RINVBCASTFREQINT,
            ),
            (
                tag::BROADCAST_FREQUENCY_INTERVAL,
                Some(&[1, 0, 1][..]),
                S::ESME_RINVBCASTFREQINT,
            ),
            (
                tag::BROADCAST_FREQUENCY_INTERVAL,
                Some(&[0, 0, 0][..]),
                S::ESME_ROK,
            ),
            (tag::BROADCAST_MESSAGE_CLASS, Some(&[3][..]), S::ESME_ROK),
            (
                tag::BROADCAST_MESSAGE_CLASS,
                Some(&[4][..]),
                S::ESME_RINVBCASTMSGCLASS,
            ),
            (tag::BROADCAST_CHANNEL_INDICATOR, Some(&[1][..]), S::ESME_ROK),
            (
                tag::BROADCAST_CHANNEL_INDICATOR,
                Some(&[2][..]),
                S::ESME_RINVBCASTCHANIND,
            ),
            (
                tag::BROADCAST_SERVICE_GROUP,
                Some(&[][..]),
                S::ESME_RINVBCASTSRVGRP,
            ),
        ] {
            let mut broadcast = broadcast();
            broadcast.tlvs.retain(|tlv| tlv.tag != tag);
            broadcast.tlvs.extend(value.map(|value| Tlv::new(tag, value)));
            let found = request(&broadcast).map_or_else(|refusal| refusal.status, |_| Status::ESME_ROK);
            assert_eq!(found, status, "{tag:#06x} {value:?}");
        }
    }

    #[test]
    fn an_area_is_an_alias_or_a_shape_and_there_are_255_at_most() {
        for (identifier, expected) in [
            (&b"\0bay"[..], Ok("bay")),
            (b"\0bay\0", Ok("bay")),
            (b"\0", Err(Status::ESME_RINVBCASTALIAS_NAME)),
            (b"\x01abc", Err(Status::ESME_RINVBCASTAREAFMT)),
            (b"\x02abc", Err(Status::ESME_RINVBCASTAREAFMT)),
            (b"", Err(Status::ESME_RINVBCASTAREAFMT)),
        ] {
            let expected = expected.map(|name: &str| Named::Alias(name.into()));
            assert_eq!(named(identifier), expected, "{identifier:?}");
        }
        let polygon = [b"\x02", &[0; 18][..]].concat();
        assert!(matches!(named(&polygon), Ok(Named::Shape(Shape::Polygon(_)))));
        for (count, expected) in [
            (0, Err(Status::ESME_RMISSINGTLV)),
            (1, Ok(1)),
            (255, Ok(255)),
            (256, Err(Status::ESME_RINVNUMBCAST_AREAS)),
        ] {
            let mut broadcast = BroadcastSm::default();
            let area = Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, *b"\0bay");
            broadcast.tlvs.extend(std::iter::repeat_n(area, count));
            let found = areas(&broadcast).map(|areas| areas.len());
            assert_eq!(found.map_err(|refusal| refusal.status), expected);
        }
    }

    #[test]
    fn intervals_have_the_units_of_the_specification() {
        let zone = Zone::utc();
        let start = zone.instant(Civil::new(2009, 1, 31, 12, 0, 0).expect("a date"));
        for (octets, later) in [
            ([0x00, 0, 9], "2009-01-31 12:00:01"),
            ([0x08, 0, 30], "2009-01-31 12:00:30"),
            ([0x09, 1, 0], "2009-01-31 16:16:00"),
            ([0x0A, 0, 2], "2009-01-31 14:00:00"),
            ([0x0B, 0, 1], "2009-02-01 12:00:00"),
            ([0x0C, 0, 1], "2009-02-07 12:00:00"),
            ([0x0D, 0, 1], "2009-02-28 12:00:00"),
            ([0x0E, 0, 1], "2010-01-31 12:00:00"),
        ] {
            let interval = Interval::of(&octets).expect("a unit");
            let at = zone.civil(interval.after(start, &zone));
            let shown = format!(
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
                at.year(),
                at.month(),
                at.day(),
                at.hour(),
                at.minute(),
                at.second()
            );
            assert_eq!(shown, later, "{octets:?}");
        }
    }

    #[test]
    fn success_is_of_a_hundred_handsets() {
        for (reached, success) in [
            (None, 255),
            (Some((0, 0)), 255),
            (Some((3, 0)), 0),
            (Some((3, 2)), 66),
            (Some((3, 3)), 100),
            (Some((u32::MAX, u32::MAX)), 100),
        ] {
            let area = Area {
                identifier: Vec::new(),
                target: Target {
                    carriers: vec![0],
                    prefix: CompactString::default(),
                    shape: None,
                },
                sent: true,
                reached,
            };
            assert_eq!(area.success(), success, "{reached:?}");
        }
    }
}
