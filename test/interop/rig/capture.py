"""
Everything that passes the loopback interface: capture.py, a line of JSON a packet, until it is ended by a signal.
Needs root. The first line, {"ready": true}, says that from here on nothing is missed.
"""

import json
import signal
import socket
import struct
import sys

ALL_PROTOCOLS = 3
IPV4 = b"\x08\x00"
TCP, UDP = 6, 17
# Each packet on loopback passes twice, once on its way out.
OUTGOING = 4

for name in (signal.SIGINT, signal.SIGTERM):
    signal.signal(name, lambda *_: sys.exit(0))

sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
sock.bind(("lo", 0))
print(json.dumps({"ready": True}), flush=True)
while True:
    frame, (_, _, kind, _, _) = sock.recvfrom(1 << 17)
    if kind == OUTGOING or frame[12:14] != IPV4 or frame[23] not in (TCP, UDP):
        continue
    at = 14 + (frame[14] & 15) * 4
    from_port, to_port = struct.unpack("!HH", frame[at : at + 4])
    payload = frame[at + 8 :] if frame[23] == UDP else frame[at + (frame[at + 12] >> 4) * 4 :]
    packet = {
        "protocol": "udp" if frame[23] == UDP else "tcp",
        "from": {"host": socket.inet_ntoa(frame[26:30]), "port": from_port},
        "to": {"host": socket.inet_ntoa(frame[30:34]), "port": to_port},
        # An extended handshake that offers peer exchange.
        "offersPex": b"6:ut_pexi" in payload and b"6:ut_pexi0e" not in payload,
    }
    if packet["protocol"] == "udp" or packet["offersPex"]:
        print(json.dumps(packet), flush=True)
