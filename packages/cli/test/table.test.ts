import { describe, expect, it } from 'vitest'
import { PLAIN } from '../src/terminal/style.ts'
import { type Column, renderTable } from '../src/terminal/table.ts'
import { displayWidth } from '../src/terminal/width.ts'

interface Row {
  readonly name: string
  readonly size: string
  readonly note: string
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'Name', cell: row => row.name, least: 8 },
  { title: 'Size', cell: row => row.size, align: 'right' },
  { title: 'Note', cell: row => row.note, dispensable: 1 },
]
const ROWS: readonly Row[] = [
  { name: 'a-very-long-name-of-a-file.iso', size: '1.20 GB', note: 'first' },
  { name: '日本語のファイル名', size: '3 B', note: '' },
]

function render(columns: number | undefined): string[] {
  return renderTable(ROWS, COLUMNS, { columns, style: PLAIN })
}

describe('a table', () => {
  it('is as wide as it takes where nobody says how wide it may be', () => {
    expect(render(undefined)).toEqual([
      'Name                               Size  Note',
      'a-very-long-name-of-a-file.iso  1.20 GB  first',
      '日本語のファイル名                  3 B',
    ])
  })

  it('cuts what may be cut, in the middle, before anything else goes', () => {
    expect(render(30)).toEqual([
      'Name               Size  Note',
      'a-very-lo….iso  1.20 GB  first',
      '日本語の…ル名       3 B',
    ])
  })

  it('leaves out what is dispensable when the rest would not fit', () => {
    expect(render(18)[0]).toBe('Name          Size')
  })

  it.each([20, 25, 30, 40, 60, 80])('never takes more than %i columns', columns => {
    for (const line of render(columns)) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
  })

  it('has a head even without rows', () => {
    expect(renderTable([], COLUMNS, { columns: 80, style: PLAIN })).toEqual(['Name  Size  Note'])
  })
})
