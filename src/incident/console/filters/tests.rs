//! What the filters print, on lines such as the tools here print.

use super::super::{Printed, Stream, find};
use super::{Source, Stop};
use crate::incident::console::{Runs, shell};
use proptest::prelude::*;

const PODS: &str = "NAME     READY   STATUS             RESTARTS   AGE
web-a    0/1     CrashLoopBackOff   7          15d
web-b    1/1     Running            6          15d
web-c    0/1     Error              12         15d
web-d    1/1     Running            0          2m";

/// Runs a pipe of filters over the pods.
fn run(line: &str, input: &str) -> (String, u8) {
    let line = shell::parse(line).unwrap();
    let mut lines: Vec<String> = input.lines().map(str::to_owned).collect();
    let mut code = 0;
    let mut errors = vec![];
    for stage in &line.items[0].stages {
        let words: Vec<String> = stage.words.iter().map(shell::Word::known).collect();
        let Some(Runs::Filter(filter)) = find(&words[0]).map(|command| &command.runs) else { panic!("{words:?}") };
        let mut read = |file: &str| Ok((file == "kept").then(|| vec!["kept line".to_owned()]));
        let printed = match filter(&words, &mut Source { piped: Some(&lines), read: &mut read }) {
            Ok(printed) | Err(Stop::Failed(printed)) => printed,
            Err(Stop::Unread) => panic!("nothing has to run first"),
        };
        let Printed { lines: out, code: ended } = printed;
        code = ended;
        errors.extend(out.iter().filter(|(stream, _)| *stream == Stream::Errors).map(|(_, line)| line.clone()));
        lines = out.into_iter().filter(|(stream, _)| *stream == Stream::Output).map(|(_, line)| line).collect();
    }
    errors.extend(lines);
    (errors.join("\n"), code)
}

#[test]
fn filters_print_what_the_real_ones_do() {
    let table = [
        ("grep -v Running | grep -c web", "2"),
        ("grep -i crashloop | awk '{print $1}'", "web-a"),
        ("grep -E 'Error|Crash' | wc -l", "2"),
        ("grep 'Error\\|Crash' | wc -l", "2"),
        ("grep -e Error -e Crash | wc -l", "2"),
        ("grep -o 'web-[ab]'", "web-a\nweb-b"),
        ("grep -n web-c", "4:web-c    0/1     Error              12         15d"),
        ("grep -A1 web-c | awk '{print $1}'", "web-c\nweb-d"),
        ("grep -B 1 -w Error | awk '{print $1}'", "web-b\nweb-c"),
        ("grep -F '0/1' | head -1 | cut -c1-5", "web-a"),
        ("grep nothing", ""),
        ("grep -z x", "grep: invalid option -- 'z'"),
        ("head -2 | tail -1 | awk '{print $3}'", "CrashLoopBackOff"),
        ("head -n -4 | awk '{print $1}'", "NAME"),
        ("tail -n +5 | awk '{print $1}'", "web-d"),
        ("head -x", "head: invalid option -- 'x'"),
        ("tail -n x", "tail: invalid number of lines: ‘x’"),
        ("tail -n+2 | sort -k4 -n -r | awk '{print $4}' | tr '\\n' ' '", "12 7 6 0 "),
        ("tail -n+2 | sort -rnk4,4 | head -1 | awk '{print $1}'", "web-c"),
        ("tail -n+2 | awk '{print $3}' | sort | uniq -c | sort -rn | head -1", "      2 Running"),
        ("awk '{print $3}' | sort | uniq -d", "Running"),
        ("awk '$4 > 6 && NR > 1 {print $1, $4}'", "web-a 7\nweb-c 12"),
        ("awk '$3 ~ /Crash/ {print $1}'", "web-a"),
        ("awk '$3 !~ /Running/' | wc -l", "3"),
        ("awk '/web/ {s += $4} END {print s}'", "25"),
        ("awk 'NR > 1 {n[$3]++} END {for (s in n) print n[s], s}'", "1 CrashLoopBackOff\n1 Error\n2 Running"),
        ("awk '{print NF}' | sort -u", "5"),
        ("awk '{print $NF}' | tail -1", "2m"),
        ("awk -F/ '{print $2}' | head -2 | tail -1 | awk '{print $1}'", "1"),
        ("awk 'BEGIN {print 1 + 2 * 3, 7 / 2, \"a\" \"b\"}'", "7 3.5 ab"),
        ("awk 'NR==2 {printf \"%-6s|%3d|%.1f%%\\n\", $1, $4, 2.25}'", "web-a |  7|2.2%"),
        ("awk '$3 == \"Error\" {print length($1), substr($1, 5)}'", "5 c"),
        ("awk '{print $1'", "awk: syntax error: expected ; or } at the end"),
        ("sed 's/web-//' | tail -1 | cut -d' ' -f1", "d"),
        ("sed -n '2p' | awk '{print $1}'", "web-a"),
        ("sed -n '/Error/,$p' | wc -l", "2"),
        ("sed -E 's/^(web)-([a-z]).*/\\2-\\1/' | tail -1", "d-web"),
        ("sed 1d | sed 's/a/A/g;s/b/B/' | head -1 | cut -c1-5", "weB-A"),
        ("sed 's/a'", "sed: -e expression #1, char 3: unterminated `s' command"),
        ("tr a-z A-Z | head -2 | tail -1 | cut -c1-5", "WEB-A"),
        ("tr -s ' ' | cut -d ' ' -f 1,4 | tail -1", "web-d 0"),
        ("tr -d 'a-z' | tail -1 | cut -c1", "-"),
        ("wc -l", "5"),
        ("wc", "      5      25     254"),
        ("cat kept", "kept line"),
        ("cat lost", "cat: lost: No such file or directory"),
        ("tac | head -1 | awk '{print $1}'", "web-d"),
        ("head -2 | tail -1 | column -t", "web-a  0/1  CrashLoopBackOff  7  15d"),
    ];
    for (line, expected) in table {
        assert_eq!(run(line, PODS).0, expected, "{line}");
    }
}

#[test]
fn sizes_sort_by_what_they_mean() {
    assert_eq!(run("sort -h", "1Gi\n900Mi\n2Ki").0, "2Ki\n900Mi\n1Gi");
    assert_eq!(run("sort -n", "10\n9\n-1").0, "-1\n9\n10");
    assert_eq!(run("sort", "10\n9").0, "10\n9");
}

#[test]
fn grep_that_finds_nothing_fails() {
    assert_eq!(run("grep nothing", PODS).1, 1);
    assert_eq!(run("grep web", PODS).1, 0);
}

proptest! {
    #[test]
    fn no_script_breaks_a_filter(script in "[ -~]{0,30}", tool in 0..6_usize) {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
        let words = match tool {
            0 => words(&["awk", &script]),
            1 => words(&["sed", &script]),
            2 => words(&["grep", "-E", &script]),
            3 => words(&["grep", &script]),
            4 => words(&["tr", &script, &script]),
            _ => words(&["cut", "-f", &script]),
        };
        let Some(Runs::Filter(filter)) = find(&words[0]).map(|command| &command.runs) else { panic!() };
        let lines: Vec<String> = PODS.lines().map(str::to_owned).collect();
        let mut read = |_: &str| Ok(None);
        let _ = filter(&words, &mut Source { piped: Some(&lines), read: &mut read });
    }
}
