//! Octets as a text on the air: the alphabets, and the user data header.

use std::time::Duration;

use sms::{Encoding, Reassembler, Reference, Segment, Timestamp, gsm7};

/// The longest text that is looked at.
const OCTETS_MAX: usize = 1_024;

/// Whatever an octet stream means as septets, as UCS-2 and as a header, it comes back as it was.
pub fn text(octets: &[u8]) {
    let octets = &octets[..octets.len().min(OCTETS_MAX)];
    septets(octets);
    segments(octets);
    let shown = String::from_utf8_lossy(octets).into_owned();
    if let Some(septets) = gsm7::encode(&shown) {
        assert_eq!(gsm7::decode(&septets), shown, "what the alphabet has comes back");
    }
    let encoding = Encoding::of(&shown);
    assert_eq!(encoding.decode(&encoding.encode(&shown)), shown, "{encoding:?}");
    if let Ok(parts) = Segment::split(&shown, Reference::Octet(7)) {
        let mut together = Reassembler::new(Duration::from_secs(60), 10);
        let mut whole = None;
        for part in &parts {
            assert!(whole.is_none(), "{} parts", parts.len());
            assert!(part.fits_one_sms());
            whole = together.push(Timestamp::EPOCH, 1, part);
        }
        assert_eq!(whole.map(|whole| whole.text), Some(shown));
    }
}

/// Packing and unpacking are each other's inverse.
fn septets(octets: &[u8]) {
    // Any octets can be shown.
    let _ = gsm7::decode(octets);
    let septets: Vec<u8> = octets.iter().map(|octet| octet & 0x7F).collect();
    for fill in 0..=6 {
        let packed = gsm7::pack(&septets, fill);
        assert_eq!(gsm7::unpack(&packed, fill, septets.len()), septets, "fill {fill}");
    }
    let shown = gsm7::decode(&septets);
    assert_eq!(gsm7::decode(&gsm7::encode_lossy(&shown)), shown);
}

/// A header says nothing that is not there, and no segment disturbs a text of others.
fn segments(octets: &[u8]) {
    let mut together = Reassembler::new(Duration::from_secs(60), 4);
    for (udhi, data_coding) in [
        (false, 0),
        (true, 0),
        (true, 8),
        (true, 4),
        (false, 8),
        (true, 0xF5),
    ] {
        let segment = Segment {
            data_coding,
            udhi,
            user_data: octets.into(),
        };
        let elements: usize = segment
            .information_elements()
            .map(|(_, value)| value.len() + 2)
            .sum();
        assert!(elements <= octets.len());
        assert!(segment.header_octets() + segment.body().len() <= octets.len().max(segment.header_octets()));
        if let Some(concatenation) = segment.concatenation() {
            assert!((1..=concatenation.total).contains(&concatenation.number));
        }
        let _ = (segment.text(), segment.air_octets(), segment.fits_one_sms());
        together.push(Timestamp::EPOCH, 1, &segment);
        assert!(together.waiting() <= 4);
    }
    together.expire(Timestamp::from_secs(61));
    assert_eq!(together.waiting(), 0);
}
