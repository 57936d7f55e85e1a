//! Commands that run commands: `xargs`, `ssh`, `dsh`; and `tail -f`, which goes on.

use super::{DEEPEST, Evaluation, Pause, bounded};
use crate::incident::console::running::FOLLOW;
use crate::incident::console::shell::Line;
use crate::incident::console::{Printed, Stream, filters, parse};

impl Evaluation<'_> {
    /// `xargs [-r] [-n COUNT] [-I MARK] COMMAND [WORD…]`.
    pub(super) fn xargs(&mut self, words: &[String], host: Option<&str>, input: &[String]) -> Result<Printed, Pause> {
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
    pub(super) fn ssh(
        &mut self,
        words: &[String],
        host: Option<&str>,
        input: Option<Vec<String>>,
    ) -> Result<Printed, Pause> {
        let mut rest = &words[1..];
        while rest.first().is_some_and(|word| word.starts_with('-')) {
            let takes_value = matches!(rest[0].as_str(), "-o" | "-i" | "-l" | "-p" | "-F" | "-J");
            // What changes nothing of a shell or a command there.
            let is_quiet = rest[0].len() > 1 && rest[0][1..].chars().all(|letter| "46AaCnqTtvXx".contains(letter));
            if !takes_value && !is_quiet {
                let line = format!("ssh: illegal option {} (it takes -t -q -v -A -l -p -i -o -J here)", rest[0]);
                return Ok(Printed::error(255, line));
            }
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
        let mut lines = connected.lines;
        let code = self.there(&line, &to, input, &mut lines)?;
        Ok(Printed { lines, code })
    }

    /// Runs a line on another machine, whose shell has variables of its own.
    fn there(
        &mut self,
        line: &Line,
        to: &str,
        input: Option<Vec<String>>,
        lines: &mut Vec<(Stream, String)>,
    ) -> Result<u8, Pause> {
        self.stdin = input;
        let own = std::mem::take(&mut self.variables);
        let verdict = self.line(line, Some(to), Some(lines));
        self.variables = own;
        self.stdin = None;
        match verdict {
            // What it has printed so far goes on through the filters after it.
            Err(Pause(None)) if self.blocked.is_some() => Ok(0),
            verdict => verdict,
        }
    }

    /// `dsh -g GROUP LINE`: runs the line on every machine of the group, one after the other.
    pub(super) fn dsh(
        &mut self,
        words: &[String],
        host: Option<&str>,
        input: Option<&Vec<String>>,
    ) -> Result<Printed, Pause> {
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
            let mut lines = vec![];
            let code = self.there(&line, &to, input.cloned(), &mut lines)?;
            all.lines.extend(lines.into_iter().map(|(stream, text)| (stream, format!("{to}: {text}"))));
            all.code = if code == 0 { all.code } else { code };
            if self.blocked.is_some() {
                break;
            }
        }
        Ok(all)
    }

    /// `tail -f FILE`: what is there at the end, and then what is added.
    pub(super) fn follow(&mut self, words: &[String], host: Option<&str>) -> Result<Printed, Pause> {
        let plain: Vec<String> = words.iter().filter(|word| !is_follow(word)).cloned().collect();
        let file = plain.last().filter(|word| !word.starts_with('-') && plain.len() > 1).cloned();
        let Some(file) = file else { return Ok(Printed::error(1, "usage: tail -f [-n COUNT] FILE")) };
        let mut start = plain[1..plain.len() - 1].to_vec();
        start.insert(0, FOLLOW.to_owned());
        start.push(file);
        self.request(start, host, None)
    }
}

fn is_follow(word: &str) -> bool {
    matches!(word, "-f" | "-F" | "--follow")
}

/// Whether what `tail` is asked for goes on.
pub(super) fn follows(words: &[String]) -> bool {
    words.iter().any(|word| is_follow(word))
}
