/** Where resume records are kept unless `--state` says otherwise: where each platform keeps such things. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export function defaultStateDir(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'shoal')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'shoal')
  // The XDG specification says that relative paths are to be ignored.
  const xdg = env.XDG_STATE_HOME
  return join(xdg?.startsWith('/') ? xdg : join(home, '.local', 'state'), 'shoal')
}
