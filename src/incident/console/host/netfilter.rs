//! `lsmod`, `modprobe`, `rmmod`, `sysctl`, `iptables`, `conntrack`: a machine's kernel, looked at and changed.
//!
//! Whatever a tool needs of the kernel it loads, for whoever types it.

use crate::incident::console::arguments::{Flag, moot, switch};
use crate::incident::console::world::{hosts, services};
use crate::incident::console::{Call, Progress, Typed, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::kernel::conntrack::Conntrack;
use crate::sim::kernel::modules::{Loaded, MODULES};
use crate::sim::kernel::{Change, Kernel, Rule, Table};
use crate::sim::operation::{Applied, Operation, Verb};
use crate::sim::quantity::{Span, Time};
use crate::sim::random::mix;

/// Lines of connections that are listed; the rest is counted.
const LISTED_MOST: usize = 4_000;

/// Does something to the kernel of the machine that one is logged in to.
pub(super) fn change(call: &Call, change: Change, command: &str, world: &mut dyn World) -> Result<Applied, String> {
    let machine = call.host.unwrap_or_default().to_owned();
    let group = hosts(world).find(|(_, group)| group.named(&machine).is_some());
    let Some(group) = group.map(|(_, group)| group.settings.name.clone()) else {
        return Err(format!("nothing can be done to the kernel of {machine}"));
    };
    let by = call.who.to_owned();
    world.operate(call.who, &group, Operation::Kernel { machine, by, command: command.to_owned(), change })
}

/// The command as `sudo` logs it.
fn command_of(call: &Call, path: &str) -> String {
    format!("{path}{}", call.words.join(" "))
}

fn kernel<'a>(call: &Call, world: &'a dyn World) -> Option<&'a Kernel> {
    world.system().kernel(call.host.unwrap_or_default())
}

fn refused(call: &mut Call, refusal: &str) -> Progress {
    call.complain_all(refusal.lines().map(str::to_owned).collect::<Vec<_>>());
    Progress::Done(1)
}

/// A line of `lsmod`, without its header.
fn row(kernel: &Kernel, loaded: &Loaded) -> String {
    let module = loaded.module;
    let users = kernel.modules.users(module.name).join(",");
    let line = format!("{:<19} {:>8}  {} {users}", module.name, module.size, kernel.modules.use_count(module.name));
    line.trim_end().to_owned()
}

/// A line of `/proc/modules`.
pub(super) fn module_line(kernel: &Kernel, loaded: &Loaded) -> String {
    let module = loaded.module;
    let users = kernel.modules.users(module.name);
    let users = if users.is_empty() { "-".to_owned() } else { format!("{},", users.join(",")) };
    format!("{} {} {} {users} Live 0x0000000000000000", module.name, module.size, kernel.modules.use_count(module.name))
}

/// The tables that the kernel has, as `/proc/net/ip_tables_names` lists them.
pub(super) fn tables(kernel: &Kernel) -> Vec<String> {
    let all = [Table::Filter, Table::Nat, Table::Mangle, Table::Raw];
    all.iter().filter(|table| kernel.modules.has(table.module())).map(|table| table.name().to_owned()).collect()
}

pub fn lsmod(call: &mut Call, world: &mut dyn World) -> Progress {
    call.say("Module                  Size  Used by");
    let Some(kernel) = kernel(call, world) else { return Progress::Done(0) };
    let mut rows: Vec<String> = kernel.modules.all().map(|loaded| row(kernel, loaded)).collect();
    // What every machine of the time has.
    rows.extend(
        ["bnx2                   79722  0", "lp                     13299  0", "ext4                  405504  2"]
            .map(str::to_owned),
    );
    call.say_all(rows);
    Progress::Done(0)
}

pub const MODPROBE: &[Flag] = &[switch('r', "remove", "takes it out, with what nobody else needs")];

pub const SYSCTL: &[Flag] = &[
    switch('a', "all", "every key"),
    switch('A', "", "the same"),
    switch('n', "values", "only the values"),
    moot('w', "write"),
];

pub fn modprobe(call: &mut Call, world: &mut dyn World) -> Progress {
    let command = command_of(call, "/sbin/");
    let removes = call.arguments().iter().any(|word| word == "-r" || word == "--remove");
    let names: Vec<String> = call.arguments().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    if names.is_empty() {
        return call.fail("Usage: modprobe [-r] MODULE");
    }
    let mut code = 0;
    let mut command = command.as_str();
    for module in names {
        let what = if removes { Change::Unload { module, with_unused: true } } else { Change::Load(module) };
        // One command is one line in the log, whatever it does.
        if let Err(refusal) = change(call, what, std::mem::take(&mut command), world) {
            call.complain(refusal);
            code = 1;
        }
    }
    Progress::Done(code)
}

/// How long a machine takes from the command until its processes are started again.
const BOOT: Span = Span::from_seconds(75);

/// The machine goes down with all that runs on it, and comes back without what was loaded and set by hand.
pub fn reboot(call: &mut Call, world: &mut dyn World) -> Progress {
    let host = call.host.unwrap_or_default().to_owned();
    if call.visit > 0 {
        for service in call.kept.clone() {
            let operation = Operation::Unit { instance: host.clone(), verb: Verb::Start };
            if let Err(refusal) = world.operate(call.who, &service, operation) {
                call.complain(refusal);
            }
        }
        call.say(format!("{host} is up again"));
        return Progress::Done(0);
    }
    let command = command_of(call, "/sbin/");
    if let Err(refusal) = change(call, Change::Boot(BOOT), &command, world) {
        return call.fail(refusal);
    }
    let there = services(world).filter(|(_, service)| {
        service.supervisor().is_some()
            && service.live().any(|(_, instance)| *instance.name == *host && instance.is_ready())
    });
    let names: Vec<String> = there.map(|(_, service)| service.settings.name.clone()).collect();
    for service in &names {
        let operation = Operation::Unit { instance: host.clone(), verb: Verb::Stop };
        if let Err(refusal) = world.operate(call.who, service, operation) {
            call.complain(refusal);
        }
    }
    call.say("The system is going down for reboot NOW!");
    *call.kept = names;
    Progress::Again(BOOT)
}

pub fn rmmod(call: &mut Call, world: &mut dyn World) -> Progress {
    let command = command_of(call, "/sbin/");
    let names: Vec<String> = call.arguments().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    if names.is_empty() {
        return call.fail("Usage: rmmod MODULE...");
    }
    let mut code = 0;
    let mut command = command.as_str();
    for module in names {
        if let Err(refusal) =
            change(call, Change::Unload { module, with_unused: false }, std::mem::take(&mut command), world)
        {
            call.complain(refusal);
            code = 1;
        }
    }
    Progress::Done(code)
}

pub fn sysctl(call: &mut Call, world: &mut dyn World) -> Progress {
    let command = command_of(call, "/sbin/");
    let words = call.arguments();
    let has = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
    let (all, bare) = (has(&["-a", "-A", "--all"]), has(&["-n", "--values"]));
    let values = kernel(call, world).map(Kernel::sysctls).unwrap_or_default();
    let show = |(key, value): &(String, String)| if bare { value.clone() } else { format!("{key} = {value}") };
    if all {
        call.say_all(values.iter().map(show).collect::<Vec<_>>());
        return Progress::Done(0);
    }
    let joined = words.iter().filter(|word| !word.starts_with('-')).cloned().collect::<Vec<_>>().join(" ");
    let joined = joined.replace(" = ", "=");
    if joined.is_empty() {
        return call.fail("usage: sysctl [-a] [-w] KEY[=VALUE]");
    }
    let mut code = 0;
    let mut command = command.as_str();
    for word in joined.split_whitespace() {
        let (key, value) = word.split_once('=').map_or((word, None), |(key, value)| (key, Some(value)));
        let key = key.replace('/', ".");
        let result = match value {
            Some(value) => {
                let what = Change::Sysctl { key: key.clone(), value: value.to_owned() };
                change(call, what, std::mem::take(&mut command), world).map(|_| (key, value.to_owned()))
            }
            None => values
                .iter()
                .find(|(known, _)| *known == key)
                .cloned()
                .ok_or_else(|| format!("error: \"{key}\" is an unknown key")),
        };
        match result {
            Ok(pair) => call.say(show(&pair)),
            Err(refusal) => {
                call.complain(refusal);
                code = 255;
            }
        }
    }
    Progress::Done(code)
}

/// What is asked of `iptables`.
struct Asked {
    table: Table,
    verb: char,
    chain: Option<String>,
    target: String,
    limited_to: Vec<String>,
    modules: Vec<&'static str>,
    as_rules: bool,
    is_numeric: bool,
    has_numbers: bool,
}

fn read_iptables(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked {
        table: Table::Filter,
        verb: ' ',
        chain: None,
        target: String::new(),
        limited_to: vec![],
        modules: vec![],
        as_rules: false,
        is_numeric: false,
        has_numbers: false,
    };
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-t" | "--table" => {
                let name = words.next().map_or("", String::as_str);
                asked.table = Table::named(name).ok_or_else(|| {
                    format!("iptables v1.4.12: can't initialize iptables table `{name}': Table does not exist (do you need to insmod?)")
                })?;
            }
            "-j" | "--jump" => asked.target = words.next().cloned().unwrap_or_default(),
            "-n" | "--numeric" => asked.is_numeric = true,
            "--line-numbers" => asked.has_numbers = true,
            "-L" | "--list" | "-nL" | "-Ln" | "-S" | "-A" | "-I" | "-D" | "-F" | "--append" | "--insert"
            | "--delete" | "--flush" | "--list-rules" => {
                asked.verb = match word.trim_start_matches('-') {
                    "append" | "A" | "insert" | "I" => 'A',
                    "delete" | "D" => 'D',
                    "flush" | "F" => 'F',
                    _ => 'L',
                };
                asked.is_numeric |= word.contains('n') && !word.starts_with("--");
                asked.as_rules = matches!(word.as_str(), "-S" | "--list-rules");
                if words.peek().is_some_and(|next| !next.starts_with('-')) {
                    asked.chain = words.next().cloned();
                }
            }
            "-m" | "--match" => {
                let name = words.next().cloned().unwrap_or_default();
                match name.as_str() {
                    "state" => asked.modules.push("xt_state"),
                    "conntrack" => asked.modules.push("xt_conntrack"),
                    _ => {}
                }
                asked.limited_to.push(name);
            }
            // What a rule is limited to; anything else that looks like an option is none.
            "-p" | "--protocol" | "-s" | "--source" | "-d" | "--destination" | "-i" | "-o" | "--sport" | "--dport"
            | "--state" | "--ctstate" | "!" => {
                asked.limited_to.push(word.clone());
                asked.limited_to.extend(words.next().cloned());
            }
            other => {
                return Err(format!(
                    "iptables v1.4.12: unknown option `{other}'\nTry `iptables -h' or 'iptables --help' for more information."
                ));
            }
        }
    }
    Ok(asked)
}

pub fn iptables(call: &mut Call, world: &mut dyn World) -> Progress {
    let command = command_of(call, "/sbin/");
    let asked = match read_iptables(call.arguments()) {
        Ok(asked) => asked,
        Err(error) => return call.fail(error),
    };
    let chain = asked.chain.clone().unwrap_or_default();
    if !chain.is_empty() && !asked.table.chains().contains(&chain.as_str()) {
        return call.fail("iptables: No chain/target/match by that name.");
    }
    let what = match asked.verb {
        'L' => Change::List(asked.table),
        'F' => Change::FlushRules(asked.table, asked.chain.clone()),
        'A' | 'D' => {
            let mut modules = asked.modules.clone();
            match (asked.target.as_str(), asked.table) {
                ("NOTRACK", Table::Raw) => modules.push("xt_NOTRACK"),
                ("ACCEPT" | "RETURN", _) => {}
                ("NOTRACK", _) => return call.fail("iptables: No chain/target/match by that name."),
                _ => return call.fail(
                    "iptables: on these machines packets are exempted or accepted; they are filtered by the routers",
                ),
            }
            if chain.is_empty() {
                return call.fail("iptables v1.4.12: -A requires a chain name");
            }
            let limited_to = asked.limited_to.join(" ");
            let rule = Rule { table: asked.table, chain, target: asked.target.clone(), limited_to, modules };
            if asked.verb == 'A' { Change::Append(rule) } else { Change::Delete(rule) }
        }
        _ => {
            return call.fail(
                "iptables v1.4.12: no command specified\nTry `iptables -h' or 'iptables --help' for more information.",
            );
        }
    };
    let lists = matches!(what, Change::List(_));
    if let Err(refusal) = change(call, what, &command, world) {
        return refused(call, &refusal);
    }
    if lists {
        let rules = kernel(call, world).map(|kernel| kernel.rules.clone()).unwrap_or_default();
        list(call, &asked, &rules);
    }
    Progress::Done(0)
}

fn list(call: &mut Call, asked: &Asked, rules: &[Rule]) {
    let any = if asked.is_numeric { "0.0.0.0/0" } else { "anywhere" };
    let chains = asked.table.chains().iter().filter(|name| asked.chain.as_ref().is_none_or(|chain| chain == **name));
    for (index, name) in chains.enumerate() {
        let own = rules.iter().filter(|rule| rule.table == asked.table && rule.chain == *name);
        if asked.as_rules {
            call.say(format!("-P {name} ACCEPT"));
            for rule in own {
                let limited = if rule.limited_to.is_empty() { String::new() } else { format!("{} ", rule.limited_to) };
                call.say(format!("-A {name} {limited}-j {}", rule.target));
            }
            continue;
        }
        if index > 0 {
            call.say("");
        }
        call.say(format!("Chain {name} (policy ACCEPT)"));
        let head = if asked.has_numbers { "num  " } else { "" };
        call.say(format!("{head}target     prot opt source               destination"));
        for (number, rule) in own.enumerate() {
            let number = if asked.has_numbers { format!("{:<5}", number + 1) } else { String::new() };
            let line = format!("{number}{:<10} all  --  {any:<20} {any:<19} {}", rule.target, rule.limited_to);
            call.say(line.trim_end());
        }
    }
}

/// Some of the entries, as `conntrack -L` lists them: the real addresses are many, these stand for them.
pub(super) fn entries(table: &Conntrack, now: Time) -> Vec<String> {
    let mut lines = vec![];
    let established = table.established();
    let live = (0..established).map(|n| (n, "ESTABLISHED", 431_990 - (n % 40) as i64, " [ASSURED]", ""));
    let mut number = established;
    let mut fading = |list: Vec<(Time, u32)>, state, assured, reply| {
        let mut rows = vec![];
        for (ends, count) in list {
            let left = ends.since(now).seconds();
            rows.extend((0..u64::from(count)).map(|n| (number + n, state, left, assured, reply)));
            number += u64::from(count);
        }
        rows
    };
    let closed = fading(table.closed().collect(), "TIME_WAIT", " [ASSURED]", "");
    let unanswered = fading(table.unanswered().collect(), "SYN_SENT", "", "[UNREPLIED] ");
    for (n, state, left, assured, reply) in live.chain(closed).chain(unanswered) {
        let word = mix(n);
        let (host, port) = (word % 250 + 1, 1024 + (word >> 16) % 60_000);
        let ends = format!("src=10.0.7.{host} dst=10.0.3.6 sport={port} dport=80");
        let back = format!("src=10.0.3.6 dst=10.0.7.{host} sport=80 dport={port}");
        lines.push(format!("tcp      6 {left} {state} {ends} {reply}{back}{assured} mark=0 use=1"));
    }
    lines
}

pub fn conntrack(call: &mut Call, world: &mut dyn World) -> Progress {
    const VERSION: &str = "conntrack v1.0.0 (conntrack-tools)";
    let command = command_of(call, "/usr/sbin/");
    let verb = call.arguments().first().map_or("", String::as_str);
    // Words that an entry has to hold.
    let mut only: Vec<String> = vec![];
    let mut rest = call.arguments().iter().skip(1);
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-p" | "--proto" | "--state" if matches!(verb, "-L" | "--dump") => only.extend(rest.next().cloned()),
            other => return call.fail(format!("{VERSION}: unknown option `{other}'")),
        }
    }
    if verb == "-S" || verb == "--stats" {
        let Some(table) = kernel(call, world).and_then(|kernel| kernel.conntrack.as_ref()) else {
            return call.fail(format!("{VERSION}: Can't open /proc/net/stat/nf_conntrack"));
        };
        let counts = table.counts;
        let rows = [
            ("entries", table.count()),
            ("found", 0),
            ("new", counts.inserted),
            ("invalid", 0),
            ("delete", counts.deleted),
            ("insert", counts.inserted),
            ("insert_failed", 0),
            ("drop", counts.dropped),
            ("early_drop", counts.early_dropped),
        ];
        call.say_all(rows.map(|(name, value)| format!("{name:<16}\t{value}")));
        return Progress::Done(0);
    }
    if !matches!(verb, "-L" | "--dump" | "-C" | "--count" | "-F" | "--flush") {
        return call.fail(format!("{VERSION}: you need to supply parameters: -L, -C, -S or -F"));
    }
    let flushes = matches!(verb, "-F" | "--flush");
    let (opens, flush) = if flushes { ("", command.as_str()) } else { (command.as_str(), "") };
    if let Err(refusal) = change(call, Change::OpenNetlink, opens, world) {
        return call.fail(format!("{VERSION}: {refusal}"));
    }
    match verb {
        "-F" | "--flush" => {
            if let Err(refusal) = change(call, Change::FlushConnections, flush, world) {
                return call.fail(refusal);
            }
            call.complain(format!("{VERSION}: connection tracking table has been emptied."));
        }
        "-C" | "--count" => {
            let count = kernel(call, world).and_then(|kernel| kernel.conntrack.as_ref()).map_or(0, Conntrack::count);
            call.say(count.to_string());
        }
        _ => {
            let now = world.now();
            let lines = kernel(call, world).and_then(|kernel| kernel.conntrack.as_ref());
            let mut lines = lines.map(|table| entries(table, now)).unwrap_or_default();
            lines.retain(|line| only.iter().all(|word| line.split_whitespace().any(|one| one == word)));
            let all = lines.len();
            // A sample of what a screen can't hold: each so-manieth.
            let step = all.div_ceil(LISTED_MOST).max(1);
            call.say_all(lines.into_iter().step_by(step).collect::<Vec<_>>());
            let shown = if step > 1 { format!(" (one in {step} of them here)") } else { String::new() };
            call.complain(format!("{VERSION}: {all} flow entries have been shown.{shown}"));
        }
    }
    Progress::Done(0)
}

pub fn complete_modules(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let kernel = world.system().kernel(typed.host.unwrap_or_default());
    let loaded = |name| kernel.is_some_and(|kernel| kernel.modules.has(name));
    MODULES.iter().filter(|module| loaded(module.name)).map(|module| candidate(module.name, "is loaded")).collect()
}

pub fn complete_sysctl(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let kernel = world.system().kernel(typed.host.unwrap_or_default());
    let all = kernel.map(Kernel::sysctls).unwrap_or_default();
    all.into_iter().map(|(key, value)| candidate(key, value)).collect()
}
