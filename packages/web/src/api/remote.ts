/** The daemon that served this page. */

import { createClient, ApiError as Refusal } from '@shoal/daemon/client'
import type { ListQuery, RowField } from '@shoal/daemon/contract'
import { type Api, ApiError, type Picked } from './api.ts'

const FILE = /^data:application\/x-bittorrent;base64,/

export function remoteApi(base: URL): Api {
  const client = createClient({ url: base.href })
  // One kind of error in the page, whoever answers.
  const told = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } catch (error) {
      if (error instanceof Refusal) throw new ApiError(error.status, error.code, error.message, error.where)
      throw error
    }
  }
  const nothing = async (answer: Promise<unknown>): Promise<void> => void (await told(answer))

  return {
    login: password => nothing(client.login(password)),
    logout: () => nothing(client.logout()),
    changePassword: (current, password) => nothing(client.changePassword(current, password)),
    setup: (ticket, password) => nothing(client.setUp(ticket, password)),
    info: () => told(client.session()),
    history: () => told(client.history()),
    list: query => told(client.torrents(query)),
    pick: async <F extends RowField>(query: ListQuery, fields: readonly F[]) =>
      (await told(client.pick({ query, fields }))) as readonly Picked<F>[],
    detail: id => told(client.torrent(id)),
    files: id => told(client.files(id)),
    peers: id => told(client.peers(id)),
    trackers: id => told(client.trackers(id)),
    pieces: id => told(client.pieces(id)),
    log: id => told(client.log(id)),
    add: request => told(client.add(request)),
    inspect: (source, signal) =>
      told(
        FILE.test(source)
          ? client.inspectFile(bytesOf(source), { signal })
          : client.inspect(source, { signal }),
      ),
    patch: (id, change) => nothing(client.patch(id, change)),
    patchFiles: (id, changes) => nothing(client.patchFiles(id, changes)),
    act: (action, ids) => nothing(client.act({ action, ids })),
    remove: (ids, data) => nothing(client.remove({ ids, data })),
    move: (ids, dir, move) => nothing(client.move({ ids, dir, move })),
    addPeers: (id, addresses) => nothing(client.addPeers(id, addresses)),
    banPeer: (id, address) => nothing(client.banPeer(id, address)),
    conversation: (id, address, { signal, onEvent }) =>
      told(
        (async () => {
          for await (const event of client.conversation(id, address, { signal })) onEvent(event)
        })(),
      ),
    categories: () => told(client.categories()),
    setCategory: category => nothing(client.setCategory(category)),
    removeCategory: name => nothing(client.removeCategory(name)),
    settings: () => told(client.settings()),
    changeSettings: change => nothing(client.changeSettings(change)),
    setAlternative: on => nothing(client.setAlternative(on)),
    tokens: () => told(client.tokens()),
    createToken: async (name, scope) => (await told(client.addToken({ name, scope }))).token,
    removeToken: name => nothing(client.removeToken(name)),
    folder: path => told(client.folders(path)),
    bans: () => told(client.bans()),
    ban: addresses => nothing(client.ban(addresses)),
    unban: address => nothing(client.unban(address)),
    lists: () => told(client.lists()),
    reloadLists: () => nothing(client.reloadLists()),
    doctor: () => told(client.doctor()),
    demo: () => told(client.demo()),
    async events({ query, signal, onEvent, onState }) {
      try {
        for await (const event of client.events({
          window: query,
          signal,
          onState: state => onState(state),
        })) {
          onEvent(event)
        }
      } catch (error) {
        if (!signal.aborted && error instanceof Refusal) onState('refused')
        else if (!signal.aborted) throw error
      }
    },
    fileUrl: (id, index) => client.contentUrl(id, index, { inline: true }),
    playlistUrl: id => client.playlistUrl(id),
    torrentFileUrl: id => client.torrentFileUrl(id),
  }
}

function bytesOf(source: string): Uint8Array {
  const text = atob(source.replace(FILE, ''))
  return Uint8Array.from(text, char => char.charCodeAt(0))
}
