//! What the console says about itself: `help` and `man`, without anything that the level doesn't have.

use crate::incident::console::complete::complete;
use crate::incident::console::{Call, Command, FAMILIES, Place, Progress, World, commands, find, host, nearest};
use crate::incident::view::Candidate;

pub(super) fn help(call: &mut Call, world: &mut dyn World) -> Progress {
    let Some(name) = call.arguments().first() else { return overview(call, world) };
    let Some(command) = find(name).filter(|command| (command.exists)(world)) else {
        let line = missing(name, world);
        return call.fail(line);
    };
    call.say(format!("usage: {}", command.usage));
    call.say(format!("  {}", command.summary));
    if !command.aliases.is_empty() {
        call.say(format!("  also: {}", command.aliases.join(", ")));
    }
    call.say(format!("  more: man {}", command.name));
    Progress::Done(0)
}

fn overview(call: &mut Call, world: &dyn World) -> Progress {
    for (title, family) in FAMILIES {
        let here: Vec<&Command> = family.iter().filter(|command| (command.exists)(world)).collect();
        if here.is_empty() {
            continue;
        }
        call.say(format!("{title}:"));
        for command in here {
            call.say(format!("  {:<14}{}", command.name, command.summary));
        }
    }
    call.say(format!("`man COMMAND` says more; Tab completes; lines can be piped: {}", example(world)));
    Progress::Done(0)
}

/// Lines with a pipe in them, of which the first is shown whose tool is here.
const EXAMPLES: [&str; 7] = [
    "kubectl get pods | grep -v Running | wc -l",
    "rabbitmqctl -q list_queues name messages_ready | sort -k2 -nr | head -3",
    "aws elb describe-instance-health | grep OutOfService",
    "eb events | grep WARN | tail -3",
    "mysql -e 'SHOW PROCESSLIST' | grep -v Sleep | wc -l",
    "git log --oneline | head -3",
    "history | tail -3",
];

fn example(world: &dyn World) -> &'static str {
    let is_here = |line: &&str| {
        let name = line.split(' ').next().and_then(find);
        name.is_some_and(|command| (command.exists)(world))
    };
    EXAMPLES.into_iter().find(is_here).unwrap_or_default()
}

fn missing(name: &str, world: &dyn World) -> String {
    let names = commands().filter(|c| (c.exists)(world)).map(|c| c.name);
    match nearest(name, names) {
        Some(near) => format!("there is no `{name}` here; did you mean {near}?"),
        None => format!("there is no `{name}` here; `help` lists what there is"),
    }
}

/// The lines of a manual, without paragraphs and examples of tools that aren't here.
fn lines_here(manual: &'static str, world: &dyn World) -> Vec<&'static str> {
    let is_missing = |name: &str| find(name).is_some_and(|command| !(command.exists)(world));
    let speaks_of_missing = |line: &str| {
        let quoted = line.split('`').skip(1).step_by(2).filter_map(|piece| piece.split_whitespace().next());
        quoted.chain(line.split_whitespace().next()).any(is_missing)
    };
    let mut lines: Vec<&str> = manual.lines().filter(|line| !speaks_of_missing(line)).collect();
    lines.dedup_by(|later, earlier| later.is_empty() && earlier.is_empty());
    lines
}

pub(super) fn manual(call: &mut Call, world: &mut dyn World) -> Progress {
    let Some(name) = call.arguments().first() else {
        return call.fail("What manual page do you want? For example: man man");
    };
    let Some(command) = find(name).filter(|command| (command.exists)(world)) else {
        let line = format!("No manual entry for {name}: {}", missing(name, world));
        return call.fail(line);
    };
    let mut lines = vec!["NAME".to_owned(), format!("    {} - {}", command.name, command.summary)];
    lines.extend(["USAGE".to_owned(), format!("    {}", command.usage)]);
    if !command.aliases.is_empty() {
        lines.push(format!("    also: {}", command.aliases.join(", ")));
    }
    let (text, examples) = parted(&lines_here(command.manual, world));
    section(&mut lines, "OPTIONS", command.options.listed());
    let own = (command.page)(world);
    let text = text.into_iter().map(str::to_owned).chain([String::new()]).chain(own);
    section(&mut lines, "DESCRIPTION", text.collect());
    let machines: Vec<String> = match command.place {
        Place::Host => host::hosts(world).into_iter().map(|machine| machine.word).collect(),
        _ => vec![],
    };
    section(&mut lines, "EXAMPLES", examples.into_iter().map(|line| filled(line, &machines, call, world)).collect());
    match command.place {
        Place::Anywhere => {}
        Place::Bastion => section(&mut lines, "WHERE", vec!["on the bastion".to_owned()]),
        Place::Host => section(&mut lines, "WHERE", vec!["on a machine: ssh HOST".to_owned()]),
    }
    call.say_all(lines);
    Progress::Done(0)
}

/// A part of a page, where there is anything in it; without empty lines around it and with no two together.
fn section(page: &mut Vec<String>, title: &str, mut lines: Vec<String>) {
    lines.dedup_by(|later, earlier| later.is_empty() && earlier.is_empty());
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let skipped = lines.iter().take_while(|line| line.is_empty()).count();
    if skipped < lines.len() {
        page.push(title.to_owned());
        page.extend(lines[skipped..].iter().map(|line| format!("    {line}").trim_end().to_owned()));
    }
}

/// The text of a manual, and its examples: paragraphs of nothing but lines to type.
fn parted<'a>(lines: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut text, mut examples) = (vec![], vec![]);
    for paragraph in lines.split(|line| line.is_empty()) {
        if paragraph.iter().all(|line| is_example(line)) {
            examples.extend(paragraph);
        } else {
            text.extend(paragraph);
            text.push("");
        }
    }
    (text, examples)
}

/// Whether a line of a manual is one to type, and no sentence.
fn is_example(line: &str) -> bool {
    let name = line.split(' ').next().unwrap_or_default();
    !line.ends_with('.') && find(name).is_some()
}

/// What stands in examples for something that every level has another of.
const PLACEHOLDERS: [&str; 14] = [
    "HOST",
    "GROUP",
    "NAME",
    "POD",
    "NODE",
    "UNIT",
    "SERVICE",
    "VERSION",
    "QUEUE",
    "ENVIRONMENT",
    "SERVER",
    "MODULE",
    "JOB",
    "PERSON",
];

/// An example with what there is in this level, as Tab would complete it; what can't be known stays as it is.
fn filled(line: &str, machines: &[String], call: &Call, world: &dyn World) -> String {
    let mut line = line.to_owned();
    let mut from = 0;
    while let Some((at, word)) = placeholder(&line, from) {
        from = at + word.len();
        let hosts = machines.iter().map(|name| Some(name.as_str()));
        let hosts: Vec<Option<&str>> = if machines.is_empty() { vec![None] } else { hosts.collect() };
        let found = hosts.into_iter().find_map(|host| {
            let completion = complete(&line[..at], at, host, call.entries, world);
            let begun = line.get(completion.start..at).unwrap_or_default().to_owned();
            let fits = |one: &&Candidate| one.word.starts_with(&begun) && !one.word.starts_with('-');
            completion.candidates.iter().find(fits).map(|one| (completion.start, one.word.clone()))
        });
        if let Some((start, word)) = found {
            line.replace_range(start..from, &word);
            from = start + word.len();
        }
    }
    line
}

/// The next placeholder of a line, and where it stands.
fn placeholder(line: &str, from: usize) -> Option<(usize, &'static str)> {
    let is_alone = |at: usize, word: &str| {
        let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        !is_part(at.checked_sub(1).and_then(|before| line.as_bytes().get(before)))
            // A head of a column, or the first part of a metric's name, stands for itself.
            && line.as_bytes().get(at + word.len()).is_none_or(|byte| !b":.".contains(byte))
            && !is_part(line.as_bytes().get(at + word.len()))
    };
    let places = |word: &'static str| line.match_indices(word).map(move |(at, _)| (at, word));
    let all = PLACEHOLDERS.into_iter().flat_map(places);
    all.filter(|(at, word)| *at >= from && is_alone(*at, word)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_typed_is_told_from_what_is_to_be_read() {
        let lines = [
            "logs POD   what it has written",
            "get TYPE   a table",
            "",
            "head -3 does it.",
            "",
            "date",
            "git log | head -3",
        ];
        let (text, examples) = parted(&lines);
        assert_eq!(text, [&lines[..2], &[""], &lines[3..4], &[""]].concat());
        assert_eq!(examples, lines[5..]);
    }

    #[test]
    fn a_placeholder_stands_by_itself() {
        let found = |line| placeholder(line, 0);
        assert_eq!(found("ssh HOST 'df -h'"), Some((4, "HOST")));
        assert_eq!(found("kubectl rollout undo deployment/NAME"), Some((32, "NAME")));
        assert_eq!(found("rate(NAME.restarts[2m])"), None);
        assert_eq!(found("-o custom-columns=POD:.metadata.name"), None);
        assert_eq!(found("HOSTS and RENAME"), None);
    }
}
