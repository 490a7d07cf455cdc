//! Takes messages of Redis channels by Spin's SDK, and says what it got, and that it was the first one.
use std::sync::atomic::{AtomicU32, Ordering};
use std::{thread, time::Duration};

static CALLS: AtomicU32 = AtomicU32::new(0);

#[spin_sdk::redis_component]
fn on_message(message: Vec<u8>) -> Result<(), String> {
    let call = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    match &*message {
        b"fail" => return Err("asked to fail".into()),
        b"trap" => unreachable!("asked to trap"),
        b"slow" => thread::sleep(Duration::from_millis(1500)),
        _ => {}
    }
    println!("call {call}: {} bytes: {:?}", message.len(), &message[..message.len().min(16)]);
    Ok(())
}
