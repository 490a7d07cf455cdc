//! An HTTP handler on Rust's standard library: says hello, counts its calls, gives a body back.
use std::io::{Read, Write};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Handler;
wasi::http::proxy::export!(Handler);

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let calls = CALLS.fetch_add(1, Relaxed) + 1;
        let path = request.path_with_query().unwrap_or_default();
        if path == "/trap" {
            unreachable!("asked to trap");
        }
        let body = match path.as_str() {
            "/echo" => read_all(&request),
            "/env" => format!("{:?}", std::env::vars().collect::<Vec<_>>()).into_bytes(),
            _ => format!("hello from rust, call {calls}\n").into_bytes(),
        };
        let headers = Fields::from_list(&[("content-type".to_owned(), b"text/plain".to_vec())]).unwrap();
        let response = OutgoingResponse::new(headers);
        let sink = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        let mut stream = sink.write().unwrap();
        stream.write_all(&body).unwrap();
        drop(stream);
        OutgoingBody::finish(sink, None).unwrap();
    }
}

fn read_all(request: &IncomingRequest) -> Vec<u8> {
    let body = request.consume().unwrap();
    let mut stream = body.stream().unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}
