//! The tools of a machine whose disk a log has filled, and of a process under its supervisor.

use super::*;
use crate::sim::component::Settings;

const SYSTEM: &str = r#"[
  {"Clients": {"name": "people", "load": [{"kind": "look", "rate": "20/s", "call": "shop"}]}},
  {"Service": {"name": "shop", "process": "shopd",
    "runs_on": {"Hosts": {"names": ["web-1", "web-2"], "supervisor": {"Systemd": {"starts_in": "1s", "stops_in": "200ms"}}}},
    "logs": "/var/log/shop/shop.log", "line": [["Debug", "1MB"], ["Info", "100B"]],
    "config": [{"key": "LOG_LEVEL", "is": "info", "but": [["web-2", "debug"]]}], "pipeline": "5s",
    "runs": "v1", "versions": [{"name": "v1", "deployed": "-6d", "steps": [
      {"Work": "1ms"}, {"Log": ["Debug", "all of {id}"]}, {"Log": ["Info", "{id} is done"]}]}]}},
  {"Hosts": {"name": "web", "names": ["web-1", "web-2"],
    "volumes": [{"mount": "/", "size": "20Gi", "used": "19.9Gi", "reserved": "0%"}],
    "files": [{"path": "/var/log/shop/shop.log", "size": "14Gi"}, {"path": "/var/backups/old.tar", "size": "2Gi"}]}}
]"#;

/// The two machines, a minute after the beginning.
fn machines() -> Small {
    let components: Vec<Settings> = serde_json::from_str(SYSTEM).expect("the system reads");
    let mut world = Small::of(&System { components, ..System::default() });
    world.now = Time::from_seconds(60);
    world.system.run_until(world.now);
    world
}

/// What the last of some lines prints.
fn shown(world: &mut Small, lines: &[&str]) -> String {
    let mut console = Console::default();
    let mut last = String::new();
    for line in lines {
        last = play(&mut console, world, line).0;
    }
    last
}

#[test]
fn a_full_disk_is_found_step_by_step() {
    let mut world = machines();
    let df = shown(&mut world, &["ssh web-2 df -h /"]);
    assert!(df.contains("/dev/vda1        20G   20G     0 100% /"), "{df}");
    let quiet = shown(&mut world, &["ssh web-1 df -h /"]);
    assert!(!quiet.contains("20G     0"), "{quiet}");
    let journal = shown(&mut world, &["ssh web-2 journalctl -u shop -n 1"]);
    assert!(journal.ends_with("can't write /var/log/shop/shop.log: No space left on device"), "{journal}");
    let du = shown(&mut world, &["ssh web-2 \"du -ah /var | sort -rh | head -2\""]);
    assert!(du.lines().next().is_some_and(|line| line.ends_with("/var")), "{du}");
    assert!(du.contains("15G     /var/log"), "{du}");
    let config = shown(&mut world, &["config shop"]);
    assert!(config.ends_with("LOG_LEVEL=info   but web-2: debug"), "{config}");
}

#[test]
fn the_tools_agree_about_a_deleted_file_that_is_still_open() {
    let mut world = machines();
    let deleted = shown(&mut world, &["ssh web-2 rm /var/log/shop/shop.log", "ssh web-2 lsof +L1"]);
    assert!(deleted.lines().nth(1).is_some_and(|line| line.starts_with("shopd")), "{deleted}");
    assert!(deleted.ends_with("/var/log/shop/shop.log (deleted)"), "{deleted}");
    let gone = shown(&mut world, &["ssh web-2 ls /var/log/shop"]);
    assert!(gone.contains("No such file or directory"), "{gone}");
    assert!(shown(&mut world, &["ssh web-2 df -h /"]).contains("100%"));
    let after = shown(&mut world, &["ssh web-2 systemctl reload shop", "ssh web-2 df -h /"]);
    assert!(!after.contains("100%"), "{after}");
    assert_eq!(shown(&mut world, &["ssh web-2 lsof +L1"]), "");
}

#[test]
fn a_file_is_cut_by_name_or_by_what_is_written_over_it() {
    for line in ["truncate -s 0 /var/log/shop/shop.log", "'echo > /var/log/shop/shop.log'"] {
        let mut world = machines();
        let after = shown(&mut world, &[&format!("ssh web-2 {line}"), "ssh web-2 df -h /"]);
        assert!(!after.contains("100%"), "{line}: {after}");
    }
    let mut world = machines();
    let kept = shown(&mut world, &["ssh web-2 rm /var/backups", "ssh web-2 ls -l /var/backups"]);
    assert!(kept.ends_with("old.tar"), "a folder isn't removed like a file: {kept}");
    let why = shown(&mut world, &["ssh web-2 rm /var/log/nothing"]);
    assert_eq!(why, "rm: cannot remove '/var/log/nothing': No such file or directory");
}

#[test]
fn a_unit_tells_how_it_does_and_does_what_it_is_told() {
    let mut world = machines();
    let status = shown(&mut world, &["ssh web-1 systemctl status shop"]);
    assert!(status.contains("Active: active (running)") && status.contains("(shopd)"), "{status}");
    let after = shown(&mut world, &["ssh web-1 systemctl stop shop", "sleep 2", "ssh web-1 systemctl is-active shop"]);
    assert_eq!(after, "inactive");
    let none = shown(&mut world, &["ssh web-1 systemctl restart shopp"]);
    assert!(none.contains("could not be found") && none.contains("did you mean shop?"), "{none}");
    let pid = "ssh web-2 \"ps aux | grep shopd | awk '{print \\$2}'\"";
    let pid = shown(&mut world, &[pid]);
    let killed = shown(&mut world, &[&format!("ssh web-2 kill -9 {pid}"), "ssh web-2 systemctl status shop"]);
    assert!(killed.contains("code=killed, status=9/KILL"), "{killed}");
}

#[test]
fn a_setting_is_changed_everywhere_by_a_deploy() {
    let mut world = machines();
    let after = shown(&mut world, &["deploy shop --set LOG_LEVEL=info", "sleep 5", "config"]);
    assert!(after.ends_with("LOG_LEVEL=info"), "{after}");
    let unknown = shown(&mut world, &["deploy shop --set LOG_LEVLE=info"]);
    assert!(unknown.contains("did you mean LOG_LEVEL?"), "{unknown}");
}

#[test]
fn the_menu_of_a_machine_offers_what_can_be_done_there() {
    let world = machines();
    let lines: Vec<String> = menu(&world, "web-2").into_iter().map(|choice| choice.line).collect();
    for wanted in
        ["ssh web-2 df -h", "ssh web-2 systemctl restart shop", "ssh web-2 truncate -s 0 /var/log/shop/shop.log"]
    {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:#?}");
    }
    let of_shop: Vec<String> = menu(&world, "shop").into_iter().map(|choice| choice.line).collect();
    assert!(of_shop.contains(&"deploy shop --set LOG_LEVEL=info".to_owned()), "{of_shop:#?}");
}
