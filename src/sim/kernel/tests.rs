//! What a kernel does, by itself.

use super::*;

const MAX: u64 = 65_536;

fn kernel_with(conntrack: settings::Conntrack, pooled: u32) -> Kernel {
    let settings = Settings { conntrack, pooled, ..Settings::default() };
    Kernel::new("web1".into(), Time::from_seconds(-1000), Arc::new(settings))
}

fn kernel() -> Kernel {
    kernel_with(settings::Conntrack::default(), 300)
}

fn list(kernel: &mut Kernel, table: Table, second: i64) -> Result<Applied, Refusal> {
    kernel.change(&Change::List(table), Time::from_seconds(second))
}

/// Lets flows begin, 800 a second that each live for 50 ms, and gives the second of the first drop.
fn fill(kernel: &mut Kernel, from: i64, until: i64, per_second: i64) -> Option<f64> {
    let mut first = None;
    let mut open = std::collections::VecDeque::new();
    for n in 0..(until - from) * per_second {
        let now = Time::from_micros(from * 1_000_000 + n * 1_000_000 / per_second);
        if n % per_second == 0 {
            kernel.tick(now);
        }
        while open.front().is_some_and(|(ends, _)| *ends <= now) {
            let (ends, mark) = open.pop_front().unwrap();
            kernel.end(ends, mark, 1, true, true);
        }
        match kernel.begin(now, 1, n as u64) {
            Passage::Passes(mark) => {
                kernel.open(1);
                open.push_back((now + Span::from_millis(50), mark));
            }
            Passage::Dropped => first = first.or(Some(now.micros() as f64 / 1e6)),
        }
    }
    for (ends, mark) in open {
        kernel.end(ends, mark, 1, true, true);
    }
    first
}

fn count(kernel: &Kernel) -> u64 {
    kernel.conntrack.as_ref().map_or(0, Conntrack::count)
}

#[test]
fn listing_the_filter_table_tracks_nothing() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Filter, 0).unwrap();
    assert!(kernel.modules.has("ip_tables") && kernel.modules.has("iptable_filter"));
    assert!(!kernel.modules.has("nf_conntrack") && !kernel.tracks());
    assert_eq!(fill(&mut kernel, 0, 100, 800), None);
    let said: Vec<String> = kernel.log.lines().map(|(_, said)| said.text()).collect();
    assert_eq!(said, ["ip_tables: (C) 2000-2006 Netfilter Core Team"]);
}

#[test]
fn listing_the_nat_table_fills_the_table_of_connections_in_eighty_seconds() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    let said: Vec<String> = kernel.log.lines().map(|(_, said)| said.text()).collect();
    assert_eq!(said[1], "nf_conntrack version 0.5.0 (16384 buckets, 65536 max)");
    // 65,536 less the 300 that are open anyway, at 800 a second.
    let full = fill(&mut kernel, 0, 100, 800).unwrap();
    assert!((full - 81.545).abs() < 0.01, "{full}");
    assert_eq!(count(&kernel), MAX);
}

#[test]
fn it_breathes_with_the_life_of_an_entry() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    fill(&mut kernel, 0, 110, 800);
    let before = kernel.conntrack.as_ref().unwrap().counts.dropped;
    assert_eq!(fill(&mut kernel, 121, 150, 800), None, "the first entries have expired");
    assert_eq!(kernel.conntrack.as_ref().unwrap().counts.dropped, before);
    assert!(fill(&mut kernel, 150, 260, 800).is_some());
}

#[test]
fn twice_the_room_is_enough_and_a_little_more_is_not() {
    for (max, full) in [(131_072, None), (80_000, Some(99.6))] {
        let mut kernel = kernel_with(settings::Conntrack { max, ..Default::default() }, 300);
        list(&mut kernel, Table::Nat, 0).unwrap();
        let found = fill(&mut kernel, 0, 300, 800);
        assert_eq!(found.map(|at| (at * 10.0).round() / 10.0), full);
        assert!(count(&kernel) < 96_500);
    }
}

#[test]
fn rmmod_refuses_what_is_in_use_and_ends_it_in_the_right_order() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    fill(&mut kernel, 0, 90, 800);
    let out = |kernel: &mut Kernel, name: &str| {
        let change = Change::Unload { module: name.into(), with_unused: false };
        kernel.change(&change, Time::from_seconds(95)).map_err(|refusal| refusal.to_string())
    };
    let refusal = out(&mut kernel, "nf_conntrack").unwrap_err();
    assert_eq!(refusal, "ERROR: Module nf_conntrack is in use by iptable_nat,nf_nat,nf_conntrack_ipv4");
    assert_eq!(kernel.modules.use_count("nf_conntrack_ipv4"), 3);
    for name in ["iptable_nat", "nf_nat", "nf_conntrack_ipv4", "nf_conntrack"] {
        out(&mut kernel, name).unwrap();
    }
    assert_eq!(kernel.conntrack, None);
    assert_eq!(fill(&mut kernel, 96, 200, 800), None);
    assert!(!kernel.sysctls().iter().any(|(key, _)| key.contains("conntrack")));
}

#[test]
fn modprobe_takes_out_the_whole_chain_at_once() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    let change = Change::Unload { module: "iptable_nat".into(), with_unused: true };
    kernel.change(&change, Time::ZERO).unwrap();
    assert_eq!(kernel.modules.all().count(), 0);
}

#[test]
fn an_alias_keeps_the_table_away_and_takes_nothing_out() {
    let aliases = ["ip_tables", "iptable_nat", "nf_conntrack"].map(|name| format!("alias {name} off"));
    let configure = Change::Configure { file: "netfilter.conf".into(), lines: aliases.to_vec() };
    let mut kernel = kernel();
    kernel.change(&configure, Time::ZERO).unwrap();
    let refusal = list(&mut kernel, Table::Nat, 1).unwrap_err().to_string();
    assert!(
        refusal.starts_with("FATAL: Module off not found.\niptables v1.4.12: can't initialize iptables table `nat'")
    );
    assert_eq!(kernel.modules.all().count(), 0);

    let mut late = super::tests::kernel();
    list(&mut late, Table::Nat, 0).unwrap();
    late.change(&configure, Time::ZERO).unwrap();
    assert!(late.tracks());
}

#[test]
fn a_larger_table_helps_at_once_and_a_flush_for_as_long_as_it_takes_to_fill() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    fill(&mut kernel, 0, 100, 800);
    kernel.change(&Change::FlushConnections, Time::from_seconds(100)).unwrap();
    let full = fill(&mut kernel, 100, 200, 800).unwrap();
    assert!((full - 181.5).abs() < 0.2, "{full}");
    let change = Change::Sysctl { key: "net.ipv4.netfilter.ip_conntrack_max".into(), value: "262144".into() };
    kernel.change(&change, Time::from_seconds(200)).unwrap();
    assert_eq!(fill(&mut kernel, 200, 400, 800), None);
}

#[test]
fn a_shorter_wait_concerns_new_entries_only() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    fill(&mut kernel, 0, 30, 800);
    let key = "net.netfilter.nf_conntrack_tcp_timeout_time_wait".to_owned();
    kernel.change(&Change::Sysctl { key, value: "30".into() }, Time::from_seconds(30)).unwrap();
    assert_eq!(fill(&mut kernel, 30, 152, 800), None);
    assert!((24_000..24_600).contains(&count(&kernel)), "{}", count(&kernel));
}

#[test]
fn exempt_flows_leave_no_entry_and_it_takes_both_chains() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    let rule = |chain: &str| {
        Change::Append(Rule {
            table: Table::Raw,
            chain: chain.into(),
            target: "NOTRACK".into(),
            limited_to: String::new(),
            modules: vec!["xt_NOTRACK"],
        })
    };
    kernel.change(&rule("PREROUTING"), Time::ZERO).unwrap();
    assert!(kernel.tracks());
    kernel.change(&rule("OUTPUT"), Time::ZERO).unwrap();
    assert!(!kernel.tracks());
    assert_eq!(fill(&mut kernel, 0, 130, 800), None);
    let change = Change::Unload { module: "iptable_raw".into(), with_unused: false };
    assert!(kernel.change(&change, Time::ZERO).is_err(), "its rules use it");
}

#[test]
fn the_kernel_says_it_ten_times_in_five_seconds() {
    let mut kernel = kernel();
    list(&mut kernel, Table::Nat, 0).unwrap();
    fill(&mut kernel, 0, 95, 800);
    let lines: Vec<Said> = kernel.log.lines().map(|(_, said)| said).skip(2).collect();
    assert_eq!(lines[..10], [Said::TableFull; 10]);
    let Said::Suppressed(count) = lines[10] else { panic!("{:?}", lines[10]) };
    assert!((3_900..4_100).contains(&count), "five seconds of 800 less ten: {count}");
}

#[test]
fn connections_that_nobody_answered_make_room_for_others() {
    let mut table = Conntrack::new(&settings::Conntrack { max: 1000, ..Default::default() }, 1);
    for n in 0..1000 {
        assert_eq!(table.begin(Time::ZERO, 1, n), Passage::Passes(1));
        table.end(Time::ZERO, 1, 1, n % 2 == 0);
    }
    assert_eq!(table.begin(Time::ZERO, 1, 7), Passage::Passes(1));
    assert_eq!(table.counts.early_dropped, 1);
}
