/** What the household tells: of folders and lists, for whoever looks after the daemon. */
export interface HouseholdLog {
  info(text: string, fields?: object): void
  warn(text: string, fields?: object): void
}
