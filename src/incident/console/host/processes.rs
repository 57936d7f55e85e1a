//! `ps`, `top`, `uptime`: what runs on a machine.

use super::here;
use super::machine::{Machine, Resident};
use crate::incident::console::{Call, Progress, World};
use crate::sim::quantity::{Bytes, Span, Time};

/// A process as a row.
struct Row {
    pid: u32,
    cpu_tenths: u64,
    memory: Bytes,
    virtual_memory: Bytes,
    started: Time,
    user: String,
    command: String,
}

/// Everything that runs: the machine's own, and the pods'.
fn rows(machine: &Machine) -> Vec<Row> {
    let own = |pid, mib: u64, command: &str| Row {
        pid,
        cpu_tenths: 3,
        memory: Bytes(mib << 20),
        virtual_memory: Bytes((mib * 9) << 20),
        started: machine.booted,
        user: "root".to_owned(),
        command: command.to_owned(),
    };
    let mut rows = vec![own(1, 9, "/sbin/init")];
    if machine.is_node {
        rows.extend([
            own(1204, 96, "/usr/bin/dockerd"),
            own(1219, 61, "/usr/bin/containerd"),
            own(1412, 118, "/usr/bin/kubelet --config=/etc/kubernetes/kubelet.yaml"),
            own(2077, 42, "/usr/local/bin/kube-proxy"),
        ]);
    } else {
        rows.extend([own(412, 6, "/usr/sbin/cron -f"), own(655, 7, "/usr/sbin/sshd -D")]);
    }
    for resident in machine.residents.iter().filter(|resident| resident.pid > 0) {
        rows.extend(of(resident));
    }
    rows.extend(machine.sessions.iter().map(|session| Row {
        pid: session.pid,
        cpu_tenths: 120,
        memory: Bytes(212 << 20),
        virtual_memory: Bytes(740 << 20),
        started: session.began,
        user: session.user.clone(),
        command: session.line.clone(),
    }));
    rows
}

fn of(resident: &Resident) -> Vec<Row> {
    let started = resident.running_since.unwrap_or(resident.created);
    let mut rows = vec![];
    if resident.has_wrapper {
        rows.push(Row {
            pid: resident.pid.saturating_sub(7),
            cpu_tenths: 0,
            memory: Bytes(3 << 20),
            virtual_memory: Bytes(12 << 20),
            started,
            user: "root".to_owned(),
            command: format!("/bin/sh /app/run.sh {}", resident.process),
        });
    }
    rows.push(Row {
        pid: resident.pid,
        cpu_tenths: resident.cpu_tenths,
        memory: resident.memory,
        virtual_memory: resident.virtual_memory,
        started,
        command: match &resident.unit {
            Some(unit) => format!("{} ({})", resident.process, unit.name),
            None => format!("{} ({})", resident.process, resident.name),
        },
        user: "root".to_owned(),
    });
    rows
}

impl Row {
    /// The name of the program alone.
    fn name(&self) -> &str {
        self.command.split(' ').next().unwrap_or_default().rsplit('/').next().unwrap_or_default()
    }
}

/// How long a process runs, as `ps -o etime` prints it: `[[dd-]hh:]mm:ss`.
fn elapsed(span: Span) -> String {
    let seconds = span.seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let rest = format!("{minutes:02}:{:02}", seconds % 60);
    match (days, hours) {
        (0, 0) => rest,
        (0, _) => format!("{hours:02}:{rest}"),
        _ => format!("{days}-{hours:02}:{rest}"),
    }
}

/// A share of the whole with one decimal.
fn share(part: Bytes, whole: Bytes) -> String {
    let tenths = part.0 * 1000 / whole.0.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

pub fn ps(call: &mut Call, world: &mut dyn World) -> Progress {
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let words = call.arguments().join("");
    let mut all = rows(&machine);
    if words.contains("--sort=-rss") || words.contains("--sort=-%mem") || words.contains("--sort-rss") {
        all.sort_by_key(|row| std::cmp::Reverse(row.memory));
    }
    let named = call.arguments().iter().skip_while(|word| *word != "-C").nth(1);
    if let Some(name) = named {
        all.retain(|row| row.name() == *name);
    }
    if words.contains("etime") {
        let now = world.now();
        call.say("    PID     ELAPSED COMMAND");
        for row in all {
            call.say(format!("{:>7} {:>11} {}", row.pid, elapsed(now.since(row.started)), row.command));
        }
        return Progress::Done(0);
    }
    if words.trim_start_matches('-').starts_with('e') {
        call.say("    PID TTY          TIME CMD");
        for row in all {
            call.say(format!("{:>7} ?        00:00:{:02} {}", row.pid, row.cpu_tenths % 60, row.name()));
        }
        return Progress::Done(0);
    }
    let now = world.now();
    call.say("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND");
    for row in all {
        let age = now.since(row.started);
        let started = if age < Span::from_seconds(86_400) {
            world.clock().utc_short(row.started)
        } else {
            world.clock().utc_day(row.started)
        };
        let seconds = (age.seconds().max(0) as u64 * row.cpu_tenths / 1000).min(35_999);
        call.say(format!(
            "{:<8} {:>7} {:>4} {:>4} {:>6} {:>5} ?        Ssl  {started:<5} {:>3}:{:02} {}",
            row.user,
            row.pid,
            format!("{}.{}", row.cpu_tenths / 10, row.cpu_tenths % 10),
            share(row.memory, machine.memory),
            row.virtual_memory.kib(),
            row.memory.kib(),
            seconds / 60,
            seconds % 60,
            row.command
        ));
    }
    Progress::Done(0)
}

/// `up 99 days, 19:24,  1 user,  load average: 0.42, 0.40, 0.39`.
fn load(machine: &Machine, world: &dyn World) -> String {
    let up = world.now().since(machine.booted).seconds().max(0);
    let (days, hours, minutes) = (up / 86_400, up / 3600 % 24, up / 60 % 60);
    let hundredths: u64 = rows(machine).iter().map(|row| row.cpu_tenths).sum::<u64>() / 10;
    let load = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("up {days} days, {hours:>2}:{minutes:02},  1 user,  load average: {load}, {load}, {load}")
}

pub fn vmstat(call: &mut Call, world: &mut dyn World) -> Progress {
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let swapped = machine.swapped().kib();
    let free = machine.memory.kib().saturating_sub(machine.used().kib());
    let cache = free * 2 / 3;
    // What lies in swap comes back at the disk's pace when a collection walks over it.
    let (blocked, pages, waits) = if swapped > 0 { (1, 9_700, 84) } else { (0, 0, 1) };
    let busy: u64 = rows(&machine).iter().map(|row| row.cpu_tenths).sum::<u64>() / 10;
    let user = busy.min(99 - waits);
    call.say("procs -----------memory---------- ---swap-- -----io---- -system-- ----cpu----");
    call.say(" r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa");
    call.say(format!(
        " {}  {blocked} {swapped:>6} {:>6} {:>6} {cache:>6} {pages:>4} {:>4} {pages:>5} {:>5}  410  902 {user:>2}  1 {:>2} {waits:>2}",
        u64::from(user > 50),
        free - cache,
        free / 50,
        pages / 9,
        18,
        99_u64.saturating_sub(user + waits),
    ));
    Progress::Done(0)
}

pub fn uptime(call: &mut Call, world: &mut dyn World) -> Progress {
    match here(call, world) {
        Ok(machine) => {
            let line = format!(" {} {}", world.clock().utc_seconds(world.now()), load(&machine, world));
            call.say(line);
            Progress::Done(0)
        }
        Err(error) => call.fail(error),
    }
}

pub fn top(call: &mut Call, world: &mut dyn World) -> Progress {
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let by_memory = call.arguments().iter().any(|word| word.to_uppercase().contains("MEM"));
    let mut all = rows(&machine);
    if by_memory {
        all.sort_by_key(|row| std::cmp::Reverse(row.memory));
    } else {
        all.sort_by_key(|row| std::cmp::Reverse((row.cpu_tenths, row.memory)));
    }
    let (total, used) = (machine.memory.mib(), machine.used().mib());
    call.say(format!("top - {} {}", world.clock().utc_seconds(world.now()), load(&machine, world)));
    call.say(format!("Tasks: {} total", all.len()));
    call.say(format!("MiB Mem : {total:>8} total, {:>8} free, {used:>8} used", total.saturating_sub(used)));
    call.say("");
    call.say("    PID USER      PR  NI    VIRT    RES  %CPU  %MEM COMMAND");
    for row in all.into_iter().take(25) {
        call.say(format!(
            "{:>7} {:<9} 20   0 {:>6}m {:>5}m {:>5} {:>5} {}",
            row.pid,
            row.user,
            row.virtual_memory.mib(),
            row.memory.mib(),
            format!("{}.{}", row.cpu_tenths / 10, row.cpu_tenths % 10),
            share(row.memory, machine.memory),
            row.command
        ));
    }
    Progress::Done(0)
}
