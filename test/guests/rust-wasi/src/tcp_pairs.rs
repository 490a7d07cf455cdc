use wasi::io::streams::{InputStream, OutputStream};
use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{ErrorCode, IpAddressFamily};
use wasi::sockets::tcp::TcpSocket;
use wasi::sockets::tcp_create_socket::create_tcp_socket;

use crate::addresses::loopback;
use crate::say::{outcome, say};

pub fn finish<T>(
    socket: &TcpSocket,
    finish: impl Fn(&TcpSocket) -> Result<T, ErrorCode>,
) -> Result<T, ErrorCode> {
    loop {
        match finish(socket) {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            given => return given,
        }
    }
}

pub fn bound(family: IpAddressFamily) -> TcpSocket {
    let socket = create_tcp_socket(family).unwrap();
    socket
        .start_bind(&instance_network(), loopback(family, 0))
        .unwrap();
    finish(&socket, TcpSocket::finish_bind).unwrap();
    socket
}

pub fn listening(family: IpAddressFamily) -> TcpSocket {
    let socket = bound(family);
    socket.start_listen().unwrap();
    finish(&socket, TcpSocket::finish_listen).unwrap();
    socket
}

/// A connection as one side has it. The streams are dropped first: they are the socket's children.
pub struct Side {
    pub input: InputStream,
    pub output: OutputStream,
    pub socket: TcpSocket,
}

pub struct Pair {
    pub client: Side,
    pub server: Side,
    pub listener: TcpSocket,
}

/// Waits for both ends: a host may do nothing for a connection that nobody waits for.
pub fn established(client: TcpSocket, listener: &TcpSocket) -> (Side, Side) {
    client
        .start_connect(&instance_network(), listener.local_address().unwrap())
        .unwrap();
    let (input, output) = finish(&client, TcpSocket::finish_connect).unwrap();
    let client = Side {
        input,
        output,
        socket: client,
    };
    let (socket, input, output) = finish(listener, TcpSocket::accept).unwrap();
    (
        client,
        Side {
            input,
            output,
            socket,
        },
    )
}

pub fn connected(family: IpAddressFamily) -> Pair {
    let listener = listening(family);
    let (client, server) = established(create_tcp_socket(family).unwrap(), &listener);
    Pair {
        client,
        server,
        listener,
    }
}

/// A connection that nobody took: the port is somebody's, who does not listen.
pub fn refused(family: IpAddressFamily) -> TcpSocket {
    let silent = bound(family);
    let address = silent.local_address().unwrap();
    let socket = create_tcp_socket(family).unwrap();
    socket.start_connect(&instance_network(), address).unwrap();
    say(
        format!("connect where nobody listens {family:?}"),
        outcome(finish(&socket, TcpSocket::finish_connect)),
    );
    socket
}
