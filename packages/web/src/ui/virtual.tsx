/**
 * Rows of one height, of which only those on the screen exist. Elements are recycled: each keeps its row until that
 * leaves the screen, then takes the one that comes in, so that scrolling makes and removes nothing.
 */
import { type Accessor, createMemo, createSignal, Index, type JSX, onCleanup, onMount } from 'solid-js'
import { type Range, rowOfSlot, visibleRange } from '../model/window-range.ts'

const SPARE = 6

export interface VirtualHandle {
  show(index: number): void
  page(): number
  readonly element: HTMLElement
}

export interface VirtualProps {
  readonly count: number
  readonly rowHeight: number
  readonly class?: string
  /** Stays at the top while the rows go by. */
  readonly header?: JSX.Element
  readonly headerHeight?: number
  readonly handle?: (handle: VirtualHandle) => void
  readonly onVisible?: (range: Range) => void
  /** Of the scrolling element. */
  readonly attributes?: JSX.HTMLAttributes<HTMLDivElement>
  readonly children: (index: Accessor<number>) => JSX.Element
}

export function Virtual(props: VirtualProps): JSX.Element {
  let scroller!: HTMLDivElement
  const [top, setTop] = createSignal(0)
  const [height, setHeight] = createSignal(600)
  const room = (): number => Math.max(0, height() - (props.headerHeight ?? 0))
  const range = createMemo(
    () => {
      const visible = visibleRange(top(), room(), props.rowHeight, props.count)
      props.onVisible?.(visible)
      return visible
    },
    undefined,
    { equals: (a, b) => a.from === b.from && a.to === b.to },
  )
  const slots = createMemo(() => {
    const fit = Math.ceil(room() / props.rowHeight) + 1 + 2 * SPARE
    return Array.from({ length: Math.min(fit, props.count) }, (_, slot) => slot)
  })
  const first = (): number => Math.max(0, Math.min(range().from - SPARE, props.count - slots().length))

  onMount(() => {
    const observer = new ResizeObserver(() => setHeight(scroller.clientHeight))
    observer.observe(scroller)
    onCleanup(() => observer.disconnect())
    props.handle?.({
      element: scroller,
      page: () => Math.max(1, Math.floor(room() / props.rowHeight) - 1),
      show(index) {
        const from = index * props.rowHeight
        if (from < scroller.scrollTop) scroller.scrollTop = from
        else if (from + props.rowHeight > scroller.scrollTop + room()) {
          scroller.scrollTop = from + props.rowHeight - room()
        }
      },
    })
  })

  return (
    <div
      ref={scroller}
      class={`virtual ${props.class ?? ''}`}
      onScroll={() => setTop(scroller.scrollTop)}
      {...props.attributes}
    >
      {props.header}
      <div class="rows" role="presentation" style={{ height: `${props.count * props.rowHeight}px` }}>
        <Index each={slots()}>
          {slot => {
            const index = createMemo(() => rowOfSlot(slot(), slots().length, first()))
            return (
              <div
                class="slot"
                role="presentation"
                style={{ transform: `translateY(${index() * props.rowHeight}px)` }}
              >
                {props.children(index)}
              </div>
            )
          }}
        </Index>
      </div>
    </div>
  )
}
