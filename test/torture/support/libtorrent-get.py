"""libtorrent as a command: libtorrent-get.py TORRENT DIR IP PORT RESUME SECONDS. Keeps resume data in the file RESUME, every so many seconds (0: never); ends when complete."""

import os
import sys
import time

import libtorrent as lt

torrent, directory, ip, port, resume, seconds = sys.argv[1:7]
session = lt.session(
    {
        "listen_interfaces": f"{ip}:{port}",
        "outgoing_interfaces": ip,
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_incoming_utp": False,
        "enable_outgoing_utp": False,
        "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.storage_notification,
    }
)
if os.path.exists(resume):
    with open(resume, "rb") as file:
        params = lt.read_resume_data(file.read())
else:
    params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = directory
params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
handle = session.add_torrent(params)
saved = time.monotonic()
while not handle.status().is_seeding:
    if float(seconds) > 0 and time.monotonic() - saved > float(seconds):
        saved = time.monotonic()
        handle.save_resume_data(lt.save_resume_flags_t.flush_disk_cache)
    session.wait_for_alert(50)
    for alert in session.pop_alerts():
        if isinstance(alert, lt.save_resume_data_alert):
            with open(resume + ".tmp", "wb") as file:
                file.write(lt.write_resume_data_buf(alert.params))
            os.rename(resume + ".tmp", resume)
