/** A menu at the pointer, for the keyboard as well. On a phone it comes from below. */
import { For, type JSX, onCleanup, onMount, Show } from 'solid-js'
import { Icon, type IconName } from './icon.tsx'

export type MenuEntry =
  | 'line'
  | {
      readonly text: string
      readonly icon?: IconName
      readonly hint?: string
      readonly checked?: boolean
      readonly danger?: boolean
      readonly href?: string
      readonly download?: boolean
      /** Opens beside the page. */
      readonly apart?: boolean
      readonly run?: () => void
      readonly entries?: readonly MenuEntry[]
    }

export interface MenuProps {
  readonly at: { readonly x: number; readonly y: number }
  readonly entries: readonly MenuEntry[]
  readonly onClose: () => void
  readonly onOpen: (entries: readonly MenuEntry[]) => void
}

const EDGE = 8

export function Menu(props: MenuProps): JSX.Element {
  let element!: HTMLDivElement
  const before = document.activeElement
  const items = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>('[role^=menuitem]')]
  const outside = (event: PointerEvent): void => {
    if (!element.contains(event.target as Node)) props.onClose()
  }
  onMount(() => {
    const { offsetWidth: width, offsetHeight: height } = element
    const x = Math.max(EDGE, Math.min(props.at.x, innerWidth - width - EDGE))
    const y = Math.max(EDGE, Math.min(props.at.y, innerHeight - height - EDGE))
    element.style.left = `${x}px`
    element.style.top = `${y}px`
    items()[0]?.focus({ preventScroll: true })
    addEventListener('pointerdown', outside, true)
    addEventListener('resize', props.onClose)
  })
  onCleanup(() => {
    removeEventListener('pointerdown', outside, true)
    removeEventListener('resize', props.onClose)
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  })
  const onKeyDown = (event: KeyboardEvent): void => {
    const all = items()
    const at = all.indexOf(document.activeElement as HTMLElement)
    const to = (index: number): void => all[(index + all.length) % all.length]?.focus()
    event.stopPropagation()
    if (event.key === 'Escape' || event.key === 'Tab') props.onClose()
    else if (event.key === 'ArrowDown') to(at + 1)
    else if (event.key === 'ArrowUp') to(at - 1)
    else if (event.key === 'Home') to(0)
    else if (event.key === 'End') to(-1)
    else if (event.key === 'ArrowRight') all[at]?.click()
    else if (event.key.length === 1 && event.key !== ' ') {
      const wanted = event.key.toLowerCase()
      const found = [...all.slice(at + 1), ...all].find(item =>
        item.textContent?.trim().toLowerCase().startsWith(wanted),
      )
      found?.focus()
      return
    } else return
    event.preventDefault()
  }
  return (
    <div
      ref={element}
      class="menu"
      role="menu"
      tabindex="-1"
      onKeyDown={onKeyDown}
      onContextMenu={e => e.preventDefault()}
    >
      <For each={props.entries}>
        {entry =>
          entry === 'line' ? (
            <hr />
          ) : entry.href !== undefined ? (
            <a
              role="menuitem"
              tabindex="-1"
              href={entry.href}
              download={entry.download === true ? '' : undefined}
              target={entry.apart === true ? '_blank' : undefined}
              rel={entry.apart === true ? 'noreferrer' : undefined}
              onClick={() => props.onClose()}
            >
              <Show when={entry.icon} fallback={<span class="icon" />}>
                {icon => <Icon name={icon()} />}
              </Show>
              <span>{entry.text}</span>
            </a>
          ) : (
            <button
              type="button"
              role={entry.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
              aria-checked={entry.checked}
              aria-haspopup={entry.entries === undefined ? undefined : 'menu'}
              tabindex="-1"
              classList={{ danger: entry.danger === true }}
              onClick={() => {
                if (entry.entries !== undefined) return props.onOpen(entry.entries)
                props.onClose()
                entry.run?.()
              }}
            >
              <Show when={entry.checked === true ? 'check' : entry.icon} fallback={<span class="icon" />}>
                {icon => <Icon name={icon()} />}
              </Show>
              <span>{entry.text}</span>
              <Show when={entry.hint}>{hint => <small>{hint()}</small>}</Show>
              <Show when={entry.entries}>
                <Icon name="chevron" />
              </Show>
            </button>
          )
        }
      </For>
    </div>
  )
}
