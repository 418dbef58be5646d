//! "Did you mean": the known word that is nearest to one that is not known.

/// The word of `known` that `word` is most likely a slip of, if one is near enough.
///
/// Near enough is an edit distance (with transpositions) of at most a third of the longer word's length, at least 1.
/// Letter case does not count. Of two as near, the one that begins
/// and ends more alike wins.
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let (long, short) = (word.chars().count(), lower.chars().count());
            let longer = long.max(short);
            let prefix = word.len() >= 3 && lower.starts_with(&word);
            // What differs that much in length is not near, whatever it says; it may be very long.
            if !prefix && long.abs_diff(short) > (longer / 3).max(1) {
                return None;
            }
            let far = distance(&word, &lower);
            let near = far <= (longer / 3).max(1) && far < longer;
            let rank = (
                far.min(if prefix { 1 } else { far }),
                usize::MAX - shared(&word, &lower),
            );
            (near || prefix).then_some((rank, candidate))
        })
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, candidate)| candidate)
}

/// How many characters the words share at their beginning and their end.
fn shared(a: &str, b: &str) -> usize {
    let beginning = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let end = a
        .chars()
        .rev()
        .zip(b.chars().rev())
        .take_while(|(a, b)| a == b)
        .count();
    beginning + end
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognized_and_strangers_are_not() {
        let names = ["alice", "bob", "carol", "sprint"];
        for (word, meant) in [
            ("alcie", Some("alice")),
            ("Alice", Some("alice")),
            ("carl", Some("carol")),
            ("bo", Some("bob")),
            ("spr", Some("sprint")),
            ("dave", None),
            ("x", None),
            ("", None),
            (&*"alice".repeat(200_000), None),
        ] {
            assert_eq!(nearest(word, names), meant, "{word}");
        }
        assert_eq!(nearest("usr", ["use", "user"]), Some("user"));
    }
}
