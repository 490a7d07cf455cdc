use wasi::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags};

use crate::say::{outcome, say};
use crate::tree::{Bench, FOLLOW, STAY};

const OLD: &[&str] = &[
    "",
    ".",
    "..",
    "/file",
    "file",
    "file/",
    "file/.",
    "dir",
    "dir/",
    "dir/.",
    "dir/inner",
    "empty",
    "empty/",
    "missing",
    "missing/",
    "link",
    "link/",
    "dirlink",
    "dirlink/",
    "broken",
    "loop",
    "abs",
    "out",
    "outdir/secret",
    "nul\0byte",
];
const NEW: &[&str] = &[
    "",
    ".",
    "..",
    "/new",
    "new",
    "new/",
    "new/.",
    "file",
    "file/",
    "dir",
    "dir/",
    "dir/new",
    "dir/inner",
    "dir/sub/x",
    "empty",
    "empty/",
    "missing/x",
    "link",
    "dirlink",
    "dirlink/",
    "dirlink/new",
    "broken",
    "broken/",
    "loop",
    "loop/x",
    "abs",
    "abs/x",
    "out",
    "outdir/x",
    "nul\0byte",
];

/// The functions that take two paths, at all pairs.
pub fn all() {
    let mut bench = Bench::new();
    for (name, call) in CALLS {
        for old in OLD {
            for new in NEW {
                bench.call(&format!("{name} {old:?} to {new:?}"), |tree| {
                    call(tree, old, tree, new)
                });
            }
        }
    }
    between(&mut bench);
    say("changed by failures", bench.changes());
}

type Call = fn(&Descriptor, &str, &Descriptor, &str) -> String;

const CALLS: &[(&str, Call)] = &[
    ("rename-at", |from, old, to, new| {
        outcome(from.rename_at(old, to, new))
    }),
    ("link-at", |from, old, to, new| {
        outcome(from.link_at(STAY, old, to, new))
    }),
];

/// Where the two folders are not the same, or one is no folder.
fn between(bench: &mut Bench) {
    for (name, call) in CALLS {
        bench.call(&format!("{name} into another folder"), |tree| {
            call(tree, "file", &open(tree, "dir"), "new")
        });
        bench.call(&format!("{name} out of another folder"), |tree| {
            call(&open(tree, "dir"), "../file", tree, "new")
        });
        bench.call(&format!("{name} from a file"), |tree| {
            call(&open(tree, "file"), "file", tree, "new")
        });
        bench.call(&format!("{name} to a file"), |tree| {
            call(tree, "file", &open(tree, "file"), "new")
        });
        bench.call(&format!("{name} from inside"), |tree| {
            call(&open(tree, "dir"), "inner", tree, "new")
        });
        bench.call(&format!("{name} of a folder into itself"), |tree| {
            call(tree, "dir", tree, "dir/new")
        });
    }
    for old in ["file", "link", "dirlink", "broken", "missing"] {
        bench.call(&format!("link-at follow {old:?}"), |tree| {
            outcome(tree.link_at(FOLLOW, old, tree, "new"))
        });
    }
}

fn open(tree: &Descriptor, path: &str) -> Descriptor {
    tree.open_at(STAY, path, OpenFlags::empty(), DescriptorFlags::READ)
        .unwrap()
}
