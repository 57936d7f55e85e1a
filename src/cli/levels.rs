//! `sev1 levels`: what there is to play, with the best results.

use super::output::{Output, columns};
use super::store::PlayerStore;
use super::store::history::{self, FinishedRun};
use super::{Answer, Failure, Format};
use crate::level::{Level, catalog};
use clap::Args;
use serde_json::{Value, json};
use std::io;

/// How to list them.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  sev1 levels
  sev1 levels --format json | jq '.[].id'")]
pub struct Levels {
    /// As text or as JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Levels {
    /// Lists them on standard output.
    ///
    /// # Errors
    /// Where nobody reads it.
    pub fn run(&self, output: &mut Output) -> Result<Answer, Failure> {
        // Without a home folder there are no results, and the levels are listed all the same.
        let results = PlayerStore::of_the_user().map(|store| store.results()).unwrap_or_default();
        let levels: Vec<(String, Level)> = catalog::files()
            .into_iter()
            .filter_map(|file| Some((format!("levels/{}", file.name), catalog::find(file.id())?)))
            .collect();
        match self.format {
            Format::Json => {
                let list: Vec<Value> = levels.iter().map(|(file, level)| described(file, level, &results)).collect();
                output.line(&serde_json::to_string(&list).map_err(io::Error::from)?)?;
            }
            Format::Text => {
                let mut rows = vec![["LEVEL", "TITLE", "DIFFICULTY", "MINUTES", "BEST"].map(str::to_owned).to_vec()];
                rows.extend(levels.iter().map(|(_, level)| row(level, &results)));
                columns(&rows).iter().try_for_each(|line| output.line(line))?;
            }
        }
        Ok(Answer::Yes)
    }
}

fn row(level: &Level, results: &[FinishedRun]) -> Vec<String> {
    let best = history::best(results, &level.id);
    let best = best.map_or("-".to_owned(), |best| format!("{}, {} at {}", best.grade, best.outcome, best.at));
    let minutes = level.clock.minutes().to_string();
    vec![level.id.clone(), level.title.clone(), level.difficulty.word().to_owned(), minutes, best]
}

fn described(file: &str, level: &Level, results: &[FinishedRun]) -> Value {
    let best = history::best(results, &level.id).map(|best| {
        json!({
            "outcome": best.outcome, "grade": best.grade, "at": best.at,
            "seed": best.seed, "mode": best.mode, "ended": best.ended,
        })
    });
    let source = &level.source;
    json!({
        "id": level.id,
        "title": level.title,
        "difficulty": level.difficulty.word(),
        "minutes": level.clock.minutes(),
        "file": file,
        "source": {
            "title": source.title, "author": source.author, "place": source.place, "published": source.published,
            "url": source.url,
        },
        "solutions": level.solutions.iter().map(|solution| &solution.name).collect::<Vec<_>>(),
        "best": best,
    })
}
