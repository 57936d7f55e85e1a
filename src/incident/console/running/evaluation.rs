//! Working a line out from its beginning, with the results that there are: which command comes next, and what has been
//! printed so far. Has no effects.

mod nested;

use super::variables::Variables;
use super::{LINES_MAX, Pending, READ, Request, Running};
use crate::incident::console::filters::{Source, Stop, Unread};
use crate::incident::console::shell::{Compound, Line, Part, Redirect, Stage, Then, Word, is_name};
use crate::incident::console::{Printed, Runs, Stream, find};
use std::collections::VecDeque;

/// Characters of a line that are kept.
const LINE_MAX: usize = 4_000;
/// How deep `ssh`, `xargs` and substitutions may run each other.
const DEEPEST: usize = 40;
/// Text that the words of one command may have together.
const WORDS_MAX: usize = 131_072;
/// Rounds of a loop, and commands that one working-out may come to.
const ROUNDS_MAX: u32 = 1_000;
const STEPS_MAX: u32 = 20_000;

/// Working a line out stops here: a command has to run first, or (`None`) the line can't go on.
pub struct Pause(pub(super) Option<Box<Request>>);

/// One working-out of a line.
pub struct Evaluation<'a> {
    results: &'a [Printed],
    pending: Option<&'a Pending>,
    next: usize,
    depth: usize,
    /// How many commands it has come to.
    steps: u32,
    pub variables: Variables,
    pub screen: Vec<String>,
    /// What the first command of the next line is given.
    stdin: Option<Vec<String>>,
    /// What is piped into a loop, for `read` to take line by line; elsewhere `read` is another command.
    unread: Option<VecDeque<String>>,
    /// How many loops go on around.
    loops: usize,
    /// What a `break` or `continue` has begun: how many loops are left, and whether the last of them goes on.
    leaving: Option<(usize, bool)>,
    /// The command under way, where its output so far has gone on through the filters after it.
    pub blocked: Option<Box<Request>>,
}

impl<'a> Evaluation<'a> {
    pub fn new(running: &'a Running) -> Self {
        let (results, pending) = (running.results.as_slice(), running.call.as_ref());
        let variables = running.variables.clone();
        Self {
            results,
            pending,
            next: 0,
            depth: 0,
            steps: 0,
            variables,
            screen: vec![],
            stdin: None,
            unread: None,
            loops: 0,
            leaving: None,
            blocked: None,
        }
    }

    /// Runs a line; what it prints and complains of goes to `capture`, or onto the screen.
    pub fn line(
        &mut self,
        line: &Line,
        host: Option<&str>,
        mut capture: Option<&mut Vec<(Stream, String)>>,
    ) -> Result<u8, Pause> {
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
                self.variables.ended(code);
                if self.leaving.is_some() {
                    break;
                }
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
        mut capture: Option<&mut Vec<(Stream, String)>>,
    ) -> Result<u8, Pause> {
        // What is piped into `ssh` goes to the first command there.
        let mut input = self.stdin.take();
        let mut code = 0;
        for (index, stage) in stages.iter().enumerate() {
            let is_last = index + 1 == stages.len();
            self.step()?;
            // A loop that prints where the line does shows what it has come to round by round.
            if let Some(compound) = stage.compound.as_deref().filter(|_| is_last && stage.redirects.is_empty()) {
                code = self.fed(input.take(), |of| of.compound(compound, host, capture.as_deref_mut()))?;
                continue;
            }
            let before = (stages.len() > 1).then(|| self.variables.clone());
            let printed = self.stage(stage, host, input.take())?;
            // What is set in a pipe is set in a shell of its own.
            if let Some(before) = before {
                self.variables = before;
            }
            code = printed.code;
            let mut output = vec![];
            for (stream, line) in printed.lines {
                match (stream, capture.as_deref_mut()) {
                    (Stream::Output, _) if !is_last => output.push(line),
                    (stream, Some(capture)) => capture.push((stream, line)),
                    (_, None) => self.screen.push(line),
                }
            }
            input = Some(output);
        }
        if self.blocked.is_some() { Err(Pause(None)) } else { Ok(code) }
    }

    /// One more command, or loop, or round.
    fn step(&mut self) -> Result<(), Pause> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            self.screen.push("bash: this line comes to too many commands".to_owned());
            return Err(Pause(None));
        }
        Ok(())
    }

    /// Does something whose `read` takes these lines.
    fn fed<T>(
        &mut self,
        input: Option<Vec<String>>,
        what: impl FnOnce(&mut Self) -> Result<T, Pause>,
    ) -> Result<T, Pause> {
        let Some(input) = input else { return what(self) };
        let outer = self.unread.replace(input.into());
        let done = what(self);
        self.unread = outer;
        done
    }

    /// Runs what is chosen, or the rounds of a loop.
    fn compound(
        &mut self,
        compound: &Compound,
        host: Option<&str>,
        mut capture: Option<&mut Vec<(Stream, String)>>,
    ) -> Result<u8, Pause> {
        let mut code = 0;
        match compound {
            Compound::If { arms, otherwise } => {
                for (condition, body) in arms {
                    if self.line(condition, host, capture.as_deref_mut())? == 0 {
                        return self.line(body, host, capture);
                    }
                }
                if let Some(body) = otherwise {
                    code = self.line(body, host, capture)?;
                }
            }
            Compound::For { name, over, body } => {
                let values = self.words(over, host)?;
                for (round, value) in values.into_iter().enumerate() {
                    self.round(round)?;
                    self.set(name, value)?;
                    code = self.body(body, host, capture.as_deref_mut())?;
                    if self.leaves() {
                        break;
                    }
                }
            }
            Compound::While { condition, until, body } => {
                for round in 0.. {
                    self.round(round)?;
                    let is_met = self.line(condition, host, capture.as_deref_mut())? == 0;
                    if is_met == *until {
                        break;
                    }
                    code = self.body(body, host, capture.as_deref_mut())?;
                    if self.leaves() {
                        break;
                    }
                }
            }
        }
        Ok(code)
    }

    /// One round of a loop.
    fn body(
        &mut self,
        body: &Line,
        host: Option<&str>,
        capture: Option<&mut Vec<(Stream, String)>>,
    ) -> Result<u8, Pause> {
        self.loops += 1;
        let done = self.line(body, host, capture);
        self.loops -= 1;
        done
    }

    /// Whether a loop ends after a round in which somebody may have said so.
    fn leaves(&mut self) -> bool {
        match self.leaving {
            None => false,
            Some((1, goes_on)) => {
                self.leaving = None;
                !goes_on
            }
            Some((loops, goes_on)) => {
                self.leaving = Some((loops - 1, goes_on));
                true
            }
        }
    }

    /// `break [N]` and `continue [N]`.
    fn leave(&mut self, words: &[String]) -> Printed {
        if self.loops == 0 {
            return Printed::error(
                0,
                format!("bash: {}: only meaningful in a `for', `while', or `until' loop", words[0]),
            );
        }
        match words.get(1).map_or(Ok(1), |count| count.parse::<usize>()) {
            Ok(count @ 1..) => {
                self.leaving = Some((count.min(self.loops), words[0] == "continue"));
                Printed::default()
            }
            _ => Printed::error(1, format!("bash: {}: {}: loop count out of range", words[0], words[1])),
        }
    }

    /// `read [-r] NAME…`: the words of the next line; the last name gets the rest.
    fn take_line(&mut self, words: &[String]) -> Result<Printed, Pause> {
        let mut names: Vec<&str> = words[1..].iter().map(String::as_str).filter(|word| *word != "-r").collect();
        if let Some(wrong) = names.iter().find(|name| !is_name(name)) {
            return Ok(Printed::error(1, format!("bash: read: `{wrong}': not a valid identifier")));
        }
        if names.is_empty() {
            names.push("REPLY");
        }
        let Some(line) = self.unread.as_mut().and_then(VecDeque::pop_front) else {
            return Ok(Printed { lines: vec![], code: 1 });
        };
        let mut rest = line.trim();
        for (index, name) in names.iter().enumerate() {
            let (first, after) = match rest.split_once(char::is_whitespace) {
                Some((first, after)) if index + 1 < names.len() => (first, after.trim_start()),
                _ => (rest, ""),
            };
            self.set(name, first.to_owned())?;
            rest = after;
        }
        Ok(Printed::default())
    }

    fn round(&mut self, round: usize) -> Result<(), Pause> {
        self.step()?;
        if round >= ROUNDS_MAX as usize {
            self.screen.push(format!("bash: a loop ends after {ROUNDS_MAX} rounds here"));
            return Err(Pause(None));
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Pause> {
        if self.variables.set(name, value) {
            return Ok(());
        }
        self.screen.push(format!("bash: {name}: there are too many variables"));
        Err(Pause(None))
    }

    /// The words that are left after `NAME=VALUE` at the beginning, which sets variables where nothing else comes.
    fn assigned<'w>(&mut self, words: &'w [Word], host: Option<&str>) -> Result<&'w [Word], Pause> {
        let is_export = |word: &Word| word.known() == "export";
        let all = match words {
            [first, rest @ ..] if is_export(first) && rest.iter().any(|word| word.assignment().is_some()) => rest,
            _ => words,
        };
        let count = all.iter().take_while(|word| word.assignment().is_some()).count();
        if count < all.len() {
            // Before a command they would be that command's own, and none reads any.
            return Ok(if all.len() == words.len() { &words[count..] } else { words });
        }
        for (name, value) in all.iter().filter_map(Word::assignment) {
            let value = self.words(std::slice::from_ref(&value.quoted()), host)?.concat();
            self.set(name, value)?;
        }
        Ok(&[])
    }

    /// Runs a compound into a pipe or a file.
    fn collected(&mut self, compound: &Compound, host: Option<&str>) -> Result<Printed, Pause> {
        let mut lines = vec![];
        let verdict = self.compound(compound, host, Some(&mut lines));
        match verdict {
            Ok(code) => Ok(Printed { lines, code }),
            Err(Pause(None)) if self.blocked.is_some() => Ok(Printed { lines, code: 0 }),
            Err(pause) => Err(pause),
        }
    }

    /// Runs one command with its redirections.
    fn stage(&mut self, stage: &Stage, host: Option<&str>, input: Option<Vec<String>>) -> Result<Printed, Pause> {
        let words = self.assigned(&stage.words, host)?;
        let words = self.words(words, host)?;
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
        let mut printed = match &stage.compound {
            Some(compound) => self.fed(input, |of| of.collected(compound, host))?,
            None => self.command(&words, host, input)?,
        };
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
            (_, "tail") if input.is_none() && nested::follows(words) => self.follow(words, host),
            (Some(Runs::Filter(filter)), _) => {
                let mut paused = None;
                let mut read = |file: &str| {
                    self.read(file, host).map_err(|pause| {
                        paused = Some(pause);
                        Unread
                    })
                };
                match filter(words, &mut Source { piped: input.as_deref(), read: &mut read }) {
                    Ok(printed) => Ok(bounded(printed)),
                    Err(Stop::Failed(printed)) => Ok(printed),
                    Err(Stop::Unread) => Err(paused.unwrap_or(Pause(None))),
                }
            }
            _ if self.blocked.is_some() => Err(Pause(None)),
            (Some(Runs::Shell(_)), "unset") => {
                words[1..].iter().for_each(|name| self.variables.unset(name));
                Ok(Printed::default())
            }
            (Some(Runs::Shell(_)), "break" | "continue") => Ok(self.leave(words)),
            (_, "read") if self.unread.is_some() => self.take_line(words),
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

    /// What a line prints, in the place where it stands; what it complains of goes onto the screen.
    fn substituted(&mut self, line: &Line, host: Option<&str>) -> Result<String, Pause> {
        let mut printed = vec![];
        let own = self.variables.clone();
        let verdict = self.line(line, host, Some(&mut printed));
        let (output, errors): (Vec<_>, Vec<_>) = printed.into_iter().partition(|(to, _)| *to == Stream::Output);
        self.screen.extend(errors.into_iter().map(|(_, line)| line));
        verdict?;
        self.variables = own;
        if self.blocked.is_some() {
            return Err(Pause(None));
        }
        Ok(output.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
    }

    /// The words that come of words: outputs take their places.
    fn words(&mut self, words: &[Word], host: Option<&str>) -> Result<Vec<String>, Pause> {
        let mut all = vec![];
        for word in words {
            let mut open: Option<String> = if word.parts.is_empty() { Some(String::new()) } else { None };
            for part in &word.parts {
                match part {
                    Part::Text(text) => open.get_or_insert_default().push_str(text),
                    Part::Variable { name, otherwise, quoted } => {
                        let mut text = self.variables.get(name, host);
                        if let Some(parts) = otherwise.as_ref().filter(|_| text.is_empty()) {
                            let word = Word { parts: parts.clone(), span: word.span.clone() }.quoted();
                            text = self.words(&[word], host)?.concat();
                        }
                        if *quoted {
                            open.get_or_insert_default().push_str(&text);
                        } else {
                            split_into(&text, &mut open, &mut all);
                        }
                    }
                    Part::Output { line, quoted } => {
                        let text = self.substituted(line, host)?;
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
