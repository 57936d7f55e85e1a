//! `test` and `[`: a question whose answer is the exit code. `seq`: numbers in a row.

use super::{Source, Stop};
use crate::incident::console::Printed;

/// Numbers that `seq` prints at most.
const MOST: i64 = 10_000;

/// `test A = B`, `[ N -gt M ]`, `test -z TEXT`, `! …` before each.
pub fn test(words: &[String], _: &mut Source) -> Result<Printed, Stop> {
    let tool = words[0].as_str();
    let mut words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    if tool == "[" && words.pop() != Some("]") {
        return Err(Stop::failed(2, "bash: [: missing `]'"));
    }
    let wrong = |what: String| Stop::failed(2, format!("bash: {tool}: {what}"));
    let (is_negated, words) = match words.as_slice() {
        ["!", rest @ ..] => (true, rest),
        all => (false, all),
    };
    let number = |text: &str| text.parse::<i64>().map_err(|_| wrong(format!("{text}: integer expression expected")));
    let is_so = match words {
        [] => false,
        [one] => !one.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-n", text] => !text.is_empty(),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, operator, b] => {
            let order = number(a)?.cmp(&number(b)?);
            match *operator {
                "-eq" => order.is_eq(),
                "-ne" => order.is_ne(),
                "-lt" => order.is_lt(),
                "-le" => order.is_le(),
                "-gt" => order.is_gt(),
                "-ge" => order.is_ge(),
                other => return Err(wrong(format!("{other}: = != -eq -ne -lt -le -gt -ge -z -n are known"))),
            }
        }
        [operator, ..] => return Err(wrong(format!("{operator}: one comparison at a time: [ A = B ] && [ N -gt M ]"))),
    };
    Ok(Printed { lines: vec![], code: u8::from(is_so == is_negated) })
}

/// `seq LAST`, `seq FIRST LAST`, `seq FIRST STEP LAST`.
pub fn seq(words: &[String], _: &mut Source) -> Result<Printed, Stop> {
    let number = |word: &String| {
        let wrong = || Stop::failed(1, format!("seq: invalid whole number: '{word}'"));
        word.parse::<i64>().ok().filter(|number| number.abs() <= 1_000_000_000).ok_or_else(wrong)
    };
    let (first, step, last) = match &words[1..] {
        [last] => (1, 1, number(last)?),
        [first, last] => (number(first)?, 1, number(last)?),
        [first, step, last] => (number(first)?, number(step)?, number(last)?),
        _ => return Err(Stop::failed(1, "usage: seq [FIRST [STEP]] LAST")),
    };
    if step == 0 {
        return Err(Stop::failed(1, "seq: invalid Zero increment value: '0'"));
    }
    let count = ((last - first) / step + 1).clamp(0, MOST);
    let count = if (last - first).signum() * step.signum() < 0 { 0 } else { count };
    Ok(Printed::output((0..count).map(|index| (first + index * step).to_string()).collect()))
}
