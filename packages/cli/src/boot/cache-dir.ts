/** Where what can be made again is kept: where each platform keeps such things. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export function cacheDir(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'shoal', 'cache')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'shoal')
  // The XDG specification says that relative paths are to be ignored.
  const xdg = env.XDG_CACHE_HOME
  return join(xdg?.startsWith('/') ? xdg : join(home, '.cache'), 'shoal')
}
