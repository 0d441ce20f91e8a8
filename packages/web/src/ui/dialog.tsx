/** The browser's own dialog: it keeps the focus inside, closes with Escape and gives the focus back. */
import { createUniqueId, type JSX, onCleanup, onMount } from 'solid-js'
import { t } from '../words/index.ts'
import { Icon } from './icon.tsx'

export interface DialogProps {
  readonly title: string
  readonly wide?: boolean
  readonly onClose: () => void
  /** Enter, and the main button. */
  readonly onSubmit?: () => void
  readonly footer?: JSX.Element
  readonly children: JSX.Element
}

export function Dialog(props: DialogProps): JSX.Element {
  const heading = createUniqueId()
  let element!: HTMLDialogElement
  onMount(() => {
    element.showModal()
    // Else the button that closes it has the keyboard, and Enter would do nothing.
    if (element.querySelector('[autofocus]') === null) {
      element.querySelector<HTMLElement>('.body :is(input, select, textarea, button)')?.focus()
    }
  })
  onCleanup(() => element.close())
  return (
    <dialog
      ref={element}
      class="dialog"
      classList={{ wide: props.wide === true }}
      aria-labelledby={heading}
      onCancel={event => {
        event.preventDefault()
        props.onClose()
      }}
      onMouseDown={event => {
        // Beside it.
        if (event.target === element) props.onClose()
      }}
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          props.onSubmit?.()
        }}
        onKeyDown={event => {
          // From wherever the keyboard is: where lines or files are chosen, Enter alone does something else.
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          const button = event.currentTarget.querySelector<HTMLButtonElement>('button[type=submit]')
          if (button?.disabled === false) event.currentTarget.requestSubmit(button)
        }}
      >
        <header>
          <h2 id={heading}>{props.title}</h2>
          <button type="button" class="ghost" aria-label={t().app.close} onClick={() => props.onClose()}>
            <Icon name="close" />
          </button>
        </header>
        <div class="body">{props.children}</div>
        {props.footer !== undefined && <footer>{props.footer}</footer>}
      </form>
    </dialog>
  )
}
