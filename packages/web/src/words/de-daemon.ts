/** Was der Dienst sagt, auf Deutsch. */
import type { Format } from '../format/format.ts'
import type { DaemonWords } from './daemon.ts'

export const deDaemon: DaemonWords = {
  reasons: {
    NO_PEERS: ({ trackers, dhtNodes }, f) => {
      if (trackers === 0)
        return `Noch sind keine Peers bekannt${dht(dhtNodes, f)}; ein Tracker ist nicht genannt.`
      const who = trackers === 1 ? 'Der Tracker kennt' : 'Die Tracker kennen'
      return `${who} noch keinen anderen Peer${dht(dhtNodes, f)}.`
    },
    NO_TRACKERS: () => 'Der Torrent nennt keinen Tracker, und es wurde kein Peer angegeben.',
    TRACKERS_FAIL: ({ trackers, message, dhtNodes }, f) => {
      const who =
        trackers === 1 ? 'Der Tracker hilft nicht' : `Keiner der ${f.number(trackers)} Tracker hilft`
      return `${who}: ${message === null ? 'ohne Angabe von Gründen' : `„${message}“`}${dht(dhtNodes, f)}.`
    },
    ASKING_TRACKERS: ({ trackers, dhtNodes }, f) =>
      `${trackers === 1 ? 'Der Tracker wird' : 'Die Tracker werden'} nach Peers gefragt${dht(dhtNodes, f)}.`,
    NO_CONNECTION: ({ known, dhtNodes }, f) =>
      `${peers(known, f)} bekannt, aber gerade nicht zu erreichen${dht(dhtNodes, f)}.`,
    CONNECTING: facts => `Verbindet sich mit ${peersDative(facts.peers)}.`,
    NOTHING_NEW: (facts, f) => `${peers(facts.peers, f)} verbunden, aber keiner mit einem Stück, das fehlt.`,
    ALL_CHOKED: (facts, f) =>
      facts.peers === 1
        ? 'Ein Peer hat, was fehlt, und lässt uns noch nicht fragen.'
        : `${f.number(facts.peers)} Peers haben, was fehlt, und keiner lässt uns schon fragen.`,
    WAITING_TURNS: (facts, f) => {
      const who =
        facts.peers === 1
          ? 'Ein Peer hat, was fehlt, und wartet, bis er an der Reihe ist'
          : `${f.number(facts.peers)} Peers haben, was fehlt, und warten, bis sie an der Reihe sind`
      return `${who}: Andere an derselben Adresse haben Falsches geschickt.`
    },
    MISSING_PIECES: ({ pieces, first }, f) => {
      const others =
        pieces === 1 ? '' : pieces === 2 ? ' und ein weiteres' : ` und ${f.number(pieces - 1)} weitere`
      return `Niemand, mit dem wir verbunden sind, hat Stück ${f.number(first)}${others}.`
    },
    DISK: ({ waitingBytes, bytesPerSec }, f) =>
      `Die Platte ist die Grenze: ${f.bytes(waitingBytes)} warten darauf, geschrieben zu werden, bei ${f.bytes(bytesPerSec)}/s.`,
    LIMIT: ({ of, bytesPerSec }, f) =>
      `Die Empfangsgrenze ${ofWhat(of)} von ${f.bytes(bytesPerSec)}/s ist erreicht.`,
    LIMIT_ALTERNATIVE: () => 'Die Ersatzgrenzen gelten und sind erreicht.',
    MEMORY: ({ totalBytes }, f) =>
      `Wartet auf Speicher: alle ${f.bytes(totalBytes)} sind von Stücken belegt, die noch nicht ganz da sind.`,
    NOBODY_INTERESTED: (facts, f) =>
      facts.peers === 0
        ? 'Niemand ist verbunden.'
        : `${peers(facts.peers, f)} verbunden, und keiner will etwas.`,
    UPLOAD_LIMIT: ({ of, bytesPerSec }, f) =>
      `Die Versandgrenze ${ofWhat(of)} von ${f.bytes(bytesPerSec)}/s ist erreicht.`,
    PORT_UNREACHABLE: () =>
      'Noch nie hat jemand unseren Port von außen erreicht: Andere kommen schwer an das, was hier ist.',
    FETCHING: (facts, f) => {
      const { bytes, totalBytes, known = 0 } = facts
      if (totalBytes > 0)
        return `Peers sagen gerade, was darin ist: bisher ${f.bytes(bytes)} von ${f.bytes(totalBytes)}.`
      if (facts.peers > 0)
        return `Wartet darauf, dass ${facts.peers === 1 ? 'der verbundene Peer' : `einer von ${f.number(facts.peers)} verbundenen Peers`} sagt, was darin ist.`
      if (known > 0)
        return `Versucht, ${known === 1 ? 'einen Peer' : `einen von ${f.number(known)} Peers`} zu erreichen, um zu fragen, was darin ist.`
      return 'Sucht Peers, um zu fragen, was darin ist.'
    },
    FETCH_QUEUED: ({ place, of, limit }, f) =>
      `Wartet darauf, zu fragen, was darin ist: Platz ${f.number(place)} von ${f.number(of)}; nach ${f.number(limit)} Magnet-Links wird gleichzeitig gefragt.`,
    QUEUED: ({ place, of, limit, kind }, f) => {
      const does =
        kind === 'download' ? (limit === 1 ? 'lädt' : 'laden') : limit === 1 ? 'verteilt' : 'verteilen'
      return `Platz ${f.number(place)} von ${f.number(of)} in der Warteschlange: ${limit === 1 ? 'einer' : f.number(limit)} ${does} gleichzeitig.`
    },
    START_QUEUED: () => 'Wartet auf den Start: Erst werden andere geprüft.',
    CHECKING: ({ fraction, totalBytes }, f) =>
      `Sieht nach, was auf der Platte ist: ${f.percent(fraction)} von ${f.bytes(totalBytes)}.`,
    CHECK_QUEUED: () => 'Wartet auf die Prüfung: Ein anderer Torrent ist vorher dran.',
    MOVING: ({ to, fraction }, f) => `Seine Daten sind unterwegs nach ${to}: bisher ${f.percent(fraction)}.`,
    MOVE_QUEUED: ({ to }) =>
      `Wartet darauf, nach ${to} verschoben zu werden: Ein anderer Torrent ist vorher dran.`,
    DISK_SPACE: ({ freeBytes, keepBytes, neededBytes }, f) =>
      `Angehalten: Auf der Platte sind ${f.bytes(freeBytes)} frei, und ${f.bytes(keepBytes)} sollen frei bleiben; mit ${f.bytes(neededBytes)} geht es von selbst weiter.`,
    DISK_WAIT: ({ error, subject, message, seconds }, f) => {
      const errors: Readonly<Record<string, string>> = deDaemon.errors
      const what = Object.hasOwn(errors, error)
        ? `${errors[error]}${subject === null ? '' : `: ${subject}`}`
        : `„${message}“`
      return `${what}; sieht in ${f.duration(seconds)} wieder nach.`
    },
    GOAL_REACHED: ({ goal, value }, f) => {
      switch (goal) {
        case 'ratio':
          return `Angehalten: Sein Anteil hat ${f.number(value, 2)} erreicht.`
        case 'seedSeconds':
          return `Angehalten: Er hat ${f.duration(value)} lang verteilt.`
        case 'idleSeconds':
          return `Angehalten: Seit ${f.duration(value)} hat niemand etwas von ihm geholt.`
      }
    },
  },
  errors: {
    INVALID: 'Diese Angabe ist nicht möglich',
    UNAUTHORIZED: 'Dafür ist eine Anmeldung nötig',
    FORBIDDEN: 'Das ist hier nicht erlaubt',
    NOT_FOUND: 'Das gibt es hier nicht oder nicht mehr',
    METHOD_NOT_ALLOWED: 'Das lässt sich hier nicht tun',
    CONFLICT: 'Das passt nicht zu dem, was schon da ist',
    TOO_LARGE: 'Das ist zu groß',
    UNSUPPORTED_TYPE: 'Diese Art von Daten wird hier nicht angenommen',
    RANGE: 'Dieser Teil liegt außerhalb der Datei',
    HOST_REFUSED:
      'Unter diesem Namen ist Shoal nicht zu erreichen; die Einstellung http.hosts nennt die erlaubten',
    TOO_MANY: 'Zu viele Versuche sind fehlgeschlagen. Nach einer kurzen Pause geht es wieder',
    UNAVAILABLE: 'Das geht gerade nicht; später noch einmal versuchen',
    SETUP_NEEDED: 'Noch ist kein Passwort gesetzt. Der Link dazu steht in der Ausgabe von Shoal',
    INTERNAL: 'In Shoal ging etwas schief. Das Protokoll sagt, was; ein neuer Versuch schadet nicht',
    TORRENT_INVALID: 'Diese Torrent-Datei ist beschädigt oder keine',
    TORRENT_UNSUPPORTED: 'Torrents dieser Art kann Shoal nicht',
    SOURCE_NOT_FOUND: 'Unter dieser Adresse ist nichts zu finden',
    SOURCE_UNREADABLE: 'Von dieser Adresse war nichts zu holen',
    TORRENT_DUPLICATE: 'Dieser Torrent ist schon da',
    DISK_FULL: 'Auf der Platte ist kein Platz mehr',
    DISK_WRITE: 'Auf die Platte ließ sich nicht schreiben',
    DISK_READ: 'Von der Platte ließ sich nicht lesen, oder eine Datei ist kürzer als zuvor',
    DISK_PERMISSION: 'Die Rechte für eine Datei oder einen Ordner fehlen',
    PATH_CONFLICT: 'Etwas anderes steht im Weg: ein Ordner, wo eine Datei hingehört, oder umgekehrt',
    PORT_IN_USE: 'Den Port hat ein anderes Programm',
    ADDRESS_UNAVAILABLE: 'Diese Adresse hat dieser Rechner nicht',
    NETWORK: 'Das Netz macht Schwierigkeiten',
    TRACKER_UNREACHABLE: 'Der Tracker ist nicht zu erreichen',
    TRACKER_TIMEOUT: 'Der Tracker hat nicht rechtzeitig geantwortet',
    TRACKER_REFUSED: 'Der Tracker lehnt ab',
    TRACKER_INVALID: 'Die Antwort des Trackers ist nicht zu verstehen',
    TRACKER_UNSUPPORTED: 'Tracker dieser Art kann Shoal nicht fragen',
    OPTION_INVALID: 'Diese Angabe ist nicht möglich',
    RESUME_INVALID: 'Der gemerkte Stand ist beschädigt',
    STATE_LOCKED: 'Ein anderes Shoal benutzt denselben Ordner für seinen Stand',
    DHT_CONFLICT: 'In der DHT steht inzwischen etwas anderes',
    ABORTED: 'Das wurde abgebrochen',
    CLOSED: 'Shoal wird gerade beendet',
  },
  places: {
    'UNAUTHORIZED body.password': 'Das Passwort ist falsch.',
    'FORBIDDEN body.current': 'Das ist nicht das jetzige Passwort.',
    'FORBIDDEN body.key':
      'Dieser Link wurde schon benutzt, ist älter als eine Stunde, oder es gibt einen neueren. Auf dem Rechner, auf dem Shoal läuft, gibt `shoal password --link` einen neuen aus.',
    'INVALID body.password': 'Das Passwort braucht mindestens acht Zeichen.',
    'NOT_FOUND query.path': 'Diesen Ordner gibt es nicht.',
  },
  tasks: {
    move: 'Die Daten ließen sich nicht verschieben und sind, wo sie waren.',
    rename: 'Das Umbenennen ging nicht.',
  },
  exactly: (what, text) => `${what}: „${text}“`,
}

function dht(nodes: number | null, f: Format): string {
  return nodes === null ? '' : `; die DHT wird gefragt (${f.number(nodes)} Knoten)`
}

function peers(count: number, f: Format): string {
  return count === 1 ? '1 Peer' : `${f.number(count)} Peers`
}

function peersDative(count: number): string {
  return count === 1 ? 'einem Peer' : `${count} Peers`
}

function ofWhat(of: 'torrent' | 'all'): string {
  return of === 'torrent' ? 'dieses Torrents' : 'über alle Torrents'
}
