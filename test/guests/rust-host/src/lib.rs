//! An HTTP handler that uses all that the host offers: one path for each thing to be tried. Answers in lines of text.
mod asking;
mod client;
mod files;
mod hoard;
mod rules;
mod serving;
mod sockets;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{
    ErrorCode, Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::OutputStream;

struct Handler;
wasi::http::proxy::export!(Handler);

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let calls = CALLS.fetch_add(1, Relaxed) + 1;
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        match path {
            "/trap" => unreachable!("asked to trap"),
            "/spin" => spin(),
            "/recurse" => answer(out, &recurse(query.parse().unwrap_or(60)).to_string()),
            "/no-answer" => (),
            "/error" => ResponseOutparam::set(out, Err(ErrorCode::ConfigurationError)),
            "/grow" => answer(out, &grow()),
            "/echo" => serving::echo(&request, out),
            "/upload" => serving::upload(&request, out),
            "/download" => serving::download(out, query.parse().unwrap_or(0)),
            "/trailers" => serving::trailers(request, out),
            "/fields" => answer(out, &serving::fields(&request)),
            "/slow" => serving::slow(out, query.parse().unwrap_or(0)),
            "/endless" => serving::endless(out),
            "/unfinished" => serving::unfinished(out),
            "/short" => serving::short(out),
            "/early" => serving::early(out),
            "/sleep" => answer(out, &serving::sleep(query.parse().unwrap_or(0))),
            "/poll" => answer(out, &serving::poll()),
            "/fetch" => client::fetch(out, query),
            "/fetch-timeouts" => answer(out, &client::timeouts(query)),
            "/relay" => client::relay(request, out, query),
            "/env" => answer(out, &format!("{:?}", std::env::vars().collect::<Vec<_>>())),
            "/files" => answer(out, &files::all()),
            "/escape" => answer(out, &files::escape(query)),
            "/read" => answer(out, &files::read(query)),
            "/sockets" => answer(out, &sockets::refused()),
            "/tcp" => answer(out, &sockets::tcp(query.parse().unwrap_or(0))),
            "/tcp-listen" => answer(out, &sockets::listen()),
            "/udp" => answer(out, &sockets::udp()),
            "/asking" => answer(out, &asking::run(query)),
            "/hoard" => answer(out, &hoard::run(query, &request)),
            "/rules" => rules::run(query, request, out),
            "/random" => answer(out, &serving::random()),
            _ => answer(out, &format!("call {calls}")),
        }
    }
}

/// Answers 200 with one line.
pub fn answer(out: ResponseOutparam, text: &str) {
    let (body, stream) = begin(out, 200, &[]);
    write_all(&stream, text.as_bytes());
    write_all(&stream, b"\n");
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

/// Begins an answer: the rest is the caller's.
pub fn begin(
    out: ResponseOutparam,
    status: u16,
    fields: &[(String, Vec<u8>)],
) -> (OutgoingBody, OutputStream) {
    let response = OutgoingResponse::new(Fields::from_list(fields).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    (body, stream)
}

/// Writes by what the stream permits, and waits where it permits nothing.
pub fn write_all(stream: &OutputStream, bytes: &[u8]) {
    try_write_all(stream, bytes).unwrap();
}

pub fn try_write_all(
    stream: &OutputStream,
    mut bytes: &[u8],
) -> Result<(), wasi::io::streams::StreamError> {
    while !bytes.is_empty() {
        let permit = stream.check_write()? as usize;
        if permit == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, rest) = bytes.split_at(permit.min(bytes.len()));
        stream.write(now)?;
        bytes = rest;
    }
    Ok(())
}

fn spin() -> ! {
    loop {
        CALLS.fetch_add(1, Relaxed);
    }
}

/// No loop, and an end that is centuries away.
#[inline(never)]
fn recurse(n: u64) -> u64 {
    if std::hint::black_box(n) < 2 {
        n
    } else {
        recurse(n - 1) + recurse(n - 2)
    }
}

/// Takes memory until there is no more.
fn grow() -> String {
    let mut pages = 0;
    while core::arch::wasm32::memory_grow(0, 16) != usize::MAX {
        pages += 16;
    }
    format!("{pages} pages")
}
