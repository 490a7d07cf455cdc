use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

use crate::say::{outcome, result, say};
use crate::tree::{kind_of, new_tree, Bench, FOLLOW, STAY};

const PATHS: &[&str] = &[
    "",
    ".",
    "./",
    "./.",
    "..",
    "../",
    "...",
    "/",
    "/file",
    "//",
    "../tree0/file",
    "./file",
    "file",
    "file/",
    "file//",
    "file/.",
    "file/..",
    "file/x",
    "dir",
    "dir/",
    "dir/.",
    "dir/./",
    "dir/..",
    "dir/../",
    "dir/../..",
    "dir//inner",
    "dir/./inner",
    "dir/inner/",
    "dir/inner/../..",
    "dir/../file",
    "dir/../../secret",
    "dir\\inner",
    "empty",
    "empty/",
    "empty/.",
    "missing",
    "missing/",
    "missing/.",
    "missing/..",
    "missing/x",
    "link",
    "link/",
    "link/.",
    "link/x",
    "dirlink",
    "dirlink/",
    "dirlink/.",
    "dirlink/..",
    "dirlink/inner",
    "dirlink/../file",
    "way",
    "broken",
    "broken/",
    "broken/x",
    "loop",
    "loop/",
    "loop/x",
    "abs",
    "abs/",
    "abs/x",
    "out",
    "out/",
    "outdir",
    "outdir/",
    "outdir/secret",
    "nul\0byte",
    "nul/\0",
    "\0",
    "größe",
    " ",
    "a\nb",
];

/// Each function of a folder that takes one path, at each path.
pub fn all() {
    let long = [
        "n".repeat(255),
        "n".repeat(256),
        "d/".repeat(2047),
        "./".repeat(3000),
        "x/".repeat(3000),
    ];
    let paths = PATHS.iter().map(|path| path.to_string()).chain(long);
    let tree = new_tree();
    let mut bench = Bench::new();
    for path in paths {
        let label = path.escape_debug().take(40).collect::<String>();
        let what = |name: &str| format!("{name} \"{label}\"[{}]", path.len());
        for (name, call) in LOOKS {
            say(what(name), call(&tree, &path));
        }
        for (name, call) in CHANGES {
            bench.call(&what(name), |tree| call(tree, &path));
        }
    }
    say("changed by failures", bench.changes());
}

type Call = fn(&Descriptor, &str) -> String;

const LOOKS: &[(&str, Call)] = &[
    ("readlink-at", |tree, path| result(tree.readlink_at(path))),
    ("stat-at", |tree, path| stat(tree, STAY, path)),
    ("stat-at follow", |tree, path| stat(tree, FOLLOW, path)),
    ("metadata-hash-at", |tree, path| {
        outcome(tree.metadata_hash_at(STAY, path))
    }),
    ("metadata-hash-at follow", |tree, path| {
        outcome(tree.metadata_hash_at(FOLLOW, path))
    }),
    ("set-times-at", |tree, path| set_times(tree, STAY, path)),
    ("set-times-at follow", |tree, path| {
        set_times(tree, FOLLOW, path)
    }),
    ("open-at", |tree, path| {
        open(tree, STAY, path, OpenFlags::empty())
    }),
    ("open-at follow", |tree, path| {
        open(tree, FOLLOW, path, OpenFlags::empty())
    }),
    ("open-at directory", |tree, path| {
        open(tree, STAY, path, OpenFlags::DIRECTORY)
    }),
    ("open-at directory follow", |tree, path| {
        open(tree, FOLLOW, path, OpenFlags::DIRECTORY)
    }),
];

const CHANGES: &[(&str, Call)] = &[
    ("open-at create", |tree, path| {
        write(tree, STAY, path, OpenFlags::CREATE)
    }),
    ("open-at create follow", |tree, path| {
        write(tree, FOLLOW, path, OpenFlags::CREATE)
    }),
    ("open-at exclusive", |tree, path| {
        write(tree, STAY, path, OpenFlags::CREATE | OpenFlags::EXCLUSIVE)
    }),
    ("open-at exclusive follow", |tree, path| {
        write(tree, FOLLOW, path, OpenFlags::CREATE | OpenFlags::EXCLUSIVE)
    }),
    ("open-at truncate", |tree, path| {
        write(tree, STAY, path, OpenFlags::TRUNCATE)
    }),
    ("open-at truncate follow", |tree, path| {
        write(tree, FOLLOW, path, OpenFlags::TRUNCATE)
    }),
    ("create-directory-at", |tree, path| {
        outcome(tree.create_directory_at(path))
    }),
    ("remove-directory-at", |tree, path| {
        outcome(tree.remove_directory_at(path))
    }),
    ("unlink-file-at", |tree, path| {
        outcome(tree.unlink_file_at(path))
    }),
    ("symlink-at from", |tree, path| {
        outcome(tree.symlink_at("file", path))
    }),
    ("symlink-at to", |tree, path| {
        outcome(tree.symlink_at(path, "new"))
    }),
];

fn stat(tree: &Descriptor, flags: PathFlags, path: &str) -> String {
    result(tree.stat_at(flags, path).map(|stat| {
        let is_link = stat.type_ == DescriptorType::SymbolicLink; // All trees share one.
        let is_folder = stat.type_ == DescriptorType::Directory; // The size of a folder is the file system's own.
        (
            kind_of(stat.type_),
            if is_link { 0 } else { stat.link_count },
            if is_folder { 0 } else { stat.size },
        )
    }))
}

fn set_times(tree: &Descriptor, flags: PathFlags, path: &str) -> String {
    outcome(tree.set_times_at(flags, path, NewTimestamp::Now, NewTimestamp::NoChange))
}

fn open(tree: &Descriptor, flags: PathFlags, path: &str, open: OpenFlags) -> String {
    described(tree.open_at(flags, path, open, DescriptorFlags::READ))
}

fn write(tree: &Descriptor, flags: PathFlags, path: &str, open: OpenFlags) -> String {
    described(tree.open_at(
        flags,
        path,
        open,
        DescriptorFlags::READ | DescriptorFlags::WRITE,
    ))
}

fn described(opened: Result<Descriptor, ErrorCode>) -> String {
    result(opened.map(|opened| {
        (
            kind_of(opened.get_type().unwrap()),
            opened.get_flags().unwrap(),
        )
    }))
}
