//! `ls`, `rm`, `truncate`, and the lines of a file: what is on a machine's disks by name.

use super::machine::Machine;
use super::{disks, here, texts, tree};
use crate::incident::console::arguments::{Flag, Given, moot, switch, valued};
use crate::incident::console::world::services;
use crate::incident::console::{Call, Progress, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::id::ComponentId;
use crate::sim::log::Record;
use crate::sim::operation::{FileChange, Operation};
use crate::sim::quantity::{Bytes, Time};

/// More lines than these are not shown of one file.
const LINES: usize = 20_000;

fn change(call: &Call, world: &mut dyn World, machine: &Machine, path: &str, change: FileChange) -> Result<(), String> {
    let operation = Operation::File { machine: machine.name.clone(), path: path.to_owned(), change };
    let Some(component) = &machine.component else { return Err("Read-only file system".to_owned()) };
    world.operate(call.who, component, operation).map(|_| ())
}

/// The paths of the files that an operand means, and whether it is a folder.
fn meant(machine: &Machine, operand: &str) -> (Vec<String>, bool) {
    let leaves = tree::leaves(machine);
    let roots = tree::expand(operand, &leaves);
    let known = |path: &str| machine.disks.named(path).is_some();
    let under = |root: &String| leaves.iter().filter(|(path, ..)| tree::is_under(path, root)).collect::<Vec<_>>();
    let is_folder = roots.iter().any(|root| under(root).iter().any(|(path, _, folder)| path != root || *folder));
    let files = roots.iter().flat_map(under).filter(|(path, ..)| known(path));
    (files.map(|(path, ..)| path.clone()).collect(), is_folder && !operand.ends_with('*'))
}

pub const RM: &[Flag] = &[
    switch('r', "recursive", "folders with all that is in them"),
    switch('R', "", "the same"),
    switch('f', "force", "says nothing of what isn't there"),
    switch('v', "verbose", "tells what it deletes"),
];

pub const TRUNCATE: &[Flag] = &[valued('s', "size", "SIZE", "the size to cut it to")];

pub const LS: &[Flag] = &[
    switch('l', "", "with size and time"),
    switch('h', "human-readable", "sizes for people: 14G"),
    moot('a', "all"),
    switch('t', "", "the latest first"),
    switch('S', "", "the largest first"),
    switch('r', "reverse", "in reverse"),
    moot('1', ""),
];

pub fn rm(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), RM) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("rm")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    if given.operands.is_empty() {
        return call.fail("rm: missing operand");
    }
    let deep = given.has("recursive") || given.has("R");
    let mut code = 0;
    for operand in &given.operands {
        let (files, is_folder) = meant(&machine, operand);
        if files.is_empty() {
            let is_there = !tree::expand(operand, &tree::leaves(&machine)).is_empty();
            let why = if is_there { "Operation not permitted" } else { "No such file or directory" };
            if is_there || !given.has("force") {
                call.complain(format!("rm: cannot remove '{operand}': {why}"));
                code = 1;
            }
            continue;
        }
        if is_folder && !deep {
            call.complain(format!("rm: cannot remove '{operand}': Is a directory"));
            code = 1;
            continue;
        }
        for path in files {
            if let Err(why) = change(call, world, &machine, &path, FileChange::Remove) {
                call.complain(format!("rm: cannot remove '{path}': {why}"));
                code = 1;
            } else if given.has("verbose") {
                call.say(format!("removed '{path}'"));
            }
        }
    }
    Progress::Done(code)
}

pub fn truncate(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), TRUNCATE) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("truncate")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let Some(size) = given.value("size") else {
        return call.fail("truncate: you must specify either '--size' or '--reference'");
    };
    let bytes = match size.parse::<u64>() {
        Ok(bytes) => Bytes(bytes),
        Err(_) => match size.parse::<Bytes>() {
            Ok(bytes) => bytes,
            Err(_) => return call.fail(format!("truncate: Invalid number: '{size}'")),
        },
    };
    if given.operands.is_empty() {
        return call.fail("truncate: missing file operand");
    }
    for operand in &given.operands {
        let (files, is_folder) = meant(&machine, operand);
        if is_folder || files.is_empty() {
            let why = if is_folder { "Is a directory" } else { "No such file or directory" };
            return call.fail(format!("truncate: cannot open '{operand}' for writing: {why}"));
        }
        for path in files {
            if let Err(why) = change(call, world, &machine, &path, FileChange::Truncate(bytes)) {
                return call.fail(format!("truncate: cannot open '{path}' for writing: {why}"));
            }
        }
    }
    Progress::Done(0)
}

/// `> FILE` on a machine: the file is cut to nothing. Returns whether this was a file of the machine.
pub fn overwrite(call: &mut Call, world: &mut dyn World, path: &str, adds: bool) -> Option<Progress> {
    let machine = here(call, world).ok()?;
    machine.disks.named(path)?;
    if adds {
        return Some(Progress::Done(0));
    }
    Some(match change(call, world, &machine, path, FileChange::Truncate(Bytes(0))) {
        Ok(()) => Progress::Done(0),
        Err(why) => call.fail(format!("bash: {path}: {why}")),
    })
}

pub fn ls(call: &mut Call, world: &dyn World) -> Progress {
    let given = match Given::read(call.arguments(), LS) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("ls")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let leaves = tree::leaves(&machine);
    let mut operands = given.operands.clone();
    if operands.is_empty() {
        operands.push("/".to_owned());
    }
    let mut entries: Vec<(String, Bytes, bool)> = vec![];
    for operand in &operands {
        let roots = tree::expand(operand, &leaves);
        if roots.is_empty() {
            call.complain(format!("ls: cannot access '{operand}': No such file or directory"));
            return Progress::Done(2);
        }
        for root in roots {
            children(&root, &leaves, &mut entries);
        }
    }
    let written = |path: &str| machine.written.iter().find(|file| file.path == path);
    let changed = |path: &str| match (machine.disks.named(path), written(path)) {
        (Some(file), _) => machine.disks.files[file].changed,
        (None, Some(file)) => file.changed,
        (None, None) => machine.booted,
    };
    if given.has("t") {
        entries.sort_by_key(|(path, ..)| std::cmp::Reverse(changed(path)));
    }
    if given.has("S") {
        entries.sort_by_key(|(_, size, _)| std::cmp::Reverse(*size));
    }
    if given.has("reverse") {
        entries.reverse();
    }
    for (path, size, is_folder) in entries {
        let name = path.rsplit('/').next().unwrap_or_default();
        if !given.has("l") {
            call.say(name);
            continue;
        }
        let stamp = world.clock().listed(changed(&path));
        let (mode, owner, size) = match written(&path) {
            Some(file) => (file.mode, file.owner, size),
            None if is_folder => ("drwxr-xr-x", "root root", Bytes(4096)),
            None => ("-rw-r--r--", "root root", size),
        };
        let size = if given.has("human-readable") { disks::human(size) } else { size.0.to_string() };
        call.say(format!("{mode} 1 {owner} {size:>11} {stamp} {name}"));
    }
    Progress::Done(0)
}

/// What stands directly in a folder; a file stands for itself.
fn children(root: &str, leaves: &[tree::Leaf], into: &mut Vec<(String, Bytes, bool)>) {
    let base = root.trim_end_matches('/');
    for (path, size, is_folder) in leaves.iter().filter(|(path, ..)| tree::is_under(path, root)) {
        let rest = path.strip_prefix(base).unwrap_or_default().trim_start_matches('/');
        let entry = match rest.split_once('/') {
            _ if rest.is_empty() => (path.clone(), *size, *is_folder),
            Some((first, _)) => (format!("{base}/{first}"), Bytes(0), true),
            None => (path.clone(), *size, *is_folder),
        };
        if !into.iter().any(|(known, ..)| *known == entry.0) {
            into.push(entry);
        }
    }
}

/// The lines of a file of a machine, where it is a text.
pub fn read(host: &str, path: &str, world: &dyn World) -> Option<Vec<String>> {
    let machine = super::all(world).into_iter().find(|machine| machine.name == host)?;
    if let Some(lines) = texts::of(&machine, path, world) {
        return Some(lines);
    }
    let file = machine.disks.named(path).map(|number| &machine.disks.files[number]);
    // Of a machine whose disks nobody describes the logs are known all the same.
    let since = file.map_or(Time::from_micros(i64::MIN / 2), |file| file.since);
    let mut lines: Vec<String> = file.iter().flat_map(|file| file.text.lines()).map(str::to_owned).collect();
    let mut is_there = file.is_some();
    for (component, service) in services(world) {
        let writes = service.settings.logs.as_deref() == Some(path);
        let number = service.instances.iter().position(|instance| writes && *instance.name == *machine.name);
        let Some(number) = number else { continue };
        is_there |= machine.component.is_none();
        let log = world.system().log(ComponentId(component as u8));
        let own = log.iter().rev().take_while(|record| record.at >= since);
        let own = own.filter(|record| record.instance as usize == number).take(LINES);
        let mut own: Vec<String> = own
            .map(|record| {
                let stamp = world.clock().iso(record.at);
                format!("{stamp} {:<5} {}", record.severity.word(), world.system().line(record))
            })
            .collect();
        own.reverse();
        lines.extend(own);
    }
    is_there.then_some(lines)
}

/// What the processes of a machine that have no log of their own have written: the journal of systemd keeps it.
pub fn to_the_journal(machine: &Machine, unit: Option<&str>, world: &dyn World) -> Vec<(Time, String)> {
    let mut lines = vec![];
    for resident in &machine.residents {
        let Some(of) = resident.unit.as_ref().filter(|of| of.is_systemd) else { continue };
        let known = services(world).find(|(component, _)| *component == resident.component);
        let Some((component, service)) = known.filter(|(_, service)| service.settings.logs.is_none()) else { continue };
        let Some(number) = service.instances.iter().position(|instance| *instance.name == *machine.name) else {
            continue;
        };
        if unit.is_some_and(|unit| unit != of.name) {
            continue;
        }
        let log = world.system().log(ComponentId(component as u8));
        let own = log.iter().rev().filter(|record| record.instance as usize == number).take(2_000);
        let says = |record: &Record| format!("{}[{}]: {}", of.name, resident.pid, world.system().line(record));
        lines.extend(own.map(|record| (record.at, says(record))));
    }
    lines
}

/// The paths that could stand at the cursor.
pub fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let host = typed.host.unwrap_or_default();
    let Some(machine) = super::all(world).into_iter().find(|machine| machine.name == host) else { return vec![] };
    let files = machine.disks.files.iter().filter(|file| file.is_linked);
    let own = machine.texts.iter().map(|path| candidate(path.clone(), "text"));
    files.map(|file| candidate(file.path.to_string(), disks::human(file.size))).chain(own).collect()
}
