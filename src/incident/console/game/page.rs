//! What the console says about itself: `help` and `man`, without anything that the level doesn't have.

use crate::incident::console::{Call, Command, FAMILIES, Place, Progress, World, commands, find, nearest};

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
    call.say("NAME");
    call.say(format!("    {} - {}", command.name, command.summary));
    call.say("USAGE");
    call.say(format!("    {}", command.usage));
    if !command.aliases.is_empty() {
        call.say(format!("    also: {}", command.aliases.join(", ")));
    }
    if !command.manual.is_empty() {
        call.say("DESCRIPTION");
        for line in lines_here(command.manual, world) {
            call.say(format!("    {line}").trim_end());
        }
    }
    match command.place {
        Place::Anywhere => {}
        Place::Bastion => call.say_all(["WHERE", "    on the bastion"]),
        Place::Host => call.say_all(["WHERE", "    on a machine: ssh HOST"]),
    }
    Progress::Done(0)
}
