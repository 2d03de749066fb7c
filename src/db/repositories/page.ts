import { and, desc, eq, lt, or, type Column, type SQL } from 'drizzle-orm'
import { MediaError } from '../../domain/failures.ts'

/** What every repository is made with besides the database. */
export interface RepositoryOptions {
  readonly clock?: () => Date
}

export interface PageRequest {
  readonly limit: number
  /** `nextCursor` of the page before; absent: the newest page. */
  readonly cursor?: string | undefined
}

/** Newest first. `nextCursor` is null on the last page. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

interface Dated {
  readonly createdAt: Date
  readonly id: string
}

const CURSOR = /^(\d{1,15})\.([\w:-]{1,80})$/

const refuse = (): never => {
  throw new MediaError('INPUT_INVALID', 'unreadable cursor', {
    problems: [
      { path: 'cursor', message: 'This is no cursor of ours.', fix: 'Send nextCursor as it came.' },
    ],
  })
}

/** The condition that a row comes after the cursor. Rows of one millisecond are told apart by id,
 * so none is left out or shown twice. *Errors:* INPUT_INVALID. */
export const afterCursor = (
  table: { readonly createdAt: Column; readonly id: Column },
  cursor: string | undefined,
): SQL | undefined => {
  if (cursor === undefined) return undefined
  const [, timeMs, id] = CURSOR.exec(cursor) ?? refuse()
  const createdAt = new Date(Number(timeMs))
  return or(lt(table.createdAt, createdAt), and(eq(table.createdAt, createdAt), lt(table.id, id)))
}

export const newestFirst = (table: { readonly createdAt: Column; readonly id: Column }) => [
  desc(table.createdAt),
  desc(table.id),
]

/** Makes a page of `limit + 1` rows: the row too many only tells that there is a next page. */
export const pageOf = <T extends Dated>(rows: readonly T[], limit: number): Page<T> => {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items, nextCursor: more ? `${last.createdAt.getTime()}.${last.id}` : null }
}
