//! Machines as a level describes them. What is left out is what a small virtual machine has.

use super::disk::{Disks, FileSettings, VolumeSettings};
use crate::sim::kernel;
use crate::sim::quantity::{Bytes, Span};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use std::fmt;

/// Machines of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// The machines' names: a list, or a pattern with `{n}` for a number from 1; without it there is one, with the
    /// component's name.
    #[serde(default)]
    pub names: Names,
    /// How many, where the names are a pattern.
    #[serde(default = "one")]
    pub count: u32,
    /// What they are called together, where a tool wants a word for it.
    #[serde(default)]
    pub group: String,
    /// Processors of each.
    #[serde(default = "two")]
    pub cores: u32,
    /// Memory of each.
    #[serde(default = "memory")]
    pub memory: Bytes,
    /// Swap space of each.
    #[serde(default)]
    pub swap: Bytes,
    /// How long they have been up when the level begins.
    #[serde(default = "up")]
    pub up: Span,
    /// The disks of each.
    #[serde(default)]
    pub volumes: Vec<VolumeSettings>,
    /// Files of each that are worth a name; what else is in use on a volume is only a sum.
    #[serde(default)]
    pub files: Vec<FileSettings>,
    /// Machines that differ from the rest.
    #[serde(default)]
    pub but: Vec<Differs>,
    /// What runs below everything on them.
    #[serde(default)]
    pub kernel: kernel::Settings,
}

/// A machine that differs from the rest of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// Which.
    pub machine: String,
    /// Its disks, where they differ.
    #[serde(default)]
    pub volumes: Option<Vec<VolumeSettings>>,
    /// Its files, where they differ.
    #[serde(default)]
    pub files: Option<Vec<FileSettings>>,
}

impl Settings {
    /// The disks and the files of one machine.
    pub(super) fn disks_of(&self, machine: &str) -> Disks {
        let differs = self.but.iter().find(|differs| differs.machine == machine);
        let volumes = differs.and_then(|differs| differs.volumes.as_ref()).unwrap_or(&self.volumes);
        let files = differs.and_then(|differs| differs.files.as_ref()).unwrap_or(&self.files);
        Disks::new(volumes, files)
    }

    /// The machines' names.
    #[must_use]
    pub fn machines(&self) -> Vec<String> {
        match &self.names {
            Names::ByNumber => vec![self.name.clone()],
            names => names.all(self.count, &self.name),
        }
    }
}

const fn one() -> u32 {
    1
}

const fn two() -> u32 {
    2
}

const fn memory() -> Bytes {
    Bytes(4 << 30)
}

const fn up() -> Span {
    Span::from_seconds(41 * 86_400)
}

/// How machines are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// A name and a number from 1.
    #[default]
    ByNumber,
    /// A pattern with `{n}` for a number from 1.
    Pattern(String),
    /// One by one.
    List(Vec<String>),
}

impl Names {
    /// All names, where there are so many and nothing else is said than what they belong to.
    #[must_use]
    pub fn all(&self, count: u32, of: &str) -> Vec<String> {
        let numbered = |pattern: &str| (1..=count).map(|n| pattern.replace("{n}", &n.to_string())).collect();
        match self {
            Self::ByNumber => numbered(&format!("{of}-{{n}}")),
            Self::Pattern(pattern) => numbered(pattern),
            Self::List(names) => names.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;
        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names, or a pattern such as \"web-{n}\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Names, E> {
                Ok(Names::Pattern(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = vec![];
                while let Some(name) = list.next_element::<String>()? {
                    names.push(name);
                }
                Ok(Names::List(names))
            }
        }
        deserializer.deserialize_any(NamesVisitor)
    }
}
