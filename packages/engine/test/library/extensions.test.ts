import { expect, test } from 'vitest'
import { createTorrent } from '../../src/library/create.ts'
import { createEngine } from '../../src/library/engine.ts'
import type { Engine, EngineOptions } from '../../src/library/types/engine.ts'
import type { CustomExtension } from '../../src/torrent/custom-extension.ts'
import { atEnd, content, folder } from './sandbox.ts'

const LOCAL: EngineOptions = { port: 0, bind: '127.0.0.1', dht: false, lsd: false, workers: 1 }

async function engine(options: EngineOptions): Promise<Engine> {
  const made = await createEngine({ ...LOCAL, ...options })
  atEnd(() => made.close())
  return made
}

test('what an extension throws is a warning of its torrent, and the download goes on', async () => {
  const dir = folder({ 'a.bin': content(50_000) })
  const { bytes, metainfo } = await createTorrent(`${dir}/a.bin`)
  const peers: string[] = []
  const silent: CustomExtension = {
    name: 'xy_test',
    onMessage: () => {},
    onPeer: peer => void peers.push(peer.infoHash),
  }
  const broken: CustomExtension = {
    name: 'xy_test',
    onMessage: () => {},
    onPeer: () => {
      throw new Error('a fault of theirs')
    },
  }
  const seeder = await engine({ extensions: [silent] })
  await seeder.add(bytes, { dir, seedOnly: true })
  const getter = await engine({ extensions: [broken] })
  const torrent = await getter.add(bytes, { dir: folder(), peers: [`127.0.0.1:${seeder.port}`] })
  const warnings: string[] = []
  torrent.on('warning', text => warnings.push(text))
  await torrent.done
  expect(warnings).toEqual(['the extension xy_test failed: a fault of theirs'])
  expect(peers).toEqual([metainfo.infoHashHex])
})

test('an engine does not begin with an extension of a bad name', async () => {
  const extensions = [{ name: 'ut_pex', onMessage: () => {} }]
  await expect(createEngine({ ...LOCAL, extensions })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})
