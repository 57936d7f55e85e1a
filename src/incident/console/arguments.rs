//! Flags and operands, read as the tools read them.
//!
//! One reader for the short and long forms of GNU tools and of `kubectl`; how a mistake is worded is left to each family.

use crate::incident::view::Candidate;

/// A flag that a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// `n` of `-n`; a space where there is no short form.
    pub short: char,
    /// `namespace` of `--namespace`; empty where there is no long form.
    pub long: &'static str,
    /// What its value is called; `None` for a switch.
    pub value: Option<&'static str>,
    /// What it does; empty where it changes nothing of what is printed here.
    pub about: &'static str,
}

/// A flag that is given or not.
#[must_use]
pub const fn switch(short: char, long: &'static str, about: &'static str) -> Flag {
    Flag { short, long, value: None, about }
}

/// A flag with a value.
#[must_use]
pub const fn valued(short: char, long: &'static str, value: &'static str, about: &'static str) -> Flag {
    Flag { short, long, value: Some(value), about }
}

/// A flag that changes nothing here, as it would change nothing of the same with the real tool: the pager of what is piped
/// on, the colour of what has none.
#[must_use]
pub const fn moot(short: char, long: &'static str) -> Flag {
    switch(short, long, "")
}

/// The same, with a value.
#[must_use]
pub const fn moot_value(short: char, long: &'static str, value: &'static str) -> Flag {
    valued(short, long, value, "")
}

/// What was given: flags with their values, and everything else.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Given {
    /// By the long name, or the short one where there is no other; in the order of the words.
    flags: Vec<(String, String)>,
    /// What isn't a flag.
    pub operands: Vec<String>,
    /// What stands after `--`.
    pub rest: Option<Vec<String>>,
}

/// What is wrong with a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// `--foo`
    UnknownLong(String),
    /// The `x` of `-nx`, and the whole word.
    UnknownShort(char, String),
    /// A flag at the end that needs a value.
    NoValue(String),
}

impl Given {
    /// Words none of which is a flag.
    #[must_use]
    pub fn plain(words: &[String]) -> Self {
        Self { operands: words.to_vec(), ..Self::default() }
    }

    /// Reads words against the flags that there are.
    ///
    /// # Errors
    /// For the first word that isn't among them.
    pub fn read(words: &[String], flags: &[Flag]) -> Result<Self, Mistake> {
        let mut given = Self::default();
        let mut index = 0;
        while let Some(word) = words.get(index) {
            index += 1;
            if word == "--" {
                given.rest = Some(words[index..].to_vec());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, attached) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
                let flag = flags.iter().find(|flag| flag.long == name && !name.is_empty());
                let Some(flag) = flag else { return Err(Mistake::UnknownLong(format!("--{name}"))) };
                let value = match (attached, flag.value) {
                    (Some(value), _) => value.to_owned(),
                    (None, None) => "true".to_owned(),
                    (None, Some(_)) => {
                        index += 1;
                        words.get(index - 1).cloned().ok_or_else(|| Mistake::NoValue(word.clone()))?
                    }
                };
                given.flags.push((name.to_owned(), value));
            } else if word.len() > 1 && word.starts_with('-') {
                index = given.short(word, words, index, flags)?;
            } else {
                given.operands.push(word.clone());
            }
        }
        Ok(given)
    }

    /// Reads `-n5`, `-n 5`, `-rn`; returns the index of the next word.
    fn short(&mut self, word: &str, words: &[String], next: usize, flags: &[Flag]) -> Result<usize, Mistake> {
        let letters = &word[1..];
        for (at, letter) in letters.char_indices() {
            let Some(flag) = flags.iter().find(|flag| flag.short == letter && letter != ' ') else {
                return Err(Mistake::UnknownShort(letter, word.to_owned()));
            };
            let name = flag.name();
            if flag.value.is_none() {
                if let Some(value) = letters[at + letter.len_utf8()..].strip_prefix('=') {
                    self.flags.push((name, value.to_owned()));
                    return Ok(next);
                }
                self.flags.push((name, "true".to_owned()));
                continue;
            }
            let attached = &letters[at + letter.len_utf8()..];
            if !attached.is_empty() {
                self.flags.push((name, attached.strip_prefix('=').unwrap_or(attached).to_owned()));
                return Ok(next);
            }
            let value = words.get(next).ok_or_else(|| Mistake::NoValue(format!("-{letter}")))?;
            self.flags.push((name, value.clone()));
            return Ok(next + 1);
        }
        Ok(next)
    }

    /// The last value of a flag, by its long name (its short one where it has no other).
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(flag, _)| flag == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a flag.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |(flag, _)| flag == name).map(|(_, value)| value.as_str())
    }

    /// The names of the flags that were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.flags.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value != "false")
    }
}

impl Flag {
    /// As a manual lists it: `-n, --lines LINES`.
    #[must_use]
    pub fn listed(&self) -> String {
        let value = self.value.map_or(String::new(), |value| format!(" {value}"));
        match (self.short, self.long) {
            (' ', long) => format!("--{long}{value}"),
            (short, "") => format!("-{short}{value}"),
            (short, long) => format!("-{short}, --{long}{value}"),
        }
    }

    fn name(&self) -> String {
        if self.long.is_empty() { self.short.to_string() } else { self.long.to_owned() }
    }

    /// As it is typed: `--namespace`, or `-n` where there is no long form.
    #[must_use]
    pub fn typed(&self) -> String {
        match (self.long, self.value) {
            ("", _) => format!("-{}", self.short),
            (long, Some(_)) => format!("--{long}="),
            (long, None) => format!("--{long}"),
        }
    }
}

impl Mistake {
    /// The flag, as it was typed.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::UnknownLong(flag) | Self::NoValue(flag) => flag.clone(),
            Self::UnknownShort(letter, _) => format!("-{letter}"),
        }
    }

    /// As tools written in Python word it.
    #[must_use]
    pub fn python(&self) -> String {
        match self {
            Self::NoValue(flag) => format!("{flag} option requires an argument"),
            _ => format!("no such option: {}", self.word()),
        }
    }

    /// As GNU tools word it.
    #[must_use]
    pub fn gnu(&self, tool: &str) -> String {
        match self {
            Self::UnknownLong(flag) => format!("{tool}: unrecognized option '{flag}'"),
            Self::UnknownShort(letter, _) => format!("{tool}: invalid option -- '{letter}'"),
            Self::NoValue(flag) if flag.starts_with("--") => format!("{tool}: option '{flag}' requires an argument"),
            Self::NoValue(flag) => format!("{tool}: option requires an argument -- '{}'", flag.trim_start_matches('-')),
        }
    }

    /// As kubectl words it.
    #[must_use]
    pub fn kubectl(&self) -> String {
        match self {
            Self::UnknownLong(flag) => format!("Error: unknown flag: {flag}"),
            Self::UnknownShort(letter, word) => format!("Error: unknown shorthand flag: '{letter}' in {word}"),
            Self::NoValue(flag) if flag.starts_with("--") => format!("Error: flag needs an argument: {flag}"),
            Self::NoValue(flag) => {
                format!("Error: flag needs an argument: '{}' in {flag}", flag.trim_start_matches('-'))
            }
        }
    }
}

/// The flags that could stand at the cursor.
#[must_use]
pub fn candidates(flags: &[Flag]) -> Vec<Candidate> {
    let candidate = |flag: &Flag| Candidate { word: flag.typed(), about: format!("flag: {}", flag.about) };
    flags.iter().filter(|flag| !flag.about.is_empty()).map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] =
        &[switch('r', "reverse", ""), valued('n', "lines", "COUNT", ""), valued('k', "", "FIELD", "")];

    fn read(line: &str) -> Result<Given, Mistake> {
        Given::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), FLAGS)
    }

    #[test]
    fn flags_are_read_in_every_form() {
        for line in ["-r -n 5 a", "-rn5 a", "-rn 5 a", "--reverse --lines=5 a", "a --lines 5 -r", "-r -n=5 a"] {
            let given = read(line).unwrap();
            assert_eq!((given.has("reverse"), given.value("lines")), (true, Some("5")), "{line}");
            assert_eq!(given.operands, ["a"], "{line}");
        }
        assert_eq!(read("-k1 -k 2").unwrap().values("k").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(read("a -- -r b").unwrap().rest, Some(vec!["-r".to_owned(), "b".to_owned()]));
        assert!(!read("--reverse=false").unwrap().has("reverse"));
        assert_eq!(read("-").unwrap().operands, ["-"]);
    }

    #[test]
    fn a_mistake_is_worded_as_the_tool_does() {
        assert_eq!(read("-x").unwrap_err().gnu("grep"), "grep: invalid option -- 'x'");
        assert_eq!(read("--foo=1").unwrap_err().kubectl(), "Error: unknown flag: --foo");
        assert_eq!(read("-rx").unwrap_err().kubectl(), "Error: unknown shorthand flag: 'x' in -rx");
        assert_eq!(read("-n").unwrap_err().gnu("head"), "head: option requires an argument -- 'n'");
        assert_eq!(read("--lines").unwrap_err().kubectl(), "Error: flag needs an argument: --lines");
    }
}
