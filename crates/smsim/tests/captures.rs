//! `smsim run --pcap`: the PDUs of scenario runs as files for Wireshark.

use std::path::Path;
use std::process::{Command, Output};

/// The first octets of every pcapng file: the section header.
const PCAPNG: [u8; 4] = [0x0A, 0x0D, 0x0D, 0x0A];

const TWO_TESTS: &str = r#"carrier att, latency 1s
app quiz "Movie Quiz", canvas quiz
user alice +14155550101 on att, apps quiz

test "somebody texts an app":
  alice > "quiz play"
  quiz  < alice "play"

test "nothing happens":
  alice < nothing for 1s
"#;

fn run(folder: &Path, pcap: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smsim"))
        .args(["run", "two.sms", "--pcap", pcap])
        .current_dir(folder)
        .output()
        .expect("smsim runs")
}

fn folder_with_tests() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("two.sms"), TWO_TESTS).expect("written");
    folder
}

/// How often `needle` stands in a file.
fn count(path: &Path, needle: &[u8]) -> usize {
    let file = std::fs::read(path).expect("a capture");
    assert_eq!(file[..4], PCAPNG);
    file.windows(needle.len())
        .filter(|window| *window == needle)
        .count()
}

#[test]
fn all_tests_share_a_file_and_each_has_its_interface() {
    let folder = folder_with_tests();
    let output = run(folder.path(), "links.pcapng");
    assert!(output.status.success(), "{output:?}");
    let capture = folder.path().join("links.pcapng");
    assert_eq!(count(&capture, b"two.sms:5 somebody texts an app"), 1);
    assert_eq!(count(&capture, b"two.sms:9 nothing happens"), 1);
    // The platform's own link binds in each world; its password is blanked out.
    assert_eq!(count(&capture, b"fbook\0*****\0"), 2);
    // The text: the octets after its length.
    assert_eq!(count(&capture, b"\x09quiz play"), 1);
}

#[test]
fn each_test_gets_a_file_where_the_name_asks_for_it() {
    let folder = folder_with_tests();
    let output = run(folder.path(), "links-{}.pcapng");
    assert!(output.status.success(), "{output:?}");
    for (name, texts) in [("links-two-5.pcapng", 1), ("links-two-9.pcapng", 0)] {
        let capture = folder.path().join(name);
        assert_eq!(count(&capture, b"fbook\0*****\0"), 1, "{name}");
        assert_eq!(count(&capture, b"\x09quiz play"), texts, "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_written_ends_the_run_as_the_environments_fault() {
    let folder = folder_with_tests();
    let output = run(folder.path(), "nowhere/links.pcapng");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot write nowhere/links.pcapng"), "{said}");
}
