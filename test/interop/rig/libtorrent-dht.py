"""libtorrent with its DHT: libtorrent-dht.py node|get|seed IP PORT BOOTSTRAP [TORRENT|MAGNET DIR].

Finds peers by the DHT alone; BOOTSTRAP is HOST:PORT,HOST:PORT or "". Ends by itself when `get` is complete.
"""

import signal
import sys
import time

import libtorrent as lt

ANNOUNCE_EVERY_SECONDS = 2

mode, ip, port, bootstrap = sys.argv[1:5]
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))

session = lt.session(
    {
        "listen_interfaces": f"{ip}:{port}",
        "outgoing_interfaces": ip,
        "dht_bootstrap_nodes": "",
        "enable_dht": True,
        # A private network has few addresses, all of one /24, and none whose node ids could be checked.
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_ignore_dark_internet": False,
        "dht_enforce_node_id": False,
        "dht_prefer_verified_node_ids": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "allow_multiple_connections_per_ip": True,
        "alert_mask": lt.alert.category_t.error_notification
        | lt.alert.category_t.status_notification
        | lt.alert.category_t.peer_notification
        | lt.alert.category_t.connect_notification
        | lt.alert.category_t.dht_notification,
    }
)
# Those that are set to bootstrap by never get into its table: it would know nobody, and say so.
for address in filter(None, bootstrap.split(",")):
    host, _, node_port = address.partition(":")
    session.add_dht_node((host, int(node_port)))
handle = None
if mode != "node":
    torrent, directory = sys.argv[5:7]
    if torrent.startswith("magnet:"):
        params = lt.parse_magnet_uri(torrent)
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(torrent)
    params.save_path = directory
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    params.flags |= lt.torrent_flags.disable_lsd | lt.torrent_flags.disable_pex
    handle = session.add_torrent(params)
announce_at = 0
while True:
    for alert in session.pop_alerts():
        print(alert.message(), flush=True)
    if handle is not None:
        status = handle.status()
        if status.errc.value() != 0:
            sys.exit(status.errc.message())
        if mode == "get" and status.is_seeding:
            sys.exit(0)
        # Its own interval is of many minutes, and its node may not have been in the DHT the first time.
        if time.monotonic() > announce_at:
            announce_at = time.monotonic() + ANNOUNCE_EVERY_SECONDS
            handle.force_dht_announce()
    time.sleep(0.05)
