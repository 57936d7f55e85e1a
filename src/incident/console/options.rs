//! Options that nobody looks at are refused, not passed over.

use super::Command;
use super::arguments::Flag;
use super::nearest;

/// The options of a command, and who reads them.
#[derive(Clone, Copy, Debug)]
pub enum Options {
    /// Its words are a sentence, or verbs with options of their own: it reads them itself.
    Own,
    /// It reads these itself, and refuses others in the tool's own words.
    Read(&'static [Flag]),
    /// It looks for these among its words: others are refused before it runs.
    Checked(&'static [Flag]),
}

impl Options {
    /// Those that there are.
    #[must_use]
    pub const fn all(&self) -> &'static [Flag] {
        match self {
            Self::Own => &[],
            Self::Read(flags) | Self::Checked(flags) => flags,
        }
    }
}

impl Options {
    /// Those that change something, as a manual lists them.
    #[must_use]
    pub fn listed(&self) -> Vec<String> {
        let shown = || self.all().iter().filter(|flag| !flag.about.is_empty());
        let width = shown().map(|flag| flag.listed().len()).max().unwrap_or_default();
        shown().map(|flag| format!("{:<width$}  {}", flag.listed(), flag.about)).collect()
    }
}

/// What is wrong with the first option that means nothing to a command, with those that do.
pub fn unknown(command: &Command, words: &[String]) -> Option<String> {
    let Options::Checked(flags) = command.options else { return None };
    let (name, rest) = words.split_first()?;
    let mut rest = rest.iter().take_while(|word| *word != "--");
    while let Some(word) = rest.next() {
        match look(word, flags) {
            Look::Fine => {}
            // What follows is its value, whatever it looks like.
            Look::WantsValue => drop(rest.next()),
            Look::Wrong(option) => return Some(refusal(name, &option, flags)),
        }
    }
    None
}

enum Look {
    Fine,
    WantsValue,
    Wrong(String),
}

fn look(word: &str, flags: &[Flag]) -> Look {
    if let Some(long) = word.strip_prefix("--") {
        let (option, value) = long.split_once('=').map_or((long, None), |(option, value)| (option, Some(value)));
        return match (flags.iter().find(|flag| flag.long == option), value) {
            (None, _) => Look::Wrong(format!("--{option}")),
            (Some(flag), None) if flag.value.is_some() => Look::WantsValue,
            _ => Look::Fine,
        };
    }
    let by_letter = |letter: char| flags.iter().find(|flag| flag.short == letter && letter != ' ');
    let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else { return Look::Fine };
    // A number is an operand, also one below zero.
    if word.parse::<f64>().is_ok() && letters.chars().next().and_then(by_letter).is_none() {
        return Look::Fine;
    }
    for (at, letter) in letters.char_indices() {
        match by_letter(letter) {
            None => return Look::Wrong(format!("-{letter}")),
            Some(flag) if flag.value.is_some() => {
                return if at + letter.len_utf8() < letters.len() { Look::Fine } else { Look::WantsValue };
            }
            Some(_) => {}
        }
    }
    Look::Fine
}

fn refusal(name: &str, option: &str, flags: &[Flag]) -> String {
    let first = match option.strip_prefix("--") {
        Some(_) => format!("{name}: unrecognized option '{option}'"),
        None => format!("{name}: invalid option -- '{}'", &option[1..]),
    };
    let long = |flag: &Flag| (!flag.long.is_empty()).then(|| format!("--{}", flag.long));
    let short = |flag: &Flag| (flag.short != ' ').then(|| format!("-{}", flag.short));
    let longs: Vec<String> = flags.iter().filter_map(long).collect();
    let told = flags.iter().filter(|flag| flag.short != ' ' || !flag.about.is_empty());
    let known: Vec<String> = told.filter_map(|flag| short(flag).or_else(|| long(flag))).collect();
    match (nearest(option, longs.iter().map(String::as_str)), known.as_slice()) {
        (Some(near), _) if option.len() > 2 => format!("{first} (did you mean {near}?)"),
        (_, []) => format!("{first} (it takes none here)"),
        (_, known) => format!("{first} (it takes {})", known.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::console::find;

    #[test]
    fn an_option_that_means_nothing_is_refused_with_those_that_do() {
        let said = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            unknown(find(&words[0]).expect("the command exists"), &words)
        };
        for line in
            ["ls -la", "ps aux", "ps -ef", "ps -C -x -e", "top -bn1", "lsof -p12", "lsof +L1", "stop 3", "sleep -1"]
        {
            assert_eq!(said(line), None, "{line}");
        }
        let table = [
            ("uptime -q", "uptime: invalid option -- 'q' (it takes -p -s)"),
            ("lsmod -v", "lsmod: invalid option -- 'v' (it takes none here)"),
            ("ls -lz", "ls: invalid option -- 'z' (it takes -l -h -a -t -S -r -1)"),
            ("sysctl --al", "sysctl: unrecognized option '--al' (did you mean --all?)"),
            ("crontab -e", "crontab: invalid option -- 'e' (it takes -l)"),
            ("tee --ap x", "tee: unrecognized option '--ap' (it takes -a)"),
        ];
        for (line, expected) in table {
            assert_eq!(said(line).as_deref(), Some(expected), "{line}");
        }
    }
}
