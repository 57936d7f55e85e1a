//! Patterns of names as shells, caches and search clusters write them: `*` stands for anything.

/// Whether a text is as a pattern says.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else { return pattern == text };
    let (between, last) = others.rsplit_once('*').unwrap_or(("", others));
    let Some(mut rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    between.split('*').all(|part| {
        let found = rest.find(part);
        rest = found.map_or("", |at| &rest[at + part.len()..]);
        found.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        for (pattern, text, is) in [
            ("ssh * dmesg*", "ssh node-a1 dmesg | tail -3", true),
            ("ssh * dmesg*", "dmesg", false),
            ("*killed*", "a process was killed", true),
            ("a*a", "a", false),
            ("a*ab", "aab", true),
            ("*.log", "a.log.log", true),
            ("*.log", "a.log.gz", false),
            ("dmesg", "dmesg -T", false),
            ("*aa", "aaa", true),
            ("aa*aa", "aaa", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, text), is, "{pattern} for {text}");
        }
    }
}
