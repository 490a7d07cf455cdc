use crate::fermyon::spin2_0_0::key_value::Store;
use crate::tell;
use crate::wasi::keyvalue::{atomics, batch, store};

pub fn key_value(label: &str) -> Vec<String> {
    let mut lines = Vec::new();
    tell!(lines, Store::open("forbidden").map(|_| ()));
    let db = match Store::open(label) {
        Ok(db) => db,
        Err(error) => {
            tell!(lines, error);
            return lines;
        }
    };
    let odd = "käse\0🧀";
    tell!(
        lines,
        db.get_keys(),
        db.get("k"),
        db.exists("k"),
        db.set("k", &[0, 255]),
        db.set(odd, &[]),
        db.set("", &[1]),
        db.get("k"),
        db.get(odd),
        db.get(""),
        db.exists("k"),
        db.set("k", &[2]),
        db.get("k"),
        db.get_keys().map(|mut keys| {
            keys.sort();
            keys
        }),
        db.delete("k"),
        db.delete("k"),
        db.delete(odd),
        db.delete(""),
        db.exists("k"),
    );
    let long = vec![7; 1 << 20];
    tell!(lines, db.set("long", &long), db.get("long").is_ok_and(|value| value == Some(long)), db.delete("long"));
    lines
}

pub fn wasi_key_value(label: &str) -> Vec<String> {
    let mut lines = Vec::new();
    tell!(lines, store::open("forbidden").map(|_| ()));
    let db = match store::open(label) {
        Ok(db) => db,
        Err(error) => {
            tell!(lines, error);
            return lines;
        }
    };
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    tell!(
        lines,
        db.get("k"),
        db.set("k", &[0, 255]),
        db.get("k"),
        db.exists("k"),
        db.list_keys(None),
        db.list_keys(Some("k")),
        db.delete("k"),
        db.delete("k"),
        db.exists("k"),
        batch::set_many(&db, &[("a".into(), vec![1]), ("b".into(), vec![])]),
        batch::get_many(&db, &names(&["b", "never", "a"])),
        batch::delete_many(&db, &names(&["a", "b", "never"])),
        batch::get_many(&db, &names(&["a"])),
        batch::get_many(&db, &[]),
        batch::set_many(&db, &[]),
        batch::delete_many(&db, &[]),
        atomics::increment(&db, "n", 5),
        atomics::increment(&db, "n", i64::MIN),
        atomics::increment(&db, "n", -6).is_err(),
        db.set("text", b"not a number"),
        atomics::increment(&db, "text", 1).is_err(),
    );
    swaps(&db, &mut lines);
    tell!(lines, batch::delete_many(&db, &names(&["n", "text", "c"])));
    lines
}

fn swaps(db: &store::Bucket, lines: &mut Vec<String>) {
    let first = atomics::Cas::new(db, "c").unwrap();
    tell!(lines, first.current(), atomics::swap(first, &[1]).is_ok(), db.get("c"));
    let late = atomics::Cas::new(db, "c").unwrap();
    tell!(lines, late.current(), db.set("c", &[2]));
    match atomics::swap(late, &[3]) {
        Err(atomics::CasError::CasFailed(next)) => {
            tell!(lines, next.current(), atomics::swap(next, &[4]).is_ok(), db.get("c"));
        }
        other => tell!(lines, other.is_ok()),
    }
}

pub fn store_bytes(label: &str, key_bytes: u32, value_bytes: u32) -> Vec<String> {
    let mut lines = Vec::new();
    let db = Store::open(label).unwrap();
    let key = "k".repeat(key_bytes as usize);
    tell!(lines, db.set(&key, &vec![0; value_bytes as usize]), db.delete(&key).is_ok());
    lines
}

pub fn open_stores(count: u32) -> Vec<String> {
    let mut lines = Vec::new();
    let open: Vec<_> = (0..count).map(|_| Store::open("default")).collect();
    tell!(lines, open.iter().filter(|result| result.is_ok()).count());
    tell!(lines, open.last().map(|result| result.as_ref().map(|_| ())));
    drop(open);
    tell!(lines, Store::open("default").is_ok());
    lines
}
