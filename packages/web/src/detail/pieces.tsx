/** The map of the pieces: what is here, what comes, and how rare what is missing is. */
import { createEffect, createMemo, createSignal, type JSX, onCleanup, onMount, Show } from 'solid-js'
import { useApp } from '../app/context.ts'
import {
  bytesOf,
  type Cell,
  cellAt,
  hasPiece,
  layoutFor,
  type MapLayout,
  type Pieces,
} from '../model/piece-map.ts'
import { poll } from '../ui/poll.ts'
import { f, t } from '../words/index.ts'

const EVERY_MS = 1500
/** More copies than that are no safer. */
const PLENTY = 10

export function PieceMap(props: { readonly id: string }): JSX.Element {
  const app = useApp()
  const view = poll(() => app.api.pieces(props.id), EVERY_MS)
  const pieces = createMemo((): (Pieces & { pieceLength: number }) | undefined => {
    const now = view.value()
    if (now === undefined) return undefined
    return {
      count: now.count,
      pieceLength: now.pieceLength,
      have: bytesOf(now.have),
      availability: now.availability === null ? undefined : bytesOf(now.availability),
      active: new Map(now.active.map(({ index, received }) => [index, received])),
    }
  })
  const have = (): number => {
    const now = pieces()
    let count = 0
    for (let index = 0; now !== undefined && index < now.count; index++)
      if (hasPiece(now.have, index)) count++
    return count
  }
  return (
    <Show when={pieces()} fallback={<p class="nothing">{t().app.loading}</p>}>
      {now => (
        <Show when={now().count > 0} fallback={<p class="nothing">{t().files.empty}</p>}>
          <Canvas
            pieces={now()}
            summary={t().pieces.summary(
              f().number(have()),
              f().number(now().count),
              f().bytes(now().pieceLength),
            )}
          />
        </Show>
      )}
    </Show>
  )
}

function Canvas(props: {
  readonly pieces: Pieces & { pieceLength: number }
  readonly summary: string
}): JSX.Element {
  let frame!: HTMLDivElement
  let canvas!: HTMLCanvasElement
  const [size, setSize] = createSignal({ width: 0, height: 0 })
  const [pointed, setPointed] = createSignal<number>()
  const layout = createMemo(() => layoutFor(props.pieces.count, size().width, size().height))

  onMount(() => {
    const observer = new ResizeObserver(() =>
      setSize({ width: frame.clientWidth, height: frame.clientHeight }),
    )
    observer.observe(frame)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const again = (): void => void setSize(now => ({ ...now }))
    scheme.addEventListener('change', again)
    onCleanup(() => {
      observer.disconnect()
      scheme.removeEventListener('change', again)
    })
  })
  createEffect(() => {
    if (size().width > 0) draw(canvas, props.pieces, layout(), size().width)
  })

  const cell = (): Cell | undefined => {
    const at = pointed()
    return at === undefined || at >= layout().cells ? undefined : cellAt(props.pieces, layout(), at)
  }
  const point = (event: PointerEvent): void => {
    const box = canvas.getBoundingClientRect()
    const column = Math.floor((event.clientX - box.left) / layout().step)
    const row = Math.floor((event.clientY - box.top) / layout().step)
    setPointed(
      column < 0 || column >= layout().columns || row < 0 ? undefined : row * layout().columns + column,
    )
  }
  return (
    <div class="pieces">
      <div class="legend">
        <span class="key have">{t().pieces.have}</span>
        <span class="key active">{t().pieces.active}</span>
        <span class="key missing">{t().pieces.missing}</span>
        <Show when={props.pieces.availability}>
          <span class="key rare">{t().pieces.rare}</span>
        </Show>
        <span class="space" />
        <output>{describe(cell(), props.pieces) ?? props.summary}</output>
      </div>
      <div ref={frame} class="map">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${t().pieces.label}: ${props.summary}`}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setPointed(undefined)}
        />
      </div>
    </div>
  )
}

function describe(cell: Cell | undefined, pieces: Pieces & { pieceLength: number }): string | undefined {
  if (cell === undefined) return undefined
  const w = t().pieces
  const count = cell.to - cell.from + 1
  const parts = [w.piece(f().number(cell.from), f().number(cell.to))]
  if (count > 1) parts.push(`${f().number(cell.have)} / ${f().number(count)} ${w.have}`)
  else parts.push(cell.have === 1 ? w.have : cell.active === 1 ? w.active : w.missing)
  const received = pieces.active.get(cell.from)
  if (count === 1 && cell.have === 0 && received !== undefined)
    parts.push(w.received(f().percent(received / pieces.pieceLength)))
  if (pieces.availability !== undefined) parts.push(w.copies(cell.rarest, cell.commonest))
  return parts.join(' · ')
}

function draw(canvas: HTMLCanvasElement, pieces: Pieces, layout: MapLayout, width: number): void {
  const scale = devicePixelRatio
  const height = layout.rows * layout.step
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(scale, scale)
  const style = getComputedStyle(canvas)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const [have, active, track, bad, up] = [
    colour('--accent'),
    colour('--flight'),
    colour('--track'),
    colour('--bad'),
    colour('--still'),
  ]
  const side = layout.step - layout.gap
  for (let index = 0; index < layout.cells; index++) {
    const cell = cellAt(pieces, layout, index)
    const count = cell.to - cell.from + 1
    const x = (index % layout.columns) * layout.step
    const y = Math.floor(index / layout.columns) * layout.step
    context.globalAlpha = 1
    context.fillStyle = track
    context.fillRect(x, y, side, side)
    if (cell.have < count && pieces.availability !== undefined) {
      // The more copies there are, the more it stands out from the ground.
      const copies = Math.min(PLENTY, cell.rarest) / PLENTY
      context.globalAlpha = cell.rarest === 0 ? 0.55 : 0.15 + 0.35 * copies
      context.fillStyle = cell.rarest === 0 ? bad : up
      context.fillRect(x, y, side, side)
    }
    if (cell.have > 0) {
      context.globalAlpha = cell.have === count ? 1 : 0.25 + (0.6 * cell.have) / count
      context.fillStyle = have
      context.fillRect(x, y, side, side)
    }
    if (cell.active > 0) {
      context.globalAlpha = 1
      context.fillStyle = active
      context.fillRect(x, y, side, side)
    }
  }
}
