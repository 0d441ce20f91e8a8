"""libtorrent as a command: libtorrent-peer.py get|seed|check TORRENT DIR IP PORT. `get` and `check` end when complete."""

import sys

import libtorrent as lt

mode, torrent, directory, ip, port = sys.argv[1:6]
settings = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True,
    "unchoke_slots_limit": -1,
    "mixed_mode_algorithm": 0,
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
    "listen_interfaces": f"{ip}:{port}" if ip else "",
    "outgoing_interfaces": ip,
}
session = lt.session(settings)
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = directory
params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
if mode == "seed":
    params.flags |= lt.torrent_flags.seed_mode
handle = session.add_torrent(params)
while True:
    # Woken by what happens rather than by a clock: nothing is added to its time.
    session.wait_for_alert(1000)
    session.pop_alerts()
    status = handle.status()
    if status.errc.value() != 0:
        sys.exit(status.errc.message())
    if mode != "seed" and status.is_seeding:
        sys.exit(0)
