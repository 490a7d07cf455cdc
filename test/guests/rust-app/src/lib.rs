//! An application whose pod can be put to the test.
//!
//! /              the name of the pod and what $GREETING says
//! /env/NAME      the variable
//! /read/PATH     the file; 404 if there is none
//! /append/PATH   adds the body of the request to the file
//! /exists/PATH   204 if there is such a file, else 503
//! /burn/MS       computes for so long
//! /grow/MIB      uses so much memory
//! /sleep/MS      answers only then
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Handler;
wasi::http::proxy::export!(Handler);

type Reply = (u16, Vec<u8>);

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (what, argument) = target.trim_start_matches('/').split_once('/').unwrap_or((&target, ""));
        let (status, body) = reply(what, argument, &request);
        let headers = Fields::from_list(&[("content-type".to_owned(), b"text/plain".to_vec())]).unwrap();
        let response = OutgoingResponse::new(headers);
        response.set_status_code(status).unwrap();
        let sink = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        let mut stream = sink.write().unwrap();
        stream.write_all(&body).unwrap();
        drop(stream);
        OutgoingBody::finish(sink, None).unwrap();
    }
}

fn reply(what: &str, argument: &str, request: &IncomingRequest) -> Reply {
    match what {
        "/" => (200, format!("{} {}\n", variable("HOSTNAME"), variable("GREETING")).into_bytes()),
        "env" => (200, variable(argument).into_bytes()),
        "read" => read(argument),
        "append" => append(argument, request),
        "burn" => (200, burn(number(argument))),
        "grow" => (200, grow(number(argument) as usize)),
        "sleep" => {
            std::thread::sleep(Duration::from_millis(number(argument)));
            (200, b"awake\n".to_vec())
        }
        "exists" => (if std::fs::metadata(format!("/{argument}")).is_ok() { 204 } else { 503 }, Vec::new()),
        _ => (404, b"there is no such path\n".to_vec()),
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn number(argument: &str) -> u64 {
    argument.parse().unwrap_or(0)
}

fn read(path: &str) -> Reply {
    std::fs::read(format!("/{path}")).map_or_else(|error| (404, error.to_string().into_bytes()), |bytes| (200, bytes))
}

fn append(path: &str, request: &IncomingRequest) -> Reply {
    let body = request.consume().unwrap();
    let mut stream = body.stream().unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    match OpenOptions::new().append(true).create(true).open(format!("/{path}")).and_then(|mut file| file.write_all(&bytes)) {
        Ok(()) => (200, bytes),
        Err(error) => (500, error.to_string().into_bytes()),
    }
}

/// Says how many rounds it made, so that they cannot be left out.
fn burn(ms: u64) -> Vec<u8> {
    let end = Instant::now() + Duration::from_millis(ms);
    let mut rounds: u64 = 0;
    let mut sum: u64 = 0;
    while Instant::now() < end {
        for step in 0..10_000u64 {
            sum = sum.wrapping_mul(31).wrapping_add(step ^ rounds);
        }
        rounds += 1;
    }
    format!("{rounds} {sum}\n").into_bytes()
}

fn grow(mebibytes: usize) -> Vec<u8> {
    let memory = vec![1u8; mebibytes << 20];
    let sum: u64 = memory.iter().step_by(4096).map(|&byte| u64::from(byte)).sum();
    format!("{sum} pages\n").into_bytes()
}
