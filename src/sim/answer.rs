//! What answers bring back: lists of documents with their tags.
//!
//! A list is kept once, however many requests, caches and clients hold it; they hold its number. Lists are never changed:
//! an answer that was kept stays what it was, whatever becomes of the index that it was made from.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A document in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Document {
    /// Which one of its family.
    pub number: u32,
    /// The tags that it carried when the list was made, a bit each.
    pub(in crate::sim) tags: u64,
}

/// The number of a list of documents; 0 is the empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::sim) struct ListId(pub u32);

impl ListId {
    pub const EMPTY: Self = Self(0);
}

/// More different lists than this aren't kept; further ones come back empty.
const MOST: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Kept {
    lists: Vec<Arc<[Document]>>,
    numbers: BTreeMap<Arc<[Document]>, u32>,
}

/// Every list that any answer has brought. A copy of it costs nothing until one of the two learns a new list.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(in crate::sim) struct Lists(Arc<Kept>);

impl Lists {
    /// The number of a list.
    pub fn number(&mut self, documents: &[Document]) -> ListId {
        if documents.is_empty() {
            return ListId::EMPTY;
        }
        if let Some(number) = self.0.numbers.get(documents) {
            return ListId(*number);
        }
        if self.0.lists.len() >= MOST {
            return ListId::EMPTY;
        }
        let kept = Arc::make_mut(&mut self.0);
        let list: Arc<[Document]> = Arc::from(documents);
        kept.lists.push(Arc::clone(&list));
        let number = kept.lists.len() as u32;
        kept.numbers.insert(list, number);
        ListId(number)
    }

    /// The documents of a list.
    pub fn of(&self, id: ListId) -> &[Document] {
        let index = (id.0 as usize).wrapping_sub(1);
        self.0.lists.get(index).map_or(&[], |list| list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_list_has_one_number() {
        let mut lists = Lists::default();
        let one = [Document { number: 7, tags: 1 }];
        let first = lists.number(&one);
        assert_eq!(lists.number(&one), first);
        assert_ne!(lists.number(&[Document { number: 7, tags: 3 }]), first);
        assert_eq!(lists.of(first), one);
        assert_eq!(lists.of(ListId::EMPTY), []);
        assert_eq!(lists.number(&[]), ListId::EMPTY);
    }
}
