use std::fmt::{Debug, Display};

use wasi::filesystem::types::{filesystem_error_code, ErrorCode as FileError};
use wasi::io::streams::StreamError;
use wasi::sockets::network::ErrorCode as NetworkError;

/// An error that has a name of its own in the interface.
pub trait Coded {
    fn code(&self) -> String;
}

impl Coded for FileError {
    fn code(&self) -> String {
        self.name().into()
    }
}

impl Coded for NetworkError {
    fn code(&self) -> String {
        self.name().into()
    }
}

impl Coded for StreamError {
    fn code(&self) -> String {
        match self {
            StreamError::Closed => "closed".into(),
            StreamError::LastOperationFailed(error) => {
                let code = filesystem_error_code(error).map(|code| code.name());
                let is_described = !error.to_debug_string().is_empty();
                format!("failed({code:?}, described: {is_described})")
            }
        }
    }
}

/// What a call gave, in one word or two: `ok(VALUE)` or the error's name.
pub fn result<T: Debug>(given: Result<T, impl Coded>) -> String {
    match given {
        Ok(value) => format!("ok({value:?})"),
        Err(error) => error.code(),
    }
}

/// The same where the value is a handle, or of no interest.
pub fn outcome<T>(given: Result<T, impl Coded>) -> String {
    result(given.map(|_| ()))
}

pub fn say(what: impl Display, given: impl Display) {
    println!("{what} => {given}");
}
