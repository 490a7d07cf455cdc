use wasi::clocks::monotonic_clock;
use wasi::http::types::{
    Fields, HeaderError, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse,
    ResponseOutparam,
};
use wasi::io::poll;
use wasi::io::streams::{InputStream, StreamError};

use crate::{begin, try_write_all, write_all};

/// Gives the body back while it comes.
pub fn echo(request: &IncomingRequest, out: ResponseOutparam) {
    let incoming = request.consume().unwrap();
    let source = incoming.stream().unwrap();
    let (body, sink) = begin(out, 200, &[]);
    loop {
        match sink.blocking_splice(&source, 65536) {
            Ok(_) => (),
            Err(StreamError::Closed) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
    drop(sink);
    OutgoingBody::finish(body, None).unwrap();
}

/// Counts the body.
pub fn upload(request: &IncomingRequest, out: ResponseOutparam) {
    let incoming = request.consume().unwrap();
    let stream = incoming.stream().unwrap();
    match count(&stream) {
        Ok(bytes) => crate::answer(out, &format!("{bytes} bytes")),
        Err(StreamError::LastOperationFailed(error)) => {
            eprintln!("upload failed: {}", error.to_debug_string());
            let code = wasi::http::types::http_error_code(&error);
            let (body, stream) = begin(out, 400, &[]);
            write_all(&stream, format!("{code:?}\n").as_bytes());
            drop(stream);
            OutgoingBody::finish(body, None).unwrap();
        }
        Err(StreamError::Closed) => unreachable!(),
    }
}

pub fn count(stream: &InputStream) -> Result<u64, StreamError> {
    let mut bytes = 0;
    loop {
        match stream.blocking_read(1 << 20) {
            Ok(chunk) => bytes += chunk.len() as u64,
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(error),
        }
    }
}

/// Makes a body of `bytes` bytes.
pub fn download(out: ResponseOutparam, mut bytes: u64) {
    let (body, stream) = begin(out, 200, &[]);
    let chunk = vec![b'x'; 1 << 16];
    while bytes > 0 {
        let now = bytes.min(chunk.len() as u64);
        write_all(&stream, &chunk[..now as usize]);
        bytes -= now;
    }
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

/// Answers with the trailers of the request, as trailers.
pub fn trailers(request: IncomingRequest, out: ResponseOutparam) {
    let incoming = request.consume().unwrap();
    let stream = incoming.stream().unwrap();
    let bytes = count(&stream).unwrap();
    drop(stream);
    let future = IncomingBody::finish(incoming);
    future.subscribe().block();
    let trailers = future.get().unwrap().unwrap().unwrap();
    assert!(future.get().unwrap().is_err(), "trailers come once");
    let (body, sink) = begin(out, 200, &[("trailer".to_owned(), b"x-bytes".to_vec())]);
    write_all(&sink, b"body\n");
    drop(sink);
    let answer = Fields::new();
    answer
        .append("x-bytes", bytes.to_string().as_bytes())
        .unwrap();
    for (name, value) in trailers.map(|fields| fields.entries()).unwrap_or_default() {
        answer.append(&format!("x-{name}"), &value).unwrap();
    }
    OutgoingBody::finish(body, Some(answer)).unwrap();
}

/// What the rules for fields say.
pub fn fields(request: &IncomingRequest) -> String {
    let mut lines = vec![format!(
        "method {:?} scheme {:?} authority {:?}",
        request.method(),
        request.scheme(),
        request.authority()
    )];
    let headers = request.headers();
    for (name, value) in headers.entries() {
        lines.push(format!("{name}={}", String::from_utf8_lossy(&value)));
    }
    lines.push(format!("immutable {:?}", headers.append("x-a", b"1")));
    let fields = Fields::new();
    for name in [
        "connection",
        "Transfer-Encoding",
        "host",
        "upgrade",
        "keep-alive",
    ] {
        lines.push(format!("{name} {:?}", fields.append(name, b"1")));
    }
    lines.push(format!("bad name {:?}", fields.append("a b", b"1")));
    lines.push(format!(
        "bad value {:?}",
        fields.append("x-a", b"1\r\nx-b: 2")
    ));
    lines.push(format!("zero {:?}", fields.append("x-a", b"\0")));
    lines.push(format!("good {:?}", fields.append("X-Mixed", b"\xe4 ok")));
    lines.push(format!("get {:?}", fields.get("x-mixed")));
    let response = OutgoingResponse::new(fields);
    lines.push(format!(
        "response {:?}",
        response.headers().set("x-a", &[b"1".to_vec()])
    ));
    lines.push(format!("status {:?}", response.set_status_code(99)));
    lines.push(format!("large {:?}", large()));
    lines.join("\n")
}

fn large() -> Result<(), HeaderError> {
    Fields::new().append("x-large", &vec![b'a'; 20_000])
}

/// Two pieces with a pause between them.
pub fn slow(out: ResponseOutparam, ms: u64) {
    let (body, stream) = begin(out, 200, &[]);
    stream.blocking_write_and_flush(b"first\n").unwrap();
    monotonic_clock::subscribe_duration(ms * 1_000_000).block();
    stream.blocking_write_and_flush(b"second\n").unwrap();
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

/// Writes until the client has gone, and says so.
pub fn endless(out: ResponseOutparam) {
    let (_body, stream) = begin(out, 200, &[]);
    let chunk = [b'x'; 4096];
    let error = loop {
        if let Err(error) = try_write_all(&stream, &chunk) {
            break error;
        }
    };
    eprintln!("the client has gone: {error:?}");
}

/// Forgets to finish.
pub fn unfinished(out: ResponseOutparam) {
    let (body, stream) = begin(out, 200, &[]);
    stream.blocking_write_and_flush(b"half").unwrap();
    monotonic_clock::subscribe_duration(50_000_000).block();
    drop(stream);
    drop(body);
}

/// Promises more than it gives.
pub fn short(out: ResponseOutparam) {
    let (body, stream) = begin(out, 200, &[("content-length".to_owned(), b"10".to_vec())]);
    stream.blocking_write_and_flush(b"half").unwrap();
    drop(stream);
    eprintln!("finish: {:?}", OutgoingBody::finish(body, None));
}

/// Writes before the response is set.
pub fn early(out: ResponseOutparam) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    assert!(response.body().is_err(), "the body is given once");
    let stream = body.write().unwrap();
    assert!(body.write().is_err(), "the stream is given once");
    write_all(&stream, b"early\n");
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
    ResponseOutparam::set(out, Ok(response));
}

pub fn sleep(ms: u64) -> String {
    let start = monotonic_clock::now();
    monotonic_clock::subscribe_duration(ms * 1_000_000).block();
    format!(
        "slept {}",
        (monotonic_clock::now() - start) / 1_000_000 >= ms
    )
}

pub fn poll() -> String {
    let late = monotonic_clock::subscribe_duration(60_000_000_000);
    // Far enough away not to be there when the first poll looks, however slow the machine is.
    let soon = monotonic_clock::subscribe_duration(500_000_000);
    let past = monotonic_clock::subscribe_instant(0);
    let first = poll::poll(&[&late, &soon, &past]);
    let second = poll::poll(&[&late, &soon]);
    format!("{first:?} {second:?} {} {}", late.ready(), past.ready())
}

pub fn random() -> String {
    use wasi::random::{insecure, insecure_seed, random};
    let bytes = random::get_random_bytes(40);
    let large = random::get_random_bytes(100_000);
    let distinct = random::get_random_u64() != random::get_random_u64()
        && insecure::get_insecure_random_u64() != insecure::get_insecure_random_u64()
        && insecure_seed::insecure_seed() != insecure_seed::insecure_seed();
    format!(
        "{} {} {} {distinct}",
        bytes.len(),
        bytes != random::get_random_bytes(40),
        large.len()
    )
}
