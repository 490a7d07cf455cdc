//! One case for each sentence of `wasi:http/types` that can be tried without another server. A case answers with what the
//! functions returned; one that traps has no answer.
use std::fmt::Debug;

use wasi::http::types::{
    ErrorCode, Fields, FutureTrailers, HeaderError, IncomingBody, IncomingRequest, Method,
    OutgoingBody, OutgoingRequest, OutgoingResponse, RequestOptions, ResponseOutparam, Scheme,
};
use wasi::io::streams::{InputStream, StreamError};

use crate::serving::count;
use crate::{answer, begin, write_all};

/// Fields that some host does not let a guest set, and one that it does.
const NAMES: [&str; 12] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "Upgrade",
    "X-Good",
];
const BAD_NAMES: [&str; 6] = ["", "a b", "a:", "\u{e4}", "a\r\n", "(a)"];
const VALUES: [&[u8]; 9] = [
    b"",
    b" a ",
    b"\t",
    b"a\r\n",
    b"a\nb",
    b"\0",
    b"\x7f",
    b"\x80\xff",
    b"a,b",
];

pub fn run(case: &str, request: IncomingRequest, out: ResponseOutparam) {
    let text = match case {
        "fields-new" => new_fields(),
        "fields-from-list" => from_list(),
        "fields-names" => names(),
        "fields-values" => values(),
        "fields-get" => get(),
        "fields-set" => set(),
        "fields-delete" => delete(),
        "fields-order" => order(),
        "fields-length" => length(),
        "fields-clone" => clone(&request),
        "fields-immutable" => immutable(&request.headers()),
        "fields-immutable-names" => refusals(&request.headers(), &["x-a", "a b", "connection"]),
        "fields-too-large" => too_large(),
        "request-head" => head(&request),
        "request-consume-twice" => consume_twice(&request),
        "request-dropped-before-headers" => dropped_before_headers(request),
        "request-dropped-before-body" => dropped_before_body(request),
        "outgoing-request-new" => outgoing_request(),
        "outgoing-request-methods" => methods(),
        "outgoing-request-paths" => paths(),
        "outgoing-request-schemes" => schemes(),
        "outgoing-request-authorities" => authorities(),
        "outgoing-request-dropped-before-headers" => outgoing_dropped_before_headers(),
        "options" => options(),
        "response-new" => response(),
        "response-statuses" => statuses(),
        "body-stream-twice" => stream_twice(&request),
        "body-finish-unread" => finish_unread(&request),
        "body-finish-half-read" => finish_half_read(&request),
        "body-finish-read" => finish_read(&request),
        "body-finish-stream-open" => finish_stream_open(&request),
        "body-drop-stream-open" => drop_stream_open(&request),
        "body-drop-unread" => drop_unread(&request),
        "trailers-dropped-before-pollable" => trailers_before_pollable(&request),
        "stream-dropped-before-pollable" => stream_before_pollable(&request),
        "out-write-twice" => write_twice(),
        "out-finish-stream-open" => out_finish_stream_open(),
        "out-drop-stream-open" => out_drop_stream_open(),
        "out-finish-unattached" => finish_unattached(),
        _ => return answered(case, out),
    };
    answer(out, &text);
}

/// Cases in which the answer itself is what is tried.
fn answered(case: &str, out: ResponseOutparam) {
    match case {
        "answer-error" => ResponseOutparam::set(out, Err(ErrorCode::LoopDetected)),
        "answer-twice" => answer_twice(out),
        "answer-dropped" => drop(out),
        "answer-without-body" => {
            let response = OutgoingResponse::new(Fields::new());
            response.set_status_code(202).unwrap();
            ResponseOutparam::set(out, Ok(response));
        }
        "answer-body-never-written" => {
            let (body, stream) = begin(out, 203, &[]);
            drop(stream);
            OutgoingBody::finish(body, None).unwrap();
        }
        "answer-empty-with-length" => with_length(case, out, b"", b"5"),
        "answer-short" => with_length(case, out, b"half", b"10"),
        "answer-exact" => with_length(case, out, b"whole", b"5"),
        "answer-long" => with_length(case, out, b"too much", b"5"),
        "answer-dropped-body" => {
            let (body, stream) = begin(out, 200, &[]);
            stream.blocking_write_and_flush(b"half").unwrap();
            drop(stream);
            drop(body);
        }
        "answer-trailers" => with_trailers(out, &[("trailer".to_owned(), b"x-end".to_vec())]),
        "answer-trailers-undeclared" => with_trailers(out, &[]),
        "answer-goes-on" => {
            answer(out, "answered");
            let fields = Fields::new();
            fields.append("x-a", b"1").unwrap();
        }
        _ => crate::answer(out, &format!("no case {case:?}")),
    }
}

pub fn list(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

pub fn text(fields: &Fields) -> String {
    let entries = fields.entries();
    let texts = entries
        .iter()
        .map(|(name, value)| format!("{name}={}", value.escape_ascii()));
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

pub fn pairs(entries: &[(&str, &[u8])]) -> Vec<(String, Vec<u8>)> {
    entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
        .collect()
}

fn new_fields() -> String {
    let fields = Fields::new();
    let empty = text(&fields);
    format!("{empty} {:?} {}", fields.append("x-a", b"1"), text(&fields))
}

fn from_list() -> String {
    let lists: [&[(&str, &[u8])]; 5] = [
        &[("x-a", b"1"), ("x-a", b"2"), ("X-A", b"1")],
        &[("x-a", b"1"), ("a b", b"2")],
        &[("x-a", b"1"), ("x-b", b"\0")],
        &[("x-a", b"1"), ("connection", b"close")],
        &[],
    ];
    list(
        lists.map(|entries| match Fields::from_list(&pairs(entries)) {
            Err(error) => format!("{error:?}"),
            Ok(fields) => format!("{} {:?}", text(&fields), fields.append("x-z", b"1")),
        }),
    )
}

fn names() -> String {
    let all = NAMES.iter().chain(&BAD_NAMES);
    list(all.map(|name| {
        let fields = Fields::new();
        format!(
            "{name:?} {:?} {:?} {:?} {} {:?}",
            fields.append(name, b"1"),
            fields.set(name, &[b"2".to_vec()]),
            fields.delete(name),
            fields.has(name),
            fields.get(name),
        )
    }))
}

fn values() -> String {
    list(VALUES.map(|value| {
        let fields = Fields::new();
        let appended = fields.append("x-a", value);
        let set = fields.set("x-b", &[b"1".to_vec(), value.to_vec()]);
        format!(
            "{} {appended:?} {set:?} {}",
            value.escape_ascii(),
            text(&fields)
        )
    }))
}

fn get() -> String {
    let fields = Fields::from_list(&pairs(&[("X-A", b""), ("x-b", b"1"), ("x-a", b"2")])).unwrap();
    list(
        ["x-a", "X-a", "x-b", "x-c", "", "a b"]
            .map(|name| format!("{name:?} {} {:?}", fields.has(name), fields.get(name))),
    )
}

fn set() -> String {
    let fields = Fields::from_list(&pairs(&[("x-a", b"1"), ("x-a", b"2")])).unwrap();
    let mut lines = Vec::new();
    let mut attempt = |name: &str, values: &[&[u8]]| {
        let values = values
            .iter()
            .map(|value| value.to_vec())
            .collect::<Vec<_>>();
        let result = fields.set(name, &values);
        lines.push(format!("{result:?} {}", text(&fields)));
    };
    attempt("X-A", &[b"3", b"4"]);
    attempt("x-a", &[b"5", b"\0"]);
    attempt("x-b", &[]);
    attempt("x-a", &[b""]);
    attempt("x-a", &[]);
    list(lines)
}

fn delete() -> String {
    let fields = Fields::from_list(&pairs(&[("x-a", b"1"), ("x-b", b"2"), ("x-a", b"3")])).unwrap();
    list(
        ["x-c", "a b", "X-A", "x-a"]
            .map(|name| format!("{name:?} {:?} {}", fields.delete(name), text(&fields))),
    )
}

/// Names that come again, and upper case.
fn order() -> String {
    let entries: &[(&str, &[u8])] = &[("X-B", b"1"), ("x-a", b"2"), ("x-b", b"3")];
    text(&Fields::from_list(&pairs(entries)).unwrap())
}

fn length() -> String {
    let fields = Fields::new();
    let values: [&[u8]; 5] = [b"5", b"6", b" 7", b"x", b""];
    list(values.map(|value| {
        format!(
            "{:?} {}",
            fields.append("content-length", value),
            text(&fields)
        )
    }))
}

fn clone(request: &IncomingRequest) -> String {
    let first = Fields::from_list(&pairs(&[("x-a", b"1")])).unwrap();
    let second = first.clone();
    second.append("x-b", b"2").unwrap();
    first.delete("x-a").unwrap();
    let third = request.headers().clone();
    format!(
        "{} {} {:?}",
        text(&first),
        text(&second),
        third.append("x-a", b"1")
    )
}

/// What comes of each way to change them.
pub fn immutable(fields: &Fields) -> String {
    refusals(fields, &["x-a"])
}

fn refusals(fields: &Fields, names: &[&str]) -> String {
    let before = text(fields);
    let results = list(names.iter().map(|name| {
        format!(
            "{:?} {:?} {:?}",
            fields.append(name, b"1"),
            fields.set(name, &[b"1".to_vec()]),
            fields.delete(name)
        )
    }));
    assert_eq!(before, text(fields));
    results
}

fn too_large() -> String {
    let fields = Fields::new();
    let value = vec![b'a'; 1 << 20];
    let result: Result<(), HeaderError> = fields.append("x-a", &value);
    format!("{result:?}")
}

fn head(request: &IncomingRequest) -> String {
    let fields = request.headers();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        request.method(),
        request.path_with_query(),
        request.scheme(),
        request.authority(),
        fields.get("x-mixed"),
        fields.get("x-twice"),
    )
}

fn consume_twice(request: &IncomingRequest) -> String {
    let first = request.consume();
    let second = request.consume().is_err();
    let third = {
        drop(first.unwrap());
        request.consume().is_err()
    };
    format!("{second} {third}")
}

fn dropped_before_headers(request: IncomingRequest) -> String {
    let fields = request.headers();
    drop(request);
    format!("{:?}", fields.get("x-mixed"))
}

fn dropped_before_body(request: IncomingRequest) -> String {
    let body = request.consume().unwrap();
    drop(request);
    let stream = body.stream().unwrap();
    format!("{:?}", count(&stream))
}

fn outgoing_request() -> String {
    let fields = Fields::from_list(&pairs(&[("x-a", b"1")])).unwrap();
    let request = OutgoingRequest::new(fields);
    format!(
        "{:?} {:?} {:?} {:?} {}\n{}\n{} {}",
        request.method(),
        request.path_with_query(),
        request.scheme(),
        request.authority(),
        text(&request.headers()),
        immutable(&request.headers()),
        request.body().is_ok(),
        request.body().is_err(),
    )
}

fn methods() -> String {
    let request = OutgoingRequest::new(Fields::new());
    let known = [Method::Patch, Method::Connect, Method::Trace];
    let other = [
        "get", "GET", "PURGE", "", "a b", "\u{e4}", "a\n", "(a)", "!",
    ]
    .map(|name| Method::Other(name.to_owned()));
    list(known.into_iter().chain(other).map(|method| {
        let result = request.set_method(&method);
        format!("{method:?} {result:?} {:?}", request.method())
    }))
}

fn tried<T: Debug, R: Debug>(value: T, result: Result<(), ()>, now: R) -> String {
    format!("{value:?} {result:?} {now:?}")
}

fn paths() -> String {
    let request = OutgoingRequest::new(Fields::new());
    let paths = [
        "/a?b=c", "", "a", "?x", "*", "/a b", "/\u{e4}", "/a\n", "/a#b", "//a", "/%zz", "/\"<>",
    ];
    let mut lines = paths
        .map(|path| {
            let result = request.set_path_with_query(Some(path));
            tried(path, result, request.path_with_query())
        })
        .to_vec();
    let result = request.set_path_with_query(None);
    lines.push(tried("none", result, request.path_with_query()));
    list(lines)
}

fn schemes() -> String {
    let request = OutgoingRequest::new(Fields::new());
    let other = [
        "ftp", "http", "HTTP", "", "1a", "a b", "a+b.c-d", "a_b", "\u{e4}",
    ]
    .map(|name| Scheme::Other(name.to_owned()));
    list(
        [Scheme::Http, Scheme::Https]
            .into_iter()
            .chain(other)
            .map(|scheme| {
                let result = request.set_scheme(Some(&scheme));
                tried(&scheme, result, request.scheme())
            }),
    )
}

fn authorities() -> String {
    let request = OutgoingRequest::new(Fields::new());
    let authorities = [
        "a", "a.b:80", "[::1]:80", "[::1]", "::1", "a:", "a:b", "a:65536", "a:1:2", "", "a b",
        "a/b", "a?b", "a#b", "u:p@a", "u@a:80", "\u{e4}.b", "a_b", "a%20b", "[a", "1.2.3.4",
    ];
    list(authorities.map(|authority| {
        let result = request.set_authority(Some(authority));
        tried(authority, result, request.authority())
    }))
}

fn outgoing_dropped_before_headers() -> String {
    let request = OutgoingRequest::new(Fields::from_list(&pairs(&[("x-a", b"1")])).unwrap());
    let fields = request.headers();
    drop(request);
    text(&fields)
}

fn options() -> String {
    let options = RequestOptions::new();
    let get = || {
        [
            options.connect_timeout(),
            options.first_byte_timeout(),
            options.between_bytes_timeout(),
        ]
    };
    let mut lines = vec![format!("{:?}", get())];
    for duration in [Some(1), Some(0), Some(u64::MAX), None] {
        let results = [
            options.set_connect_timeout(duration),
            options.set_first_byte_timeout(duration.map(|ns| ns / 2)),
            options.set_between_bytes_timeout(duration.map(|ns| ns / 3)),
        ];
        lines.push(format!("{results:?} {:?}", get()));
    }
    list(lines)
}

fn response() -> String {
    let fields = Fields::from_list(&pairs(&[("x-a", b"1")])).unwrap();
    let response = OutgoingResponse::new(fields);
    format!(
        "{} {}\n{}\n{} {}",
        response.status_code(),
        text(&response.headers()),
        immutable(&response.headers()),
        response.body().is_ok(),
        response.body().is_err(),
    )
}

fn statuses() -> String {
    let response = OutgoingResponse::new(Fields::new());
    list(
        [0, 99, 100, 103, 199, 200, 204, 599, 600, 999, 1000, 65535].map(|status| {
            let result = response.set_status_code(status);
            tried(status, result, response.status_code())
        }),
    )
}

fn opened(request: &IncomingRequest) -> (IncomingBody, InputStream) {
    let body = request.consume().unwrap();
    let stream = body.stream().unwrap();
    (body, stream)
}

fn stream_twice(request: &IncomingRequest) -> String {
    let (body, stream) = opened(request);
    let second = body.stream().is_err();
    drop(stream);
    format!("{second} {}", body.stream().is_err())
}

fn finish_unread(request: &IncomingRequest) -> String {
    trailers(IncomingBody::finish(request.consume().unwrap()))
}

fn finish_half_read(request: &IncomingRequest) -> String {
    let (body, stream) = opened(request);
    let bytes = stream.blocking_read(2).unwrap().len();
    drop(stream);
    format!("{bytes} {}", trailers(IncomingBody::finish(body)))
}

fn finish_read(request: &IncomingRequest) -> String {
    let (body, stream) = opened(request);
    let bytes = count(&stream);
    drop(stream);
    format!("{bytes:?} {}", trailers(IncomingBody::finish(body)))
}

/// The second `get` fails, and what the first gave is immutable.
pub fn trailers(future: FutureTrailers) -> String {
    let pollable = future.subscribe();
    pollable.block();
    let ready = pollable.ready();
    drop(pollable);
    let first = future.get();
    let second = future.get();
    let shown = match first {
        None => "not ready".to_owned(),
        Some(Err(())) => "taken".to_owned(),
        Some(Ok(Err(code))) => format!("{code:?}"),
        Some(Ok(Ok(None))) => "none".to_owned(),
        Some(Ok(Ok(Some(fields)))) => format!("{}\n{}", text(&fields), immutable(&fields)),
    };
    format!("{ready} {shown} {:?}", second.map(|result| result.is_err()))
}

fn finish_stream_open(request: &IncomingRequest) -> String {
    let (body, stream) = opened(request);
    let future = IncomingBody::finish(body);
    drop(future);
    format!("{:?}", count(&stream))
}

fn drop_stream_open(request: &IncomingRequest) -> String {
    let (body, stream) = opened(request);
    drop(body);
    format!("{:?}", count(&stream))
}

fn drop_unread(request: &IncomingRequest) -> String {
    let (body, stream) = opened(request);
    drop(stream);
    drop(body);
    "dropped".to_owned()
}

fn trailers_before_pollable(request: &IncomingRequest) -> String {
    let future = IncomingBody::finish(request.consume().unwrap());
    let pollable = future.subscribe();
    drop(future);
    pollable.block();
    "ready".to_owned()
}

fn stream_before_pollable(request: &IncomingRequest) -> String {
    let (_body, stream) = opened(request);
    let pollable = stream.subscribe();
    drop(stream);
    pollable.block();
    "ready".to_owned()
}

fn unattached() -> (OutgoingResponse, OutgoingBody) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    (response, body)
}

fn write_twice() -> String {
    let (_response, body) = unattached();
    let stream = body.write().unwrap();
    let second = body.write().is_err();
    drop(stream);
    format!("{second} {}", body.write().is_err())
}

fn out_finish_stream_open() -> String {
    let (_response, body) = unattached();
    let _stream = body.write().unwrap();
    format!("{:?}", OutgoingBody::finish(body, None).is_ok())
}

fn out_drop_stream_open() -> String {
    let (_response, body) = unattached();
    let stream = body.write().unwrap();
    drop(body);
    format!("{:?}", stream.check_write().is_ok())
}

fn finish_unattached() -> String {
    let (response, body) = unattached();
    drop(response);
    format!("{:?}", OutgoingBody::finish(body, None).is_ok())
}

/// With the handle that the first call took.
fn answer_twice(out: ResponseOutparam) {
    let again = unsafe { ResponseOutparam::from_handle(out.handle()) };
    answer(out, "first");
    ResponseOutparam::set(again, Err(ErrorCode::LoopDetected));
}

/// Says in the log what it could not answer.
fn with_length(case: &str, out: ResponseOutparam, bytes: &[u8], length: &[u8]) {
    let fields = [("content-length".to_owned(), length.to_vec())];
    let (body, stream) = begin(out, 200, &fields);
    let written = match stream.write(bytes) {
        Err(StreamError::LastOperationFailed(error)) => {
            format!("{:?}", wasi::http::types::http_error_code(&error))
        }
        result => format!("{result:?}"),
    };
    drop(stream);
    let finished = OutgoingBody::finish(body, None);
    eprintln!("{case}: write {written} finish {finished:?}.");
}

fn with_trailers(out: ResponseOutparam, fields: &[(String, Vec<u8>)]) {
    let (body, stream) = begin(out, 200, fields);
    write_all(&stream, b"body");
    drop(stream);
    let trailers = Fields::from_list(&pairs(&[("x-end", b"1"), ("x-other", b"2")])).unwrap();
    OutgoingBody::finish(body, Some(trailers)).unwrap();
}
