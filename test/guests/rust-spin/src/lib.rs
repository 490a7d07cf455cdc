//! What Spin gives to a component, by its SDK:
//!
//! /hello              says hello
//! /request            method, URI and the `spin-*` headers of the request
//! /variable/NAME      a variable
//! /environment        its variables of WASI's
//! /key-value          GET: the keys
//! /key-value/KEY      PUT: sets it to the body; GET; DELETE
//! /sqlite             POST: inserts the body; GET: all rows
//! /self/PATH          what the application itself answers at /PATH
//! /chained/PATH       what the component `chained` answers at /PATH
//! /outbound?URL       what a server answers
//! /redis?ADDRESS      counts the requests at a Redis server
//! /file               the file that the variable `data_file` names: on a volume
//! /asset/PATH         a file of its own
use spin_sdk::http::{send, Method, Request, Response};
use spin_sdk::key_value::Store;
use spin_sdk::redis;
use spin_sdk::sqlite3::{Connection, Value};
use spin_sdk::variables;
use std::fmt::{Debug, Write};

type Answer = Result<Response, String>;

#[spin_sdk::http_component]
async fn handle(request: Request) -> Response {
    let answer = match route(&request).await {
        Ok(answer) => answer,
        Err(reason) => Response::new(500, format!("{reason}\n")),
    };
    answer.into_builder().header("content-type", "text/plain").build()
}

async fn route(request: &Request) -> Answer {
    let path = request.path();
    let rest = path.splitn(3, '/').nth(2).unwrap_or("");
    match path.split('/').nth(1).unwrap_or("") {
        "hello" => ok("hello from rust\n"),
        "request" | "users" => ok(&describe(request)),
        "variable" => ok(&variables::get(rest).map_err(text)?),
        "environment" => ok(&std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect::<String>()),
        "key-value" => key_value(request, rest),
        "sqlite" => sqlite(request),
        "self" => fetch(format!("http://self.alt/{rest}")).await,
        "chained" => fetch(format!("http://chained.spin.internal/{rest}")).await,
        "outbound" => fetch(request.query().to_owned()).await,
        "redis" => ok(&count(request.query()).map_err(text)?.to_string()),
        "file" => file(&variables::get("data_file").map_err(text)?),
        "asset" => file(&format!("/{rest}")),
        _ => Ok(Response::new(404, "there is no such route\n")),
    }
}

fn describe(request: &Request) -> String {
    let mut headers: Vec<_> = request
        .headers()
        .filter(|(name, _)| name.starts_with("spin-"))
        .map(|(name, value)| format!("{name}: {}\n", value.as_str().unwrap_or("?")))
        .collect();
    headers.sort();
    format!("{} {}\n{}", request.method(), request.path_and_query().unwrap_or("?"), headers.concat())
}

fn key_value(request: &Request, key: &str) -> Answer {
    let store = Store::open_default().map_err(text)?;
    if key.is_empty() {
        let mut keys = store.get_keys().map_err(text)?;
        keys.sort();
        return ok(&keys.join("\n"));
    }
    match request.method() {
        Method::Put => store.set(key, request.body()).map_err(text)?,
        Method::Delete => store.delete(key).map_err(text)?,
        _ => {
            return Ok(match store.get(key).map_err(text)? {
                Some(value) => Response::new(200, value),
                None => Response::new(404, "there is no such key\n"),
            })
        }
    }
    ok("done\n")
}

fn sqlite(request: &Request) -> Answer {
    let database = Connection::open_default().map_err(text)?;
    database
        .execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, note TEXT NOT NULL)", &[])
        .map_err(text)?;
    if *request.method() == Method::Post {
        let note = Value::Text(String::from_utf8_lossy(request.body()).into_owned());
        database.execute("INSERT INTO notes (note) VALUES (?)", &[note]).map_err(text)?;
        return ok(&format!("{}\n", database.last_insert_rowid()));
    }
    let result = database.execute("SELECT id, note FROM notes ORDER BY id", &[]).map_err(text)?;
    let mut lines = String::new();
    for row in result.rows() {
        let (id, note) = (row.get::<i64>("id").unwrap_or(-1), row.get::<&str>("note").unwrap_or("?"));
        writeln!(lines, "{id} {note}").map_err(text)?;
    }
    ok(&lines)
}

async fn fetch(url: String) -> Answer {
    send(Request::get(url).build()).await.map_err(text)
}

fn count(address: &str) -> Result<i64, redis::Error> {
    redis::Connection::open(address)?.incr("requests")
}

fn file(path: &str) -> Answer {
    let bytes = std::fs::read(path).map_err(|reason| format!("Cannot read {path}: {reason}"))?;
    Ok(Response::new(200, bytes))
}

fn ok(body: &str) -> Answer {
    Ok(Response::new(200, body))
}

fn text(reason: impl Debug) -> String {
    format!("{reason:?}")
}
