//! The signature of calls and callbacks: [`sign`], [`verify`] ("How Facebook Authenticates Your Application").
//!
//! The MD5 of all pairs but `sig`, sorted by name in byte order, each as `name=value` with the raw UTF-8 value and nothing
//! between them, followed by the secret. Empty values take part. It is not a MAC and was weak in its own day; it is what
//! every client library computes.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use crate::credentials::Secret;

/// Signs the pairs; a pair named `sig` is left out. Returns 32 lower-case hex digits.
pub fn sign(pairs: &[(String, String)], secret: &Secret) -> String {
    digits(pairs, secret).map(char::from).iter().collect()
}

/// Whether `sig` is the signature of the pairs, in lower-case hex. The comparison takes the same time wherever the two
/// differ.
pub fn verify(pairs: &[(String, String)], secret: &Secret, sig: &str) -> bool {
    digits(pairs, secret).ct_eq(sig.as_bytes()).into()
}

fn digits(pairs: &[(String, String)], secret: &Secret) -> [u8; 32] {
    let mut md5 = Md5::new();
    md5.update(base_string(pairs));
    md5.update(secret.expose());
    let mut digits = [0; 32];
    hex::encode_to_slice(md5.finalize(), &mut digits).expect("16 octets have 32 digits");
    digits
}

/// What is hashed in front of the secret.
pub fn base_string(pairs: &[(String, String)]) -> String {
    // Most names differ in what is compared first.
    let mut sorted = Vec::with_capacity(pairs.len());
    sorted.extend(pairs.iter().map(|pair| (beginning(&pair.0), pair)));
    sorted.retain(|(_, (name, _))| name != "sig");
    sorted.sort_by(|(a, (name_a, _)), (b, (name_b, _))| a.cmp(b).then_with(|| name_a.cmp(name_b)));
    let octets = sorted
        .iter()
        .map(|(_, (name, value))| name.len() + 1 + value.len())
        .sum();
    let mut base = String::with_capacity(octets);
    for (_, (name, value)) in sorted {
        base.push_str(name);
        base.push('=');
        base.push_str(value);
    }
    base
}

/// The first octets of a name as a number, which is less than that of another name only where the name is.
fn beginning(name: &str) -> u64 {
    let mut octets = [0; 8];
    let length = name.len().min(octets.len());
    octets[..length].copy_from_slice(&name.as_bytes()[..length]);
    u64::from_be_bytes(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const API_KEY: &str = "0289b21f46b2ee642d5c42145df5489f";

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text).expect("valid")
    }

    /// P1 and P2 are published in the test-suite of the Ruby client, V1 to V4 and C1, C2 were computed for this project.
    #[test]
    fn known_signatures_are_reproduced() {
        let session_secret = "3e4a22bb2f5ed75114b0fc9995ea85f1";
        type Vector<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);
        let table: [Vector<'_>; 8] = [
            (
                "P1",
                &[("request_method", "GET")],
                "secret",
                "4d2a700e90b0bcbe54b9e627d2cc1417",
            ),
            (
                "P2",
                &[("user", "1")],
                "secret",
                "313dd5caed3d0902d83225ff3ae9a950",
            ),
            (
                "V1",
                &[
                    ("method", "facebook.sms.send"),
                    ("api_key", API_KEY),
                    ("v", "1.0"),
                    ("call_id", "1217980800.1234"),
                    ("uid", "609143784"),
                    ("message", "Café at 8? Reply Y/N"),
                    ("req_session", "1"),
                ],
                "secret123",
                "8a8f1c63337c6b80edc6dad3ad2f0e1f",
            ),
            (
                "V2",
                &[
                    ("method", "facebook.sms.canSend"),
                    ("api_key", API_KEY),
                    ("v", "1.0"),
                    ("call_id", "1217980801.5"),
                    ("session_key", ""),
                    ("uid", ""),
                ],
                "secret123",
                "729362682ecd75dc976779a01c8f3d59",
            ),
            (
                "V3",
                &[
                    ("sig", "taking no part"),
                    ("method", "sms.send"),
                    ("api_key", API_KEY),
                    ("v", "1.0"),
                    ("call_id", "1217980802000"),
                    ("format", "JSON"),
                    ("message", "ok"),
                    ("req_session", "false"),
                    ("session_id", "7"),
                    ("uid", "609143784"),
                ],
                "secret123",
                "373c3fb20f99459a4ccb5369c8aea434",
            ),
            (
                "V4",
                &[
                    ("method", "facebook.users.getLoggedInUser"),
                    ("api_key", API_KEY),
                    ("v", "1.0"),
                    ("call_id", "1217980803.25"),
                    ("format", "JSON"),
                    ("session_key", "5f34e11bfb97c762e439e6a5-8055"),
                    ("ss", "1"),
                ],
                session_secret,
                "585c6d522976d19e73b9dc1aca3260ce",
            ),
            (
                "C1",
                &[
                    ("added", "1"),
                    ("api_key", API_KEY),
                    ("message", "what is up"),
                    ("sms", "1"),
                    ("sms_new_user", "1"),
                    ("sms_sid", "7"),
                    ("time", "1217980800.1234"),
                    ("user", "609143784"),
                ],
                "secret123",
                "8f2787c842de19f1c18855af4fb60394",
            ),
            (
                "C2",
                &[
                    ("added", "0"),
                    ("api_key", API_KEY),
                    ("app_id", "103381584023"),
                    ("time", "1249262147.9616"),
                    ("uninstall", "1"),
                    ("user", "609143784"),
                ],
                "secret123",
                "850c339795103fff8b66b7afaa857423",
            ),
        ];
        for (name, given, key, expected) in table {
            assert_eq!(sign(&pairs(given), &secret(key)), expected, "{name}");
        }
    }

    #[test]
    fn the_base_string_of_v1_is_the_published_one() {
        let given = pairs(&[
            ("v", "1.0"),
            ("message", "Café"),
            ("sig", "x"),
            ("api_key", "k"),
            ("empty", ""),
        ]);
        assert_eq!(base_string(&given), "api_key=kempty=message=Cafév=1.0");
    }

    #[test]
    fn names_are_sorted_by_all_their_octets() {
        let names = [
            "",
            "\0",
            "a",
            "a\0",
            "ab",
            "session_",
            "session_i",
            "session_k",
            "zz",
            "\u{e9}",
        ];
        for (nth, name) in names.iter().enumerate() {
            for later in &names[nth + 1..] {
                let given = pairs(&[(later, "2"), (name, "1")]);
                assert_eq!(base_string(&given), format!("{name}=1{later}=2"));
            }
        }
    }

    #[test]
    fn only_the_exact_lower_case_signature_verifies() {
        let given = pairs(&[("user", "1")]);
        let sig = "313dd5caed3d0902d83225ff3ae9a950";
        let wrong = [
            sig.to_uppercase(),
            sig[1..].to_owned(),
            format!("{sig}0"),
            format!(" {sig}"),
            String::new(),
        ];
        assert!(verify(&given, &secret("secret"), sig));
        for sig in wrong {
            assert!(!verify(&given, &secret("secret"), &sig), "{sig:?}");
        }
    }

    proptest! {
        #[test]
        fn the_signature_of_any_pairs_verifies_in_any_order(
            mut given in proptest::collection::btree_map(".*", ".*", 0..12),
            key in ".{1,32}",
        ) {
            given.remove("sig");
            let forward: Vec<_> = given.into_iter().collect();
            let backward: Vec<_> = forward.iter().rev().cloned().collect();
            let key = secret(&key);
            let sig = sign(&forward, &key);
            prop_assert!(verify(&backward, &key, &sig));
            prop_assert_eq!(sig.len(), 32);
        }
    }
}
