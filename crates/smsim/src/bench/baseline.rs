//! The server that ours is measured against: it decodes with rusmpp, answers, and does nothing else.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::BytesMut;
use smpp::{
    BindResp, Command, Frame, Framer, MessageIdResp, Pdu, QuerySmResp, ShortMessage, Status, Tlv, esm_class,
    registered_delivery, tag,
};
use sms::MessageState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Counts messages, so that each has an id of its own.
static MESSAGES: AtomicU32 = AtomicU32::new(0);
/// Octets read at once.
const READ_OCTETS: usize = 64 * 1024;

/// Accepts connections for ever. With `receipts`, each `submit_sm` that wants one is reported delivered at once.
pub async fn serve(listener: TcpListener, receipts: bool) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // The peer is gone: nobody is left to be told.
            let _ = answer(stream, receipts).await;
        });
    }
}

/// Answers everything that one read brings with one write.
async fn answer(mut stream: TcpStream, receipts: bool) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut octets = vec![0; READ_OCTETS];
    let mut framer = Framer::default().by_library();
    let mut link = Link {
        receipts,
        delivered: 0,
        unbound: false,
    };
    let mut out = BytesMut::new();
    while !link.unbound {
        let count = stream.read(&mut octets).await?;
        if count == 0 {
            break;
        }
        framer.feed(&octets[..count]);
        while let Some(frame) = framer.next_frame() {
            if let Frame::Pdu { command, .. } = frame {
                link.take(&command, &mut out);
            }
        }
        stream.write_all(&out).await?;
        out.clear();
    }
    Ok(())
}

/// All that it knows of a connection.
struct Link {
    receipts: bool,
    delivered: u32,
    unbound: bool,
}

impl Link {
    fn take(&mut self, command: &Command, out: &mut BytesMut) {
        let pdu = match &command.pdu {
            Pdu::SubmitSm(message) => return self.submit(command.sequence_number, message, out),
            Pdu::Bind(bind) => Pdu::BindResp(BindResp::new(bind.kind, "baseline", Some(0x34))),
            Pdu::EnquireLink => Pdu::EnquireLinkResp,
            Pdu::QuerySm(query) => Pdu::QuerySmResp(QuerySmResp {
                message_id: query.message_id.clone(),
                message_state: MessageState::Delivered.code(),
                ..QuerySmResp::default()
            }),
            Pdu::Unbind => {
                self.unbound = true;
                Pdu::UnbindResp
            }
            other if other.is_response() => return,
            _ => Pdu::GenericNack,
        };
        smpp::encode_into(
            &Command::response(command.sequence_number, Status::ESME_ROK, pdu),
            out,
        );
    }

    fn submit(&mut self, sequence_number: u32, message: &ShortMessage, out: &mut BytesMut) {
        let id = format!("{:08x}", MESSAGES.fetch_add(1, Ordering::Relaxed));
        let resp = Pdu::SubmitSmResp(MessageIdResp::new(&id));
        smpp::encode_into(&Command::response(sequence_number, Status::ESME_ROK, resp), out);
        if self.receipts
            && message.registered_delivery & registered_delivery::RECEIPT == registered_delivery::FINAL
        {
            self.delivered = self.delivered % 0x7FFF_FFFF + 1;
            let receipt = Pdu::DeliverSm(receipt(&id, message));
            smpp::encode_into(&Command::request(self.delivered, receipt), out);
        }
    }
}

/// As a real one, but for its dates (SMPP v3.4 Appendix B).
fn receipt(id: &str, message: &ShortMessage) -> ShortMessage {
    let words = format!(
        "id:{id} sub:001 dlvrd:001 submit date:0903021400 done date:0903021400 stat:DELIVRD err:000 text:"
    );
    ShortMessage {
        source: message.destination.clone(),
        destination: message.source.clone(),
        esm_class: esm_class::RECEIPT,
        short_message: words.into(),
        tlvs: vec![
            Tlv::c_octet_string(tag::RECEIPTED_MESSAGE_ID, id),
            Tlv::octet(tag::MESSAGE_STATE, MessageState::Delivered.code()),
        ],
        ..ShortMessage::default()
    }
}
