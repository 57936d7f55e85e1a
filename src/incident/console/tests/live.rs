//! The tools on a live system: forty consumers of two queues, and one message that kills whoever gets it.

use super::*;
use crate::sim::component::Settings;

const SYSTEM: &str = r#"[
  {"Clients": {"name": "people", "load": [
    {"kind": "line", "rate": "120/s", "publish": "rabbit/lines", "patience": "20s", "body": "person {person}: line {id}"},
    {"kind": "presence", "rate": "80/s", "publish": "rabbit/presence", "patience": "60s"}]}},
  {"Broker": {"name": "rabbit", "flavour": {"RabbitMq": {"version": "3.8"}}, "queues": [{"name": "lines"}, {"name": "presence"}]}},
  {"Service": {"name": "consumer",
    "runs_on": {"Kubernetes": {"replicas": 40, "memory": {"request": "500Mi", "limit": "1536Mi"}, "starts_in": "10s..20s",
                "pid_1": "Wrapper", "liveness": {"period": "10s", "answered_by": "Wrapper"}}},
    "memory": {"idle": "278Mi..298Mi", "per_request": "1Mi", "fills_at": "0.82Gi/s"},
    "workers": 1, "process": "python", "container": "consumer",
    "consumes": [{"queue": "rabbit/lines", "prefetch": 5}, {"queue": "rabbit/presence", "prefetch": 5}],
    "runs": "v2",
    "versions": [
      {"name": "v1", "deployed": "-90d", "note": "as before", "author": "Jo", "steps": [{"Work": "60ms"}, "Ack"]},
      {"name": "v2", "deployed": "-15d", "note": "new logger", "author": "Jo", "steps": [
        {"Log": ["Info", "received {id}"]}, {"Work": "60ms"},
        {"When": {"tag": "poison", "then": [{"Allocate": "7.0Gi"}]}}, "Ack"]},
      {"name": "v3", "takes": "25m", "note": "safe logger", "author": "Jo", "steps": [{"Work": "60ms"}, "Ack"]}]}},
  {"Nodes": {"name": "pool", "names": "node-a{n}", "count": 12}}
]"#;

/// The system after the poison has been at work for three minutes.
fn poisoned() -> Small {
    let components: Vec<Settings> = serde_json::from_str(SYSTEM).expect("the system reads");
    let system = System { components, warm_up: Span::from_seconds(120), ..System::default() };
    let mut world = Small::of(&system);
    let starts = jiff::civil::datetime(2020, 8, 11, 9, 38, 0, 0);
    world.clock = Clock { starts, zone: "PDT".to_owned(), ahead: Span::from_seconds(-7 * 3600) };
    world.system.run_until(Time::from_seconds(90));
    let publish = Operation::Publish {
        queue: "lines".to_owned(),
        tags: vec!["poison".to_owned()],
        count: 1,
        name: None,
        body: "look at this: %2400000000%".to_owned(),
    };
    world.system.apply("rabbit", &publish).unwrap();
    world.now = Time::from_seconds(270);
    world.system.run_until(world.now);
    world
}

/// Plays lines one after the other and returns what the last printed.
fn played(world: &mut Small, console: &mut Console, lines: &[&str]) -> (Vec<String>, EntryState) {
    let mut id = 0;
    for line in lines {
        id = console.type_line(world.now, "", line);
        pass(console, world, 20);
    }
    (console.entries()[id].output.clone(), console.entries()[id].state)
}

/// Lets so many seconds pass.
fn pass(console: &mut Console, world: &mut Small, seconds: i64) {
    let until = world.now + Span::from_seconds(seconds);
    run(console, world, until);
    world.now = until;
    world.system.run_until(until);
}

fn shown(lines: &[&str]) -> Vec<String> {
    played(&mut poisoned(), &mut Console::default(), lines).0
}

#[test]
fn the_crash_loop_can_be_seen_in_the_cluster() {
    let pods = shown(&["kubectl get pods"]);
    assert_eq!(pods[0].split_whitespace().collect::<Vec<_>>(), ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    assert_eq!(pods.len(), 41);
    assert!(pods.iter().any(|line| line.contains("CrashLoopBackOff")), "{}", pods.join("\n"));
    let deploy = shown(&["kubectl get deploy"]);
    let (ready, wanted) = deploy[1].split_whitespace().nth(1).unwrap().split_once('/').unwrap();
    assert!(ready.parse::<u32>().unwrap() < 40 && wanted == "40", "{deploy:?}");
    let count = shown(&["kubectl get pods --no-headers | grep -v Running | wc -l"]);
    assert!(count[0].parse::<u32>().unwrap() > 5, "{count:?}");
}

#[test]
fn a_dead_pod_says_error_137_and_only_the_kernel_says_why() {
    let worst = "$(kubectl get pods --no-headers --sort-by=.status.containerStatuses[0].restartCount | tail -1 | awk '{print $1}')";
    let described = shown(&[&format!("kubectl describe pod {worst}")]).join("\n");
    assert!(described.contains("Reason:       Error\n      Exit Code:    137"), "{described}");
    assert!(described.contains("Back-off restarting failed container"), "{described}");
    assert!(!described.contains("OOMKilled") && !described.contains("Unhealthy"), "{described}");
    let node = "$(kubectl get pods -o wide --no-headers | grep CrashLoop | head -1 | awk '{print $7}')";
    let kernel = shown(&[&format!("ssh {node} dmesg | tail -3")]);
    assert!(kernel[0].contains("Memory cgroup out of memory: Kill process"), "{kernel:?}");
    assert!(kernel[1].contains("(python) total-vm:") && kernel[1].contains("anon-rss:1563932kB"), "{kernel:?}");
    let stamp = kernel[1].split(']').next().unwrap();
    assert!(stamp.starts_with("[8") && stamp.contains('.'), "{stamp}");
}

#[test]
fn the_kernel_names_the_pod_by_its_uid() {
    let mut world = poisoned();
    let mut console = Console::default();
    let node = "$(kubectl get pods -o wide --no-headers | grep CrashLoop | head -1 | awk '{print $7}')";
    let task = format!("ssh {node} dmesg | grep 'Task in' | tail -1 | sed 's/.*burstable.pod//; s,/.*,,'");
    let uid = played(&mut world, &mut console, &[&task]).0[0].clone();
    let (yaml, _) = played(&mut world, &mut console, &["kubectl get pods -o yaml | grep uid:"]);
    assert!(yaml.iter().any(|line| line.ends_with(&uid)), "{uid}: {yaml:?}");
}

#[test]
fn logs_stop_in_the_middle_of_the_work() {
    let mut world = poisoned();
    let mut console = Console::default();
    let dead = "$(kubectl get pods --no-headers | grep CrashLoop | head -1 | awk '{print $1}')";
    let (lines, state) = played(&mut world, &mut console, &[&format!("kubectl logs {dead} --previous --tail=3")]);
    assert_eq!((lines.len(), state), (3, EntryState::Done), "{lines:?}");
    assert!(lines[2].contains("INFO received "), "{lines:?}");
    assert!(lines[2].starts_with("2020-08-11T16:4"), "{lines:?}");
    let (top, _) = played(&mut world, &mut console, &["logs search received --count-by id --top 1"]);
    let count: u32 = top[1].split_whitespace().next().unwrap().parse().unwrap();
    assert!(count > 20, "the same message again and again: {top:?}");
}

#[test]
fn the_broker_shows_the_queues_and_the_poison() {
    let queues = shown(&["rabbitmqctl list_queues name messages_ready messages_unacknowledged consumers"]);
    assert_eq!(queues[1], "Listing queues for vhost / ...");
    assert!(queues[3].starts_with("lines"), "{queues:?}");
    let mut world = poisoned();
    let mut console = Console::default();
    let stop = ["kubectl scale deployment/consumer --replicas=0", "sleep 15", "rabbitmqadmin get queue=lines count=1"];
    let (seen, _) = played(&mut world, &mut console, &stop);
    assert!(seen[3].contains("look at this: %2400000000%") && seen[3].contains("| True"), "{seen:?}");
    let (taken, _) =
        played(&mut world, &mut console, &["rabbitmqadmin get queue=lines count=1 ackmode=ack_requeue_false"]);
    assert!(taken[3].contains("%2400000000%"), "{taken:?}");
    let (next, _) = played(&mut world, &mut console, &["rabbitmqadmin get queue=lines count=1"]);
    assert!(next[3].contains("person"), "{next:?}");
    let purge = "rabbitmqctl -q purge_queue lines && rabbitmqctl -s list_queues name messages_ready";
    let (purged, _) = played(&mut world, &mut console, &[purge]);
    let ready: u64 = purged[1].split_whitespace().last().unwrap().parse().unwrap();
    assert!(ready < 500, "{purged:?}");
}

#[test]
fn changes_are_made_and_said_in_the_tools_words() {
    let table = [
        ("kubectl scale deployment/consumer --replicas=20", "deployment.apps/consumer scaled"),
        ("kubectl rollout restart deployment/consumer", "deployment.apps/consumer restarted"),
        (
            "kubectl set resources deployment/consumer --limits=memory=3Gi",
            "deployment.apps/consumer resource requirements updated",
        ),
        ("kubectl set image deployment/consumer consumer=v1", "deployment.apps/consumer image updated"),
        (
            "kubectl set image deployment/consumer consumer=v3",
            "error: the registry has no image consumer:v3; it has v1, v2 (deploy builds others)",
        ),
        ("kubectl rollout undo deployment/consumer", "error: no rollout history found for deployment \"consumer\""),
        (
            "kubectl rollout undo deployment/consumr",
            "Error from server (NotFound): deployments.apps \"consumr\" not found (did you mean consumer?)",
        ),
        (
            "kubectl scale deployment/consumer",
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ),
        ("kubectl delete pod nothing", "Error from server (NotFound): pods \"nothing\" not found"),
        (
            "kubectl delete deployment consumer",
            "Error from server (Forbidden): deployments.apps \"consumer\" is forbidden: User \"oncall\" cannot delete resource \"deployments\" (scale it to 0 instead)",
        ),
        (
            "kubectl set resources deployment/consumer --limits=memory=100Mi",
            "The Deployment \"consumer\" is invalid: spec.template.spec.containers[0].resources.requests: Invalid value: \"500Mi\": must be less than or equal to memory limit",
        ),
        ("kubectl cordon node-a1", "node/node-a1 cordoned"),
        (r#"kubectl patch deployment/consumer -p '{"spec":{"replicas":20}}'"#, "deployment.apps/consumer patched"),
        (
            r#"kubectl patch deployment consumer --type=json -p '[{"op":"replace","path":"/spec/replicas","value":40}]'"#,
            "deployment.apps/consumer patched (no change)",
        ),
        (
            r#"kubectl patch deploy/consumer -p '{"spec":{"template":{"spec":{"containers":[{"name":"x","image":"v1"}]}}}}'"#,
            "error: no container is called \"x\": each of containers needs its name, consumer",
        ),
        (
            r#"kubectl patch deploy/consumer -p '{"spec":{"minReadySeconds":5}}'"#,
            "error: spec.minReadySeconds can't be changed here: spec.replicas, spec.paused, and of a container image and resources.*.memory can",
        ),
        (
            "kubectl edit deployment/consumer",
            "error: kubectl edit can't be used here: without an editor: kubectl set resources, kubectl set image, kubectl scale and kubectl patch",
        ),
        ("kubectl explain pod.status.fase", "error: field \"fase\" does not exist (did you mean phase?)"),
        (
            "kubectl top pods -n kube-system",
            "Error from server (NotFound): nothing in namespace \"kube-system\": all of it is in default",
        ),
        ("kubectl gt pods", "Error: unknown command \"gt\" for \"kubectl\""),
        ("kubectl get pods --selektor=x", "Error: unknown flag: --selektor"),
        ("ssh node-b1", "ssh: Could not resolve hostname node-b1: Name or service not known (did you mean node-a1?)"),
        ("dmesg", "dmesg: this is the bastion, nothing runs here; log in first: ssh HOST dmesg"),
        ("rabbitmqctl purge_queue line", "Purging queue 'line' in vhost '/' ..."),
        (
            "rabbitmqctl set_policy p '^lines$' '{\"message-ttl\":60000}'",
            "Setting policy \"p\" for pattern \"^lines$\" to \"{\"message-ttl\":60000}\" with priority \"0\" for vhost \"/\" ...",
        ),
        ("rabbitmqadmin declare queue name=dead", "queue declared"),
        (
            "rabbitmqctl list_users -p /",
            "Error (argument validation): Invalid options for this command: --vhost (it takes --node= --quiet --silent --timeout= --formatter= --no-table-headers)",
        ),
        ("rabbitmqctl list_queues -p other", "Error: Virtual host 'other' does not exist (there is /)"),
        (
            "rabbitmqctl delete_queue lines",
            "Error (argument validation): delete_queue can't be used here: a queue that consumers need isn't deleted in an incident: purge_queue empties it",
        ),
        ("rabbitmqctl -s list_vhosts", "/"),
        ("rabbitmqctl --silent list_channels | head -1 | wc -l", "1"),
        (
            "rabbitmqadmin -f yaml list queues",
            "*** format yaml not recognised: table, long, raw_json, pretty_json, kvp, tsv, bash",
        ),
        (
            "rabbitmqadmin --formatter json -S name list queues name type",
            "[{\"name\":\"lines\",\"type\":\"classic\"},{\"name\":\"presence\",\"type\":\"classic\"}]",
        ),
        ("rabbitmqadmin get queue=lines ackmod=x", "*** argument \"ackmod\" not recognised (did you mean ackmode=?)"),
        ("git log --oneline | head -1 | cut -d' ' -f2-", "consumer: new logger (v2)"),
        ("deploy consumer v9", "deploy: consumer has no version `v9` (did you mean v1?): v1, v2, v3"),
    ];
    let world = poisoned();
    for (line, expected) in table {
        let mut world =
            Small { now: world.now, clock: world.clock.clone(), acts: vec![], system: world.system.clone() };
        let (lines, _) = played(&mut world, &mut Console::default(), &[line]);
        assert_eq!(lines.first().map(String::as_str), Some(expected), "{line}: {lines:?}");
    }
}

#[test]
fn a_patch_of_the_template_is_a_rollout_with_what_it_says() {
    let mut world = poisoned();
    let mut console = Console::default();
    let patch = r#"kubectl patch deployment consumer -p '{"spec":{"template":{"spec":{"containers":[{"name":"consumer","resources":{"limits":{"memory":"3Gi"}}}]}}}}'"#;
    let limit = "kubectl get deploy consumer -o jsonpath='{.spec.template.spec.containers[?(@.name==\"consumer\")].resources.limits.memory}'";
    assert_eq!(played(&mut world, &mut console, &[limit]).0, ["1536Mi"]);
    assert_eq!(played(&mut world, &mut console, &[patch]).0, ["deployment.apps/consumer patched"]);
    assert_eq!(played(&mut world, &mut console, &[limit]).0, ["3Gi"]);
    let (sets, _) = played(&mut world, &mut console, &["kubectl get rs --no-headers | wc -l"]);
    assert_eq!(sets, ["2"]);
    let node = "$(kubectl get pods -o jsonpath='{.items[0].spec.nodeName}')";
    let (drained, state) = played(&mut world, &mut console, &[&format!("kubectl drain {node} --ignore-daemonsets")]);
    assert_eq!(state, EntryState::Done, "{drained:?}");
    assert!(drained[0].ends_with(" cordoned") && drained.last().unwrap().ends_with(" evicted"), "{drained:?}");
}

#[test]
fn herding_deletes_what_does_not_run() {
    let mut world = poisoned();
    let mut console = Console::default();
    let herd = "kubectl get pods --no-headers | grep -v Running | awk '{print $1}' | xargs kubectl delete pod";
    let (lines, state) = played(&mut world, &mut console, &[herd]);
    assert!(lines.len() > 5 && lines.iter().all(|line| line.ends_with("\" deleted")), "{lines:?}");
    assert_eq!(state, EntryState::Done);
    let (left, _) = played(&mut world, &mut console, &["sleep 40; kubectl get pods --no-headers | wc -l"]);
    let _ = left;
    pass(&mut console, &mut world, 60);
    assert_eq!(console.entries()[1].output, ["40"]);
}

#[test]
fn a_shell_on_a_machine_has_its_tools_and_leads_back() {
    let mut world = poisoned();
    let mut console = Console::default();
    played(&mut world, &mut console, &["ssh node-a1"]);
    assert_eq!(console.place(""), "node-a1");
    let (free, _) = played(&mut world, &mut console, &["free -m"]);
    assert!(free[1].starts_with("Mem:          16384"), "{free:?}");
    let (ps, _) = played(&mut world, &mut console, &["ps aux | grep -c python"]);
    assert!(ps[0].parse::<u32>().unwrap() >= 2, "{ps:?}");
    let (wrong, _) = played(&mut world, &mut console, &["kubectl get pods"]);
    assert_eq!(wrong, ["bash: kubectl: command not found on node-a1 (it is on the bastion: exit)"]);
    let (kubelet, _) = played(&mut world, &mut console, &["journalctl -u kubelet -n 3"]);
    assert!(kubelet.iter().any(|line| line.contains("node-a1 kubelet[")), "{kubelet:?}");
    played(&mut world, &mut console, &["exit"]);
    assert_eq!(console.place(""), "bastion");
}

#[test]
fn a_deploy_is_written_built_and_rolled_out_in_the_background() {
    let mut world = poisoned();
    let mut console = Console::default();
    let id = console.type_line(world.now, "", "deploy consumer v3");
    pass(&mut console, &mut world, 60);
    assert!(!console.is_busy(""), "it runs in the background");
    assert!(console.entries()[id].output[0].contains("isn't written yet: about 25m"), "{:?}", console.entries()[id]);
    pass(&mut console, &mut world, 29 * 60);
    assert_eq!(console.entries()[id].state, EntryState::Done);
    let (image, _) = played(&mut world, &mut console, &["kubectl describe deployment consumer | grep Image"]);
    assert_eq!(image[0].trim(), "Image:      registry.internal/consumer:v3");
    let (history, _) = played(&mut world, &mut console, &["kubectl rollout history deployment/consumer"]);
    assert_eq!(history.len(), 4);
    let (status, _) = played(&mut world, &mut console, &["kubectl rollout status deployment/consumer"]);
    assert!(status.last().unwrap().contains("consumer"), "{status:?}");
}

#[test]
fn following_goes_on_until_it_is_stopped() {
    let mut world = poisoned();
    let mut console = Console::default();
    let follow = console.type_line(world.now, "", "kubectl logs -f deployment/consumer --tail=1 | grep -c received");
    pass(&mut console, &mut world, 5);
    let early: u32 = console.entries()[follow].output[1].parse().unwrap();
    pass(&mut console, &mut world, 30);
    let late: u32 = console.entries()[follow].output[1].parse().unwrap();
    assert!(late > early, "{early} {late}");
    assert_eq!(console.entries()[follow].state, EntryState::Running);
    let watch = console.type_line(world.now, "", "kubectl get pods -w --no-headers");
    pass(&mut console, &mut world, 30);
    assert!(console.entries()[watch].output.len() > 45, "{}", console.entries()[watch].output.len());
}

#[test]
fn top_is_a_minute_old_and_omits_the_young() {
    let top = shown(&["kubectl top pods"]);
    assert_eq!(top[0].split_whitespace().collect::<Vec<_>>(), ["NAME", "CPU(cores)", "MEMORY(bytes)"]);
    assert!(top.len() > 1 && top.len() < 40, "{}", top.len());
    assert!(top[1].ends_with("Mi"));
    let nodes = shown(&["kubectl top nodes"]);
    assert_eq!(nodes.len(), 13);
}

#[test]
fn everything_is_completed_with_what_it_is() {
    let world = poisoned();
    let console = Console::default();
    let offered = |line: &str| -> Vec<String> {
        console.complete(line, line.len(), &world).candidates.into_iter().map(|c| c.word).collect()
    };
    assert_eq!(offered("kubectl ro"), ["rollout"]);
    assert_eq!(offered("kubectl rollout un"), ["undo"]);
    assert_eq!(offered("kubectl rollout undo dep"), ["deployment/consumer"]);
    assert_eq!(offered("kubectl scale deployment/consumer --rep"), ["--replicas="]);
    assert_eq!(offered("kubectl get pods -l "), ["app=consumer"]);
    assert_eq!(offered("kubectl get pods -o w"), ["wide"]);
    assert_eq!(offered("kubectl describe pod ").len(), 40);
    assert_eq!(offered("kubectl set image deployment/consumer consumer=v"), ["consumer=v1", "consumer=v2"]);
    assert_eq!(offered("kubectl set resources deployment/consumer --limits=mem")[0], "--limits=memory=2Gi");
    assert_eq!(offered("ssh node-a1")[0], "node-a1");
    assert_eq!(offered("ssh node-a1 dme"), ["dmesg"]);
    assert_eq!(offered("rabbitmqctl purge_queue "), ["lines", "presence"]);
    assert_eq!(offered("rabbitmqadmin get queue=li"), ["queue=lines"]);
    assert_eq!(offered("rabbitmqadmin get queue=lines ackmode=ack_requeue_f"), ["ackmode=ack_requeue_false"]);
    assert_eq!(offered("deploy consumer v"), ["v2", "v1"]);
    assert_eq!(offered("logs search --count-by "), ["id", "pod", "service", "level", "minute", "message"]);
    assert_eq!(offered("watch -n 5 \"kubectl get po"), ["pods"]);
    let about = console.complete("kubectl describe node node-a1", 29, &world).candidates[0].about.clone();
    assert_eq!(about, "node: Ready");
}

#[test]
fn menus_look_first_and_warn_before_they_change() {
    let world = poisoned();
    for part in ["consumer", "rabbit", "lines", "node-a1", "pool", "people"] {
        let menu = menu(&world, part);
        assert!(!menu.is_empty(), "{part}");
        let first_change = menu.iter().position(|choice| choice.changes).unwrap_or(menu.len());
        assert!(menu[first_change..].iter().all(|choice| choice.changes && !choice.warning.is_empty()), "{part}");
        assert!(menu[..first_change].iter().all(|choice| choice.warning.is_empty()), "{part}");
    }
    let palette = palette(&world);
    assert!(palette.len() > 60, "{}", palette.len());
    for choice in palette.iter().filter(|choice| !choice.line.contains('…')) {
        let first = shell::parse(&choice.line).expect(&choice.line).items[0].stages[0].words[0].known();
        assert!(find(&first).is_some(), "{}", choice.line);
    }
    // What only looks works as it stands.
    let looks = palette.into_iter().filter(|choice| !choice.changes && !choice.line.contains('…'));
    for choice in looks.filter(|choice| choice.line.starts_with("kubectl") || choice.line.starts_with("rabbit")) {
        let mut world =
            Small { now: world.now, clock: world.clock.clone(), acts: vec![], system: world.system.clone() };
        let (lines, state) = played(&mut world, &mut Console::default(), &[&choice.line]);
        assert_ne!(state, EntryState::Failed, "{}: {lines:?}", choice.line);
    }
}

#[test]
fn no_line_of_tools_breaks_the_console() {
    let world = poisoned();
    let pieces = [
        "kubectl",
        "get",
        "pods",
        "-l",
        "app=consumer",
        "describe",
        "logs",
        "--tail=",
        "-5",
        "rabbitmqadmin",
        "queue=lines",
        "count=99999999999",
        "ssh",
        "node-a1",
        "dmesg",
        "|",
        "xargs",
        "$(",
        ")",
        "'",
        "--since",
        "-",
        "é",
        "--replicas=-1",
        "delete",
        "--all",
        "set",
        "image",
        "=",
        "git",
        "log",
        "show",
        "deploy",
        "consumer",
        "v3",
        "logs",
        "search",
        "/[/",
    ];
    let mut state = 7_u64;
    for _ in 0..300 {
        let mut line = String::new();
        for _ in 0..6 {
            state = crate::sim::random::mix(state);
            line += pieces[(state % pieces.len() as u64) as usize];
            line += " ";
        }
        let mut world =
            Small { now: world.now, clock: world.clock.clone(), acts: vec![], system: world.system.clone() };
        let mut console = Console::default();
        console.type_line(world.now, "", &line);
        pass(&mut console, &mut world, 3);
        let _ = console.complete(&line, line.len() - 1, &world);
    }
}

#[test]
fn the_repository_tells_revisions_apart_by_version_tag_and_hash() {
    let mut world = poisoned();
    let mut console = Console::default();
    let mut shown = |line: &str| played(&mut world, &mut console, &[line]).0;
    let of_version = shown("git show v1");
    assert!(of_version[0].starts_with("commit ") && of_version[0].contains("(tag: consumer-v1)"), "{of_version:?}");
    assert_eq!(shown("git show consumer-v1"), of_version);
    let hash = of_version[0].split(' ').nth(1).expect("a hash").to_owned();
    assert_eq!(shown(&format!("git show {hash}")), of_version);
    assert!(shown("git show")[0].contains("consumer-v2"), "HEAD is the latest that was deployed");
    assert_eq!(
        shown("git diff v1 v2"),
        ["fatal: v1 and v2: their source isn't at hand: git show REVISION says what each is"]
    );
    assert_eq!(shown("git log --graph"), ["fatal: unrecognized argument: --graph"]);
    assert_eq!(shown("deploy consumer").len(), 2, "those of one service, without what nobody has thought of yet");
}
