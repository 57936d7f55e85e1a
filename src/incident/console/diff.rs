//! What differs between two texts, as `diff -u` and `git` print it.
//!
//! Pure: lines in, lines out.

/// Lines around a change that are shown.
const CONTEXT: usize = 3;
/// Texts of more lines than these are compared as a whole.
const LINES_MOST: usize = 2_000;

/// A line of both texts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Kept,
    Gone,
    New,
}

/// How many lines are new and gone.
#[must_use]
pub fn counts(old: &[&str], new: &[&str]) -> (usize, usize) {
    let all = merged(old, new);
    let count = |kind| all.iter().filter(|(one, _)| *one == kind).count();
    (count(Kind::New), count(Kind::Gone))
}

/// The hunks that lead from one text to the other; nothing where they are the same.
#[must_use]
pub fn unified(old: &[&str], new: &[&str]) -> Vec<String> {
    let all = merged(old, new);
    let changed: Vec<usize> = (0..all.len()).filter(|at| all[*at].0 != Kind::Kept).collect();
    let mut lines = vec![];
    let mut next = 0;
    while let Some(first) = changed.get(next) {
        // Changes whose surroundings touch are one hunk.
        let mut last = next;
        while changed.get(last + 1).is_some_and(|after| after - changed[last] <= 2 * CONTEXT) {
            last += 1;
        }
        let (from, to) = (first.saturating_sub(CONTEXT), (changed[last] + CONTEXT + 1).min(all.len()));
        let before = |kind| all[..from].iter().filter(|(one, _)| *one != kind).count();
        let within = |kind| all[from..to].iter().filter(|(one, _)| *one != kind).count();
        let range = |sign, start: usize, count: usize| {
            let start = if count == 0 { start } else { start + 1 };
            if count == 1 { format!("{sign}{start}") } else { format!("{sign}{start},{count}") }
        };
        lines.push(format!(
            "@@ {} {} @@",
            range('-', before(Kind::New), within(Kind::New)),
            range('+', before(Kind::Gone), within(Kind::Gone))
        ));
        let sign = |kind| match kind {
            Kind::Kept => ' ',
            Kind::Gone => '-',
            Kind::New => '+',
        };
        lines.extend(all[from..to].iter().map(|(kind, line)| format!("{}{line}", sign(*kind))));
        next = last + 1;
    }
    lines
}

/// Both texts as one, by their longest common lines.
fn merged<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(Kind, &'a str)> {
    let gone = |line: &&'a str| (Kind::Gone, *line);
    let added = |line: &&'a str| (Kind::New, *line);
    if old.len().max(new.len()) > LINES_MOST {
        return old.iter().map(gone).chain(new.iter().map(added)).collect();
    }
    // How many lines the rests of both have in common.
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, vec![]);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            all.push((Kind::Kept, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[(i + 1) * width + j] >= common[i * width + j + 1] {
            all.push(gone(&old[i]));
            i += 1;
        } else {
            all.push(added(&new[j]));
            j += 1;
        }
    }
    all.extend(old[i..].iter().map(gone));
    all.extend(new[j..].iter().map(added));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_stands_around_it() {
        let old: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
        let mut new = old.clone();
        new[9] = "ten".to_owned();
        new.push("21".to_owned());
        let (old, new): (Vec<&str>, Vec<&str>) =
            (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
        let expected = [
            "@@ -7,7 +7,7 @@",
            " 7",
            " 8",
            " 9",
            "-10",
            "+ten",
            " 11",
            " 12",
            " 13",
            "@@ -18,3 +18,4 @@",
            " 18",
            " 19",
            " 20",
            "+21",
        ];
        assert_eq!(unified(&old, &new), expected);
        assert_eq!(counts(&old, &new), (2, 1));
        assert_eq!(unified(&old, &old), Vec::<String>::new());
        assert_eq!(unified(&[], &["a"]), ["@@ -0,0 +1 @@", "+a"]);
    }
}
