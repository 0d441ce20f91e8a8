import { expect, test } from 'vitest'
import { ROUTES } from '../../src/http/routes/table.ts'
import { createRig } from './rig.ts'
import { idOf } from './stand-in.ts'

test.each(
  ROUTES.filter(({ answers, method }) => answers.kind === 'json' && method === 'GET').map(
    route => [route.path, route] as const,
  ),
)('GET %s answers what the table says', async (path, route) => {
  await using rig = await createRig()
  const response = await rig.ask('GET', `/api/v1${path.replace(':id', idOf(0))}`)
  expect(response.status).toBe(200)
  if (route.answers.kind !== 'json') throw new Error('filtered above')
  const result = route.answers.schema.safeParse(await response.json())
  expect(result.error?.issues ?? []).toEqual([])
})
