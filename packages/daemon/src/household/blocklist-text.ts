/**
 * Lists of addresses, line by line, in all forms that are about:
 *
 *     Some name: with colons:1.2.3.4-1.2.3.9            PeerGuardian (p2p)
 *     001.002.003.004 - 001.002.003.009 , 000 , name     eMule (dat); above 127 is allowed
 *     10.0.0.0/8     2001:db8::/32                      networks
 *     1.2.3.4        1.2.3.4-1.2.3.9    2001:db8::7      addresses, and ranges without a name
 */
import type { PackedRanges } from '@shoal/engine'
import { RangeCollector, v4Of, v6Of } from './ip-ranges.ts'

/** The largest lists have some hundred thousand. */
const MAX_RANGES = 2_000_000
/** Names can be long, but not that long. */
const MAX_LINE_CHARS = 4_096
/** The thread goes on with other things after so many lines: some 10 ms. */
const LINES_A_TURN = 20_000
/** From this on, eMule's level lets an address through. */
const LEVEL_ALLOWED = 128

const COMMENT = /^(#|\/\/|;)/
const DAT = /^([\d.]+)\s*-\s*([\d.]+)\s*,\s*(\d+)\s*(?:,.*)?$/
const P2P = /^.*:\s*([\d.]+)\s*-\s*([\d.]+)$/
const RANGE = /^([\da-f.:]+)\s*-\s*([\da-f.:]+)$/i
const NETWORK = /^([\da-f.:]+)\/(\d{1,3})$/i

export interface ParsedBlocklist {
  readonly ranges: PackedRanges
  /** Lines that say something. */
  readonly lines: number
  readonly bad: number
  /** Number and text of the first bad one. */
  readonly firstBad: { readonly line: number; readonly text: string } | undefined
}

export async function parseBlocklist(text: string): Promise<ParsedBlocklist> {
  const ranges = new RangeCollector()
  let lines = 0
  let bad = 0
  let firstBad: ParsedBlocklist['firstBad']
  let number = 0
  for (let begin = 0; begin < text.length; ) {
    let end = text.indexOf('\n', begin)
    if (end < 0) end = text.length
    number++
    const line = text.slice(begin, Math.min(end, begin + MAX_LINE_CHARS)).trim()
    begin = end + 1
    if (line === '' || COMMENT.test(line)) continue
    lines++
    if (ranges.count >= MAX_RANGES || !addLine(line, ranges)) {
      bad++
      firstBad ??= { line: number, text: line.slice(0, 80) }
    }
    if (number % LINES_A_TURN === 0) await new Promise(setImmediate)
  }
  return { ranges: ranges.pack(), lines, bad, firstBad }
}

function addLine(line: string, ranges: RangeCollector): boolean {
  const dat = DAT.exec(line)
  if (dat !== null) return Number(dat[3]) >= LEVEL_ALLOWED || addRange(dat[1]!, dat[2]!, ranges)
  const named = P2P.exec(line)
  if (named !== null) return addRange(named[1]!, named[2]!, ranges)
  const range = RANGE.exec(line)
  if (range !== null) return addRange(range[1]!, range[2]!, ranges)
  const network = NETWORK.exec(line)
  if (network !== null) return addNetwork(network[1]!, Number(network[2]), ranges)
  return addRange(line, line, ranges)
}

function addRange(from: string, to: string, ranges: RangeCollector): boolean {
  const first = v4Of(from)
  const last = v4Of(to)
  if (first !== undefined && last !== undefined) {
    if (first > last) return false
    ranges.addV4(first, last)
    return true
  }
  const firstV6 = v6Of(from)
  const lastV6 = v6Of(to)
  if (firstV6 === undefined || lastV6 === undefined || Buffer.compare(firstV6, lastV6) > 0) return false
  ranges.addV6(firstV6, lastV6)
  return true
}

function addNetwork(address: string, prefix: number, ranges: RangeCollector): boolean {
  const v4 = v4Of(address)
  if (v4 !== undefined) {
    // A whole family is a slip: nobody could be spoken to.
    if (prefix < 1 || prefix > 32) return false
    const size = 2 ** (32 - prefix)
    const first = v4 - (v4 % size)
    ranges.addV4(first, first + size - 1)
    return true
  }
  const v6 = v6Of(address)
  if (v6 === undefined || prefix < 1 || prefix > 128) return false
  const [first, last] = [v6.slice(), v6.slice()]
  for (let bit = prefix; bit < 128; bit++) {
    first[bit >> 3]! &= ~(128 >> (bit & 7))
    last[bit >> 3]! |= 128 >> (bit & 7)
  }
  ranges.addV6(first, last)
  return true
}
