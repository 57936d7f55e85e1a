//! `last`: who has been logged in to a machine, from what is known of it otherwise: the processes of people that run
//! there, and what they have used their privileges for.

use super::{all, here};
use crate::incident::console::arguments::{Flag, Given, valued};
use crate::incident::console::{Call, Progress, World};
use crate::sim::quantity::{Span, Time};

/// Who does nothing with privileges for so long has left, and come again.
const PAUSE: Span = Span::from_seconds(600);

/// A stay of somebody on a machine; without an end it lasts.
struct Stay {
    user: String,
    from: Time,
    to: Option<Time>,
}

/// The options of `last`.
pub const LAST: &[Flag] = &[valued('n', "limit", "LINES", "only the latest lines")];

pub fn last(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), LAST) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("last")),
    };
    let machine = match here(call, world) {
        Ok(machine) => machine,
        Err(error) => return call.fail(error),
    };
    let mut stays = stays(&machine.name, world);
    stays.retain(|stay| given.operands.is_empty() || given.operands.contains(&stay.user));
    stays.sort_by_key(|stay| std::cmp::Reverse(stay.from));
    let most = given.value("limit").and_then(|text| text.parse().ok()).unwrap_or(stays.len());
    for (number, stay) in stays.iter().take(most).enumerate() {
        let end = match stay.to {
            Some(to) => {
                let minutes = to.since(stay.from).seconds() / 60;
                format!("- {}  ({:02}:{:02})", world.clock().utc_short(to), minutes / 60, minutes % 60)
            }
            None => "  still logged in".to_owned(),
        };
        let from = day(stay.from, world);
        call.say(format!("{:<8} pts/{:<8} {:<16} {from} {end}", stay.user, stays.len() - 1 - number, "bastion"));
    }
    call.say("");
    let begun = Time::ZERO - Span::from_seconds(12 * 86_400);
    call.say(format!("wtmp begins {}", world.clock().utc_date(begun).replace("UTC ", "")));
    Progress::Done(0)
}

/// `Mon Aug 13 14:38`.
fn day(at: Time, world: &dyn World) -> String {
    world.clock().utc_date(at).chars().take(16).collect()
}

fn stays(host: &str, world: &dyn World) -> Vec<Stay> {
    let machine = all(world).into_iter().find(|machine| machine.name == host);
    let sessions = machine.map(|machine| machine.sessions).unwrap_or_default();
    // What runs as a service was begun by nobody who logged in today.
    let people = sessions.into_iter().filter(|session| session.began > world.now() - Span::from_seconds(86_400));
    let mut stays: Vec<Stay> = people.map(|one| Stay { user: one.user, from: one.began, to: None }).collect();
    let audit = world.system().kernel(host).map(|kernel| kernel.audit.as_slice()).unwrap_or_default();
    for (at, by, _) in audit {
        let user = super::system_files::login(by);
        let open = stays.iter_mut().rfind(|stay| stay.user == user && stay.to.is_none_or(|to| at.since(to) < PAUSE));
        match open {
            Some(stay) => stay.to = stay.to.map(|_| *at),
            None => stays.push(Stay { user, from: *at, to: Some(*at) }),
        }
    }
    stays
}
