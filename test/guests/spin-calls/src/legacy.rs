//! What the SDKs for Spin 1 call.
use crate::fermyon::spin::{self, http, key_value as stores, redis as servers, sqlite as databases};
use crate::fermyon::spin::{http_types, redis_types};
use crate::tell;

pub fn config(key: &str) -> Result<String, spin::config::Error> {
    spin::config::get_config(key)
}

pub fn key_value(label: &str) -> Vec<String> {
    let mut lines = Vec::new();
    tell!(lines, stores::open("forbidden"));
    let db = stores::open(label).unwrap();
    tell!(
        lines,
        stores::get(db, "k"),
        stores::set(db, "k", &[0, 255]),
        stores::get(db, "k"),
        stores::exists(db, "k"),
        stores::get_keys(db),
        stores::delete(db, "k"),
        stores::exists(db, "k"),
        stores::get(db + 1, "k"),
    );
    stores::close(db + 1);
    stores::close(db);
    tell!(lines, stores::set(db, "k", &[]), stores::get_keys(db));
    lines
}

pub fn sqlite(label: &str) -> Vec<String> {
    use databases::Value;
    let mut lines = Vec::new();
    tell!(lines, databases::open("forbidden"));
    let db = databases::open(label).unwrap();
    let all = [Value::Integer(-1), Value::Real(0.5), Value::Text("t".into()), Value::Blob(vec![7]), Value::Null];
    tell!(
        lines,
        databases::execute(db, "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", &all),
        databases::execute(db, "SELECT", &[]).is_err(),
        databases::execute(db + 1, "SELECT 1", &[]),
    );
    databases::close(db + 1);
    databases::close(db);
    tell!(lines, databases::execute(db, "SELECT 1", &[]));
    lines
}

pub fn redis(address: &str) -> Vec<String> {
    use redis_types::RedisParameter;
    let mut lines = Vec::new();
    let members = ["one".to_string(), "two".to_string()];
    tell!(
        lines,
        servers::get("redis://forbidden.example", "k"),
        servers::publish(address, "channel", &[1]),
        servers::get(address, "k"),
        servers::set(address, "k", &[0, 255]),
        servers::get(address, "k"),
        servers::incr(address, "n"),
        servers::incr(address, "k"),
        servers::sadd(address, "s", &members),
        servers::sadd(address, "k", &members),
        servers::smembers(address, "s").map(|all| all.len()),
        servers::srem(address, "s", &members),
        servers::del(address, &["k".to_string(), "n".to_string()]),
        servers::execute(address, "SET", &[RedisParameter::Binary(b"x".to_vec()), RedisParameter::Int64(-3)]),
        servers::execute(address, "GET", &[RedisParameter::Binary(b"x".to_vec())]),
        servers::execute(address, "DEL", &[RedisParameter::Binary(b"x".to_vec())]),
    );
    lines
}

pub fn http(address: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let request = |method, uri: String, body: Option<Vec<u8>>| http_types::Request {
        method,
        uri,
        headers: vec![("x-guest".into(), "spin-calls".into())],
        params: vec![],
        body,
    };
    let describe = |result: Result<http_types::Response, http_types::HttpError>| {
        result.map(|response| {
            let headers = response.headers.unwrap_or_default();
            let kind = headers.iter().find(|(name, _)| name == "x-kind").map(|(_, value)| value.clone());
            (response.status, kind, response.body.map(|body| String::from_utf8_lossy(&body).into_owned()))
        })
    };
    tell!(
        lines,
        describe(http::send_request(&request(http_types::Method::Get, format!("{address}/echo?q=1"), None))),
        describe(http::send_request(&request(http_types::Method::Post, format!("{address}/echo"), Some(b"hello".to_vec())))),
        describe(http::send_request(&request(http_types::Method::Head, format!("{address}/echo"), None))),
        describe(http::send_request(&request(http_types::Method::Get, format!("{address}/missing"), None))),
        describe(http::send_request(&request(http_types::Method::Get, format!("{address}/cut"), None))),
        describe(http::send_request(&request(http_types::Method::Get, "http://forbidden.example/".into(), None))),
        describe(http::send_request(&request(http_types::Method::Get, "not a url".into(), None))),
    );
    lines
}
