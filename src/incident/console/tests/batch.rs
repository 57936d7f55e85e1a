//! The tools of what works in batches, on a live system: reports that take longer than their daemon waits.

use super::*;
use crate::sim::component::Settings;

const SYSTEM: &str = r#"[
  {"Schedule": {"name": "due", "flavour": "Lambda", "publishes": [{"at": "1s", "count": 60, "to": "sqs/units", "body": "for {customer}"}]}},
  {"Broker": {"name": "sqs", "flavour": "Sqs", "queues": [{"name": "units", "max_receives": 10, "dead_letter": "dead"}, {"name": "dead"}]}},
  {"Service": {"name": "worker", "runs_on": {"Beanstalk": {"instances": 2, "names": "w-{n}"}}, "workers": 9999,
    "daemon": {"queue": "sqs/units", "connections": 10, "inactivity": "20s", "visibility": "20s", "error_visibility": "60s"},
    "logs": "/var/log/nodejs/nodejs.log", "runs": "v1",
    "versions": [{"name": "v1", "deployed": "-1d", "steps": [{"Log": ["Info", "{msgid} accepted"]},
      {"Search": {"on": "es", "work": "50s"}}, {"Send": {"via": "mail"}}, {"Log": ["Info", "{msgid} completed"]}]}]}},
  {"SearchCluster": {"name": "es", "nodes": 2, "slow_log": "1s"}},
  {"Gateway": {"name": "mail"}}
]"#;

fn busy() -> Small {
    let components: Vec<Settings> = serde_json::from_str(SYSTEM).expect("the system reads");
    let mut world = Small::of(&System { components, ..System::default() });
    world.now = Time::from_seconds(190);
    world.system.run_until(world.now);
    world
}

/// Plays lines one after the other and returns what the last printed.
fn played(world: &mut Small, lines: &[&str]) -> String {
    let mut console = Console::default();
    let mut id = 0;
    for line in lines {
        id = console.type_line(world.now, "", line);
        let until = world.now + Span::from_seconds(20);
        run(&mut console, world, until);
        world.now = until;
        world.system.run_until(until);
    }
    console.entries()[id].output.join("\n")
}

#[test]
fn the_daemon_says_again_and_again_what_the_application_says_has_gone_well() {
    let mut world = busy();
    let daemon = played(&mut world, &["ssh w-1 tail -200 /var/log/aws-sqsd/default.log"]);
    assert!(played(&mut world, &["ssh w-1 ls /var/log"]).contains("aws-sqsd"), "what can be read is listed");
    assert!(!played(&mut world, &["man ssh"]).contains("kubectl"), "there is no cluster");
    let again = daemon.lines().find(|line| line.contains(" (2) - 20.0")).expect("somebody was received twice");
    assert!(again.contains("Z socket-err: "), "{again}");
    let id = again.split_whitespace().nth(2).unwrap();
    let application = played(&mut world, &[&format!("ssh w-1 grep -c {id} /var/log/nodejs/nodejs.log")]);
    assert!(application.parse::<u32>().unwrap() >= 1, "{application}");
    assert!(played(&mut world, &["sendgrid stats"]).contains("MAILS  RECIPIENTS"));
}

#[test]
fn a_queue_an_environment_and_a_cluster_show_what_is_true_of_them() {
    let mut world = busy();
    let queue = played(&mut world, &["aws sqs get-queue-attributes --queue-url units"]);
    assert!(queue.contains("\"ApproximateNumberOfMessagesNotVisible\": \""), "{queue}");
    assert!(queue.contains("maxReceiveCount\\\":10"), "{queue}");
    assert!(played(&mut world, &["eb config"]).contains("HttpConnections: '10'"));
    assert!(played(&mut world, &["eb status"]).contains("Instances: 2 of 2"));
    let pool = played(&mut world, &["curl 'es:9200/_cat/thread_pool/search?v'"]);
    assert!(pool.starts_with("node_name name   active queue rejected"), "{pool}");
    assert!(
        played(&mut world, &["ssh node-1 tail -1 /var/log/elasticsearch/es_index_search_slowlog.log"])
            .contains("took[50.0s], took_millis[50000]")
    );
    assert!(played(&mut world, &["aws events list-rules"]).ends_with("ENABLED"));
}

#[test]
fn what_is_changed_is_changed_and_what_ends_takes_its_logs_along() {
    let mut world = busy();
    assert!(
        played(&mut world, &["eb config worker HttpConnections=3 InactivityTimeout=99", "eb config"]).contains("'99'")
    );
    assert!(played(&mut world, &["eb config HttpConnections=0"]).contains("Invalid option value"));
    assert!(played(&mut world, &["aws events disable-rule --name due", "aws events list-rules"]).ends_with("DISABLED"));
    assert!(played(&mut world, &["smtpctl pause smtp", "smtpctl show stats"]).contains("paused"));
    let copied = played(&mut world, &["eb logs --all"]);
    assert!(copied.contains("logs/w-1/default.log ("), "{copied}");
    let gone = played(&mut world, &["eb scale 0 worker", "ssh w-1 tail /var/log/aws-sqsd/default.log"]);
    assert!(gone.contains("Could not resolve hostname"), "{gone}");
    assert!(played(&mut world, &["eb scale 900 worker"]).contains("limit"));
}
