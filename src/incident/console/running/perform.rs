//! One command at its moment: found in the table, run where it can be, or refused with what was probably meant.

use super::{FOLLOW, READ};
use crate::incident::console::{
    Call, Command, Options, Place, Progress, Runs, World, code, commands, database, eb, filters, find, host, nearest,
    options, sessions,
};
use crate::sim::quantity::Span;

/// Runs one command at its moment, or says why there is none.
pub(super) fn perform(call: &mut Call, world: &mut dyn World) -> Progress {
    let name = call.words[0].clone();
    if name == READ {
        let file = call.words.get(1).cloned().unwrap_or_default();
        let lines = file_of(call, &file, world);
        let Some(lines) = lines else { return Progress::Done(1) };
        call.say_all(lines);
        return Progress::Done(0);
    }
    if name == FOLLOW {
        return follow(call, world);
    }
    let known = find(&name).filter(|command| (command.exists)(world));
    let Some(command) = known else {
        return sessions::command(call, world).unwrap_or_else(|| unknown(call, &name, world));
    };
    match (command.place, call.host) {
        (Place::Bastion, Some(host)) => {
            let line = format!("bash: {name}: command not found on {host} (it is on the bastion: exit)");
            call.complain(line);
            Progress::Done(127)
        }
        (Place::Host, None) => {
            call.complain(format!("{name}: this is the bastion, nothing runs here; log in first: ssh HOST {name}"));
            Progress::Done(1)
        }
        _ => match &command.runs {
            Runs::Command(run) | Runs::Shell(run) => told_or(*run, command, call, world),
            Runs::Filter(_) => call.fail(format!("{name}: can't be run here")),
        },
    }
}

/// The lines of a file. A machine has files of its own; where engineers work lie those that were kept, and the code.
fn file_of(call: &Call, file: &str, world: &dyn World) -> Option<Vec<String>> {
    match call.host {
        Some(on) => eb::file(world, on, file)
            .or_else(|| code::read(Some(on), file, world))
            .or_else(|| host::read(on, file, world))
            .or_else(|| database::file(world, on, file))
            .or_else(|| host::file(on, file, world)),
        None => call.files.get(file).cloned().or_else(|| code::read(None, file, world)),
    }
}

/// `tail -f`: the last lines, then once a second what has been added.
fn follow(call: &mut Call, world: &dyn World) -> Progress {
    let Some((file, options)) = call.arguments().split_last() else { return Progress::Done(1) };
    let Some(lines) = file_of(call, file, world) else {
        return call.fail(format!("tail: cannot open '{file}' for reading: No such file or directory"));
    };
    let seen = call.kept.first().and_then(|count| count.parse::<usize>().ok());
    let new = match seen {
        None => match filters::last(options, &lines) {
            Ok(last) => last,
            Err(error) => return call.fail(error),
        },
        Some(seen) if seen > lines.len() => {
            call.complain(format!("tail: {file}: file truncated"));
            lines.clone()
        }
        Some(seen) => lines[seen..].to_vec(),
    };
    *call.kept = vec![lines.len().to_string()];
    call.say_all(new);
    Progress::Again(Span::from_seconds(1))
}

/// Runs a command whose options are in order; `--help` says how it is written.
fn told_or(
    run: fn(&mut Call, &mut dyn World) -> Progress,
    command: &Command,
    call: &mut Call,
    world: &mut dyn World,
) -> Progress {
    let reads_all = matches!(command.options, Options::Own);
    if call.words.get(1).is_some_and(|word| word == "--help") && !reads_all {
        call.say_all([format!("Usage: {}", command.usage), format!("  {}", command.summary)]);
        call.say_all(command.options.listed().iter().map(|line| format!("    {line}")));
        call.say(format!("  more: man {}", command.name));
        return Progress::Done(0);
    }
    match options::unknown(command, call.words) {
        Some(error) => call.fail(error),
        None => run(call, world),
    }
}

fn unknown(call: &mut Call, name: &str, world: &dyn World) -> Progress {
    call.complain(format!("bash: {name}: command not found"));
    let fits = |place| place == Place::Anywhere || (place == Place::Host) == call.host.is_some();
    let names = commands().filter(|c| fits(c.place) && (c.exists)(world)).map(|c| c.name);
    let hint = match nearest(name, names) {
        Some(near) => format!("did you mean: {near}? `help` lists what there is"),
        None => "`help` lists what there is".to_owned(),
    };
    call.complain(hint);
    Progress::Done(127)
}
