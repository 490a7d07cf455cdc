//! Calls everything that Spin's host offers, with ordinary values and with those at the edges.
wit_bindgen::generate!({ world: "calls", path: "wit", generate_all });

mod legacy;
mod stores;

use fermyon::spin2_0_0::{redis, sqlite as sqlite2, variables};
use spin::sqlite::sqlite;
use wasi::config::store as config;

/// Pushes what an expression gives, as text.
#[macro_export]
macro_rules! tell {
    ($lines:ident, $($what:expr),+ $(,)?) => { { $($lines.push(format!("{:?}", $what));)+ } };
}

struct Calls;
export!(Calls);

impl Guest for Calls {
    fn key_value(label: String) -> Vec<String> {
        stores::key_value(&label)
    }
    fn wasi_key_value(label: String) -> Vec<String> {
        stores::wasi_key_value(&label)
    }
    fn store_bytes(label: String, key_bytes: u32, value_bytes: u32) -> Vec<String> {
        stores::store_bytes(&label, key_bytes, value_bytes)
    }
    fn open_stores(count: u32) -> Vec<String> {
        stores::open_stores(count)
    }
    fn legacy_key_value(label: String) -> Vec<String> {
        legacy::key_value(&label)
    }
    fn legacy_sqlite(label: String) -> Vec<String> {
        legacy::sqlite(&label)
    }
    fn legacy_redis(address: String) -> Vec<String> {
        legacy::redis(&address)
    }
    fn legacy_http(address: String) -> Vec<String> {
        legacy::http(&address)
    }

    fn sqlite(label: String) -> Vec<String> {
        use sqlite::{Connection, Value};
        let mut lines = Vec::new();
        tell!(lines, Connection::open("forbidden").map(|_| ()));
        let db = match Connection::open(&label) {
            Ok(db) => db,
            Err(error) => {
                tell!(lines, error);
                return lines;
            }
        };
        let create = "CREATE TABLE calls (id INTEGER PRIMARY KEY, i INTEGER, r REAL, t TEXT, b BLOB)";
        let insert = "INSERT INTO calls (i, r, t, b) VALUES (?, ?, ?, ?)";
        tell!(
            lines,
            (db.last_insert_rowid(), db.changes()),
            db.execute(create, &[]).map(|_| ()),
            db.execute(
                insert,
                &[
                    Value::Integer(i64::MIN),
                    Value::Real(f64::MAX),
                    Value::Text("käse\0🧀".into()),
                    Value::Blob(vec![0, 255]),
                ],
            ),
            db.execute(insert, &[Value::Integer(i64::MAX), Value::Real(-0.5), Value::Text(String::new()), Value::Blob(vec![])]),
            db.execute(insert, &[Value::Null, Value::Null, Value::Null, Value::Null]).map(|_| ()),
            (db.last_insert_rowid(), db.changes()),
            db.execute("SELECT i, r, t, b FROM calls ORDER BY id", &[]),
            db.execute("SELECT count(*) AS number FROM calls WHERE i = ?2 OR i = ?1", &[Value::Integer(1), Value::Integer(i64::MAX)]),
            db.execute("UPDATE calls SET r = 2.0 RETURNING r", &[]).map(|result| result.rows.len()),
            (db.last_insert_rowid(), db.changes()),
            db.execute("SELECT nothing FROM nowhere", &[]).is_err(),
            db.execute("ATTACH 'elsewhere' AS other", &[]).is_err(),
            db.execute("BEGIN", &[]).map(|_| ()),
            db.execute("DELETE FROM calls", &[]).map(|_| ()),
        );
        drop(db); // Rolls back.
        let db = Connection::open(&label).unwrap();
        tell!(lines, db.execute("SELECT count(*) FROM calls", &[]));
        tell!(lines, db.execute("DROP TABLE calls", &[]).map(|_| ()));
        lines
    }

    fn sqlite_v2(label: String) -> Vec<String> {
        use sqlite2::{Connection, Value};
        let mut lines = Vec::new();
        tell!(lines, Connection::open("forbidden").map(|_| ()));
        let db = Connection::open(&label).unwrap();
        let all = [Value::Integer(-1), Value::Real(0.5), Value::Text("t".into()), Value::Blob(vec![7]), Value::Null];
        tell!(lines, db.execute("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", &all));
        tell!(lines, db.execute("SELECT", &[]).is_err());
        lines
    }

    fn open_databases(count: u32) -> Vec<String> {
        let mut lines = Vec::new();
        let open: Vec<_> = (0..count).map(|_| sqlite::Connection::open("default")).collect();
        tell!(lines, open.iter().filter(|result| result.is_ok()).count());
        tell!(lines, open.last().map(|result| result.as_ref().map(|_| ())));
        lines
    }

    fn execute(label: String, statement: String) -> Vec<String> {
        let mut lines = Vec::new();
        let db = sqlite::Connection::open(&label);
        tell!(lines, db.and_then(|db| db.execute(&statement, &[])));
        lines
    }

    fn variables() -> Vec<String> {
        let mut lines = Vec::new();
        tell!(lines, variables::get("greeting"), variables::get("Bad Name"), variables::get("missing"), variables::get("broken"));
        tell!(lines, config::get("greeting"), config::get("Bad Name"), config::get("missing"), config::get("broken"));
        tell!(lines, config::get_all());
        tell!(lines, legacy::config("greeting"), legacy::config("Bad Name"), legacy::config("missing"), legacy::config("broken"));
        lines
    }

    fn redis(address: String) -> Vec<String> {
        use redis::{Connection, RedisParameter};
        let mut lines = Vec::new();
        tell!(lines, Connection::open("http://127.0.0.1").map(|_| ()));
        tell!(lines, Connection::open("redis://forbidden.example").map(|_| ()));
        let db = match Connection::open(&address) {
            Ok(db) => db,
            Err(error) => {
                tell!(lines, error);
                return lines;
            }
        };
        let member = ["one".to_string(), "two".to_string(), "two".to_string()];
        let key = |name: &str| RedisParameter::Binary(name.as_bytes().to_vec());
        tell!(
            lines,
            db.publish("channel", &vec![0, 255]),
            db.get("k"),
            db.set("k", &vec![0, 255, 13, 10]),
            db.get("k"),
            db.set("empty", &vec![]),
            db.get("empty"),
            db.incr("n"),
            db.incr("k").is_err(),
            db.sadd("s", &member),
            db.sadd("k", &member),
            db.smembers("s").map(|mut all| {
                all.sort();
                all
            }),
            db.smembers("k").is_err(),
            db.srem("s", &member[..1]),
            db.del(&["k".to_string(), "s".to_string(), "never".to_string()]),
            db.execute("SET", &[key("big"), RedisParameter::Int64(i64::MAX - 1)]),
            db.execute("INCR", &[key("big")]),
            db.execute("GET", &[key("never")]),
            db.execute("GET", &[key("big")]),
            db.execute("EVAL", &[key("return {1, {'a', {false}}, redis.status_reply('fine')}"), RedisParameter::Int64(0)]),
            db.execute("NOSUCH", &[]).is_err(),
            db.execute("SUBSCRIBE", &[key("channel")]).is_err(),
            db.execute("MULTI", &[]),
            db.execute("PING", &[]),
            db.execute("EXEC", &[]),
        );
        lines
    }

    fn not_offered() -> Vec<String> {
        use fermyon::spin2_0_0::{llm, mqtt, mysql, postgres};
        use spin::{postgres3_0_0::postgres as postgres3, postgres4_0_0::postgres as postgres4};
        let mut lines = Vec::new();
        tell!(
            lines,
            llm::infer("model", "prompt", None),
            llm::generate_embeddings("model", &[]),
            mqtt::Connection::open("mqtt://127.0.0.1", "", "", 1).and_then(|it| it.publish("t", &vec![], mqtt::Qos::AtMostOnce)),
            mysql::Connection::open("mysql://127.0.0.1").and_then(|it| it.execute("SELECT 1", &[])),
            postgres::Connection::open("postgres://127.0.0.1").and_then(|it| it.query("SELECT 1", &[])).map(|_| ()),
            postgres3::Connection::open("postgres://127.0.0.1").and_then(|it| it.query("SELECT 1", &[])).map(|_| ()),
            postgres4::Connection::open("postgres://127.0.0.1").and_then(|it| it.execute("SELECT 1", &[])),
        );
        lines
    }

    fn command(address: String, words: Vec<String>) -> Vec<String> {
        let mut lines = Vec::new();
        let args: Vec<_> = words[1..].iter().map(|word| redis::RedisParameter::Binary(word.as_bytes().to_vec())).collect();
        let db = redis::Connection::open(&address);
        tell!(lines, db.and_then(|db| db.execute(&words[0], &args)));
        lines
    }
}
