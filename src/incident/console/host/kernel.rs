//! `dmesg` and `journalctl`: what the kernel and the kubelet have said.

use super::here;
use super::machine::{Killed, Machine};
use super::{files, supervisor};
use crate::incident::console::arguments::{Flag, Given, moot, switch, valued};
use crate::incident::console::cluster::Cluster;
use crate::incident::console::{Call, Progress, World};
use crate::sim::quantity::{Span, Time};

/// Lines that the kernel's ring keeps.
const RING: usize = 4_000;

/// The lines that the kernel writes when it kills a process for the memory of its cgroup.
fn lines(killed: &Killed) -> Vec<(Time, String)> {
    let after = |micros: i64| killed.at + Span::from_micros(micros);
    let kib = killed.limit.kib();
    let cgroup = format!("/kubepods/burstable/pod{}", killed.pod_uid);
    let pages = |bytes: u64| bytes / 4096;
    let tables = (killed.anon_rss.0 / 512 + (96 << 10)) & !4095;
    let resident = pages(killed.anon_rss.0 + killed.file_rss.0);
    let (pid, name) = (killed.pid, &killed.process);
    // In thousandths of what the cgroup may have, and the adjustment on top.
    let score = resident * 1000 / pages(killed.limit.0).max(1) + u64::from(killed.oom_score_adj.unsigned_abs());
    vec![
        (
            killed.at,
            format!(
                "{name} invoked oom-killer: gfp_mask=0x14200ca(GFP_HIGHUSER_MOVABLE), nodemask=(null), order=0, oom_score_adj={}",
                killed.oom_score_adj
            ),
        ),
        (after(9), format!("{name} cpuset={} mems_allowed=0", killed.container_id)),
        (after(31), format!("Task in {cgroup}/{} killed as a result of limit of {cgroup}", killed.container_id)),
        (after(39), format!("memory: usage {kib}kB, limit {kib}kB, failcnt {}", killed.fail_count)),
        (after(43), format!("memory+swap: usage {kib}kB, limit 9007199254740988kB, failcnt 0")),
        (after(47), "kmem: usage 0kB, limit 9007199254740988kB, failcnt 0".to_owned()),
        (after(58), "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name".to_owned()),
        (
            after(66),
            format!(
                "[{pid:>7}]     0 {pid:>7} {:>8} {resident:>8} {tables:>14}        0 {:>13} {name}",
                pages(killed.total_vm.0),
                killed.oom_score_adj
            ),
        ),
        (
            after(8_908),
            format!("Memory cgroup out of memory: Kill process {pid} ({name}) score {score} or sacrifice child"),
        ),
        (
            after(18_295),
            format!(
                "Killed process {pid} ({name}) total-vm:{}kB, anon-rss:{}kB, file-rss:{}kB, shmem-rss:0kB",
                killed.total_vm.kib(),
                killed.anon_rss.kib(),
                killed.file_rss.kib()
            ),
        ),
        (
            after(194_915),
            format!("oom_reaper: reaped process {pid} ({name}), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB"),
        ),
    ]
}

/// The compiler that distributions built a kernel with, by the kernel's version.
fn compiler_of(release: &str) -> &'static str {
    let mut numbers = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    match (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) {
        (..=2, _) => "4.4.3",
        (3, ..=12) => "4.6.3",
        (3, _) | (4, ..=4) => "4.8.2",
        (4, _) => "8.3.0",
        _ => "9.4.0",
    }
}

/// Everything that the kernel has said up to now, oldest first.
pub fn all(machine: &Machine, now: Time) -> Vec<(Time, String)> {
    let boot = [
        (0, "Linux version 4.14.138+ (gcc version 8.3.0) #1 SMP"),
        (0, "Command line: BOOT_IMAGE=/syslinux/vmlinuz.A console=ttyS0 ro"),
        (1_204_118, "EXT4-fs (sda1): mounted filesystem with ordered data mode"),
        (3_871_502, "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready"),
        (41_300_877, "cbr0: port 1(veth0) entered forwarding state"),
    ];
    // Only a node has a bridge for its pods.
    let boot = boot.iter().take(if machine.is_node { 5 } else { 4 });
    let release = machine.version.as_deref().unwrap_or("4.14.138+");
    let version = |text: &str| text.replace("4.14.138+", release).replace("8.3.0", compiler_of(release));
    let boot = boot.map(|(after, text)| (machine.booted + Span::from_micros(*after), version(text)));
    let killed = machine.kernel.iter().flat_map(lines).filter(|(at, _)| *at <= now);
    let told =
        machine.supervisors.iter().filter(|(_, who, _)| *who == "kernel").map(|(at, _, text)| (*at, text.clone()));
    let mut all: Vec<(Time, String)> = boot.into_iter().chain(killed).chain(told).collect();
    all.extend(machine.said.iter().filter(|(at, _)| *at <= now).cloned());
    all.sort_by_key(|(at, _)| *at);
    let kept = all.len().saturating_sub(RING);
    all.drain(..kept);
    all
}

/// `[   41.300877]`, as the kernel counts from its boot.
pub fn since_boot(at: Time, booted: Time) -> String {
    let since = at.since(booted);
    format!("[{:>5}.{:06}]", since.seconds(), since.micros().rem_euclid(1_000_000))
}

/// What the system's log has of the kernel: the same lines, with the time of day and the time since the boot.
pub fn logged(host: &str, world: &dyn World) -> Option<Vec<String>> {
    let machine = super::all(world).into_iter().find(|machine| machine.name == host)?;
    let line = |(at, text): (Time, String)| {
        let stamp = since_boot(at, super::booted(&machine));
        format!("{} {host} kernel: {stamp} {text}", world.clock().journal(at))
    };
    // Logs are rotated: what was said at the boot is in another file.
    Some(all(&machine, world.now()).into_iter().filter(|(at, _)| at.micros() > -86_400_000_000).map(line).collect())
}

/// How long a line has to wait where this goes on printing; what was printed up to is kept.
fn follow(call: &mut Call, lines: &mut Vec<(Time, String)>, now: Time) -> Progress {
    if let Some(printed) = call.kept.first().and_then(|text| text.parse::<i64>().ok()) {
        lines.retain(|(at, _)| at.micros() > printed);
    }
    *call.kept = vec![now.micros().to_string()];
    Progress::Again(Span::from_seconds(1))
}

pub const DMESG: &[Flag] = &[
    switch('T', "ctime", "with the time of day"),
    switch('H', "human", "with the time since the line before"),
    switch('e', "reltime", "the same"),
    switch('w', "follow", "goes on printing"),
    moot('k', "kernel"),
];

pub fn dmesg(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), DMESG) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("dmesg")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let now = world.now();
    let mut lines = all(&machine, now);
    let progress = if given.has("follow") { follow(call, &mut lines, now) } else { Progress::Done(0) };
    let relative = given.has("human") || given.has("reltime");
    let mut before: Option<Time> = None;
    for (at, text) in lines {
        let stamp = if given.has("ctime") {
            // Machines keep UTC.
            format!("[{}]", world.clock().kernel(at))
        } else if relative {
            match before.map(|before| at.since(before)) {
                Some(gap) if gap < Span::from_seconds(60) => {
                    format!("[{:>+10.6}]", gap.as_seconds())
                }
                _ => format!("[{}]", world.clock().kernel_minute(at)),
            }
        } else {
            since_boot(at, super::booted(&machine))
        };
        before = Some(at);
        call.say(format!("{stamp} {text}"));
    }
    progress
}

pub const JOURNAL: &[Flag] = &[
    switch('k', "dmesg", "only the kernel"),
    valued('u', "unit", "UNIT", "only one unit"),
    valued('n', "lines", "LINES", "only the last lines"),
    valued('S', "since", "TIME", "from then on: '10 min ago', 16:40, or '2020-08-11 16:40'; machines keep UTC"),
    valued('U', "until", "TIME", "up to then"),
    switch('b', "boot", "since the machine was started"),
    switch('f', "follow", "goes on printing"),
    switch('r', "reverse", "the latest first"),
    moot('e', "pager-end"),
    moot('x', "catalog"),
    moot('q', "quiet"),
    moot(' ', "no-pager"),
];

pub fn journal(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), JOURNAL) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("journalctl")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let now = world.now();
    let unit = given.value("unit").map(|unit| unit.trim_end_matches(".service").to_owned());
    let mut lines: Vec<(Time, String)> = vec![];
    if unit.is_none() {
        lines.extend(all(&machine, now).into_iter().map(|(at, text)| (at, format!("kernel: {text}"))));
    }
    if !given.has("dmesg") && machine.is_node && unit.as_deref().is_none_or(|unit| unit == "kubelet") {
        lines.extend(kubelet(&machine, world));
    }
    if !given.has("dmesg") {
        lines.extend(supervisor::said(&machine, unit.as_deref()));
        lines.extend(files::to_the_journal(&machine, unit.as_deref(), world));
    }
    lines.sort_by_key(|(at, _)| *at);
    let window = match window(&given, &machine, world) {
        Ok(window) => window,
        Err(error) => return call.fail(error),
    };
    lines.retain(|(at, _)| window.contains(at));
    if let Some(count) = given.value("lines").or(given.has("follow").then_some("10")).filter(|_| call.visit == 0) {
        let Ok(count) = count.parse::<usize>() else {
            return call.fail(format!("Failed to parse lines '{count}'"));
        };
        let skipped = lines.len().saturating_sub(count);
        lines.drain(..skipped);
    }
    let progress = if given.has("follow") { follow(call, &mut lines, now) } else { Progress::Done(0) };
    if given.has("reverse") {
        lines.reverse();
    }
    if lines.is_empty() && !given.has("follow") {
        call.say("-- No entries --");
    }
    for (at, text) in lines {
        call.say(format!("{} {} {text}", world.clock().journal(at), machine.name));
    }
    progress
}

/// What the kubelet of this machine has said: the events about its pods.
fn kubelet(machine: &Machine, world: &dyn World) -> Vec<(Time, String)> {
    let cluster = Cluster::of(world);
    let from = format!("kubelet, {}", machine.name);
    let own = cluster.events.iter().filter(|event| event.from == from);
    own.map(|event| (event.last, format!("kubelet[1412]: {} {}: {}", event.object, event.reason, event.message)))
        .collect()
}

/// From when to when lines are wanted.
fn window(given: &Given, machine: &Machine, world: &dyn World) -> Result<std::ops::RangeInclusive<Time>, String> {
    let now = world.now();
    let read = |name: &str| {
        let text = given.value(name)?;
        let at = since(text, now).or_else(|| world.clock().utc_read(now, text));
        Some(at.ok_or_else(|| format!("Failed to parse timestamp: {text}: as in --{name} '10 min ago'")))
    };
    let first = if given.has("boot") { super::booted(machine) } else { Time::from_micros(i64::MIN) };
    Ok(read("since").transpose()?.unwrap_or(first).max(first)..=read("until").transpose()?.unwrap_or(now))
}

/// `10 min ago`, `5m`, `-10m`, `1h`.
fn since(text: &str, now: Time) -> Option<Time> {
    let text = text.trim().trim_start_matches('-').trim_end_matches("ago").trim();
    let compact: String = text.split_whitespace().collect();
    let compact = compact.replace("minutes", "m").replace("minute", "m").replace("min", "m");
    let compact = compact.replace("hours", "h").replace("hour", "h").replace("seconds", "s").replace("sec", "s");
    compact.parse::<Span>().ok().map(|span| now - span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::quantity::Bytes;

    #[test]
    fn a_kill_is_told_as_the_kernel_tells_it() {
        let killed = Killed {
            at: Time::from_seconds(100),
            pod_uid: "95387fa4-0000".to_owned(),
            container_id: "6895a3e1".to_owned(),
            process: "python".to_owned(),
            pid: 3_187_861,
            limit: "1536Mi".parse().unwrap(),
            anon_rss: "1563932kB".parse().unwrap(),
            file_rss: "45584kB".parse().unwrap(),
            total_vm: "3418276kB".parse().unwrap(),
            oom_score_adj: 969,
            fail_count: 189,
        };
        let lines: Vec<String> = lines(&killed).into_iter().map(|(_, line)| line).collect();
        assert!(lines[0].starts_with("python invoked oom-killer: gfp_mask=0x14200ca(GFP_HIGHUSER_MOVABLE)"));
        assert_eq!(lines[3], "memory: usage 1572864kB, limit 1572864kB, failcnt 189");
        let expected =
            "Killed process 3187861 (python) total-vm:3418276kB, anon-rss:1563932kB, file-rss:45584kB, shmem-rss:0kB";
        assert_eq!(lines[9], expected);
        assert!(lines[10].starts_with("oom_reaper: reaped process 3187861 (python), now anon-rss:0kB"));
    }

    #[test]
    fn the_ring_and_the_boot_are_there() {
        let machine = Machine { booted: Time::from_seconds(-1_000_000), memory: Bytes(1 << 34), ..Machine::default() };
        let lines = all(&machine, Time::ZERO);
        assert!(lines[0].1.starts_with("Linux version"));
        assert_eq!(since("10 min ago", Time::from_seconds(1000)), Some(Time::from_seconds(400)));
        assert_eq!(since("-5m", Time::from_seconds(1000)), Some(Time::from_seconds(700)));
        assert_eq!(since("yesterday or so", Time::ZERO), None);
    }
}
