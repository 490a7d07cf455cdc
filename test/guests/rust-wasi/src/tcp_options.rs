use std::fmt::Display;

use wasi::sockets::network::{ErrorCode, IpAddressFamily};
use wasi::sockets::tcp::TcpSocket;
use wasi::sockets::tcp_create_socket::create_tcp_socket;

use crate::addresses::{families, name_of};
use crate::say::{outcome, result, say};
use crate::tcp_pairs::{bound, connected, established, listening, refused};

const SECOND: u64 = 1_000_000_000;
const DURATIONS: &[u64] = &[
    0,
    1,
    SECOND - 1,
    SECOND,
    SECOND + 1,
    75 * SECOND,
    32_767 * SECOND,
    40_000 * SECOND,
    u64::MAX,
];
const COUNTS: &[u32] = &[0, 1, 9, 127, 128, u32::MAX];
const HOPS: &[u8] = &[0, 1, 64, 255];
const SIZES: &[u64] = &[0, 1, 4096, 65_536, 1 << 40, u64::MAX];

type Set<'a, T> = &'a dyn Fn(&TcpSocket, T) -> Result<(), ErrorCode>;
type Get<'a, T> = &'a dyn Fn(&TcpSocket) -> Result<T, ErrorCode>;

/// What is set on a socket of TCP, and reads back, in each state.
pub fn all() {
    for family in families() {
        let name = name_of(family);
        options(
            &format!("{name} unbound"),
            &create_tcp_socket(family).unwrap(),
        );
        options(&format!("{name} bound"), &bound(family));
        options(&format!("{name} listening"), &listening(family));
        options(&format!("{name} refused"), &refused(family));
        let pair = connected(family);
        options(&format!("{name} connected"), &pair.client.socket);
        options(&format!("{name} accepted"), &pair.server.socket);
        inherited(&name, family);
    }
}

fn options(state: &str, socket: &TcpSocket) {
    say(
        format!("{state} keep-alive-enabled"),
        result(socket.keep_alive_enabled()),
    );
    let get: Get<bool> = &TcpSocket::keep_alive_enabled;
    option(
        &format!("{state} keep-alive-enabled"),
        socket,
        &[true, true, false],
        &TcpSocket::set_keep_alive_enabled,
        get,
    );
    let get: Get<u64> = &TcpSocket::keep_alive_idle_time;
    option(
        &format!("{state} keep-alive-idle-time"),
        socket,
        DURATIONS,
        &TcpSocket::set_keep_alive_idle_time,
        get,
    );
    let get: Get<u64> = &TcpSocket::keep_alive_interval;
    option(
        &format!("{state} keep-alive-interval"),
        socket,
        DURATIONS,
        &TcpSocket::set_keep_alive_interval,
        get,
    );
    let get: Get<u32> = &TcpSocket::keep_alive_count;
    option(
        &format!("{state} keep-alive-count"),
        socket,
        COUNTS,
        &TcpSocket::set_keep_alive_count,
        get,
    );
    let get: Get<u8> = &TcpSocket::hop_limit;
    option(
        &format!("{state} hop-limit"),
        socket,
        HOPS,
        &TcpSocket::set_hop_limit,
        get,
    );
    // Of sizes it is the kernel that decides.
    let get: Get<bool> = &|socket| socket.receive_buffer_size().map(|size| size > 0);
    option(
        &format!("{state} receive-buffer-size"),
        socket,
        SIZES,
        &TcpSocket::set_receive_buffer_size,
        get,
    );
    let get: Get<bool> = &|socket| socket.send_buffer_size().map(|size| size > 0);
    option(
        &format!("{state} send-buffer-size"),
        socket,
        SIZES,
        &TcpSocket::set_send_buffer_size,
        get,
    );
}

fn option<T: Copy + Display, U: std::fmt::Debug>(
    what: &str,
    socket: &TcpSocket,
    values: &[T],
    set: Set<T>,
    get: Get<U>,
) {
    say(what, result(get(socket)));
    for value in values {
        let given = outcome(set(socket, *value));
        say(
            format!("{what} set {value}"),
            format!("{given}, then {}", result(get(socket))),
        );
    }
}

/// What is set on the listener holds for those that it accepts.
fn inherited(name: &str, family: IpAddressFamily) {
    let listener = listening(family);
    listener.set_keep_alive_enabled(true).unwrap();
    listener.set_keep_alive_idle_time(100 * SECOND).unwrap();
    listener.set_keep_alive_interval(10 * SECOND).unwrap();
    listener.set_keep_alive_count(5).unwrap();
    listener.set_hop_limit(42).unwrap();
    let (_client, server) = established(create_tcp_socket(family).unwrap(), &listener);
    let accepted = &server.socket;
    say(
        format!("{name} inherited keep-alive-enabled"),
        result(accepted.keep_alive_enabled()),
    );
    say(
        format!("{name} inherited keep-alive-idle-time"),
        result(accepted.keep_alive_idle_time()),
    );
    say(
        format!("{name} inherited keep-alive-interval"),
        result(accepted.keep_alive_interval()),
    );
    say(
        format!("{name} inherited keep-alive-count"),
        result(accepted.keep_alive_count()),
    );
    say(
        format!("{name} inherited hop-limit"),
        result(accepted.hop_limit()),
    );
}
