/** Reading fields of a torrent, where a wrong type is told by the field's name. */
import type { BencodeDict } from '../bencode/value.ts'
import { ShoalError } from '../errors.ts'
import { repairUtf8 } from './text.ts'

/** `field` is named as people would look for it: `info.piece length`. */
export function invalid(field: string, problem: string, cause?: unknown): ShoalError {
  return new ShoalError('TORRENT_INVALID', `${field}: ${problem}`, { cause })
}

/** The text of `key`, of `key.utf-8` where there is one; malformed UTF-8 repaired. */
export function repairedText(dict: BencodeDict, key: string): string | undefined {
  const bytes = dict.bytes(`${key}.utf-8`) ?? dict.bytes(key)
  return bytes === undefined ? undefined : repairUtf8(bytes)
}

/** The strings of a list, or of a single string standing for a list of one; anything else in it is passed over. */
export function textsOf(dict: BencodeDict, key: string): string[] {
  const single = dict.bytes(key)
  if (single !== undefined) return [repairUtf8(single)]
  const texts: string[] = []
  for (const item of dict.list(key) ?? []) if (item instanceof Uint8Array) texts.push(repairUtf8(item))
  return texts
}
