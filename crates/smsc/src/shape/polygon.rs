//! What lies between corners on the ground: [`Polygon`].

use sms::Place;

/// A direction from the middle of the earth, of length one.
type Direction = [f64; 3];

/// A point so far to the right of an edge belongs to what is on its right; in radians, 6 cm on the ground, less than
/// corners can be told apart.
const BESIDE: f64 = 1e-8;

/// An area between corners, joined by the shortest ways over the ground (TS 23.032 §5.4).
///
/// It lies to the right of the way from corner to corner. Where all corners are on one half of the earth it is what they
/// enclose there, whichever way round they are given.
#[derive(Clone, PartialEq, Debug)]
pub struct Polygon {
    corners: Vec<Direction>,
    /// A point that is not in it, or that is.
    known: Direction,
    known_is_in: bool,
    /// The middle of the half of the earth that all of it is on, if there is one.
    half: Option<Direction>,
}

impl Polygon {
    /// The area between those corners; none where a corner is followed by the opposite end of the earth, since no way to that
    /// is the shortest, or where there are fewer than three.
    pub(super) fn new(places: &[Place]) -> Option<Self> {
        let corners: Vec<Direction> = places.iter().map(|place| direction(*place)).collect();
        let (first, second) = (*corners.first()?, *corners.get(1)?);
        let opposite = |(from, to): (&Direction, &Direction)| dot(*from, *to) <= -1.0 + f64::EPSILON;
        if corners.len() < 3 || edges(&corners).any(opposite) {
            return None;
        }
        let middle = corners.iter().fold([0.0; 3], |[x, y, z], corner| {
            [x + corner[0], y + corner[1], z + corner[2]]
        });
        let half = corners
            .iter()
            .all(|corner| dot(middle, *corner) > 0.0)
            .then_some(middle);
        let known = match half {
            // On the rim of that half, where no corner is.
            Some(middle) => across(middle, most_across(middle)),
            None => beside(first, second),
        };
        Some(Self {
            corners,
            known,
            known_is_in: half.is_none(),
            half,
        })
    }

    /// Whether a place is in it.
    pub(super) fn holds(&self, place: Place) -> bool {
        let place = direction(place);
        if self.half.is_some_and(|middle| dot(middle, place) <= 0.0) {
            return false;
        }
        let crossed = edges(&self.corners).filter(|(from, to)| cross((**from, **to), (place, self.known)));
        self.known_is_in != (crossed.count() % 2 == 1)
    }
}

/// From each corner to the next, and from the last to the first.
fn edges(corners: &[Direction]) -> impl Iterator<Item = (&Direction, &Direction)> {
    corners.iter().zip(corners.iter().cycle().skip(1))
}

/// Whether two shortest ways over the ground cross. A corner that lies on the other way counts as on its right.
fn cross((a, b): (Direction, Direction), (c, d): (Direction, Direction)) -> bool {
    let (over_ab, over_cd) = (across(a, b), across(c, d));
    let left = |plane, point| dot(plane, point) > 0.0;
    left(over_ab, c) != left(over_ab, d)
        && left(over_cd, a) != left(over_cd, b)
        // On the same side of the earth.
        && left(over_ab, d) == left(over_cd, a)
}

/// A point just to the right of the middle of a way.
fn beside(from: Direction, to: Direction) -> Direction {
    let left = across(from, to);
    let by = BESIDE / dot(left, left).sqrt();
    let middle = [from[0] + to[0], from[1] + to[1], from[2] + to[2]];
    let length = dot(middle, middle).sqrt();
    std::array::from_fn(|axis| middle[axis] / length - left[axis] * by)
}

/// The axis that stands most upright on a direction.
fn most_across(to: Direction) -> Direction {
    let along = |axis: &usize| to[*axis].abs();
    let least = (0..3).min_by(|one, other| along(one).total_cmp(&along(other)));
    std::array::from_fn(|axis| f64::from(u8::from(Some(axis) == least)))
}

fn direction(place: Place) -> Direction {
    let (north, east) = (place.latitude().to_radians(), place.longitude().to_radians());
    [north.cos() * east.cos(), north.cos() * east.sin(), north.sin()]
}

fn dot(one: Direction, other: Direction) -> f64 {
    one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
}

/// The vector product: it points to the left of the way from one to the other.
fn across(one: Direction, other: Direction) -> Direction {
    [
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place((north, east): (f64, f64)) -> Place {
        Place::new(north, east).expect("a place")
    }

    fn polygon(corners: &[(f64, f64)]) -> Polygon {
        let places: Vec<Place> = corners.iter().copied().map(place).collect();
        Polygon::new(&places).expect("a polygon")
    }

    /// Checks which places are in a polygon, with the corners given either way round.
    fn holds_either_way(corners: &[(f64, f64)], places: &[(f64, f64, bool)]) {
        let back: Vec<_> = corners.iter().rev().copied().collect();
        for corners in [corners, &back] {
            for &(north, east, inside) in places {
                let found = polygon(corners).holds(place((north, east)));
                assert_eq!(found, inside, "{north} {east} in {corners:?}");
            }
        }
    }

    #[test]
    fn a_polygon_holds_what_is_between_its_corners() {
        // A square with a notch from the south.
        let corners = [
            (0.0, 0.0),
            (10.0, 0.0),
            (10.0, 10.0),
            (0.0, 10.0),
            (0.0, 6.0),
            (8.0, 5.0),
            (0.0, 4.0),
        ];
        let places = [
            (5.0, 1.0, true),
            (5.0, 5.0, false),
            (9.0, 5.0, true),
            (5.0, 9.0, true),
            (5.0, 11.0, false),
            (-1.0, 1.0, false),
            (5.0, -1.0, false),
            (-5.0, -175.0, false),
        ];
        holds_either_way(&corners, &places);
    }

    #[test]
    fn a_polygon_lies_across_the_date_line() {
        let fiji = [(-20.0, 175.0), (-15.0, 175.0), (-15.0, -175.0), (-20.0, -175.0)];
        let places = [
            (-18.0, 179.0, true),
            (-18.0, 180.0, true),
            (-18.0, -180.0, true),
            (-18.0, -179.0, true),
            (-18.0, 170.0, false),
            (-18.0, -170.0, false),
            (-18.0, 0.0, false),
        ];
        holds_either_way(&fiji, &places);
        // Chukotka and Alaska, with a corner on the line itself.
        let bering = [
            (60.0, 180.0),
            (60.0, 165.0),
            (70.0, 165.0),
            (70.0, -160.0),
            (60.0, -160.0),
        ];
        let places = [
            (66.0, 170.0, true),
            (66.0, 180.0, true),
            (66.0, -165.0, true),
            (66.0, -150.0, false),
            (50.0, 180.0, false),
        ];
        holds_either_way(&bering, &places);
    }

    #[test]
    fn a_polygon_lies_around_a_pole() {
        for pole in [1.0, -1.0] {
            let around =
                [(80.0, 0.0), (80.0, 90.0), (80.0, 180.0), (80.0, -90.0)].map(|(n, e)| (n * pole, e));
            let places = [
                (90.0, 0.0, true),
                (89.0, 45.0, true),
                (81.0, 0.0, true),
                (79.0, 0.0, false),
                // The shortest way between two corners leads nearer to the pole: by 82.9 degrees in its middle.
                (83.5, 45.0, true),
                (82.0, 45.0, false),
                (70.0, 45.0, false),
                (-90.0, 0.0, false),
                (-85.0, 10.0, false),
            ]
            .map(|(n, e, inside)| (n * pole, e, inside));
            holds_either_way(&around, &places);
        }
        // With the pole as a corner.
        let slice = [(90.0, 0.0), (60.0, 10.0), (60.0, 40.0)];
        let places = [
            (75.0, 25.0, true),
            (75.0, 5.0, false),
            (75.0, -155.0, false),
            (59.0, 25.0, false),
        ];
        holds_either_way(&slice, &places);
    }

    #[test]
    fn what_no_half_of_the_earth_holds_lies_to_the_right_of_its_edges() {
        // Up and down around the equator.
        let corner = |step: i32| (f64::from(step % 2 * 40 - 20), f64::from(step * 30 - 180));
        let tropic: Vec<(f64, f64)> = (0..12).map(corner).collect();
        // To the east, so that the south is on the right.
        let south = polygon(&tropic);
        let back: Vec<_> = tropic.iter().rev().copied().collect();
        let north = polygon(&back);
        for (at, in_north) in [(90.0, true), (30.0, true), (-30.0, false), (-90.0, false)] {
            for east in [-170.0, 3.0, 77.0] {
                let at = place((at, east));
                assert_eq!((north.holds(at), south.holds(at)), (in_north, !in_north), "{at}");
            }
        }
    }

    #[test]
    fn edges_are_the_shortest_ways() {
        // From Seattle to New York the shortest way leads over Lake Superior, north of both.
        let corners = [(47.6, -122.3), (40.7, -74.0), (30.0, -98.0)];
        holds_either_way(
            &corners,
            &[(46.5, -100.0, true), (48.0, -100.0, false), (29.0, -98.0, false)],
        );
    }

    #[test]
    fn corners_opposite_to_each_other_bound_nothing() {
        let corners = [(0.0, 0.0), (0.0, 180.0), (45.0, 90.0)].map(place);
        assert_eq!(Polygon::new(&corners), None);
        assert_eq!(Polygon::new(&corners[..2]), None);
        // One that stands twice does no harm.
        let twice = [(0.0, 0.0), (0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)];
        holds_either_way(&twice, &[(5.0, 5.0, true), (5.0, 11.0, false)]);
        let all_one = polygon(&[(0.0, 0.0); 3]);
        assert!(!all_one.holds(place((0.0, 0.0))) && !all_one.holds(place((5.0, 5.0))));
    }
}
