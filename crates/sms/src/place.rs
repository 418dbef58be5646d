//! Points on the earth: [`Place`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The radius of the sphere that stands for the earth, in metres (the mean radius of WGS 84).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point on the earth, in degrees.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Place {
    latitude: f64,
    longitude: f64,
}

impl Place {
    /// The point with these coordinates; none when there is no such point.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_there = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_there.then_some(Self { latitude, longitude })
    }

    /// The point with these coordinates as they are written; none when they cannot be read, or there is no such point.
    pub fn read(latitude: &str, longitude: &str) -> Option<Self> {
        let degrees = |text: &str| f64::from_str(text).ok();
        Self::new(degrees(latitude)?, degrees(longitude)?)
    }

    /// Degrees north of the equator.
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    pub const fn longitude(self) -> f64 {
        self.longitude
    }

    /// How far another point is, in metres along the ground.
    pub fn metres_to(self, other: Self) -> f64 {
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let (north, east) = (
            half(self.latitude, other.latitude),
            half(self.longitude, other.longitude),
        );
        let across = self.latitude.to_radians().cos() * other.latitude.to_radians().cos() * east;
        2.0 * EARTH_RADIUS_M * (north + across).clamp(0.0, 1.0).sqrt().asin()
    }

    /// In which direction another point lies, in degrees clockwise from north, from 0 to below 360.
    pub fn bearing_to(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let east = (other.longitude - self.longitude).to_radians();
        let (x, y) = (
            east.sin() * to.cos(),
            from.cos() * to.sin() - from.sin() * to.cos() * east.cos(),
        );
        x.atan2(y).to_degrees().rem_euclid(360.0)
    }
}

impl fmt::Display for Place {
    /// As [`Place::read`] reads it: degrees north, a blank, degrees east.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.latitude, self.longitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place::new(latitude, longitude).expect("a place")
    }

    #[test]
    fn coordinates_are_read_or_are_none() {
        for (latitude, longitude, is_one) in [
            ("37.7749", "-122.4194", true),
            ("-90", "180", true),
            ("90.1", "0", false),
            ("0", "-180.1", false),
            ("NaN", "0", false),
            ("north", "0", false),
            ("", "", false),
        ] {
            let read = Place::read(latitude, longitude);
            assert_eq!(read.is_some(), is_one, "{latitude} {longitude}");
            if let Some(place) = read {
                assert_eq!(place.to_string(), format!("{latitude} {longitude}"));
            }
        }
    }

    #[test]
    fn distances_and_directions_are_those_of_the_sphere() {
        let francisco = place(37.7749, -122.4194);
        for (other, metres, bearing) in [
            (place(37.8044, -122.2712), 13_430.0, 75.8),
            (place(34.0522, -118.2437), 559_120.0, 136.5),
            (place(37.7749, -122.4194), 0.0, 0.0),
        ] {
            let found = francisco.metres_to(other);
            assert!((found - metres).abs() <= metres / 200.0, "{found}");
            let found = francisco.bearing_to(other);
            assert!((found - bearing).abs() < 1.0, "{found}");
        }
        assert!((place(0.0, 0.0).bearing_to(place(-1.0, 0.0)) - 180.0).abs() < 1e-9);
    }
}
