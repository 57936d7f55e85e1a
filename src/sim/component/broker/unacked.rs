//! Deliveries that wait for their acknowledgement, in slots that are used again.
//!
//! A tag names a slot and which tenant of it, so that an acknowledgement that comes twice finds nobody.

use crate::sim::message::Message;

/// A delivery that is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delivered {
    pub message: Message,
    pub queue: u16,
    /// The subscriber's place in its queue.
    pub subscriber: u32,
    /// Its place among the subscriber's deliveries.
    pub place: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    delivered: Delivered,
    tenant: u32,
    is_live: bool,
}

const SLOT_BITS: u32 = 22;
const TENANTS: u32 = 1 << (32 - SLOT_BITS);

/// The tag of a delivery that needs no acknowledgement.
pub(super) const NO_TAG: u32 = u32::MAX;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unacked {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Unacked {
    /// Whether there is a slot for one more. The very last one stays empty, for its tags would look like `NO_TAG`.
    pub fn has_room(&self) -> bool {
        !self.free.is_empty() || self.slots.len() < (1 << SLOT_BITS) - 1
    }

    /// Puts a delivery into a free slot and names it.
    #[inline]
    pub fn insert(&mut self, delivered: Delivered) -> u32 {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.delivered = delivered;
            slot.tenant = (slot.tenant + 1) % TENANTS;
            slot.is_live = true;
            return slot.tenant << SLOT_BITS | index;
        }
        self.slots.push(Slot { delivered, tenant: 0, is_live: true });
        (self.slots.len() - 1) as u32
    }

    #[inline]
    fn find(&self, tag: u32) -> Option<usize> {
        let index = (tag & ((1 << SLOT_BITS) - 1)) as usize;
        let slot = self.slots.get(index)?;
        (slot.is_live && slot.tenant == tag >> SLOT_BITS).then_some(index)
    }

    /// The delivery of this tag, if it is still out.
    #[inline]
    pub fn get(&self, tag: u32) -> Option<&Delivered> {
        self.find(tag).map(|index| &self.slots[index].delivered)
    }

    /// Changes the place of a delivery among those of its subscriber.
    #[inline]
    pub fn set_place(&mut self, tag: u32, place: u32) {
        if let Some(index) = self.find(tag) {
            self.slots[index].delivered.place = place;
        }
    }

    /// Takes a delivery out.
    #[inline]
    pub fn remove(&mut self, tag: u32) -> Option<Delivered> {
        let index = self.find(tag)?;
        let slot = &mut self.slots[index];
        slot.is_live = false;
        self.free.push(index as u32);
        Some(slot.delivered.clone())
    }

    /// All deliveries that are out, by slot.
    pub fn iter(&self) -> impl Iterator<Item = &Delivered> {
        self.slots.iter().filter(|slot| slot.is_live).map(|slot| &slot.delivered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::id::Unit;
    use crate::sim::quantity::Time;

    fn delivered(ordinal: u64) -> Delivered {
        let message = Message {
            unit: Unit(ordinal),
            published: Time::ZERO,
            position: 0,
            tags: 0,
            deliveries: 1,
            redelivered: false,
        };
        Delivered { message, queue: 0, subscriber: 0, place: 0 }
    }

    #[test]
    fn the_tag_of_an_earlier_tenant_finds_nobody() {
        let mut unacked = Unacked::default();
        let first = unacked.insert(delivered(1));
        assert!(unacked.remove(first).is_some());
        let second = unacked.insert(delivered(2));
        assert_ne!(first, second);
        assert_eq!(unacked.get(first), None);
        assert_eq!(unacked.remove(first), None);
        assert_eq!(unacked.get(second).map(|found| found.message.unit), Some(Unit(2)));
        assert_eq!(unacked.get(NO_TAG), None);
    }
}
