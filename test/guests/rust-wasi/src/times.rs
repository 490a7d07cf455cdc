use wasi::clocks::wall_clock::{now, Datetime};
use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, NewTimestamp, OpenFlags,
};

use crate::say::{outcome, result, say};
use crate::tree::{new_tree, FOLLOW, STAY};

const TIMES: &[(u64, u32)] = &[
    (0, 0),
    (0, 1),
    (1, 999_999_999),
    (1, 1_000_000_000),
    (1, u32::MAX),
    (1_700_000_000, 123_456_789),
    ((1 << 31) - 1, 0),
    (1 << 31, 0),
    ((1 << 32) - 1, 999_999_999),
    (1 << 34, 0),
    (1 << 53, 0),
    ((1 << 63) - 1, 0),
    (1 << 63, 0),
    (u64::MAX, 0),
];
const BEFORE: Datetime = Datetime {
    seconds: 1000,
    nanoseconds: 5,
};

/// Both functions that set times, by what the times are then.
pub fn all() {
    let tree = new_tree();
    for (seconds, nanoseconds) in TIMES {
        let time = NewTimestamp::Timestamp(Datetime {
            seconds: *seconds,
            nanoseconds: *nanoseconds,
        });
        told(
            &tree,
            &format!("access {seconds}.{nanoseconds}"),
            time,
            NewTimestamp::NoChange,
        );
        told(
            &tree,
            &format!("modification {seconds}.{nanoseconds}"),
            NewTimestamp::NoChange,
            time,
        );
    }
    told(
        &tree,
        "neither",
        NewTimestamp::NoChange,
        NewTimestamp::NoChange,
    );
    told(
        &tree,
        "access now",
        NewTimestamp::Now,
        NewTimestamp::NoChange,
    );
    told(
        &tree,
        "modification now",
        NewTimestamp::NoChange,
        NewTimestamp::Now,
    );
    told(&tree, "both now", NewTimestamp::Now, NewTimestamp::Now);
}

fn told(tree: &Descriptor, what: &str, access: NewTimestamp, modification: NewTimestamp) {
    for path in ["file", "dir"] {
        reset(tree);
        let opened = tree
            .open_at(STAY, path, OpenFlags::empty(), DescriptorFlags::READ)
            .unwrap();
        let given = outcome(opened.set_times(access, modification));
        say(
            format!("set-times {path} {what}"),
            format!("{given}, {}", times(tree, path)),
        );
    }
    for (path, flags) in [
        ("file", STAY),
        ("dir", STAY),
        ("link", STAY),
        ("link", FOLLOW),
    ] {
        reset(tree);
        let given = outcome(tree.set_times_at(flags, path, access, modification));
        let both = format!("{}, target {}", times(tree, path), times(tree, "file"));
        say(
            format!("set-times-at {path} {flags:?} {what}"),
            format!("{given}, {both}"),
        );
    }
}

fn reset(tree: &Descriptor) {
    let before = NewTimestamp::Timestamp(BEFORE);
    for path in ["file", "dir", "link"] {
        tree.set_times_at(STAY, path, before, before).unwrap();
    }
}

fn times(tree: &Descriptor, path: &str) -> String {
    result(tree.stat_at(STAY, path).map(|stat: DescriptorStat| {
        (
            time(stat.data_access_timestamp),
            time(stat.data_modification_timestamp),
        )
    }))
}

/// A time of this hour in one word: no two runs have the same.
fn time(time: Option<Datetime>) -> String {
    match time {
        None => "none".into(),
        Some(time) if now().seconds.abs_diff(time.seconds) < 3600 => "now".into(),
        Some(time) => format!("{}.{}", time.seconds, time.nanoseconds),
    }
}
