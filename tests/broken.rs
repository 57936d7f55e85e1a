//! Broken levels, each with the problems that it must be told: `tests/broken-levels/*.ron` begin with a comment line
//! `// LINE:COLUMN part of the message` for each. No more and no fewer may be told. Then the hostile inputs.

use sev1::level::Level;
use sev1::level::problem::{Look, Problem, Report};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

fn problems(bytes: &[u8]) -> Vec<Problem> {
    match Level::from_bytes(bytes) {
        Ok(level) => level.warnings().to_vec(),
        Err(problems) => problems,
    }
}

/// What the comment lines at the beginning of a file expect: (line and column, part of the message).
fn expected(text: &str) -> Vec<(String, String)> {
    let comments = text.lines().map_while(|line| line.strip_prefix("// "));
    comments.filter_map(|line| line.split_once(' ')).map(|(place, part)| (place.to_owned(), part.to_owned())).collect()
}

#[test]
fn every_broken_level_is_told_what_its_first_lines_expect() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken-levels");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() > 15, "the broken levels were not found");
    let mut faults = vec![];
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        let (expected, told) = (expected(&text), problems(&bytes));
        let as_expected = expected.len() == told.len()
            && !told.is_empty()
            && expected.iter().zip(&told).all(|((place, part), problem)| {
                *place == format!("{}:{}", problem.line, problem.column) && problem.message.contains(part.as_str())
            });
        if !as_expected {
            let lines =
                told.iter().map(|problem| format!("// {}:{} {}", problem.line, problem.column, problem.message));
            faults.push(format!("{name} is told\n{}\n", lines.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn ten_independent_mistakes_get_ten_messages() {
    let text = include_str!("broken-levels/ten-mistakes.ron");
    assert_eq!(problems(text.as_bytes()).len(), 10);
}

#[test]
fn hostile_inputs_are_refused_within_a_second() {
    let whole = include_str!("../levels/10-forty-pods.ron");
    let brackets = |open: &str| open.repeat(100_000).into_bytes();
    let mut escapes = whole.replace("\"chat-consumer\"", "\"\u{1b}[2J\u{1b}]0;owned\u{7}chat\"").into_bytes();
    escapes.extend_from_slice(b"\x1b[31m");
    for (name, bytes) in [
        ("nothing", vec![]),
        ("space", b" \n\t ".to_vec()),
        ("binary", (0..=255).cycle().take(200_000).collect()),
        ("a hundred megabytes", vec![b'x'; 100_000_000]),
        ("a megabyte of nothing", vec![b' '; 1_000_000]),
        ("a megabyte of one name", vec![b'x'; 1_000_000]),
        ("half a level", whole.as_bytes()[..whole.len() / 2].to_vec()),
        ("a third of a level", whole.as_bytes()[..whole.len() / 3].to_vec()),
        ("round brackets", brackets("(")),
        ("square brackets", brackets("[")),
        ("curly brackets", brackets("{")),
        ("calls", brackets("A(a:")),
        ("closing brackets", brackets(")")),
        ("quotes", brackets("\"")),
        ("comments", brackets("/*")),
        ("escape codes", escapes),
        ("a level in a level", format!("Level(system: [{whole}])").into_bytes()),
        ("ten thousand mistakes", format!("Level({})", "a: 1, ".repeat(10_000)).into_bytes()),
        (
            "deep steps",
            whole
                .replace(
                    "Allocate(\"7.0Gi\")",
                    &format!("{}Ack{}", "When(tag: \"x\", then: [".repeat(60), "])".repeat(60)),
                )
                .into_bytes(),
        ),
        (
            "a long condition",
            whole.replace("budget.used > 25%", &format!("{}1 > 0{}", "(".repeat(5000), ")".repeat(5000))).into_bytes(),
        ),
    ] {
        let began = Instant::now();
        let told = problems(&bytes);
        let took = began.elapsed();
        assert!(!told.is_empty(), "{name}: nothing is told");
        assert!(told.len() <= 110, "{name}: {} problems", told.len());
        assert!(took < Duration::from_secs(1), "{name}: {took:?}");
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(2_000_000)]);
        for look in [Look::Plain, Look::Drawn { colours: false, unicode: true, width: 100 }] {
            let shown = Report { name: "a\u{1b}[31m.ron", text: &text, problems: &told }.render(look);
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{name}: something raw in {shown:?}");
        }
    }
}
