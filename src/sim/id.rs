//! Names turned into numbers, once, when a system is built.

/// A component's place in its system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ComponentId(pub u8);

impl ComponentId {
    /// As an index into the list of components.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A compiled list of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ProgramId(pub u16);

/// The id of one unit of work, the same in every run of the same level: who asked for it, for what, and which one it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Unit(pub u64);

/// No component has the number 255, so that no unit becomes the one word that stays as it is when mixed: nothing.
const ASIDE: u64 = 0xff51_afd7_ed55_8ccd;

impl Unit {
    /// No unit of work.
    pub const NONE: Self = Self(u64::MAX);

    /// The `ordinal`-th unit of a component's `load`-th load.
    #[must_use]
    pub const fn new(component: ComponentId, load: u8, ordinal: u64) -> Self {
        Self((component.0 as u64) << 56 | (load as u64) << 48 | ordinal & 0xffff_ffff_ffff)
    }

    /// Who asked for it.
    #[must_use]
    pub const fn component(self) -> ComponentId {
        ComponentId((self.0 >> 56) as u8)
    }

    /// For what.
    #[must_use]
    pub const fn load(self) -> u8 {
        (self.0 >> 48) as u8
    }

    /// Which one it was, from 0.
    #[must_use]
    pub const fn ordinal(self) -> u64 {
        self.0 & 0xffff_ffff_ffff
    }

    /// As a broker prints the id of its message: a random UUID to look at, the same for the same unit.
    #[must_use]
    pub fn uuid(self) -> String {
        super::random::uuid(super::random::mix(self.0 ^ ASIDE), super::random::mix(self.0 ^ 0x5bd1_e995))
    }

    /// As logs print it: ten hexadecimal digits that look like nothing in particular.
    #[must_use]
    pub fn label(self) -> String {
        Self::label_of(self.number())
    }

    /// The number that its label is; labels sort as these do.
    #[must_use]
    pub const fn number(self) -> u64 {
        super::random::mix(self.0 ^ ASIDE) >> 24
    }

    /// The label of the unit of this number.
    #[must_use]
    pub fn label_of(number: u64) -> String {
        format!("{number:010x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_units_look_like_any_other() {
        let labels: Vec<String> = (0..4).map(|ordinal| Unit::new(ComponentId(0), 0, ordinal).label()).collect();
        for (place, label) in labels.iter().enumerate() {
            assert_eq!(label.len(), 10, "{label}");
            assert!(!label.starts_with("0000"), "{label}");
            assert!(!Unit::new(ComponentId(0), 0, place as u64).uuid().starts_with("0000"));
            assert!(!labels[..place].contains(label), "{label} twice");
        }
    }
}
