//! Modules: what needs what, what is loaded, what `modprobe` finds, and why `rmmod` refuses.

use crate::sim::quantity::Time;

/// A module that this kernel has on disk.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: &'static str,
    /// Its size in memory, as `lsmod` prints it.
    pub size: u32,
    /// What must be there before it.
    pub needs: &'static [&'static str],
    /// What it holds beyond that, without being listed as its user.
    pub holds: &'static [&'static str],
}

const fn module(name: &'static str, size: u32, needs: &'static [&'static str]) -> Module {
    Module { name, size, needs, holds: &[] }
}

/// Those of netfilter (sizes of a 3.2 on x86-64).
pub const MODULES: &[Module] = &[
    module("x_tables", 29_846, &[]),
    module("ip_tables", 27_473, &["x_tables"]),
    module("iptable_filter", 12_810, &["ip_tables", "x_tables"]),
    module("iptable_mangle", 12_734, &["ip_tables", "x_tables"]),
    module("iptable_raw", 12_678, &["ip_tables", "x_tables"]),
    module("nf_conntrack", 81_926, &[]),
    module("nf_defrag_ipv4", 12_729, &[]),
    module("nf_conntrack_ipv4", 19_716, &["nf_conntrack", "nf_defrag_ipv4"]),
    module("nf_nat", 25_891, &["nf_conntrack_ipv4", "nf_conntrack"]),
    // The table takes a reference to the protocol that it translates (nf_ct_l3proto_try_module_get).
    Module {
        name: "iptable_nat",
        size: 13_229,
        needs: &["nf_nat", "nf_conntrack_ipv4", "nf_conntrack", "ip_tables", "x_tables"],
        holds: &["nf_conntrack_ipv4"],
    },
    module("xt_NOTRACK", 12_431, &["nf_conntrack", "x_tables"]),
    module("xt_conntrack", 12_760, &["nf_conntrack_ipv4", "nf_conntrack", "x_tables"]),
    module("xt_state", 12_578, &["nf_conntrack_ipv4", "nf_conntrack", "x_tables"]),
    module("nfnetlink", 14_166, &[]),
    module("nf_conntrack_netlink", 24_084, &["nf_conntrack", "nfnetlink"]),
];

/// The module of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Module> {
    // A dash in a module's name is as good as an underscore.
    MODULES.iter().find(|module| module.name == name.replace('-', "_"))
}

/// A module that is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Which.
    pub module: &'static Module,
    /// Since when.
    pub since: Time,
    /// How often rules use it.
    pub references: u32,
}

/// The modules that are loaded, the latest last, and what `/etc/modprobe.d` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    loaded: Vec<Loaded>,
    /// The files of `/etc/modprobe.d` with their lines.
    pub configuration: Vec<(String, Vec<String>)>,
}

/// Why a module isn't loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// `modprobe` looked for a module of this name, and there is none.
    Module(String),
    /// An `install` line says that something else is done in its place.
    Replaced,
}

impl Modules {
    /// What is loaded, the latest first, as `/proc/modules` has it.
    pub fn all(&self) -> impl Iterator<Item = &Loaded> {
        self.loaded.iter().rev()
    }

    /// Whether it is loaded.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.loaded.iter().any(|loaded| loaded.module.name == name)
    }

    /// When it was loaded.
    #[must_use]
    pub fn since(&self, name: &str) -> Option<Time> {
        self.loaded.iter().find(|loaded| loaded.module.name == name).map(|loaded| loaded.since)
    }

    /// The loaded modules that need this one, the latest first.
    #[must_use]
    pub fn users(&self, name: &str) -> Vec<&'static str> {
        self.all().map(|loaded| loaded.module).filter(|module| module.needs.contains(&name)).map(|m| m.name).collect()
    }

    /// How often it is in use, by modules and by rules.
    #[must_use]
    pub fn use_count(&self, name: &str) -> u32 {
        let held = self.loaded.iter().filter(|loaded| loaded.module.holds.contains(&name)).count();
        let own = self.loaded.iter().find(|loaded| loaded.module.name == name).map_or(0, |loaded| loaded.references);
        (self.users(name).len() + held) as u32 + own
    }

    /// A rule begins or ceases to use a module.
    pub(super) fn refer(&mut self, name: &str, by: i32) {
        if let Some(loaded) = self.loaded.iter_mut().find(|loaded| loaded.module.name == name) {
            loaded.references = loaded.references.saturating_add_signed(by);
        }
    }

    /// Loads what is asked for by name, by hand or by the kernel: first what it needs. An `alias` in the configuration
    /// stands for the name that was asked for, not for what that one needs; `install` replaces either; `blacklist` only
    /// concerns aliases that a module brings along, and so nothing here.
    ///
    /// # Errors
    /// Where nothing of the name is found.
    pub(super) fn load(&mut self, asked: &str, now: Time) -> Result<Vec<&'static Module>, NotFound> {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let lines: Vec<Vec<String>> =
            self.configuration.iter().flat_map(|(_, lines)| lines).map(|line| words(line)).collect();
        let alias = lines.iter().find(|words| words.len() == 3 && words[0] == "alias" && words[1] == asked);
        let name = alias.map_or(asked, |words| words[2].as_str());
        let module = find(name).ok_or_else(|| NotFound::Module(name.to_owned()))?;
        let mut new = Vec::new();
        self.insert(module, now, &lines, &mut new)?;
        Ok(new)
    }

    fn insert(
        &mut self,
        module: &'static Module,
        now: Time,
        lines: &[Vec<String>],
        new: &mut Vec<&'static Module>,
    ) -> Result<(), NotFound> {
        if self.has(module.name) {
            return Ok(());
        }
        if lines.iter().any(|words| words.len() > 2 && words[0] == "install" && words[1] == module.name) {
            return Err(NotFound::Replaced);
        }
        for needed in module.needs.iter().rev().filter_map(|name| find(name)) {
            self.insert(needed, now, lines, new)?;
        }
        self.loaded.push(Loaded { module, since: now, references: 0 });
        new.push(module);
        Ok(())
    }

    /// Nothing is loaded, as after a boot; what stands in files stays.
    pub(super) fn clear(&mut self) {
        self.loaded.clear();
    }

    /// Takes a module out.
    ///
    /// # Errors
    /// Where it isn't loaded or is in use, as `rmmod` says it.
    pub(super) fn unload(&mut self, name: &str) -> Result<&'static Module, String> {
        let name = name.replace('-', "_");
        let Some(index) = self.loaded.iter().position(|loaded| loaded.module.name == name) else {
            return Err(format!("ERROR: Module {name} does not exist in /proc/modules"));
        };
        let users = self.users(&name);
        if !users.is_empty() {
            return Err(format!("ERROR: Module {name} is in use by {}", users.join(",")));
        }
        if self.use_count(&name) > 0 {
            return Err(format!("ERROR: Module {name} is in use"));
        }
        Ok(self.loaded.remove(index).module)
    }
}
