/** Torrent files and magnet links are taken wherever they are dropped or pasted. */
import { createSignal, type JSX, onCleanup, onMount, Show } from 'solid-js'
import { Icon } from '../ui/icon.tsx'
import { t } from '../words/index.ts'
import { useApp } from './context.ts'
import { isTyping } from './keys.ts'

const SOURCE = /^\s*(?:magnet:\?|https?:\/\/|[0-9a-f]{40}\s*$|[a-z2-7]{32}\s*$)/i

export function sourcesIn(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .filter(line => SOURCE.test(line))
    .map(line => line.trim())
}

export function DropZone(): JSX.Element {
  const app = useApp()
  const [over, setOver] = createSignal(false)
  const take = (data: DataTransfer | null): boolean => {
    const files = [...(data?.files ?? [])]
    const sources = sourcesIn(data?.getData('text/plain') ?? '')
    if (files.length === 0 && sources.length === 0) return false
    app.add({ sources, files })
    return true
  }
  const carries = (event: DragEvent): boolean => {
    const types = event.dataTransfer?.types ?? []
    return (
      !types.includes('application/x-shoal-column') &&
      (types.includes('Files') || types.includes('text/plain'))
    )
  }
  const onDragOver = (event: DragEvent): void => {
    if (!carries(event)) return
    event.preventDefault()
    setOver(true)
  }
  const onDragLeave = (event: DragEvent): void => {
    if (event.relatedTarget === null) setOver(false)
  }
  const onDrop = (event: DragEvent): void => {
    setOver(false)
    if (!carries(event)) return
    event.preventDefault()
    take(event.dataTransfer)
  }
  const onPaste = (event: ClipboardEvent): void => {
    if (isTyping(event.target)) return
    if (take(event.clipboardData)) event.preventDefault()
  }
  onMount(() => {
    addEventListener('dragover', onDragOver)
    addEventListener('dragleave', onDragLeave)
    addEventListener('drop', onDrop)
    addEventListener('paste', onPaste)
  })
  onCleanup(() => {
    removeEventListener('dragover', onDragOver)
    removeEventListener('dragleave', onDragLeave)
    removeEventListener('drop', onDrop)
    removeEventListener('paste', onPaste)
  })
  return (
    <Show when={over()}>
      <div class="dropzone">
        <Icon name="add" />
        <p>{t().add.drop}</p>
        <small>{t().add.dropHint}</small>
      </div>
    </Show>
  )
}
