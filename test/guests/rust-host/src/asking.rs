//! One case for each thing that a request to another server can show, which answers with what it was sent.
use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, Scheme,
};
use wasi::io::streams::StreamError;

use crate::rules::{immutable, list, pairs, text, trailers};
use crate::write_all;

type Pairs<'a> = &'a [(&'a str, &'a [u8])];

const TRAILER: Pairs = &[("trailer", b"x-end, x-more")];
const TRAILERS: Pairs = &[("x-end", b"1"), ("x-more", b"2"), ("x-not", b"3")];
const REPEATED: Pairs = &[("x-end", b"1"), ("x-more", b"2"), ("x-end", b"3")];

/// `case,authority`; the authority begins with `tls:` where HTTPS is meant.
pub fn run(query: &str) -> String {
    let (case, authority) = query.split_once(',').unwrap_or((query, ""));
    let post = |headers: Pairs| request(authority, Method::Post, "/echo", headers);
    let framed = |headers: Pairs| request(authority, Method::Post, "/framing", headers);
    match case {
        "trailers" => with_body(post(TRAILER), b"body", TRAILERS, When::After),
        "trailers-repeated" => with_body(post(TRAILER), b"body", REPEATED, When::After),
        "trailers-before" => with_body(post(TRAILER), b"body", TRAILERS, When::Before),
        "trailers-none" => with_body(framed(TRAILER), b"body", &[], When::After),
        "trailers-no-body" => with_body(post(TRAILER), b"", TRAILERS, When::After),
        "trailers-undeclared" => with_body(post(&[]), b"body", TRAILERS, When::After),
        "trailers-undeclared-before" => with_body(post(&[]), b"body", TRAILERS, When::Before),
        "trailers-with-length" => {
            let headers: Pairs = &[("trailer", b"x-end"), ("content-length", b"4")];
            with_body(post(headers), b"body", TRAILERS, When::After)
        }
        "trailers-of-get" => {
            let request = request(authority, Method::Get, "/echo", TRAILER);
            unsure(&with_body(request, b"body", TRAILERS, When::After))
        }
        "trailers-that-may-not" => {
            let names: Pairs = &[("trailer", b"authorization, content-type, te, X-End")];
            let values: Pairs = &[
                ("authorization", b"1"),
                ("content-type", b"2"),
                ("te", b"3"),
                ("x-end", b"4"),
            ];
            with_body(post(names), b"body", values, When::After)
        }
        "trailers-large" => with_body(post(TRAILER), &[b'x'; 300_000], TRAILERS, When::After),
        "body" => with_body(framed(&[]), b"body", &[], When::After),
        "body-empty" => with_body(framed(&[]), b"", &[], When::After),
        "body-none" => shown(handle(framed(&[]), None)),
        "body-of-get" => {
            let request = request(authority, Method::Get, "/echo", &[]);
            unsure(&with_body(request, b"body", &[], When::After))
        }
        "body-length" => with_body(
            framed(&[("content-length", b"4")]),
            b"body",
            &[],
            When::After,
        ),
        "body-short" => with_body(post(&[("content-length", b"9")]), b"body", &[], When::After),
        "body-long" => with_body(post(&[("content-length", b"2")]), b"body", &[], When::After),
        "body-dropped" => dropped(post(&[])),
        "body-dropped-trailers" => dropped(post(TRAILER)),
        "head-first" => head_first(request(authority, Method::Post, "/at-once", &[])),
        "head-first-trailers" => head_first(request(authority, Method::Post, "/at-once", TRAILER)),
        "response-first" => head_first(request(authority, Method::Post, "/whole-at-once", &[])),
        "response-read-first" => {
            read_first(request(authority, Method::Post, "/whole-at-once", &[]))
        }
        "written-after-drop" => written_after_drop(post(&[])),
        "denied-then-written" => denied_then_written(),
        "get-twice" => get_twice(request(authority, Method::Get, "/echo", &[])),
        "future-dropped" => {
            drop(handle(request(authority, Method::Get, "/echo", &[]), None).unwrap());
            "dropped".to_owned()
        }
        "response-unread" => {
            let response = receive(handle(request(authority, Method::Get, "/echo", &[]), None));
            let fields = response.as_ref().unwrap().headers();
            drop(response);
            format!("{:?}", fields.get("x-kind"))
        }
        "response-immutable" => {
            let response = receive(handle(request(authority, Method::Get, "/echo", &[]), None));
            immutable(&response.unwrap().headers())
        }
        "response-consume-twice" => {
            let response = receive(handle(request(authority, Method::Get, "/echo", &[]), None));
            let response = response.unwrap();
            format!(
                "{} {}",
                response.consume().is_ok(),
                response.consume().is_err()
            )
        }
        "response-hints" => shown(handle(request(authority, Method::Get, "/hints", &[]), None)),
        "response-no-content" => shown(handle(request(authority, Method::Get, "/204", &[]), None)),
        "response-to-head" => shown(handle(request(authority, Method::Head, "/echo", &[]), None)),
        "response-trailers" => shown(handle(
            request(authority, Method::Get, "/trailers", &[]),
            None,
        )),
        "method-other" => {
            let method = Method::Other("PURGE".to_owned());
            shown(handle(request(authority, method, "/echo", &[]), None))
        }
        "fields" => {
            let headers: Pairs = &[
                ("X-B", b"1"),
                ("x-a", b"\xe4 2"),
                ("x-b", b"3"),
                ("te", b"trailers"),
            ];
            shown(handle(
                request(authority, Method::Get, "/echo", headers),
                None,
            ))
        }
        "paths" => list(
            ["", "?x=1", "/a#b", "/\u{e4}", "//a"]
                .map(|path| shown(handle(request(authority, Method::Get, path, &[]), None))),
        ),
        "no-path" => {
            let request = OutgoingRequest::new(Fields::new());
            request.set_scheme(Some(&Scheme::Http)).unwrap();
            request.set_authority(Some(authority)).unwrap();
            shown(handle(request, None))
        }
        "no-authority" => {
            let request = OutgoingRequest::new(Fields::new());
            request.set_scheme(Some(&Scheme::Http)).unwrap();
            shown(handle(request, None))
        }
        "other-scheme" => {
            let request = request(authority, Method::Get, "/echo", &[]);
            request
                .set_scheme(Some(&Scheme::Other("ftp".to_owned())))
                .unwrap();
            shown(handle(request, None))
        }
        _ => format!("no case {case:?}"),
    }
}

fn request(authority: &str, method: Method, path: &str, headers: Pairs) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::from_list(&pairs(headers)).unwrap());
    request.set_method(&method).unwrap();
    let (scheme, authority) = match authority.strip_prefix("tls:") {
        Some(rest) => (Scheme::Https, rest),
        None => (Scheme::Http, authority),
    };
    request.set_scheme(Some(&scheme)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some(path)).unwrap();
    request
}

/// Whether the request is handed over before its body is written, or after that.
#[derive(PartialEq)]
enum When {
    Before,
    After,
}

/// `Before`: all of the body and its end come before the request is handed over.
fn with_body(request: OutgoingRequest, bytes: &[u8], trailers: Pairs, body_is: When) -> String {
    let body = request.body().unwrap();
    let finish = |body: OutgoingBody| {
        let stream = body.write().unwrap();
        let mut lines = Vec::new();
        if !bytes.is_empty() {
            lines.push(match crate::try_write_all(&stream, bytes) {
                Ok(()) => "written".to_owned(),
                Err(error) => failure(error),
            });
        }
        drop(stream);
        let fields = Fields::from_list(&pairs(trailers)).unwrap();
        let trailers = (!trailers.is_empty()).then_some(fields);
        lines.push(format!("{:?}", OutgoingBody::finish(body, trailers)));
        list(lines)
    };
    if body_is == When::Before {
        let finished = finish(body);
        return format!("{finished}\n{}", shown(handle(request, None)));
    }
    let future = handle(request, None);
    let finished = finish(body);
    format!("{finished}\n{}", shown(future))
}

/// Without what `write` and `finish` gave: a host that does not send the body may have found that out by then.
fn unsure(text: &str) -> String {
    list(text.lines().skip(2).map(str::to_owned))
}

fn failure(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => {
            format!("{:?}", wasi::http::types::http_error_code(&error))
        }
    }
}

fn dropped(request: OutgoingRequest) -> String {
    let body = request.body().unwrap();
    let future = handle(request, None);
    let stream = body.write().unwrap();
    write_all(&stream, b"half");
    drop(stream);
    drop(body);
    receive(future).map_or_else(
        |_| "error".to_owned(),
        |response| response.status().to_string(),
    )
}

/// The other server answers before there is anything of the body.
fn head_first(request: OutgoingRequest) -> String {
    let body = request.body().unwrap();
    let response = match receive(handle(request, None)) {
        Err(code) => return format!("{code:?}"),
        Ok(response) => response,
    };
    let stream = body.write().unwrap();
    let written =
        crate::try_write_all(&stream, b"late").map_or_else(failure, |()| "written".to_owned());
    drop(stream);
    let finished = OutgoingBody::finish(body, None).is_ok();
    format!(
        "{} {written} {finished}\n{}",
        response.status(),
        body_of(response)
    )
}

/// All of the response is read before there is anything of the body.
fn read_first(request: OutgoingRequest) -> String {
    let body = request.body().unwrap();
    let read = match receive(handle(request, None)) {
        Err(code) => return format!("{code:?}"),
        Ok(response) => body_of(response),
    };
    let stream = body.write().unwrap();
    let written =
        crate::try_write_all(&stream, b"late").map_or_else(failure, |()| "written".to_owned());
    drop(stream);
    format!(
        "{read} {written} {}",
        OutgoingBody::finish(body, None).is_ok()
    )
}

fn written_after_drop(request: OutgoingRequest) -> String {
    let body = request.body().unwrap();
    let stream = body.write().unwrap();
    drop(request);
    let permit = stream
        .check_write()
        .map_or_else(failure, |_| "open".to_owned());
    drop(stream);
    format!("{permit} {:?}", OutgoingBody::finish(body, None))
}

/// A request that is refused at once takes its body along.
fn denied_then_written() -> String {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    let body = request.body().unwrap();
    let stream = body.write().unwrap();
    let refused = handle(request, None).is_err();
    let permit = stream
        .check_write()
        .map_or_else(failure, |_| "open".to_owned());
    drop(stream);
    format!("{refused} {permit} {:?}", OutgoingBody::finish(body, None))
}

fn get_twice(request: OutgoingRequest) -> String {
    let future = handle(request, None).unwrap();
    let early = future.get().is_none();
    let pollable = future.subscribe();
    pollable.block();
    let ready = pollable.ready();
    drop(pollable);
    let first = matches!(future.get(), Some(Ok(Ok(_))));
    let second = matches!(future.get(), Some(Err(())));
    format!("{early} {ready} {first} {second}")
}

fn receive(
    future: Result<FutureIncomingResponse, ErrorCode>,
) -> Result<IncomingResponse, ErrorCode> {
    let future = future?;
    future.subscribe().block();
    future.get().unwrap().unwrap()
}

fn shown(future: Result<FutureIncomingResponse, ErrorCode>) -> String {
    match receive(future) {
        Err(code) => format!("{code:?}"),
        Ok(response) => {
            let status = response.status();
            let kind = text(
                &Fields::from_list(
                    &response
                        .headers()
                        .get("x-kind")
                        .into_iter()
                        .map(|value| ("x-kind".to_owned(), value))
                        .collect::<Vec<_>>(),
                )
                .unwrap(),
            );
            format!("{status} {kind} {}", body_of(response))
        }
    }
}

fn body_of(response: IncomingResponse) -> String {
    let body = response.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut bytes = Vec::new();
    let end = loop {
        match stream.blocking_read(65536) {
            Ok(chunk) => bytes.extend(chunk),
            Err(error) => break failure(error),
        }
    };
    drop(stream);
    let rest = trailers(IncomingBody::finish(body));
    format!("{end} {} {rest}", String::from_utf8_lossy(&bytes))
}
