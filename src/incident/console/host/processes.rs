//! `top`, `vmstat`, `uptime`: what runs on a machine.

use super::here;
use super::machine::{Machine, Resident};
use crate::incident::console::arguments::{Flag, Given, moot, switch, valued};
use crate::incident::console::{Call, Progress, World};
use crate::sim::quantity::{Bytes, Span, Time};

/// A process as a row.
pub struct Row {
    pub pid: u32,
    /// `?` where it has none.
    pub terminal: &'static str,
    pub parent: u32,
    pub cpu_tenths: u64,
    pub memory: Bytes,
    pub virtual_memory: Bytes,
    pub started: Time,
    pub user: String,
    pub command: String,
}

/// Everything that runs: the machine's own, and the pods'.
pub fn rows(machine: &Machine) -> Vec<Row> {
    let own = |pid, mib: u64, command: &str| Row {
        pid,
        terminal: "?",
        parent: u32::from(pid != 1),
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
        terminal: "pts/0",
        parent: 655,
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
            terminal: "?",
            parent: 1,
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
        terminal: "?",
        parent: if resident.has_wrapper { resident.pid.saturating_sub(7) } else { 1 },
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
    /// What runs in one's own terminal: the shell, and who asks.
    pub fn of_terminal(now: Time) -> Vec<Self> {
        let one = |pid, command: &str| Self {
            pid,
            terminal: "pts/9",
            parent: 655,
            cpu_tenths: 0,
            memory: Bytes(5 << 20),
            virtual_memory: Bytes(22 << 20),
            started: now,
            user: "root".to_owned(),
            command: command.to_owned(),
        };
        vec![one(21_877, "bash"), one(21_901, "ps")]
    }

    /// The processor time that it has taken up to now, in seconds.
    pub fn processor_seconds(&self, now: Time) -> u64 {
        (now.since(self.started).seconds().max(0) as u64 * self.cpu_tenths / 1000).min(35_999)
    }

    /// The name of the program alone.
    pub fn name(&self) -> &str {
        self.command.split(' ').next().unwrap_or_default().rsplit('/').next().unwrap_or_default()
    }
}

/// How long a process runs, as `ps -o etime` prints it: `[[dd-]hh:]mm:ss`.
pub fn elapsed(span: Span) -> String {
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
pub fn share(part: Bytes, whole: Bytes) -> String {
    let tenths = part.0 * 1000 / whole.0.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
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
    let numbers: Option<Vec<u32>> = call.arguments().iter().map(|word| word.parse().ok()).collect();
    let (every, times) = match numbers.as_deref() {
        Some([]) => (1, 1),
        Some([every]) if *every > 0 => (*every, u32::MAX),
        Some([every, times]) if *every > 0 && *times > 0 => (*every, *times),
        _ => return call.fail("usage: vmstat [SECONDS [TIMES]]"),
    };
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
    if call.visit == 0 {
        call.say("procs -----------memory---------- ---swap-- -----io---- -system-- ----cpu----");
        call.say(" r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa");
    }
    call.say(format!(
        " {}  {blocked} {swapped:>6} {:>6} {:>6} {cache:>6} {pages:>4} {:>4} {pages:>5} {:>5}  410  902 {user:>2}  1 {:>2} {waits:>2}",
        u64::from(user > 50),
        free - cache,
        free / 50,
        pages / 9,
        18,
        99_u64.saturating_sub(user + waits),
    ));
    if call.visit + 1 < times { Progress::Again(Span::from_seconds(i64::from(every))) } else { Progress::Done(0) }
}

pub const UPTIME: &[Flag] =
    &[switch('p', "pretty", "only for how long, in words"), switch('s', "since", "only since when")];

pub fn uptime(call: &mut Call, world: &mut dyn World) -> Progress {
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let has = |flags: &[&str]| call.arguments().iter().any(|word| flags.contains(&word.as_str()));
    let line = if has(&["-p", "--pretty"]) {
        let up = world.now().since(machine.booted).seconds().max(0);
        let parts = [(up / 86_400, "day"), (up / 3600 % 24, "hour"), (up / 60 % 60, "minute")];
        let told = parts.iter().filter(|(count, _)| *count > 0);
        let told = told.map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }));
        format!("up {}", told.collect::<Vec<_>>().join(", "))
    } else if has(&["-s", "--since"]) {
        world.clock().utc_plain(machine.booted)
    } else {
        format!(" {} {}", world.clock().utc_seconds(world.now()), load(&machine, world))
    };
    call.say(line);
    Progress::Done(0)
}

pub const TOP: &[Flag] = &[
    valued('n', "", "TIMES", "so many times, three seconds apart"),
    valued('o', "", "FIELD", "sorted by %CPU, %MEM, RES, VIRT or PID"),
    valued('p', "", "PID", "only this process"),
    moot('b', ""),
    moot('c', ""),
];

pub fn top(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), TOP) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("top")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let Ok(times) = given.value("n").unwrap_or("1").parse::<u32>() else {
        return call.fail(format!("top: bad iterations argument '{}'", given.value("n").unwrap_or_default()));
    };
    let mut all = rows(&machine);
    match given.value("o").unwrap_or("%CPU").to_uppercase().as_str() {
        "%CPU" | "+%CPU" => all.sort_by_key(|row| std::cmp::Reverse((row.cpu_tenths, row.memory))),
        "%MEM" | "+%MEM" | "RES" => all.sort_by_key(|row| std::cmp::Reverse(row.memory)),
        "VIRT" => all.sort_by_key(|row| std::cmp::Reverse(row.virtual_memory)),
        "PID" => all.sort_by_key(|row| std::cmp::Reverse(row.pid)),
        other => return call.fail(format!("top: unrecognized field name '{other}'")),
    }
    if let Some(pids) = given.value("p") {
        all.retain(|row| pids.split(',').any(|pid| row.pid.to_string() == pid));
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
    if call.visit + 1 < times.min(1000) { Progress::Again(Span::from_seconds(3)) } else { Progress::Done(0) }
}
