import { spawn } from 'node:child_process'

/** Runs it to its end: { stdout, stderr, code }; `code` is -1 when it could not be started. `onError` is given standard error as it comes. */
export function output(command, args, onError = () => {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', text => {
      stdout += text
    })
    child.stderr.on('data', text => {
      stderr += text
      onError(String(text).trimEnd())
    })
    child.on('error', error => resolve({ stdout, stderr: error.message, code: -1 }))
    child.on('close', code => resolve({ stdout, stderr, code }))
  })
}
