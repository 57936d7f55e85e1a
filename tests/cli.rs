//! The program as a shell sees it: what it answers, where it says so, and with which exit code.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
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

/// The level that is played here: one with pods.
const LEVEL: &str = "forty-pods";

/// Its place in the list of levels, from 0, and what stands there.
fn listed(player: &Player) -> (usize, Value) {
    let list = json(&player.sev1(&["levels", "--format", "json"]));
    let levels = list.as_array().expect("a list");
    let at = levels.iter().position(|level| level["id"] == LEVEL).expect("it is built in");
    (at, levels[at].clone())
}

/// Its file in the repository.
fn built_in_file() -> String {
    listed(&Player::new()).1["file"].as_str().expect("a path").to_owned()
}

/// Its id.
fn built_in() -> String {
    LEVEL.to_owned()
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

/// What `sev1 run` tells of the first minutes of the level.
fn run_json(words: &[&str]) -> Value {
    let id = built_in();
    let line = [&["run", &id, "--until", "6m", "--format", "json"], words].concat();
    let answer = Player::new().sev1(&line);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{line:?}");
    json(&answer)
}

#[test]
fn a_run_tells_everything_that_programs_ask_for() {
    let player = Player::new();
    player.file("script.ron", "[(\"05:00\", \"kubectl get pods\"), (\"+10s\", \"kubectl get nothing\")]");
    let script = player.path("script.ron").to_string_lossy().into_owned();
    let run = run_json(&["--seed", "3", "--script", &script, "--metric", "1 + 1"]);
    has_fields(
        &run,
        &[
            "level",
            "seed",
            "outcome",
            "impact_at",
            "paged_at",
            "detected_at",
            "mitigated_at",
            "resolved_at",
            "score",
            "grade",
            "impact",
            "diagnosis",
            "figures",
            "metrics",
            "commands",
            "events",
            "simulated_s",
            "wall_ms",
            "digest",
        ],
    );
    has_fields(&run["impact"], &["requests", "failed", "late", "lost", "duplicates", "budget_used"]);
    has_fields(&run["diagnosis"], &["given", "correct"]);
    assert_eq!((run["seed"].as_u64(), run["simulated_s"].as_f64()), (Some(3), Some(360.0)));
    assert_eq!(run["outcome"], "expired", "still open when its time was up");
    assert!(run["events"].as_u64() > Some(1000) && run["impact"]["requests"].as_u64() > Some(1000), "{run}");
    assert_eq!(run["digest"].as_str().map(str::len), Some(16));
    let commands = run["commands"].as_array().expect("a list");
    assert_eq!(commands.len(), 2);
    has_fields(&commands[0], &["at", "line", "ok", "output"]);
    assert!(commands[0]["output"].as_array().is_some_and(|lines| lines.len() > 5) && commands[0]["ok"] == true);
    assert!(commands[1]["at"] == "05:10.000" && commands[1]["ok"] == false, "{}", commands[1]);
    let metric = run["metrics"]["1 + 1"].as_array().expect("a series");
    assert!(metric.len() > 350 && metric[0].as_array().is_some_and(|point| point[1] == 2.0), "{}", metric.len());
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let digest = |seed: &str| run_json(&["--seed", seed])["digest"].clone();
    assert_eq!(digest("5"), digest("5"));
    assert_ne!(digest("5"), digest("6"));
}

#[test]
fn a_run_for_people_has_its_numbers_with_their_names() {
    let answer = Player::new().sev1(&["run", &built_in(), "--until", "2m"]);
    for name in ["outcome", "requests", "error budget used", "digest"] {
        assert!(answer.out.lines().any(|line| line.starts_with(name)), "{name}: {}", answer.out);
    }
}

#[test]
fn a_metric_that_does_not_exist_names_the_nearest() {
    Player::new().sev1(&["run", &built_in(), "--metric", "rabit.x"]).is_unusable("did you mean");
}

impl Player {
    /// Plays as text with these lines piped in.
    fn plain(&self, words: &[&str], lines: &str) -> Answer {
        let mut child = self
            .command(&[&["play", "--plain"], words].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // Whoever has stopped reading has said why.
        let _ = child.stdin.take().expect("a pipe").write_all(lines.as_bytes());
        Answer::of(&child.wait_with_output().expect("it ends"))
    }

    fn run_files(&self) -> Vec<String> {
        let folder = fs::read_dir(self.path(".local/share/sev1/runs")).into_iter().flatten().flatten();
        folder.map(|entry| fs::read_to_string(entry.path()).expect("readable")).collect()
    }
}

#[test]
fn piped_lines_are_played_and_time_passes_only_with_them() {
    let (player, id) = (Player::new(), built_in());
    let answer = player.plain(&[&id, "--seed", "3"], "kubectl get pods | head -3\nwait 30s\ndate\nno-such-thing\n");
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let lines: Vec<&str> = answer.out.lines().collect();
    let prompts: Vec<&str> = lines.iter().filter_map(|line| line.split_once("$ ").map(|(_, line)| line)).collect();
    assert_eq!(prompts, ["kubectl get pods | head -3", "wait 30s", "date", "no-such-thing"], "{}", answer.out);
    assert!(answer.out.contains("command not found"), "{}", answer.out);
    assert!(answer.err.contains("sev1 play --resume"), "{}", answer.err);
    let again =
        Player::new().plain(&[&id, "--seed", "3"], "kubectl get pods | head -3\nwait 30s\ndate\nno-such-thing\n");
    assert_eq!(answer.out, again.out, "the same lines give the same run");
}

#[test]
fn an_incident_that_was_left_goes_on_as_if_it_had_not_been() {
    let id = built_in();
    let (whole, parted) = (Player::new(), Player::new());
    whole.plain(&[&id, "--seed", "3"], "kubectl get pods\nwait 4m\nkubectl get pods\nwait 2m\ndate\n");
    parted.plain(&[&id, "--seed", "3"], "kubectl get pods\nwait 4m\nkubectl get pods\n");
    let answer = parted.plain(&["--resume"], "wait 2m\ndate\n");
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let (whole, parted) = (whole.run_files(), parted.run_files());
    assert_eq!((whole.len(), parted.len()), (1, 1));
    // Ticks may fall on other moments; where they fall on the same one, the world is the same.
    let ticks = |text: &str| -> BTreeSet<String> {
        text.lines().filter(|line| line.starts_with("Tick")).map(str::to_owned).collect()
    };
    let (whole, parted) = (ticks(&whole[0]), ticks(&parted[0]));
    let moment = |tick: &String| tick.split_once(", ").map(|(at, _)| at.to_owned());
    let moments: BTreeSet<_> = whole.iter().filter_map(moment).collect();
    let shared = parted.iter().filter(|tick| moment(tick).is_some_and(|at| moments.contains(&at)));
    let mut count = 0;
    for tick in shared {
        assert!(whole.contains(tick), "the resumed run went another way: {tick}");
        count += 1;
    }
    assert!(count > 20, "only {count} moments could be compared");
}

#[test]
fn a_run_that_was_tampered_with_is_not_gone_on_with_nor_written_to() {
    let (player, id) = (Player::new(), built_in());
    player.plain(&[&id, "--seed", "3"], "kubectl get pods\nwait 1m\n");
    let folder = player.path(".local/share/sev1/runs");
    let path = fs::read_dir(&folder).expect("listed").flatten().next().expect("a run").path();
    let text = fs::read_to_string(&path).expect("readable").replace("seed:3", "seed:4");
    fs::write(&path, &text).expect("written");
    player.plain(&["--resume"], "").is_unusable("plays out otherwise");
    assert_eq!(fs::read_to_string(&path).expect("readable"), text);
}

#[test]
fn an_incident_played_to_its_end_has_a_debrief_and_a_place_in_the_list() {
    let (player, id) = (Player::new(), built_in());
    let answer = player.plain(&[&id, "--seed", "3", "--mode", "trainee"], "sleep 3h\n");
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    for heading in ["HOW IT ENDED", "THE SCORE", "YOU, THEY, NOBODY", "WHAT REALLY HAPPENED", "THE STORY"] {
        assert!(answer.out.contains(heading), "{heading} is missing in: {}", answer.out);
    }
    let best = listed(&player).1["best"].clone();
    has_fields(&best, &["outcome", "grade", "at", "seed", "mode", "ended"]);
    assert_eq!((best["mode"].as_str(), best["seed"].as_u64()), (Some("trainee"), Some(3)));
    player.sev1(&["play", "--resume", "--plain"]).is_unusable("no incident was left");
}

#[test]
fn without_a_terminal_the_list_of_levels_is_text_and_takes_a_number() {
    let player = Player::new();
    let number = listed(&player).0 + 1;
    let answer = player.plain(&[], &format!("99\n{number}\nkubectl get pods\n"));
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.out.contains("There is no level 99") && answer.out.contains("$ kubectl get pods"), "{}", answer.out);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_plain_mode_cleanly_with_the_run_saved() {
    use std::io::{BufRead, BufReader};
    for signal in ["TERM", "HUP", "INT"] {
        let (player, id) = (Player::new(), built_in());
        let mut child = player
            .command(&["play", "--plain", &id, "--seed", "3"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(b"kubectl get pods\n").expect("it reads");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        assert!(lines.any(|line| line.is_ok_and(|line| line.starts_with("NAME"))), "the pods are listed");
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let output = child.wait_with_output().expect("it ends");
        drop(input);
        assert_eq!(output.status.code(), Some(0), "{signal}: {output:?}");
        assert!(player.run_files()[0].contains("kubectl get pods"), "{signal}");
    }
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
fn a_run_that_is_over_shows_its_debrief_again_and_is_not_written_to() {
    let (player, id) = (Player::new(), built_in());
    // `wait` ends when something happens; `sleep` doesn't.
    let played = player.plain(&[&id, "--seed", "3"], "sleep 20h\n");
    assert!(played.out.contains("HOW IT ENDED"), "{}", played.out);
    let before = player.run_files();
    player.sev1(&["play", "--resume", "--plain"]).is_unusable("the last is over: `sev1 play --resume ");
    let run =
        fs::read_dir(player.path(".local/share/sev1/runs")).expect("runs").next().expect("one").expect("readable");
    let again = player.plain(&["--resume", &run.path().to_string_lossy()], "kubectl get pods\n");
    let debrief = |text: &str| text.lines().rev().take(12).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(debrief(&again.out), debrief(&played.out), "{}", again.err);
    assert_eq!(player.run_files(), before);
}

#[test]
fn a_seed_that_is_none_says_what_one_is() {
    let answer = Player::new().sev1(&["play", &built_in(), "--seed", "x", "--plain"]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("a seed is a whole number from 0 to"), "{}", answer.err);
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
