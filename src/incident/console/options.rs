//! Options that nobody looks at are refused, not passed over: one table for the commands that look for their options
//! among their words themselves. Others read theirs with [`Given::read`](super::arguments::Given::read), which refuses.

use super::nearest;

/// A command's name and the options that mean something to it; one with `=` at its end takes a value.
const TAKEN: &[(&str, &str)] = &[
    ("jobs", "-l"),
    ("history", ""),
    ("stop", ""),
    ("pwd", "-P -L"),
    ("whoami", ""),
    ("clear", ""),
    ("hostname", "-f -s"),
    ("tee", "-a --append --quiet"),
    ("ls", "-l -h -a -t -S -r -1 --human-readable --all --reverse"),
    ("exit", ""),
    ("config", ""),
    ("deploy", "--set="),
    ("nagios", ""),
    ("sendgrid", "--top="),
    ("varnishstat", "-1 --by-backend"),
    ("lsmod", ""),
    ("modprobe", "-r --remove -v --verbose"),
    ("rmmod", "-v --verbose"),
    ("sysctl", "-a -A --all -n --values -w --write"),
    ("reboot", ""),
    ("ss", "-s --summary"),
    ("uptime", ""),
    ("vmstat", ""),
    ("ps", "-e -f -A -a -u -x -o= -C= --sort="),
    ("top", "-b -c -n= -o="),
    ("lsof", "-p= -n -P -a +"),
    ("who", ""),
    ("w", ""),
    ("atq", ""),
    ("atrm", ""),
    ("crontab", "-l"),
    ("mysqlbinlog", "-v --verbose"),
    ("lvs", ""),
    ("vgs", ""),
    ("lvextend", "-L= -r"),
    ("resize2fs", "-p"),
    ("service", ""),
    ("initctl", ""),
    ("systemctl", "-l --full --no-pager"),
];

/// Whether the options of a command are looked at here.
pub fn has(name: &str) -> bool {
    TAKEN.iter().any(|(one, _)| *one == name)
}

/// What is wrong with the first option that means nothing to a command, with those that do.
pub fn unknown(words: &[String]) -> Option<String> {
    let (name, rest) = words.split_first()?;
    let (_, taken) = TAKEN.iter().find(|(one, _)| one == name)?;
    let known: Vec<&str> = taken.split(' ').filter(|option| !option.is_empty()).collect();
    let mut rest = rest.iter().take_while(|word| *word != "--");
    while let Some(word) = rest.next() {
        match look(word, &known) {
            Look::Fine => {}
            // What follows is its value, whatever it looks like.
            Look::WantsValue => drop(rest.next()),
            Look::Wrong(option) => return Some(refusal(name, &option, &known)),
        }
    }
    None
}

enum Look {
    Fine,
    WantsValue,
    Wrong(String),
}

fn look(word: &str, known: &[&str]) -> Look {
    let is = |option: &str| known.iter().any(|one| one.trim_end_matches('=') == option);
    let has_value = |option: &str| known.iter().any(|one| one.strip_suffix('=') == Some(option));
    if word.starts_with("--") {
        let (option, value) = word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
        return match (is(option), value) {
            (false, _) => Look::Wrong(option.to_owned()),
            (true, None) if has_value(option) => Look::WantsValue,
            (true, _) => Look::Fine,
        };
    }
    // A number is an operand, also one below zero.
    let Some(letters) =
        word.strip_prefix('-').filter(|rest| !rest.is_empty() && rest.parse::<f64>().is_err() || is(word))
    else {
        return Look::Fine;
    };
    for (at, letter) in letters.char_indices() {
        let option = format!("-{letter}");
        if !is(&option) {
            return Look::Wrong(option);
        }
        if has_value(&option) {
            return if at + letter.len_utf8() < letters.len() { Look::Fine } else { Look::WantsValue };
        }
    }
    Look::Fine
}

fn refusal(name: &str, option: &str, known: &[&str]) -> String {
    let first = match option.strip_prefix("--") {
        Some(_) => format!("{name}: unrecognized option '{option}'"),
        None => format!("{name}: invalid option -- '{}'", &option[1..]),
    };
    let known: Vec<&str> = known.iter().map(|one| one.trim_end_matches('=')).filter(|one| *one != "--quiet").collect();
    let near = nearest(option, known.iter().copied().filter(|one| one.len() > 2));
    match (near, known.as_slice()) {
        (Some(near), _) => format!("{first} (did you mean {near}?)"),
        (None, []) => format!("{first} (it takes none here)"),
        (None, known) => format!("{first} (it takes {})", known.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    #[test]
    fn the_commands_of_the_table_exist() {
        for (name, _) in TAKEN {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_option_that_means_nothing_is_refused_with_those_that_do() {
        let said = |line: &str| unknown(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        for line in
            ["ls -la", "ps aux", "ps -ef", "ps -C -x -e", "top -bn1", "lsof -p12", "lsof +L1", "stop 3", "sleep -1"]
        {
            assert_eq!(said(line), None, "{line}");
        }
        let table = [
            ("uptime -p", "uptime: invalid option -- 'p' (it takes none here)"),
            ("ls -lz", "ls: invalid option -- 'z' (it takes -l -h -a -t -S -r -1 --human-readable --all --reverse)"),
            ("sysctl --al", "sysctl: unrecognized option '--al' (did you mean --all?)"),
            ("crontab -e", "crontab: invalid option -- 'e' (it takes -l)"),
            ("tee --ap x", "tee: unrecognized option '--ap' (it takes -a --append)"),
        ];
        for (line, expected) in table {
            assert_eq!(said(line).as_deref(), Some(expected), "{line}");
        }
    }
}
