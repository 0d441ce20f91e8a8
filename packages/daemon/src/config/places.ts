/** Where the daemon keeps its state and looks for its configuration, unless told: as each platform has it. */
import { homedir } from 'node:os'
import { join } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

/** Beside what `shoal get` remembers. */
export function defaultStateFolder(
  platform: NodeJS.Platform = process.platform,
  env: Env = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'shoal', 'daemon')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'shoal', 'daemon')
  return join(absolute(env.XDG_STATE_HOME) ?? join(home, '.local', 'state'), 'shoal', 'daemon')
}

export function defaultConfigFile(
  platform: NodeJS.Platform = process.platform,
  env: Env = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32')
    return join(env.APPDATA || join(home, 'AppData', 'Roaming'), 'shoal', 'config.toml')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'shoal', 'config.toml')
  return join(absolute(env.XDG_CONFIG_HOME) ?? join(home, '.config'), 'shoal', 'config.toml')
}

/** The XDG specification says that relative paths are to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined
}
