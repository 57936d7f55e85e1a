//! What is told of a level before it is played, read without the rest of the file, so that a list of levels is there at
//! once. Knows nothing of what is wrong with a level: whoever wants to play one reads it whole.

use super::Level;
use super::schema::{Clock, Difficulty, Source};
use serde::Deserialize;

/// The first fields of a level, as [`super::schema::Sections`] has them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "Level")]
pub struct Head {
    /// What `sev1 play` calls it.
    pub id: String,
    /// What a player sees before the first play.
    pub title: String,
    /// A sentence or two, for the list.
    #[serde(default)]
    pub summary: String,
    /// How hard it is.
    #[serde(default)]
    pub difficulty: Difficulty,
    /// Whose story it is.
    #[serde(default)]
    pub source: Source,
    /// What one learns.
    #[serde(default)]
    pub teaches: Vec<String>,
    /// Tools that help when known beforehand.
    #[serde(default)]
    pub tools: Vec<String>,
    /// When it starts, how fast it runs, when it ends.
    #[serde(default)]
    pub clock: Clock,
    /// What one knows when it begins.
    #[serde(default)]
    pub briefing: String,
}

impl Head {
    /// Reads them from a level's text; `None` where it isn't written as one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME).from_str(text).ok()
    }
}

impl From<&Level> for Head {
    fn from(level: &Level) -> Self {
        Self {
            id: level.id.clone(),
            title: level.title.clone(),
            summary: level.summary.clone(),
            difficulty: level.difficulty,
            source: level.source.clone(),
            teaches: level.teaches.clone(),
            tools: level.tools.clone(),
            clock: level.clock.clone(),
            briefing: level.briefing.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::catalog;

    #[test]
    fn a_head_says_what_the_whole_level_says() {
        for (file, level) in catalog::files().iter().zip(catalog::levels()) {
            assert_eq!(Head::read(file.text), Some(Head::from(&level)), "{}", file.name);
        }
    }
}
