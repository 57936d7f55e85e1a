//! Other people's sessions, and what runs by the clock: who is there, what waits its turn, and how it is ended.
//!
//! A job of the level is a process on its machine. The lines that it types go through the same console as everybody's;
//! this family only looks at jobs, begins them by their command and sends signals.

use super::arguments::switch;
use super::world::jobs;
use super::{Call, Command, Kit, Options, Place, Progress, World, candidate};
use crate::incident::view::Candidate;
use crate::sim::component::job::{End, Job};
use crate::sim::operation::Operation;
use crate::sim::quantity::{Span, Time};

const KIT: Kit =
    Kit { place: Place::Anywhere, takes: Span::from_millis(100), exists: |world| jobs(world).next().is_some() };

pub const COMMANDS: &[Command] = &[
    KIT.tool("who", "who", "who is logged in here", "", who),
    KIT.tool("w", "w", "who is logged in here, and what they do", "", what_they_do),
    KIT.tool(
        "atq",
        "atq",
        "what waits for its time in at(1)'s queue",
        "The first column is the number that `atrm` takes.",
        queue,
    ),
    KIT.tool("atrm", "atrm NUMBER", "takes something out of at(1)'s queue, so that it never begins", "", unqueue),
    Command {
        options: Options::Checked(&[switch('l', "list", "lists it")]),
        ..KIT.tool("crontab", "crontab -l", "what begins here again and again by the clock", "", crontab)
    },
    Command {
        place: Place::Host,
        options: Options::Own,
        ..KIT.tool(
            "pkill",
            "pkill [-SIGNAL] [-f] PATTERN",
            "sends a signal to the processes on this machine whose line holds a text",
            "-INT is Ctrl-C, -9 can't be refused.\n\npkill -INT -f console",
            pkill,
        )
    },
];

/// A process of somebody's on a machine, as its tools list it.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Whose: `ana`.
    pub user: String,
    /// Its process.
    pub pid: u32,
    /// Since when it runs.
    pub began: Time,
    /// What was typed.
    pub line: String,
}

/// What runs on a machine, or (`None`) on the bastion.
pub fn sessions(world: &dyn World, host: Option<&str>) -> Vec<Session> {
    let here = jobs(world).filter(|(_, job)| is_on(job, host));
    let running = here.filter_map(|(_, job)| {
        let run = job.run.as_ref()?;
        let by = if run.by.is_empty() { "you" } else { &run.by };
        let user = login(by);
        Some(Session { user, pid: run.pid, began: run.began, line: job.line().to_owned() })
    });
    let mut all: Vec<Session> = running.collect();
    if host.is_some_and(|host| super::database::machines(world).iter().any(|known| known == host)) {
        let began = Time::ZERO - Span::from_seconds(63 * 86_400);
        let line = "/usr/sbin/mysqld --basedir=/usr --user=mysql".to_owned();
        all.push(Session { user: "mysql".to_owned(), pid: 2041, began, line });
    }
    all
}

/// The machines that jobs run on.
pub fn machines(world: &dyn World) -> Vec<String> {
    let mut all: Vec<String> = jobs(world).filter_map(|(_, job)| job.settings.on.clone()).collect();
    all.sort();
    all.dedup();
    all
}

fn is_on(job: &Job, host: Option<&str>) -> bool {
    job.settings.on.as_deref() == host
}

/// A person's login: `Ada, payments` is `ada`.
fn login(by: &str) -> String {
    by.split([',', ' ']).next().unwrap_or_default().to_lowercase()
}

fn who(call: &mut Call, world: &mut dyn World) -> Progress {
    for (number, one) in sessions(world, call.host).into_iter().enumerate() {
        let since = world.clock().iso(one.began).replace('T', " ");
        call.say(format!("{:<8} pts/{number:<8} {}", one.user, since.get(..16).unwrap_or_default()));
    }
    let now = world.clock().iso(world.now()).replace('T', " ");
    call.say(format!("{:<8} pts/{:<8} {}", "you", 9, now.get(..16).unwrap_or_default()));
    Progress::Done(0)
}

fn what_they_do(call: &mut Call, world: &mut dyn World) -> Progress {
    call.say("USER     TTY      LOGIN@   WHAT");
    for (number, one) in sessions(world, call.host).into_iter().enumerate() {
        // A machine keeps UTC.
        let since = world.clock().utc_short(one.began);
        call.say(format!("{:<8} pts/{number:<4} {since:<8} {}", one.user, one.line));
    }
    Progress::Done(0)
}

fn queue(call: &mut Call, world: &mut dyn World) -> Progress {
    let host = call.host;
    for (_, job) in jobs(world).filter(|(_, job)| is_on(job, host) && job.is_queued()) {
        let Some(at) = job.next else { continue };
        // A machine keeps UTC.
        let when = if host.is_some() { world.clock().utc_date(at) } else { world.clock().date(at) };
        call.say(format!("{}\t{when} a {}", job.queue_number(), login(&job.settings.by)));
    }
    Progress::Done(0)
}

fn unqueue(call: &mut Call, world: &mut dyn World) -> Progress {
    let [number] = call.arguments() else { return call.fail("usage: atrm NUMBER") };
    let is = |job: &Job| job.is_queued() && is_on(job, call.host) && job.queue_number().to_string() == *number;
    let found = jobs(world).find(|(_, job)| is(job)).map(|(_, job)| job.settings.name.clone());
    let Some(name) = found else {
        return call.fail(format!("Cannot find jobid {number}: `atq` lists what waits"));
    };
    match world.operate(call.who, &name, Operation::Unqueue) {
        Ok(_) => Progress::Done(0),
        Err(error) => call.fail(error),
    }
}

fn crontab(call: &mut Call, world: &mut dyn World) -> Progress {
    if !call.arguments().iter().any(|word| word == "-l" || word == "--list") {
        return call.fail("usage: crontab -l");
    }
    let here: Vec<&Job> = jobs(world).map(|(_, job)| job).filter(|job| is_on(job, call.host)).collect();
    let mut lines = vec![];
    for job in here {
        let Some(every) = job.settings.every else { continue };
        let minutes = every.seconds() / 60;
        let when = match minutes {
            0 | 1 => "* * * * *".to_owned(),
            2..=59 => format!("*/{minutes} * * * *"),
            60 => "0 * * * *".to_owned(),
            _ => format!("0 */{} * * *", (minutes / 60).min(23)),
        };
        lines.push(format!("{when} {} {}", login(&job.settings.by), job.line()));
    }
    if lines.is_empty() {
        return call.fail("no crontab for root");
    }
    call.say_all(lines);
    Progress::Done(0)
}

/// The signal that a flag names.
fn signal_of(flag: &str) -> Option<u8> {
    match flag.trim_start_matches('-').trim_start_matches("SIG") {
        "1" | "HUP" => Some(1),
        "2" | "INT" => Some(2),
        "3" | "QUIT" => Some(3),
        "9" | "KILL" => Some(9),
        "15" | "TERM" => Some(15),
        _ => None,
    }
}

/// The job whose run is this process on a machine.
pub fn process(world: &dyn World, host: Option<&str>, pid: u32) -> Option<String> {
    let is = |job: &Job| is_on(job, host) && job.run.as_ref().is_some_and(|run| run.pid == pid);
    jobs(world).find(|(_, job)| is(job)).map(|(_, job)| job.settings.name.clone())
}

fn pkill(call: &mut Call, world: &mut dyn World) -> Progress {
    let mut signal = 15;
    let (mut pattern, mut is_full, mut is_exact) = (None, false, false);
    for word in call.arguments() {
        match word.as_str() {
            "-f" | "--full" => is_full = true,
            "-x" | "--exact" => is_exact = true,
            flag if flag.starts_with('-') => match signal_of(flag) {
                Some(number) => signal = number,
                None => return call.fail(format!("pkill: invalid option -- '{}'", flag.trim_start_matches('-'))),
            },
            text => pattern = Some(text.to_owned()),
        }
    }
    let Some(pattern) = pattern else { return call.fail("usage: pkill [-SIGNAL] [-f] PATTERN") };
    let here: Vec<(String, String)> = jobs(world)
        .filter(|(_, job)| is_on(job, call.host) && job.run.is_some())
        .map(|(_, job)| (job.settings.name.clone(), job.line().to_owned()))
        .collect();
    let mut code = 1;
    // Without -f it is the program's name that counts.
    let program =
        |line: &str| line.split(' ').next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    let fits = |line: &str| {
        let text = if is_full { line.to_owned() } else { program(line) };
        if is_exact { text == pattern } else { text.contains(&pattern) }
    };
    for (name, _) in here.iter().filter(|(_, line)| fits(line)) {
        match world.operate(call.who, name, Operation::Kill { instance: name.clone(), signal }) {
            Ok(_) => code = 0,
            Err(error) => call.complain(format!("pkill: {error}")),
        }
    }
    Progress::Done(code)
}

/// Words without the quotes that a shell takes off.
fn plain(line: &str) -> String {
    line.replace(['\'', '"'], "")
}

/// Begins the job whose command was typed, and goes with it to its end. `None` where no job has that command.
pub fn command(call: &mut Call, world: &mut dyn World) -> Option<Progress> {
    let typed = plain(&call.words.join(" "));
    let is = |job: &Job| is_on(job, call.host) && job.settings.command.as_deref().map(plain).as_ref() == Some(&typed);
    let (id, job) = jobs(world).find(|(_, job)| is(job))?;
    let name = job.settings.name.clone();
    if call.visit == 0 {
        let by = call.who.to_owned();
        if let Err(error) = world.operate(call.who, &name, Operation::StartJob { by }) {
            return Some(call.fail(error));
        }
        call.kept.push(world.now().micros().to_string());
        return Some(Progress::Again(Span::from_millis(500)));
    }
    let since = call.kept[0].parse().map_or(Time::ZERO, Time::from_micros);
    let shown = call.kept.len() - 1;
    let log = world.system().log(crate::sim::id::ComponentId(id as u8));
    let lines: Vec<String> = log.since(since).map(|record| world.system().line(record)).collect();
    for line in lines.iter().skip(shown) {
        call.say(line.clone());
        call.kept.push(String::new());
    }
    let (_, job) = jobs(world).find(|(number, _)| *number == id)?;
    if job.run.is_some() {
        return Some(Progress::Again(Span::from_seconds(1)));
    }
    Some(match &job.last {
        Some((_, End::Done)) => Progress::Done(0),
        Some((_, End::Killed(signal))) => {
            call.complain(if *signal == 2 { "^C" } else { "Terminated" });
            Progress::Done(128 + signal)
        }
        _ => Progress::Done(1),
    })
}

/// The commands of jobs that can be typed here.
pub fn commands(world: &dyn World, host: Option<&str>) -> Vec<Candidate> {
    let here = jobs(world).filter(|(_, job)| is_on(job, host));
    here.filter_map(|(_, job)| Some(candidate(job.settings.command.clone()?, "a tool of your own"))).collect()
}

#[cfg(test)]
mod tests;
