//! `df`, `du`, `lsof`: how full the disks of a machine are, what is on them, and who holds what open.

use super::machine::{Machine, Resident};
use super::{here, tree};
use crate::incident::console::arguments::{Flag, Given, moot, switch, valued};
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::hosts::disk::Volume;
use crate::sim::quantity::Bytes;

/// A size as GNU tools print it for people: powers of 1024, rounded up, one decimal below ten.
pub fn human(bytes: Bytes) -> String {
    scaled(bytes.0, 1024)
}

/// A number in powers of `base`, rounded up, with one decimal below ten.
fn scaled(number: u64, base: u64) -> String {
    let units = ["", if base == 1000 { "k" } else { "K" }, "M", "G", "T"];
    let mut unit = 0;
    let mut scale = 1_u64;
    while number.div_ceil(scale) >= base && unit + 1 < units.len() {
        scale *= base;
        unit += 1;
    }
    let tenths = (u128::from(number) * 10).div_ceil(u128::from(scale)) as u64;
    match (unit, tenths) {
        (0, _) => number.to_string(),
        (_, 0..100) => format!("{}.{}{}", tenths / 10, tenths % 10, units[unit]),
        _ => format!("{}{}", number.div_ceil(scale), units[unit]),
    }
}

fn percent(volume: &Volume) -> String {
    format!("{}%", volume.percent())
}

pub const DF: &[Flag] = &[
    switch('h', "human-readable", "for people: 14G"),
    switch('H', "si", "the same in powers of 1000"),
    switch('T', "print-type", "with the file systems' types"),
    switch('i', "inodes", "inodes instead of blocks"),
    moot('k', ""),
    moot('l', "local"),
];

pub fn df(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), DF) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("df")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let mut rows = vec![];
    for (index, volume) in machine.disks.volumes.iter().enumerate() {
        let asked = |path: &String| machine.disks.volume_of(path) == Some(index);
        if given.operands.is_empty() || given.operands.iter().any(asked) {
            let (size, used, free) = (volume.size.0, volume.used.0, volume.free().0);
            let names = [volume.device.to_string(), "ext4".to_owned(), volume.mount.to_string()];
            rows.push(Filesystem { names, bytes: [size, used, free], percent: percent(volume) });
        }
    }
    if machine.disks.volumes.is_empty() {
        // A machine of which nobody says what its disk holds has a usual one.
        let names = ["/dev/root", "ext4", "/"].map(str::to_owned);
        rows.push(Filesystem { names, bytes: [94 << 30, 21 << 30, 73 << 30], percent: "23%".to_owned() });
    }
    if given.operands.is_empty() {
        let half = machine.memory.0 / 2;
        let names = ["tmpfs", "tmpfs", "/dev/shm"].map(str::to_owned);
        rows.push(Filesystem { names, bytes: [half, 0, half], percent: "0%".to_owned() });
    }
    call.say_all(listed(&rows, &given));
    Progress::Done(0)
}

/// A row of `df`.
struct Filesystem {
    /// The device, the type, where it is mounted.
    names: [String; 3],
    /// All, used, free.
    bytes: [u64; 3],
    percent: String,
}

impl Filesystem {
    /// All, used and free inodes, and the share that is used: one for each 16 KiB, as `mke2fs` makes them by default. Files
    /// of a quarter of a megabyte on average are plenty.
    fn inodes(&self) -> ([u64; 3], String) {
        let (all, used) = (self.bytes[0] / (16 << 10), self.bytes[1].div_ceil(256 << 10) + 11);
        let used = used.min(all);
        ([all, used, all - used], format!("{}%", (used * 100).div_ceil(all.max(1))))
    }
}

fn listed(rows: &[Filesystem], given: &Given) -> Vec<String> {
    let base = if given.has("si") { Some(1000) } else { given.has("human-readable").then_some(1024) };
    let (counts_inodes, has_type) = (given.has("inodes"), given.has("print-type"));
    let (numbers, share, widths) = match (counts_inodes, base) {
        (true, None) => (["Inodes", "IUsed", "IFree"], "IUse%", [9, 8, 9]),
        (true, Some(_)) => (["Inodes", "IUsed", "IFree"], "IUse%", [6, 5, 5]),
        (false, None) => (["1K-blocks", "Used", "Available"], "Use%", [9, 8, 9]),
        (false, Some(_)) => (["Size", "Used", "Avail"], "Use%", [5, 5, 5]),
    };
    let line = |names: [&str; 3], values: [&str; 3], share: &str| {
        let kind = if has_type { format!("{:<8} ", names[1]) } else { String::new() };
        let ([all, used, free], [a, b, c]) = (values, widths);
        format!("{:<14} {kind}{all:>a$} {used:>b$} {free:>c$} {share:>4} {}", names[0], names[2])
    };
    let mut lines = vec![line(["Filesystem", "Type", "Mounted on"], numbers, share)];
    for row in rows {
        let (values, share) = if counts_inodes { row.inodes() } else { (row.bytes, row.percent.clone()) };
        let show = |value: u64| match base {
            Some(base) => scaled(value, base),
            None if counts_inodes => value.to_string(),
            None => (value / 1024).to_string(),
        };
        let [all, used, free] = values.map(show);
        let [device, kind, mount] = &row.names;
        lines.push(line([device, kind, mount], [&all, &used, &free], &share));
    }
    lines
}

pub const DU: &[Flag] = &[
    switch('h', "human-readable", "for people: 14G"),
    switch('a', "all", "files, too"),
    switch('s', "summarize", "only the sum"),
    valued('d', "max-depth", "N", "so many levels deep"),
    switch('x', "one-file-system", "not what lies on other file systems"),
    switch('c', "total", "the sum of all at the end"),
    switch('m', "", "in MiB"),
    moot('k', ""),
];

pub fn du(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), DU) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("du")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let leaves = tree::leaves(&machine);
    let depth = match given.value("max-depth").map(str::parse::<usize>) {
        Some(Ok(depth)) => depth,
        Some(Err(_)) => return call.fail("du: invalid maximum depth"),
        None if given.has("summarize") => 0,
        None => usize::MAX,
    };
    let show = |bytes: Bytes| match (given.has("human-readable"), given.has("m")) {
        (true, _) => human(bytes),
        (_, true) => bytes.0.div_ceil(1 << 20).to_string(),
        _ => bytes.0.div_ceil(1024).to_string(),
    };
    let mut operands = given.operands.clone();
    if operands.is_empty() {
        operands.push("/".to_owned());
    }
    let mut code = 0;
    let mut total = 0;
    for operand in operands {
        let roots = tree::expand(&operand, &leaves);
        if roots.is_empty() {
            call.complain(format!("du: cannot access '{operand}': No such file or directory"));
            code = 1;
        }
        for root in roots {
            let mut leaves = leaves.clone();
            if given.has("one-file-system") {
                leaves.retain(|(path, ..)| machine.disks.volume_of(path) == machine.disks.volume_of(&root));
            }
            for (path, size) in tree::sizes(&root, &leaves, given.has("all"), depth) {
                call.say(format!("{}\t{path}", show(size)));
            }
            total += tree::size_of(&root, &leaves).0;
        }
    }
    if given.has("total") {
        call.say(format!("{}\ttotal", show(Bytes(total))));
    }
    Progress::Done(code)
}

/// A line of `lsof`.
fn open_line(resident: &Resident, fd: usize, size: Bytes, links: u32, node: usize, path: &str) -> String {
    let command: String = resident.process.chars().take(9).collect();
    format!(
        "{command:<8} {:>5} {:<6} {:>2}w REG 254,1 {:>11} {links:>5} {:>6} {path}",
        resident.pid,
        resident.service,
        fd,
        size.0,
        131_077 + node * 12
    )
}

pub const LSOF: &[Flag] =
    &[valued('p', "", "PID", "what this process has open"), moot('n', ""), moot('P', ""), moot('a', "")];

pub fn lsof(call: &mut Call, world: &mut dyn World) -> Progress {
    let words: Vec<String> = call.arguments().to_vec();
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let only_unlinked = words.iter().any(|word| word.starts_with("+L") || word.starts_with("+aL"));
    let mut pid = None;
    let mut paths = vec![];
    let mut given = words.iter();
    while let Some(word) = given.next() {
        match word.as_str() {
            "-p" => pid = given.next().cloned(),
            word if word.starts_with("-p") => pid = Some(word[2..].to_owned()),
            word if word.starts_with('/') => paths.push(word.trim_end_matches('/').to_owned()),
            word if word.starts_with(['+', '-']) => {}
            word => return call.fail(format!("lsof: status error on {word}: No such file or directory")),
        }
    }
    let mut lines = vec![];
    for (fd, handle) in machine.disks.handles.iter().enumerate() {
        let file = &machine.disks.files[handle.file];
        let component = usize::from(handle.component.0);
        let Some(resident) = machine.residents.iter().find(|one| one.component == component && one.pid > 0) else {
            continue;
        };
        let is_under = |path: &String| file.path.as_ref() == path || file.path.starts_with(&format!("{path}/"));
        let skip = (only_unlinked && file.is_linked)
            || pid.as_ref().is_some_and(|pid| *pid != resident.pid.to_string())
            || !(paths.is_empty() || only_unlinked || (file.is_linked && paths.iter().any(is_under)));
        if skip {
            continue;
        }
        let name = if file.is_linked { file.path.to_string() } else { format!("{} (deleted)", file.path) };
        lines.push(open_line(resident, 4 + fd, file.size, u32::from(file.is_linked), handle.file, &name));
    }
    if lines.is_empty() {
        return Progress::Done(1);
    }
    call.say("COMMAND    PID USER   FD TYPE DEVICE SIZE/OFF NLINK   NODE NAME");
    call.say_all(lines);
    Progress::Done(0)
}

/// Whether there is anything about a machine's disks that tools can show.
pub fn has_disks(machine: &Machine) -> bool {
    !machine.disks.volumes.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_rounded_up_as_gnu_tools_do() {
        for (bytes, expected) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10 << 10, "10K"),
            (14_600_000_000, "14G"),
            (4_100_000_000, "3.9G"),
            (20 << 30, "20G"),
            ((20 << 30) - 1, "20G"),
        ] {
            assert_eq!(human(Bytes(bytes)), expected, "{bytes}");
        }
    }
}
