//! The program as a shell sees it: what it answers, where it says so, and with which exit code.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A player with an empty home folder.
struct Player {
    home: TempDir,
}

/// What the program answered.
struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Player {
    fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a folder") }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sev1"));
        command
            .args(words)
            .current_dir(self.home.path())
            .env_clear()
            .env("HOME", self.home.path())
            .stdin(Stdio::null());
        command
    }

    fn sev1(&self, words: &[&str]) -> Answer {
        let output = self.command(words).output().expect("the program starts");
        Answer::of(&output)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("written");
    }
}

impl Answer {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Asserts that an input couldn't be used, that nothing raw was written, and that the message holds these words.
    fn is_unusable(&self, words: &str) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(words), "`{words}` is missing in: {all}");
        assert!(!all.chars().any(|c| c.is_control() && c != '\n'), "{all:?}");
    }
}

#[test]
fn every_verb_has_help_with_examples() {
    let player = Player::new();
    for words in [
        &["--help"][..],
        &["play", "--help"],
        &["run", "--help"],
        &["levels", "--help"],
        &["check", "--help"],
        &["completions", "--help"],
    ] {
        let answer = player.sev1(words);
        assert_eq!(answer.code, Some(0), "{words:?}");
        assert!(answer.out.contains("Examples:") && answer.err.is_empty(), "{words:?}: {}", answer.out);
    }
}

#[test]
fn wrong_use_ends_with_2_and_says_so_on_standard_error() {
    let player = Player::new();
    let wrong: &[&[&str]] = &[
        &["paly"],
        &["run"],
        &["check"],
        &["run", "x", "--seed", "NaN"],
        &["run", "x", "--seed", "-1"],
        &["run", "x", "--until", "soon"],
        &["run", "x", "--script", "a.ron", "--solution", "b"],
        &["run", "x", "--format", "xml"],
        &["play", "x", "--speed", "0"],
        &["play", "x", "--mode", "expert"],
        &["play", "--resume", "--seed", "4"],
        &["play", "--seed", "4"],
        &["check", "x.ron", "--fast", "--thorough"],
        &["completions", "tcl"],
    ];
    for words in wrong {
        let answer = player.sev1(words);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{words:?}: {}", answer.err);
        assert!(!answer.err.is_empty(), "{words:?}");
    }
}

#[test]
fn an_unknown_level_is_told_with_what_to_do() {
    let player = Player::new();
    for verb in ["play", "run"] {
        let answer = player.sev1(&[verb, "no-such-thing"]);
        answer.is_unusable("there is no level `no-such-thing`");
        assert_eq!(answer.out, "");
    }
}

#[test]
fn files_that_are_no_level_are_refused_at_once_by_every_verb() {
    let player = Player::new();
    player.file("empty.ron", "");
    player.file("binary.ron", [0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe]);
    player.file("latin.ron", b"Level(title: \"caf\xe9\")");
    fs::create_dir(player.path("folder.ron")).expect("a folder");
    File::create(player.path("huge.ron")).and_then(|file| file.set_len(100 << 20)).expect("a sparse file");
    let cases = [
        ("missing.ron", "there is no file"),
        ("empty.ron", "is empty"),
        ("binary.ron", "isn't text"),
        ("latin.ron", "isn't text"),
        ("folder.ron", "is a folder"),
        ("huge.ron", "at most"),
    ];
    for (file, words) in cases {
        for line in [&["check", file][..], &["run", file], &["play", file, "--plain"]] {
            let began = Instant::now();
            player.sev1(line).is_unusable(words);
            assert!(began.elapsed() < Duration::from_secs(1), "{line:?} took {:?}", began.elapsed());
        }
    }
}

/// A file of the repository.
fn repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_string_lossy().into_owned()
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {}{}", answer.out, answer.err))
}

/// Asserts that an object has these fields and no others.
fn has_fields(value: &Value, names: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    let found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    assert_eq!(found, names.iter().copied().collect(), "{value}");
}

#[test]
fn hostile_levels_are_refused_at_once_and_nothing_raw_is_shown() {
    let player = Player::new();
    player.file("brackets.ron", "[".repeat(100_000));
    player.file("codes.ron", "Level(id: \"a\u{1b}[2J\u{9b}31m\", title: \"\u{7}\", system: [], goal: (x: 1))");
    player.file("half.ron", &fs::read_to_string(repository(&built_in_file())).expect("a level")[..3000]);
    for file in ["brackets.ron", "codes.ron", "half.ron"] {
        for line in [&["check", file][..], &["check", file, "--format", "json"], &["run", file]] {
            let began = Instant::now();
            player.sev1(line).is_unusable(if line.len() == 4 { "\"severity\":\"error\"" } else { file });
            assert!(began.elapsed() < Duration::from_secs(1), "{line:?} took {:?}", began.elapsed());
        }
    }
}

#[test]
fn every_mistake_in_a_level_has_a_message_at_its_place() {
    let file = repository("tests/broken-levels/ten-mistakes.ron");
    let player = Player::new();
    let text = player.sev1(&["check", &file, "--fast"]);
    assert_eq!(text.code, Some(1), "{}", text.err);
    let places = text.out.lines().filter(|line| line.starts_with(&file) && line.contains(": error: ")).count();
    assert_eq!(places, 10, "{}", text.out);

    let answer = player.sev1(&["check", &file, "--fast", "--format", "json"]);
    assert_eq!(answer.code, Some(1));
    let found = json(&answer);
    has_fields(&found[0], &["file", "problems", "proofs", "tries"]);
    let problems = found[0]["problems"].as_array().expect("a list");
    assert_eq!(problems.len(), 10);
    for problem in problems {
        has_fields(problem, &["severity", "line", "column", "path", "message", "help"]);
        assert!(problem["line"].as_u64() > Some(0) && problem["column"].as_u64() > Some(0), "{problem}");
    }
}

#[test]
fn several_files_are_checked_and_one_bad_one_is_enough_for_no() {
    let player = Player::new();
    let (good, bad) = (repository(&built_in_file()), repository("tests/broken-levels/half-a-level.ron"));
    assert_eq!(player.sev1(&["check", "--fast", &good]).code, Some(0));
    let answer = player.sev1(&["check", "--fast", &bad, &good, "missing.ron", "--format", "json"]);
    assert_eq!(answer.code, Some(1));
    let files: Vec<usize> = json(&answer)
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| f["problems"].as_array().expect("a list").len())
        .collect();
    assert!(files.len() == 3 && files[0] > 0 && files[1] == 0 && files[2] == 1, "{files:?}");
}

#[test]
fn levels_are_listed_for_people_and_for_programs() {
    let player = Player::new();
    let list = json(&player.sev1(&["levels", "--format", "json"]));
    let text = player.sev1(&["levels"]).out;
    for level in list.as_array().expect("a list") {
        has_fields(level, &["id", "title", "difficulty", "minutes", "file", "source", "solutions", "best"]);
        assert!(level["best"].is_null() && level["minutes"].as_u64() > Some(0), "{level}");
        assert!(Path::new(&repository(level["file"].as_str().expect("a path"))).exists(), "{level}");
        assert!(text.contains(level["id"].as_str().expect("an id")), "{text}");
        // The story's own title tells what it was; the list for players doesn't.
        assert!(!text.contains(level["source"]["title"].as_str().expect("a title")), "{text}");
    }
    assert!(!list.as_array().expect("a list").is_empty());
}

/// The first built-in level: its file in the repository.
fn built_in_file() -> String {
    let list = json(&Player::new().sev1(&["levels", "--format", "json"]));
    list[0]["file"].as_str().expect("a path").to_owned()
}

/// The first built-in level: its id.
fn built_in() -> String {
    let list = json(&Player::new().sev1(&["levels", "--format", "json"]));
    list[0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_typo_in_a_level_names_the_nearest() {
    let id = built_in();
    Player::new().sev1(&["run", &id[..id.len() - 1]]).is_unusable(&format!("did you mean `{id}`?"));
}

#[test]
fn a_script_or_solution_that_cannot_be_used_says_why() {
    let (player, id) = (Player::new(), built_in());
    player.file("number.ron", "[(\"06:00\", 5)]");
    player.file("noon.ron", "[(\"06:00\", \"a\"), (\"noon\", \"b\")]");
    player.file("back.ron", "[(\"06:00\", \"a\"), (\"05:00\", \"b\")]");
    player.file("binary.ron", [0xff, 0xfe]);
    File::create(player.path("huge.ron")).and_then(|file| file.set_len(100 << 20)).expect("a sparse file");
    let scripts = [
        ("number.ron", "number.ron:1:"),
        ("noon.ron", "entry 2 of the script"),
        ("back.ron", "is before 06:00.000"),
        ("binary.ron", "isn't text"),
        ("huge.ron", "at most"),
        ("missing.ron", "there is no file"),
    ];
    for (file, words) in scripts {
        player.sev1(&["run", &id, "--script", file]).is_unusable(words);
    }
    player.sev1(&["run", &id, "--solution", "as-it-hapened"]).is_unusable("as-it-happened");
}

#[test]
fn completions_exist_for_the_shells_and_know_the_verbs() {
    let player = Player::new();
    for shell in ["bash", "zsh", "fish"] {
        let answer = player.sev1(&["completions", shell]);
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
        for verb in ["play", "run", "levels", "check"] {
            assert!(answer.out.contains(verb), "{shell} doesn't know {verb}");
        }
    }
}

#[test]
fn nothing_to_resume_says_so() {
    let player = Player::new();
    player.sev1(&["play", "--resume", "--plain"]).is_unusable("no incident was left before its end");
}

#[test]
fn damaged_files_of_the_player_are_spoken_of_and_left_as_they_are() {
    let player = Player::new();
    let settings = player.path(".config/sev1/settings.ron");
    let run = player.path(".local/share/sev1/runs/x.run");
    for (path, content) in [(&settings, "(bell: perhaps)"), (&run, "(format:1\nnothing\n")] {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }
    let answer = player.sev1(&["play", "--plain"]);
    assert!(answer.err.contains("settings.ron") && answer.err.contains("x.run"), "{}", answer.err);
    assert_eq!(fs::read_to_string(&settings).expect("still there"), "(bell: perhaps)");
    assert_eq!(fs::read_to_string(&run).expect("still there"), "(format:1\nnothing\n");
}

#[test]
fn without_a_home_it_says_what_to_set() {
    let player = Player::new();
    let output = player.command(&["play", "--plain"]).env_clear().env("HOME", "").output().expect("it starts");
    let answer = Answer::of(&output);
    assert!(answer.code != Some(101), "{}", answer.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let player = Player::new();
    let mut child = player
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn the_readme_names_only_what_exists() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
    let player = Player::new();
    let verbs: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.trim().strip_prefix("sev1 ")?.split_whitespace().next())
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase()))
        .collect();
    for verb in verbs {
        assert_eq!(player.sev1(&[verb, "--help"]).code, Some(0), "the README speaks of `sev1 {verb}`");
    }
}
