//! Machines: `ssh`, and the tools that one has once logged in.
//!
//! [`machine`] takes a machine out of the system as plain values; the other files only print it.

mod choices;
mod disks;
mod files;
mod kernel;
mod last;
mod machine;
mod netfilter;
mod network;
mod processes;
mod ps;
mod search_node;
mod supervisor;
mod system_files;
mod texts;
mod tree;

pub use choices::{choices, parts};
pub use files::{LS, ls, overwrite, read};
pub use machine::{Machine, all};
pub use system_files::{file, write};

use super::arguments::{Flag, Given, moot, switch};
use super::world::{caches, services};
use super::{
    Call, Command, Kit, Options, Place, Progress, Runs, Typed, Wish, World, arguments, candidate, nearest, nothing,
};
use crate::incident::view::Candidate;
use crate::sim::component::service::Service;
use crate::sim::component::service::settings::RunsOn;
use crate::sim::component::service::supervisor::Supervisor;
use crate::sim::kernel::Kernel;
use crate::sim::quantity::{Bytes, Span, Time};

/// Whether the level has machines, even where none runs at the moment.
fn has_machines(world: &dyn World) -> bool {
    services(world).next().is_some() || !all(world).is_empty()
}

const KIT: Kit = Kit { place: Place::Host, takes: Span::from_millis(100), exists: has_machines };

pub const COMMANDS: &[Command] = &[
    Command {
        name: "ssh",
        usage: "ssh HOST [COMMAND]",
        summary: "logs in to a machine, or runs one command there",
        manual: "`exit` leads back.\n\nThe machines of the cluster are those of `kubectl get nodes`.\n\nssh HOST\nssh HOST dmesg | tail -5\nssh HOST 'ps aux | sort -rnk4 | head'",
        place: Place::Anywhere,
        takes: Span::from_seconds(1),
        exists: has_machines,
        runs: Runs::Shell(connect),
        complete: |typed, world| if typed.before.len() > 1 { vec![] } else { hosts(world) },
        ..Command::PLAIN
    },
    Command {
        name: "dsh",
        usage: "dsh -g GROUP COMMAND",
        summary: "runs one command on every machine of a group, one after the other",
        manual: "What is piped in goes to each of them.\n\ndsh -g GROUP systemctl status UNIT\ncat FILE | dsh -g GROUP \"cat > PATH\"",
        place: Place::Bastion,
        takes: Span::from_seconds(1),
        exists: |world| !groups(world).is_empty(),
        runs: Runs::Shell(list_group),
        complete: |typed, world| match typed.before {
            [_] => vec![candidate("-g", "the group follows")],
            [_, _] => groups(world).into_iter().map(|(name, hosts)| candidate(name, hosts.join(" "))).collect(),
            _ => vec![],
        },
        ..Command::PLAIN
    },
    Command {
        name: "exit",
        aliases: &["logout"],
        usage: "exit",
        summary: "leaves the machine that one is logged in to",
        manual: "",
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: has_machines,
        runs: Runs::Command(leave),
        complete: nothing,
        ..Command::PLAIN
    },
    Command {
        options: Options::Read(kernel::DMESG),
        ..KIT.tool(
        "dmesg",
        "dmesg [-T] [-H] [-w]",
        "what the kernel has said: what it killed, and why",
        "'Memory cgroup out of memory' is the limit of one container; 'Out of memory' alone is the whole machine. anon-rss is what the process had when it was killed.\n\ndmesg -T | grep -i kill | tail",
        kernel::dmesg,
    ) },
    Command {
        options: Options::Read(last::LAST),
        ..KIT.tool(
            "last",
            "last [-n LINES] [USER]",
            "who has been logged in to this machine, and when",
            "The latest first. Machines keep UTC. What somebody did with privileges is in /var/log/auth.log.\n\nlast -n 5",
            last::last,
        )
    },
    Command {
        options: Options::Read(kernel::JOURNAL),
        complete: complete_journal,
        ..KIT.tool(
        "journalctl",
        "journalctl [-k] [-u UNIT] [-n LINES] [--since TIME] [-f]",
        "the machine's journal: the kernel, the supervisors, the processes",
        "Machines keep UTC.\n\njournalctl -u UNIT -n 20\njournalctl --since '10 min ago'",
        kernel::journal,
    ) },
    Command {
        takes: Span::from_millis(200),
        exists: |world| {
            let is_systemd = |service: &Service| service.supervisor().is_some_and(Supervisor::is_systemd);
            caches(world).next().is_some() || services(world).any(|(_, service)| is_systemd(service))
        },
        complete: supervisor::complete_systemctl,
        options: Options::Checked(supervisor::SYSTEMCTL),
        ..KIT.tool(
            "systemctl",
            "systemctl status|start|stop|restart|reload UNIT",
            "a process under systemd: how it does; start, stop, restart it",
            "`reload` lets the process run on: it reads its settings again and opens its log files anew. `restart` ends it and starts it again; what it had in hand is lost.\n\nsystemctl status UNIT\nsystemctl restart UNIT",
            supervisor::systemctl,
        )
    },
    Command {
        takes: Span::from_millis(200),
        exists: |world| services(world).any(|(_, service)| service.supervisor().is_some_and(|one| !one.is_systemd())),
        complete: supervisor::complete_initctl,
        aliases: &["start", "restart", "reload"],
        ..KIT.tool(
            "initctl",
            "initctl list|status|start|stop|restart|reload [JOB]",
            "a process under upstart: how it does; start, stop, restart it",
            "`restart JOB` alone does it as well.\n\ninitctl list\ninitctl status JOB\ninitctl restart JOB",
            supervisor::initctl,
        )
    },
    Command {
        complete: supervisor::complete_kill,
        options: Options::Own,
        ..KIT.tool(
            "kill",
            "kill [-SIGNAL] PID",
            "sends a signal to a process: 15 asks it to end, 9 ends it",
            "ps aux shows the ids. Who started the process may start it again. A process in Go shows all its goroutines at QUIT, where its dying words go, and ends.\n\nkill PID\nkill -9 PID\nkill -QUIT PID",
            supervisor::kill,
        )
    },
    Command {
        exists: has_kernel,
        ..KIT.tool(
            "lsmod",
            "lsmod",
            "the modules that the kernel has loaded, and who uses them",
            "The last column says how often a module is in use, and by which. Reading it loads nothing.\n\nlsmod | grep NAME",
            netfilter::lsmod,
        )
    },
    Command {
        exists: has_kernel,
        complete: netfilter::complete_modules,
        options: Options::Checked(netfilter::MODPROBE),
        ..KIT.tool(
            "modprobe",
            "modprobe [-r] MODULE",
            "loads a module with what it needs; -r takes it out with what nobody else needs",
            "What it may load is said in /etc/modprobe.d: `alias NAME off` makes it look for a module called off. That takes out nothing that is loaded.\n\nmodprobe -r MODULE",
            netfilter::modprobe,
        )
    },
    Command {
        exists: has_kernel,
        complete: netfilter::complete_modules,
        ..KIT.tool(
            "rmmod",
            "rmmod MODULE...",
            "takes modules out of the kernel, one after the other",
            "A module that another uses stays: begin with the one that nobody uses. What a module held is gone with it.\n\nlsmod\nrmmod MODULE MODULE",
            netfilter::rmmod,
        )
    },
    Command {
        exists: has_kernel,
        complete: netfilter::complete_sysctl,
        options: Options::Checked(netfilter::SYSCTL),
        ..KIT.tool(
            "sysctl",
            "sysctl [-a] [-w] KEY[=VALUE]...",
            "values of the kernel: reads them, sets them",
            "A value that is set lasts until the next boot, or until what it belongs to is taken out. A key that nobody brings is unknown.\n\nsysctl KEY\nsysctl -w KEY=VALUE\nsysctl -a | grep PART",
            netfilter::sysctl,
        )
    },
    Command {
        exists: has_kernel,
        options: Options::Own,
        ..KIT.tool(
            "iptables",
            "iptables [-t TABLE] -L|-A|-D|-F [CHAIN] ...",
            "the kernel's packet rules: lists them, adds and removes them",
            "Tables: filter (where none is named), nat, mangle, raw. To answer, the kernel needs what it is asked about.\n\niptables -L\niptables -t raw -A PREROUTING -j NOTRACK",
            netfilter::iptables,
        )
    },
    Command {
        exists: has_kernel,
        options: Options::Own,
        ..KIT.tool(
            "conntrack",
            "conntrack -L|-C|-S|-F [-p PROTOCOL] [--state STATE]",
            "the connections that the kernel keeps track of",
            "-L lists them, -C counts them, -S what has been counted since, -F forgets them all.\n\nconntrack -L | awk '{print $4}' | sort | uniq -c",
            netfilter::conntrack,
        )
    },
    Command {
        exists: has_kernel,
        ..KIT.tool(
            "reboot",
            "reboot",
            "starts the machine anew, with all that runs on it",
            "It is gone for more than a minute. What was loaded or set by hand is gone for good; what stands in files holds.",
            netfilter::reboot,
        )
    },
    Command {
        exists: has_kernel,
        options: Options::Checked(network::SS),
        ..KIT.tool("ss", "ss -s", "the machine's sockets, counted by state", "", network::ss)
    },
    Command { options: Options::Read(FREE), ..KIT.tool("free", "free [-m|-g|-h]", "the machine's memory", "", free) },
    Command {
        options: Options::Checked(ps::FLAGS),
        ..KIT.tool(
            "ps",
            "ps aux | ps -ef | ps [-e] -o COLUMNS [-C NAME] [-p PID] [--sort COLUMN]",
            "the processes and what they hold",
            "RSS is what a process holds, in KiB; VSZ what it has asked for; ELAPSED how long it has been running.\n\nps aux --sort=-rss | head -5\nps -eo pid,etime,rss,args",
            ps::ps,
        )
    },
    Command {
        options: Options::Read(processes::TOP),
        ..KIT.tool(
            "top",
            "top [-b] [-n TIMES] [-o FIELD] [-p PID]",
            "the processes that hold or take the most",
            "It prints once, without keys to press: watch -n 3 top follows it.\n\ntop -o %MEM | head -12",
            processes::top,
        )
    },
    KIT.tool(
        "vmstat",
        "vmstat [SECONDS [TIMES]]",
        "memory, swap and what the processor waits for",
        "swpd is what lies in swap, in KiB; si what comes back from there in a second; wa the time spent waiting for the disk.\n\nvmstat 1 5",
        processes::vmstat,
    ),
    Command {
        options: Options::Checked(processes::UPTIME),
        ..KIT.tool("uptime", "uptime [-p|-s]", "since when the machine runs, and its load", "", processes::uptime)
    },
    Command { options: Options::Read(disks::DF), ..KIT.tool(
        "df",
        "df [-hHTi] [PATH]",
        "the machine's disks, and how full they are",
        "A file that was deleted while a process has it open is still counted: lsof +L1 shows it, du doesn't.\n\ndf -h",
        disks::df,
    ) },
    Command {
        takes: Span::from_millis(600),
        complete: files::complete,
        options: Options::Read(disks::DU),
        ..KIT.tool(
            "du",
            "du [-ahsx] [-d DEPTH] [PATH…]",
            "how much files and folders take",
            "du -ah /var | sort -rh | head -5",
            disks::du,
        )
    },
    Command {
        exists: |world| all(world).iter().any(disks::has_disks),
        takes: Span::from_millis(400),
        complete: files::complete,
        options: Options::Checked(disks::LSOF),
        ..KIT.tool(
            "lsof",
            "lsof [+L1] [-p PID] [PATH]",
            "which process has which file open",
            "+L1 shows those that no name leads to any more: deleted, and still taking room until the process lets go.",
            disks::lsof,
        )
    },
    Command {
        exists: |world| all(world).iter().any(disks::has_disks),
        complete: files::complete,
        options: Options::Read(files::RM),
        ..KIT.tool(
            "rm",
            "rm [-rf] FILE…",
            "deletes files",
            "A file that a process has open loses its name; its room comes back when the process lets go of it.",
            files::rm,
        )
    },
    Command {
        exists: |world| all(world).iter().any(disks::has_disks),
        complete: files::complete,
        options: Options::Read(files::TRUNCATE),
        ..KIT.tool(
            "truncate",
            "truncate -s SIZE FILE…",
            "cuts a file to a size",
            "Works on a file that a process has open: its room comes back at once, and the process writes on at its new end.\n\ntruncate -s 0 FILE",
            files::truncate,
        )
    },
];

/// `journalctl -u UNIT`: the units of the machine.
fn complete_journal(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    match typed.before.last().map(String::as_str) {
        Some("-u" | "--unit") => supervisor::units(typed, world),
        _ => arguments::candidates(kernel::JOURNAL),
    }
}

/// For tools of a kernel that the level describes.
fn has_kernel(world: &dyn World) -> bool {
    super::world::hosts(world).next().is_some()
}

/// The machines that one can log in to.
pub fn hosts(world: &dyn World) -> Vec<Candidate> {
    let about = |machine: &Machine| match machine.residents.as_slice() {
        _ if machine.is_node => format!("machine: {} pods", machine.residents.len()),
        [] => "machine".to_owned(),
        all => {
            let names: Vec<&str> = all.iter().map(|resident| resident.service.as_str()).collect();
            format!("machine: {}", names.join(", "))
        }
    };
    all(world).iter().map(|machine| candidate(machine.name.clone(), about(machine))).collect()
}

/// `ssh HOST [--shell]`: the first second of it; the line after it is run by the shell.
fn connect(call: &mut Call, world: &mut dyn World) -> Progress {
    let to = call.arguments().first().cloned().unwrap_or_default();
    let machines = all(world);
    let Some(machine) = machines.iter().find(|machine| machine.name == to) else {
        let near = nearest(&to, machines.iter().map(|machine| machine.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        call.complain(format!("ssh: Could not resolve hostname {to}: Name or service not known{hint}"));
        return Progress::Done(255);
    };
    // A kernel that drops first packets drops those of whoever logs in as well: they are sent again after 1, 3, 7, 15, 31,
    // 63 s.
    if world.system().kernel(&machine.name).is_some_and(Kernel::has_no_room) {
        return match call.visit {
            0..6 => Progress::Again(Span::from_seconds(1 << call.visit)),
            _ => call.fail(format!("ssh: connect to host {to} port 22: Connection timed out")),
        };
    }
    if call.words.iter().any(|word| word == "--shell") {
        *call.wish = Some(Wish::Enter(machine.name.clone()));
        call.say(format!("Welcome to {}. `exit` leads back to where you came from.", machine.name));
    }
    Progress::Done(0)
}

/// The groups of machines: each with the names of its machines.
fn groups(world: &dyn World) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = vec![];
    for (_, service) in services(world) {
        let RunsOn::Hosts(hosts) = &service.settings.runs_on else { continue };
        let name = if hosts.group.is_empty() { service.settings.name.clone() } else { hosts.group.clone() };
        groups.push((name, hosts.machines(&service.settings.name)));
    }
    for (_, cache) in caches(world) {
        groups.push((cache.settings.name.clone(), cache.machines.iter().map(|one| one.name.to_string()).collect()));
    }
    groups
}

/// `dsh -g GROUP`: the machines, one a line; the line after it is run by the shell.
fn list_group(call: &mut Call, world: &mut dyn World) -> Progress {
    let name = call.arguments().first().cloned().unwrap_or_default();
    let groups = groups(world);
    let Some((_, hosts)) = groups.iter().find(|(known, _)| *known == name) else {
        let near = nearest(&name, groups.iter().map(|(known, _)| known.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        let known: Vec<&str> = groups.iter().map(|(known, _)| known.as_str()).collect();
        return call.fail(format!("dsh: no group {name}{hint}; there are: {}", known.join(", ")));
    };
    call.say_all(hosts.clone());
    Progress::Done(0)
}

fn leave(call: &mut Call, _: &mut dyn World) -> Progress {
    let Some(host) = call.host else {
        // A further shell of one's own ends; the first stays.
        if call.entries.get(call.entry).is_some_and(|entry| entry.tab > 1) {
            *call.wish = Some(Wish::Close);
            return Progress::Done(0);
        }
        return call.fail("exit: this is the bastion already; Ctrl-C twice leaves the game");
    };
    let line = format!("Connection to {host} closed.");
    call.complain(line);
    *call.wish = Some(Wish::Leave);
    Progress::Done(0)
}

/// The machine that a command runs on.
fn here(call: &Call, world: &dyn World) -> Result<Machine, String> {
    let name = call.host.unwrap_or_default();
    all(world)
        .into_iter()
        .find(|machine| machine.name == name)
        .ok_or_else(|| format!("client_loop: send disconnect: Broken pipe ({name} is gone: exit)"))
}

/// An amount as `-h` prints it: `1.4Gi`, `212Mi`.
fn human(bytes: Bytes) -> String {
    let gib_tenths = (bytes.0 * 10) >> 30;
    match gib_tenths {
        100.. => format!("{}Gi", gib_tenths / 10),
        10.. => format!("{}.{}Gi", gib_tenths / 10, gib_tenths % 10),
        _ if bytes.mib() > 0 => format!("{}Mi", bytes.mib()),
        _ => format!("{}Ki", bytes.kib()),
    }
}

const FREE: &[Flag] = &[
    switch('h', "human", "for people"),
    switch('m', "mebi", "in MiB"),
    switch('g', "gibi", "in GiB"),
    moot('k', "kibi"),
];

fn free(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), FREE) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("free")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let show = |bytes: Bytes| match (given.has("human"), given.has("mebi"), given.has("gibi")) {
        (true, ..) => human(bytes),
        (_, true, _) => bytes.mib().to_string(),
        (_, _, true) => (bytes.0 >> 30).to_string(),
        _ => bytes.kib().to_string(),
    };
    let [total, free, available, cache, swap, unswapped] = memory(&machine).map(|(_, bytes)| bytes);
    let used = machine.used();
    call.say("              total        used        free      shared  buff/cache   available");
    let cells = [total, used, free, Bytes(12 << 20), cache, available].map(show);
    let line: Vec<String> = cells.iter().map(|cell| format!("{cell:>11}")).collect();
    call.say(format!("Mem:    {}", line.join(" ")));
    let cells = [swap, machine.swapped(), unswapped].map(show);
    call.say(format!("Swap:   {:>11} {:>11} {:>11}", cells[0], cells[1], cells[2]));
    Progress::Done(0)
}

/// A machine's memory by the kernel's names.
fn memory(machine: &Machine) -> [(&'static str, Bytes); 6] {
    let (total, used) = (machine.memory.0, machine.used().0);
    let cache = (total / 5).min(total.saturating_sub(used));
    let free = total.saturating_sub(used + cache);
    let (swap, swapped) = (machine.swap.0, machine.swapped().0);
    [
        ("MemTotal", Bytes(total)),
        ("MemFree", Bytes(free)),
        ("MemAvailable", Bytes(free + cache)),
        ("Cached", Bytes(cache)),
        ("SwapTotal", Bytes(swap)),
        ("SwapFree", Bytes(swap.saturating_sub(swapped))),
    ]
}

/// When a machine was started: its uptime is a number that only its name decides.
fn booted(machine: &Machine) -> Time {
    machine.booted
}
