//! A line under way: a small machine of plain values.
//!
//! A line is worked out from its beginning each time, with the results that there are so far; the first command without
//! a result is the one that runs next. So pipes, `&&`, `$(…)`, `xargs` and `ssh HOST LINE` are plain recursion, and the
//! state of a running line is the line, a list of results and the one call that is due. Working it out has no effects.

use super::filters::{self, Source, Stop};
use super::host;
use super::shell::{Item, Line, Part, Redirect, Stage, Then, Word};
use super::{Call, Place, Printed, Progress, Runs, Stream, Wish, World, commands, find, nearest, parse};
use crate::incident::view::Entry;
use crate::sim::quantity::{Span, Time};
use std::collections::BTreeMap;

/// Lines that a command keeps at most; more are told, not shown.
const LINES_MAX: usize = 20_000;
/// Characters of a line that are kept.
const LINE_MAX: usize = 4_000;
/// Commands that one line may run at one moment.
const CALLS_MAX: usize = 2_000;
/// How deep `ssh`, `xargs` and substitutions may run each other.
const DEEPEST: usize = 40;
/// Text that the words of one command may have together.
const WORDS_MAX: usize = 131_072;

/// A line under way.
#[derive(Clone, Debug)]
pub struct Running {
    line: Line,
    host: Option<String>,
    /// Where present, the line is run again and again: `watch -n SPAN`.
    every: Option<Span>,
    began: Time,
    results: Vec<Printed>,
    call: Option<Pending>,
    /// What the last round of a repeated line printed.
    last: Vec<String>,
    /// What the shell is asked for once the line has ended.
    pub wishes: Vec<Wish>,
}

/// The command that is due next.
#[derive(Clone, Debug)]
struct Pending {
    request: Request,
    due: Time,
    visit: u32,
    kept: Vec<String>,
    partial: Printed,
}

/// A command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    words: Vec<String>,
    host: Option<String>,
    input: Option<Vec<String>>,
}

/// What surrounds a line: whose it is, and what lies on the desk.
#[derive(Debug)]
pub struct Desk<'a> {
    /// Who typed it: empty for the player.
    pub who: &'a str,
    /// The number of its entry.
    pub entry: usize,
    /// What has been typed and printed so far, by anybody.
    pub entries: &'a [Entry],
    /// The files that this hand has kept.
    pub files: &'a mut BTreeMap<String, Vec<String>>,
}

/// What a line has come to after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Everything that it has printed.
    pub lines: Vec<String>,
    /// The exit code, once it has ended.
    pub ended: Option<u8>,
}

impl Running {
    /// Prepares a line to run from `now` on.
    pub fn new(line: Line, host: Option<String>, now: Time) -> Result<Self, String> {
        let (line, every) = match watched(&line)? {
            Some((inner, every)) => (inner, Some(every)),
            None => (line, None),
        };
        Ok(Self { line, host, every, began: now, results: vec![], call: None, last: vec![], wishes: vec![] })
    }

    /// Whether it runs beside the shell: it repeats itself or follows something.
    #[must_use]
    pub fn is_lengthy(&self) -> bool {
        let follows = |stage: &Stage| {
            let words: Vec<String> = stage.words.iter().map(Word::known).collect();
            let flagged = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
            match words.first().map(String::as_str) {
                Some("kubectl" | "k") => match words.get(1).map(String::as_str) {
                    Some("logs") => flagged(&["-f", "--follow"]),
                    Some("rollout") => flagged(&["status"]) && !flagged(&["--watch=false", "-w=false"]),
                    _ => flagged(&["-w", "--watch"]),
                },
                Some("dmesg") => flagged(&["-w", "--follow"]),
                Some("ssh") => words.iter().any(|word| word.ends_with(" -f") || word == "-f" || word == "--follow"),
                Some("deploy") => words.len() > 1,
                Some("tail" | "journalctl" | "logs") => flagged(&["-f", "--follow"]),
                _ => false,
            }
        };
        self.every.is_some() || self.line.items.iter().flat_map(|item| &item.stages).any(follows)
    }

    /// When it wants to be stepped.
    #[must_use]
    pub fn due(&self) -> Time {
        self.call.as_ref().map_or(self.began, |call| call.due)
    }

    /// Whether what is under way is the game's `wait`.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.request.words.first().is_some_and(|word| word == "wait"))
    }

    /// Runs whatever is due now, and tells what has been printed so far.
    pub fn step(&mut self, desk: &mut Desk, world: &mut dyn World) -> Shown {
        let now = world.now();
        for _ in 0..CALLS_MAX {
            let mut evaluation = Evaluation::new(self);
            let verdict = evaluation.line(&self.line, self.host.as_deref(), None);
            let (mut lines, blocked) = (evaluation.screen, evaluation.blocked);
            if let Some(every) = self.every {
                lines.splice(0..0, [format!("Every {:.1}s: {}", every.as_seconds(), self.line), String::new()]);
            }
            let request = match (verdict, blocked) {
                (Err(Pause(Some(request))), _) | (_, Some(request)) => *request,
                (Ok(_) | Err(Pause(None)), None) if self.every.is_some() => {
                    self.again(now);
                    self.last.clone_from(&lines);
                    return Shown { lines, ended: None };
                }
                (Ok(code), None) => return Shown { lines, ended: Some(code) },
                (Err(Pause(None)), None) => return Shown { lines, ended: Some(2) },
            };
            if self.call.is_none() {
                let takes = find(&request.words[0]).map_or(Span::ZERO, |command| command.takes);
                let due = whole_millisecond(now.max(self.began) + takes);
                self.call = Some(Pending { request, due, visit: 0, kept: vec![], partial: Printed::default() });
            }
            if self.due() > now {
                let unfinished = self.every.is_some() && !self.last.is_empty();
                return Shown { lines: if unfinished { self.last.clone() } else { lines }, ended: None };
            }
            self.run(desk, world);
        }
        Shown { lines: vec!["bash: this line runs too many commands at once".to_owned()], ended: Some(2) }
    }

    /// The end of a round of `watch`.
    fn again(&mut self, now: Time) {
        let every = self.every.unwrap_or_default();
        self.results.clear();
        self.call = None;
        self.began = whole_millisecond((self.began + every).max(now + Span::from_millis(1)));
    }

    /// Runs the command that is due.
    fn run(&mut self, desk: &mut Desk, world: &mut dyn World) {
        let Some(mut pending) = self.call.take() else { return };
        let mut wish = None;
        let mut call = Call {
            who: desk.who,
            host: pending.request.host.as_deref(),
            words: &pending.request.words,
            input: pending.request.input.as_deref(),
            visit: pending.visit,
            kept: &mut pending.kept,
            printed: &mut pending.partial,
            entry: desk.entry,
            entries: desk.entries,
            files: desk.files,
            wish: &mut wish,
        };
        let progress = perform(&mut call, world);
        // Of what goes on and on, the latest is what counts.
        let skipped = pending.partial.lines.len().saturating_sub(LINES_MAX);
        pending.partial.lines.drain(..skipped);
        self.wishes.extend(wish);
        match progress {
            Progress::Done(code) => {
                pending.partial.code = code;
                self.results.push(pending.partial);
            }
            Progress::Again(after) => {
                pending.visit += 1;
                pending.due = whole_millisecond(world.now() + after.max(Span::from_millis(1)));
                self.call = Some(pending);
            }
        }
    }
}

/// Runs one command at its moment, or says why there is none.
fn perform(call: &mut Call, world: &mut dyn World) -> Progress {
    let name = call.words[0].clone();
    if name == READ {
        let file = call.words.get(1).cloned().unwrap_or_default();
        // A machine has files of its own; where engineers work lie those that were kept, and the code.
        let lines = match call.host {
            Some(on) => super::eb::file(world, on, &file)
                .or_else(|| host::code::read(Some(on), &file, world))
                .or_else(|| host::read(on, &file, world))
                .or_else(|| super::database::file(world, on, &file))
                .or_else(|| host::file(on, &file, world)),
            None => call.files.get(&file).cloned().or_else(|| host::code::read(None, &file, world)),
        };
        let Some(lines) = lines else { return Progress::Done(1) };
        call.say_all(lines);
        return Progress::Done(0);
    }
    let known = find(&name).filter(|command| (command.exists)(world));
    let Some(command) = known else {
        return super::sessions::command(call, world).unwrap_or_else(|| unknown(call, &name, world));
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
            Runs::Command(run) | Runs::Shell(run) => run(call, world),
            Runs::Filter(_) => call.fail(format!("{name}: can't be run here")),
        },
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

fn whole_millisecond(time: Time) -> Time {
    Time::from_micros(time.micros().div_euclid(1000) * 1000 + if time.micros().rem_euclid(1000) > 0 { 1000 } else { 0 })
}

/// The line within `watch [-n SECONDS] LINE`, where the line is one.
fn watched(line: &Line) -> Result<Option<(Line, Span)>, String> {
    let [Item { stages, .. }] = line.items.as_slice() else { return Ok(None) };
    let [stage] = stages.as_slice() else { return Ok(None) };
    let words: Vec<String> = stage.words.iter().map(Word::known).collect();
    if words.first().is_none_or(|word| word != "watch") {
        return Ok(None);
    }
    let mut seconds = "2";
    let mut rest = &words[1..];
    while let Some(word) = rest.first().filter(|word| word.starts_with('-')) {
        let (flag, attached) = word.split_at(word.len().min(2));
        match (flag, attached) {
            ("-n", "") | ("--", "interval") if rest.len() > 1 => {
                seconds = &rest[1];
                rest = &rest[2..];
            }
            ("-n", value) if !value.is_empty() => {
                seconds = value;
                rest = &rest[1..];
            }
            ("-d" | "-t" | "-c" | "-b", "") => rest = &rest[1..],
            _ => return Err(format!("watch: invalid option -- '{}'", word.trim_start_matches('-'))),
        }
    }
    if rest.is_empty() {
        return Err("Usage: watch [-n SECONDS] \"COMMAND\"".to_owned());
    }
    let span = format!("{}s", seconds.trim_end_matches('s')).parse::<Span>().ok().filter(|span| span.micros() > 0);
    let Some(span) = span else { return Err(format!("watch: failed to parse argument: '{seconds}'")) };
    let inner = parse(&rest.join(" ")).map_err(|error| error.to_string())?;
    if matches!(watched(&inner), Ok(Some(_))) {
        return Err("watch: one watch is enough".to_owned());
    }
    Ok(Some((inner, span.max(Span::from_seconds(1)))))
}

/// The name under which the shell itself asks for a file.
const READ: &str = "\u{0}read";

/// Working a line out stops here: a command has to run first, or (`None`) the line can't go on.
pub struct Pause(Option<Box<Request>>);

/// One working-out of a line.
struct Evaluation<'a> {
    results: &'a [Printed],
    pending: Option<&'a Pending>,
    next: usize,
    depth: usize,
    screen: Vec<String>,
    /// What the first command of the next line is given.
    stdin: Option<Vec<String>>,
    /// The command under way, where its output so far has gone on through the filters after it.
    blocked: Option<Box<Request>>,
}

impl<'a> Evaluation<'a> {
    fn new(running: &'a Running) -> Self {
        let (results, pending) = (running.results.as_slice(), running.call.as_ref());
        Self { results, pending, next: 0, depth: 0, screen: vec![], stdin: None, blocked: None }
    }

    /// Runs a line; its output goes to `capture` or onto the screen.
    fn line(&mut self, line: &Line, host: Option<&str>, mut capture: Option<&mut Vec<String>>) -> Result<u8, Pause> {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.screen.push("bash: commands that run commands lie too deep in each other".to_owned());
            return Err(Pause(None));
        }
        let mut code = 0;
        let mut skip = false;
        for item in &line.items {
            if !skip {
                code = self.pipeline(&item.stages, host, capture.as_deref_mut())?;
            }
            skip = match item.then {
                Then::Always | Then::Meanwhile => false,
                Then::IfWell => code != 0,
                Then::IfFailed => code == 0,
            };
        }
        self.depth -= 1;
        Ok(code)
    }

    fn pipeline(
        &mut self,
        stages: &[Stage],
        host: Option<&str>,
        mut capture: Option<&mut Vec<String>>,
    ) -> Result<u8, Pause> {
        // What is piped into `ssh` goes to the first command there.
        let mut input = self.stdin.take();
        let mut code = 0;
        for (index, stage) in stages.iter().enumerate() {
            let is_last = index + 1 == stages.len();
            let printed = self.stage(stage, host, input.take())?;
            code = printed.code;
            let mut output = vec![];
            for (stream, line) in printed.lines {
                match (stream, is_last, capture.as_deref_mut()) {
                    (Stream::Output, false, _) => output.push(line),
                    (Stream::Output, true, Some(capture)) => capture.push(line),
                    _ => self.screen.push(line),
                }
            }
            input = Some(output);
        }
        if self.blocked.is_some() { Err(Pause(None)) } else { Ok(code) }
    }

    /// Runs one command with its redirections.
    fn stage(&mut self, stage: &Stage, host: Option<&str>, input: Option<Vec<String>>) -> Result<Printed, Pause> {
        let words = self.words(&stage.words, host)?;
        let mut input = input;
        for redirect in &stage.redirects {
            if let Redirect::FromFile(file) = redirect {
                let name = self.words(std::slice::from_ref(file), host)?.concat();
                match self.read(&name, host)? {
                    Some(lines) => input = Some(lines),
                    None => return Ok(Printed::error(1, format!("bash: {name}: No such file or directory"))),
                }
            }
        }
        let mut printed = self.command(&words, host, input)?;
        for redirect in &stage.redirects {
            match redirect {
                Redirect::FromFile(_) => {}
                Redirect::ErrorsToOutput => printed.lines.iter_mut().for_each(|(stream, _)| *stream = Stream::Output),
                Redirect::ToFile { output, errors, append, file } => {
                    let name = self.words(std::slice::from_ref(file), host)?.concat();
                    let goes = |stream: Stream| if stream == Stream::Output { *output } else { *errors };
                    let (away, stays): (Vec<_>, Vec<_>) = printed.lines.into_iter().partition(|(s, _)| goes(*s));
                    printed.lines = stays;
                    if name != "/dev/null" {
                        let flag = if *append { "-a" } else { "--" };
                        let words = vec!["tee".to_owned(), "--quiet".to_owned(), flag.to_owned(), name];
                        let saved = away.into_iter().map(|(_, line)| line).collect();
                        let done = self.request(words, host, Some(saved))?;
                        printed.lines.extend(done.lines);
                    }
                }
            }
        }
        Ok(printed)
    }

    /// Runs one command of the words that came out.
    fn command(&mut self, words: &[String], host: Option<&str>, input: Option<Vec<String>>) -> Result<Printed, Pause> {
        let words =
            if words.first().is_some_and(|word| word == "sudo" || word == "command") { &words[1..] } else { words };
        let Some(name) = words.first() else { return Ok(Printed::default()) };
        let runs = find(name).map(|command| &command.runs);
        match (runs, name.as_str()) {
            (Some(Runs::Filter(filter)), _) => {
                let mut read = |file: &str| self.read(file, host);
                match filter(words, &mut Source { piped: input.as_deref(), read: &mut read }) {
                    Ok(printed) => Ok(bounded(printed)),
                    Err(Stop::Failed(printed)) => Ok(printed),
                    Err(Stop::Pause(pause)) => Err(pause),
                }
            }
            _ if self.blocked.is_some() => Err(Pause(None)),
            (Some(Runs::Shell(_)), "xargs") => self.xargs(words, host, &input.unwrap_or_default()),
            (Some(Runs::Shell(_)), "ssh") => self.ssh(words, host, input),
            (Some(Runs::Shell(_)), "dsh") => self.dsh(words, host, input.as_ref()),
            _ => self.request(words.to_vec(), host, input),
        }
    }

    /// The result of a command, if it has run; else it has to.
    fn request(
        &mut self,
        words: Vec<String>,
        host: Option<&str>,
        input: Option<Vec<String>>,
    ) -> Result<Printed, Pause> {
        if self.blocked.is_some() {
            return Err(Pause(None));
        }
        if let Some(done) = self.results.get(self.next) {
            self.next += 1;
            return Ok(done.clone());
        }
        let request = Box::new(Request { words, host: host.map(str::to_owned), input });
        match self.pending {
            Some(pending) if !pending.partial.lines.is_empty() => {
                self.blocked = Some(request);
                Ok(pending.partial.clone())
            }
            _ => Err(Pause(Some(request))),
        }
    }

    /// The lines of a file, where there is one.
    fn read(&mut self, file: &str, host: Option<&str>) -> Result<Option<Vec<String>>, Pause> {
        let printed = self.request(vec![READ.to_owned(), file.to_owned()], host, None)?;
        Ok((printed.code == 0).then(|| printed.lines.into_iter().map(|(_, line)| line).collect()))
    }

    /// `xargs [-r] [-n COUNT] [-I MARK] COMMAND [WORD…]`.
    fn xargs(&mut self, words: &[String], host: Option<&str>, input: &[String]) -> Result<Printed, Pause> {
        let batches = match filters::batches(words, input) {
            Ok(batches) => batches,
            Err(printed) => return Ok(printed),
        };
        self.depth += 1;
        let mut all = Printed::default();
        for batch in batches {
            if self.depth > DEEPEST {
                return Ok(Printed::error(1, "xargs: commands that run commands lie too deep in each other"));
            }
            let printed = self.command(&batch, host, None)?;
            if self.blocked.is_some() {
                return Err(Pause(None));
            }
            all.lines.extend(printed.lines);
            all.code = if printed.code == 0 { all.code } else { 123 };
        }
        self.depth -= 1;
        Ok(bounded(all))
    }

    /// `ssh [USER@]HOST [LINE]`: logs in, then runs the line there or opens a shell.
    fn ssh(&mut self, words: &[String], host: Option<&str>, input: Option<Vec<String>>) -> Result<Printed, Pause> {
        let mut rest = &words[1..];
        while rest.first().is_some_and(|word| word.starts_with('-')) {
            let takes_value = matches!(rest[0].as_str(), "-o" | "-i" | "-l" | "-p" | "-F" | "-J");
            rest = rest.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
        }
        let Some((to, line)) = rest.split_first() else {
            return Ok(Printed::error(255, "usage: ssh [user@]HOST [COMMAND]"));
        };
        let to = to.rsplit('@').next().unwrap_or_default().to_owned();
        let mut connect = vec!["ssh".to_owned(), to.clone()];
        if line.is_empty() {
            connect.push("--shell".to_owned());
        }
        let connected = self.request(connect, host, None)?;
        if connected.code != 0 || line.is_empty() {
            return Ok(connected);
        }
        let line = match parse(&line.join(" ")) {
            Ok(line) => line,
            Err(error) => return Ok(Printed::error(2, error.to_string())),
        };
        let mut output = vec![];
        self.stdin = input;
        let verdict = self.line(&line, Some(&to), Some(&mut output));
        self.stdin = None;
        let lines = connected.lines.into_iter().chain(output.into_iter().map(|line| (Stream::Output, line))).collect();
        match verdict {
            Ok(code) => Ok(Printed { lines, code }),
            // What it has printed so far goes on through the filters after it.
            Err(Pause(None)) if self.blocked.is_some() => Ok(Printed { lines, code: 0 }),
            Err(pause) => Err(pause),
        }
    }

    /// `dsh -g GROUP LINE`: runs the line on every machine of the group, one after the other.
    fn dsh(&mut self, words: &[String], host: Option<&str>, input: Option<&Vec<String>>) -> Result<Printed, Pause> {
        let [_, flag, group, line @ ..] = words else { return Ok(Printed::error(1, "usage: dsh -g GROUP COMMAND")) };
        if flag != "-g" || line.is_empty() {
            return Ok(Printed::error(1, "usage: dsh -g GROUP COMMAND"));
        }
        let listed = self.request(vec!["dsh".to_owned(), group.clone()], host, None)?;
        if listed.code != 0 {
            return Ok(listed);
        }
        let line = match parse(&line.join(" ")) {
            Ok(line) => line,
            Err(error) => return Ok(Printed::error(2, error.to_string())),
        };
        let mut all = Printed::default();
        for (_, to) in listed.lines {
            let mut output = vec![];
            self.stdin = input.cloned();
            let code = self.line(&line, Some(&to), Some(&mut output))?;
            self.stdin = None;
            all.lines.extend(output.into_iter().map(|text| (Stream::Output, format!("{to}: {text}"))));
            all.code = if code == 0 { all.code } else { code };
        }
        Ok(all)
    }

    /// The words that come of words: outputs take their places.
    fn words(&mut self, words: &[Word], host: Option<&str>) -> Result<Vec<String>, Pause> {
        let mut all = vec![];
        for word in words {
            let mut open: Option<String> = if word.parts.is_empty() { Some(String::new()) } else { None };
            for part in &word.parts {
                match part {
                    Part::Text(text) => open.get_or_insert_default().push_str(text),
                    Part::Output { line, quoted } => {
                        let mut output = vec![];
                        self.line(line, host, Some(&mut output))?;
                        if self.blocked.is_some() {
                            return Err(Pause(None));
                        }
                        let text = output.join("\n");
                        if *quoted {
                            open.get_or_insert_default().push_str(&text);
                        } else {
                            split_into(&text, &mut open, &mut all);
                        }
                    }
                }
            }
            all.extend(open);
            if all.iter().map(String::len).sum::<usize>() > WORDS_MAX {
                self.screen.push("bash: Argument list too long".to_owned());
                return Err(Pause(None));
            }
        }
        Ok(all)
    }
}

/// Splits text at white space; its first piece joins the word that is open, its last stays open.
fn split_into(text: &str, open: &mut Option<String>, all: &mut Vec<String>) {
    if text.starts_with(char::is_whitespace) {
        all.extend(open.take());
    }
    for (index, piece) in text.split_whitespace().enumerate() {
        if index > 0 {
            all.extend(open.take());
        }
        open.get_or_insert_default().push_str(piece);
    }
    if text.ends_with(char::is_whitespace) {
        all.extend(open.take());
    }
}

/// Output of a size that can be kept.
fn bounded(mut printed: Printed) -> Printed {
    printed.lines.truncate(LINES_MAX);
    for (_, line) in &mut printed.lines {
        if let Some((end, _)) = line.char_indices().nth(LINE_MAX) {
            line.truncate(end);
        }
    }
    printed
}
