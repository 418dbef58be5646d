//! The states of a session, and who may send what in which: [`State`], [`Role`].

use std::fmt;

use crate::bind::BindKind;
use crate::command_id;

/// Which end of the link a session is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// The message centre.
    Smsc,
    /// The external short message entity.
    Esme,
}

impl Role {
    /// The other end.
    pub const fn peer(self) -> Self {
        match self {
            Self::Smsc => Self::Esme,
            Self::Esme => Self::Smsc,
        }
    }
}

/// The state of a session (SMPP v3.4 §2.2, v5.0 §2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Connected, not bound.
    Open,
    /// Connected by the message centre, which has sent an outbind.
    Outbound,
    /// Bound; the ESME submits.
    BoundTx,
    /// Bound; the message centre delivers.
    BoundRx,
    /// Bound both ways.
    BoundTrx,
    /// Unbound again, still connected.
    Unbound,
    /// Not connected.
    Closed,
}

impl State {
    /// The state that a bind of `kind` leads to.
    pub const fn bound(kind: BindKind) -> Self {
        match kind {
            BindKind::Transmitter => Self::BoundTx,
            BindKind::Receiver => Self::BoundRx,
            BindKind::Transceiver => Self::BoundTrx,
        }
    }

    /// What the session is bound as, if it is.
    pub const fn bind_kind(self) -> Option<BindKind> {
        match self {
            Self::BoundTx => Some(BindKind::Transmitter),
            Self::BoundRx => Some(BindKind::Receiver),
            Self::BoundTrx => Some(BindKind::Transceiver),
            Self::Open | Self::Outbound | Self::Unbound | Self::Closed => None,
        }
    }

    /// Whether the session is bound.
    pub const fn is_bound(self) -> bool {
        self.bind_kind().is_some()
    }

    /// Whether the session waits for a bind.
    pub const fn is_before_bind(self) -> bool {
        match self {
            Self::Open | Self::Outbound => true,
            Self::BoundTx | Self::BoundRx | Self::BoundTrx | Self::Unbound | Self::Closed => false,
        }
    }

    /// Whether `sender` may send the request `command_id` in this state (SMPP v5.0 Table 2-1).
    ///
    /// Where v3.4 allows more, its sessions (`interface_version` below 0x50) may do more: `data_sm` both ways in every
    /// bound state. Unknown requests are nobody's.
    pub const fn allows(self, sender: Role, command_id: u32, interface_version: u8) -> bool {
        if matches!(self, Self::Closed) {
            return false;
        }
        let submits = matches!(self, Self::BoundTx | Self::BoundTrx);
        let delivers = matches!(self, Self::BoundRx | Self::BoundTrx);
        match (command_id, sender) {
            (command_id::ENQUIRE_LINK, Role::Smsc | Role::Esme) => true,
            (command_id::UNBIND, Role::Smsc | Role::Esme) => self.is_bound(),
            (
                command_id::BIND_TRANSMITTER | command_id::BIND_RECEIVER | command_id::BIND_TRANSCEIVER,
                Role::Esme,
            ) => self.is_before_bind(),
            (command_id::OUTBIND, Role::Smsc) => matches!(self, Self::Open),
            (command_id::DATA_SM, Role::Esme) => submits || (delivers && interface_version < 0x50),
            (command_id::DATA_SM, Role::Smsc) => delivers || (submits && interface_version < 0x50),
            (command_id::DELIVER_SM | command_id::ALERT_NOTIFICATION, Role::Smsc) => delivers,
            (
                command_id::SUBMIT_SM
                | command_id::SUBMIT_MULTI
                | command_id::QUERY_SM
                | command_id::CANCEL_SM
                | command_id::REPLACE_SM
                | command_id::BROADCAST_SM
                | command_id::QUERY_BROADCAST_SM
                | command_id::CANCEL_BROADCAST_SM,
                Role::Esme,
            ) => submits,
            _ => false,
        }
    }
}

impl fmt::Display for State {
    /// `OPEN`, `BOUND_TRX`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "OPEN",
            Self::Outbound => "OUTBOUND",
            Self::BoundTx => "BOUND_TX",
            Self::BoundRx => "BOUND_RX",
            Self::BoundTrx => "BOUND_TRX",
            Self::Unbound => "UNBOUND",
            Self::Closed => "CLOSED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 7] = [
        State::Open,
        State::Outbound,
        State::BoundTx,
        State::BoundRx,
        State::BoundTrx,
        State::Unbound,
        State::Closed,
    ];

    /// The table of the specification: for each operation who may send it in OPEN, OUTBOUND, TX, RX, TRX, UNBOUND.
    const TABLE: [(&str, [&str; 6]); 18] = [
        ("bind_transmitter", ["E", "E", "", "", "", ""]),
        ("bind_receiver", ["E", "E", "", "", "", ""]),
        ("bind_transceiver", ["E", "E", "", "", "", ""]),
        ("outbind", ["M", "", "", "", "", ""]),
        ("unbind", ["", "", "EM", "EM", "EM", ""]),
        ("enquire_link", ["EM", "EM", "EM", "EM", "EM", "EM"]),
        ("submit_sm", ["", "", "E", "", "E", ""]),
        ("submit_multi", ["", "", "E", "", "E", ""]),
        ("data_sm", ["", "", "E", "M", "EM", ""]),
        ("deliver_sm", ["", "", "", "M", "M", ""]),
        ("query_sm", ["", "", "E", "", "E", ""]),
        ("cancel_sm", ["", "", "E", "", "E", ""]),
        ("replace_sm", ["", "", "E", "", "E", ""]),
        ("alert_notification", ["", "", "", "M", "M", ""]),
        ("broadcast_sm", ["", "", "E", "", "E", ""]),
        ("query_broadcast_sm", ["", "", "E", "", "E", ""]),
        ("cancel_broadcast_sm", ["", "", "E", "", "E", ""]),
        ("submit_sm_resp", ["", "", "", "", "", ""]),
    ];

    #[test]
    fn who_may_send_what_is_the_table_of_v50() {
        for (name, row) in TABLE {
            let id = command_id::from_name(name).expect("an operation");
            for (state, who) in STATES.into_iter().zip(row.into_iter().chain([""])) {
                assert_eq!(
                    state.allows(Role::Esme, id, 0x50),
                    who.contains('E'),
                    "{name} by the ESME in {state}"
                );
                assert_eq!(
                    state.allows(Role::Smsc, id, 0x50),
                    who.contains('M'),
                    "{name} by the SMSC in {state}"
                );
            }
        }
    }

    #[test]
    fn v34_allows_data_sm_both_ways_in_every_bound_state() {
        for state in STATES {
            for role in [Role::Esme, Role::Smsc] {
                assert_eq!(
                    state.allows(role, command_id::DATA_SM, 0x34),
                    state.is_bound(),
                    "{state}"
                );
            }
        }
    }
}
