//! What is wrong with a body, in the words of the specification: [`Fault`].

use rusmpp::decode::{COctetStringDecodeError, DecodeError, DecodeErrorKind};
use rusmpp::fields::SmppField;

use crate::status::Status;

/// What is wrong with a body: the status that says so, and the field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub status: Status,
    pub field: &'static str,
}

/// The fault that rusmpp tells of.
pub(super) fn fault(error: &DecodeError) -> Fault {
    let Some(mut source) = error.source() else {
        return field_fault("body", error.kind());
    };
    let outer = source.field();
    // Within a list of destinations the field of the one that is wrong counts.
    if matches!(outer, SmppField::dest_address | SmppField::unsuccess_sme) {
        if matches!(error.kind(), DecodeErrorKind::UnsupportedKey { .. }) {
            return Fault {
                status: Status::ESME_RINVDESTFLAG,
                field: "dest_flag",
            };
        }
        if let Some(inner) = source.error().source() {
            source = inner;
        }
    }
    field_fault(field_name(source.field()), error.kind())
}

/// The fault of a field: the body's length when it ended before the field began, else the status that names the field.
pub(super) fn field_fault(field: &'static str, kind: DecodeErrorKind) -> Fault {
    let is_absent = match kind {
        DecodeErrorKind::UnexpectedEof => field != "short_message",
        DecodeErrorKind::COctetStringDecodeError(COctetStringDecodeError::TooFewBytes { actual, .. }) => {
            actual == 0
        }
        _ => false,
    };
    let status = if is_absent {
        Status::ESME_RINVCMDLEN
    } else {
        field_status(field)
    };
    Fault { status, field }
}

/// The status that names a field.
pub(super) fn field_status(field: &str) -> Status {
    match field {
        "system_id" => Status::ESME_RINVSYSID,
        "password" => Status::ESME_RINVPASWD,
        "system_type" => Status::ESME_RINVSYSTYP,
        "address_range" => Status::ESME_RBINDFAIL,
        "service_type" => Status::ESME_RINVSERTYP,
        "source_addr" => Status::ESME_RINVSRCADR,
        "destination_addr" | "esme_addr" => Status::ESME_RINVDSTADR,
        "dl_name" => Status::ESME_RINVDLNAME,
        "schedule_delivery_time" => Status::ESME_RINVSCHED,
        "validity_period" => Status::ESME_RINVEXPIRY,
        "message_id" => Status::ESME_RINVMSGID,
        "short_message" => Status::ESME_RINVMSGLEN,
        _ => Status::ESME_RINVCMDLEN,
    }
}

/// The specification's name of a mandatory parameter.
fn field_name(field: SmppField) -> &'static str {
    match field {
        SmppField::addr_npi => "addr_npi",
        SmppField::addr_ton => "addr_ton",
        SmppField::address_range => "address_range",
        SmppField::data_coding => "data_coding",
        SmppField::dest_addr_npi => "dest_addr_npi",
        SmppField::dest_addr_ton => "dest_addr_ton",
        SmppField::dest_address => "dest_address",
        SmppField::destination_addr => "destination_addr",
        SmppField::dl_name => "dl_name",
        SmppField::error_code => "error_code",
        SmppField::error_status_code => "error_status_code",
        SmppField::esm_class => "esm_class",
        SmppField::esme_addr => "esme_addr",
        SmppField::esme_addr_npi => "esme_addr_npi",
        SmppField::esme_addr_ton => "esme_addr_ton",
        SmppField::final_date => "final_date",
        SmppField::interface_version => "interface_version",
        SmppField::message_id => "message_id",
        SmppField::message_state => "message_state",
        SmppField::no_unsuccess => "no_unsuccess",
        SmppField::number_of_dests => "number_of_dests",
        SmppField::password => "password",
        SmppField::priority_flag => "priority_flag",
        SmppField::protocol_id => "protocol_id",
        SmppField::registered_delivery => "registered_delivery",
        SmppField::replace_if_present_flag => "replace_if_present_flag",
        SmppField::schedule_delivery_time => "schedule_delivery_time",
        SmppField::service_type => "service_type",
        SmppField::short_message => "short_message",
        SmppField::sm_default_msg_id => "sm_default_msg_id",
        SmppField::sm_length => "sm_length",
        SmppField::source_addr => "source_addr",
        SmppField::source_addr_npi => "source_addr_npi",
        SmppField::source_addr_ton => "source_addr_ton",
        SmppField::system_id => "system_id",
        SmppField::system_type => "system_type",
        SmppField::unsuccess_sme => "unsuccess_sme",
        SmppField::validity_period => "validity_period",
        // rusmpp's other fields are of optional parameters, which it is not asked to read.
        _ => "body",
    }
}
