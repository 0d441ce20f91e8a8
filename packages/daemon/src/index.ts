/** `@shoal/daemon`: Shoal as a service, for the command line that starts it. */
export { Config, type ConfigOptions } from './config/config.ts'
export { ConfigError } from './config/config-error.ts'
export { defaultConfigFile, defaultStateFolder } from './config/places.ts'
export { printConfig, settingsTable } from './config/print-config.ts'
export {
  type Definition,
  envOf,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
  type SettingValues,
} from './config/settings.ts'
export { CLIENTS, type Client, type ImportPlan, planImport } from './import/import.ts'
export { type Daemon, type DaemonOptions, startDaemon } from './serve/daemon.ts'
export { examine } from './serve/doctor/doctor.ts'
export { importInto } from './serve/import-state.ts'
export { createLog, type DaemonLog, type LogLevel, type LogRecord } from './serve/log.ts'
