//! Tables and descriptions of a cluster made by hand, as kubectl prints them.

use super::select::{Kind, Selection};
use super::{VERBS, arguments::Given, describe, get};
use crate::incident::console::cluster::{Cluster, Deployment, Ended, Event, Node, Pod, Revision, Template};
use crate::incident::console::stamp::Clock;
use crate::sim::quantity::{Bytes, Span, Time};

const NOW: Time = Time::from_seconds(600);

fn template(limit: &str) -> Template {
    Template { image: "registry/web:v2".to_owned(), request: "500Mi".parse().unwrap(), limit: limit.parse().ok() }
}

fn pod(suffix: &str, status: &str, restarts: u32) -> Pod {
    let ready = status == "Running";
    Pod {
        name: format!("web-6c9f7d9c5b-{suffix}"),
        deployment: "web".to_owned(),
        hash: "6c9f7d9c5b".to_owned(),
        ready,
        status: status.to_owned(),
        phase: "Running",
        restarts,
        created: NOW - Span::from_seconds(15 * 86_400),
        node: Some("node-a1".to_owned()),
        ip: "10.4.1.7".to_owned(),
        container: "consumer".to_owned(),
        template: template("1536Mi"),
        running_since: ready.then_some(NOW - Span::from_seconds(30)),
        waits: (!ready).then(|| status.to_owned()),
        last: (restarts > 0).then(|| Ended {
            reason: "Error".to_owned(),
            code: 137,
            started: Time::from_seconds(192),
            finished: Time::from_seconds(195),
        }),
        ..Pod::default()
    }
}

fn cluster() -> Cluster {
    let event = |kind, reason: &str, count, message: &str| Event {
        first: NOW - Span::from_seconds(1200),
        last: NOW - Span::from_seconds(123),
        count,
        kind,
        reason: reason.to_owned(),
        object: "pod/web-6c9f7d9c5b-2xk8p".to_owned(),
        from: "kubelet, node-a1".to_owned(),
        message: message.to_owned(),
    };
    Cluster {
        now: NOW,
        pods: vec![pod("2xk8p", "CrashLoopBackOff", 7), pod("4mvq2", "Running", 0), pod("7hzjd", "Error", 12)],
        deployments: vec![Deployment {
            name: "web".to_owned(),
            created: NOW - Span::from_seconds(400 * 86_400),
            wanted: 3,
            ready: 1,
            updated: 3,
            available: 1,
            container: "consumer".to_owned(),
            template: template("1536Mi"),
            revisions: vec![Revision {
                number: 4,
                name: "web-6c9f7d9c5b".to_owned(),
                hash: "6c9f7d9c5b".to_owned(),
                created: NOW - Span::from_seconds(15 * 86_400),
                template: template("1536Mi"),
                wanted: 3,
                pods: 3,
                ready: 1,
                ..Revision::default()
            }],
            max_surge: "25%".to_owned(),
            max_unavailable: "25%".to_owned(),
            ..Deployment::default()
        }],
        nodes: vec![Node {
            name: "node-a1".to_owned(),
            status: "Ready".to_owned(),
            joined: NOW - Span::from_seconds(40 * 86_400),
            memory: Bytes(16 << 30),
            requested: Bytes(1500 << 20),
            ..Node::default()
        }],
        events: vec![
            event("Normal", "Started", 5, "Started container consumer"),
            event("Warning", "BackOff", 72, "Back-off restarting failed container"),
        ],
    }
}

fn given(verb: &str, line: &str) -> Given {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    Given::read(&words, VERBS.iter().find(|one| one.name == verb).unwrap().flags).unwrap()
}

fn table(line: &str) -> Vec<String> {
    let given = given("get", line);
    let selection = Selection::read(&given.operands).unwrap();
    get::table(&cluster(), &selection, &given, &Clock::default()).unwrap().0
}

#[test]
fn pods_are_listed_as_kubectl_lists_them() {
    let expected = [
        "NAME                   READY   STATUS             RESTARTS   AGE",
        "web-6c9f7d9c5b-2xk8p   0/1     CrashLoopBackOff   7          15d",
        "web-6c9f7d9c5b-4mvq2   1/1     Running            0          15d",
        "web-6c9f7d9c5b-7hzjd   0/1     Error              12         15d",
    ];
    assert_eq!(table("pods"), expected);
    assert_eq!(table("pods -l app=web")[1..], expected[1..]);
    assert_eq!(
        table("pods --no-headers --sort-by=.status.containerStatuses[0].restartCount")[2],
        "web-6c9f7d9c5b-7hzjd   0/1   Error              12    15d"
    );
    assert_eq!(table("pods --no-headers -l app=other"), Vec::<String>::new());
    assert_eq!(table("pod web-6c9f7d9c5b-4mvq2 -o name"), ["pod/web-6c9f7d9c5b-4mvq2"]);
}

#[test]
fn other_kinds_have_their_columns() {
    assert_eq!(
        table("deploy"),
        ["NAME   READY   UP-TO-DATE   AVAILABLE   AGE", "web    1/3     3            1           400d"]
    );
    assert_eq!(table("rs")[1], "web-6c9f7d9c5b   3         3         1       15d");
    assert_eq!(table("nodes")[1], "node-a1   Ready    <none>   40d   v1.16.13");
    assert_eq!(
        table("events")[2],
        "2m3s        Warning   BackOff   pod/web-6c9f7d9c5b-2xk8p   Back-off restarting failed container"
    );
    let both = table("pods,deploy");
    assert_eq!(both[1].split_whitespace().next(), Some("pod/web-6c9f7d9c5b-2xk8p"));
    assert_eq!(both[4], "");
}

#[test]
fn a_pod_is_described_with_how_it_last_died_and_its_events() {
    let starts = jiff::civil::datetime(2020, 8, 11, 9, 38, 0, 0);
    let clock = Clock { starts, zone: "PDT".to_owned(), ahead: Span::from_seconds(-7 * 3600) };
    let cluster = cluster();
    let text = describe::of_pod(&cluster.pods[0], &cluster, &clock).join("\n");
    let part = "    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       Error
      Exit Code:    137
      Started:      Tue, 11 Aug 2020 09:41:12 -0700
      Finished:     Tue, 11 Aug 2020 09:41:15 -0700
    Ready:          False
    Restart Count:  7
    Limits:
      memory:  1536Mi
    Requests:
      memory:     500Mi";
    assert!(text.contains(part), "{text}");
    assert!(text.contains("QoS Class:       Burstable\nEvents:\n  Type     Reason   Age"), "{text}");
    let event = "  Warning  BackOff  2m3s (x72 over 20m)  kubelet, node-a1  Back-off restarting failed container";
    assert!(text.ends_with(event), "{text}");
}

#[test]
fn what_is_not_there_is_named_with_what_was_meant() {
    let error = get::not_found(Kind::Deployments, "wbe", &cluster());
    assert_eq!(error, "Error from server (NotFound): deployments.apps \"wbe\" not found (did you mean web?)");
}

#[test]
fn objects_have_the_fields_of_the_real_ones() {
    let table_of = |line: &str| table(line).join("\n");
    let deaths = table_of(
        "pods -o custom-columns=POD:.metadata.name,N:.status.containerStatuses[0].restartCount,WHY:.status.containerStatuses[*].lastState.terminated.reason",
    );
    let expected = "POD                    N     WHY
web-6c9f7d9c5b-2xk8p   7     Error
web-6c9f7d9c5b-4mvq2   0     <none>
web-6c9f7d9c5b-7hzjd   12    Error";
    assert_eq!(deaths, expected);
    let limits = table("pods -o jsonpath={.items[*].spec.containers[0].resources.limits.memory}");
    assert_eq!(limits, ["1536Mi 1536Mi 1536Mi"]);
    let one = table("pod web-6c9f7d9c5b-2xk8p -o json");
    let value: serde_json::Value = serde_json::from_str(&one.join("\n")).unwrap();
    assert_eq!(value["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"], 137);
    assert_eq!(value["status"]["containerStatuses"][0]["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(one[1], "    \"apiVersion\": \"v1\",");
    let yaml = table("deploy web -o yaml");
    assert!(yaml.contains(&"      - image: registry/web:v2".to_owned()), "{yaml:#?}");
    let list: serde_json::Value = serde_json::from_str(&table("nodes -o json").join("\n")).unwrap();
    assert_eq!((&list["kind"], list["items"].as_array().unwrap().len()), (&"List".into(), 1));
}

#[test]
fn fields_select_and_sort() {
    let names = |line: &str| table(&format!("{line} --no-headers -o custom-columns=N:.metadata.name")).join(" ");
    assert_eq!(names("pods --field-selector=status.phase!=Running"), "");
    assert_eq!(names("pods --field-selector=metadata.name=web-6c9f7d9c5b-4mvq2"), "web-6c9f7d9c5b-4mvq2");
    let by_restarts = names("pods --sort-by=.status.containerStatuses[0].restartCount");
    assert!(by_restarts.ends_with("7hzjd"), "12 is more than 7: {by_restarts}");
    let refusal = |line: &str| {
        let given = given("get", line);
        get::table(&cluster(), &Selection::read(&given.operands).unwrap(), &given, &Clock::default()).unwrap_err()
    };
    assert!(refusal("pods --sort-by=.status.nothing").contains("couldn't find any field"));
    assert!(refusal("pods --field-selector=status.x=1").contains("field label not supported: status.x"));
    assert!(refusal("pods -o jsn").contains("unable to match a printer"));
    assert!(refusal("pods -o jsonpath={.items[*").contains("unterminated array"));
    assert!(refusal("pods -o custom-columns=NAME").contains("expected <header>:<json-path-expr>"));
    assert_eq!(table("pods -L app")[1].split_whitespace().last(), Some("web"));
}

#[test]
fn every_field_that_is_shown_is_explained() {
    for kind in [Kind::Pods, Kind::Deployments, Kind::ReplicaSets, Kind::Nodes, Kind::Events] {
        for object in super::object::all(kind, &cluster(), &Clock::default()) {
            assert_eq!(super::explain::tests::unexplained(kind, &object), Vec::<String>::new(), "{kind:?}");
        }
    }
}
