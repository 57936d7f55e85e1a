//! What the shell itself offers: `watch`, `jobs`, `echo`, `date` and the like.

use super::arguments::{Flag, Given, moot, switch};
use super::running::{HOME, USER};
use super::{Call, Command, Options, Progress, Runs, Wish, World, candidate, code, host};
use crate::incident::view::{Entry, EntryState};
use crate::sim::quantity::Span;

/// A command that takes no time and can be typed anywhere.
const fn builtin(name: &'static str, usage: &'static str, summary: &'static str, runs: Runs) -> Command {
    Command { name, usage, summary, runs, options: Options::Checked(&[]), ..Command::PLAIN }
}

/// One whose words are its own affair.
const fn of_words(name: &'static str, usage: &'static str, summary: &'static str, runs: Runs) -> Command {
    Command { options: Options::Own, ..builtin(name, usage, summary, runs) }
}

/// Its commands.
pub const COMMANDS: &[Command] = &[
    Command {
        manual: "The line is run every 2 seconds, or every SECONDS. It goes on until `stop`; on the screen q or Ctrl-C ends it, too.\n\nwatch -n 5 \"kubectl get pods | grep -v Running\"",
        ..of_words(
            "watch",
            "watch [-n SECONDS] \"LINE\"",
            "runs a line again and again, in the background, and shows the last result",
            Runs::Shell(out_of_place),
        )
    },
    Command {
        manual: "-r doesn't run it where there are no words, -n takes COUNT words at a time, -I runs it once a line and puts the line where MARK stands.\n\nkubectl get pods -o name | head -5 | xargs kubectl delete",
        ..of_words(
            "xargs",
            "xargs [-r] [-n COUNT] [-I MARK] COMMAND [WORD…]",
            "runs a command with the words that are piped in as its arguments",
            Runs::Shell(out_of_place),
        )
    },
    Command {
        manual: "What repeats itself or follows something runs in the background: `watch`, `-w`, `-f`, `rollout status`, and any line with `&` at its end. `stop NUMBER` ends it.",
        options: Options::Checked(&[moot('l', "")]),
        ..builtin("jobs", "jobs", "lists what runs in the background", Runs::Command(jobs))
    },
    Command {
        manual: "`jobs` lists the numbers. What the line has already done stays done.",
        complete: |typed, _| {
            let own = typed.entries.iter().filter(|entry| entry.state == EntryState::Running && entry.who.is_empty());
            own.map(|entry| candidate(entry.id.to_string(), entry.line.clone())).collect()
        },
        ..builtin(
            "stop",
            "stop [NUMBER]",
            "ends a line that runs in the background: the last, or the one with that number",
            Runs::Command(stop),
        )
    },
    Command {
        manual: "Every line that you have typed, with its number: `pin NUMBER:LINE` takes it.",
        ..builtin(
            "history",
            "history",
            "lists what you have typed",
            Runs::Command(|call, _| {
                // A machine knows what was typed in a shell there; a command that is sent to it leaves nothing.
                let here = |shell: &str| call.host.is_none_or(|host| shell == host);
                let own = call.entries.iter().filter(|entry| entry.who == call.who && here(&entry.shell));
                let lines: Vec<String> = own.map(|entry| format!("{:>5}  {}", entry.id, entry.line)).collect();
                call.say_all(lines);
                Progress::Done(0)
            }),
        )
    },
    Command {
        manual: "`> FILE` does the same without printing. `cat FILE` shows it again.\n\nkubectl logs deployment/NAME --previous | tee before.log | tail -5",
        options: Options::Checked(&[
            switch('a', "append", "adds to what is there"),
            // How `> FILE` is said to be meant.
            moot(' ', "quiet"),
        ]),
        ..builtin("tee", "tee [-a] FILE", "keeps what is piped in under a name, and prints it", Runs::Command(tee))
    },
    Command {
        manual: "Files are made with `> FILE` and `tee FILE`. On a machine: ls -lh /var/log",
        options: Options::Checked(host::LS),
        ..builtin(
            "ls",
            "ls [-lh] [PATH]",
            "lists the files that you have kept; on a machine, those of a folder",
            Runs::Command(|call, world| {
                if call.host.is_some() {
                    return host::ls(call, world);
                }
                let mut names: Vec<String> = call.files.keys().cloned().collect();
                names.extend(code::paths(world));
                call.say_all(names);
                Progress::Done(0)
            }),
        )
    },
    Command {
        manual: "kubectl scale deployment/NAME --replicas=0 && sleep 5 && kubectl get pods",
        ..builtin(
            "sleep",
            "sleep SECONDS",
            "lets time pass in a line of commands",
            Runs::Command(|call, _| {
                let given = call.arguments().first().cloned().unwrap_or_default();
                let span = given.parse::<Span>().or_else(|_| format!("{given}s").parse());
                match span {
                    Ok(span) if span.micros() >= 0 && call.visit == 0 && span > Span::ZERO => Progress::Again(span),
                    Ok(span) if span.micros() >= 0 => Progress::Done(0),
                    _ => call.fail(format!("sleep: invalid time interval '{given}'")),
                }
            }),
        )
    },
    of_words("true", "true", "ends well", Runs::Command(|_, _| Progress::Done(0))),
    of_words("false", "false", "fails", Runs::Command(|_, _| Progress::Done(1))),
    Command {
        manual: "-e reads \\\\n and \\\\t in them; -n leaves the end of the line out, which a pipe doesn't notice.",
        ..of_words("echo", "echo [-n] [-e] [WORD…]", "prints its words", Runs::Command(echo))
    },
    Command {
        manual: "On a machine the time is UTC, as in its logs. -u tells UTC anywhere.\n\ndate\ndate -u\ndate +%H:%M:%S",
        options: Options::Read(DATE),
        ..builtin("date", "date [-u] [+FORMAT]", "tells the time", Runs::Command(date))
    },
    Command {
        options: Options::Checked(&[moot('P', ""), moot('L', "")]),
        ..builtin(
            "pwd",
            "pwd",
            "tells the folder that you are in",
            Runs::Command(|call, _| {
                call.say(HOME);
                Progress::Done(0)
            }),
        )
    },
    Command {
        manual: "Files are named in full here: tail /var/log/messages. What you keep with `>` and `tee` lies in one folder.",
        ..builtin(
            "cd",
            "cd [FOLDER]",
            "there is one folder here: files are named in full",
            Runs::Command(|call, _| match call.arguments().first().cloned() {
                None => Progress::Done(0),
                Some(to) if ["~", ".", "-", HOME].contains(&to.as_str()) => Progress::Done(0),
                Some(to) => {
                    call.fail(format!("bash: cd: {to}: a shell stays in {HOME} here: name files in full, {to}/…"))
                }
            }),
        )
    },
    Command {
        options: Options::Checked(&[moot('f', "fqdn"), moot('s', "short")]),
        ..builtin(
            "hostname",
            "hostname",
            "the machine's name",
            Runs::Command(|call, _| {
                let name = call.host.unwrap_or("bastion").to_owned();
                call.say(name);
                Progress::Done(0)
            }),
        )
    },
    builtin(
        "whoami",
        "whoami",
        "tells who you are",
        Runs::Command(|call, _| {
            call.say(USER);
            Progress::Done(0)
        }),
    ),
    Command {
        manual: "What was printed stays in `history` and can be pinned.",
        ..builtin("clear", "clear", "begins the screen anew", Runs::Command(|_, _| Progress::Done(0)))
    },
    Command {
        manual: "NAME=VALUE sets one, $NAME or ${NAME} is what it holds; $? is how the last command ended.",
        ..of_words("unset", "unset NAME…", "forgets variables", Runs::Shell(out_of_place))
    },
    of_words("break", "break [N]", "leaves a loop", Runs::Shell(out_of_place)),
    of_words("continue", "continue [N]", "goes on with the next round of a loop", Runs::Shell(out_of_place)),
    Command {
        manual: "NAME=VALUE does the same: what runs from here reads no environment.",
        ..of_words(
            "export",
            "export NAME=VALUE",
            "sets a variable",
            Runs::Command(|call, _| {
                let word = call.arguments().first().cloned().unwrap_or_default();
                call.fail(format!("bash: export: `{word}': not a valid identifier: export NAME=VALUE"))
            }),
        )
    },
    Command {
        aliases: &["sh", "if", "for", "while", "until"],
        manual: SHELL,
        ..of_words(
            "bash",
            "bash",
            "what this shell understands: man bash",
            Runs::Command(|call, _| {
                if call.words.len() > 1 {
                    return call.fail("bash: there are no scripts here: type the line itself");
                }
                call.say("you are in it: man bash");
                Progress::Done(0)
            }),
        )
    },
];

const SHELL: &str = "A line is what bash reads: words in quotes, pipes, && || ; &, $(COMMAND), > FILE, >> FILE, 2>&1, < FILE, # remarks.

NAME=VALUE                            a variable; $NAME and ${NAME} are what it holds, $? how the last command ended
${NAME:-TEXT}                         what it holds, or the text where it holds nothing
if LINE; then LINE; else LINE; fi     runs the second line where the first ends well; elif LINE; then LINE
for NAME in WORDS; do LINE; done      runs the line for each word
while LINE; do LINE; done             until the first line fails; in the background, as watch does; until …; do …; done
LINE | while read NAME; do LINE; done runs the line for each line that the first prints
break, continue                       leave a loop, or go on with its next round
test A = B, [ N -gt M ]               for if, while, && and ||

@2 LINE types a line in a second shell of yours, which runs beside the first and has its own log-ins; `exit` closes it.

There are no functions, no case, no scripts. Ctrl-C ends what runs.

for pod in $(kubectl get pods -o name | head -3); do echo $pod; kubectl logs $pod --tail=2; done";

/// `watch` in a pipe, `xargs` without one.
fn out_of_place(call: &mut Call, _: &mut dyn World) -> Progress {
    let name = call.words[0].clone();
    call.fail(format!("{name}: stands at the beginning of a line: {name} \"COMMAND | …\""))
}

fn jobs(call: &mut Call, _: &mut dyn World) -> Progress {
    let runs = |entry: &&Entry| entry.who == call.who && entry.state == EntryState::Running && entry.id < call.entry;
    // Those of this shell; another of the same hand's has its own.
    let here = call.entries.get(call.entry).map_or(1, |entry| entry.tab);
    let own = call.entries.iter().filter(runs).filter(|entry| entry.tab == here);
    let lines: Vec<String> = own.map(|entry| format!("[{}]  Running   {}", entry.id, entry.line)).collect();
    if lines.is_empty() {
        call.complain("nothing runs in the background");
    }
    call.say_all(lines);
    Progress::Done(0)
}

fn stop(call: &mut Call, _: &mut dyn World) -> Progress {
    let which = match call.arguments() {
        [] => None,
        [number] => match number.trim_start_matches('%').parse() {
            Ok(number) => Some(number),
            Err(_) => return call.fail(format!("stop: `{number}` is no number: `jobs` lists them")),
        },
        _ => return call.fail("usage: stop [NUMBER]"),
    };
    *call.wish = Some(Wish::Stop(which));
    Progress::Done(0)
}

fn tee(call: &mut Call, world: &mut dyn World) -> Progress {
    let has = |flag: &str| call.arguments().iter().any(|word| word == flag);
    let (append, quiet) = (has("-a"), has("--quiet"));
    let Some(file) = call.arguments().iter().find(|word| !word.starts_with('-')).cloned() else {
        return call.fail("usage: tee [-a] FILE");
    };
    if let Some(progress) = code::write(call, world, &file) {
        return progress;
    }
    if call.host.is_some()
        && let Some(progress) = host::overwrite(call, world, &file, append)
    {
        return progress;
    }
    let lines: Vec<String> = call.input.unwrap_or_default().to_vec();
    if let Some(result) = host::write(call, &file, &lines, append, world) {
        return result;
    }
    if !call.files.contains_key(&file) && call.files.len() >= 100 {
        return call.fail(format!("tee: {file}: No space left on device"));
    }
    let kept = call.files.entry(file).or_default();
    if !append {
        kept.clear();
    }
    kept.extend(lines.iter().cloned());
    kept.truncate(20_000);
    if !quiet {
        call.say_all(lines);
    }
    Progress::Done(0)
}

fn echo(call: &mut Call, _: &mut dyn World) -> Progress {
    let is_flag =
        |word: &&String| word.len() > 1 && word.starts_with('-') && word[1..].chars().all(|c| "neE".contains(c));
    let words = call.arguments();
    let flags: Vec<&String> = words.iter().take_while(is_flag).collect();
    let escapes = flags.iter().any(|flag| flag.contains('e'));
    let mut text = words[flags.len()..].join(" ");
    if escapes {
        text = text.replace("\\\\", "\u{0}").replace("\\n", "\n").replace("\\t", "\t").replace('\u{0}', "\\");
    }
    text.split('\n').for_each(|line| call.say(line));
    Progress::Done(0)
}

const DATE: &[Flag] = &[switch('u', "utc", "in UTC")];

fn date(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), DATE) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("date")),
    };
    let (now, utc) = (world.now(), given.has("utc") || call.host.is_some());
    let clock = world.clock();
    let text = match given.operands.as_slice() {
        [] if utc => clock.utc_date(now),
        [] => clock.date(now),
        [format] if format.starts_with('+') => match clock.formatted(now, &format[1..], utc) {
            Some(text) => text,
            None => return call.fail(format!("date: {format}: what can be written: %Y %m %d %H %M %S %s %F %T %Z")),
        },
        [other, ..] => return call.fail(format!("date: invalid date '{other}': the clock can only be read here")),
    };
    call.say(text);
    Progress::Done(0)
}
