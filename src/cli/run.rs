//! `sev1 run`: a level played without a screen, by a script, by one of its solutions, or by nobody.

use super::debrief::grouped;
use super::opening::{self, Opened};
use super::output::{Output, columns, safe};
use super::store::folders::read_bounded;
use super::{Answer, Failure, Format};
use crate::incident::proof;
use crate::incident::report::Report;
use crate::incident::run::hex;
use crate::incident::script::{Script, ScriptError};
use crate::incident::view::{Entry, EntryState, Phase};
use crate::incident::{Incident, Mode};
use crate::sim::quantity::Time;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// No script is longer than this many bytes.
const SCRIPT_BYTES_MAX: u64 = 8 << 20;

/// What to play, by whom, and what to tell about it.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  sev1 run LEVEL                                     nobody does anything
  sev1 run LEVEL --solution as-it-happened           what the real team did
  sev1 run LEVEL --script my-run.ron --seed 7        [(\"06:00\", \"kubectl get pods\"), (\"+10s\", \"…\")]
  sev1 run LEVEL --until 20m --metric 'rate(web.errors[1m])' --format json

Exit 0 however the incident ends: a lost one is an answer too; 1 where the level or the script can't be used.")]
pub struct RunLevel {
    /// A level's id, or a level file
    level: String,
    /// A RON list of (time, console line)
    #[arg(long, value_name = "FILE", conflicts_with = "solution")]
    script: Option<PathBuf>,
    /// One of the level's own solutions, by its name
    #[arg(long, value_name = "NAME")]
    solution: Option<String>,
    /// Decides everything that is left to chance
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = super::seed)]
    seed: u64,
    /// How much help there is: trainee, on-call or principal
    #[arg(long, value_name = "MODE", value_parser = str::parse::<Mode>, default_value = "on-call")]
    mode: Mode,
    /// Stop there, `45m` or `45:00` after the incident began; at the level's time limit where it isn't given
    #[arg(long, value_name = "TIME", value_parser = str::parse::<Time>)]
    until: Option<Time>,
    /// Tell the true value of an expression for every second; can be given several times
    #[arg(long, value_name = "EXPR")]
    metric: Vec<String>,
    /// As text or as JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl RunLevel {
    /// Plays it to the end and tells what came of it.
    ///
    /// # Errors
    /// Where the level, the script or an expression can't be used.
    pub fn run(&self, output: &mut Output) -> Result<Answer, Failure> {
        let opened = opening::open(&self.level)?;
        let script = self.script(&opened)?;
        let began = Instant::now();
        let mut incident = Incident::start(opened.level.clone(), self.seed, self.mode);
        for expression in &self.metric {
            incident.trace(expression).map_err(|why| Failure::Unusable(format!("--metric '{expression}': {why}")))?;
        }
        // A script of the player's own is not what the figures were documented for.
        let figures: Vec<_> = match &self.script {
            None => proof::figures_of(&opened.level, self.solution.as_deref()).collect(),
            Some(_) => vec![],
        };
        for figure in &figures {
            incident.trace(figure.measure.text()).map_err(Failure::Unusable)?;
        }
        let until = self.until.unwrap_or(Time::ZERO + opened.level.clock.limit);
        script.play(&mut incident, until).map_err(|error| self.script_fault(&error))?;
        let wall_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut report = incident.report();
        report.figures = figures.iter().filter_map(|figure| proof::measured(&incident, figure)).collect();
        let metrics = incident.traces().into_iter().filter(|(name, _)| self.metric.contains(name)).collect();
        let told = Told { opened: &opened, seed: self.seed, report, metrics, wall_ms, incident: &incident };
        match self.format {
            Format::Json => output.line(&serde_json::to_string(&told.json()).map_err(std::io::Error::from)?)?,
            Format::Text => told.text().iter().try_for_each(|line| output.line(line))?,
        }
        Ok(Answer::Yes)
    }

    fn script(&self, opened: &Opened) -> Result<Script, Failure> {
        if let Some(path) = &self.script {
            return read_script(path).map_err(Failure::Unusable);
        }
        let Some(name) = &self.solution else {
            return Ok(Script::default());
        };
        opening::solution(&opened.level, name).map_err(Failure::Unusable)
    }

    fn script_fault(&self, error: &ScriptError) -> Failure {
        let source = match (&self.script, &self.solution) {
            (Some(path), _) => path.display().to_string(),
            (None, name) => format!("solution {}", name.as_deref().unwrap_or_default()),
        };
        Failure::Unusable(format!("{source}: {error}"))
    }
}

/// A script from a file: a RON list of (time, console line).
fn read_script(path: &Path) -> Result<Script, String> {
    let shown = path.display();
    let bytes = read_bounded(path, SCRIPT_BYTES_MAX)?.ok_or_else(|| format!("there is no file {shown}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown} isn't text"))?;
    let pairs: Vec<(String, String)> = ron::from_str(&text).map_err(|error| {
        let place = format!("{}:{}", error.span.start.line, error.span.start.col);
        format!(
            "{shown}:{place}: {}; a script is a list such as [(\"06:00\", \"kubectl get pods\")]",
            safe(&error.code.to_string())
        )
    })?;
    Script::of(&pairs).map_err(|error| format!("{shown}: {error}"))
}

/// A run that has come to its end, ready to be told.
struct Told<'a> {
    opened: &'a Opened,
    seed: u64,
    report: Report,
    metrics: Vec<(String, Vec<(Time, f64)>)>,
    wall_ms: u64,
    incident: &'a Incident,
}

impl Told<'_> {
    /// The word for how it ended; an incident that was still open when its time was up has expired.
    fn outcome(&self) -> &'static str {
        match self.report.outcome {
            Phase::Quiet | Phase::Paged | Phase::Declared => Phase::Expired.word(),
            phase => phase.word(),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.incident.console().iter().filter(|entry| entry.who.is_empty())
    }

    fn json(&self) -> Value {
        let report = &self.report;
        let seconds = |time: Option<Time>| time.map(|time| time.since(Time::ZERO).as_seconds());
        let metrics: Map<String, Value> =
            self.metrics.iter().map(|(name, points)| (name.clone(), series(points))).collect();
        let commands: Vec<Value> = self.entries().map(command).collect();
        let figures: Vec<Value> = report
            .figures
            .iter()
            .map(|f| json!({ "name": f.name, "expected": f.expected, "measured": f.measured, "ok": f.ok }))
            .collect();
        json!({
            "level": self.opened.level.id,
            "seed": self.seed,
            "outcome": self.outcome(),
            "impact_at": seconds(report.impact_at),
            "paged_at": seconds(report.paged_at),
            "detected_at": seconds(report.detected_at),
            "mitigated_at": seconds(report.mitigated_at),
            "resolved_at": seconds(report.resolved_at),
            "score": report.score,
            "grade": report.grade,
            "impact": {
                "requests": report.impact.requests,
                "failed": report.impact.failed,
                "late": report.impact.late,
                "lost": report.impact.lost,
                "duplicates": report.impact.duplicates,
                "budget_used": report.impact.budget_used,
            },
            "diagnosis": { "given": report.diagnosis_given, "correct": report.diagnosis_correct },
            "figures": figures,
            "metrics": metrics,
            "commands": commands,
            "events": report.events,
            "simulated_s": report.simulated.as_seconds(),
            "wall_ms": self.wall_ms,
            "digest": hex(report.digest),
        })
    }

    fn text(&self) -> Vec<String> {
        let report = &self.report;
        let mut rows = vec![
            row("level", &self.opened.level.id),
            row("seed", &self.seed),
            row("outcome", &format!("{}, grade {}, {} of 100 points", self.outcome(), report.grade, report.score)),
        ];
        let moments = [
            ("customers hurt", report.impact_at),
            ("paged", report.paged_at),
            ("detected", report.detected_at),
            ("mitigated", report.mitigated_at),
            ("resolved", report.resolved_at),
        ];
        rows.extend(moments.map(|(name, at)| row(name, &at.map_or("never".to_owned(), |at| at.to_string()))));
        let impact = &report.impact;
        let counts = [
            ("requests", impact.requests),
            ("failed", impact.failed),
            ("late", impact.late),
            ("lost", impact.lost),
            ("duplicates", impact.duplicates),
        ];
        rows.extend(counts.map(|(name, count)| row(name, &grouped(count))));
        rows.push(row("error budget used", &format!("{:.1} %", impact.budget_used * 100.0)));
        rows.push(row("events", &grouped(report.events)));
        rows.push(row("simulated", &format!("{} in {} ms", report.simulated, self.wall_ms)));
        rows.push(row("digest", &hex(report.digest)));
        let mut lines = columns(&rows);
        lines.extend(figures(report));
        for (name, points) in &self.metrics {
            lines.push(String::new());
            lines.push(name.clone());
            lines.extend(points.iter().map(|(at, value)| format!("{at}  {value}")));
        }
        for entry in self.entries() {
            lines.push(String::new());
            lines.push(format!("{}  {}$ {}", entry.at, entry.shell, entry.addressed()));
            lines.extend(entry.output.iter().map(|line| format!("    {line}")));
        }
        lines
    }
}

fn row<T: ToString + ?Sized>(name: &str, value: &T) -> Vec<String> {
    vec![name.to_owned(), value.to_string()]
}

fn figures(report: &Report) -> Vec<String> {
    let rows: Vec<Vec<String>> = report
        .figures
        .iter()
        .map(|f| {
            let verdict = if f.ok { "ok" } else { "FAILS" };
            vec![
                verdict.to_owned(),
                f.name.clone(),
                format!("expected {}", f.expected),
                format!("measured {}", f.measured),
            ]
        })
        .collect();
    columns(&rows)
}

/// Values with their second; a value that is no number is left out, since JSON has no word for it.
fn series(points: &[(Time, f64)]) -> Value {
    points.iter().filter(|(_, value)| value.is_finite()).map(|(at, value)| json!([at.second(), value])).collect()
}

fn command(entry: &Entry) -> Value {
    json!({
        "at": entry.at.to_string(),
        "line": entry.addressed(),
        "ok": entry.state != EntryState::Failed,
        "output": entry.output,
    })
}
