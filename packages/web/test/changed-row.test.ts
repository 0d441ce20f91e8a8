import type { TorrentRow } from '@shoal/daemon/contract'
import { expect, test } from 'vitest'
import { changedRow } from '../src/model/changed-row.ts'

const ROW = {
  id: 'a',
  name: 'one',
  labels: ['x', 'y'],
  error: null,
  downloadRate: 5,
} as unknown as TorrentRow

test('a row that is told again as it is stays the same object, so that nothing is drawn again', () => {
  expect(changedRow(ROW, { ...ROW, labels: ['x', 'y'] })).toBe(ROW)
})

test.each([{ downloadRate: 6 }, { labels: ['x'] }, { error: { code: 'DISK', text: 'no' } }])(
  '%j is a change',
  change => {
    expect(changedRow(ROW, { id: 'a', ...change })).toEqual({ ...ROW, ...change })
  },
)
