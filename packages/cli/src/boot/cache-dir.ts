/** Where what can be made again is kept: where each platform keeps such things. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** Undefined where the environment names no place that is the same wherever the program is started. */
export function cacheDir(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string | undefined {
  const dir = placeOf(platform, env, home)
  return isAbsolute(dir) ? dir : undefined
}

function placeOf(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'shoal', 'cache')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'shoal')
  // The XDG specification says that relative paths are to be ignored.
  const xdg = env.XDG_CACHE_HOME
  return join(xdg?.startsWith('/') ? xdg : join(home, '.cache'), 'shoal')
}
