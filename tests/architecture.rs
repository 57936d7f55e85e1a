//! The rules of the house, read off the text of `src/`: layers, packages, names, sizes. Each rule is proven on a broken
//! example beside it, so that a rule that has stopped seeing anything fails.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the lowest to the highest; each may name those before it.
const LAYERS: [&str; 5] = ["sim", "level", "incident", "tui", "cli"];

/// What a package may be used by: (package, the paths under `src/` that may).
const PACKAGES: [(&str, &[&str]); 4] = [
    ("ratatui", &["tui/"]),
    ("crossterm", &["tui/"]),
    ("clap", &["cli/"]),
    ("ron", &["level/", "incident/run.rs", "tui/theme.rs", "cli/"]),
];

/// Words of particular stories that are no one's name for a component in general: machines, services, queues, versions,
/// tables, tags and people, level by level.
#[rustfmt::skip]
const STORY_WORDS: [&str; 116] = [
    // first-page
    "web-2", "web-3", "v41", "Noor", "LOG_LEVEL=",
    // forty-pods
    "percent-padding", "visitor_to_operator", "operator_groups", "chat-consumer", "py3", "py2", "safe-logger", "core chat",
    "Ira", "Milan", "Rosa",
    // good-morning
    "data-service", "data-1", "data-2", "data-3", "report-worker", "r96", "units-dlq", "v1.1-audit", "v1.1-halt", "BATCH_MAX",
    "Dana", "Ines", "Lou,", "Owen", "Prem", "Tess",
    // little-blue-dots
    "2.0.2", "2.0.3", "2.0.4", "acceptance-tests", "release-train", "staging", "unclaimed-device", "notifyOwner", "pubsub",
    "Joan", "Rahul", "Sam,", "Teo,", "the boss",
    // last-chance
    "android", "tvos", "bytes-repr", "cat-1", "cat-2", "cat-3", "catalogue-api", "cms", "es-1", "es-2", "es-init", "image-1",
    "image-2", "image-3", "image-4", "image-api", "promos", "sync-indices", "r205", "r311", "r312", "r870", "r871", "r872",
    "Eva,", "Jirka", "Naledi", "Pavel", "Tomas",
    // yikes
    "mid003", "mid004", "mid005", "mid006", "mid-hosts", "app-hosts", "c218", "c219", "edge1", "edge2", "edge3", "edge4",
    "listeners", "r5518", "Yikes", "Holger", "Katja", "Leonie", "Malin", "Ondrej",
    // everybody-right
    "console1", "db2", "db3", "db4", "db5", "db6", "db7", "rails-console", "2011-08-22", "activities",
    "track_group_contributions", "user_group_memberships", "DB_MASTER=db", "groups:cleanup", "Ana,", "Henrik", "Jens", "Katrin",
    "Milos", "Priya", "039805",
];

const LINES_MAX: usize = 700;

/// A source file: its path under `src/` with forward slashes, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The lines that are code, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
            .filter(|(_, l)| !l.trim_start().starts_with("//"))
    }

    /// The text before the tests that live in the same file; nothing of a file that holds only tests.
    fn without_tests(&self) -> &str {
        if self.path.ends_with("/tests.rs") || self.path.contains("/tests/") {
            return "";
        }
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = vec![];
    rust_files(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 5, "the sources were not found");
    paths
        .iter()
        .map(|path| {
            let inner = path.strip_prefix(&root).expect("it lies under src").to_string_lossy().replace('\\', "/");
            Source::new(&inner, &fs::read_to_string(path).expect("a source is UTF-8"))
        })
        .collect()
}

/// Holds `rule` against every file, and against a broken example, which it must find fault with.
fn holds(rule: impl Fn(&Source) -> Vec<String>, broken_path: &str, broken_text: &str) {
    let found = rule(&Source::new(broken_path, broken_text));
    assert!(!found.is_empty(), "the rule no longer sees what is wrong with {broken_path}: {broken_text}");
    let faults: Vec<String> = sources().iter().flat_map(&rule).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn upward_names(source: &Source) -> Vec<String> {
    let Some(layer) = LAYERS.iter().position(|layer| source.path.starts_with(&format!("{layer}/"))) else {
        return vec![];
    };
    let above = &LAYERS[layer + 1..];
    if above.is_empty() {
        return vec![];
    }
    let pattern = Regex::new(&format!(r"\b(?:crate|sev1)::({})\b", above.join("|"))).expect("a pattern");
    pattern
        .captures_iter(&source.text)
        .map(|m| format!("{}: `{}` lies above `{}` and may not be named there", source.path, &m[1], LAYERS[layer]))
        .collect()
}

fn grouped_root_imports(source: &Source) -> Vec<String> {
    let found = source.code().filter(|(_, line)| line.contains("use crate::{") || line.contains("use crate::*"));
    found
        .map(|(n, _)| format!("{}:{n}: import each layer's names with a `use crate::LAYER::…` of its own", source.path))
        .collect()
}

fn packages_out_of_place(source: &Source) -> Vec<String> {
    let mut faults = vec![];
    for (package, allowed) in PACKAGES {
        if allowed.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        let pattern =
            Regex::new(&format!(r"\b{package}::|\buse {package}\b|\bderive\({package}\b")).expect("a pattern");
        for (n, _) in source.code().filter(|(_, line)| pattern.is_match(line)) {
            faults.push(format!("{}:{n}: {package} is used by {} only", source.path, allowed.join(", ")));
        }
    }
    faults
}

fn missing_module_docs(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    if first.starts_with("//! ") && first.len() > 10 {
        return vec![];
    }
    vec![format!("{}: begins without `//!`: say what it is and what it must never know", source.path)]
}

fn too_long(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= LINES_MAX {
        return vec![];
    }
    vec![format!("{}: {lines} lines are more than {LINES_MAX}: make it a folder", source.path)]
}

fn ambient_state(source: &Source) -> Vec<String> {
    if !["sim/", "level/", "incident/"].iter().any(|layer| source.path.starts_with(layer)) {
        return vec![];
    }
    let pattern =
        Regex::new(r"\bthread_local!|\bstatic mut\b|\bthread::|\bprintln!|\beprintln!|\bstd::env\b|\bstd::fs\b")
            .expect("a pattern");
    let found = source.code().filter_map(|(n, line)| pattern.find(line).map(|m| (n, m.as_str())));
    found.map(|(n, what)| format!("{}:{n}: `{what}` has no place in a deterministic layer", source.path)).collect()
}

fn bare_allows(source: &Source) -> Vec<String> {
    let found = source.code().filter(|(_, line)| line.contains("[allow("));
    found.map(|(n, _)| format!("{}:{n}: write #[expect(…, reason = \"…\")]", source.path)).collect()
}

/// Ids of the levels that exist and the words of their stories.
fn story_names() -> Vec<String> {
    let mut names: Vec<String> = STORY_WORDS.iter().map(ToString::to_string).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("levels");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".ron") {
            names.push(stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned());
        }
    }
    names
}

fn story_names_in(source: &Source, names: &[String]) -> Vec<String> {
    let text = source.without_tests();
    let found = names.iter().filter(|name| text.contains(name.as_str()));
    found.map(|name| format!("{}: `{name}` belongs to a story; src knows none", source.path)).collect()
}

/// The module of the console that a file belongs to, below the one that holds them all.
fn console_module(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("incident/console/")?;
    let name = inner.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    (!["mod", "tests"].contains(&name)).then_some(name)
}

/// The other modules of the console that a file names.
fn named_by(source: &Source, modules: &[&str]) -> Vec<String> {
    let is_top = source.path.matches('/').count() == 2;
    let text = source.without_tests();
    let path = if is_top { r"\b(?:super|console)::" } else { r"\bconsole::" };
    let one = Regex::new(&format!(r"{path}(\w+)")).expect("a pattern");
    let group = Regex::new(&format!(r"{path}\{{([^}}]*)\}}")).expect("a pattern");
    let single = one.captures_iter(text).map(|found| found[1].to_owned());
    let words = |found: regex::Captures| found[1].split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
    let all = single.chain(group.captures_iter(text).flat_map(words));
    all.filter(|name| modules.contains(&name.as_str()) && console_module(&source.path) != Some(name)).collect()
}

/// A way from a module of the console back to itself.
fn circle(all: &[Source]) -> Option<Vec<String>> {
    let mut modules: Vec<&str> = all.iter().filter_map(|source| console_module(&source.path)).collect();
    modules.sort_unstable();
    modules.dedup();
    let named = |module: &str| {
        let own = all.iter().filter(|source| console_module(&source.path) == Some(module));
        own.flat_map(|source| named_by(source, &modules)).collect::<Vec<String>>()
    };
    let names: BTreeMap<&str, Vec<String>> = modules.iter().map(|module| (*module, named(module))).collect();
    let mut done = BTreeSet::new();
    modules.iter().find_map(|module| back_to_itself(&[(*module).to_owned()], &names, &mut done))
}

/// Goes on from the end of a way to wherever that names; the circle, where one closes.
fn back_to_itself(
    way: &[String],
    names: &BTreeMap<&str, Vec<String>>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    let last = way.last()?.clone();
    for next in names.get(last.as_str()).into_iter().flatten() {
        if let Some(at) = way.iter().position(|known| known == next) {
            return Some(way[at..].iter().chain([next]).cloned().collect());
        }
        if !done.contains(next) {
            let further: Vec<String> = way.iter().chain([next]).cloned().collect();
            if let Some(circle) = back_to_itself(&further, names, done) {
                return Some(circle);
            }
        }
    }
    done.insert(last);
    None
}

#[test]
fn no_two_modules_of_the_console_name_each_other() {
    let broken = [
        ("a", "use super::b::x;"),
        ("b", "use super::{World, c};"),
        ("c", "fn f() { crate::incident::console::a::x() }"),
    ];
    let broken = broken.map(|(name, text)| Source::new(&format!("incident/console/{name}.rs"), text));
    assert!(circle(&broken).is_some(), "the rule no longer sees a circle");
    assert_eq!(circle(&sources()), None);
}

/// The panel of the screen that a file is.
fn panel(source: &Source) -> Option<&str> {
    source.path.strip_prefix("tui/panel/")?.strip_suffix(".rs").filter(|name| *name != "mod")
}

/// The panels that each panel of the screen names.
fn panels(all: &[Source]) -> BTreeMap<&str, Vec<String>> {
    let known: BTreeSet<&str> = all.iter().filter_map(panel).collect();
    let named = Regex::new(r"\b(?:super|panel)::(\w+)").expect("a pattern");
    let names = |source: &Source, own: &str| -> Vec<String> {
        let found = named.captures_iter(source.without_tests()).map(|found| found[1].to_owned());
        found.filter(|other| other != own && known.contains(other.as_str())).collect()
    };
    all.iter().filter_map(|source| panel(source).map(|own| (own, names(source, own)))).collect()
}

#[test]
fn no_two_panels_of_the_screen_name_each_other() {
    let circle = |all: &[Source]| {
        let (names, mut done) = (panels(all), BTreeSet::new());
        names.keys().find_map(|panel| back_to_itself(&[(*panel).to_owned()], &names, &mut done))
    };
    let broken = [("map", "use super::map_list::draw;"), ("map_list", "use crate::tui::panel::map::MapState;")];
    let broken = broken.map(|(name, text)| Source::new(&format!("tui/panel/{name}.rs"), text));
    assert!(circle(&broken).is_some(), "the rule no longer sees a circle");
    assert_eq!(circle(&sources()), None);
}

/// Options of the console's tools that are declared to do something, and that nothing in the tool's folder looks at.
/// Those that change nothing, as with the real tool, are declared with `moot`.
fn options_nobody_looks_at(source: &Source, all: &[Source]) -> Vec<String> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let own = folder(&source.path);
    if !source.path.starts_with("incident/console/") || source.path.ends_with("arguments.rs") {
        return vec![];
    }
    let declared = Regex::new(r#"\b(?:switch|valued|moot|moot_value)\('.', "[^"]*""#).expect("a pattern");
    let family = all.iter().filter(|other| own != "incident/console" && folder(&other.path) == own);
    let texts = family.map(Source::without_tests).chain([source.without_tests()]);
    let rest: String = texts.map(|text| declared.replace_all(text, "").into_owned()).collect();
    let works = Regex::new(r#"\b(?:switch|valued)\('(.)', "([^"]*)""#).expect("a pattern");
    let unread = works.captures_iter(source.without_tests()).filter(|option| {
        let (short, long) = (&option[1], &option[2]);
        let long_forms = [format!("\"{long}\""), format!("\"--{long}")];
        let short_forms = [format!("\"{short}\""), format!("\"-{short}"), format!("'{short}'")];
        let by_long = !long.is_empty() && long_forms.iter().any(|form| rest.contains(form.as_str()));
        let by_short = short != " " && short_forms.iter().any(|form| rest.contains(form.as_str()));
        !by_long && !by_short
    });
    unread
        .map(|option| format!("{}: nothing looks at -{} --{}: do it or refuse it", source.path, &option[1], &option[2]))
        .collect()
}

#[test]
fn an_option_that_is_taken_is_looked_at() {
    let all = sources();
    let broken = "//! A tool.\nconst FLAGS: &[Flag] = &[switch('q', \"quiet\", \"says less\")];\n";
    holds(|source| options_nobody_looks_at(source, &all), "incident/console/tool.rs", broken);
}

#[test]
fn no_layer_names_one_above_it() {
    holds(upward_names, "sim/agenda.rs", "//! Events.\nfn f() { let _ = crate::incident::Mode::Trainee; }");
}

#[test]
fn no_grouped_import_of_the_root_hides_a_layer() {
    holds(grouped_root_imports, "sim/agenda.rs", "use crate::{tui, sim};");
}

#[test]
fn packages_stay_in_their_layer() {
    holds(packages_out_of_place, "incident/mod.rs", "use ratatui::Frame;");
    for (package, _) in PACKAGES {
        let broken = Source::new("sim/mod.rs", &format!("use {package}::X;"));
        assert_eq!(packages_out_of_place(&broken).len(), 1, "{package}");
    }
}

#[test]
fn every_module_says_what_it_is() {
    holds(missing_module_docs, "sim/agenda.rs", "use std::fmt;\n//! Too late.");
}

#[test]
fn no_file_is_too_long_to_read() {
    holds(too_long, "sim/agenda.rs", &"//! x\n".repeat(LINES_MAX + 1));
}

#[test]
fn the_deterministic_layers_have_no_threads_files_or_globals() {
    holds(ambient_state, "level/mod.rs", "fn f() { std::thread::spawn(|| ()); }");
}

#[test]
fn exceptions_to_lints_carry_their_reason() {
    holds(bare_allows, "tui/mod.rs", "#[allow(dead_code)]\nfn f() {}");
}

#[test]
fn no_source_knows_a_story() {
    let names = story_names();
    holds(|source| story_names_in(source, &names), "sim/mod.rs", "if name == \"chat-consumer\" { kill() }");
}

#[test]
fn the_deterministic_layers_switch_their_bans_on() {
    for layer in &LAYERS[..3] {
        let path = format!("{layer}/mod.rs");
        let source = sources().into_iter().find(|source| source.path == path).expect("the layer exists");
        assert!(
            source.text.contains("#![deny(clippy::disallowed_types, clippy::disallowed_methods)]"),
            "{path}: without the deny attribute a HashMap or a clock would slip in"
        );
    }
}
