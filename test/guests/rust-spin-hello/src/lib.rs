//! Says hello, by Spin's SDK, and nothing else: how small can it be?
use spin_sdk::http::{Request, Response};

#[spin_sdk::http_component]
fn hello(_request: Request) -> Response {
    Response::new(200, "hello from rust\n")
}
