//! `ps`: the processes of a machine, chosen and laid out as they are asked for.

use super::here;
use super::machine::Machine;
use super::processes::{Row, elapsed, rows, share};
use crate::incident::console::arguments::{Flag, moot, switch, valued};
use crate::incident::console::stamp::Clock;
use crate::incident::console::{Call, Progress, World};
use crate::sim::quantity::{Span, Time};
use std::cmp::Reverse;

pub const FLAGS: &[Flag] = &[
    switch('e', "", "every process"),
    switch('A', "", "the same"),
    switch('f', "", "with the users, the parents and the whole lines"),
    valued('o', "format", "COLUMNS", "these columns: pid, ppid, user, %cpu, %mem, vsz, rss, etime, time, comm, args …"),
    valued('C', "", "NAME", "only programs of this name"),
    valued('p', "pid", "PID", "only this process"),
    valued(' ', "sort", "COLUMN", "sorted by a column: -rss for the most first"),
    switch(' ', "no-headers", "without the heads"),
    // As in `ps -aux`, which is read as `ps aux`.
    moot('a', ""),
    moot('x', ""),
    moot('u', ""),
];

/// A column: its names, its head, whether it stands to the right, its least width.
struct Column {
    names: &'static [&'static str],
    head: &'static str,
    is_right: bool,
    width: usize,
    text: fn(&Row, &At) -> String,
}

/// What a row is told against.
struct At<'a> {
    machine: &'a Machine,
    clock: &'a Clock,
    now: Time,
}

const fn left(
    names: &'static [&'static str],
    head: &'static str,
    width: usize,
    text: fn(&Row, &At) -> String,
) -> Column {
    Column { names, head, is_right: false, width, text }
}

const fn right(
    names: &'static [&'static str],
    head: &'static str,
    width: usize,
    text: fn(&Row, &At) -> String,
) -> Column {
    Column { names, head, is_right: true, width, text }
}

const COLUMNS: &[Column] = &[
    left(&["user", "uname", "euser"], "USER", 8, |row, _| row.user.clone()),
    left(&["uid"], "UID", 8, |row, _| row.user.clone()),
    right(&["pid", "tgid"], "PID", 7, |row, _| row.pid.to_string()),
    right(&["ppid"], "PPID", 7, |row, _| row.parent.to_string()),
    right(&["c"], "C", 2, |row, _| (row.cpu_tenths / 10).to_string()),
    right(&["%cpu", "pcpu"], "%CPU", 4, |row, _| format!("{}.{}", row.cpu_tenths / 10, row.cpu_tenths % 10)),
    right(&["%mem", "pmem"], "%MEM", 4, |row, at| share(row.memory, at.machine.memory)),
    right(&["vsz", "vsize"], "VSZ", 6, |row, _| row.virtual_memory.kib().to_string()),
    right(&["rss", "rssize"], "RSS", 5, |row, _| row.memory.kib().to_string()),
    left(&["tty", "tt", "tname"], "TTY", 8, |row, _| row.terminal.to_owned()),
    left(&["stat", "s", "state"], "STAT", 4, |_, _| "Ssl".to_owned()),
    left(&["start", "start_time", "stime", "bsdstart"], "START", 5, started),
    left(&["lstart"], "STARTED", 24, |row, at| at.clock.kernel(row.started)),
    right(&["etime"], "ELAPSED", 11, |row, at| elapsed(at.now.since(row.started))),
    right(&["etimes"], "ELAPSED", 7, |row, at| at.now.since(row.started).seconds().max(0).to_string()),
    right(&["time", "cputime"], "TIME", 8, |row, at| {
        let seconds = row.processor_seconds(at.now);
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }),
    right(&["bsdtime"], "TIME", 6, |row, at| {
        let seconds = row.processor_seconds(at.now);
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }),
    left(&["comm", "ucmd", "ucomm"], "COMMAND", 0, |row, _| row.name().to_owned()),
    left(&["args", "cmd", "command"], "COMMAND", 0, |row, _| row.command.clone()),
];

/// `ps`, `ps -f`, `ps ax`, `ps aux`.
const BARE: &[&str] = &["pid", "tty", "time", "comm"];
const FULL: &[&str] = &["uid", "pid", "ppid", "c", "stime", "tty", "time", "args"];
const BSD: &[&str] = &["pid", "tty", "stat", "bsdtime", "args"];
const OF_USERS: &[&str] = &["user", "pid", "%cpu", "%mem", "vsz", "rss", "tty", "stat", "start", "bsdtime", "args"];

/// `16:41` of today, `Aug02` of earlier.
fn started(row: &Row, at: &At) -> String {
    if at.now.since(row.started) < Span::from_seconds(86_400) {
        at.clock.utc_short(row.started)
    } else {
        at.clock.utc_day(row.started)
    }
}

fn column(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.names.contains(&name))
}

/// What is asked for.
#[derive(Default)]
struct Asked {
    is_of_all: bool,
    is_full: bool,
    /// The letters of the form without a hyphen.
    bsd: String,
    /// The columns with their heads.
    columns: Vec<(&'static str, String)>,
    names: Vec<String>,
    pids: Vec<String>,
    sort: Vec<(bool, &'static str)>,
    no_heads: bool,
}

pub fn ps(call: &mut Call, world: &mut dyn World) -> Progress {
    let asked = match read(call.arguments()) {
        Ok(asked) => asked,
        Err(error) => return call.fail(format!("error: {error}\n\nUsage:\n ps [options]")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let at = At { machine: &machine, clock: world.clock(), now: world.now() };
    let lines = listed(&asked, &chosen(&asked, &at), &at);
    call.say_all(lines);
    Progress::Done(0)
}

fn read(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, attached) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        let mut value = || attached.or_else(|| words.next().map(String::as_str)).unwrap_or_default().to_owned();
        match name {
            "--sort" => asked.sort_by(&value())?,
            "--no-headers" => asked.no_heads = true,
            "--format" => asked.lay_out(&value())?,
            "--pid" => asked.pids.extend(value().split(',').map(str::to_owned)),
            _ => match word.strip_prefix('-') {
                Some(letters) => {
                    if let Some((at, letter)) = letters.char_indices().find(|(_, letter)| "oCp".contains(*letter)) {
                        asked.letters(&letters[..at]);
                        let attached = &letters[at + 1..];
                        let value = if attached.is_empty() {
                            words.next().cloned().unwrap_or_default()
                        } else {
                            attached.to_owned()
                        };
                        match letter {
                            'o' => asked.lay_out(&value)?,
                            'C' => asked.names.extend(value.split(',').map(str::to_owned)),
                            _ => asked.pids.extend(value.split(',').map(str::to_owned)),
                        }
                    } else {
                        asked.letters(letters);
                    }
                }
                None if word.bytes().all(|byte| byte.is_ascii_digit()) => asked.pids.push(word.clone()),
                None if word.chars().all(|letter| "auxwef".contains(letter)) => asked.bsd.push_str(word),
                None => return Err("unsupported option (BSD syntax)".to_owned()),
            },
        }
    }
    Ok(asked)
}

impl Asked {
    /// Letters behind a hyphen; `-aux` is taken as it is meant.
    fn letters(&mut self, letters: &str) {
        self.is_of_all |= letters.contains(['e', 'A']);
        self.is_full |= letters.contains('f');
        if letters.contains('u') || letters == "ax" {
            self.bsd.push_str(letters);
        }
    }

    fn lay_out(&mut self, list: &str) -> Result<(), String> {
        for text in list.split([',', ' ']).filter(|text| !text.is_empty()) {
            let (name, head) = text.split_once('=').map_or((text, None), |(name, head)| (name, Some(head)));
            let column = column(name).ok_or_else(|| format!("unknown user-defined format specifier \"{name}\""))?;
            let name = column.names.iter().find(|known| **known == name).copied().unwrap_or_default();
            self.columns.push((name, head.unwrap_or(column.head).to_owned()));
        }
        Ok(())
    }

    fn sort_by(&mut self, list: &str) -> Result<(), String> {
        for text in list.split(',') {
            let name = text.trim_start_matches(['-', '+']);
            let column = column(name).ok_or_else(|| format!("unknown sort specifier \"{name}\""))?;
            self.sort.push((text.starts_with('-'), column.names[0]));
        }
        Ok(())
    }
}

/// The processes that are asked for, in their order.
fn chosen(asked: &Asked, at: &At) -> Vec<Row> {
    let mut all = rows(at.machine);
    let by_name = |row: &Row| asked.names.iter().any(|name| row.name() == name);
    let by_pid = |row: &Row| asked.pids.contains(&row.pid.to_string());
    if !asked.names.is_empty() || !asked.pids.is_empty() {
        all.retain(|row| by_name(row) || by_pid(row));
    } else if !asked.is_of_all && !asked.bsd.contains(['a', 'x']) {
        // What belongs to one's own terminal.
        all = Row::of_terminal(at.now);
    }
    for (is_backwards, name) in asked.sort.iter().rev() {
        match *name {
            "rss" | "%mem" => all.sort_by_key(|row| row.memory),
            "vsz" => all.sort_by_key(|row| row.virtual_memory),
            "%cpu" | "c" => all.sort_by_key(|row| row.cpu_tenths),
            "time" | "bsdtime" => all.sort_by_key(|row| row.processor_seconds(at.now)),
            "start" | "lstart" => all.sort_by_key(|row| row.started),
            "etime" | "etimes" => all.sort_by_key(|row| Reverse(row.started)),
            "pid" => all.sort_by_key(|row| row.pid),
            "ppid" => all.sort_by_key(|row| row.parent),
            name => {
                let text = column(name).map(|column| column.text);
                all.sort_by_key(|row| text.map(|text| text(row, at)));
            }
        }
        if *is_backwards {
            all.reverse();
        }
    }
    all
}

fn listed(asked: &Asked, rows: &[Row], at: &At) -> Vec<String> {
    let usual = if asked.bsd.contains('u') {
        OF_USERS
    } else if !asked.bsd.is_empty() {
        BSD
    } else if asked.is_full {
        FULL
    } else {
        BARE
    };
    let heads = |name: &&'static str| {
        let head = match *name {
            "stime" => "STIME",
            "comm" | "args" if !asked.is_bsd() => "CMD",
            name => column(name).map_or("", |column| column.head),
        };
        (*name, head.to_owned())
    };
    let columns = if asked.columns.is_empty() { usual.iter().map(heads).collect() } else { asked.columns.clone() };
    let columns: Vec<(&Column, String)> =
        columns.into_iter().filter_map(|(name, head)| Some((column(name)?, head))).collect();
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|(column, _)| (column.text)(row, at)).collect()).collect();
    let width = |place: usize| {
        let own = cells.iter().map(|row| row[place].chars().count()).max().unwrap_or_default();
        own.max(columns[place].0.width).max(columns[place].1.chars().count())
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |texts: &[String]| {
        let cell = |(place, text): (usize, &String)| match (columns[place].0.is_right, widths[place]) {
            (true, width) => format!("{text:>width$}"),
            (false, _) if place + 1 == columns.len() => text.clone(),
            (false, width) => format!("{text:<width$}"),
        };
        texts.iter().enumerate().map(cell).collect::<Vec<_>>().join(" ").trim_end().to_owned()
    };
    let heads: Vec<String> = columns.iter().map(|(_, head)| head.clone()).collect();
    let shows_heads = !asked.no_heads && heads.iter().any(|head| !head.is_empty());
    shows_heads.then(|| line(&heads)).into_iter().chain(cells.iter().map(|row| line(row))).collect()
}

impl Asked {
    fn is_bsd(&self) -> bool {
        !self.bsd.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let machine = Machine::default();
        let clock = Clock::default();
        let at = At { machine: &machine, clock: &clock, now: Time::from_seconds(125) };
        match read(&words) {
            Ok(asked) => listed(&asked, &chosen(&asked, &at), &at),
            Err(error) => vec![error],
        }
    }

    #[test]
    fn it_prints_the_columns_that_are_asked_for() {
        assert_eq!(
            shown("-eo pid,etime,args --sort=-pid")[..2],
            ["    PID     ELAPSED COMMAND", "    655       02:05 /usr/sbin/sshd -D"]
        );
        assert_eq!(shown("-ef")[0], "UID          PID    PPID  C STIME TTY          TIME CMD");
        assert_eq!(shown("aux")[0].split_whitespace().take(4).collect::<Vec<_>>(), ["USER", "PID", "%CPU", "%MEM"]);
        assert_eq!(shown("-aux"), shown("aux"));
        assert_eq!(shown("-C cron -o pid="), ["    412"]);
        assert_eq!(shown("-p 1 -o comm"), ["COMMAND", "init"]);
        assert_eq!(shown("").len(), 3, "of one's own terminal there are the shell and ps");
        assert_eq!(shown("-eo colour"), ["unknown user-defined format specifier \"colour\""]);
        assert_eq!(shown("aux --sort=size"), ["unknown sort specifier \"size\""]);
    }
}
