//! What a search cluster holds: families of indices, each with the time it was made in its name, and aliases.
//!
//! Documents aren't kept one by one. A family has so many, in classes by the tags that they carry; an index says which
//! tags each class carries in it. Which documents a search finds depends on the family and on what is asked only: the
//! same search finds the same documents in every index and on every cluster, with the tags that they carry there.

use super::settings::Family;
use crate::sim::answer::Document;
use crate::sim::index::Index;
use crate::sim::operation::{Applied, Refusal};
use crate::sim::pattern::fits;
use crate::sim::quantity::Time;
use crate::sim::random::{Ranks, below, hash_name, join};
use std::sync::Arc;

/// Documents of one family that carry the same tags in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Class {
    tags: u64,
    documents: u32,
    /// Of all documents that are found, out of a million: this class and those before it.
    found: u32,
    ranks: Ranks,
}

/// A family of indices, and the documents that its source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Source {
    name: String,
    documents: u32,
    hash: u64,
    classes: Vec<Class>,
    shows: Vec<(u64, String)>,
    is_new: bool,
}

/// Documents of an index that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The number of the first.
    pub first: u32,
    /// How many.
    pub documents: u32,
    /// What they say.
    pub text: String,
}

impl Source {
    /// A family; `tag` turns a tag's name into its bit.
    pub fn new(family: &Family, mut tag: impl FnMut(&str) -> u64) -> Self {
        let ranks = |documents: u32| Ranks::new(documents.max(1), family.popularity);
        let mut classes = vec![];
        let (mut rest, mut found) = (family.documents, 0);
        for share in &family.tags {
            let documents = (u64::from(family.documents) * u64::from(share.documents.0) / 1_000_000) as u32;
            rest = rest.saturating_sub(documents);
            found += share.found.0;
            classes.push(Class { tags: tag(&share.tag), documents, found, ranks: ranks(documents) });
        }
        classes.push(Class { tags: 0, documents: rest, found: 1_000_000, ranks: ranks(rest) });
        let shows = family.shows.iter();
        let shows = shows.map(|shown| (shown.tags.iter().fold(0, |bits, name| bits | tag(name)), shown.text.clone()));
        let shows = shows.collect();
        let hash = hash_name(&family.name);
        Self { name: family.name.clone(), documents: family.documents, hash, classes, shows, is_new: family.is_new }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

/// All indices of a cluster, and their aliases.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Indices {
    sources: Arc<Vec<Source>>,
    /// Oldest first.
    all: Vec<Arc<Index>>,
    /// Alias, and the name of its index.
    aliases: Vec<(String, Arc<str>)>,
    keeps: usize,
    alias: Option<String>,
}

impl Indices {
    pub(in crate::sim) fn new(sources: Vec<Source>, keeps: u32, alias: Option<String>) -> Self {
        Self { sources: Arc::new(sources), all: vec![], aliases: vec![], keeps: keeps.max(1) as usize, alias }
    }

    /// The names of the families that have been made before.
    pub(in crate::sim) fn known_before(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter(|source| !source.is_new).map(Source::name)
    }

    /// Whether the cluster says at all what it holds.
    #[must_use]
    pub fn are_known(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The families' names.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|source| source.name.as_str())
    }

    /// All indices, oldest first.
    #[must_use]
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Index> {
        self.all.iter().map(|index| &**index)
    }

    /// The aliases, each with the name of its index.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(alias, index)| (alias.as_str(), &**index))
    }

    /// The index of this name, or the one that the alias of this name means.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Index> {
        let meant = self.aliases.iter().find(|(alias, _)| alias == name).map_or(name, |(_, index)| index);
        self.all().find(|index| &*index.name == meant)
    }

    /// The newest index of a family.
    #[must_use]
    pub fn newest(&self, family: &str) -> Option<&Index> {
        self.all().filter(|index| &*index.family == family).max_by_key(|index| index.made)
    }

    pub(in crate::sim) fn newest_shared(&self, family: &str) -> Option<Arc<Index>> {
        self.all.iter().filter(|index| &*index.family == family).max_by_key(|index| index.made).cloned()
    }

    /// The name of a family's alias.
    #[must_use]
    pub fn alias_of(&self, family: &str) -> Option<String> {
        self.alias.as_ref().map(|alias| format!("{family}-{alias}"))
    }

    /// A new index of a family, as its source is now, with tags added.
    pub(in crate::sim) fn make(&self, family: &str, stamp: &str, made: Time, adds: &[(u64, u64)]) -> Option<Index> {
        let source = self.sources.iter().find(|source| source.name == family)?;
        let added = |tags: u64| {
            let fits = adds.iter().filter(|(_, to)| *to == 0 || tags & to != 0);
            fits.fold(tags, |tags, (tag, _)| tags | tag)
        };
        Some(Index {
            name: format!("{family}-{stamp}").into(),
            family: family.into(),
            made,
            documents: source.documents,
            tags: source.classes.iter().map(|class| added(class.tags)).collect(),
        })
    }

    /// Whether an index of this name is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.all().any(|index| &*index.name == name)
    }

    /// Takes an index in; the oldest of its family make room, unless an alias names them.
    pub(in crate::sim) fn take(&mut self, index: Arc<Index>) {
        let family = Arc::clone(&index.family);
        self.all.push(index);
        loop {
            let of = self.all.iter().filter(|index| index.family == family);
            if of.count() <= self.keeps {
                return;
            }
            let is_free = |index: &Arc<Index>| {
                index.family == family && self.aliases.iter().all(|(_, named)| *named != index.name)
            };
            let Some(oldest) = self.all.iter().position(is_free) else { return };
            self.all.remove(oldest);
        }
    }

    /// Makes every family's alias name its newest index.
    pub(in crate::sim) fn point(&mut self) {
        let families: Vec<String> = self.families().map(str::to_owned).collect();
        for family in families {
            let (Some(alias), Some(index)) = (self.alias_of(&family), self.newest_shared(&family)) else { continue };
            self.set_alias(alias, Arc::clone(&index.name));
        }
    }

    fn set_alias(&mut self, alias: String, index: Arc<str>) {
        self.aliases.retain(|(known, _)| *known != alias);
        self.aliases.push((alias, index));
        self.aliases.sort();
    }

    /// Moves aliases, all or none.
    pub(in crate::sim) fn move_aliases(&mut self, moves: &[(String, String)]) -> Result<Applied, Refusal> {
        if let Some((_, index)) = moves.iter().find(|(_, index)| !self.has(index)) {
            return Err(Refusal::new(format!("no such index [{index}]")));
        }
        for (alias, index) in moves {
            self.set_alias(alias.clone(), index.as_str().into());
        }
        Ok(Applied::Done)
    }

    /// Deletes the indices of a name; a `*` at its end stands for anything. Aliases of what is gone go with it.
    pub(in crate::sim) fn delete(&mut self, name: &str) -> Result<Applied, Refusal> {
        let before = self.all.len();
        self.all.retain(|index| !fits(name, &index.name));
        let all = &self.all;
        self.aliases.retain(|(_, index)| all.iter().any(|known| known.name == *index));
        match before - self.all.len() {
            0 => Err(Refusal::new(format!("no such index [{name}]"))),
            count => Ok(Applied::Count(count as u64)),
        }
    }

    /// What a search in an index finds: so many documents, always the same for the same key.
    pub(in crate::sim) fn search(&self, index: &Index, key: u32, count: u8, seed: u64) -> Vec<Document> {
        let Some(source) = self.sources.iter().find(|source| *source.name == *index.family) else { return vec![] };
        let of_search = join(join(seed, source.hash), u64::from(key));
        let one = |number: u8| {
            let word = join(of_search, u64::from(number));
            let part = below(word, 1_000_000);
            let place = source.classes.partition_point(|class| class.found <= part).min(source.classes.len() - 1);
            let rank = source.classes[place].ranks.draw(join(word, 1));
            // Classes lie behind one another.
            let before: u32 = source.classes[..place].iter().map(|class| class.documents).sum();
            Document { number: before + rank, tags: index.tags.get(place).copied().unwrap_or(0) }
        };
        (0..count).map(one).collect()
    }

    /// The documents of an index, those that are alike together.
    #[must_use]
    pub fn kinds(&self, index: &Index) -> Vec<Kind> {
        let Some(source) = self.sources.iter().find(|source| *source.name == *index.family) else { return vec![] };
        let mut first = 0;
        let mut kinds = vec![];
        for (class, tags) in source.classes.iter().zip(&index.tags) {
            let shown = source.shows.iter().find(|(bits, _)| tags & bits == *bits);
            let text = shown.map(|(_, text)| text.clone()).unwrap_or_default();
            kinds.push(Kind { first, documents: class.documents, text });
            first += class.documents;
        }
        kinds
    }

    /// Whether a document that readers can get carries a tag: one behind an alias, or any where there is no alias.
    pub(in crate::sim) fn holds_tag(&self, bit: u64) -> bool {
        let read = |index: &&Index| self.alias.is_none() || self.aliases.iter().any(|(_, name)| *name == index.name);
        self.all().filter(read).any(|index| index.holds(bit))
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::TagShare;
    use super::*;
    use crate::sim::quantity::Share;
    use crate::sim::random::Popularity;

    fn indices() -> Indices {
        let last = TagShare { tag: "last".into(), documents: Share(30_000), found: Share(80_000) };
        let family = Family {
            name: "assets".into(),
            documents: 4000,
            popularity: Popularity::Even,
            tags: vec![last],
            shows: vec![],
            is_new: false,
        };
        Indices::new(vec![Source::new(&family, |_| 1)], 3, Some("latest".into()))
    }

    fn with(times: &[i64]) -> Indices {
        let mut indices = indices();
        for time in times {
            let index = indices.make("assets", &time.to_string(), Time::from_seconds(*time), &[]).unwrap();
            indices.take(Arc::new(index));
        }
        indices
    }

    #[test]
    fn a_search_finds_the_same_documents_in_every_index_with_the_tags_they_carry_there() {
        let indices = indices();
        let good = indices.make("assets", "1", Time::ZERO, &[]).unwrap();
        let bad = indices.make("assets", "2", Time::ZERO, &[(2, 1)]).unwrap();
        let mut tagged = 0;
        for key in 0..2000 {
            let (one, other) = (indices.search(&good, key, 6, 9), indices.search(&bad, key, 6, 9));
            for (one, other) in one.iter().zip(&other) {
                assert_eq!(one.number, other.number);
                assert_eq!(other.tags, if one.tags == 1 { 3 } else { 0 });
                assert_eq!(one.tags == 1, one.number < 120, "three in a hundred of four thousand");
                tagged += u32::from(one.tags == 1);
            }
        }
        assert!((860..1060).contains(&tagged), "8 % of 12000: {tagged}");
    }

    #[test]
    fn an_alias_moves_at_once_and_what_it_names_is_not_thrown_away() {
        let mut indices = with(&[1, 2]);
        indices.point();
        assert_eq!(indices.find("assets-latest").unwrap().made, Time::from_seconds(2));
        let later = with(&[3, 4, 5, 6, 7]);
        for index in &later.all {
            indices.take(Arc::clone(index));
        }
        assert_eq!(indices.all().count(), 3);
        assert_eq!(indices.find("assets-latest").unwrap().made, Time::from_seconds(2));
        indices.point();
        assert_eq!(indices.find("assets-latest").unwrap().made, Time::from_seconds(7));
    }

    #[test]
    fn what_is_deleted_takes_its_alias_along() {
        let mut indices = with(&[1]);
        indices.point();
        assert!(indices.delete("assets-9").is_err());
        indices.delete("assets-*").unwrap();
        assert!(indices.find("assets-latest").is_none());
        assert!(indices.move_aliases(&[("assets-latest".into(), "assets-1".into())]).is_err());
    }
}
