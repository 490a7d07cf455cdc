use wasi::filesystem::preopens::get_directories;
use wasi::filesystem::types::{Descriptor, DescriptorFlags, NewTimestamp, OpenFlags, PathFlags};
use wasi::io::streams::StreamError;

fn root() -> Descriptor {
    get_directories()
        .into_iter()
        .next()
        .expect("a folder is given")
        .0
}

/// Uses every function of a descriptor. Each line says what it gave.
pub fn all() -> String {
    let root = root();
    let read_write = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let none = PathFlags::empty();
    let mut lines = vec![format!(
        "folders {:?}",
        get_directories()
            .iter()
            .map(|(_, name)| name.clone())
            .collect::<Vec<_>>()
    )];
    let mut note = |what: &str, result: String| lines.push(format!("{what} {result}"));
    note("mkdir", format!("{:?}", root.create_directory_at("made")));
    note(
        "mkdir again",
        format!("{:?}", root.create_directory_at("made")),
    );
    let file = root
        .open_at(none, "made/file", OpenFlags::CREATE, read_write)
        .unwrap();
    note("write", format!("{:?}", file.write(b"0123456789", 0)));
    note(
        "read",
        format!(
            "{:?}",
            file.read(4, 3)
                .map(|(bytes, end)| (String::from_utf8(bytes).unwrap(), end))
        ),
    );
    note("read end", format!("{:?}", file.read(4, 10)));
    note(
        "size",
        format!(
            "{:?}",
            file.stat()
                .map(|stat| (stat.type_, stat.size, stat.link_count))
        ),
    );
    let stream = file.write_via_stream(10).unwrap();
    stream.blocking_write_and_flush(b"abc").unwrap();
    file.append_via_stream()
        .unwrap()
        .blocking_write_and_flush(b"def")
        .unwrap();
    let reader = file.read_via_stream(8).unwrap();
    note(
        "stream",
        format!(
            "{:?}",
            String::from_utf8(reader.blocking_read(100).unwrap()).unwrap()
        ),
    );
    note(
        "stream end",
        format!(
            "{}",
            matches!(reader.blocking_read(1), Err(StreamError::Closed))
        ),
    );
    note(
        "set-size",
        format!(
            "{:?} {:?}",
            file.set_size(4),
            file.stat().map(|stat| stat.size)
        ),
    );
    note("sync", format!("{:?} {:?}", file.sync(), file.sync_data()));
    let time = wasi::clocks::wall_clock::Datetime {
        seconds: 1_000_000_000,
        nanoseconds: 5_000,
    };
    note(
        "set-times",
        format!(
            "{:?}",
            file.set_times(NewTimestamp::NoChange, NewTimestamp::Timestamp(time))
        ),
    );
    note(
        "time",
        format!(
            "{:?}",
            file.stat()
                .unwrap()
                .data_modification_timestamp
                .map(|at| at.seconds)
        ),
    );
    note(
        "type",
        format!("{:?} {:?}", file.get_type(), root.get_type()),
    );
    note("flags", format!("{:?}", file.get_flags()));
    note(
        "symlink",
        format!("{:?}", root.symlink_at("file", "made/link")),
    );
    note("readlink", format!("{:?}", root.readlink_at("made/link")));
    note(
        "stat link",
        format!(
            "{:?}",
            root.stat_at(none, "made/link").map(|stat| stat.type_)
        ),
    );
    note(
        "stat target",
        format!(
            "{:?}",
            root.stat_at(PathFlags::SYMLINK_FOLLOW, "made/link")
                .map(|stat| stat.type_)
        ),
    );
    note(
        "open link",
        format!(
            "{:?}",
            root.open_at(none, "made/link", OpenFlags::empty(), DescriptorFlags::READ)
                .err()
        ),
    );
    note(
        "hard link",
        format!("{:?}", root.link_at(none, "made/file", &root, "made/hard")),
    );
    let hard = root
        .open_at(none, "made/hard", OpenFlags::empty(), DescriptorFlags::READ)
        .unwrap();
    note(
        "same",
        format!(
            "{} {}",
            file.is_same_object(&hard),
            file.is_same_object(&root)
        ),
    );
    let same_hash = |left: &Descriptor, right: &Descriptor| {
        let (left, right) = (
            left.metadata_hash().unwrap(),
            right.metadata_hash().unwrap(),
        );
        left.lower == right.lower && left.upper == right.upper
    };
    note(
        "hash",
        format!("{} {}", same_hash(&file, &hard), same_hash(&file, &root)),
    );
    note("write denied", format!("{:?}", hard.write(b"x", 0)));
    note(
        "rename",
        format!("{:?}", root.rename_at("made/hard", &root, "made/moved")),
    );
    let entries = root
        .open_at(none, "made", OpenFlags::DIRECTORY, DescriptorFlags::READ)
        .unwrap()
        .read_directory()
        .unwrap();
    let mut names = Vec::new();
    while let Some(entry) = entries.read_directory_entry().unwrap() {
        names.push(format!("{}:{:?}", entry.name, entry.type_));
    }
    names.sort();
    note("entries", format!("{names:?}"));
    note(
        "rmdir full",
        format!("{:?}", root.remove_directory_at("made")),
    );
    note(
        "unlink folder",
        format!("{:?}", root.unlink_file_at("made")),
    );
    for name in ["made/file", "made/link", "made/moved"] {
        root.unlink_file_at(name).unwrap();
    }
    note("rmdir", format!("{:?}", root.remove_directory_at("made")));
    note("gone", format!("{:?}", root.stat_at(none, "made").err()));
    lines.join("\n")
}

/// Tries to get at a path in every way; each line is what the host said.
pub fn escape(path: &str) -> String {
    let root = root();
    let (none, follow) = (PathFlags::empty(), PathFlags::SYMLINK_FOLLOW);
    let read = DescriptorFlags::READ;
    let content = |path: &str| {
        let file = root.open_at(follow, path, OpenFlags::empty(), read)?;
        file.read(100, 0)
            .map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned())
    };
    [
        format!("open {:?}", content(path)),
        format!(
            "create {:?}",
            root.open_at(
                follow,
                path,
                OpenFlags::CREATE,
                read | DescriptorFlags::WRITE
            )
            .err()
        ),
        format!(
            "stat {:?}",
            root.stat_at(follow, path).map(|stat| stat.type_)
        ),
        format!("hash {:?}", root.metadata_hash_at(follow, path).err()),
        format!(
            "times {:?}",
            root.set_times_at(follow, path, NewTimestamp::Now, NewTimestamp::Now)
        ),
        format!("mkdir {:?}", root.create_directory_at(path)),
        format!("rmdir {:?}", root.remove_directory_at(path)),
        format!("unlink {:?}", root.unlink_file_at(path)),
        format!("readlink {:?}", root.readlink_at(path)),
        format!("link from {:?}", root.link_at(none, path, &root, "stolen")),
        format!("rename from {:?}", root.rename_at(path, &root, "stolen")),
        format!("rename to {:?}", root.rename_at("inside", &root, path)),
        format!("symlink to {:?}", root.symlink_at(path, "sly")),
        format!("open sly {:?}", content("sly")),
        format!("cleanup {:?}", root.unlink_file_at("sly").is_ok()),
    ]
    .join("\n")
}

/// Reads a file again and again, while somebody swaps it: how often it was given, and what was in it.
pub fn read(path: &str) -> String {
    let root = root();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..2000 {
        let result = root.open_at(
            PathFlags::SYMLINK_FOLLOW,
            path,
            OpenFlags::empty(),
            DescriptorFlags::READ,
        );
        let text = match result.and_then(|file| file.read(100, 0)) {
            Ok((bytes, _)) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(code) => format!("{code:?}"),
        };
        *seen.entry(text).or_insert(0) += 1;
    }
    format!("{:?}", seen.keys().collect::<Vec<_>>())
}
