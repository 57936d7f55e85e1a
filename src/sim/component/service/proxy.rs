//! What a proxy answers where those whom it asked don't, and what it writes into its error log.

use super::Service;
use super::settings::Proxy;
use crate::sim::core::Core;
use crate::sim::frame::{FrameId, Status};
use crate::sim::log::Severity;

/// nginx's lines, in the order: nobody let it connect, nobody answered, a connection was refused, one broke. A `{word}`
/// stands for something that is the same for the same request.
pub(in crate::sim) const LINES: [&str; 4] = [
    "2841#0: *{connection} upstream timed out (110: Connection timed out) while connecting to upstream, client: {address}, server: www, request: \"GET /{path} HTTP/1.1\", upstream: \"http://{backend}:8080/{path}\", host: \"www\"",
    "2841#0: *{connection} upstream timed out (110: Connection timed out) while reading response header from upstream, client: {address}, server: www, request: \"GET /{path} HTTP/1.1\", upstream: \"http://{backend}:8080/{path}\", host: \"www\"",
    "2841#0: *{connection} connect() failed (111: Connection refused) while connecting to upstream, client: {address}, server: www, request: \"GET /{path} HTTP/1.1\", upstream: \"http://{backend}:8080/{path}\", host: \"www\"",
    "2841#0: *{connection} upstream prematurely closed connection while reading response header from upstream, client: {address}, server: www, request: \"GET /{path} HTTP/1.1\", upstream: \"http://{backend}:8080/{path}\", host: \"www\"",
];

impl Service {
    /// What the caller gets: what came from behind, or, where nothing came, what a proxy makes of that.
    pub(super) fn answer_of_proxy(&self, id: FrameId, status: Status, core: &mut Core) -> Status {
        let Some(Proxy::Nginx) = self.settings.proxy else { return status };
        let (line, answer) = match status {
            Status::UNREACHED => (0, Status(504)),
            Status::TIMED_OUT => (1, Status(504)),
            Status::REFUSED => (2, Status(502)),
            Status::RESET => (3, Status(502)),
            _ => return status,
        };
        if let Some(template) = self.lines.get(line) {
            let frame = &core.frames[id];
            let (instance, unit) = (frame.instance, frame.unit);
            core.log(self.id, instance, unit, Severity::Error, *template);
        }
        answer
    }
}
