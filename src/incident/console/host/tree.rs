//! The folders of a machine, made of the files that are known and of what else is in use.

use super::machine::Machine;
use crate::sim::pattern;
use crate::sim::quantity::Bytes;
use std::collections::BTreeMap;

/// Where on the volume of `/` that lies which nobody has given a name, in parts of a hundred.
const SYSTEM: [(&str, u64); 8] = [
    ("/usr/lib", 44),
    ("/var/log/journal", 2),
    ("/usr/share", 14),
    ("/usr/bin", 8),
    ("/opt", 12),
    ("/var/lib/apt", 9),
    ("/var/cache/apt", 6),
    ("/boot", 5),
];

/// Something with a size and no parts: (path, size, whether it stands for a folder).
pub type Leaf = (String, Bytes, bool);

/// Everything on the disks that still has a name.
pub fn leaves(machine: &Machine) -> Vec<Leaf> {
    let mut all: Vec<Leaf> = vec![];
    for (number, volume) in machine.disks.volumes.iter().enumerate() {
        let mut rest = volume.used.0;
        for (_, file) in machine.disks.on(number) {
            rest = rest.saturating_sub(file.size.0);
            if file.is_linked {
                all.push((file.path.to_string(), file.size, file.is_folder));
            }
        }
        for file in machine.written.iter().filter(|file| machine.disks.volume_of(&file.path) == Some(number)) {
            rest = rest.saturating_sub(file.size.0);
            all.push((file.path.clone(), file.size, false));
        }
        if volume.mount.trim_matches('/').is_empty() {
            all.extend(SYSTEM.map(|(path, part)| (path.to_owned(), Bytes(rest / 100 * part), true)));
        } else if rest > 0 {
            all.push((format!("{}/data", volume.mount.trim_end_matches('/')), Bytes(rest), true));
        }
    }
    all.extend(machine.texts.iter().map(|path| (path.clone(), Bytes(181_442), false)));
    all.sort();
    all
}

/// Whether a path is `root` or lies below it.
pub fn is_under(path: &str, root: &str) -> bool {
    let root = root.trim_end_matches('/');
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The paths that an operand means: itself where it is there, or all that a pattern with `*` fits.
pub fn expand(operand: &str, leaves: &[Leaf]) -> Vec<String> {
    let operand = if operand.len() > 1 { operand.trim_end_matches('/') } else { operand };
    if !operand.contains('*') {
        let is_there = leaves.iter().any(|(path, ..)| is_under(path, operand));
        return if is_there { vec![operand.to_owned()] } else { vec![] };
    }
    let depth = operand.split('/').count();
    let mut found: Vec<String> = vec![];
    for (path, ..) in leaves {
        let parts: Vec<&str> = path.split('/').take(depth).collect();
        let short = parts.join("/");
        if parts.len() == depth && fits(operand, &parts) && !found.contains(&short) {
            found.push(short);
        }
    }
    found
}

fn fits(path: &str, parts: &[&str]) -> bool {
    path.split('/').zip(parts).all(|(pattern, part)| pattern::fits(pattern, part))
}

/// How much there is at and below a path.
pub fn size_of(root: &str, leaves: &[Leaf]) -> Bytes {
    Bytes(leaves.iter().filter(|(path, ..)| is_under(path, root)).map(|(_, size, _)| size.0).sum())
}

/// What `du` prints for a path: each folder below it, and with `all` each file, what is inside before what holds it.
pub fn sizes(root: &str, leaves: &[Leaf], all: bool, depth: usize) -> Vec<(String, Bytes)> {
    let mut folders: BTreeMap<String, u64> = BTreeMap::new();
    let mut shown: Vec<(String, Bytes)> = vec![];
    let base = root.trim_end_matches('/').matches('/').count();
    for (path, size, is_folder) in leaves.iter().filter(|(path, ..)| is_under(path, root)) {
        let is_itself = path == root;
        if *is_folder {
            *folders.entry(path.clone()).or_default() += size.0;
        } else if (all || is_itself) && path.matches('/').count() - base <= depth {
            shown.push((path.clone(), *size));
        }
        let mut above = path.as_str();
        while let Some((parent, _)) = above.rsplit_once('/') {
            let name = if parent.is_empty() { "/" } else { parent };
            if !is_under(name, root) {
                break;
            }
            *folders.entry(name.to_owned()).or_default() += size.0;
            above = parent;
        }
    }
    let level = |path: &str| path.trim_end_matches('/').matches('/').count();
    let kept = folders.into_iter().filter(|(path, _)| level(path).saturating_sub(base) <= depth);
    shown.extend(kept.map(|(path, size)| (path, Bytes(size))));
    // What holds a thing comes after it.
    shown.sort_by(|a, b| format!("{}/~", b.0).cmp(&format!("{}/~", a.0)));
    shown.reverse();
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<Leaf> {
        [("/var/log/shop/debug.log", 700, false), ("/var/log/syslog", 20, false), ("/var/lib/sessions", 5, true)]
            .map(|(path, size, is_folder)| (path.to_owned(), Bytes(size), is_folder))
            .to_vec()
    }

    #[test]
    fn folders_hold_what_is_in_them() {
        let lines: Vec<String> =
            sizes("/var", &some(), false, usize::MAX).into_iter().map(|(p, s)| format!("{} {p}", s.0)).collect();
        assert_eq!(lines, ["5 /var/lib/sessions", "5 /var/lib", "700 /var/log/shop", "720 /var/log", "725 /var"]);
        assert_eq!(sizes("/var", &some(), false, 0), [("/var".to_owned(), Bytes(725))]);
        assert_eq!(sizes("/var/log", &some(), true, 1).len(), 3);
        assert_eq!(size_of("/", &some()), Bytes(725));
    }

    #[test]
    fn a_star_stands_for_a_part_of_one_name() {
        assert_eq!(expand("/var/*", &some()), ["/var/log", "/var/lib"]);
        assert_eq!(expand("/var/log/shop/*.log", &some()), ["/var/log/shop/debug.log"]);
        assert_eq!(expand("/var/log", &some()), ["/var/log"]);
        assert_eq!(expand("/home/*", &some()), Vec::<String>::new());
    }
}
