// The fields of a PDU, read from its octets for people (SMPP v3.4 §4, §5).

import { decodeGsm7 } from "./gsm7.js";

const COMMANDS = {
  0x01: "bind_receiver", 0x02: "bind_transmitter", 0x03: "query_sm", 0x04: "submit_sm", 0x05: "deliver_sm", 0x06: "unbind", 0x07: "replace_sm",
  0x08: "cancel_sm", 0x09: "bind_transceiver", 0x0b: "outbind", 0x15: "enquire_link", 0x21: "submit_multi", 0x102: "alert_notification", 0x103: "data_sm",
};
const STATUSES = {
  0x00: "ESME_ROK", 0x01: "ESME_RINVMSGLEN", 0x02: "ESME_RINVCMDLEN", 0x03: "ESME_RINVCMDID", 0x04: "ESME_RINVBNDSTS", 0x05: "ESME_RALYBND", 0x06: "ESME_RINVPRTFLG",
  0x07: "ESME_RINVREGDLVFLG", 0x08: "ESME_RSYSERR", 0x0a: "ESME_RINVSRCADR", 0x0b: "ESME_RINVDSTADR", 0x0c: "ESME_RINVMSGID", 0x0d: "ESME_RBINDFAIL",
  0x0e: "ESME_RINVPASWD", 0x0f: "ESME_RINVSYSID", 0x11: "ESME_RCANCELFAIL", 0x13: "ESME_RREPLACEFAIL", 0x14: "ESME_RMSGQFUL", 0x15: "ESME_RINVSERTYP",
  0x33: "ESME_RINVNUMDESTS", 0x34: "ESME_RINVDLNAME", 0x40: "ESME_RINVDESTFLAG", 0x42: "ESME_RINVSUBREP", 0x43: "ESME_RINVESMCLASS", 0x44: "ESME_RCNTSUBDL",
  0x45: "ESME_RSUBMITFAIL", 0x48: "ESME_RINVSRCTON", 0x49: "ESME_RINVSRCNPI", 0x50: "ESME_RINVDSTTON", 0x51: "ESME_RINVDSTNPI", 0x53: "ESME_RINVSYSTYP",
  0x54: "ESME_RINVREPFLAG", 0x55: "ESME_RINVNUMMSGS", 0x58: "ESME_RTHROTTLED", 0x61: "ESME_RINVSCHED", 0x62: "ESME_RINVEXPIRY", 0x63: "ESME_RINVDFTMSGID",
  0x64: "ESME_RX_T_APPN", 0x65: "ESME_RX_P_APPN", 0x66: "ESME_RX_R_APPN", 0x67: "ESME_RQUERYFAIL", 0xc0: "ESME_RINVOPTPARSTREAM", 0xc1: "ESME_ROPTPARNOTALLWD",
  0xc2: "ESME_RINVPARLEN", 0xc3: "ESME_RMISSINGOPTPARAM", 0xc4: "ESME_RINVOPTPARAMVAL", 0xfe: "ESME_RDELIVERYFAILURE", 0xff: "ESME_RUNKNOWNERR",
};
const TAGS = {
  0x0005: "dest_addr_subunit", 0x0010: "alert_on_message_delivery", 0x001d: "additional_status_info_text", 0x001e: "receipted_message_id", 0x0030: "ms_msg_wait_facilities",
  0x0201: "privacy_indicator", 0x0204: "user_message_reference", 0x020a: "source_port", 0x020b: "destination_port", 0x020c: "sar_msg_ref_num", 0x020d: "language_indicator",
  0x020e: "sar_total_segments", 0x020f: "sar_segment_seqnum", 0x0210: "sc_interface_version", 0x0304: "number_of_messages", 0x0381: "callback_num", 0x0420: "dpf_result",
  0x0421: "set_dpf", 0x0422: "ms_availability_status", 0x0423: "network_error_code", 0x0424: "message_payload", 0x0425: "delivery_failure_reason", 0x0426: "more_messages_to_send",
  0x0427: "message_state", 0x0501: "ussd_service_op",
};
const STATES = ["SCHEDULED", "ENROUTE", "DELIVERED", "EXPIRED", "DELETED", "UNDELIVERABLE", "ACCEPTED", "UNKNOWN", "REJECTED", "SKIPPED"];

const hex = (number, digits) => `0x${number.toString(16).padStart(digits, "0")}`;
export const statusName = (status) => STATUSES[status] ?? hex(status, 8);

class Octets {
  constructor(text) {
    this.octets = Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    this.at = 0;
  }
  get left() {
    return this.octets.length - this.at;
  }
  integer(size) {
    let value = 0;
    for (let i = 0; i < size; i += 1) value = value * 256 + (this.octets[this.at + i] ?? 0);
    this.at += size;
    return value;
  }
  take(size) {
    const taken = this.octets.slice(this.at, this.at + size);
    this.at += size;
    return taken;
  }
  string() {
    let end = this.at;
    while (end < this.octets.length && this.octets[end]) end += 1;
    const text = latin1(this.octets.slice(this.at, end));
    this.at = end + 1;
    return text;
  }
}

const latin1 = (octets) => Array.from(octets, (octet) => String.fromCharCode(octet)).join("");

function textOf(octets, dataCoding, udhi) {
  const body = udhi ? octets.slice((octets[0] ?? 0) + 1) : octets;
  if ((dataCoding & 0x0c) === 8) {
    let text = "";
    for (let i = 0; i + 1 < body.length; i += 2) text += String.fromCharCode(body[i] * 256 + body[i + 1]);
    return text;
  }
  if (dataCoding === 1 || dataCoding === 3) return latin1(body);
  if ((dataCoding & 0x0c) === 4) return Array.from(body, (octet) => octet.toString(16).padStart(2, "0")).join(" ");
  return decodeGsm7(body);
}

/** A PDU's fields by the specification's names, and the text that it carries. */
export function decodePdu(hexText) {
  const octets = new Octets(hexText);
  const fields = [];
  const add = (name, value) => fields.push([name, String(value)]);
  const length = octets.integer(4);
  const id = octets.integer(4);
  const status = octets.integer(4);
  const sequence = octets.integer(4);
  const request = id & 0x7fffffff;
  const response = id >>> 31 === 1;
  const name = id === 0x80000000 ? "generic_nack" : `${COMMANDS[request] ?? hex(id, 8)}${response ? "_resp" : ""}`;
  add("command_length", length);
  add("command_id", `${hex(id, 8)} ${name}`);
  add("command_status", `${hex(status, 8)} ${statusName(status)}`);
  add("sequence_number", sequence);
  const found = { name, fields, text: null, total: length };
  try {
    BODIES[name]?.(octets, add, found);
    tlvs(octets, add, found);
  } catch {
    add("(the rest)", "cannot be read");
  }
  return found;
}

function address(octets, add, prefix) {
  add(`${prefix}_addr_ton`, octets.integer(1));
  add(`${prefix}_addr_npi`, octets.integer(1));
  add(prefix === "source" ? "source_addr" : "destination_addr", octets.string());
}

function shortMessage(octets, add, found) {
  add("service_type", octets.string());
  address(octets, add, "source");
  address(octets, add, "dest");
  const esmClass = octets.integer(1);
  add("esm_class", hex(esmClass, 2));
  add("protocol_id", octets.integer(1));
  add("priority_flag", octets.integer(1));
  add("schedule_delivery_time", octets.string());
  add("validity_period", octets.string());
  add("registered_delivery", hex(octets.integer(1), 2));
  add("replace_if_present_flag", octets.integer(1));
  const coding = octets.integer(1);
  add("data_coding", hex(coding, 2));
  add("sm_default_msg_id", octets.integer(1));
  const length = octets.integer(1);
  add("sm_length", length);
  const body = octets.take(length);
  const udhi = (esmClass & 0x40) !== 0;
  if (udhi) add("(user data header)", Array.from(body.slice(0, (body[0] ?? 0) + 1), (octet) => octet.toString(16).padStart(2, "0")).join(" "));
  found.coding = coding;
  found.udhi = udhi;
  found.text = textOf(body, coding, udhi);
  found.receipt = (esmClass & 0x3c) === 4;
  add("short_message", found.text);
}

function bind(octets, add) {
  for (const field of ["system_id", "password", "system_type"]) add(field, octets.string());
  add("interface_version", hex(octets.integer(1), 2));
  add("addr_ton", octets.integer(1));
  add("addr_npi", octets.integer(1));
  add("address_range", octets.string());
}
const bindResponse = (octets, add) => octets.left && add("system_id", octets.string());
const messageId = (octets, add) => octets.left && add("message_id", octets.string());

const BODIES = {
  bind_receiver: bind, bind_transmitter: bind, bind_transceiver: bind,
  bind_receiver_resp: bindResponse, bind_transmitter_resp: bindResponse, bind_transceiver_resp: bindResponse,
  submit_sm: shortMessage, deliver_sm: shortMessage, submit_sm_resp: messageId, deliver_sm_resp: messageId, data_sm_resp: messageId,
  data_sm(octets, add, found) {
    add("service_type", octets.string());
    address(octets, add, "source");
    address(octets, add, "dest");
    add("esm_class", hex(octets.integer(1), 2));
    add("registered_delivery", hex(octets.integer(1), 2));
    found.coding = octets.integer(1);
    add("data_coding", hex(found.coding, 2));
  },
  query_sm(octets, add) {
    add("message_id", octets.string());
    address(octets, add, "source");
  },
  query_sm_resp(octets, add) {
    add("message_id", octets.string());
    add("final_date", octets.string());
    add("message_state", STATES[octets.integer(1)] ?? "?");
    add("error_code", octets.integer(1));
  },
  cancel_sm(octets, add) {
    add("service_type", octets.string());
    add("message_id", octets.string());
    address(octets, add, "source");
    address(octets, add, "dest");
  },
};

function tlvs(octets, add, found) {
  while (octets.left >= 4) {
    const tag = octets.integer(2);
    const value = octets.take(octets.integer(2));
    const name = TAGS[tag] ?? `tag ${hex(tag, 4)}`;
    if (tag === 0x0424) {
      found.text = textOf(value, found.coding ?? 0, found.udhi ?? false);
      add(name, found.text);
    } else if (tag === 0x0427) add(name, `${value[0]} ${STATES[value[0]] ?? ""}`);
    else if ([0x001e, 0x001d].includes(tag)) add(name, latin1(value).replace(/\0$/, ""));
    else add(name, Array.from(value, (octet) => octet.toString(16).padStart(2, "0")).join(" "));
  }
}

/** Octets in lines of sixteen, with their places and what of them can be read. */
export function hexDump(hexText) {
  const octets = hexText.match(/../g) ?? [];
  const lines = [];
  for (let i = 0; i < octets.length; i += 16) {
    const line = octets.slice(i, i + 16);
    const read = line.map((octet) => {
      const code = parseInt(octet, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".";
    });
    lines.push(`${i.toString(16).padStart(4, "0")}  ${line.join(" ").padEnd(47)}  ${read.join("")}`);
  }
  return lines.join("\n");
}
