use std::sync::atomic::{AtomicUsize, Ordering};

use wasi::filesystem::preopens::get_directories;
use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};

use crate::say::say;

pub const STAY: PathFlags = PathFlags::empty();
pub const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;
pub const TEXT: &[u8] = b"0123456789";

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The folder that the guest was given. The host has put an absolute link `abs` there, which no guest can make, and a
/// file `secret`.
pub fn top() -> Descriptor {
    get_directories()
        .into_iter()
        .next()
        .expect("a folder is given")
        .0
}

/// A folder of its own in the given one: what is around it is as far out of reach as the host.
pub fn new_tree() -> Descriptor {
    let top = top();
    let name = format!("tree{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = new_folder(&top, &name);
    new_file(&folder, "file");
    let dir = new_folder(&folder, "dir");
    new_file(&dir, "inner");
    new_folder(&folder, "empty");
    for (target, link) in [
        ("file", "link"),
        ("dir", "dirlink"),
        ("dir/../file", "way"),
        ("missing", "broken"),
        ("loop", "loop"),
        ("../secret", "out"),
        ("..", "outdir"),
    ] {
        folder.symlink_at(target, link).unwrap();
    }
    top.link_at(STAY, "abs", &folder, "abs").unwrap();
    folder
}

pub fn new_file(folder: &Descriptor, name: &str) -> Descriptor {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = folder
        .open_at(STAY, name, OpenFlags::CREATE, flags)
        .unwrap();
    file.write(TEXT, 0).unwrap();
    file
}

pub fn new_folder(folder: &Descriptor, name: &str) -> Descriptor {
    folder.create_directory_at(name).unwrap();
    let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    folder
        .open_at(STAY, name, OpenFlags::DIRECTORY, flags)
        .unwrap()
}

/// All entries, those of folders too: `name type size`.
fn entries(folder: &Descriptor, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, kind) in names(folder).unwrap() {
        let size = match kind {
            DescriptorType::Directory => 0,
            _ => folder.stat_at(STAY, &name).unwrap().size,
        };
        let short: String = name.chars().take(10).collect();
        found.push(format!(
            "{prefix}{short}[{}] {} {size}",
            name.len(),
            kind_of(kind)
        ));
        if kind == DescriptorType::Directory {
            let inner = folder.open_at(STAY, &name, OpenFlags::DIRECTORY, DescriptorFlags::READ);
            found.extend(entries(&inner.unwrap(), &format!("{prefix}{short}/")));
        }
    }
    found
}

/// In the order of the names: that of the file system is nobody's promise.
pub fn names(folder: &Descriptor) -> Result<Vec<(String, DescriptorType)>, ErrorCode> {
    let stream = folder.read_directory()?;
    let mut found = Vec::new();
    while let Some(entry) = stream.read_directory_entry()? {
        found.push((entry.name, entry.type_));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// A tree for one call after the other, until one has changed it.
pub struct Bench {
    tree: Descriptor,
    before: Vec<String>,
}

impl Bench {
    pub fn new() -> Self {
        let tree = new_tree();
        let before = entries(&tree, "");
        Bench { tree, before }
    }

    /// Tells what a call gives, and of one that succeeds what it has changed.
    pub fn call(&mut self, what: &str, call: impl FnOnce(&Descriptor) -> String) {
        let given = call(&self.tree);
        let changed = if given.contains("ok(") {
            self.changes()
        } else {
            String::new()
        };
        say(what, given + &changed);
        if !changed.is_empty() {
            self.tree = new_tree();
        }
    }

    /// To be told at the end, when nothing should be: calls that failed have left all as it was.
    pub fn changes(&self) -> String {
        changes(&self.before, &entries(&self.tree, ""))
    }
}

/// What a call has changed: `-gone +new`.
fn changes(before: &[String], after: &[String]) -> String {
    let gone = before.iter().filter(|entry| !after.contains(entry));
    let new = after.iter().filter(|entry| !before.contains(entry));
    let gone = gone.map(|entry| format!(" -{entry}"));
    gone.chain(new.map(|entry| format!(" +{entry}"))).collect()
}

pub fn kind_of(kind: DescriptorType) -> String {
    let text = format!("{kind:?}");
    text.replace("DescriptorType::", "")
}
