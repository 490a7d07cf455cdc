use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, ResponseOutparam, Scheme,
};
use wasi::io::streams::StreamError;

use crate::serving::count;
use crate::{answer, begin, write_all};

/// A request to `authority/path` over plain HTTP.
fn request_to(target: &str, method: Method) -> OutgoingRequest {
    let (authority, path) = target.split_once('/').unwrap_or((target, ""));
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&method).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request
        .set_path_with_query(Some(&format!("/{path}")))
        .unwrap();
    request
}

fn send(
    request: OutgoingRequest,
    options: Option<RequestOptions>,
) -> Result<IncomingResponse, ErrorCode> {
    let future = handle(request, options)?;
    future.subscribe().block();
    let response = future.get().unwrap().unwrap();
    assert!(future.get().unwrap().is_err(), "the response comes once");
    response
}

/// Fetches, and tells status, fields, length and trailers.
pub fn fetch(out: ResponseOutparam, target: &str) {
    let text = match send(request_to(target, Method::Get), None) {
        Err(code) => format!("error {code:?}"),
        Ok(response) => describe(response),
    };
    answer(out, &text);
}

fn describe(response: IncomingResponse) -> String {
    let body = response.consume().unwrap();
    let stream = body.stream().unwrap();
    let bytes = count(&stream);
    drop(stream);
    let status = response.status();
    let kind = response.headers().get("content-type");
    let bytes = match bytes {
        Ok(bytes) => bytes.to_string(),
        Err(StreamError::LastOperationFailed(error)) => {
            return format!(
                "{status} body {:?}",
                wasi::http::types::http_error_code(&error)
            )
        }
        Err(StreamError::Closed) => unreachable!(),
    };
    let future = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = future
        .get()
        .unwrap()
        .unwrap()
        .unwrap()
        .map(|fields| fields.entries());
    let kind = kind
        .iter()
        .map(|value| String::from_utf8_lossy(value))
        .collect::<Vec<_>>();
    let trailers = trailers
        .unwrap_or_default()
        .into_iter()
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    format!("{status} {kind:?} {bytes} {trailers:?}")
}

/// The three timeouts, each against a peer that does not answer in time: `connect,first-byte,between-bytes`.
pub fn timeouts(targets: &str) -> String {
    let soon = Some(200_000_000);
    let mut lines = Vec::new();
    for (index, target) in targets.split(',').enumerate() {
        let options = RequestOptions::new();
        match index {
            0 => options.set_connect_timeout(soon).unwrap(),
            1 => options.set_first_byte_timeout(soon).unwrap(),
            _ => options.set_between_bytes_timeout(soon).unwrap(),
        }
        lines.push(match send(request_to(target, Method::Get), Some(options)) {
            Err(code) => format!("error {code:?}"),
            Ok(response) => describe(response),
        });
    }
    lines.join("\n")
}

/// Sends the body on to the target while it comes, and gives the target's answer back while that comes.
pub fn relay(request: IncomingRequest, out: ResponseOutparam, target: &str) {
    let outgoing = request_to(target, Method::Post);
    let outgoing_body = outgoing.body().unwrap();
    let future = handle(outgoing, None).unwrap();
    let incoming = request.consume().unwrap();
    let source = incoming.stream().unwrap();
    let sink = outgoing_body.write().unwrap();
    while sink.blocking_splice(&source, 65536).is_ok() {}
    drop(sink);
    OutgoingBody::finish(outgoing_body, None).unwrap();
    future.subscribe().block();
    let response = future.get().unwrap().unwrap().unwrap();
    let body = response.consume().unwrap();
    let back = body.stream().unwrap();
    let (answer, answer_stream) = begin(out, response.status(), &[]);
    loop {
        match back.blocking_read(65536) {
            Ok(chunk) => write_all(&answer_stream, &chunk),
            Err(StreamError::Closed) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
    drop(answer_stream);
    OutgoingBody::finish(answer, None).unwrap();
}
