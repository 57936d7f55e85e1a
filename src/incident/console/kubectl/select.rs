//! Which objects a command is about: kinds, names, labels.

use crate::incident::console::nearest;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Pods,
    Deployments,
    ReplicaSets,
    Nodes,
    Events,
    Namespaces,
    /// Something that a cluster knows and this one has none of.
    Absent(&'static str),
}

/// The words for each kind: in full, singular, short, and with its group.
const KINDS: [(Kind, &[&str]); 6] = [
    (Kind::Pods, &["pods", "pod", "po"]),
    (Kind::Deployments, &["deployments", "deployment", "deploy", "deployments.apps", "deployment.apps"]),
    (Kind::ReplicaSets, &["replicasets", "replicaset", "rs", "replicasets.apps", "replicaset.apps"]),
    (Kind::Nodes, &["nodes", "node", "no"]),
    (Kind::Events, &["events", "event", "ev"]),
    (Kind::Namespaces, &["namespaces", "namespace", "ns"]),
];

/// Kinds that every cluster has and nothing here uses.
const ABSENT: [&[&str]; 11] = [
    &["services", "service", "svc"],
    &["configmaps", "configmap", "cm"],
    &["secrets", "secret"],
    &["ingresses", "ingress", "ing"],
    &["jobs", "job", "jobs.batch"],
    &["cronjobs", "cronjob", "cj"],
    &["statefulsets", "statefulset", "sts"],
    &["daemonsets", "daemonset", "ds"],
    &["horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"],
    &["persistentvolumeclaims", "persistentvolumeclaim", "pvc"],
    &["endpoints", "ep"],
];

impl Kind {
    /// The kind that a word names.
    ///
    /// # Errors
    /// As kubectl says it, with what was probably meant.
    pub fn of(word: &str) -> Result<Self, String> {
        let lower = word.to_lowercase();
        if let Some((kind, _)) = KINDS.iter().find(|(_, words)| words.contains(&lower.as_str())) {
            return Ok(*kind);
        }
        if let Some(words) = ABSENT.iter().find(|words| words.contains(&lower.as_str())) {
            return Ok(Self::Absent(words[0]));
        }
        let names = KINDS.iter().flat_map(|(_, words)| words.iter().copied());
        let hint = nearest(&lower, names).map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        Err(format!("error: the server doesn't have a resource type \"{word}\"{hint}"))
    }

    /// Whether it is in no namespace.
    pub const fn is_everywhere(self) -> bool {
        matches!(self, Self::Nodes | Self::Namespaces)
    }

    /// In full and with its group, as errors name it.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::Deployments => "deployments.apps",
            Self::ReplicaSets => "replicasets.apps",
            Self::Nodes => "nodes",
            Self::Events => "events",
            Self::Namespaces => "namespaces",
            Self::Absent(name) => name,
        }
    }

    /// What stands before the slash: `pod/…`, `deployment.apps/…`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Pods => "pod",
            Self::Deployments => "deployment.apps",
            Self::ReplicaSets => "replicaset.apps",
            Self::Nodes => "node",
            Self::Events => "event",
            Self::Namespaces => "namespace",
            Self::Absent(name) => name,
        }
    }

    /// As an object itself names its kind.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pods => "Pod",
            Self::Deployments => "Deployment",
            Self::ReplicaSets => "ReplicaSet",
            Self::Nodes => "Node",
            Self::Events => "Event",
            Self::Namespaces => "Namespace",
            Self::Absent(name) => name,
        }
    }

    /// The kinds that can be asked for, with their words.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        let about = ["what runs", "how many pods there should be, of which version", "a deployment's revisions"];
        let about = about.into_iter().chain(["the machines", "what the cluster has noticed", ""]);
        KINDS.iter().map(|(_, words)| words[0]).zip(about)
    }
}

/// What the words after the verb ask for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Selection {
    /// Kinds with names; a kind with no name is all of it.
    pub wanted: Vec<(Kind, Option<String>)>,
}

impl Selection {
    /// Reads `pods`, `pods,deploy`, `pod a b`, `pod/a deploy/b`.
    ///
    /// # Errors
    /// As kubectl says it.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let mut wanted = vec![];
        let Some(first) = words.first() else {
            return Err("error: You must specify the type of resource: pods, deployments, nodes, events".to_owned());
        };
        if words.iter().any(|word| word.contains('/')) {
            for word in words {
                let Some((kind, name)) = word.split_once('/') else {
                    return Err("error: there is no need to specify a resource type as a separate argument when passing \
                                arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of \
                                'kubectl get resource resource/<resource_name>'"
                        .to_owned());
                };
                wanted.push((Kind::of(kind)?, Some(name.to_owned())));
            }
            return Ok(Self { wanted });
        }
        for kind in first.split(',') {
            if kind == "all" {
                wanted.extend([Kind::Pods, Kind::Deployments, Kind::ReplicaSets].map(|kind| (kind, None)));
                continue;
            }
            let kind = Kind::of(kind)?;
            if words.len() == 1 {
                wanted.push((kind, None));
            }
            wanted.extend(words[1..].iter().map(|name| (kind, Some(name.clone()))));
        }
        Ok(Self { wanted })
    }

    /// The kinds that are asked for, each once, in order.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = vec![];
        for (kind, _) in &self.wanted {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        kinds
    }

    /// The names that are asked for of a kind; none where all are.
    pub fn names(&self, kind: Kind) -> Vec<&str> {
        let of_kind = self.wanted.iter().filter(|(one, _)| *one == kind);
        of_kind.filter_map(|(_, name)| name.as_deref()).collect()
    }
}

/// A label selector: `app=x,tier!=y`, `app in (a,b)`, `app`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Labels {
    requirements: Vec<(String, bool, Vec<String>)>,
}

impl Labels {
    /// Reads a selector.
    ///
    /// # Errors
    /// As kubectl says it.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut requirements = vec![];
        for part in split_outside(text, "(", ")") {
            let part = part.trim();
            let words: Vec<&str> = part.splitn(3, ' ').collect();
            let requirement = if let [key, word @ ("in" | "notin"), values] = words.as_slice() {
                let values = values.trim().trim_start_matches('(').trim_end_matches(')');
                ((*key).to_owned(), *word == "in", values.split(',').map(|v| v.trim().to_owned()).collect())
            } else if let Some((key, value)) = part.split_once("!=") {
                (key.to_owned(), false, vec![value.to_owned()])
            } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (key.to_owned(), true, vec![value.to_owned()])
            } else if let Some(key) = part.strip_prefix('!') {
                (key.to_owned(), false, vec![])
            } else {
                (part.to_owned(), true, vec![])
            };
            let is_plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c));
            if requirement.0.is_empty() || !is_plain(&requirement.0) || !requirement.2.iter().all(|v| is_plain(v)) {
                return Err(format!(
                    "error: unable to parse requirement: found '{part}', expected: a label, as in app=NAME"
                ));
            }
            requirements.push(requirement);
        }
        Ok(Self { requirements })
    }

    /// Whether the labels of an object fit.
    pub fn fit_object(&self, object: &serde_json::Value) -> bool {
        let labels = object["metadata"]["labels"].as_object();
        let pairs = labels.into_iter().flatten();
        let text = |(name, value): (&String, &serde_json::Value)| {
            (name.clone(), value.as_str().unwrap_or_default().to_owned())
        };
        self.fit(&pairs.map(text).collect::<Vec<_>>())
    }

    /// Whether labels fit.
    pub fn fit(&self, labels: &[(String, String)]) -> bool {
        self.requirements.iter().all(|(key, wanted, values)| {
            let value = labels.iter().find(|(name, _)| name == key).map(|(_, value)| value);
            value.is_some_and(|value| values.is_empty() || values.contains(value)) == *wanted
        })
    }
}

/// The parts between commas that stand within none of these brackets.
pub(super) fn split_outside<'a>(text: &'a str, opens: &str, closes: &str) -> Vec<&'a str> {
    let (mut parts, mut from, mut depth) = (vec![], 0, 0_i32);
    for (at, c) in text.char_indices() {
        match c {
            _ if opens.contains(c) => depth += 1,
            _ if closes.contains(c) => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Selection, String> {
        Selection::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn objects_are_named_in_every_form() {
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(read("po").unwrap().wanted, [(Kind::Pods, None)]);
        assert_eq!(read("pods,deploy").unwrap().kinds(), [Kind::Pods, Kind::Deployments]);
        assert_eq!(read("pod a b").unwrap().wanted, [(Kind::Pods, some("a")), (Kind::Pods, some("b"))]);
        assert_eq!(read("deploy/x po/y").unwrap().wanted, [(Kind::Deployments, some("x")), (Kind::Pods, some("y"))]);
        assert_eq!(read("svc").unwrap().wanted, [(Kind::Absent("services"), None)]);
        let wrong = read("podz").unwrap_err();
        assert_eq!(wrong, "error: the server doesn't have a resource type \"podz\" (did you mean pods?)");
        assert!(read("pods deploy/x").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn labels_select() {
        let labels = [("app".to_owned(), "web".to_owned()), ("tier".to_owned(), "front".to_owned())];
        let table = [
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app!=web", false),
            ("app", true),
            ("!app", false),
            ("app in (web,api)", true),
            ("app notin (web)", false),
            ("other=x", false),
            ("other!=x", true),
        ];
        for (text, expected) in table {
            assert_eq!(Labels::read(text).unwrap().fit(&labels), expected, "{text}");
        }
        assert!(Labels::read("app=(").is_err());
        assert!(Labels::read("=x").is_err());
    }
}
