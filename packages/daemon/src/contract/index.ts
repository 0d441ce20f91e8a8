/** The words that the daemon and its clients share. Types, and lists of names; no code. */
export * from './conversation.ts'
export * from './errors.ts'
export * from './events.ts'
export * from './requests.ts'
export * from './session.ts'
export * from './torrent.ts'
export * from './why.ts'
