use wasi::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};

use crate::say::{outcome, result, say, Coded};
use crate::tree::{kind_of, Bench, FOLLOW, STAY};

/// `open-at` with all flags of the one kind and of the other, at an entry of each kind.
pub fn all() {
    let mut bench = Bench::new();
    for path in ["file", "dir", "missing", "link", "dirlink", "broken"] {
        for bits in 0..16 {
            let open = OpenFlags::from_bits(bits).unwrap();
            for flags in access_flags() {
                for (follow, name) in [(STAY, ""), (FOLLOW, "follow ")] {
                    let what = format!("open-at {name}{path} {open:?} {flags:?}");
                    bench.call(&what, |tree| opened(tree, path, follow, open, flags));
                }
            }
        }
    }
    for flags in sync_flags() {
        let what = format!("open-at file {flags:?}");
        bench.call(&what, |tree| {
            opened(tree, "file", STAY, OpenFlags::empty(), flags)
        });
    }
    say("changed by failures", bench.changes());
}

/// All that say what may be done.
fn access_flags() -> [DescriptorFlags; 6] {
    let (read, write, mutate) = (
        DescriptorFlags::READ,
        DescriptorFlags::WRITE,
        DescriptorFlags::MUTATE_DIRECTORY,
    );
    [
        DescriptorFlags::empty(),
        read,
        write,
        read | write,
        read | mutate,
        write | mutate,
    ]
}

/// Those that say how it is done.
fn sync_flags() -> [DescriptorFlags; 3] {
    [
        DescriptorFlags::FILE_INTEGRITY_SYNC,
        DescriptorFlags::DATA_INTEGRITY_SYNC,
        DescriptorFlags::REQUESTED_WRITE_SYNC,
    ]
    .map(|flags| flags | DescriptorFlags::WRITE)
}

fn opened(
    tree: &Descriptor,
    path: &str,
    follow: PathFlags,
    open: OpenFlags,
    flags: DescriptorFlags,
) -> String {
    let opened = match tree.open_at(follow, path, open, flags) {
        Ok(opened) => opened,
        Err(error) => return error.code(),
    };
    let kind = kind_of(opened.get_type().unwrap());
    let flags = result(opened.get_flags());
    let read = result(opened.read(2, 0));
    let write = result(opened.write(b"w", 0));
    let entry = outcome(opened.create_directory_at("entry"));
    format!("ok({kind}) flags {flags} read {read} write {write} entry {entry}")
}
