//! Several scripts played on the same level and seed. Until its first line is typed, each of them is the run in which
//! nobody acts: that is played once, as the trunk, and a copy of it goes on from there with each script.

use super::Incident;
use super::script::{Moment, Script, ScriptError, advance_to};
use crate::sim::quantity::Time;
use std::sync::Arc;

/// A script, and how it is played.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// What is typed.
    pub script: Script,
    /// How long it is played.
    pub until: Time,
    /// The expressions whose true values are kept for every second.
    pub watches: Vec<String>,
    /// Whether one of them looks at the run in which nobody acts.
    pub beside_untouched: bool,
}

impl Branch {
    /// When it leaves the trunk, which is at `now`. A condition is looked at from the beginning.
    fn leaves_at(&self, now: Time) -> Time {
        match self.script.lines.first().map(|line| &line.moment) {
            None => self.until,
            Some(Moment::At(time)) => (*time).min(self.until),
            Some(Moment::After(_) | Moment::When(_)) => now,
        }
    }
}

/// Plays every branch from where the trunk is, which nobody has touched, and hands it over at its end with its place
/// among the branches.
///
/// # Errors
/// Where an expression that is to be watched, or the condition of a line, can't be read.
pub fn play_all(
    mut trunk: Incident,
    branches: &[Branch],
    mut ended: impl FnMut(usize, Incident),
) -> Result<(), BranchError> {
    for text in branches.iter().flat_map(|branch| &branch.watches) {
        trunk.trace(text).map_err(BranchError::Watched)?;
    }
    let begin = trunk.now();
    let mut order: Vec<(usize, &Branch)> = branches.iter().enumerate().collect();
    order.sort_by_key(|(_, branch)| branch.leaves_at(begin));
    let mut finish = |place: usize, mut run: Incident| {
        let branch = &branches[place];
        run.stage.follow_only(&branch.watches);
        branch.script.play(&mut run, branch.until)?;
        ended(place, run);
        Ok(())
    };
    let mut waiting = vec![];
    for (place, branch) in order {
        advance_to(&mut trunk, branch.leaves_at(begin));
        if branch.beside_untouched && !branch.script.lines.is_empty() {
            waiting.push((place, trunk.clone()));
        } else {
            finish(place, trunk.clone()).map_err(BranchError::Line)?;
        }
    }
    if let Some(until) = waiting.iter().map(|(place, _)| branches[*place].until).max() {
        advance_to(&mut trunk, until);
        let untouched = Arc::new(trunk.stage);
        for (place, mut run) in waiting {
            run.stage.untouched = Some(Arc::clone(&untouched));
            finish(place, run).map_err(BranchError::Line)?;
        }
    }
    Ok(())
}

/// Why branches can't be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BranchError {
    /// What is to be watched can't be read.
    #[error("{0}")]
    Watched(String),
    /// A script can't be played.
    #[error("{0}")]
    Line(ScriptError),
}
