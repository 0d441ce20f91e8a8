/** Drawn on a field of 20 by 20, one stroke; `aria-hidden`, because what has an icon has a name as well. */
import type { JSX } from 'solid-js'

const PATHS = {
  add: 'M10 4v12M4 10h12',
  search: 'M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12.2 12.2l4.3 4.3',
  close: 'M5 5l10 10M15 5L5 15',
  check: 'M4 10.5l4 4 8-9',
  dash: 'M5 10h10',
  start: 'M6.5 4.5v11l9-5.5z',
  stop: 'M6 6h8v8H6z',
  force: 'M4 5v10l6-5zM10.5 5v10l6-5z',
  remove: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10h7.4l.8-10M8.4 9v4.5M11.6 9v4.5',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  menu: 'M3 6h14M3 10h14M3 14h14',
  filter: 'M3 5h14M5.5 10h9M8 15h4',
  settings: 'M3 6h8M15 6h2M3 14h2M9 14h8M11 6a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM5 14a2 2 0 1 0 4 0 2 2 0 0 0-4 0z',
  columns: 'M3.5 4h13v12h-13zM8 4v12M12.2 4v12',
  down: 'M10 4v11M5.5 10.5L10 15l4.5-4.5',
  up: 'M10 16V5M5.5 9.5L10 5l4.5 4.5',
  turtle: 'M3 13c0-4 3-6.5 6.5-6.5S15 9 15 12.5H3M5 13v2M12.5 13v2M15 10.5c2-1 3 .5 2.5 2H15',
  folder: 'M2.5 5.5h5l1.5 2h8.5v8.5h-15z',
  file: 'M5 2.5h6l4 4v11H5zM11 2.5v4h4',
  chevron: 'M7.5 5l5 5-5 5',
  back: 'M12.5 4l-6 6 6 6',
  play: 'M7 5l8 5-8 5z',
  disk: 'M3 5.5c0-1.4 3.1-2.5 7-2.5s7 1.1 7 2.5-3.1 2.5-7 2.5-7-1.1-7-2.5zM3 5.5v9c0 1.4 3.1 2.5 7 2.5s7-1.1 7-2.5v-9M3 10c0 1.4 3.1 2.5 7 2.5s7-1.1 7-2.5',
  globe: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM3 10h14M10 3c4 4 4 10 0 14M10 3c-4 4-4 10 0 14',
  nodes:
    'M5 6.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM15 8a1.7 1.7 0 1 0 0-3.4A1.7 1.7 0 0 0 15 8zM9 17a1.7 1.7 0 1 0 0-3.4A1.7 1.7 0 0 0 9 17zM6.6 5.2l6.7.8M5.7 6.4L8.3 13.7M14 7.8l-4.2 6',
  why: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM8 8c0-1.4 1-2 2-2s2 .7 2 1.8c0 1.5-2 1.6-2 3.2M10 13.7h.01',
  warn: 'M10 3.5l7.5 13h-15zM10 8.5v4M10 14.5h.01',
  magnet: 'M4 4v6a6 6 0 0 0 12 0V4h-3.5v6a2.5 2.5 0 0 1-5 0V4zM4 7h3.5M12.5 7H16',
  graph: 'M3 15.5l4-6 3.5 3.5L17 4.5',
  key: 'M7 10a3 3 0 1 0 0 .01M10 10h7v3M14 10v2',
  list: 'M3.5 5h13M3.5 10h13M3.5 15h13',
  edit: 'M4 16l.8-3.5L13.5 4l2.5 2.5-8.6 8.7z',
  ban: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM5.2 5.2l9.6 9.6',
  info: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 9v5M10 6.3h.01',
  talk: 'M3.5 4.5h13v8.5h-6.5l-3.5 3v-3h-3zM6.5 8.7h.01M10 8.7h.01M13.5 8.7h.01',
  queue: 'M4 5h12M4 9h12M4 13h6M13 12l2 2 2-2',
} as const

export type IconName = keyof typeof PATHS

export function Icon(props: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg class={`icon icon-${props.name} ${props.class ?? ''}`} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[props.name]} />
    </svg>
  )
}

/** The sign of Shoal: fish that swim the same way. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true">
      <path d="M6 24c7-9 18-9 25-2l6-4-1 6 1 6-6-4c-7 7-18 7-25-2z" />
      <path class="far" d="M28 40c6-8 16-8 22-2l6-4-1 6 1 6-6-4c-6 6-16 6-22-2z" />
      <path class="farther" d="M14 52c4-5 10-5 14-1l4-3-1 4 1 4-4-3c-4 4-10 4-14-1z" />
    </svg>
  )
}
