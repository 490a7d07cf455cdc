use wasi::sockets::instance_network::instance_network;
use wasi::sockets::ip_name_lookup::resolve_addresses;
use wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasi::sockets::tcp::{ShutdownType, TcpSocket};
use wasi::sockets::tcp_create_socket::create_tcp_socket;
use wasi::sockets::udp::{OutgoingDatagram, UdpSocket};
use wasi::sockets::udp_create_socket::create_udp_socket;

use crate::serving::count;

fn local(port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress {
        port,
        address: (127, 0, 0, 1),
    })
}

/// What a guest without the right to sockets is told.
pub fn refused() -> String {
    let network = instance_network();
    let tcp = create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    let udp = create_udp_socket(IpAddressFamily::Ipv4).unwrap();
    [
        format!("connect {:?}", tcp.start_connect(&network, local(80))),
        format!("bind {:?}", tcp.start_bind(&network, local(0))),
        format!("udp bind {:?}", udp.start_bind(&network, local(0))),
        format!(
            "lookup {:?}",
            resolve_addresses(&network, "localhost").err()
        ),
    ]
    .join("\n")
}

/// Sends a line to the port and tells what comes back.
pub fn tcp(port: u16) -> String {
    let network = instance_network();
    let socket = create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    socket.start_connect(&network, local(port)).unwrap();
    let (input, output) = match wait(&socket, TcpSocket::finish_connect) {
        Ok(streams) => streams,
        Err(code) => return format!("{code:?}"),
    };
    let remote = socket.remote_address().unwrap();
    output.blocking_write_and_flush(b"over tcp").unwrap();
    drop(output);
    socket.shutdown(ShutdownType::Send).unwrap();
    format!("{} bytes from {remote:?}", count(&input).unwrap())
}

/// Listens and connects to itself.
pub fn listen() -> String {
    let network = instance_network();
    let server = create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    server.start_bind(&network, local(0)).unwrap();
    server.finish_bind().unwrap();
    server.start_listen().unwrap();
    wait(&server, TcpSocket::finish_listen).unwrap();
    let client = create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    client
        .start_connect(&network, server.local_address().unwrap())
        .unwrap();
    let (input, output) = wait(&client, TcpSocket::finish_connect).unwrap();
    let (peer, peer_input, peer_output) = wait(&server, TcpSocket::accept).unwrap();
    output.blocking_write_and_flush(b"ping").unwrap();
    let ping = peer_input.blocking_read(100).unwrap();
    peer_output.blocking_write_and_flush(b"pong!").unwrap();
    let pong = input.blocking_read(100).unwrap();
    drop((input, output, peer_input, peer_output, peer));
    format!("{} {} {}", server.is_listening(), ping.len(), pong.len())
}

fn wait<T>(
    socket: &TcpSocket,
    finish: impl Fn(&TcpSocket) -> Result<T, ErrorCode>,
) -> Result<T, ErrorCode> {
    loop {
        match finish(socket) {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            result => return result,
        }
    }
}

/// Two sockets of its own send each other a datagram; names are looked up.
pub fn udp() -> String {
    let (left, right) = (bound_udp(), bound_udp());
    let (_, outgoing) = left.stream(Some(right.local_address().unwrap())).unwrap();
    let (incoming, _) = right.stream(None).unwrap();
    outgoing.check_send().unwrap();
    let sent = outgoing
        .send(&[OutgoingDatagram {
            data: b"over udp".to_vec(),
            remote_address: None,
        }])
        .unwrap();
    incoming.subscribe().block();
    let received = incoming.receive(10).unwrap();
    let network = instance_network();
    let names = resolve_addresses(&network, "localhost").unwrap();
    names.subscribe().block();
    let found = names.resolve_next_address().unwrap().is_some();
    format!("{sent} {} {found}", received[0].data.len())
}

fn bound_udp() -> UdpSocket {
    let socket = create_udp_socket(IpAddressFamily::Ipv4).unwrap();
    socket.start_bind(&instance_network(), local(0)).unwrap();
    loop {
        match socket.finish_bind() {
            Ok(()) => return socket,
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            Err(code) => panic!("{code:?}"),
        }
    }
}
