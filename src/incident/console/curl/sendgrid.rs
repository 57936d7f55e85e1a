//! The mail provider's statistics.

use super::{Asked, Server};
use crate::incident::console::world::gateways;
use crate::incident::console::{Call, Progress, World};

pub const SERVER: Server = Server {
    addresses: |world| {
        let address = || ("https://api.sendgrid.com/v3/stats".to_owned(), "how many mails went out");
        gateways(world).map(|_| address()).take(1).collect()
    },
    about: "the mail provider",
    more: |_| vec![],
    is: |host, world| host == "api.sendgrid.com" && gateways(world).next().is_some(),
    answer,
};

fn answer(call: &mut Call, world: &mut dyn World, asked: &Asked) -> Progress {
    if asked.parts() != ["v3", "stats"] {
        return call.fail("{\"errors\":[{\"message\":\"not found\"}]}");
    }
    let date = world.clock().plain(world.now())[..10].to_owned();
    let (mut sent, mut unique) = (0_u64, 0);
    for gateway in gateways(world) {
        sent += gateway.counts.values().map(|count| u64::from(*count)).sum::<u64>();
        unique += gateway.counts.len();
    }
    call.say(format!(
        "[{{\"date\":\"{date}\",\"stats\":[{{\"metrics\":{{\"requests\":{sent},\"processed\":{sent},\"delivered\":{sent},\"unique_recipients\":{unique},\"bounces\":0,\"spam_reports\":0}}}}]}}]"
    ));
    Progress::Done(0)
}
