//! `df`'s rows of a database server, and LVM.

use super::{Found, found, here};
use crate::incident::console::arguments::{Flag, Given, switch, valued};
use crate::incident::console::{Call, Progress, World};
use crate::sim::component::database::server;
use crate::sim::component::hosts::disk::Volume;
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::Bytes;
use crate::sim::sql::Grow;

/// The file systems of a database server, as `df` lists them.
pub fn mounted(world: &dyn World, host: &str) -> Vec<Volume> {
    let Some(on) = found(world, host) else { return vec![] };
    let group = &on.database.settings.volume_group.name;
    let volume = |known: &server::Volume| Volume {
        mount: known.at.as_str().into(),
        device: format!("/dev/mapper/{group}-{}", known.name).into(),
        size: Bytes(known.size),
        used: Bytes(known.used),
        reserved: Bytes(0),
    };
    on.server().volumes.iter().map(volume).collect()
}

/// `100.00g`, as LVM prints it.
fn lvm(bytes: u64) -> String {
    let hundredths = (u128::from(bytes) * 100) >> 30;
    format!("{}.{:02}g", hundredths / 100, hundredths % 100)
}

pub fn lvs(call: &mut Call, world: &mut dyn World) -> Progress {
    let on = match here(call, world) {
        Ok(on) => on,
        Err(error) => return call.fail(error),
    };
    let group = &on.database.settings.volume_group.name;
    let rows: Vec<String> = on
        .server()
        .volumes
        .iter()
        .map(|volume| format!("  {:<10} {group:<5} -wi-ao {:>8}", volume.name, lvm(volume.device_size)))
        .collect();
    call.say("  LV         VG    Attr   LSize");
    call.say_all(rows);
    Progress::Done(0)
}

pub fn vgs(call: &mut Call, world: &mut dyn World) -> Progress {
    let on = match here(call, world) {
        Ok(on) => on,
        Err(error) => return call.fail(error),
    };
    let server = on.server();
    let used: u64 = server.volumes.iter().map(|volume| volume.device_size).sum();
    let line = format!(
        "  {:<5}   1 {:>3}   0 wz--n- {:>9} {:>8}",
        on.database.settings.volume_group.name,
        server.volumes.len(),
        lvm(used + server.group_free),
        lvm(server.group_free)
    );
    call.say("  VG    #PV #LV #SN Attr      VSize    VFree");
    call.say(line);
    Progress::Done(0)
}

/// The volume that a device's path means.
fn volume_of(on: &Found, device: &str) -> Option<String> {
    let group = &on.database.settings.volume_group.name;
    let name = device
        .strip_prefix(&format!("/dev/{group}/"))
        .or_else(|| device.strip_prefix(&format!("/dev/mapper/{group}-")))
        .or_else(|| device.strip_prefix(&format!("{group}/")));
    let volumes = &on.server().volumes;
    let found = volumes.iter().find(|volume| Some(volume.name.as_str()) == name || volume.at == device);
    found.map(|volume| volume.name.clone())
}

fn size_of(text: &str) -> Option<Bytes> {
    let text = text.trim_end_matches(['b', 'B']).trim_end_matches('i');
    let (digits, unit) = text.split_at(text.len().checked_sub(1)?);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "t" => 40,
        "g" => 30,
        "m" => 20,
        _ => return None,
    };
    let whole: u64 = digits.parse().ok()?;
    whole.checked_mul(1 << shift).map(Bytes)
}

pub const LVEXTEND: &[Flag] = &[
    valued('L', "size", "[+]SIZE", "how large it is to be, or by how much larger"),
    switch('r', "resizefs", "with the file system on it"),
];

pub fn lvextend(call: &mut Call, world: &mut dyn World) -> Progress {
    let usage = "lvextend: Please specify a size and a volume: lvextend -L +20G /dev/GROUP/NAME";
    let given = match Given::read(call.arguments(), LVEXTEND) {
        Ok(given) => given,
        Err(mistake) => return call.fail(mistake.gnu("lvextend")),
    };
    let also_files = given.has("resizefs");
    let (Some(size), Some(device)) = (given.value("size"), given.operands.first()) else { return call.fail(usage) };
    let how = match size.strip_prefix('+') {
        Some(more) => size_of(more).map(Grow::By),
        None => size_of(size).map(Grow::To),
    };
    let Some(how) = how else { return call.fail(format!("  Invalid argument for --size: {size}")) };
    let (component, server, volume, group) = match here(call, world) {
        Ok(on) => match volume_of(&on, device) {
            Some(volume) => {
                let group = on.database.settings.volume_group.name.clone();
                (on.component.to_owned(), on.server().name.to_string(), volume, group)
            }
            None => return call.fail(format!("  One or more specified logical volume(s) not found: {device}")),
        },
        Err(error) => return call.fail(error),
    };
    let grow = |how| Operation::Volume { server: server.clone(), volume: volume.clone(), how };
    if let Err(error) = world.operate(call.who, &component, grow(how)) {
        return call.fail(format!("  {error}"));
    }
    if also_files {
        _ = world.operate(call.who, &component, grow(Grow::FileSystem));
    }
    let size = found(world, &server)
        .and_then(|on| on.server().volumes.iter().find(|known| known.name == volume).map(|known| known.device_size));
    call.say(format!("  Extending logical volume {volume} to {} GiB", lvm(size.unwrap_or(0)).trim_end_matches('g')));
    call.say(format!("  Logical volume {volume} successfully resized"));
    if !also_files {
        call.say(format!("  (the file system on /dev/{group}/{volume} is as large as before)"));
    }
    Progress::Done(0)
}

pub fn resize2fs(call: &mut Call, world: &mut dyn World) -> Progress {
    let Some(device) = call.arguments().iter().find(|word| !word.starts_with('-')).cloned() else {
        return call.fail("Usage: resize2fs DEVICE");
    };
    let (component, server, volume, blocks, at) = match here(call, world) {
        Ok(on) => {
            let Some(name) = volume_of(&on, &device) else {
                return call.fail(format!("open: No such file or directory while opening {device}"));
            };
            let volume = on.server().volumes.iter().find(|known| known.name == name);
            let (blocks, at) = volume.map_or((0, String::new()), |known| (known.device_size >> 12, known.at.clone()));
            (on.component.to_owned(), on.server().name.to_string(), name, blocks, at)
        }
        Err(error) => return call.fail(error),
    };
    call.say("resize2fs 1.41.14 (22-Dec-2010)");
    match world.operate(call.who, &component, Operation::Volume { server, volume, how: Grow::FileSystem }) {
        Ok(Applied::Unchanged) => {
            call.say(format!("The filesystem is already {blocks} blocks long.  Nothing to do!"));
            Progress::Done(0)
        }
        Ok(_) => {
            call.say(format!("Filesystem at {device} is mounted on {at}; on-line resizing required"));
            call.say(format!("The filesystem on {device} is now {blocks} blocks long."));
            Progress::Done(0)
        }
        Err(error) => call.fail(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_and_read_as_the_tools_do() {
        assert_eq!(lvm((3 << 30) / 2), "1.50g");
        assert_eq!(size_of("20G"), Some(Bytes(20 << 30)));
        assert_eq!(size_of("lots"), None);
    }
}
