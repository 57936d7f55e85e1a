//! `ss`: the sockets of a machine.

use crate::incident::console::arguments::{Flag, switch};
use crate::incident::console::{Call, Progress, World};

pub const SS: &[Flag] = &[switch('s', "summary", "counts them")];

pub fn ss(call: &mut Call, world: &mut dyn World) -> Progress {
    if !call.arguments().iter().any(|word| word == "-s" || word == "--summary") {
        return call.fail("ss: there are too many to list; `ss -s` counts them");
    }
    let host = call.host.unwrap_or_default();
    let Some(kernel) = world.system().kernel(host) else {
        return call.fail("ss: nothing is known about this machine's sockets");
    };
    let (open, waiting) = (kernel.open_sockets(), kernel.time_wait());
    let total = open + waiting + 14;
    call.say_all([
        format!("Total: {} (kernel {})", open + 121, open + 168),
        format!(
            "TCP:   {total} (estab {open}, closed {waiting}, orphaned 0, synrecv 0, timewait {waiting}/0), ports 0"
        ),
        String::new(),
        "Transport Total     IP        IPv6".to_owned(),
        format!("*         {:<9} -         -", open + 168),
        format!("RAW       {:<9} {:<9} {}", 0, 0, 0),
        format!("UDP       {:<9} {:<9} {}", 9, 7, 2),
        format!("TCP       {:<9} {:<9} {}", open + 14, open + 12, 2),
        format!("INET      {:<9} {:<9} {}", open + 23, open + 19, 4),
        format!("FRAG      {:<9} {:<9} {}", 0, 0, 0),
    ]);
    Progress::Done(0)
}
