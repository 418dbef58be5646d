//! How settings are written in a configuration file: lengths of time as whole numbers with the unit in the key, an absent
//! limit as the word `none`.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::value::{I64Deserializer, MapAccessDeserializer, StrDeserializer, U64Deserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::settings::MessageLengthMax;

/// A [`Duration`] as whole seconds.
pub(crate) mod seconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.as_secs())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

/// A [`Duration`] as whole milliseconds.
pub(crate) mod millis {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// A limit that may be absent: the word `none`, because a TOML file cannot say null.
pub mod none_or {
    use super::{Deserialize, Deserializer, NoneOr, PhantomData, Serialize, Serializer};

    /// Writes the value, or `none`.
    pub fn serialize<S, T>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
        T: Serialize,
    {
        match value {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_str("none"),
        }
    }

    /// Reads a value, `none` or null.
    pub fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: Deserialize<'de>,
    {
        deserializer.deserialize_any(NoneOr(PhantomData))
    }
}

struct NoneOr<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NoneOr<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, or \"none\"")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(I64Deserializer::new(value)).map(Some)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        T::deserialize(U64Deserializer::new(value)).map(Some)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value == "none" {
            Ok(None)
        } else {
            T::deserialize(StrDeserializer::new(value)).map(Some)
        }
    }
}

/// [`MessageLengthMax`] as it is written: both limits, or the septets alone.
pub(crate) struct MaxOrUnits(MessageLengthMax);

impl From<MaxOrUnits> for MessageLengthMax {
    fn from(written: MaxOrUnits) -> Self {
        written.0
    }
}

impl<'de> Deserialize<'de> for MaxOrUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaxOrUnitsVisitor)
    }
}

struct MaxOrUnitsVisitor;

/// Both limits, written out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    septets: usize,
    ucs2_units: usize,
}

impl<'de> Visitor<'de> for MaxOrUnitsVisitor {
    type Value = MaxOrUnits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of septets, or a table with septets and ucs2_units")
    }

    fn visit_i64<E: Error>(self, septets: i64) -> Result<Self::Value, E> {
        u64::try_from(septets)
            .map_err(|_| E::custom("a length cannot be negative"))
            .and_then(|n| self.visit_u64(n))
    }

    fn visit_u64<E: Error>(self, septets: u64) -> Result<Self::Value, E> {
        let septets = usize::try_from(septets).map_err(E::custom)?;
        // As many octets hold 7 UCS-2 units as 16 septets.
        Ok(MaxOrUnits(MessageLengthMax {
            septets,
            ucs2_units: septets.saturating_mul(7) / 16,
        }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let Both { septets, ucs2_units } = Both::deserialize(MapAccessDeserializer::new(map))?;
        Ok(MaxOrUnits(MessageLengthMax { septets, ucs2_units }))
    }
}
