//! A machine's kernel: modules and what loads them, connection tracking, sysctls, netfilter's tables, and what it says.
//!
//! A plain value that knows one machine and no component. Flows pass it (`Kernel::begin`, `Kernel::end`); whoever
//! works on the machine changes it (`Kernel::change`). Nothing is tracked until the module that hooks tracking into the
//! path of packets is there, and it is there once something needs it.

pub mod conntrack;
mod fading;
pub mod log;
pub mod modules;
mod network;
pub mod rules;
pub mod settings;
mod sysctl;

pub use conntrack::Conntrack;
pub(in crate::sim) use conntrack::{Mark, Passage};
pub(in crate::sim) use network::{Connection, Network};
pub use rules::{Rule, Table};
pub use settings::Settings;

use super::operation::{Applied, Refusal};
use super::quantity::{Span, Time};
use fading::Fading;
use log::{Log, Said};
use modules::{Module, Modules, NotFound};
use std::sync::Arc;

/// How long a socket stays in TIME-WAIT (`TCP_TIMEWAIT_LEN`); no sysctl changes that.
const TIME_WAIT: Span = Span::from_seconds(60);

/// Something done to a kernel, by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A table is looked at: the kernel loads what it takes to answer.
    List(Table),
    /// A rule is added to the end of its chain.
    Append(Rule),
    /// A rule is taken out of its chain.
    Delete(Rule),
    /// All rules of a table, or of one chain of it, are taken out.
    FlushRules(Table, Option<String>),
    /// A module is loaded, with what it needs.
    Load(String),
    /// A module is taken out; `with_unused` takes what nobody else needs with it, as `modprobe -r` does.
    Unload {
        /// Its name.
        module: String,
        /// Whether what it needed goes as well.
        with_unused: bool,
    },
    /// A value of `sysctl` is set.
    Sysctl {
        /// Its key, with dots.
        key: String,
        /// What it is set to.
        value: String,
    },
    /// Every entry of the table of connections is forgotten.
    FlushConnections,
    /// The tool for connections opens its socket, which loads what it speaks with.
    OpenNetlink,
    /// A file of `/etc/modprobe.d` gets these lines; none removes it.
    Configure {
        /// The file's name.
        file: String,
        /// Its lines.
        lines: Vec<String>,
    },
    /// The ring of lines is emptied.
    ClearLog,
    /// The machine is started anew, and is up after this time.
    Boot(Span),
}

/// A kernel at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The machine's name.
    pub name: Arc<str>,
    /// When it was booted.
    pub booted: Time,
    /// As the level describes it.
    pub settings: Arc<Settings>,
    /// The modules.
    pub modules: Modules,
    /// The table of connections, while its module is there.
    pub conntrack: Option<Conntrack>,
    /// The rules in its tables.
    pub rules: Vec<Rule>,
    /// What it has said.
    pub log: Log,
    sysctls: Vec<(String, String)>,
    /// The latest table's mark; they are never used again.
    mark: Mark,
    time_wait: Fading,
    open_sockets: u64,
    /// What has been done with privileges: when, by whom, which command.
    pub audit: Vec<(Time, String, String)>,
    /// Packets dropped by tables that are gone.
    dropped_before: u64,
}

impl Kernel {
    pub(in crate::sim) fn new(name: Arc<str>, booted: Time, settings: Arc<Settings>) -> Self {
        let sysctls = settings.sysctls.clone();
        Self {
            name,
            booted,
            settings,
            modules: Modules::default(),
            conntrack: None,
            rules: Vec::new(),
            log: Log::default(),
            sysctls,
            mark: 0,
            time_wait: Fading::default(),
            open_sockets: 0,
            audit: Vec::new(),
            dropped_before: 0,
        }
    }

    /// Whether new flows are tracked: the module with the hooks is there, and no rule exempts them. A flow passes the
    /// machine in both directions, so that it takes a rule for what comes in and one for what goes out.
    #[must_use]
    pub fn tracks(&self) -> bool {
        self.modules.has("nf_conntrack_ipv4") && !rules::exempts_all(&self.rules)
    }

    /// Whether a new flow would be dropped now.
    #[must_use]
    pub fn has_no_room(&self) -> bool {
        self.tracks() && self.conntrack.as_ref().is_some_and(|table| table.count() >= u64::from(table.max))
    }

    /// Whether a flow with this mark is in the table that there is now.
    pub(in crate::sim) fn knows(&self, mark: Mark) -> bool {
        self.conntrack.as_ref().is_some_and(|table| table.is_marked(mark))
    }

    /// The first packet of a flow, in either direction.
    pub(in crate::sim) fn begin(&mut self, now: Time, weight: u16, word: u64) -> Passage {
        if self.conntrack.is_none() || !self.tracks() {
            return Passage::Passes(0);
        }
        let Some(table) = &mut self.conntrack else { return Passage::Passes(0) };
        let passage = table.begin(now, u32::from(weight), word);
        if passage == Passage::Dropped {
            self.log.table_full(now, u32::from(weight));
        }
        passage
    }

    /// A flow's connection is made: it has a socket here.
    pub(in crate::sim) fn open(&mut self, weight: u16) {
        self.open_sockets += u64::from(weight);
    }

    /// A flow is over. `mark` is what [`Kernel::begin`] gave it; `made` says whether its connection came about, `closes`
    /// whether it is this end that closed it first, and so keeps a socket in TIME-WAIT.
    pub(in crate::sim) fn end(&mut self, now: Time, mark: Mark, weight: u16, made: bool, closes: bool) {
        let is_tracked = self.conntrack.is_some() && (mark != 0 || self.tracks());
        if let Some(table) = self.conntrack.as_mut().filter(|_| is_tracked) {
            table.end(now, mark, u32::from(weight), made);
        }
        if made {
            self.open_sockets = self.open_sockets.saturating_sub(u64::from(weight));
            if closes {
                self.time_wait.expire(now);
                self.time_wait.add(now, TIME_WAIT, u32::from(weight));
            }
        }
    }

    /// Once a second: connections that are open for days have sent something, and what is over is forgotten.
    pub(in crate::sim) fn tick(&mut self, now: Time) {
        let (tracks, pooled) = (self.tracks(), self.settings.pooled);
        self.time_wait.expire(now);
        let Some(table) = self.conntrack.as_mut() else { return };
        table.expire(now);
        if tracks {
            let lost = table.adopt(now, pooled);
            if lost > 0 {
                self.log.table_full(now, lost);
            }
        }
    }

    /// Sockets in TIME-WAIT.
    #[must_use]
    pub const fn time_wait(&self) -> u64 {
        self.time_wait.total()
    }

    /// Sockets of open connections.
    #[must_use]
    pub fn open_sockets(&self) -> u64 {
        self.open_sockets + u64::from(self.settings.pooled)
    }

    /// Packets that were ever dropped for want of an entry.
    #[must_use]
    pub fn dropped_ever(&self) -> u64 {
        self.dropped_before + self.conntrack.as_ref().map_or(0, |table| table.counts.dropped)
    }

    /// Somebody has used his privileges; the log keeps the last thousand times.
    pub(in crate::sim) fn note(&mut self, now: Time, by: &str, command: &str) {
        if command.is_empty() {
            return;
        }
        if self.audit.len() == 1000 {
            self.audit.remove(0);
        }
        self.audit.push((now, by.to_owned(), command.to_owned()));
    }

    fn next_mark(&mut self) -> Mark {
        self.mark = self.mark.wrapping_add(1).max(1);
        self.mark
    }

    /// What a module does when it comes.
    fn initialise(&mut self, module: &Module, now: Time) {
        match module.name {
            "ip_tables" => self.log.say(now, Said::Module("ip_tables: (C) 2000-2006 Netfilter Core Team")),
            "nfnetlink" => self.log.say(now, Said::Module("Netfilter messages via NETLINK v0.30.")),
            "nf_conntrack_netlink" => {
                self.log.say(now, Said::Module("ctnetlink v0.93: registering with nfnetlink."));
            }
            "nf_conntrack" => {
                let mark = self.next_mark();
                let table = Conntrack::new(&self.settings.conntrack, mark);
                self.log.say(now, Said::Tracking { buckets: table.buckets, max: table.max });
                self.conntrack = Some(table);
            }
            _ => {}
        }
    }

    fn load(&mut self, name: &str, now: Time) -> Result<(), NotFound> {
        for module in self.modules.load(name, now)? {
            self.initialise(module, now);
        }
        Ok(())
    }

    fn unload(&mut self, name: &str) -> Result<&'static Module, Refusal> {
        let module = self.modules.unload(name).map_err(Refusal::new)?;
        if module.name == "nf_conntrack" {
            self.dropped_before = self.dropped_ever();
            self.conntrack = None;
        }
        Ok(module)
    }

    /// Loads what a table of netfilter needs. `iptables` itself asks for `ip_tables`; for the table, the kernel does.
    ///
    /// # Errors
    /// Where it isn't found, as `iptables` says it.
    fn need_table(&mut self, table: Table, now: Time) -> Result<(), Refusal> {
        let mut says = String::new();
        if let Err(NotFound::Module(name)) = self.load("ip_tables", now) {
            says = format!("FATAL: Module {name} not found.\n");
        }
        let module = table.module();
        if !self.modules.has("ip_tables") || self.load(module, now).is_err() {
            let table = table.name();
            return Err(Refusal::new(format!(
                "{says}iptables v1.4.12: can't initialize iptables table `{table}': Table does not exist (do you need to insmod?)\nPerhaps iptables or your kernel needs to be upgraded."
            )));
        }
        Ok(())
    }

    /// Somebody on the machine does something to it.
    ///
    /// # Errors
    /// Where that can't be done, in the words of the tool.
    pub(in crate::sim) fn change(&mut self, change: &Change, now: Time) -> Result<Applied, Refusal> {
        match change {
            Change::List(table) => self.need_table(*table, now)?,
            Change::Append(rule) => self.append(rule, now)?,
            Change::Delete(rule) => {
                self.need_table(rule.table, now)?;
                let Some(index) = self.rules.iter().position(|known| known == rule) else {
                    return Err(Refusal::new("iptables: No chain/target/match by that name."));
                };
                let rule = self.rules.remove(index);
                self.release(&rule);
            }
            Change::FlushRules(table, chain) => {
                self.need_table(*table, now)?;
                let (gone, kept) = std::mem::take(&mut self.rules).into_iter().partition(|rule: &Rule| {
                    rule.table == *table && chain.as_ref().is_none_or(|chain| *chain == rule.chain)
                });
                self.rules = kept;
                for rule in &gone {
                    self.release(rule);
                }
            }
            Change::Load(name) => self.load(name, now).or_else(|error| match error {
                NotFound::Module(name) => Err(Refusal::new(format!("FATAL: Module {name} not found."))),
                NotFound::Replaced => Ok(()),
            })?,
            Change::Unload { module, with_unused } => return self.take_out(module, *with_unused),
            Change::Sysctl { key, value } => self.set_sysctl(key, value)?,
            Change::FlushConnections => {
                let mark = self.next_mark();
                let count = self.conntrack.as_mut().map_or(0, |table| table.flush(now, mark));
                return Ok(Applied::Count(count));
            }
            Change::OpenNetlink => {
                self.load("nf_conntrack_netlink", now).map_err(|_| Refusal::new("Can't open handler"))?;
            }
            Change::Configure { file, lines } => {
                self.modules.configuration.retain(|(known, _)| known != file);
                if !lines.is_empty() {
                    self.modules.configuration.push((file.clone(), lines.clone()));
                }
            }
            Change::ClearLog => self.log.clear(),
            Change::Boot(takes) => self.boot(now + *takes),
        }
        Ok(Applied::Done)
    }

    /// Everything is as after a boot: what was set by hand is forgotten, what stands in files holds.
    fn boot(&mut self, up: Time) {
        self.dropped_before = self.dropped_ever();
        self.booted = up;
        self.modules.clear();
        self.conntrack = None;
        self.rules.clear();
        self.log = Log::default();
        self.sysctls.clone_from(&self.settings.sysctls);
        self.time_wait = Fading::default();
        self.open_sockets = 0;
    }

    fn append(&mut self, rule: &Rule, now: Time) -> Result<(), Refusal> {
        self.need_table(rule.table, now)?;
        for module in &rule.modules {
            self.load(module, now).map_err(|_| Refusal::new("iptables: No chain/target/match by that name."))?;
            self.modules.refer(module, 1);
        }
        self.modules.refer(rule.table.module(), 1);
        self.rules.push(rule.clone());
        Ok(())
    }

    fn release(&mut self, rule: &Rule) {
        self.modules.refer(rule.table.module(), -1);
        for module in &rule.modules {
            self.modules.refer(module, -1);
        }
    }

    fn take_out(&mut self, name: &str, with_unused: bool) -> Result<Applied, Refusal> {
        if !with_unused {
            self.unload(name)?;
            return Ok(Applied::Done);
        }
        let module = self.unload(name).map_err(|refusal| {
            let says = refusal.to_string();
            Refusal::new(if says.contains("in use") {
                format!("FATAL: Module {name} is in use.")
            } else {
                format!("FATAL: Module {name} not found.")
            })
        })?;
        for needed in module.needs {
            if self.modules.has(needed) && self.modules.use_count(needed) == 0 {
                // Nobody needs it any more, and so it can't be refused.
                let _ = self.take_out(needed, true);
            }
        }
        Ok(Applied::Done)
    }
}

#[cfg(test)]
mod tests;
