/**
 * The daemon's log: lines of JSON, or records for whoever shows them to people. No transports: they are threads that
 * want files of their own, and the command line is bundled.
 */
import { type DestinationStream, destination, type Logger, pino } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Fields hold what programs look for; the text says it to people. Text of strangers goes into either as it is. */
export interface Log {
  debug(text: string, fields?: object): void
  info(text: string, fields?: object): void
  warn(text: string, fields?: object): void
  error(text: string, fields?: object): void
}

export interface DaemonLog extends Log {
  setLevel(level: LogLevel): void
  /** The file was moved away: begin a new one of the old name. */
  reopen(): void
  /** What was told is written. */
  flush(): void
}

export interface LogOptions {
  readonly level: LogLevel
  /** Undefined: standard error. */
  readonly file?: string | undefined
  /** In place of standard error: for a terminal. Control characters of strangers are still in it. */
  readonly show?: ((record: LogRecord) => void) | undefined
}

export interface LogRecord {
  readonly time: number
  readonly level: LogLevel
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Names of fields that are never told, wherever they stand. */
const SECRETS = ['token', 'password', 'cookie', 'authorization', 'passkey', 'setupUrl']

/** @throws Error with a `code` where the file cannot be opened */
export function createLog({ level, file, show }: LogOptions): DaemonLog {
  const target =
    file === undefined ? undefined : destination({ dest: file, append: true, sync: true, mode: 0o640 })
  const stream = target ?? (show === undefined ? destination({ dest: 2, sync: true }) : shown(show))
  const logger = pino(
    {
      level,
      base: null,
      redact: { paths: SECRETS.flatMap(name => [name, `*.${name}`]), censor: '…' },
      formatters: { level: label => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    stream,
  )
  return {
    ...methods(logger),
    setLevel: level => {
      logger.level = level
    },
    reopen: () => target?.reopen(),
    flush: () => target?.flushSync(),
  }
}

function methods(logger: Logger): Log {
  const method =
    (level: LogLevel) =>
    (text: string, fields: object = {}): void =>
      logger[level](fields, withoutKeys(text))
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') }
}

/** Trackers of private sites know their users by a key in the URL, and errors tell the URL. */
function withoutKeys(text: string): string {
  return text.replace(/([?&;](?:passkey|authkey|torrent_pass|token|key|auth|secure)=)[^&\s"']+/gi, '$1…')
}

function shown(show: (record: LogRecord) => void): DestinationStream {
  return {
    write(line) {
      const { level, time, msg, ...fields }: { level: LogLevel; time: number; msg?: string } =
        JSON.parse(line)
      show({ level, time, text: msg ?? '', fields })
    },
  }
}
