/** A folder on the daemon's machine: typed, with what there is below it, and how much is free there. */
import type { FolderInfo } from '@shoal/daemon/contract'
import { createEffect, createSignal, createUniqueId, For, type JSX, on, onCleanup } from 'solid-js'
import { useApp } from '../app/context.ts'
import { problemText } from '../words/daemon.ts'
import { f, t } from '../words/index.ts'
import { Field } from './parts.tsx'

const REST_MS = 250

export interface FolderFieldProps {
  readonly label: string
  readonly hint?: string
  readonly value: string
  /** What it is while nothing stands there. */
  readonly fallback?: string | undefined
  readonly onChange: (path: string) => void
  /** What is to go there. */
  readonly needBytes?: number
}

export function FolderField(props: FolderFieldProps): JSX.Element {
  const app = useApp()
  const list = createUniqueId()
  const [info, setInfo] = createSignal<FolderInfo>()
  const [problem, setProblem] = createSignal<string>()

  createEffect(
    on(
      () => (props.value === '' ? (props.fallback ?? '') : props.value),
      path => {
        let over = false
        const timer = setTimeout(async () => {
          try {
            const found = await app.api.folder(path === '' ? undefined : path)
            if (over) return
            setInfo(found)
            setProblem(undefined)
          } catch (error) {
            if (over) return
            setInfo(undefined)
            setProblem(problemText(error))
          }
        }, REST_MS)
        onCleanup(() => {
          over = true
          clearTimeout(timer)
        })
      },
    ),
  )

  const hint = (): string | undefined => {
    const free = info()?.freeBytes
    const parts = [
      props.hint,
      free === null || free === undefined ? undefined : t().add.free(f().bytes(free)),
    ]
    return parts.filter(part => part !== undefined).join(' · ') || undefined
  }
  const error = (): string | undefined => {
    const free = info()?.freeBytes
    const missing = free === null || free === undefined ? 0 : (props.needBytes ?? 0) - free
    return missing > 0 ? t().add.tooLarge(f().bytes(missing)) : problem()
  }

  return (
    <>
      <Field label={props.label} hint={hint()} error={error()}>
        <input
          value={props.value}
          list={list}
          spellcheck={false}
          placeholder={props.fallback}
          onInput={event => props.onChange(event.currentTarget.value)}
        />
      </Field>
      <datalist id={list}>
        <For each={info()?.folders ?? []}>{folder => <option value={folder} />}</For>
      </datalist>
    </>
  )
}
