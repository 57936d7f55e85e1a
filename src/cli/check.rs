//! `sev1 check`: everything that is wrong with a level, each with its place; then its proofs, and what is tried with
//! every level.

use super::output::{Output, Progress, columns};
use super::{Answer, Failure, Format, opening};
use crate::incident::proof::{self, Ended, Try};
use crate::incident::report::{Figure, Tried};
use crate::level::Level;
use crate::level::problem::{Look, Problem, Report, Severity};
use clap::Args;
use serde_json::{Value, json};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Which files, and how thoroughly.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  sev1 check my-level.ron
  sev1 check my-level.ron --fast          only what can be told without running it
  sev1 check levels/*.ron --thorough      twenty seeds, and every single command alone
  sev1 check my-level.ron --format json   for an editor or a pipeline

Exit 0 where all is well, 1 where anything fails.")]
pub struct Check {
    /// Level files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// As text or as JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Only what can be told without running the level
    #[arg(long, conflicts_with = "thorough")]
    fast: bool,
    /// Twenty seeds in place of three or five, and every single command alone
    #[arg(long)]
    thorough: bool,
}

/// What was found out about one file.
struct Found {
    file: String,
    text: String,
    problems: Vec<Problem>,
    proofs: Vec<Figure>,
    tries: Vec<Tried>,
}

impl Check {
    /// Checks every file and says what it found.
    ///
    /// # Errors
    /// Where nobody reads it.
    pub fn run(&self, output: &mut Output) -> Result<Answer, Failure> {
        let mut all = vec![];
        let mut progress = Progress::new();
        for file in &self.files {
            let found = self.found(file, &mut progress);
            if self.format == Format::Text {
                progress.clear();
                found.tell(output)?;
                output.flush()?;
            }
            all.push(found);
        }
        if self.format == Format::Json {
            let list: Vec<Value> = all.iter().map(Found::json).collect();
            output.line(&serde_json::to_string(&list).map_err(io::Error::from)?)?;
        }
        Ok(if all.iter().all(Found::is_well) { Answer::Yes } else { Answer::No })
    }

    fn found(&self, path: &Path, progress: &mut Progress) -> Found {
        let file = path.display().to_string();
        let mut found = Found { file, text: String::new(), problems: vec![], proofs: vec![], tries: vec![] };
        match opening::read(path) {
            Ok(text) => found.text = text,
            Err(why) => {
                found.problems.push(Problem::at("", 0..0, "", &why, ""));
                return found;
            }
        }
        match Level::parse(&found.text) {
            Err(problems) => found.problems = problems,
            Ok(level) => {
                found.problems = level.warnings().to_vec();
                if !self.fast {
                    (found.proofs, found.tries) = self.prove(&Arc::new(level), &found.file, progress);
                }
            }
        }
        found
    }

    fn prove(&self, level: &Arc<Level>, file: &str, progress: &mut Progress) -> (Vec<Figure>, Vec<Tried>) {
        let (seeds, try_seeds) = if self.thorough { (1..=20, 1..=20) } else { (proof::SEEDS, 1..=3) };
        let tries = proof::tries(level);
        // What takes a way of its own from the second minute on has little to share with the others.
        let (apart, together): (Vec<_>, Vec<_>) = tries.iter().cloned().partition(|one| *one == Try::RestartEverything);
        let alone = if self.thorough { proof::single_commands(level) } else { vec![] };
        let worlds = proof::worlds(level);
        let mut jobs: Vec<Job<'_>> = vec![];
        for seed in try_seeds {
            jobs.extend([&together, &apart].map(|part| tries_of(level, part, seed)));
        }
        for world in &worlds {
            jobs.extend(seeds.clone().map(|seed| -> Job<'_> { Box::new(move || Did::Proofs(world.run(level, seed))) }));
        }
        jobs.extend(alone.chunks(COMMANDS_TOGETHER).map(|part| tries_of(level, part, 1)));
        let (mut answers, mut ends) = (vec![], vec![]);
        for did in on_all_processors(&jobs, file, progress, |job| job()) {
            match did {
                Did::Proofs(answer) => answers.push(answer),
                Did::Tries(mut some) => ends.append(&mut some),
            }
        }
        let ends_of = |one: &Try| ends.iter().filter(|(tried, _)| tried == one).map(|(_, end)| end).collect::<Vec<_>>();
        let mut tried: Vec<Tried> = tries.iter().map(|one| one.verdict(&ends_of(one))).collect();
        if level.diagnosis.iter().any(|question| !question.evidence.is_empty()) {
            tried.push(proof::evidence(level, &ends));
        }
        if self.thorough {
            tried.push(proof::alone(level, &ends));
        }
        (proof::verdicts(level, &answers), tried)
    }
}

/// How many single commands share what comes before them.
const COMMANDS_TOGETHER: usize = 8;

/// Something to be played that needs nothing of the others.
type Job<'a> = Box<dyn Fn() -> Did + Sync + 'a>;

/// What came out of a job.
enum Did {
    Proofs(Result<Vec<proof::Answer>, String>),
    Tries(Vec<(Try, Result<Ended, String>)>),
}

fn tries_of<'a>(level: &'a Arc<Level>, part: &'a [Try], seed: u64) -> Job<'a> {
    Box::new(move || Did::Tries(part.iter().cloned().zip(proof::try_all(level, part, seed)).collect()))
}

/// Does every job, several at once; the answers stand in the order of the jobs.
fn on_all_processors<J: Sync, A: Send>(
    jobs: &[J],
    what: &str,
    progress: &mut Progress,
    run: impl Fn(&J) -> A + Sync,
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, A)>> = Mutex::new(vec![]);
    let done = || answers.lock().map_or(0, |answers| answers.len());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((index, job)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(index).map(|job| (index, job))
                } {
                    let answer = run(job);
                    if let Ok(mut answers) = answers.lock() {
                        answers.push((index, answer));
                    }
                }
            });
        }
        while done() < jobs.len() && next.load(Ordering::Relaxed) < jobs.len() {
            progress.show(&format!("{what} {}/{}", done(), jobs.len()));
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    let mut answers = answers.into_inner().unwrap_or_default();
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

impl Found {
    fn is_well(&self) -> bool {
        !self.problems.iter().any(|problem| problem.severity == Severity::Error)
            && self.proofs.iter().all(|proof| proof.ok)
            && self.tries.iter().all(|tried| tried.ok)
    }

    fn tell(&self, output: &mut Output) -> Result<(), Failure> {
        if self.text.is_empty() {
            // There is no place in a file that can't be read.
            for problem in &self.problems {
                output.line(&problem.message)?;
            }
            return Ok(());
        }
        let report = Report { name: &self.file, text: &self.text, problems: &self.problems };
        output.data(report.render(look()).as_bytes())?;
        let sections =
            [("documented figures", self.documented_rows()), ("proofs", self.proof_rows()), ("tries", self.try_rows())];
        for (title, rows) in sections {
            if !rows.is_empty() {
                output.line(&format!("{}: {title}", self.file))?;
                columns(&rows).iter().try_for_each(|line| output.line(&format!("  {line}")))?;
            }
        }
        output.line(&self.summary())?;
        Ok(())
    }

    /// What the story says in its own words, beside what comes out.
    fn documented_rows(&self) -> Vec<Vec<String>> {
        let row = |figure: &Figure| {
            let deviation = figure.deviation.map_or(String::new(), |part| format!("{:+.1} %", part * 100.0));
            vec![
                verdict(figure.ok),
                figure.name.clone(),
                format!("\u{201c}{}\u{201d}", figure.story),
                figure.expected.clone(),
                figure.measured.clone(),
                deviation,
            ]
        };
        let mut rows: Vec<Vec<String>> = self.proofs.iter().filter(|one| !one.story.is_empty()).map(row).collect();
        if !rows.is_empty() {
            let head = ["", "figure", "the story", "expected", "measured", "off by"];
            rows.insert(0, head.iter().map(|word| (*word).to_owned()).collect());
        }
        rows
    }

    fn proof_rows(&self) -> Vec<Vec<String>> {
        let row = |proof: &Figure| {
            let measured = format!("{} (expected {})", proof.measured, proof.expected);
            vec![verdict(proof.ok), proof.name.clone(), measured]
        };
        self.proofs.iter().filter(|one| one.story.is_empty()).map(row).collect()
    }

    fn try_rows(&self) -> Vec<Vec<String>> {
        self.tries.iter().map(|tried| vec![verdict(tried.ok), tried.name.clone(), tried.detail.clone()]).collect()
    }

    fn summary(&self) -> String {
        let failed = |count: usize, word: &str| format!("{count} of {word} failed");
        let errors = self.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        let mut parts = vec![];
        if errors > 0 {
            parts.push(format!("{errors} problem{}", if errors == 1 { "" } else { "s" }));
        }
        let proofs = self.proofs.iter().filter(|proof| !proof.ok).count();
        let tries = self.tries.iter().filter(|tried| !tried.ok).count();
        if proofs > 0 {
            parts.push(failed(proofs, &format!("{} proofs", self.proofs.len())));
        }
        if tries > 0 {
            parts.push(failed(tries, &format!("{} tries", self.tries.len())));
        }
        if parts.is_empty() {
            parts.push(format!("all is well, {} proofs, {} tries", self.proofs.len(), self.tries.len()));
        }
        format!("{}: {}", self.file, parts.join(", "))
    }

    fn json(&self) -> Value {
        let problem = |problem: &Problem| {
            json!({
                "severity": problem.severity.word(),
                "line": problem.line,
                "column": problem.column,
                "path": problem.path,
                "message": problem.message,
                "help": problem.help,
            })
        };
        let proof = |proof: &Figure| {
            json!({
                "name": proof.name,
                "ok": proof.ok,
                "expected": proof.expected,
                "measured": proof.measured,
                "story": proof.story,
                "deviation": proof.deviation,
            })
        };
        let tried = |tried: &Tried| json!({ "name": tried.name, "ok": tried.ok, "detail": tried.detail });
        json!({
            "file": self.file,
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "proofs": self.proofs.iter().map(proof).collect::<Vec<_>>(),
            "tries": self.tries.iter().map(tried).collect::<Vec<_>>(),
        })
    }
}

fn verdict(ok: bool) -> String {
    if ok { "ok" } else { "FAILS" }.to_owned()
}

/// Drawn on a terminal, plain lines everywhere else.
fn look() -> Look {
    let says = |name: &str| std::env::var(name).unwrap_or_default();
    if !io::stdout().is_terminal() || says("TERM") == "dumb" {
        return Look::Plain;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(says).into_iter().find(|value| !value.is_empty());
    let unicode = locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"));
    let width = says("COLUMNS").parse().unwrap_or(100);
    Look::Drawn { colours: says("NO_COLOR").is_empty(), unicode, width }
}
