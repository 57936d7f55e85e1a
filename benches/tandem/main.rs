//! How fast the simulation is: the tandem as a level, through the compiler, beside the floor, in one run.
//!
//! `cargo bench --bench tandem`. Compare ratios, not times: neighbours on the machine move both.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod floor;

use floor::{Floor, Size};
use sev1::level::Level;
use sev1::sim::component::Settings;
use sev1::sim::component::over_time::OverTime;
use sev1::sim::component::service::{OnHosts, RunsOn};
use sev1::sim::quantity::{Span, Time};
use sev1::sim::random::Seed;
use sev1::sim::{Simulation, System};
use std::hint::black_box;
use std::time::Instant;

/// Time that this thread was on a processor, where the system tells (Linux); elsewhere the time that went by.
struct Clock {
    began: Instant,
    ran: Option<f64>,
}

impl Clock {
    fn start() -> Self {
        Self { ran: Self::ran(), began: Instant::now() }
    }

    fn ran() -> Option<f64> {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        told.split(' ').next()?.parse().ok()
    }

    /// Nanoseconds since the start.
    fn elapsed(&self) -> f64 {
        let went_by = self.began.elapsed().as_nanos() as f64;
        match (self.ran, Self::ran()) {
            (Some(before), Some(now)) => now - before,
            _ => went_by,
        }
    }
}

const ROUNDS: usize = 7;
/// Simulated seconds of a round of the small tandem: 500 requests in each.
const SECONDS: i64 = 2_000;

fn main() {
    // `cargo test --benches` runs this too, with no `--bench`: then one short round is enough.
    if std::env::args().any(|argument| argument == "--bench") || cfg!(not(debug_assertions)) {
        throughput(SECONDS, ROUNDS);
        growth();
        snapshot(200);
    } else {
        throughput(20, 1);
    }
}

/// The tandem, with some of its texts replaced.
fn tandem(changes: &[(&str, &str)]) -> System {
    let mut text = include_str!("tandem.ron").to_string();
    for (from, to) in changes {
        assert!(text.contains(from), "the tandem has no {from}");
        text = text.replace(from, to);
    }
    let level = Level::parse(&text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    level.simulated()
}

fn value(simulation: &Simulation, metric: &str) -> i64 {
    let telemetry = simulation.telemetry();
    telemetry.value(telemetry.catalogue().scalar(metric).unwrap_or_else(|| panic!("no metric {metric}")))
}

fn mean_latency(simulation: &Simulation) -> f64 {
    let telemetry = simulation.telemetry();
    let latency = telemetry.catalogue().histogram("clients.page.latency").expect("clients have a latency");
    telemetry.histogram(latency).mean().unwrap_or(0.0) / 1e3
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The simulation and the floor, in turn.
fn throughput(seconds: i64, rounds: usize) {
    let system = tandem(&[]);
    let size = Size { requests: seconds as u64 * 500, ..Size::SMALL };
    let [mut ours, mut floors, mut ratios] = [const { Vec::new() }; 3];
    let [mut latency, mut floor_latency] = [0.0; 2];
    let [mut requests, mut failed, mut retries, mut floor_failed, mut floor_retries] = [0_i64; 5];
    for round in 0..rounds as u64 {
        let mut floor = Floor::new(size, 42 + round);
        let began = Clock::start();
        black_box(floor.run());
        let floor_cost = nanos(began.elapsed(), size.requests as f64);

        let mut simulation = Simulation::new(&system, Seed(42 + round)).expect("the tandem can be built");
        let began = Clock::start();
        simulation.run_until(Time::from_seconds(seconds));
        let wall = began.elapsed();
        black_box(simulation.digest());
        let made = value(&simulation, "clients.page.requests");
        let cost = nanos(wall, made as f64);

        floors.push(floor_cost);
        ours.push(cost);
        ratios.push(floor_cost / cost);
        requests += made;
        failed += value(&simulation, "clients.page.failed");
        retries += value(&simulation, "pods.requests") - made;
        floor_failed += floor.failed as i64;
        floor_retries += floor.retries as i64;
        latency += mean_latency(&simulation) / rounds as f64;
        floor_latency += floor.mean_latency() / rounds as f64;
    }
    let (ours, floors, ratio) = (median(&mut ours), median(&mut floors), median(&mut ratios));
    let share = |count: i64, of: i64| count as f64 * 1e6 / of.max(1) as f64;
    let floor_requests = size.requests as i64 * rounds as i64;
    println!("throughput, {rounds} rounds in turn, {requests} requests      simulation      floor");
    println!("  nanoseconds a request (median)        {ours:>21.0} {floors:>10.0}");
    println!("  speed, of the floor's                 {ratio:>21.2} {:>10.2}   (at least 0.70)", 1.0);
    println!(
        "  mean latency, ms                      {latency:>21.3} {floor_latency:>10.3}   ({:+.2} %, at most 1.5)",
        (latency / floor_latency - 1.0) * 100.0
    );
    println!(
        "  failures a million requests           {:>21.0} {:>10.0}",
        share(failed, requests),
        share(floor_failed, floor_requests)
    );
    println!(
        "  retries a million requests            {:>21.0} {:>10.0}",
        share(retries, requests),
        share(floor_retries, floor_requests)
    );
}

fn nanos(wall: f64, count: f64) -> f64 {
    wall / count
}

/// A thousand times the tandem, with some 100,000 entries pending. It runs at a tenth of the speed (all times are ten
/// times as long), so that a simulated second stays within the simulation's bound of events.
fn growth() {
    let mut system = tandem(&[
        ("exp 20ms", "exp 200ms"),
        ("exp 15ms", "exp 150ms"),
        ("150ms\", retries", "1500ms\", retries"),
        ("latency: \"1ms\"", "latency: \"10ms\""),
    ]);
    scale(&mut system);
    let small = tandem(&[]);
    let floor_size = Size { requests: 1_000_000, ..Size::SMALL };
    let floor_large = Size { pods: 8000, connections: 10_000, between_arrivals: 2e3, ..floor_size };
    let [mut ratios, mut floor_ratios] = [const { Vec::new() }; 2];
    let [mut pending, mut pending_small, mut floor_pending] = [0; 3];
    for seed in 0..3 {
        let (cost, waiting) = cost_between(&small, Seed(seed), 10, 1_000);
        let (cost_large, waiting_large) = cost_between(&system, Seed(seed), 5, 25);
        ratios.push(cost_large / cost);
        (pending, pending_small) = (waiting_large, waiting);
        let [floor_cost, floor_cost_large] = [floor_size, floor_large].map(|size| {
            let mut floor = Floor::new(size, seed);
            let began = Clock::start();
            black_box(floor.run());
            floor_pending = floor.most_pending;
            nanos(began.elapsed(), size.requests as f64)
        });
        floor_ratios.push(floor_cost_large / floor_cost);
    }
    println!("growth, from {pending_small} to {pending} pending (floor: {floor_pending})");
    println!(
        "  cost of a request, large over small   {:>21.2} {:>10.2}   (at most 2.0)",
        median(&mut ratios),
        median(&mut floor_ratios)
    );
}

/// More pods and requests than a level may ask for, so set in the system that the level has become.
fn scale(system: &mut System) {
    for component in &mut system.components {
        match component {
            Settings::Clients(clients) => {
                let rate = "50000/s".parse().expect("this is a rate");
                clients.load[0].rate = OverTime::constant(rate);
            }
            Settings::Service(service) if service.name == "pods" => {
                service.runs_on = RunsOn::Hosts(OnHosts { count: 8000, ..OnHosts::default() });
            }
            Settings::Service(service) => service.workers = 10_000,
            _ => {}
        }
    }
}

/// What a request costs between two moments, and how many entries wait at the end.
fn cost_between(system: &System, seed: Seed, from: i64, to: i64) -> (f64, usize) {
    let mut simulation = Simulation::new(system, seed).expect("the tandem can be built");
    simulation.run_until(Time::from_seconds(from));
    let before = value(&simulation, "clients.page.requests");
    let began = Clock::start();
    simulation.run_until(Time::from_seconds(to));
    let wall = began.elapsed();
    assert_eq!(simulation.bound(), None);
    let made = value(&simulation, "clients.page.requests") - before;
    (nanos(wall, made as f64), simulation.pending())
}

/// A database that is far too slow behind patient clients: calls pile up until 50,000 are in flight.
fn snapshot(times: usize) {
    let system = tandem(&[
        ("500/s", "5000/s"),
        ("count: 8", "count: 64"),
        ("workers: 2", "workers: 4"),
        ("workers: 10", "workers: 30"),
        ("150ms\", retries", "30s\", retries"),
    ]);
    let mut simulation = Simulation::new(&system, Seed(42)).expect("the tandem can be built");
    let mut now = Time::ZERO;
    let calls = loop {
        now = now + Span::from_millis(50);
        simulation.run_until(now);
        let calls = calls_of(&simulation);
        if calls >= 50_000 {
            break calls;
        }
    };
    let bytes = simulation.size_in_bytes();
    let (source, mut target) = (vec![1_u8; bytes], vec![2_u8; bytes]);
    let mut copy = simulation.clone();
    let [mut reused, mut fresh, mut plain] = [const { Vec::new() }; 3];
    while plain.len() < times {
        plain.extend(micros(|| {
            target.copy_from_slice(black_box(&source));
            black_box(&mut target);
        }));
        reused.extend(micros(|| {
            copy.copy_from(black_box(&simulation));
            black_box(&mut copy);
        }));
        let mut another = None;
        fresh.extend(micros(|| another = Some(black_box(&simulation).clone())));
        black_box(another);
    }
    assert_eq!(copy, simulation);
    let memcpy = median(&mut plain);
    println!("snapshot, {calls} calls in flight, {} frames, {bytes} bytes", simulation.in_flight());
    println!(
        "  bytes a call                          {:>21.0}              (at most 200)",
        bytes as f64 / calls as f64
    );
    println!("  plain copy of as many bytes, µs       {memcpy:>21.0}");
    for (name, times) in [("into an older copy, µs", &mut reused), ("into new memory, µs", &mut fresh)] {
        let middle = median(times);
        let slowest = times[times.len() * 99 / 100];
        println!("  {name:<37} {middle:>21.0}   99 %: {slowest:.0}   {:.2} of the plain copy", middle / memcpy);
    }
    // As many as a run keeps to go back to.
    let copies: Vec<Simulation> = (0..12).map(|_| simulation.clone()).collect();
    if let Some(resident) = resident() {
        println!("  all of this and a dozen copies, MiB   {resident:>21}              (at most 244)");
    }
    black_box(copies);
}

/// MiB of memory that the process holds, where the system tells (Linux).
fn resident() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib >> 10)
}

/// Microseconds; nothing where somebody else had the processor in between, as far as the system tells (Linux).
fn micros(work: impl FnOnce()) -> Option<f64> {
    let pushed_off = || {
        let told = std::fs::read_to_string("/proc/thread-self/status").ok()?;
        let line = told.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"))?;
        line.trim().parse::<u64>().ok()
    };
    let before = pushed_off();
    let began = Instant::now();
    work();
    let took = began.elapsed().as_nanos() as f64 / 1e3;
    (pushed_off() == before).then_some(took)
}

/// Frames in flight that aren't the clients' own: each client has one while it waits.
fn calls_of(simulation: &Simulation) -> usize {
    let telemetry = simulation.telemetry();
    let latency = telemetry.catalogue().histogram("clients.page.latency").expect("clients have a latency");
    let ended = telemetry.histogram(latency).count() as i64 + value(simulation, "clients.page.failed");
    simulation.in_flight() as usize - (value(simulation, "clients.page.requests") - ended) as usize
}
