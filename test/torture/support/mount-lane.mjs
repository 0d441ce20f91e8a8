/** A process in a mount namespace of its own: what it mounts is gone with it, however it ends. */
import { spawn } from 'node:child_process'

/**
 * @param file prints a line of JSON for each result
 * @param onResult is given each
 * @returns how it ended, in words; undefined: well
 */
export function runLane(file, settings, onResult) {
  const args = ['--mount', '--propagation', 'private', process.execPath, file, JSON.stringify(settings)]
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let rest = ''
  let log = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) onResult(JSON.parse(line))
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    log = (log + text).slice(-2000)
  })
  return new Promise(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `${code ?? signal}: ${log}`))
  })
}
