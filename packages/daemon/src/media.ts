/** Files over HTTP, for the daemon and for `shoal stream`: ranges, types, names, and bytes at the pace of the receiver. */
export { answerFile, encodeName } from './media/file-answer.ts'
export { isPlayable } from './media/file-type.ts'
export { sendBytes } from './media/send-bytes.ts'
