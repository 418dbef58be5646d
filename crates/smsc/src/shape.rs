//! Areas by their coordinates: [`Shape`], in the coding of 3GPP TS 23.032 (universal geographical area descriptions).

mod polygon;

use sms::Place;

pub use self::polygon::Polygon;

/// The formats of a `broadcast_area_identifier` beside the alias (SMPP v5.0 §4.8.4.4).
const ARC: u8 = 1;
const POLYGON: u8 = 2;

/// The types of shape in the high half of the first octet (TS 23.032 §7.2).
const TYPE_ARC: u8 = 0b1010;
const TYPE_POLYGON: u8 = 0b0101;

const POINT_OCTETS: usize = 6;
const ARC_OCTETS: usize = POINT_OCTETS + 6;
/// How many corners a polygon has (TS 23.032 §7.3.4).
const CORNERS: std::ops::RangeInclusive<usize> = 3..=15;
/// The largest number of a step of angle (TS 23.032 §6.7): 180 of them go round.
const ANGLE_MAX: u8 = 179;

/// An area of a broadcast.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// A part of a ring around a point (TS 23.032 §5.7).
    Arc {
        /// The middle.
        origin: Place,
        /// The inner edge, in metres from it.
        from_m: f64,
        /// The outer edge.
        to_m: f64,
        /// Where the part begins, in degrees clockwise from north.
        begin: f64,
        /// How far round it goes.
        angle: f64,
    },
    /// What lies between corners.
    Polygon(Polygon),
}

impl Shape {
    /// The shape that the details of a `broadcast_area_identifier` of that format describe. The octet with the type of
    /// shape, which repeats the format, may be left out. None when they describe none.
    pub(crate) fn read(format: u8, details: &[u8]) -> Option<Self> {
        match format {
            ARC => read_arc(details),
            POLYGON => read_polygon(details),
            _ => None,
        }
    }

    /// Whether a place is in it.
    pub fn holds(&self, place: Place) -> bool {
        match self {
            Self::Arc {
                origin,
                from_m,
                to_m,
                begin,
                angle,
            } => {
                let distance = origin.metres_to(place);
                let turned = (origin.bearing_to(place) - begin).rem_euclid(360.0);
                // Where the middle itself is meant, no direction counts.
                (*from_m..=*to_m).contains(&distance) && (turned <= *angle || distance == 0.0)
            }
            Self::Polygon(polygon) => polygon.holds(place),
        }
    }
}

fn read_arc(details: &[u8]) -> Option<Shape> {
    let fields = match details {
        [kind, fields @ ..] if fields.len() == ARC_OCTETS && kind >> 4 == TYPE_ARC => fields,
        fields if fields.len() == ARC_OCTETS => fields,
        _ => return None,
    };
    let (point, rest) = fields.split_at(POINT_OCTETS);
    let [inner_high, inner_low, uncertainty, offset, included, _confidence] = *rest else {
        return None;
    };
    if offset > ANGLE_MAX || included > ANGLE_MAX {
        return None;
    }
    // Steps of 5 m (TS 23.032 §6.6).
    let from_m = f64::from(u16::from_be_bytes([inner_high, inner_low])) * 5.0;
    // TS 23.032 §6.2, with C = 10 and x = 0.1.
    let width_m = 10.0 * (1.1_f64.powi(i32::from(uncertainty & 0x7F)) - 1.0);
    Some(Shape::Arc {
        origin: read_point(point)?,
        from_m,
        to_m: from_m + width_m,
        begin: f64::from(offset) * 2.0,
        angle: (f64::from(included) + 1.0) * 2.0,
    })
}

fn read_polygon(details: &[u8]) -> Option<Shape> {
    let (count, points) = match details {
        [kind, points @ ..] if details.len() % POINT_OCTETS == 1 && kind >> 4 == TYPE_POLYGON => {
            (usize::from(kind & 0x0F), points)
        }
        points => (points.len() / POINT_OCTETS, points),
    };
    if !CORNERS.contains(&count) || points.len() != count * POINT_OCTETS {
        return None;
    }
    let corners: Option<Vec<Place>> = points.chunks(POINT_OCTETS).map(read_point).collect();
    Polygon::new(&corners?).map(Shape::Polygon)
}

/// A point (TS 23.032 §6.1): a sign and 23 bits of latitude, 24 bits of longitude in two's complement.
fn read_point(octets: &[u8]) -> Option<Place> {
    let [
        north_high,
        north_middle,
        north_low,
        east_high,
        east_middle,
        east_low,
    ] = *octets
    else {
        return None;
    };
    let number = |octets| f64::from(i32::from_be_bytes(octets));
    let steps = f64::from(1 << 23);
    let latitude = number([0, north_high & 0x7F, north_middle, north_low]) * 90.0 / steps;
    let south = north_high & 0x80 != 0;
    let sign = if east_high & 0x80 == 0 { 0 } else { 0xFF };
    let longitude = number([sign, east_high, east_middle, east_low]) * 180.0 / steps;
    Place::new(if south { -latitude } else { latitude }, longitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point in its six octets.
    fn point(latitude: f64, longitude: f64) -> Vec<u8> {
        let steps = f64::from(1 << 23);
        let north = (latitude.abs() * steps / 90.0) as u32 | if latitude < 0.0 { 0x80_0000 } else { 0 };
        let east = (longitude * steps / 180.0).floor() as i32;
        [&north.to_be_bytes()[1..], &east.to_be_bytes()[1..]].concat()
    }

    fn place(latitude: f64, longitude: f64) -> Place {
        Place::new(latitude, longitude).expect("a place")
    }

    #[test]
    fn a_point_is_read_within_its_step() {
        for (latitude, longitude) in [
            (37.7749, -122.4194),
            (-33.8688, 151.2093),
            (0.0, 0.0),
            (89.9999, 179.9999),
            (-89.9999, -180.0),
        ] {
            let found = read_point(&point(latitude, longitude)).expect("a point");
            assert!((found.latitude() - latitude).abs() < 0.0001, "{found:?}");
            assert!((found.longitude() - longitude).abs() < 0.0001, "{found:?}");
        }
    }

    #[test]
    fn an_arc_is_a_part_of_a_ring() {
        // Around San Francisco: from 5 km on, about 43 km wide, from north to 92 degrees.
        let fields = [&point(37.7749, -122.4194)[..], &[3, 0xE8, 88, 0, 45, 100]].concat();
        let typed = [&[TYPE_ARC << 4], &fields[..]].concat();
        let arc = Shape::read(ARC, &fields).expect("an arc");
        assert_eq!(Shape::read(ARC, &typed), Some(arc.clone()));
        for (latitude, longitude, inside) in [
            (37.8044, -122.2712, true),
            (37.7749, -122.4194, false),
            (37.7793, -122.4190, false),
            (38.4404, -122.7141, false),
            (37.6879, -122.4702, false),
            (37.8716, -122.2727, true),
        ] {
            assert_eq!(
                arc.holds(place(latitude, longitude)),
                inside,
                "{latitude} {longitude}"
            );
        }
        // A whole circle holds its middle.
        let circle = [&point(37.7749, -122.4194)[..], &[0, 0, 60, 0, 179, 100]].concat();
        let circle = Shape::read(ARC, &circle).expect("an arc");
        let Shape::Arc { origin, .. } = circle else {
            panic!("{circle:?}")
        };
        assert!(circle.holds(origin) && circle.holds(place(37.7749, -122.4190)));
    }

    #[test]
    fn a_polygon_is_read_with_its_type_and_without() {
        let corners = [(38.2, -122.8), (38.2, -121.8), (37.2, -121.8), (37.2, -122.8)];
        let points: Vec<u8> = corners
            .iter()
            .flat_map(|(north, east)| point(*north, *east))
            .collect();
        let kind = TYPE_POLYGON << 4 | u8::try_from(corners.len()).expect("few");
        let bay = Shape::read(POLYGON, &points).expect("a polygon");
        assert_eq!(
            Shape::read(POLYGON, &[&[kind], &points[..]].concat()),
            Some(bay.clone())
        );
        assert!(bay.holds(place(37.77, -122.42)) && !bay.holds(place(34.05, -118.24)));
    }

    #[test]
    fn what_is_no_shape_is_none() {
        let corner = point(1.0, 1.0);
        let corners = |count: usize| corner.repeat(count);
        let arc = |offset, included| [&corner[..], &[0, 1, 10, offset, included, 0]].concat();
        for (format, details, is_one) in [
            (ARC, arc(0, 179), true),
            (ARC, arc(180, 0), false),
            (ARC, arc(0, 180), false),
            (ARC, corners(1), false),
            (ARC, [&[TYPE_POLYGON << 4], &arc(0, 0)[..]].concat(), false),
            (POLYGON, corners(2), false),
            (POLYGON, corners(3), true),
            (POLYGON, corners(15), true),
            (POLYGON, corners(16), false),
            (POLYGON, corners(3)[1..].to_vec(), false),
            (
                POLYGON,
                [&[TYPE_POLYGON << 4 | 4], &corners(3)[..]].concat(),
                false,
            ),
            (POLYGON, Vec::new(), false),
            (3, corners(3), false),
        ] {
            assert_eq!(
                Shape::read(format, &details).is_some(),
                is_one,
                "{format} {details:?}"
            );
        }
    }
}
