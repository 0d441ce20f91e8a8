/** A finger that rests: what the other mouse button is on a desk. */

const REST_MS = 450
const WANDER_PX = 10
/** A click comes at once after the finger is lifted, or not at all. */
const CLICK_MS = 60

export interface Press {
  readonly onPointerDown: (event: PointerEvent) => void
  readonly onPointerMove: (event: PointerEvent) => void
  readonly onPointerUp: () => void
  readonly onPointerCancel: () => void
}

export function longPress(then: (x: number, y: number) => void): Press {
  let timer: ReturnType<typeof setTimeout> | undefined
  let from = { x: 0, y: 0 }
  const end = (): void => clearTimeout(timer)
  return {
    onPointerDown(event) {
      end()
      if (event.pointerType !== 'touch') return
      from = { x: event.clientX, y: event.clientY }
      timer = setTimeout(() => {
        // The click that follows when the finger is lifted is none.
        addEventListener('click', swallow, { capture: true, once: true })
        addEventListener('pointerup', () => setTimeout(forget, CLICK_MS), { capture: true, once: true })
        navigator.vibrate?.(10)
        then(from.x, from.y)
      }, REST_MS)
    },
    onPointerMove(event) {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > WANDER_PX) end()
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}

function forget(): void {
  removeEventListener('click', swallow, { capture: true })
}

function swallow(event: Event): void {
  event.stopPropagation()
  event.preventDefault()
}
