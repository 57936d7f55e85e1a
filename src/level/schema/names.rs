//! What the parts of a system are called where something refers to them.

use super::Sections;
use crate::sim::component::Settings;

/// All queues as `broker/queue`.
pub(in crate::level) fn queue_names(sections: &Sections) -> Vec<String> {
    let mut names = vec![];
    for component in &sections.system {
        if let Settings::Broker(broker) = component {
            names.extend(broker.queues.iter().map(|queue| format!("{}/{}", broker.name, queue.name)));
        }
    }
    names
}

/// Everything that can be called: components, and the paths of caches.
pub(in crate::level) fn callable_names(sections: &Sections) -> Vec<String> {
    let mut names = vec![];
    for component in &sections.system {
        match component {
            Settings::Service(service) => names.push(service.name.clone()),
            Settings::LoadBalancer(balancer) => names.push(balancer.name.clone()),
            Settings::Cache(cache) => {
                names.extend(cache.routes.iter().map(|route| format!("{}/{}", cache.name, route.path)));
            }
            _ => {}
        }
    }
    names
}
