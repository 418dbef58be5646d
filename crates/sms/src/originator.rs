//! Who a text is from, in few octets: [`Originator`], [`Number`].

use compact_str::CompactString;

use crate::address::{self, Address};

/// The most digits that a [`Number`] has: with a 1 before them they are still a number of 64 bits.
const DIGITS_MAX: usize = 18;

const POWERS_OF_TEN: [u64; DIGITS_MAX + 1] = {
    let (mut powers, mut exponent) = ([1; DIGITS_MAX + 1], 1);
    while exponent <= DIGITS_MAX {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// An [`Address`] that is written in decimal digits, in few octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Number {
    /// What its digits write with a 1 before them, which keeps leading zeros; as octets, so that what holds one has no gaps.
    digits: [u8; 8],
    ton: u8,
    npi: u8,
}

impl Number {
    /// An address in short; none for one with anything but 1 to 18 decimal digits.
    pub fn of(address: &Address) -> Option<Self> {
        let leading = POWERS_OF_TEN.get(address.digits.len())?;
        let number = address::number(&address.digits)?;
        Some(Self {
            digits: (leading + number).to_ne_bytes(),
            ton: address.ton.into(),
            npi: address.npi.into(),
        })
    }

    /// The address.
    pub fn address(self) -> Address {
        Address::new(self.ton.into(), self.npi.into(), &self.digits())
    }

    fn digits(self) -> CompactString {
        let mut digits = address::decimal(u64::from_ne_bytes(self.digits), 0);
        digits.remove(0);
        digits
    }
}

/// Who a text is from (the TP-Originating-Address of 3GPP TS 23.040 §9.2.3.7): the same as an [`Address`], in half its octets.
/// A text keeps it through all its life, and so does every phone's list of texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Originator {
    /// A number.
    Number(Number),
    /// What is no [`Number`]: letters, nothing, or very many digits.
    Other(Box<Address>),
}

impl Originator {
    /// The address.
    pub fn address(&self) -> Address {
        match self {
            Self::Number(number) => number.address(),
            Self::Other(address) => Address::clone(address),
        }
    }

    /// The characters of the address, without a `+`.
    pub fn digits(&self) -> CompactString {
        match self {
            Self::Number(number) => number.digits(),
            Self::Other(address) => address.digits.clone(),
        }
    }

    /// Whether the address is nothing but digits.
    pub fn is_digits(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Other(address) => address.digits.bytes().all(|octet| octet.is_ascii_digit()),
        }
    }
}

impl From<Address> for Originator {
    fn from(address: Address) -> Self {
        Number::of(&address).map_or_else(|| Self::Other(Box::new(address)), Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Npi, Ton};

    #[test]
    fn in_short_it_is_the_address_again() {
        for (digits, is_number) in [
            ("1", true),
            ("0", true),
            ("007", true),
            ("32665", true),
            ("14155550101", true),
            ("999999999999999999", true),
            ("", false),
            ("BOB", false),
            ("+1415", false),
            ("1234567890123456789", false),
        ] {
            let address = Address::new(Ton::Reserved(9), Npi::Other(3), digits);
            assert_eq!(
                Number::of(&address).map(Number::address),
                is_number.then(|| address.clone()),
                "{digits}"
            );
            let originator = Originator::from(address.clone());
            assert_eq!(originator.address(), address);
            assert_eq!(originator.digits(), digits);
            let all_digits = digits.bytes().all(|octet| octet.is_ascii_digit());
            assert_eq!(originator.is_digits(), all_digits, "{digits}");
        }
    }

    #[test]
    fn an_originator_is_small() {
        assert!(size_of::<Originator>() <= 16, "{}", size_of::<Originator>());
    }
}
