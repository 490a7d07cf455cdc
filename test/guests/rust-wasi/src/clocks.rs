use wasi::clocks::monotonic_clock::{now, resolution, subscribe_duration, subscribe_instant};
use wasi::clocks::wall_clock;
use wasi::io::poll::poll;
use wasi::random::{insecure, insecure_seed::insecure_seed, random};

use crate::say::say;

const FUTURE: u64 = 3600 * 1_000_000_000;
const SHORT: u64 = 2_000_000;

/// Clocks, and random numbers: what holds for them whenever they are asked.
pub fn all() {
    say("monotonic resolution > 0", resolution() > 0);
    let (first, second) = (now(), now());
    say("monotonic now", second >= first);
    let wall = wall_clock::resolution();
    say(
        "wall resolution > 0",
        wall.seconds > 0 || wall.nanoseconds > 0,
    );
    let time = wall_clock::now();
    say(
        "wall now",
        time.seconds > 1_700_000_000 && time.nanoseconds < 1_000_000_000,
    );
    for (what, instant) in [
        ("0", 0),
        ("now", now()),
        ("later", now() + FUTURE),
        ("never", u64::MAX),
    ] {
        say(
            format!("subscribe-instant {what} ready"),
            subscribe_instant(instant).ready(),
        );
    }
    for duration in [0, FUTURE, u64::MAX - now(), u64::MAX] {
        let what = if duration > FUTURE {
            "large"
        } else if duration > 0 {
            "an hour"
        } else {
            "0"
        };
        say(
            format!("subscribe-duration {what} ready"),
            subscribe_duration(duration).ready(),
        );
    }
    waits();
    numbers();
}

fn waits() {
    let start = now();
    let soon = subscribe_duration(SHORT);
    soon.block();
    say(
        "subscribe-duration block",
        now() - start >= SHORT && soon.ready(),
    );
    soon.block();
    let start = now();
    let (soon, never) = (
        subscribe_instant(start + SHORT),
        subscribe_duration(u64::MAX),
    );
    say("poll of timers", format!("{:?}", poll(&[&never, &soon])));
    say("poll took its time", now() - start >= SHORT);
}

fn numbers() {
    for length in [0, 1, 255, 65_536, 1 << 20] {
        say(
            format!("get-random-bytes {length}"),
            random::get_random_bytes(length).len(),
        );
        say(
            format!("get-insecure-random-bytes {length}"),
            insecure::get_insecure_random_bytes(length).len(),
        );
    }
    say(
        "get-random-bytes differ",
        random::get_random_bytes(16) != random::get_random_bytes(16),
    );
    say(
        "get-random-u64 differ",
        random::get_random_u64() != random::get_random_u64(),
    );
    let differ = insecure::get_insecure_random_u64() != insecure::get_insecure_random_u64();
    say("get-insecure-random-u64 differ", differ);
    say("insecure-seed stays", insecure_seed() == insecure_seed());
    say("insecure-seed > 0", insecure_seed() != (0, 0));
}
