/** Die Einstellungen des Dienstes, auf Deutsch erklärt. */
export const deSettings: Readonly<Record<string, string>> = {
  'folders.downloads': 'wohin Daten kommen, wenn ein Torrent oder seine Kategorie nichts anderes sagt',
  'folders.incomplete':
    'wo Daten liegen, bis sie vollständig sind; dann werden sie verschoben. Leer: gleich dort, wohin sie kommen',
  'folders.roots':
    'Ordner, unter denen die API Daten ablegen darf, neben den Ordnern für fertige und unvollständige Daten und denen der beobachteten Ordner',
  'network.port':
    'TCP-Port für Peers, und UDP für die DHT; leer: 6881 oder einer der neun danach; 0: irgendeiner',
  'network.bind': 'Adresse dieses Rechners für Peers; leer: alle',
  'network.dht': 'Peers durch die DHT finden',
  'network.dht_nodes': 'durch diese Knoten in die DHT gehen, `Adresse:Port`, nicht durch die bekannten',
  'network.lsd': 'Peers im lokalen Netz finden',
  'network.connections': 'wie viele Peers zugleich verbunden sind, über alle Torrents',
  'network.torrent_connections': 'wie viele Peers eines Torrents zugleich verbunden sind',
  'network.countries': 'Datenbank (MMDB), die sagt, in welchen Ländern Peers sind',
  'network.upload_slots': 'an wie viele Peers eines Torrents zugleich gesendet wird',
  'limits.download': 'höchstens so viel empfangen, über alle Torrents',
  'limits.upload': 'höchstens so viel senden, über alle Torrents',
  'alternative.download': 'höchstens so viel empfangen, solange die Ersatzgrenzen gelten',
  'alternative.upload': 'höchstens so viel senden, solange die Ersatzgrenzen gelten',
  'alternative.timetable':
    'wann sie von selbst gelten: `mon-fri 08:00-18:00`, `daily 22:00-06:00` (Tage auf Englisch)',
  'queue.downloads': 'wie viele Torrents zugleich laden',
  'queue.seeds': 'wie viele Torrents zugleich verteilen',
  'queue.slow_rate': 'ein Torrent, der langsamer ist, zählt in der Warteschlange nicht',
  'queue.slow_after': 'sobald er es so lange ist',
  'queue.start_added': 'was hinzugefügt wird, startet, wenn nichts anderes gesagt wird',
  'goals.ratio': 'nicht weiter verteilen, wenn so viel Mal die Größe der Daten gesendet ist',
  'goals.seed_time': 'nach so langer Zeit nicht weiter verteilen',
  'goals.idle_time': 'nicht weiter verteilen, wenn so lange niemand etwas geholt hat',
  'disk.keep_free': 'Torrents warten, bevor auf ihrer Platte weniger als das frei ist',
  watch: 'Ordner, in denen nach Torrent-Dateien und Magnet-Links gesehen wird',
  'blocklist.source': 'Pfad oder HTTP(S)-Adresse einer Liste von Adressen, mit denen nie gesprochen wird',
  'blocklist.every': 'wie oft sie neu gelesen wird',
  'http.address': 'Adresse dieses Rechners für die API und diese Seite',
  'http.port': 'ihr TCP-Port; 0: irgendeiner',
  'http.hosts': 'Namen, unter denen Shoal angesprochen werden darf, neben `localhost` und Adressen',
  'http.base_path': 'wo Shoal hinter einem Reverse-Proxy steht: `/shoal`',
  'http.trusted_proxies':
    'Adressen oder Netze von Reverse-Proxys, deren `X-Forwarded-…`-Kopfzeilen geglaubt wird',
  'log.level': 'wie viel im Protokoll steht',
  'log.file': 'eine Datei für das Protokoll; leer: die Standardfehlerausgabe',
}
