"""
libtorrent as a command: libtorrent-peer.py get|seed TORRENT|MAGNET DIR IP PORT [OPTION...]. Ends by itself when `get` is complete.
Options: peer=IP:PORT connects there; lsd=1 looks on the local network; rate=N gets N bytes a second at most.
"""

import signal
import sys
import time

import libtorrent as lt

mode, torrent, directory, ip, port = sys.argv[1:6]
options = dict(option.split("=") for option in sys.argv[6:])
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))

session = lt.session(
    {
        "listen_interfaces": f"{ip}:{port}",
        "outgoing_interfaces": ip,
        "enable_dht": False,
        "enable_lsd": "lsd" in options,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": lt.alert.category_t.error_notification
        | lt.alert.category_t.status_notification
        | lt.alert.category_t.tracker_notification
        | lt.alert.category_t.peer_notification
        | lt.alert.category_t.connect_notification,
    }
)
if torrent.startswith("magnet:"):
    params = lt.parse_magnet_uri(torrent)
else:
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
params.save_path = directory
params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
# A limit of the session would not hold for peers on this network.
params.download_limit = int(options.get("rate", 0))
handle = session.add_torrent(params)
if "peer" in options:
    host, _, peer_port = options["peer"].partition(":")
    handle.connect_peer((host, int(peer_port)))
while True:
    for alert in session.pop_alerts():
        print(alert.message(), flush=True)
    status = handle.status()
    if status.errc.value() != 0:
        sys.exit(status.errc.message())
    if mode == "get" and status.is_seeding:
        sys.exit(0)
    time.sleep(0.05)
