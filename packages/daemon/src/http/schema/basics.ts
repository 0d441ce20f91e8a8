/** What single values may be, with bounds. */
import { z } from 'zod'
import type { GoalValue } from '../../contract/index.ts'
import { words } from './shape.ts'

/** A path on any system that there is: Linux allows 4096 bytes. */
const PATH_CHARS = 4096
/** Names of categories, labels and tokens are shown in lists. */
const NAME_CHARS = 100
/** A file system allows 255 bytes for an element of a path. */
const FILE_NAME_CHARS = 255
/** A description of what is in a torrent is allowed 100 MiB; what comes through here is a link to it. */
const URL_CHARS = 4096

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it keeps out
const CONTROL = /^[^\u0000-\u001f\u007f]*$/

export const text: z.ZodType<string> = z.string()
export const nullableText: z.ZodType<string | null> = z.string().nullable()
export const flag: z.ZodType<boolean> = z.boolean()
export const amount: z.ZodType<number> = z.number()
export const nullableAmount: z.ZodType<number | null> = z.number().nullable()
export const nullableCount: z.ZodType<number | null> = z.int().nullable()
/** Whole and not negative. */
export const count: z.ZodType<number> = z.int().min(0)

export const torrentId: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{40}$/, 'is not an info-hash: 40 lower-case hex digits')
  .meta({ description: 'Info-hash: 40 lower-case hex digits.' })

export const ids: z.ZodType<readonly string[]> = z.array(torrentId).min(1).max(100_000)

export const name: z.ZodType<string> = z
  .string()
  .min(1)
  .max(NAME_CHARS)
  .regex(CONTROL, 'must not hold control characters')

/** One element of a path. */
export const fileName: z.ZodType<string> = z
  .string()
  .min(1)
  .max(FILE_NAME_CHARS)
  .regex(CONTROL, 'must not hold control characters')
  .refine(isFileName, 'must be a name without slashes, and neither `.` nor `..`')

/** Below a torrent's folder: elements joined by `/`. */
export const filePath: z.ZodType<string> = z
  .string()
  .min(1)
  .max(PATH_CHARS)
  .regex(CONTROL, 'must not hold control characters')
  .refine(path => path.split('/').every(isFileName), 'must be names joined by `/`, none of them `.` or `..`')

/** A folder of this machine; whether it is allowed is asked elsewhere. */
export const folder: z.ZodType<string> = z
  .string()
  .min(1)
  .max(PATH_CHARS)
  .regex(CONTROL, 'must not hold control characters')

export const url: z.ZodType<string> = z
  .string()
  .min(1)
  .max(URL_CHARS)
  .regex(CONTROL, 'must not hold control characters')

export const trackerTiers: z.ZodType<readonly (readonly string[])[]> = z
  .array(z.array(url).min(1).max(100))
  .max(100)

/** `host:port` or `[v6]:port`. */
export const peerAddress: z.ZodType<string> = z
  .string()
  .max(300)
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):\d{1,5}$/, 'must be host:port or [v6]:port')

/** Bytes a second; null is none. */
export const rateLimit: z.ZodType<number | null> = z.int().min(0).nullable()

export const goalValue: z.ZodType<GoalValue> = z
  .union([z.number().min(0), words<'none' | 'default'>({ none: true, default: true })])
  .meta({
    id: 'GoalValue',
    description: 'A number, `none`, or `default`: as the category, then the settings say.',
  })

function isFileName(element: string): boolean {
  return element !== '' && element !== '.' && element !== '..' && !/[/\\]/.test(element)
}
