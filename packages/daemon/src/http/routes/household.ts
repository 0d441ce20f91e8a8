/** Categories and labels. */
import { z } from 'zod'
import type { Category } from '../../contract/index.ts'
import { HttpProblem } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { count, name } from '../schema/basics.ts'
import { type CategoryBody, category, categoryBody } from '../schema/requests.ts'
import { dictionary, shape } from '../schema/shape.ts'

interface OfCategory {
  readonly name: string
}
const ofCategory = shape<OfCategory>({ name })

export const householdRoutes: readonly Route[] = [
  route<unknown, unknown, unknown, readonly Category[]>({
    method: 'GET',
    path: '/categories',
    scope: 'read',
    summary: 'All categories.',
    answers: { kind: 'json', schema: z.array(category) },
    handle: (_, { session }) => session.categories(),
  }),
  route<OfCategory, unknown, CategoryBody, undefined>({
    method: 'PUT',
    path: '/categories/:name',
    scope: 'full',
    summary: 'Makes a category, or changes it.',
    params: ofCategory,
    body: categoryBody,
    answers: { kind: 'none' },
    handle: async ({ params, body }, { session, roots }) => {
      const dir = body.dir === null ? null : await roots.admit(body.dir, 'body.dir')
      await session.setCategory({ ...body, dir, name: params.name })
    },
  }),
  route<OfCategory, unknown, unknown, undefined>({
    method: 'DELETE',
    path: '/categories/:name',
    scope: 'full',
    summary: 'Removes a category; its torrents have none afterwards.',
    params: ofCategory,
    answers: { kind: 'none' },
    handle: async ({ params }, { session }) => {
      if (!session.categories().some(each => each.name === params.name)) {
        throw new HttpProblem('NOT_FOUND', 'There is no such category.', { where: 'path.name' })
      }
      await session.removeCategory(params.name)
    },
  }),
  route<unknown, unknown, unknown, Readonly<Record<string, number>>>({
    method: 'GET',
    path: '/labels',
    scope: 'read',
    summary: 'All labels, and how many torrents have each.',
    answers: { kind: 'json', schema: dictionary(count) },
    handle: (_, { session }) => session.labels(),
  }),
]
