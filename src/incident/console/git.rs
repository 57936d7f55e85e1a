//! `git`: what was changed when, by whom, and how.
//!
//! The repository's revisions are the versions of the services. What a change consists of is known where a level has the
//! files of a version, or a document that shows the difference.

use super::deploy::{Change, changes, hash, names, thought_of};
use super::world::services;
use super::{Call, Command, Place, Progress, Runs, Typed, World, candidate, diff, nearest, nothing};
use crate::incident::view::Candidate;
use crate::sim::component::service::settings::Version;
use crate::sim::quantity::Span;

pub const COMMANDS: &[Command] = &[Command {
    name: "git",
    usage: "git log [--oneline] [-p|--stat] [-n COUNT] [SERVICE] | git show [--stat] REVISION[:PATH] | git diff [--stat] REVISION REVISION",
    summary: "what was changed when, and by whom",
    manual: "A revision is a version, its tag (SERVICE-VERSION), the first digits of its hash, or HEAD, the latest. git show REVISION:PATH prints a file.\n\ngit log --oneline\ngit log SERVICE",
    place: Place::Bastion,
    takes: Span::from_millis(100),
    exists: |world| services(world).next().is_some(),
    runs: Runs::Command(git),
    complete,
    ..Command::PLAIN
}];

/// Verbs of the real one that have nothing to work on here, and what does instead.
const ELSEWHERE: [(&[&str], &str); 3] = [
    (&["revert", "checkout", "reset", "cherry-pick", "merge"], "another version runs by `deploy SERVICE VERSION`"),
    (&["push", "pull", "fetch", "clone", "commit", "add"], "whoever writes a version brings it: ask them"),
    (&["blame", "bisect", "grep", "status", "branch", "tag"], "log, show and diff look at what there is"),
];

fn git(call: &mut Call, world: &mut dyn World) -> Progress {
    let words: Vec<String> = call.arguments().to_vec();
    let Some((verb, rest)) = words.split_first() else {
        return call.fail("usage: git log [SERVICE] | git show REVISION | git diff REVISION REVISION");
    };
    let asked = match read(verb, rest) {
        Ok(asked) => asked,
        Err(error) => {
            call.complain_all(error.lines());
            return Progress::Done(if error.starts_with("fatal") { 128 } else { 1 });
        }
    };
    let done = match verb.as_str() {
        "log" => log(call, &asked, world),
        "show" => show(call, &asked, world),
        _ => compare(call, &asked, world),
    };
    match done {
        Ok(()) => Progress::Done(0),
        Err(error) => {
            call.complain(error);
            Progress::Done(128)
        }
    }
}

/// What is asked for.
#[derive(Default)]
struct Asked {
    oneline: bool,
    stat: bool,
    patch: bool,
    only_names: bool,
    most: Option<usize>,
    revisions: Vec<String>,
}

fn read(verb: &str, words: &[String]) -> Result<Asked, String> {
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(names, _)| names.contains(&verb)) {
        return Err(format!("git {verb} can't be used here: {instead}"));
    }
    if !["log", "show", "diff"].contains(&verb) {
        let near = nearest(verb, ["log", "show", "diff"]);
        let hint = near.map_or(String::new(), |near| format!("\n\nThe most similar command is\n\t{near}"));
        return Err(format!("git: '{verb}' is not a git command here: log, show, diff.{hint}"));
    }
    let mut asked = Asked { patch: verb != "log", ..Asked::default() };
    let mut given = words.iter();
    while let Some(word) = given.next() {
        match word.as_str() {
            "--oneline" if verb != "diff" => asked.oneline = true,
            "--stat" => (asked.stat, asked.patch) = (true, false),
            "-p" | "-u" | "--patch" => asked.patch = true,
            "--name-only" => (asked.only_names, asked.patch) = (true, false),
            "-s" | "--no-patch" if verb == "show" => asked.patch = false,
            // Tags are shown in any case; nothing here goes through a pager or has a colour.
            "--decorate" | "--no-pager" | "--no-color" | "--" => {}
            "-n" if verb == "log" => {
                let count = given.next().map(|count| count.parse());
                asked.most = Some(count.and_then(Result::ok).ok_or("fatal: -n requires a number")?);
            }
            _ if word.starts_with('-') => match word[1..].trim_start_matches('n').parse() {
                Ok(count) if verb == "log" => asked.most = Some(count),
                _ => return Err(format!("fatal: unrecognized argument: {word}")),
            },
            _ => asked.revisions.push(word.clone()),
        }
    }
    Ok(asked)
}

fn log(call: &mut Call, asked: &Asked, world: &dyn World) -> Result<(), String> {
    let mut all = changes(world);
    let of = asked.revisions.first();
    if let Some(of) = of.filter(|of| all.iter().all(|change| change.service != **of)) {
        return Err(unknown(of, world));
    }
    all.sort_by_key(|change| std::cmp::Reverse(change.committed));
    // What nobody has written yet isn't in the log.
    let seen = all.iter().filter(|change| change.at.is_some() && of.is_none_or(|of| change.service == of));
    for (index, change) in seen.take(asked.most.unwrap_or(usize::MAX)).enumerate() {
        if index > 0 && !asked.oneline {
            call.say("");
        }
        head(call, change, asked.oneline, world);
        differences(call, asked, before(change, world).as_ref(), change, world);
    }
    Ok(())
}

/// Who did it, when, and why.
fn head(call: &mut Call, change: &Change, oneline: bool, world: &dyn World) {
    let hash = hash(change.service, &change.version.name);
    if oneline {
        call.say(format!("{hash} {}: {} ({})", change.service, change.version.note, change.version.name));
        return;
    }
    let deployed = if change.runs { ", deployed" } else { "" };
    call.say(format!("commit {hash} (tag: {}-{}{deployed})", change.service, change.version.name));
    if !change.version.author.is_empty() {
        call.say(format!("Author: {}", change.version.author));
    }
    if let Some(at) = change.committed {
        call.say(format!("Date:   {}", world.clock().git(at)));
    }
    call.say("");
    call.say(format!("    {}: {}", change.service, change.version.note));
}

fn unknown(wanted: &str, world: &dyn World) -> String {
    let all = thought_of(world);
    let near = nearest(wanted, all.iter().flat_map(|change| [change.version.name.as_str(), change.service]));
    let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
    format!("fatal: ambiguous argument '{wanted}': unknown revision or path not in the working tree.{hint}")
}

/// The version that a revision means.
fn revision<'a>(wanted: &str, world: &'a dyn World) -> Result<Change<'a>, String> {
    let mut all = thought_of(world);
    if wanted == "HEAD" {
        all.retain(|change| change.at.is_some());
        all.sort_by_key(|change| change.committed);
        return all.pop().ok_or_else(|| unknown(wanted, world));
    }
    let is = |change: &Change| {
        change.version.name == wanted
            || format!("{}-{}", change.service, change.version.name) == wanted
            || (wanted.len() >= 4 && hash(change.service, &change.version.name).starts_with(wanted))
    };
    // Where two services have a version of one name, the one is meant whose code is known.
    let found = all.iter().position(|change| is(change) && !change.version.files.is_empty());
    let found = found.or_else(|| all.iter().position(is));
    found.map(|at| all.swap_remove(at)).ok_or_else(|| unknown(wanted, world))
}

/// The version of the same service that was written before.
fn before<'a>(change: &Change, world: &'a dyn World) -> Option<Change<'a>> {
    let own = changes(world).into_iter().filter(|other| other.service == change.service);
    let own: Vec<Change> = own.filter(|other| other.version.name != change.version.name).collect();
    match change.committed {
        Some(at) => own
            .into_iter()
            .filter(|other| other.committed.is_some_and(|other| other < at))
            .max_by_key(|other| other.committed),
        // What isn't deployed yet is written on top of what runs.
        None => own.into_iter().find(|other| other.runs),
    }
}

fn show(call: &mut Call, asked: &Asked, world: &dyn World) -> Result<(), String> {
    for wanted in
        if asked.revisions.is_empty() { vec!["HEAD"] } else { asked.revisions.iter().map(String::as_str).collect() }
    {
        if let Some((wanted, path)) = wanted.split_once(':') {
            let change = revision(wanted, world)?;
            let found = texts(&change).into_iter().find(|(known, _)| *known == path);
            let (_, text) = found.ok_or_else(|| format!("fatal: path '{path}' does not exist in '{wanted}'"))?;
            call.say_all(text.lines());
            continue;
        }
        let change = revision(wanted, world)?;
        head(call, &change, asked.oneline, world);
        differences(call, asked, before(&change, world).as_ref(), &change, world);
    }
    Ok(())
}

/// `git diff A B`, `git diff A..B`; with one revision, against what runs.
fn compare(call: &mut Call, asked: &Asked, world: &dyn World) -> Result<(), String> {
    let names: Vec<&str> =
        asked.revisions.iter().flat_map(|word| word.split("..")).filter(|name| !name.is_empty()).collect();
    let (old, new) = match names.as_slice() {
        [old, new] => (revision(old, world)?, revision(new, world)?),
        [old] => {
            let old = revision(old, world)?;
            let new = changes(world).into_iter().find(|change| change.service == old.service && change.runs);
            let new = new.ok_or_else(|| unknown(names[0], world))?;
            (old, new)
        }
        _ => return Err("usage: git diff REVISION REVISION".to_owned()),
    };
    if texts(&old).is_empty() && texts(&new).is_empty() {
        let why = "their source isn't at hand: git show REVISION says what each is";
        return Err(format!("fatal: {} and {}: {why}", old.version.name, new.version.name));
    }
    differences(call, asked, Some(&old), &new, world);
    Ok(())
}

/// The files of a version.
fn texts<'a>(change: &Change<'a>) -> Vec<(&'a str, &'a str)> {
    let version: &'a Version = change.version;
    version.files.iter().map(|file| (file.path.as_str(), file.text.trim_end())).collect()
}

/// What differs between two versions, in the form that is asked for.
fn differences(call: &mut Call, asked: &Asked, old: Option<&Change>, new: &Change, world: &dyn World) {
    if !(asked.patch || asked.stat || asked.only_names) {
        return;
    }
    let (before, after) = (old.map(texts).unwrap_or_default(), texts(new));
    let document = world.document(&format!("diff {}", new.version.name)).filter(|_| asked.patch && after.is_empty());
    if let Some(text) = document {
        call.say("");
        call.say_all(text.lines());
        return;
    }
    // What a version was made of before its files are known isn't known either.
    if before.is_empty() && old.is_some() {
        return;
    }
    let mut paths: Vec<&str> = before.iter().chain(&after).map(|(path, _)| *path).collect();
    paths.sort_unstable();
    paths.dedup();
    let lines = |texts: &[(&str, &'_ str)], path: &str| -> Vec<String> {
        let found = texts.iter().find(|(known, _)| *known == path);
        found.map(|(_, text)| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    };
    let mut rows = vec![];
    for path in paths {
        let (was, is) = (lines(&before, path), lines(&after, path));
        if was == is {
            continue;
        }
        let (was, is): (Vec<&str>, Vec<&str>) =
            (was.iter().map(String::as_str).collect(), is.iter().map(String::as_str).collect());
        if asked.patch {
            call.say("");
            patch(call, path, &was, &is);
        }
        rows.push((path.to_owned(), diff::counts(&was, &is)));
    }
    if asked.only_names {
        call.say_all(rows.iter().map(|(path, _)| path.clone()));
    }
    if asked.stat && !rows.is_empty() {
        summary(call, &rows);
    }
}

fn patch(call: &mut Call, path: &str, was: &[&str], is: &[&str]) {
    let side =
        |name: char, lines: &[&str]| if lines.is_empty() { "/dev/null".to_owned() } else { format!("{name}/{path}") };
    call.say(format!("diff --git a/{path} b/{path}"));
    if was.is_empty() {
        call.say("new file mode 100644");
    } else if is.is_empty() {
        call.say("deleted file mode 100644");
    }
    call.say(format!("--- {}", side('a', was)));
    call.say(format!("+++ {}", side('b', is)));
    call.say_all(diff::unified(was, is));
}

/// ` resources/image.py | 3 ++-`, and the sum.
fn summary(call: &mut Call, rows: &[(String, (usize, usize))]) {
    let width = rows.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
    for (path, (new, gone)) in rows {
        call.say(format!(" {path:<width$} | {} {}{}", new + gone, "+".repeat(*new), "-".repeat(*gone)));
    }
    let (new, gone) = rows.iter().fold((0, 0), |sum, (_, (new, gone))| (sum.0 + new, sum.1 + gone));
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let part = |count: usize, what: &str| {
        if count > 0 { format!(", {count} {what}{}", plural(count)) } else { String::new() }
    };
    let sign = |count: usize, sign: &str| if count > 0 { sign.to_owned() } else { String::new() };
    let (news, gones) = (part(new, "insertion") + &sign(new, "(+)"), part(gone, "deletion") + &sign(gone, "(-)"));
    let line = format!(" {} file{} changed{news}{gones}", rows.len(), plural(rows.len()));
    call.say(line);
}

fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    match typed.before.get(1).map(String::as_str) {
        None => vec![
            candidate("log", "what was changed when"),
            candidate("show", "one change"),
            candidate("diff", "what differs between two versions"),
        ],
        Some("log") => {
            let mut all = names(world);
            all.push(candidate("--oneline", "flag: a line each"));
            all
        }
        Some("show" | "diff") => {
            thought_of(world).iter().map(|c| candidate(c.version.name.clone(), c.version.note.clone())).collect()
        }
        Some(_) => nothing(typed, world),
    }
}
