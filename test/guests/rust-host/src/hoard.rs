//! Guests that have the host keep much for them.
use wasi::http::outgoing_handler::handle;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingRequest, OutgoingResponse, Scheme,
};

/// Times about 100 KB: 0.8 GB.
const TIMES: usize = 8_000;
const VALUE_BYTES: usize = 100_000;
const BODY_BYTES: usize = 60_000;

/// `case,authority`: takes until it is ended, but for those that give back what they took.
pub fn run(query: &str, request: &IncomingRequest) -> String {
    let (case, authority) = query.split_once(',').unwrap_or((query, ""));
    let times = || 0..TIMES;
    let kept = match case {
        "fields" => times().map(|_| large()).collect::<Vec<_>>().len(),
        "fields-empty" => (0..900_000)
            .map(|_| Fields::new())
            .collect::<Vec<_>>()
            .len(),
        "fields-clone" => {
            let first = large();
            times().map(|_| first.clone()).collect::<Vec<_>>().len()
        }
        "fields-clone-incoming" => {
            let first = request.headers();
            times().map(|_| first.clone()).collect::<Vec<_>>().len()
        }
        "views" => times()
            .map(|_| OutgoingRequest::new(large()).headers())
            .collect::<Vec<_>>()
            .len(),
        "requests" => times()
            .map(|_| OutgoingRequest::new(large()))
            .collect::<Vec<_>>()
            .len(),
        "responses" => times()
            .map(|_| OutgoingResponse::new(large()))
            .collect::<Vec<_>>()
            .len(),
        "bodies" => times().map(|_| begun()).collect::<Vec<_>>().len(),
        "bodies-finished" => times()
            .map(|_| {
                let (request, body) = begun();
                OutgoingBody::finish(body, None).unwrap();
                request
            })
            .collect::<Vec<_>>()
            .len(),
        "trailers" => times()
            .map(|_| {
                let request = OutgoingRequest::new(Fields::new());
                let body = request.body().unwrap();
                OutgoingBody::finish(body, Some(large())).unwrap();
                request
            })
            .collect::<Vec<_>>()
            .len(),
        "unread" => times().map(|_| unread(authority)).collect::<Vec<_>>().len(),
        "headers-again" => (0..300_000)
            .map(|_| request.headers())
            .collect::<Vec<_>>()
            .len(),
        "given-back" => {
            give_back(request);
            0
        }
        _ => panic!("no case {case:?}"),
    };
    format!("{kept} kept")
}

fn large() -> Fields {
    let fields = Fields::new();
    fields.append("x-large", &[b'x'; VALUE_BYTES]).unwrap();
    fields
}

fn begun() -> (OutgoingRequest, OutgoingBody) {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().unwrap();
    let stream = body.write().unwrap();
    stream.write(&[b'x'; BODY_BYTES]).unwrap();
    drop(stream);
    (request, body)
}

/// A response that has come, of which the guest wants nothing and that it keeps.
fn unread(authority: &str) -> wasi::http::types::IncomingResponse {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    let future = handle(request, None).unwrap();
    future.subscribe().block();
    future.get().unwrap().unwrap().unwrap()
}

/// All that the others do, many times more than may be kept, with nothing kept.
fn give_back(request: &IncomingRequest) {
    for _ in 0..200 {
        let fields = large();
        drop(fields.clone());
        fields.delete("x-large").unwrap();
        drop(request.headers().clone());
        let request = OutgoingRequest::new(large());
        let view = request.headers();
        drop(request);
        drop(view);
        drop(OutgoingResponse::new(large()));
        drop(begun());
        let (request, body) = begun();
        drop(request);
        OutgoingBody::finish(body, Some(large())).unwrap();
        let (request, body) = begun();
        OutgoingBody::finish(body, Some(large())).unwrap();
        drop(request);
        assert!(Fields::from_list(&[("a b".to_owned(), vec![])]).is_err());
    }
}
