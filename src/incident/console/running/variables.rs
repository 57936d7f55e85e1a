//! The variables of a shell.

use crate::incident::console::shell::{Part, Word};
use std::collections::BTreeMap;

/// Variables that one shell keeps.
const MOST: usize = 200;
/// Who works at the console.
pub const USER: &str = "oncall";
/// Where their files lie.
pub const HOME: &str = "/home/oncall";
/// What awk means by it, also where it stands between double quotes.
const AWKS: [&str; 4] = ["NF", "NR", "FS", "OFS"];

/// What the names hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// What a name holds on a machine (`None` is the bastion); nothing where it has never been set.
    pub fn get(&self, name: &str, host: Option<&str>) -> String {
        if let Some(value) = self.0.get(name) {
            return value.clone();
        }
        match name {
            "?" => "0".to_owned(),
            "USER" | "LOGNAME" => USER.to_owned(),
            "HOME" | "PWD" => HOME.to_owned(),
            "HOSTNAME" => host.unwrap_or("bastion").to_owned(),
            _ if AWKS.contains(&name) => format!("${name}"),
            _ => String::new(),
        }
    }

    /// Sets one; `false` where there are too many.
    pub fn set(&mut self, name: &str, value: String) -> bool {
        let fits = self.0.len() < MOST || self.0.contains_key(name);
        if fits {
            self.0.insert(name.to_owned(), value);
        }
        fits
    }

    /// Forgets one.
    pub fn unset(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Keeps how the last command ended.
    pub fn ended(&mut self, code: u8) {
        self.0.insert("?".to_owned(), code.to_string());
    }

    /// A word's text as far as it is known without running anything.
    pub fn known(&self, word: &Word) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable { name, otherwise, .. } => {
                let held = self.get(name, None);
                match otherwise {
                    Some(parts) if held.is_empty() => self.known(&Word { parts: parts.clone(), span: 0..0 }),
                    _ => held,
                }
            }
            Part::Output { .. } => String::new(),
        };
        word.parts.iter().map(text).collect()
    }
}
