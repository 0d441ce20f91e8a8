import type { FilePriority } from '@shoal/daemon/contract'
import { expect, test } from 'vitest'
import { FileTree, pathOf, tri } from '../src/model/file-tree.ts'

const file = (path: string, length = 10, priority: FilePriority = 'normal') => ({
  path,
  length,
  haveBytes: 0,
  priority,
})

/** `+` is wanted wholly, `~` in part, `-` not; indented by depth. */
function draw(tree: FileTree, words?: string): string[] {
  return tree.rows(words).map(node => {
    const mark = { all: '+', some: '~', none: '-' }[tri(node)]
    return `${'  '.repeat(node.depth)}${mark}${node.name} ${node.length}`
  })
}

const FILES = [file('t/a/1'), file('t/a/2', 20), file('t/b/3', 30), file('t/4', 40)]

test('the one folder of a torrent is open, those in it are not', () => {
  expect(draw(new FileTree(FILES))).toEqual(['+t 100', '  +a 30', '  +b 30', '  +4 40'])
})

test('a folder that gets another name takes its files with it, and is as open as before', () => {
  const tree = new FileTree(FILES)
  const a = tree.rows()[1]!
  a.open = true
  expect(tree.renamed(a, 'new')).toEqual([
    { index: 0, path: 't/new/1' },
    { index: 1, path: 't/new/2' },
  ])
  expect(tree.renamed(tree.rows().at(-1)!, 'four')).toEqual([{ index: 3, path: 't/four' }])
  const after = [file('t/new/1'), file('t/new/2', 20), ...FILES.slice(2)]
  expect([tree.isOf(FILES), tree.isOf(after), tree.openFolders()]).toEqual([true, false, ['t', 't/a']])
  expect(draw(new FileTree(after, new Set(['t/new'])))).toEqual([
    '+t 100',
    '  +new 30',
    '    +1 10',
    '    +2 20',
    '  +b 30',
    '  +4 40',
  ])
})

test('a single file stands alone', () => {
  expect(draw(new FileTree([file('x.iso', 7)]))).toEqual(['+x.iso 7'])
})

test('what is unchecked below shows above, and back', () => {
  const tree = new FileTree(FILES)
  const [t, a] = tree.rows()
  a!.open = true
  expect(tree.toggle(tree.rows()[2]!)).toEqual([0])
  expect(draw(tree)).toEqual(['~t 100', '  ~a 30', '    -1 10', '    +2 20', '  +b 30', '  +4 40'])
  // What is wanted in part is wanted wholly next.
  expect(tree.toggle(t!)).toEqual([0, 1, 2, 3])
  expect(draw(tree)[0]).toBe('+t 100')
  tree.toggle(t!)
  expect(tree.wantedBytes()).toBe(0)
  expect(tree.priorities()).toEqual(['skip', 'skip', 'skip', 'skip'])
})

test('a folder has the priority of its files, or mixed', () => {
  const tree = new FileTree(FILES)
  const [t, a] = tree.rows()
  expect(tree.setPriority(a!, 'high')).toEqual([0, 1])
  expect([t!.priority, a!.priority]).toEqual(['mixed', 'high'])
})

test('words find files by their whole path, whatever is open', () => {
  const tree = new FileTree(FILES)
  expect(tree.rows('A 2').map(pathOf)).toEqual(['t/a/2'])
  expect(tree.rows('nothing')).toEqual([])
})

test('new figures keep what is open', () => {
  const tree = new FileTree(FILES)
  tree.rows()[1]!.open = true
  tree.update(
    FILES.map((each, index) => ({ ...each, haveBytes: index === 0 ? 10 : 0, priority: 'low' as const })),
  )
  expect(tree.rows()).toHaveLength(6)
  expect(tree.root.haveBytes).toBe(10)
  expect(tree.root.priority).toBe('low')
})

test('50,000 files become a tree, and one of them is unchecked, without a walk over all of them', () => {
  const many = Array.from({ length: 50_000 }, (_, index) => file(`t/${index % 100}/${index % 1000}/${index}`))
  const tree = new FileTree(many)
  expect(tree.root.files).toBe(50_000)
  const folder = tree.rows()[1]!
  folder.open = true
  folder.children[0]!.open = true
  expect(tree.toggle(folder.children[0]!.children[0]!)).toHaveLength(1)
  expect(tree.root.wanted).toBe(49_999)
})
