//! Words of a command line that somebody copies into a shell: [`shell_word`].

/// The word so that a POSIX shell reads it as it is: in single quotes where a character of it means something there.
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '=' | '@' | '%' | '+' | ',')
    };
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_change_is_quoted() {
        for (word, quoted) in [
            ("tests/a.sms:3", "tests/a.sms:3"),
            ("quiz=http://127.0.0.1:9000/sms", "quiz=http://127.0.0.1:9000/sms"),
            ("my tests/a.sms:3", "'my tests/a.sms:3'"),
            ("quiz=http://h/?a=1&b=2", "'quiz=http://h/?a=1&b=2'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
