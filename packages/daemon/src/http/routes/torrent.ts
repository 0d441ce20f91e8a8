/** One torrent, and what belongs to it. */
import { z } from 'zod'
import type {
  FilePatch,
  FileRow,
  LogLine,
  PeerRow,
  PiecesView,
  TorrentDetail,
  TorrentPatch,
  TorrentRow,
  TrackerRow,
} from '../../contract/index.ts'
import { attachment } from '../../media/file-answer.ts'
import { addressOf } from '../doors/visit.ts'
import { type Route, route, WithHeaders } from '../route.ts'
import { flag, peerAddress, torrentId } from '../schema/basics.ts'
import { filePatch, torrentPatch } from '../schema/requests.ts'
import { optional, shape } from '../schema/shape.ts'
import {
  fileRow,
  logLine,
  peerRow,
  piecesView,
  torrentDetail,
  torrentRow,
  trackerRow,
} from '../schema/torrent.ts'
import { contentPath } from './content.ts'

/** Patches of all files of the largest torrents, with paths of some length. */
const FILES_BYTES = 8 * 1024 * 1024
const MAX_FILE_PATCHES = 20_000

export interface OfTorrent {
  readonly id: string
}
export const ofTorrent: z.ZodType<OfTorrent> = shape<OfTorrent>({ id: torrentId })

interface RemoveQuery {
  readonly data?: boolean
}

interface Peers {
  readonly addresses: readonly string[]
}

interface OfPeer extends OfTorrent {
  readonly address: string
}

interface OnePeer {
  readonly address: string
}

export const torrentRoutes: readonly Route[] = [
  route<OfTorrent, unknown, unknown, TorrentDetail>({
    method: 'GET',
    path: '/torrents/:id',
    scope: 'read',
    summary: 'Everything about a torrent but its lists.',
    params: ofTorrent,
    answers: { kind: 'json', schema: torrentDetail },
    handle: ({ params }, { session }) => session.detail(params.id),
  }),
  route<OfTorrent, unknown, TorrentPatch, TorrentRow>({
    method: 'PATCH',
    path: '/torrents/:id',
    scope: 'full',
    summary:
      'Changes what is given: intent, name, category, labels, limits, goals, place in the queue, trackers.',
    params: ofTorrent,
    body: torrentPatch,
    answers: { kind: 'json', schema: torrentRow },
    handle: async ({ params, body }, { session }) => {
      await session.patch(params.id, body)
      return session.row(params.id)
    },
  }),
  route<OfTorrent, RemoveQuery, unknown, undefined>({
    method: 'DELETE',
    path: '/torrents/:id',
    scope: 'full',
    summary: 'Removes a torrent; its data stays unless `data=true`.',
    params: ofTorrent,
    query: shape<RemoveQuery>({ data: optional(flag) }),
    answers: { kind: 'none' },
    handle: async ({ params, query }, { session }) => {
      session.row(params.id)
      await session.remove([params.id], { data: query.data ?? false })
    },
  }),
  route<OfTorrent, unknown, unknown, readonly FileRow[]>({
    method: 'GET',
    path: '/torrents/:id/files',
    scope: 'read',
    summary: 'Its files.',
    params: ofTorrent,
    answers: { kind: 'json', schema: z.array(fileRow) },
    handle: ({ params }, { session }) => session.files(params.id),
  }),
  route<OfTorrent, unknown, readonly FilePatch[], readonly FileRow[]>({
    method: 'PATCH',
    path: '/torrents/:id/files',
    scope: 'full',
    summary: 'Changes priorities of files, and where they are below the folder of the torrent.',
    params: ofTorrent,
    body: z.array(filePatch).min(1).max(MAX_FILE_PATCHES),
    maxBodyBytes: FILES_BYTES,
    answers: { kind: 'json', schema: z.array(fileRow) },
    handle: async ({ params, body }, { session }) => {
      await session.patchFiles(params.id, body)
      return session.files(params.id)
    },
  }),
  route<OfTorrent, unknown, unknown, readonly PeerRow[]>({
    method: 'GET',
    path: '/torrents/:id/peers',
    scope: 'read',
    summary: 'The peers that it is connected to.',
    params: ofTorrent,
    answers: { kind: 'json', schema: z.array(peerRow) },
    handle: ({ params }, { session }) => session.peers(params.id),
  }),
  route<OfTorrent, unknown, Peers, undefined>({
    method: 'POST',
    path: '/torrents/:id/peers',
    scope: 'full',
    summary: 'Tells it of peers, which it remembers.',
    params: ofTorrent,
    body: shape<Peers>({ addresses: z.array(peerAddress).min(1).max(1000) }, 'PeersRequest'),
    answers: { kind: 'none' },
    handle: async ({ params, body }, { session }) => {
      await session.addPeers(params.id, body.addresses)
    },
  }),
  route<OfTorrent, unknown, OnePeer, undefined>({
    method: 'POST',
    path: '/torrents/:id/peers/ban',
    scope: 'full',
    summary:
      'Closes the connection to a peer and bans its address, for all torrents, until it is taken back.',
    params: ofTorrent,
    body: shape<OnePeer>({ address: peerAddress }, 'BanRequest'),
    answers: { kind: 'none' },
    handle: async ({ params, body }, { session }) => {
      await session.banPeer(params.id, body.address)
    },
  }),
  route<OfPeer, unknown, unknown, unknown>({
    method: 'GET',
    path: '/torrents/:id/peers/:address/conversation',
    scope: 'read',
    summary:
      'What that peer and we say to each other from now on, as server-sent events, until the connection ends.',
    params: shape<OfPeer>({ id: torrentId, address: peerAddress }),
    answers: { kind: 'raw', type: 'text/event-stream', statuses: [200] },
    handle: ({ params: { id, address }, caller, raw }, { conversations, access }) => {
      const isAllowed = (): boolean => caller !== undefined && access.isCurrent(caller)
      conversations.begin(id, address, { response: raw.outgoing, isAllowed })
    },
  }),
  route<OfTorrent, unknown, unknown, readonly TrackerRow[]>({
    method: 'GET',
    path: '/torrents/:id/trackers',
    scope: 'read',
    summary: 'Its trackers, and what they said last.',
    params: ofTorrent,
    answers: { kind: 'json', schema: z.array(trackerRow) },
    handle: ({ params }, { session }) => session.trackers(params.id),
  }),
  route<OfTorrent, unknown, unknown, PiecesView>({
    method: 'GET',
    path: '/torrents/:id/pieces',
    scope: 'read',
    summary: 'A map of its pieces.',
    params: ofTorrent,
    answers: { kind: 'json', schema: piecesView },
    handle: ({ params }, { session }) => session.pieces(params.id),
  }),
  route<OfTorrent, unknown, unknown, readonly LogLine[]>({
    method: 'GET',
    path: '/torrents/:id/log',
    scope: 'read',
    summary: 'What happened to it lately.',
    params: ofTorrent,
    answers: { kind: 'json', schema: z.array(logLine) },
    handle: ({ params }, { session }) => session.log(session.row(params.id).id),
  }),
  route<OfTorrent, unknown, unknown, Uint8Array>({
    method: 'GET',
    path: '/torrents/:id/torrent',
    scope: 'read',
    summary: 'The torrent file.',
    params: ofTorrent,
    answers: { kind: 'bytes', type: 'application/x-bittorrent' },
    handle: async ({ params }, { session }) => {
      const { name } = session.row(params.id)
      return new WithHeaders(await session.torrentFile(params.id), attachment(`${name}.torrent`))
    },
  }),
  route<OfTorrent, unknown, unknown, string>({
    method: 'GET',
    path: '/torrents/:id/magnet',
    scope: 'read',
    summary: 'A magnet link to it.',
    params: ofTorrent,
    answers: { kind: 'text', type: 'text/plain; charset=utf-8' },
    handle: async ({ params }, { session }) => `${(await session.detail(params.id)).magnet}\n`,
  }),
  route<OfTorrent, unknown, unknown, string>({
    method: 'GET',
    path: '/torrents/:id/playlist.m3u',
    scope: 'read',
    summary: 'Its films and music for a player. The links in it work for a day, without a token.',
    params: ofTorrent,
    answers: { kind: 'text', type: 'audio/x-mpegurl; charset=utf-8' },
    handle: async ({ params, visit }, { session, access }) => {
      const { name } = session.row(params.id)
      const files = await session.files(params.id)
      const lines = files
        .filter(file => isPlayable(file.path))
        .flatMap(file => {
          const path = contentPath(params.id, file.index)
          return [
            `#EXTINF:-1,${file.path.replace(/[\r\n]/g, ' ')}`,
            `${addressOf(visit)}/api/v1${path}?key=${access.signLink(path)}`,
          ]
        })
      return new WithHeaders(`${['#EXTM3U', ...lines].join('\n')}\n`, attachment(`${name}.m3u`))
    },
  }),
]

function isPlayable(path: string): boolean {
  return /\.(?:mp4|m4v|mkv|webm|avi|mov|mpe?g|ts|m2ts|wmv|flv|ogv|mp3|m4a|m4b|aac|flac|ogg|oga|opus|wav|wma)$/i.test(
    path,
  )
}
