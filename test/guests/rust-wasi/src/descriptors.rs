use std::ops::RangeInclusive;

use wasi::filesystem::types::{
    Advice, Descriptor, DescriptorFlags, DescriptorType, ErrorCode, NewTimestamp, OpenFlags,
};
use wasi::io::streams::StreamError;

use crate::say::{outcome, result, say};
use crate::tree::{kind_of, names, new_file, new_tree, STAY, TEXT};

/// Offsets, lengths and sizes: where signed numbers, exact ones of JavaScript and files end.
const EDGES: &[u64] = &[
    0,
    1,
    9,
    10,
    11,
    4096,
    1 << 32,
    1 << 40,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];
/// Of these it is the kind of file system that says whether a file may be so large.
const MAY_HOLD: RangeInclusive<u64> = (1 << 53) - 1..=(1 << 63) - 1;
const ADVICE: &[Advice] = &[
    Advice::Normal,
    Advice::Sequential,
    Advice::Random,
    Advice::WillNeed,
    Advice::DontNeed,
    Advice::NoReuse,
];

/// What each function of a descriptor gives, of a file and of a folder, however it was opened.
pub fn all() {
    let (read, write) = (DescriptorFlags::READ, DescriptorFlags::WRITE);
    for (path, flags) in [
        ("file", DescriptorFlags::empty()),
        ("file", read),
        ("file", write),
        ("file", read | write),
        ("dir", DescriptorFlags::empty()),
        ("dir", read),
        ("dir", read | DescriptorFlags::MUTATE_DIRECTORY),
    ] {
        functions(path, flags);
    }
    sizes_and_offsets();
    same_objects();
}

fn functions(path: &str, flags: DescriptorFlags) {
    let tree = new_tree();
    let opened = tree.open_at(STAY, path, OpenFlags::empty(), flags).unwrap();
    let label = format!("{path} {flags:?}");
    let say = |function: &str, given: String| say(format!("{label} {function}"), given);
    say("get-flags", result(opened.get_flags()));
    say("get-type", result(opened.get_type()));
    say(
        "stat",
        result(opened.stat().map(|stat| (stat.type_, stat.link_count))),
    );
    say("metadata-hash", outcome(opened.metadata_hash()));
    say("sync", outcome(opened.sync()));
    say("sync-data", outcome(opened.sync_data()));
    for advice in ADVICE {
        say(
            &format!("advise {advice:?}"),
            outcome(opened.advise(0, 10, *advice)),
        );
    }
    say("read", result(opened.read(3, 1)));
    say("read nothing", result(opened.read(0, 0)));
    say("write", result(opened.write(b"abc", 1)));
    say("write nothing", result(opened.write(b"", 0)));
    say(
        "read-via-stream",
        streamed(
            opened
                .read_via_stream(8)
                .map(|stream| stream.blocking_read(5)),
        ),
    );
    say(
        "write-via-stream",
        streamed(
            opened
                .write_via_stream(8)
                .map(|stream| stream.blocking_write_and_flush(b"x")),
        ),
    );
    say(
        "append-via-stream",
        streamed(
            opened
                .append_via_stream()
                .map(|stream| stream.blocking_write_and_flush(b"y")),
        ),
    );
    say("set-size", outcome(opened.set_size(12)));
    say(
        "set-times",
        outcome(opened.set_times(NewTimestamp::Now, NewTimestamp::NoChange)),
    );
    say("read-directory", result(names(&opened)));
    entries_of(&opened, &say);
    say("contents", contents(&tree, path));
}

/// The functions that take a path, of what may be no folder.
fn entries_of(opened: &Descriptor, say: &impl Fn(&str, String)) {
    let (read, write) = (DescriptorFlags::READ, DescriptorFlags::WRITE);
    let none = OpenFlags::empty();
    let now = NewTimestamp::Now;
    say("stat-at", outcome(opened.stat_at(STAY, "inner")));
    say("stat-at .", outcome(opened.stat_at(STAY, ".")));
    say(
        "metadata-hash-at",
        outcome(opened.metadata_hash_at(STAY, "inner")),
    );
    say(
        "open-at",
        outcome(opened.open_at(STAY, "inner", none, read)),
    );
    say(
        "open-at write",
        outcome(opened.open_at(STAY, "inner", none, write)),
    );
    say(
        "open-at create",
        outcome(opened.open_at(STAY, "made", OpenFlags::CREATE, write)),
    );
    say(
        "set-times-at",
        outcome(opened.set_times_at(STAY, "inner", now, now)),
    );
    say(
        "create-directory-at",
        outcome(opened.create_directory_at("folder")),
    );
    say(
        "remove-directory-at",
        outcome(opened.remove_directory_at("folder")),
    );
    say("symlink-at", outcome(opened.symlink_at("inner", "symlink")));
    say("readlink-at", result(opened.readlink_at("symlink")));
    say(
        "link-at",
        outcome(opened.link_at(STAY, "inner", opened, "linked")),
    );
    say(
        "rename-at",
        outcome(opened.rename_at("linked", opened, "renamed")),
    );
    say("unlink-file-at", outcome(opened.unlink_file_at("renamed")));
}

fn contents(tree: &Descriptor, path: &str) -> String {
    let opened = tree
        .open_at(STAY, path, OpenFlags::empty(), DescriptorFlags::READ)
        .unwrap();
    match opened.get_type().unwrap() {
        DescriptorType::Directory => result(names(&opened)),
        kind => format!(
            "{} {}",
            kind_of(kind),
            result(opened.read(100, 0).map(|(bytes, end)| (text(bytes), end)))
        ),
    }
}

fn streamed<T: std::fmt::Debug>(given: Result<Result<T, StreamError>, ErrorCode>) -> String {
    match given {
        Ok(given) => format!("stream {}", result(given)),
        Err(code) => outcome::<()>(Err(code)),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Each on a new file; then how large that is, and small again, for the disk's sake.
fn sizes_and_offsets() {
    let tree = new_tree();
    for (index, edge) in EDGES.iter().enumerate() {
        let told = |function: &str, call: &dyn Fn(&Descriptor) -> String| {
            let file = new_file(&tree, &format!("{function} {index}"));
            let given = call(&file);
            let size = result(file.stat().map(|stat| stat.size));
            file.set_size(0).unwrap();
            say(
                format!("{function} {edge}"),
                format!("{given}, size {size}"),
            );
        };
        told("read length", &|file| {
            result(file.read(*edge, 2).map(|(bytes, end)| (text(bytes), end)))
        });
        told("read offset", &|file| {
            result(file.read(4, *edge).map(|(bytes, end)| (text(bytes), end)))
        });
        told("read nothing at", &|file| result(file.read(0, *edge)));
        told("read-via-stream", &|file| {
            streamed(
                file.read_via_stream(*edge)
                    .map(|stream| stream.blocking_read(4)),
            )
        });
        if !MAY_HOLD.contains(edge) {
            told("set-size", &|file| outcome(file.set_size(*edge)));
            told("write", &|file| result(file.write(b"ab", *edge)));
            told("write nothing at", &|file| result(file.write(b"", *edge)));
            told("write-via-stream", &|file| {
                streamed(
                    file.write_via_stream(*edge)
                        .map(|stream| stream.blocking_write_and_flush(b"ab")),
                )
            });
        }
        told("advise offset", &|file| {
            outcome(file.advise(*edge, 1, Advice::Normal))
        });
        told("advise length", &|file| {
            outcome(file.advise(1, *edge, Advice::WillNeed))
        });
    }
}

fn same_objects() {
    let tree = new_tree();
    let open = |path| {
        tree.open_at(STAY, path, OpenFlags::empty(), DescriptorFlags::READ)
            .unwrap()
    };
    tree.link_at(STAY, "file", &tree, "linked").unwrap();
    for (left, right) in [
        ("file", "file"),
        ("file", "linked"),
        ("file", "dir"),
        ("dir", "dir"),
        ("dir", "dir/."),
    ] {
        let (left_opened, right_opened) = (open(left), open(right));
        let hashes = [
            left_opened.metadata_hash().unwrap(),
            right_opened.metadata_hash().unwrap(),
        ];
        let is_same_hash = (hashes[0].lower, hashes[0].upper) == (hashes[1].lower, hashes[1].upper);
        say(
            format!("is-same-object {left} {right}"),
            format!(
                "{}, hashes {is_same_hash}",
                left_opened.is_same_object(&right_opened)
            ),
        );
    }
    let file = new_file(&tree, "hashed");
    let hash_at = tree.metadata_hash_at(STAY, "hashed").unwrap();
    let hash = file.metadata_hash().unwrap();
    say(
        "metadata-hash-at gives the same",
        hash.lower == hash_at.lower && hash.upper == hash_at.upper,
    );
    file.write(TEXT, 10).unwrap();
    file.set_times(
        NewTimestamp::NoChange,
        NewTimestamp::Timestamp(wasi::clocks::wall_clock::Datetime {
            seconds: 1,
            nanoseconds: 0,
        }),
    )
    .unwrap();
    say(
        "metadata-hash changes with the file",
        file.metadata_hash().unwrap().lower != hash.lower,
    );
}
