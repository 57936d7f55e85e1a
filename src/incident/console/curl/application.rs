//! Machines that run a service under an application server: whether the application answers.

use super::{Asked, Server};
use crate::incident::console::world::services;
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::service::settings::{self, RunsOn};
use crate::sim::component::service::{Instance, Service};

pub const SERVER: Server = Server {
    addresses: |world| {
        let machines = machines(world).map(|(_, instance)| (format!("{}/health", instance.name), "whether it answers"));
        machines.collect()
    },
    about: "the application on a machine",
    more: |_| vec![],
    is: |host, world| machines(world).any(|(_, instance)| *instance.name == *host),
    answer,
};

/// The machines whose application can be missing while the server runs.
fn machines(world: &dyn World) -> impl Iterator<Item = (&Service, &Instance)> {
    let served = services(world).filter(|(_, service)| {
        service.settings.server == settings::Server::Uwsgi && matches!(service.settings.runs_on, RunsOn::Hosts(_))
    });
    served.flat_map(|(_, service)| service.instances.iter().map(move |instance| (service, instance)))
}

fn answer(call: &mut Call, world: &mut dyn World, asked: &Asked) -> Progress {
    let Some((_, instance)) = machines(world).find(|(_, instance)| *instance.name == *asked.host) else {
        return Progress::Done(6);
    };
    let (is_ready, is_loaded) = (instance.is_ready(), instance.has_application());
    if !is_ready {
        return call.fail(format!("curl: (7) Failed to connect to {} port 80: Connection refused", asked.host));
    }
    call.say(if is_loaded { "ok" } else { "Internal Server Error" });
    Progress::Done(0)
}
