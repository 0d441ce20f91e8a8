/**
 * Hosts of which a peer was banned. Who comes from there next may be the liar again, on another port, or somebody
 * honest behind the same address. So its strangers, of whom no piece was right yet, are tried one at a time:
 *
 *     onBan ──▶ nobody's turn ──wait is over, take──▶ somebody's turn ──proved──▶ the next one's, at once
 *                    ▲  ▲                                   │    │
 *                    │  └───────────────── onBan ───────────┘    └── as long again ──▶ the next one's
 *                    └── longer with each ban
 *
 * Those who proved themselves take no turns. Bounded: the host of the oldest ban gives way.
 */

/** After the first ban; twice as long with each that is alive. */
const FIRST_WAIT_MS = 60_000
/** A liar that spoils a piece an hour does no harm; somebody honest who comes back in the evening is not sent away. */
const LONGEST_WAIT_MS = 60 * 60_000
/** As many as there may be bans would be of no use: who has so many hosts needs no ports. */
const MAX_HOSTS = 1_000

interface Turn {
  /** When the next stranger may take its turn. */
  next: number
  readonly waitMs: number
  /** The last ban ends. */
  readonly endsAt: number
  /** `host:port` of whose turn it is. */
  holder: string | undefined
}

export class StrangerTurns {
  /** By host. */
  readonly #turns = new Map<string, Turn>()

  /** A port of the host was banned; so many of its bans are alive, the last of which ends at `endsAt`. */
  onBan(host: string, bans: number, now: number, endsAt: number): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (bans - 1))
    const known = this.#turns.get(host)
    const next = Math.max(now + waitMs, known?.next ?? now)
    this.#turns.delete(host)
    this.#turns.set(host, { next, waitMs, endsAt, holder: undefined })
    if (this.#turns.size <= MAX_HOSTS) return
    for (const oldest of this.#turns.keys()) {
      this.#turns.delete(oldest)
      break
    }
  }

  /** No stranger of the host can have a turn now, but for one that has it. */
  mustWait(host: string, now: number): boolean {
    if (this.#turns.size === 0) return false
    const turn = this.#turnOf(host, now)
    return turn !== undefined && now < turn.next
  }

  /** Whether it is the turn of this stranger, `host:port`, which it is from now on if it is nobody's. */
  take(host: string, key: string, now: number): boolean {
    if (this.#turns.size === 0) return true
    const turn = this.#turnOf(host, now)
    if (turn === undefined || turn.holder === key) return true
    if (now < turn.next) return false
    turn.holder = key
    turn.next = now + turn.waitMs
    return true
  }

  /** A piece of the stranger was right. */
  proved(host: string, key: string, now: number): void {
    const turn = this.#turns.get(host)
    if (turn === undefined || turn.holder !== key) return
    turn.holder = undefined
    turn.next = now
  }

  #turnOf(host: string, now: number): Turn | undefined {
    const turn = this.#turns.get(host)
    if (turn === undefined || now < turn.endsAt) return turn
    this.#turns.delete(host)
    return undefined
  }
}
